"""cond: one of several programs, chosen by a number that may be known only at run time.

The primitive and its rules; ``branches`` has the functions users call.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from funcgrad.core.aval import DYNAMIC, ShapedArray
from funcgrad.core.jaxpr import Atom, Jaxpr, eval_jaxpr
from funcgrad.core.trace import Tracer, typeof
from funcgrad.ops.comparison import eq
from funcgrad.ops.control.call import HigherOrder, execute, jit_p
from funcgrad.ops.control.inner import (
    Flags,
    batched_jaxpr,
    is_nonzero,
    jvp_jaxpr,
    memoized,
    place_operands,
    residual_sources,
    result_dims,
    scatter_zeros,
    select,
    transpose_jaxpr,
)
from funcgrad.ops.control.lanes import (
    COSTLY,
    in_blocks,
    lanes_of,
    width_for,
    work,
)
from funcgrad.ops.control.pruning import prune_cond
from funcgrad.ops.control.residuals import linearized_body, recomputing
from funcgrad.ops.iota import instantiate, zeros_of
from funcgrad.ops.reduction import reduce_or
from funcgrad.ops.selection import clamp, select_n
from funcgrad.ops.structural import (
    broadcast_in_dim,
    move_axis_to_front,
)
from funcgrad.transforms.linearize import LinearizedJaxpr
from funcgrad.transforms.stage import stage_flat
from funcgrad.transforms.transpose import is_linear


class Cond(HigherOrder):
    """Runs ``branches[index]`` on the operands after ``index``.

    The index is an integer, moved into range, or a bool. All branches take and give
    the same types. Only the branch that is chosen runs, unless the index is batched:
    then all run, and each entry of the batch takes the results of its own.
    """

    name = "cond"
    prune = staticmethod(prune_cond)
    linear = True

    def evaluate(
        self, index: Any, *operands: Any, branches: tuple[Jaxpr, ...]
    ) -> list[Any]:
        return execute(branches[chosen(index, len(branches))], operands)

    def abstract_eval(
        self,
        index: ShapedArray,
        *avals: ShapedArray,
        branches: tuple[Jaxpr, ...],
    ) -> list[ShapedArray]:
        return branches[0].out_avals

    def jvp(
        self,
        primals: Sequence[Any],
        tangents: Sequence[Any],
        *,
        branches: tuple[Jaxpr, ...],
    ) -> Any:
        nonzero = is_nonzero(tangents[1:])
        count = len(branches[0].outvars)
        none = (False,) * count
        force = _union([jvp_jaxpr(b, nonzero, none).out_nonzero for b in branches])
        rules = tuple(jvp_jaxpr(b, nonzero, force).jaxpr for b in branches)
        results = self.bind(*primals, *select(tangents[1:], nonzero), branches=rules)
        ts = scatter_zeros(results[count:], force, branches[0].out_avals)
        return results[:count], ts

    def linearize(
        self,
        primals: Sequence[Any],
        tangents: Sequence[Any],
        *,
        branches: tuple[Jaxpr, ...],
    ) -> Any:
        index, *operands = primals
        if not isinstance(index, Tracer):
            branch = branches[chosen(index, len(branches))]
            return jit_p.linearize(
                operands, tangents[1:], jaxpr=branch, name="cond", inline=True
            )
        nonzero = is_nonzero(tangents[1:])
        rule = _linearized(branches[0], branches[1:], nonzero)
        results = self.bind(index, *operands, branches=rule.primal)
        count = len(branches[0].outvars)
        residuals = [
            *[operands[i] for i in rule.inputs],
            *[results[i] for i in rule.outputs],
            *results[count:],
        ]
        ts: Sequence[Any] = []
        if any(rule.out_nonzero):
            given = select(tangents[1:], nonzero)
            ts = self.bind(index, *residuals, *given, branches=rule.linear)
        return results[:count], scatter_zeros(
            ts, rule.out_nonzero, branches[0].out_avals
        )

    def transpose(
        self,
        cts: Sequence[Any],
        index: Any,
        *operands: Any,
        branches: tuple[Jaxpr, ...],
    ) -> list[Any]:
        linear = tuple(is_linear(x) for x in operands)
        nonzero = is_nonzero(cts)
        none = (False,) * sum(linear)
        force = _union([transpose_jaxpr(b, linear, nonzero, none)[1] for b in branches])
        transposed = tuple(
            transpose_jaxpr(b, linear, nonzero, force)[0] for b in branches
        )
        residuals = [x for x in operands if not is_linear(x)]
        given = self.bind(index, *residuals, *select(cts, nonzero), branches=transposed)
        avals = [x.aval for x in operands if is_linear(x)]
        parts = iter(scatter_zeros(given, force, avals))
        return [None, *[next(parts) if flag else None for flag in linear]]

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        branches: tuple[Jaxpr, ...],
    ) -> Any:
        if dims[0] is not None:
            batched = tuple(dim is not None for dim in dims[1:])
            width = _width(branches, batched, size)
            if width is not None:
                params = {"branches": branches}
                return in_blocks(self, width, size, operands, dims, params)
        return self._batch_whole(size, operands, dims, branches, only_taken=False)

    def batch_block(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        branches: tuple[Jaxpr, ...],
    ) -> Any:
        """All branches that an entry of the batch takes, each on the whole batch."""
        return self._batch_whole(size, operands, dims, branches, only_taken=True)

    def _batch_whole(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        branches: tuple[Jaxpr, ...],
        *,
        only_taken: bool,
    ) -> Any:
        batched = tuple(dim is not None for dim in dims[1:])
        values = place_operands(branches[0], operands[1:], dims[1:])
        none = (False,) * len(branches[0].outvars)
        force = _union([batched_jaxpr(b, size, batched, none)[1] for b in branches])
        if dims[0] is not None:
            force = (True,) * len(none)
        inner = tuple(batched_jaxpr(b, size, batched, force)[0] for b in branches)
        if dims[0] is None:
            results = self.bind(operands[0], *values, branches=inner)
        else:
            index = move_axis_to_front(operands[0], dims[0])
            results = _select_branches(index, inner, values, only_taken=only_taken)
        return results, result_dims(branches[0], force)

    def lower(
        self, ctx: Any, index: Any, *operands: Any, branches: tuple[Jaxpr, ...]
    ) -> Any:
        return ctx.lower_cond(index, *operands, branches=branches)


cond_p = Cond()
MANY = 16
"""Residuals that a branch keeps, by the numbers that go in and out."""


def chosen(index: Any, count: int) -> int:
    """The number of the branch that a concrete index names."""
    return min(max(int(index), 0), count - 1)


def _union(flags: Sequence[Flags]) -> Flags:
    return tuple(any(column) for column in zip(*flags, strict=True))


def _width(branches: Sequence[Jaxpr], batched: Flags, size: int) -> int | None:
    """Entries of a batch that take branches together; None: all of them."""
    inert = not any(branch.effects for branch in branches)
    if inert and sum(map(work, branches)) <= COSTLY:
        return None
    facts = [lanes_of(branch, batched) for branch in branches]
    return width_for(branches, facts, size)


def _select_branches(
    index: Any, branches: Sequence[Jaxpr], operands: Sequence[Any], *, only_taken: bool
) -> list[Any]:
    """Branches on a whole batch, and for each entry the results that it wants."""
    last = len(branches) - 1
    if typeof(index).dtype.kind != "b":
        index = clamp(0, index, last)
    results = [
        _if_any(eq(index, k), branch, operands)
        if only_taken and work(branch) > COSTLY // 2
        else jit_p.bind(*operands, jaxpr=branch, name="branch", inline=True)
        for k, branch in enumerate(branches)
    ]
    chosen_results = []
    for column in zip(*results, strict=True):
        which = broadcast_in_dim(index, typeof(column[0]).shape, (0,))
        chosen_results.append(select_n(which, *column))
    return chosen_results


def _if_any(takes: Any, branch: Jaxpr, operands: Sequence[Any]) -> list[Any]:
    """Results of a branch where any entry takes it, zeros otherwise."""
    results: list[Any] = cond_p.bind(
        reduce_or(takes, (0,)), *operands, branches=(_nothing_like(branch), branch)
    )
    return results


@memoized
def _nothing_like(branch: Jaxpr) -> Jaxpr:
    """A program of the same type that gives zeros."""
    return stage_flat(lambda *_: list(map(zeros_of, branch.out_avals)), branch.in_avals)


class _LinearBranches(NamedTuple):
    """Both halves of the branches, over one list of residuals.

    The residuals are the operands ``inputs``, the results ``outputs``, and then what
    the primal branches give after their results.
    """

    primal: tuple[Jaxpr, ...]
    linear: tuple[Jaxpr, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    out_nonzero: Flags


@memoized
def _linearized(
    first: Jaxpr, others: tuple[Jaxpr, ...], nonzero: Flags
) -> _LinearBranches:
    """Linearize branches together: residuals of one type share their places."""
    branches = (first, *others)
    count = len(first.outvars)
    rules = [_lean(branch, nonzero) for branch in branches]
    sources = [residual_sources(rule.primal, count) for rule in rules]
    inputs = sorted({i for s in sources for kind, i in s.places if kind == "in"})
    outputs = sorted({i for s in sources for kind, i in s.places if kind == "out"})
    slots: list[ShapedArray] = []
    assigned = [_assign(s.jaxpr.out_avals[count:], slots) for s in sources]
    out_nonzero = _union([tuple(rule.out_nonzero) for rule in rules])
    primal = tuple(
        _with_slots(s.jaxpr, count, places, slots)
        for s, places in zip(sources, assigned, strict=True)
    )
    fixed = {("in", i): k for k, i in enumerate(inputs)}
    fixed |= {("out", i): len(inputs) + k for k, i in enumerate(outputs)}
    shared = len(fixed)
    avals = [
        *[first.invars[i].aval for i in inputs],
        *[first.outvars[i].aval for i in outputs],
        *slots,
        *[aval.tangent() for aval in select(first.in_avals, nonzero)],
    ]
    linear = []
    for rule, source, places in zip(rules, sources, assigned, strict=True):
        where = [
            shared + places[i] if kind == "new" else fixed[kind, i]
            for kind, i in source.places
        ]
        start = shared + len(slots)
        linear.append(_linear_branch(rule, where, start, avals, out_nonzero))
    return _LinearBranches(
        primal, tuple(linear), tuple(inputs), tuple(outputs), out_nonzero
    )


def _lean(branch: Jaxpr, nonzero: Flags) -> LinearizedJaxpr:
    """A branch's linearization, which leaves little where the branch is not taken.

    The other branches fill its residuals with zeros. Those of a loop, say, are many
    more than inputs and outputs: such a branch runs again in the backward pass.
    """
    rule = linearized_body(branch, nonzero)
    count = len(branch.outvars)
    kept = _numbers(residual_sources(rule.primal, count).jaxpr.outvars[count:])
    if kept <= MANY * _numbers([*branch.invars, *branch.outvars]):
        return rule
    return recomputing(branch, nonzero)


def _numbers(atoms: Sequence[Atom]) -> int:
    return sum(math.prod(a.aval.shape) for a in atoms if DYNAMIC not in a.aval.shape)


def _assign(avals: Sequence[ShapedArray], slots: list[ShapedArray]) -> list[int]:
    """A place of its type for each residual; ``slots`` grows where none is left."""
    taken: set[int] = set()
    places = []
    for aval in avals:
        free = (
            k for k, slot in enumerate(slots) if k not in taken and slot.same_type(aval)
        )
        k = next(free, len(slots))
        if k == len(slots):
            slots.append(aval.strong())
        taken.add(k)
        places.append(k)
    return places


def _with_slots(
    jaxpr: Jaxpr, count: int, places: Sequence[int], slots: Sequence[ShapedArray]
) -> Jaxpr:
    """A branch that gives something for every slot."""

    def function(*args: Any) -> list[Any]:
        results = eval_jaxpr(jaxpr, (), *args)
        own = dict(zip(places, results[count:], strict=True))
        return results[:count] + [
            own[k] if k in own else zeros_of(slot) for k, slot in enumerate(slots)
        ]

    return stage_flat(function, jaxpr.in_avals)


def _linear_branch(
    rule: LinearizedJaxpr,
    where: Sequence[int],
    start: int,
    avals: Sequence[ShapedArray],
    out_nonzero: Flags,
) -> Jaxpr:
    """The linear half of a branch over the residuals that all branches share."""
    out_avals = rule.primal.out_avals[: len(out_nonzero)]

    def function(*args: Any) -> list[Any]:
        residuals = [args[k] for k in where]
        results = eval_jaxpr(rule.linear, (), *residuals, *args[start:])
        ts = scatter_zeros(results, rule.out_nonzero, out_avals)
        return [instantiate(t) for t in select(ts, out_nonzero)]

    return stage_flat(function, avals)
