"""Recording a call: a function and its arguments in, a program of nodes out.

Values are computed as the function runs, so Python's own ``if`` and ``for`` work.
Calls, loops and branches that were staged run equation by equation, each in a group.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

import numpy as np

from funcgrad import lax
from funcgrad import numpy as fnp
from funcgrad.core.aval import ShapedArray
from funcgrad.core.jaxpr import Jaxpr, eval_jaxpr
from funcgrad.core.primitive import Primitive
from funcgrad.core.source import SourceLine, replay
from funcgrad.core.trace import Trace, Tracer, typeof
from funcgrad.core.tracer import ArrayTracer
from funcgrad.ops.casting import convert_element_type_p
from funcgrad.ops.control.call import Call
from funcgrad.ops.control.cond import Cond, chosen
from funcgrad.ops.control.scan import Scan, scan_p
from funcgrad.ops.control.while_loop import While, while_p
from funcgrad.viz.calls import CallStack
from funcgrad.viz.model import Edge, Group, Node, Program
from funcgrad.viz.names import Site, site_of_frame, site_of_line


@dataclass(slots=True)
class Record:
    """An operation with its operands, for the backward pass."""

    primitive: Primitive
    operands: list[Any]
    params: Any
    sources: list[int]
    results: list[int]


class RecordTracer(ArrayTracer):
    """A value and the node that it is the value of."""

    __slots__ = ("_aval", "node", "value")

    def __init__(self, trace: RecordTrace, value: Any, node: int) -> None:
        self.owner = trace
        self.value = value
        self.node = node
        self._aval: ShapedArray | None = None

    @property
    def aval(self) -> ShapedArray:
        aval = self._aval
        if aval is None:
            aval = self._aval = typeof(self.value)
        return aval

    def concrete(self) -> Any:
        value = self.value
        return value.concrete() if isinstance(value, Tracer) else value


class RecordTrace(Trace):
    """Computes, and makes a node of every operation on what depends on the inputs."""

    def __init__(self, name: str, unroll: int, outer: FrameType) -> None:
        self.program = Program(groups=[Group(0, name, "root", -1)])
        self.records: list[Record] = []
        self.unroll = unroll
        self._outer = outer
        self._group = 0
        self._runs = 0
        self._run = 0
        self._last: Site | None = None
        self._calls = CallStack()
        self._sites: dict[tuple[SourceLine, int], Site] = {}
        self._loops: dict[type[Primitive], Any] = {
            Scan: self._scan,
            While: self._while,
            Cond: self._cond,
        }

    def input(self, value: Any, name: str) -> Any:
        """A named input as a traced value."""
        node = Node(len(self.program.nodes), "input", name, name, "", "input", value, 0)
        node.is_variable = True
        self.program.nodes.append(node)
        return RecordTracer(self, value, node.id)

    def process(
        self, primitive: Primitive, operands: Sequence[Any], params: Any
    ) -> Any:
        expand = self._loops.get(type(primitive))
        if isinstance(primitive, Call):
            expand = self._call
        if expand is None:
            return self._record(primitive, operands, params)
        site = self._site()
        results = expand(operands, **params)
        if results is None:
            results = self._record(primitive, operands, params)
        self._name_result(site, results)
        return results

    def _name_result(self, site: Site, results: Sequence[Any]) -> None:
        """The variable that a call or loop is assigned to names what it gives."""
        traced = [x for x in results if self._owns(x)]  # a loop's counter is not
        if site.variable is None or len(traced) != 1:
            return
        node = self.program.nodes[traced[0].node]
        if not node.is_variable:
            node.name = node.label = site.variable
            node.is_variable = True

    def _record(
        self, primitive: Primitive, operands: Sequence[Any], params: Any
    ) -> Any:
        """One operation as one node for each of its results."""
        values = [self.value(x) for x in operands]
        result = primitive.bind(*values, **params)
        if (
            primitive is convert_element_type_p
            and self._owns(operands[0])
            and typeof(result).dtype == typeof(values[0]).dtype
        ):
            # Only a weak type was dropped: no step that a reader would take.
            self._name_result(self._site(), operands)
            return RecordTracer(self, result, operands[0].node)
        sources = [x.node if self._owns(x) else -1 for x in operands]
        several = primitive.multiple_results
        site = self._site()
        label = _label(primitive, params)
        wrapped = [
            self._node(primitive.name, label, value, site)
            for value in (result if several else [result])
        ]
        nodes = [w.node for w in wrapped]
        for node in nodes:
            self.program.edges += [Edge(s, node) for s in sources if s >= 0]
        self.records.append(Record(primitive, values, params, sources, nodes))
        return wrapped if several else wrapped[0]

    def _node(self, operation: str, label: str, value: Any, site: Site) -> RecordTracer:
        nodes = self.program.nodes
        node = Node(len(nodes), "operation", operation, label, "", operation, value, 0)
        node.group = self._group
        node.line = site.line
        node.expression = site.text
        if self._last is not None and self._last.key == site.key:
            # The same expression goes on: its value is this later one.
            nodes[-1].is_variable = False
            nodes[-1].name, nodes[-1].label = nodes[-1].operation, nodes[-1].operation
            nodes[-1].expression = ""
        if site.variable is not None:
            node.name = node.label = site.variable
            node.is_variable = True
        self._last = site
        nodes.append(node)
        return RecordTracer(self, value, node.id)

    def _site(self) -> Site:
        line = replay.line
        if line is None:
            self._group = self._calls.enter(self.program, self._group, self._outer)
            return site_of_frame(self._outer)
        site = self._sites.get((line, self._run))
        if site is None:
            site = self._sites[line, self._run] = site_of_line(line, self._run)
        return site

    def _owns(self, x: Any) -> bool:
        return type(x) is RecordTracer and x.owner is self

    def value(self, x: Any) -> Any:
        """The value under a traced one; anything else as it is."""
        return x.value if self._owns(x) else x

    def finish(self, results: Sequence[Any]) -> None:
        """Note the results, and make all names unique."""
        program = self.program
        program.outputs = [x.node for x in results if self._owns(x)]
        single = len(results) == 1 and len(program.outputs) == 1
        if single and is_loss(program.nodes[program.outputs[0]].value):
            program.loss = program.outputs[0]
        for number, output in enumerate(program.outputs):
            node = program.nodes[output]
            if not node.is_variable:
                title = "L" if program.loss is not None else "result"
                node.name = title if single else f"result[{number}]"
                node.label, node.is_variable = node.name, True
        _make_unique(program)

    # groups
    @contextmanager
    def _grouped(self, name: str, kind: str) -> Iterator[Group]:
        groups, outer = self.program.groups, self._group
        group = Group(len(groups), name, kind, outer)
        groups.append(group)
        self._group = group.id
        try:
            yield group
        finally:
            self._group = outer

    def _call(self, operands: Sequence[Any], **params: Any) -> list[Any]:
        with self._grouped(str(params.get("name") or "call"), "call"):
            return self._evaluate(params["jaxpr"], operands)

    def _evaluate(self, jaxpr: Jaxpr, operands: Sequence[Any]) -> list[Any]:
        """Run a staged program; names of variables are found anew for each run."""
        outer = self._run
        self._runs += 1
        self._run = self._runs
        try:
            return eval_jaxpr(jaxpr, (), *operands)
        finally:
            self._run = outer

    def _cond(self, operands: Sequence[Any], *, branches: Any) -> list[Any] | None:
        index = self.value(operands[0])
        if isinstance(index, Tracer):
            return None
        taken = chosen(index, len(branches))
        title = f"cond: {bool(taken)}" if len(branches) == 2 else f"case {taken}"
        with self._grouped(title, "branch"):
            return self._evaluate(branches[taken], operands[1:])

    def _scan(self, operands: Sequence[Any], **params: Any) -> list[Any] | None:
        length, jaxpr = params["length"], params["jaxpr"]
        if length is None:
            return None
        if length > self.unroll:
            with self._grouped("scan", "loop") as group:
                group.trips = length
                results: list[Any] = self._record(scan_p, operands, params)
                return results
        num_consts, num_carry = params["num_consts"], params["num_carry"]
        consts = operands[:num_consts]
        carry = list(operands[num_consts : num_consts + num_carry])
        xs = operands[num_consts + num_carry :]
        rows: dict[int, list[Any]] = {}
        with self._grouped("scan", "loop") as group:
            group.trips = length
            order = range(length)
            for i in reversed(order) if params["reverse"] else order:
                with self._grouped(f"trip {i + 1}", "trip"):
                    items = [x[i] for x in xs]
                    results = self._evaluate(jaxpr, [*consts, *carry, *items])
                carry = results[:num_carry]
                rows[i] = results[num_carry:]
            ys = [
                fnp.stack([rows[i][k] for i in order])
                if length
                else np.zeros((0, *aval.shape), aval.dtype)
                for k, aval in enumerate(jaxpr.out_avals[num_carry:])
            ]
        return [*carry, *ys]

    def _while(self, operands: Sequence[Any], **params: Any) -> list[Any] | None:
        if params["num_tapes"] or any(
            isinstance(self.value(x), Tracer) for x in operands
        ):
            return None
        split = params["num_cond_consts"]
        test, body = params["cond_jaxpr"], params["body_jaxpr"]
        cond_consts = [self.value(x) for x in operands[:split]]
        consts = operands[split : split + params["num_body_consts"]]
        carry = list(operands[split + params["num_body_consts"] :])
        given = [self.value(x) for x in (*consts, *carry)]
        fixed, start = given[: len(consts)], given[len(consts) :]
        trips = _count(test, body, cond_consts, fixed, start)
        with self._grouped("while", "loop") as group:
            group.trips = trips
            if trips > self.unroll:
                results: list[Any] = self._record(while_p, operands, params)
                return results
            for i in range(trips):
                with self._grouped(f"trip {i + 1}", "trip"):
                    carry = self._evaluate(body, [*consts, *carry])
        return carry


def _count(
    test: Jaxpr, body: Jaxpr, cond_consts: Any, consts: Any, start: Sequence[Any]
) -> int:
    """Trips of a loop, found by running it with a counter."""

    def goes_on(state: Any) -> Any:
        return eval_jaxpr(test, (), *cond_consts, *state[1])[0]

    def trip(state: Any) -> Any:
        return state[0] + 1, eval_jaxpr(body, (), *consts, *state[1])

    count, _ = lax.while_loop(goes_on, trip, (0, list(start)))
    return int(count)


def _label(primitive: Primitive, params: Any) -> str:
    """What an operation is called: the name that the user gave it, if any."""
    name = params.get("name")
    return name if isinstance(name, str) and name else primitive.name


def is_loss(value: Any) -> bool:
    """Whether a value is one real number: derivatives are of such."""
    aval = typeof(value)
    return aval.shape == () and aval.dtype.kind == "f"


def _make_unique(program: Program) -> None:
    """Number names that come again; the result's and the inputs' stay."""
    kept = set(program.outputs) | {
        node.id for node in program.nodes if node.kind == "input"
    }
    count: dict[str, int] = {}
    taken: set[str] = set()
    order = sorted(program.nodes, key=lambda n: (n.id not in kept, n.id))
    for node in order:
        name = node.name
        while name in taken or (not node.is_variable and name == node.name):
            count[node.name] = (
                count.get(node.name, 0 if not node.is_variable else 1) + 1
            )
            name = f"{node.name}_{count[node.name]}"
        taken.add(name)
        if node.is_variable:
            node.label = name
        node.name = name
