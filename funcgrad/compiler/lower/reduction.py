"""Reductions: loop nests that end in accumulators."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from funcgrad.compiler.emit.value import Value
from funcgrad.compiler.lower import nest
from funcgrad.compiler.lower.combining import combine, identity
from funcgrad.compiler.lower.index import Flat, Index, Number, indices, plus
from funcgrad.compiler.lower.layout import turned_views
from funcgrad.compiler.lower.nodes import (
    Buffer,
    Lazy,
    Node,
    Register,
    is_flat,
    load_at,
    price,
    store_at,
)
from funcgrad.compiler.lower.parallel import Parallel, chunk_of
from funcgrad.compiler.lower.reader import Reader
from funcgrad.compiler.lower.table import LARGEST_STATIC
from funcgrad.core.aval import DYNAMIC, static_size

ROWS = 4
"""Rows that are added to an answer in memory at once."""
PIECE_BYTES = 1024
"""Shorter pieces of rows, in chunks of columns, would leave memory waiting."""
LONG_ROW = 64
"""Entries from which on a row is read as it lies, rather than a few columns of it."""


class Group:
    """Adjacent axes that are all summed or all kept, run through as one.

    ``stride`` and ``answer_stride`` count entries of the operand and of the answer.
    """

    def __init__(
        self, ctx: Any, x: Node, axes: Sequence[int], summed: Sequence[int]
    ) -> None:
        last = axes[-1]
        shape = x.shape[axes[0] : last + 1]
        after = [n for a, n in enumerate(x.shape) if a > last and a not in summed]
        self.reduced = last in summed
        self.extent: Number = ctx.size(shape, getattr(x, "length", None))
        self.stride: Number = ctx.table.extent(math.prod(x.shape[last + 1 :]))
        self.answer_stride: Number = ctx.table.extent(math.prod(after))
        self.is_dynamic = DYNAMIC in shape
        self.size = static_size(shape)
        self.is_narrow = self.is_dynamic or math.prod(shape) < LONG_ROW


Place = dict[Group, Index]


class Accumulation:
    """Accumulators over groups of axes, and the places they go through."""

    def __init__(
        self, ctx: Any, op: str, x: Node, axes: Sequence[int], *, flat: bool
    ) -> None:
        self.ctx = ctx
        self.b = ctx.b
        self.op = op
        self.x = x
        self.flat = flat
        self.shape = tuple(n for a, n in enumerate(x.shape) if a not in axes)
        self.groups = self._grouped(axes)
        self.inner = self.groups[-1]
        self.summed = [g for g in self.groups if g.reduced and g is not self.inner]
        self.outer = [g for g in self.groups if not g.reduced and g is not self.inner]
        self.kept: dict[Lazy, Buffer] = {}
        tree = nest.widest_tree([x])
        registers = nest.registers_for(tree)
        self.lanes = nest.lanes_for(ctx, tree, registers)
        self.ranges: dict[Group, tuple[Number, Number]] = {}

    def _grouped(self, axes: Sequence[int]) -> list[Group]:
        def kind(axis: int) -> Any:
            return axis in axes if self.flat else axis

        runs = [list(run) for _, run in groupby(range(self.x.ndim), kind)]
        return [Group(self.ctx, self.x, run, axes) for run in runs]

    # --- places

    def _read(self, place: Place, lanes: int, base: Number) -> Value:
        at = self._indices(self.groups, place, lanes, base)
        where: Any = at
        if self.flat:
            where = Flat(self._linear(at, [g.stride for g in self.groups]))
        return Reader(self.ctx, lanes, where, self.kept).read(self.x, where)

    def _store(self, out: Buffer, place: Place, value: Value, base: Number = 0) -> None:
        store_at(self.b, out.ptr, self._answer_at(out, place, value.lanes, base), value)

    def _load(self, out: Buffer, place: Place, base: Number) -> Value:
        at = self._answer_at(out, place, self.lanes, base)
        return load_at(self.b, out.ptr, at, out.dtype)

    def _answer_at(self, out: Buffer, place: Place, lanes: int, base: Number) -> Index:
        kept = [g for g in self.groups if not g.reduced]
        at = self._indices(kept, place, lanes, base)
        self.ctx.lifetimes.touch(out.allocation)
        return self._linear(at, [g.answer_stride for g in kept])

    def _indices(
        self, groups: Sequence[Group], place: Place, lanes: int, base: Number
    ) -> list[Index]:
        """Indices along groups; those along the innermost are ``base`` and on."""
        last = Index(self.b, base, 1 if lanes > 1 else 0, lanes)
        at = [last if g is self.inner else place[g] for g in groups]
        return indices(self.b, at, lanes)

    def _linear(self, at: Sequence[Index], strides: Sequence[Number]) -> Index:
        total = Index(self.b, 0)
        for index, stride in zip(at, strides, strict=True):
            total = total + index * stride
        return total

    def _loops(
        self,
        groups: Sequence[Group],
        place: Place,
        carries: list[Value],
        body: Callable[[Place, list[Value]], list[Value]],
    ) -> list[Value]:
        """Loops over whole groups around a body, with accumulators through all."""
        if not groups:
            return body(place, carries)
        group, *rest = groups
        with self.b.loop(*self._range(group), carries=carries) as loop:
            at = {**place, group: Index(self.b, loop.index)}
            loop.next = self._loops(rest, at, loop.carries, body)
        return loop.results

    def _range(self, group: Group) -> tuple[Number, Number]:
        """Where a group's loop begins and ends: its extent, or a chunk of that."""
        return self.ranges.get(group, (0, group.extent))

    def _in_chunks(self, group: Group, run: Callable[[], None], lanes: int = 1) -> None:
        """``run()``, by several threads along a group where that is worth it."""

        def loop(begin: Number, end: Number) -> None:
            self.ranges[group] = begin, end
            run()
            del self.ranges[group]

        entries = static_size(self.x.shape)
        cost = price(self.x)
        extent, size = group.extent, group.size
        nest.in_chunks(self.ctx, loop, extent, size, entries, cost, lanes)

    # --- accumulators

    def _start(self, lanes: int) -> Value:
        dtype = self.x.dtype
        start: Value = self.b.const(dtype, identity(self.op, dtype), lanes)
        return start

    def _combine(self, x: Value, y: Value) -> Value:
        return combine(self.b, self.op, x, y)

    def _total(self, place: Place) -> Value:
        """One entry of the answer, where the innermost axes are summed."""
        begun = self._accumulators()
        return self._joined(self._loops(self.summed, place, begun, self._row))

    def _accumulators(self) -> list[Value]:
        """Where the innermost axes are summed: vectors along them."""
        extent = self.inner.extent
        if self.inner.is_dynamic:
            return [self._start(1)]
        if isinstance(extent, int):
            return [self._start(max(extent, 1))]
        chains = 2 if price(self.x) <= nest.CHEAP else 1
        return [self._start(self.lanes)] * chains

    def _joined(self, accumulators: list[Value]) -> Value:
        while len(accumulators) > 1:
            *accumulators, x, y = accumulators
            accumulators.append(self._combine(x, y))
        total: Value = self.b.reduce(self.op, accumulators[0])
        return total

    def _row(self, place: Place, accumulators: list[Value]) -> list[Value]:
        """Add entries along the innermost axes to the accumulators."""
        extent = self.inner.extent
        if isinstance(extent, int):
            if extent == 0:
                return accumulators
            return [self._combine(accumulators[0], self._read(place, extent, 0))]
        lanes = accumulators[0].lanes
        step = lanes * len(accumulators)
        start, end = self._range(self.inner)
        extent = self.b.index(end)
        length = extent if isinstance(start, int) else self.b.sub(extent, start)
        whole = plus(self.b, start, nest.vector_part(self.ctx, length, step))
        with self.b.loop(start, whole, step, carries=accumulators) as loop:
            bases = [plus(self.b, loop.index, k * lanes) for k in range(step // lanes)]
            loop.next = [
                self._combine(total, self._read(place, lanes, base))
                for total, base in zip(loop.carries, bases, strict=True)
            ]
        first, *others = loop.results
        if step == 1:
            return [first]
        return [self._rest(place, first, self.b.index(whole), extent), *others]

    def _rest(self, place: Place, total: Value, whole: Value, extent: Value) -> Value:
        """Add what whole steps left; a vector that reaches back counts once."""
        lanes = total.lanes
        last = self.b.sub(extent, self.b.i64(lanes))
        with self.b.loop(whole, extent, lanes, carries=[total]) as loop:
            base = self.b.min(loop.index, last)
            entries = self._read(place, lanes, base)
            at = Index(self.b, base, 1, lanes).value(self.b)
            new = self.b.cmp("ge", at, self.b.splat(loop.index, lanes))
            entries = self.b.select(new, entries, self._start(lanes))
            loop.next = [self._combine(loop.carries[0], entries)]
        return loop.results[0]


class Reduction(Accumulation):
    """One reduction of an array that is not in registers."""

    def __init__(self, ctx: Any, op: str, x: Node, axes: Sequence[int]) -> None:
        flat = is_flat(x)
        if not flat:
            for view, _ in turned_views(ctx, [x]):
                ctx.materialize(view)
        super().__init__(ctx, op, x, axes, flat=flat)
        shared = nest.shared_nodes([x], flat=flat)
        self.kept = {n: ctx.buffer(n.shape, n.dtype) for n in shared}
        if isinstance(x, Lazy) and x.uses > 1 and price(x) > nest.CHEAP:
            self.kept[x] = ctx.buffer(x.shape, x.dtype)

    def run(self) -> Node:
        """Emit the loops; the result, and nodes stored on the way, are in memory."""
        if not self.shape:
            result: Node = Register(self._total_in_chunks(), ())
        else:
            result = self._rows() if self.inner.reduced else self._columns()
        for node, buffer in self.kept.items():
            node.buffer = buffer
        return result

    def _total_in_chunks(self) -> Value:
        """The sum of everything: chunks are summed apart, then their sums."""
        ctx = self.ctx
        group = (self.summed or [self.inner])[0]
        entries = static_size(self.x.shape)
        lanes = 2 * self.lanes if group is self.inner else 1
        chunk = chunk_of(ctx, entries, group.size, price(self.x), lanes)
        if not chunk:
            return self._total({})
        sums = ctx.buffer((group.size // chunk,), self.x.dtype)

        def part(begin: Value, end: Value, number: Value, _: Value) -> None:
            self.ranges[group] = begin, end
            ctx.lifetimes.touch(sums.allocation)
            self.b.store(self._total({}), sums.ptr, number)
            del self.ranges[group]

        Parallel(ctx).run(group.size, chunk, part)
        ctx.lifetimes.tick()
        return total_of(ctx, self.op, sums)

    # --- answers in memory

    def _rows(self) -> Buffer:
        """The innermost axes are summed: entry by entry of the answer."""
        out: Buffer = self.ctx.buffer(self.shape, self.x.dtype)

        def entry(place: Place, _: list[Value]) -> list[Value]:
            self._store(out, place, self._total(place))
            return []

        def rows() -> None:
            self._loops(self.outer, {}, [], entry)

        self._in_chunks(max(self.outer, key=lambda g: g.size), rows)
        return out

    def _columns(self) -> Buffer:
        """The innermost axes are kept: accumulators lie along them."""
        out: Buffer = self.ctx.buffer(self.shape, self.x.dtype)
        rows = self.summed[-1].extent
        few = isinstance(rows, int) or self.summed[-1].is_dynamic
        in_blocks = few or self.inner.is_narrow
        add = self._column_blocks if in_blocks else self._added_rows

        def columns(place: Place, _: list[Value]) -> list[Value]:
            add(out, place)
            return []

        def run() -> None:
            self._loops(self.outer, {}, [], columns)

        group = max([*self.outer, self.inner], key=lambda g: g.size)
        wide = min(2 * self.lanes, LARGEST_STATIC)
        if price(self.x) <= nest.CHEAP:
            wide = max(wide, PIECE_BYTES // self.x.dtype.itemsize)
        self._in_chunks(group, run, wide if group is self.inner else 1)
        return out

    def _column_blocks(self, out: Buffer, place: Place) -> None:
        """Some columns at a time, in registers: for few rows, or few columns."""

        def block(lanes: int, base: Number) -> None:
            def add(at: Place, totals: list[Value]) -> list[Value]:
                return [self._combine(totals[0], self._read(at, lanes, base))]

            start = [self._start(lanes)]
            total = self._loops(self.summed, place, start, add)[0]
            self._store(out, place, total, base)

        wide = min(2 * self.lanes, LARGEST_STATIC)
        again = not self.inner.is_dynamic
        begin, end = self._range(self.inner)
        nest.strip(self.ctx, end, wide, block, again=again, start=begin)

    def _added_rows(self, out: Buffer, place: Place) -> None:
        """Some rows at a time, added to an answer in memory: read as they lie."""
        b = self.b
        *others, rows = self.summed
        begin, end = self._range(self.inner)
        extent = b.index(end)
        last = b.sub(extent, b.i64(self.lanes))
        with b.loop(begin, extent, self.lanes) as loop:
            start = self._start(self.lanes)
            self._store(out, place, start, b.min(loop.index, last))
        width = b.sub(extent, b.index(begin))
        whole = plus(b, begin, nest.vector_part(self.ctx, width, self.lanes))

        def vector(
            at: Place, first: Value, count: int, base: Value
        ) -> tuple[Value, Value]:
            """Entries of the answer before and after so many rows are added."""
            old = new = self._load(out, place, base)
            for row in range(count):
                here = {**at, rows: Index(b, plus(b, first, row))}
                new = self._combine(new, self._read(here, self.lanes, base))
            return old, new

        def add(at: Place, first: Value, count: int, start: Number) -> None:
            """To columns from ``start`` on; the last vector reaches back."""
            with b.loop(start, extent, self.lanes) as loop:
                base = b.min(loop.index, last)
                old, new = vector(at, first, count, base)
                # Columns that the vector before has added to are left alone.
                column = Index(b, base, 1, self.lanes).value(b)
                ahead = b.cmp("ge", column, b.splat(loop.index, self.lanes))
                self._store(out, place, b.select(ahead, new, old), base)

        def blocks(at: Place, _: list[Value]) -> list[Value]:
            done: Number = 0
            if price(self.x) <= nest.CHEAP:
                done = nest.vector_part(self.ctx, rows.extent, ROWS)
                with b.loop(0, done, ROWS) as loop:
                    with b.loop(begin, whole, self.lanes) as columns:
                        new = vector(at, loop.index, ROWS, columns.index)[1]
                        self._store(out, place, new, columns.index)
                    add(at, loop.index, ROWS, whole)
            with b.loop(done, rows.extent) as loop:
                add(at, loop.index, 1, begin)
            return []

        self._loops(others, place, [], blocks)


def total_of(ctx: Any, op: str, sums: Buffer) -> Value:
    """What the entries of an array in memory combine to."""
    return Accumulation(ctx, op, sums, (0,), flat=True)._total({})
