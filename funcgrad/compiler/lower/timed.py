"""Lowering of a program that times itself: every piece of code to the user's lines.

The program reads a clock where one piece ends and the next begins, in loops too, and
adds the ticks since the last reading to the counter of the piece that ends: a loop
nest, a call of a kernel, or a run of code on registers. So the counters add up to all
its time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from funcgrad.compiler.emit.value import Value
from funcgrad.compiler.lower.buffers import Allocation
from funcgrad.compiler.lower.clock import READ_CLOCK, include_clock
from funcgrad.compiler.lower.control_flow import ControlLowering
from funcgrad.compiler.lower.nodes import (
    Buffer,
    Lazy,
    Node,
    Register,
    RowReduced,
    is_small,
)
from funcgrad.compiler.lower.scope import Scope
from funcgrad.core.aval import known_size
from funcgrad.core.jaxpr import Eqn, Jaxpr, subjaxprs
from funcgrad.core.source import BackwardLine, SourceLine


class Line(NamedTuple):
    """A line of the user's, or None, and whether it is its derivative that runs."""

    source: SourceLine | None
    is_backward: bool


NOWHERE = Line(None, False)
Shares = Mapping[Line, float]
"""The lines that a piece of code works for, and what share each has in it."""

_MARK = "profile.mark"
_MARK_TEXT = f"""\
define internal void @{_MARK}(ptr %counters, i64 %place) noinline #0 {{
  %now = call i64 @{READ_CLOCK}()
  %last = load i64, ptr %counters
  %ticks = sub i64 %now, %last
  %ticks.at = getelementptr i64, ptr %counters, i64 %place
  %ticks.old = load i64, ptr %ticks.at
  %ticks.new = add i64 %ticks.old, %ticks
  store i64 %ticks.new, ptr %ticks.at
  %calls.at = getelementptr i64, ptr %ticks.at, i64 1
  %calls.old = load i64, ptr %calls.at
  %calls.new = add i64 %calls.old, 1
  store i64 %calls.new, ptr %calls.at
  store i64 %now, ptr %counters
  ret void
}}"""


class TimedLowering(ControlLowering):
    """Lowers as ever, and puts readings of the clock between the pieces.

    Attributes
    ----------
    pieces : list
        The shares of each piece.
    allocated : list
        Each block of memory of the program, and the line that it is for.
    counters : array, int64
        The last reading, a spare word, then ticks and runs of each piece; made by
        `finish`.
    """

    def __init__(self, vector_bytes: int) -> None:
        super().__init__(vector_bytes)
        self.pieces: list[Shares] = []
        self.allocated: list[tuple[Line, Allocation]] = []
        self.counters = np.zeros(2, np.int64)
        self._line = NOWHERE
        self._owner: Shares = {NOWHERE: 1.0}
        self._light: Counter[Line] = Counter()
        self._recipes: dict[int, tuple[Lazy, Line, float]] = {}
        self._marked = 0
        include_clock(self.module)
        self.module.define(_MARK, lambda: _MARK_TEXT)
        self._word, self._counters = self.constant_pointer(0)
        now = self.b.op(f"call i64 @{READ_CLOCK}()")
        self.b.emit(f"store i64 {now}, ptr {self._counters}")
        self._marked = self.b.length

    def finish(self) -> None:
        """End the program; the counters are as many as there are pieces."""
        self._switch()
        super().finish()
        self.counters = np.zeros(2 + 2 * len(self.pieces), np.int64)
        self.table.words[self._word] = self.counters.ctypes.data
        self.constants.append(self.counters)

    # --- pieces

    def _switch(self) -> None:
        """End the piece at hand, if it has any code, and begin another."""
        if self.in_part or self.b.length == self._marked:
            return
        place = 2 + 2 * len(self.pieces)
        self.b.emit(f"call void @{_MARK}(ptr {self._counters}, i64 {place})")
        positive = +self._light or +Counter(self._owner)
        self.pieces.append(positive or {NOWHERE: 1.0})
        self._light.clear()
        self._marked = self.b.length

    @contextmanager
    def _piece(self, shares: Shares) -> Iterator[None]:
        """What is emitted inside works for these lines."""
        self._switch()
        outer, self._owner = self._owner, shares
        small, self._light = self._light, Counter()
        yield
        self._switch()
        self._owner, self._light = outer, small

    def _lower_eqn(self, eqn: Eqn, scope: Scope) -> None:
        outer = self._line
        if eqn.source is not None:
            self._line = Line(eqn.source, isinstance(eqn.source, BackwardLine))
        if _is_light(eqn):
            before = self.b.length
            super()._lower_eqn(eqn, scope)
            self._light[self._line] += sum(map(_price, self.b.since(before)))
        else:
            with self._piece({self._line: 1.0}):
                super()._lower_eqn(eqn, scope)
        self._line = outer

    def lower_jaxpr(self, jaxpr: Jaxpr, operands: Sequence[Node]) -> list[Node]:
        """A body is left in one piece where all of it is light."""
        if self.scopes and all(map(_is_light, jaxpr.eqns)):
            return super().lower_jaxpr(jaxpr, operands)
        self._switch()
        results = super().lower_jaxpr(jaxpr, operands)
        self._switch()
        return results

    # --- recipes: whose they are, and what each adds to the nest that computes it

    def _own(self, made: Any) -> Any:
        if isinstance(made, Lazy) and id(made) not in self._recipes:
            below = [x.cost for x in made.operands if isinstance(x, Lazy)]
            cost = 1 if isinstance(made, RowReduced) else max(1, made.cost - sum(below))
            self._recipes[id(made)] = (made, self._line, cost)
        return made

    def map(
        self, function: Callable[..., Value], *operands: Node, **options: Any
    ) -> Node:
        """As ever, and note whose recipe it is."""
        made: Node = self._own(super().map(function, *operands, **options))
        return made

    def view(self, x: Node, shape: Sequence[Any], function: Any) -> Node:
        """As ever, and note whose recipe it is."""
        made: Node = self._own(super().view(x, shape, function))
        return made

    def compute(self, *args: Any, **options: Any) -> Node:
        """As ever, and note whose recipe it is."""
        made: Node = self._own(super().compute(*args, **options))
        return made

    def reshape(self, x: Node, shape: Sequence[Any]) -> Node:
        """As ever, and note whose recipe it is."""
        made: Node = self._own(super().reshape(x, shape))
        return made

    def reduce(self, op: str, x: Node, axes: Sequence[int]) -> Node:
        """As ever; the time is shared with what the sum reads."""
        shares = Counter(self._shares([x]))
        shares[self._line] += _entries(x)
        with self._piece(shares):
            made: Node = self._own(super().reduce(op, x, axes))
        return made

    def _shares(self, roots: Sequence[Node]) -> Shares:
        """Costs of a nest over these nodes, by the lines that they come from."""
        todo = [(x, _entries(x)) for x in roots]
        places: dict[int, int] = {}
        while todo:
            node, count = todo.pop()
            if not isinstance(node, Lazy) or node.buffer is not None:
                continue
            if places.get(id(node), 0) >= count:
                continue
            places[id(node)] = count
            wide = isinstance(node, RowReduced)
            todo += [(x, _entries(x) if wide else count) for x in node.operands]
        shares: Counter[Line] = Counter()
        for key, count in places.items():
            if key in self._recipes:
                _, line, cost = self._recipes[key]
                shares[line] += cost * count  # type: ignore[assignment]
        return shares or self._owner

    # --- loop nests and memory

    def store_all(self, targets: Sequence[tuple[Node, Buffer]]) -> None:
        """As ever; the time is shared among what the nest computes."""
        with self._piece(self._shares([node for node, _ in targets])):
            super().store_all(targets)

    def register(self, x: Node) -> Register:
        """As ever; the time is shared among what is read."""
        if not isinstance(x, Lazy) or x.buffer is not None:
            return super().register(x)
        with self._piece(self._shares([x])):
            return super().register(x)

    def materialize(self, x: Node) -> Buffer:
        """As ever; time and memory belong to the recipe's own lines."""
        if not isinstance(x, Lazy) or x.buffer is not None:
            return super().materialize(x)
        outer = self._line
        if id(x) in self._recipes:
            self._line = self._recipes[id(x)][1]
        with self._piece(self._shares([x])):
            made = super().materialize(x)
        self._line = outer
        return made

    def buffer(self, shape: Sequence[Any], dtype: Any) -> Buffer:
        """As ever, and note which line the memory is for."""
        made = super().buffer(shape, dtype)
        if made.allocation is not None:
            self.allocated.append((self._line, made.allocation))
        return made


def _entries(x: Node) -> int:
    return known_size(x.shape)


def _is_light(eqn: Eqn) -> bool:
    """Whether an equation is a few instructions on registers, as far as one can see."""
    if eqn.effects or subjaxprs(eqn.params):
        return False
    return all(is_small(x.aval.shape) for x in (*eqn.invars, *eqn.outvars))


def _price(instruction: str) -> int:
    """What an instruction costs, in additions."""
    if " call fastcc " in instruction:
        return 16
    return 4 if " fdiv " in instruction or "sqrt" in instruction else 1
