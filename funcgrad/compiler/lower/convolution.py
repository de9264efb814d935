"""Convolutions to loops over registers: windows are read where they lie, not copied.

A convolution is a contraction whose first operand is read at overlapping places. Every
axis of it is a loop with one stride in each operand and in the answer. One axis of the
answer becomes vectors, entries along another share each vector that is loaded, and
loops over what is summed are innermost.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from funcgrad.compiler.emit.value import Value
from funcgrad.compiler.lower import nest
from funcgrad.compiler.lower.index import Index, Number, plus, times
from funcgrad.compiler.lower.matrix_loops import UNROLLED, multiply_add
from funcgrad.compiler.lower.nodes import Buffer, Node, Register, load_at, store_at
from funcgrad.compiler.lower.operands import peeled, permuted
from funcgrad.compiler.lower.table import LARGEST_STATIC

Axes = tuple[int, ...]
Kinds = tuple[Axes, ...]
SUMS = 12
"""Registers of sums that fit into 16 registers, with what they are made of."""
UNEVEN = 1.6
"""What a vector that does not fill its registers costs more."""
NEAR = 1 << 15
"""Bytes that stay in the nearest cache while sums run through them."""


class Windowed(NamedTuple):
    """The axes of both operands and the answer, extents in space, and steps."""

    lhs: Kinds
    rhs: Kinds
    out: Kinds
    space: Axes
    kernel: Axes
    strides: Axes
    dilation: Axes


class Axis(NamedTuple):
    """One loop: its extent, and entries from one index to the next in each array."""

    extent: int
    lhs: int
    rhs: int
    out: int


def lower_windowed_product(ctx: Any, lhs: Node, rhs: Node, form: Windowed) -> Node:
    """The answer in memory, its axes as the form says."""
    shape = _shape(lhs, rhs, form)
    dtype = lhs.dtype
    if 0 in (*shape, *lhs.shape, *rhs.shape):
        zero = Register(ctx.number(0, dtype), ())
        return ctx.view(zero, shape, lambda idx: [])
    sums = np.dtype(np.float32) if dtype == np.float16 else dtype
    if sums != dtype:
        lhs, rhs = (_converted(ctx, x, sums) for x in (lhs, rhs))
    lhs, left = peeled(ctx, lhs, form.lhs)
    rhs, right = peeled(ctx, rhs, form.rhs)
    form = form._replace(lhs=tuple(map(tuple, left)), rhs=tuple(map(tuple, right)))
    vector = _best_vector(ctx, lhs, rhs, form, shape)
    if vector.copies_lhs:
        lhs, form = _moved_last(ctx, lhs, form, "lhs", vector)
    if vector.copies_rhs:
        rhs, form = _moved_last(ctx, rhs, form, "rhs", vector)
    x, y = ctx.materialize(lhs), ctx.materialize(rhs)
    out = ctx.buffer(shape, sums)
    for node in (x, y, out):
        ctx.lifetimes.touch(node.allocation)
    free, summed = _loops(x.shape, y.shape, shape, form)
    _Emission(ctx, x, y, out, free, summed).run()
    ctx.lifetimes.tick()
    return out if sums == dtype else _converted(ctx, out, dtype)


def _converted(ctx: Any, x: Node, dtype: np.dtype[Any]) -> Node:
    return ctx.map(lambda b, v: b.convert(v, dtype), x, dtype=dtype)


def _shape(lhs: Node, rhs: Node, form: Windowed) -> tuple[int, ...]:
    extents = [
        [lhs.shape[a] for a in form.lhs[0]],
        [lhs.shape[a] for a in form.lhs[1]],
        [rhs.shape[a] for a in form.rhs[2]],
        list(form.space),
    ]
    places = [a for kind in form.out for a in kind]
    given = dict(zip(places, itertools.chain(*extents), strict=True))
    return tuple(given[a] for a in range(len(given)))


# --- loops


def _steps(shape: Sequence[int]) -> list[int]:
    return [math.prod(shape[a + 1 :]) for a in range(len(shape))]


def _kinds(
    lhs: Sequence[int], rhs: Sequence[int], out: Sequence[int], form: Windowed
) -> dict[tuple[str, int], Axis]:
    """Every loop by its kind and number, with strides for operands of these shapes."""
    x, y, z = _steps(lhs), _steps(rhs), _steps(out)
    found: dict[tuple[str, int], Axis] = {}
    groups = zip(form.lhs[0], form.rhs[0], form.out[0], strict=True)
    for k, (a, b, c) in enumerate(groups):
        found["group", k] = Axis(lhs[a], x[a], y[b], z[c])
    for k, (a, c) in enumerate(zip(form.lhs[1], form.out[1], strict=True)):
        found["example", k] = Axis(lhs[a], x[a], 0, z[c])
    for k, (b, c) in enumerate(zip(form.rhs[2], form.out[2], strict=True)):
        found["feature", k] = Axis(rhs[b], 0, y[b], z[c])
    space = zip(form.lhs[3], form.out[3], form.space, form.strides, strict=True)
    for k, (a, c, extent, stride) in enumerate(space):
        found["place", k] = Axis(extent, x[a] * stride, 0, z[c])
    window = zip(form.lhs[3], form.rhs[3], form.kernel, form.dilation, strict=True)
    for k, (a, b, extent, dilation) in enumerate(window):
        found["window", k] = Axis(extent, x[a] * dilation, y[b], 0)
    for k, (a, b) in enumerate(zip(form.lhs[2], form.rhs[1], strict=True)):
        found["summed", k] = Axis(lhs[a], x[a], y[b], 0)
    return found


def _loops(
    lhs: Sequence[int], rhs: Sequence[int], out: Sequence[int], form: Windowed
) -> tuple[list[Axis], list[Axis]]:
    kinds = _kinds(lhs, rhs, out, form)
    summed = [axis for (kind, _), axis in kinds.items() if kind in ("window", "summed")]
    free = [
        axis for (kind, _), axis in kinds.items() if kind not in ("window", "summed")
    ]
    free.sort(key=lambda axis: -axis.out)
    summed.sort(key=lambda axis: -axis.lhs)
    return _merged(free), _merged(summed)


def _merged(axes: Sequence[Axis]) -> list[Axis]:
    """Neighbours as one loop where both operands and the answer allow it."""
    result: list[Axis] = []
    for axis in axes:
        if axis.extent == 1:
            continue
        if result:
            outer = result[-1]
            pairs = zip(outer[1:], axis[1:], strict=True)
            if all(wide == narrow * axis.extent for wide, narrow in pairs):
                result[-1] = Axis(outer.extent * axis.extent, *axis[1:])
                continue
        result.append(axis)
    return result


# --- which axis becomes vectors


class _Vector(NamedTuple):
    cost: float
    kind: tuple[str, int]
    copies_lhs: bool
    copies_rhs: bool


def _best_vector(
    ctx: Any, lhs: Node, rhs: Node, form: Windowed, shape: Sequence[int]
) -> _Vector:
    """The cheapest axis, with what has to be copied so that vectors can be loaded."""
    kinds = _kinds(lhs.shape, rhs.shape, shape, form)
    work = math.prod(axis.extent for axis in kinds.values())
    lanes = nest.lanes_for(ctx, [lhs, rhs])
    found = []
    for kind, axis in kinds.items():
        if kind[0] in ("window", "summed"):
            continue
        copies_lhs, copies_rhs = (step not in (0, 1) for step in axis[1:3])
        if copies_lhs and kind[0] == "place" and form.strides[kind[1]] != 1:
            continue
        cost = work * _registers(axis.extent, lanes) / axis.extent
        cost += 2 * copies_lhs * math.prod(lhs.shape)
        cost += 2 * copies_rhs * math.prod(rhs.shape)
        cost += 2 * (axis.out != 1) * math.prod(shape)
        found.append(_Vector(cost, kind, copies_lhs, copies_rhs))
    if not found:
        return _Vector(0.0, ("", 0), False, False)
    return min(found, key=lambda vector: vector.cost)


def _registers(extent: int, lanes: int) -> float:
    """Registers that vectors along an axis fill, a vector being two registers."""
    if extent > LARGEST_STATIC:
        return 2 * math.ceil(extent / lanes)
    used = math.ceil(2 * extent / lanes)
    return used if 2 * extent % lanes == 0 else UNEVEN * used


def _moved_last(
    ctx: Any, x: Node, form: Windowed, which: str, vector: _Vector
) -> tuple[Node, Windowed]:
    """The operand copied so that the axis of the vectors lies along memory."""
    own = form.lhs if which == "lhs" else form.rhs
    name, number = vector.kind
    at = {"group": 0, "example": 1, "feature": 2, "place": 3}[name]
    last = own[at][number]
    order = [a for a in range(x.ndim) if a != last] + [last]
    kinds = tuple(tuple(order.index(a) for a in kind) for kind in own)
    x = ctx.materialize(permuted(ctx, x, order))
    if which == "lhs":
        return x, form._replace(lhs=kinds)
    return x, form._replace(rhs=kinds)


# --- code


class _Emission:
    """Loops over the answer, a block of sums in registers in each."""

    def __init__(
        self,
        ctx: Any,
        x: Buffer,
        y: Buffer,
        out: Buffer,
        free: list[Axis],
        summed: list[Axis],
    ) -> None:
        self.ctx = ctx
        self.b = ctx.b
        self.x, self.y, self.out = x, y, out
        self.lanes = nest.lanes_for(ctx, [x, y])
        self.vector = self._take_vector(free)
        self.rows, self.count = self._take_rows(free)
        self.free = free
        self.summed = summed
        self.outer = self._take_outer(summed)

    def _take_vector(self, free: list[Axis]) -> Axis:
        def waste(axis: Axis) -> float:
            whole = _registers(axis.extent, self.lanes) / axis.extent
            return whole * (1.0 if axis.out == 1 else 1.2)

        good = [axis for axis in free if {axis.lhs, axis.rhs} <= {0, 1}]
        if not good:
            return Axis(1, 0, 0, 1)
        best = min(good, key=waste)
        free.remove(best)
        return best

    def _take_rows(self, free: list[Axis]) -> tuple[Axis, int]:
        """An axis whose entries share the vector that is loaded; how many of them."""
        shared = 2 if self.vector.lhs == 0 else 1
        good = [axis for axis in free if axis[shared] == 0] or free
        if not good:
            return Axis(1, 0, 0, 0), 1
        # Of those that fill a block, the one that is nearest in memory.
        most = SUMS // (2 if 2 * self.vector.extent > self.lanes else 1)
        enough = [axis for axis in good if axis.extent >= most - 2] or [
            max(good, key=lambda axis: axis.extent)
        ]
        best = min(enough, key=lambda axis: axis[3 - shared])
        free.remove(best)
        return best, _block(best.extent, most)

    def _take_outer(self, summed: list[Axis]) -> list[Axis]:
        """Loops over sums too long for the cache, run outside of all others.

        Sums are then added to the answer, so blocks must not reach back.
        """
        width = min(self.vector.extent, self.lanes)
        if self.rows.extent % self.count or (
            self.vector.extent > LARGEST_STATIC and self.vector.extent % self.lanes
        ):
            return []
        outer: list[Axis] = []
        least = UNROLLED * max(1, width // 2)

        def touched() -> int:
            entries = [
                math.prod(axis.extent for axis in summed if axis[k]) for k in (1, 2)
            ]
            return sum(entries) * self.x.dtype.itemsize

        while len(summed) > 1 and touched() * self.count > NEAR:
            rest = math.prod(axis.extent for axis in summed[1:])
            if rest < least:
                break
            outer.append(summed.pop(0))
        return outer

    def run(self) -> None:
        b = self.b
        if self.outer:
            size = times(b, self.ctx.size(self.out.shape), self.out.dtype.itemsize)
            b.memset_zero(self.out.ptr, size)
        self._nest([*self.outer, *self.free], (0, 0, 0))

    def _nest(self, axes: Sequence[Axis], at: tuple[Number, ...]) -> None:
        if not axes:
            self._blocks(at)
            return
        with self.b.loop(0, self.ctx.table.extent(axes[0].extent)) as loop:
            self._nest(axes[1:], self._moved(at, axes[0], loop.index))

    def _moved(
        self, at: tuple[Number, ...], axis: Axis, index: Number
    ) -> tuple[Number, ...]:
        """The places in both operands and the answer after steps along an axis."""
        steps = [self.ctx.table.extent(step) for step in axis[1:]]
        return tuple(
            plus(self.b, place, times(self.b, index, step))
            for place, step in zip(at, steps, strict=True)
        )

    def _blocks(self, at: tuple[Number, ...]) -> None:
        extent = self.ctx.table.extent(self.rows.extent)
        if isinstance(extent, int) and extent <= self.count:
            self._strips(at)
            return
        b = self.b
        last = b.sub(b.index(extent), b.i64(self.count))
        with b.loop(0, extent, self.count) as loop:
            self._strips(self._moved(at, self.rows, b.min(loop.index, last)))

    def _strips(self, at: tuple[Number, ...]) -> None:
        def run(width: int, column: Number) -> None:
            self._block(self._moved(at, self.vector, column), width)

        extent = self.ctx.table.extent(self.vector.extent)
        nest.strip(self.ctx, extent, self.lanes, run, again=not self.outer)

    def _block(self, at: tuple[Number, ...], width: int) -> None:
        b = self.b
        places = [self._moved(at, self.rows, r) for r in range(self.count)]
        start = [b.zero(self.out.dtype, width)] * self.count
        sums = self._sums(self.summed, places, width, start)
        out_step = self.ctx.table.extent(self.vector.out)
        for place, value in zip(places, sums, strict=True):
            target = Index(b, place[2], out_step if width > 1 else 0, width)
            if self.outer:
                value = b.add(load_at(b, self.out.ptr, target, value.dtype), value)
            store_at(b, self.out.ptr, target, value)

    def _sums(
        self,
        axes: Sequence[Axis],
        places: Sequence[tuple[Number, ...]],
        width: int,
        sums: list[Value],
    ) -> list[Value]:
        if not axes:
            return self._products(places, width, sums)

        def step(index: Number, values: list[Value]) -> list[Value]:
            moved = [self._moved(at, axes[0], index) for at in places]
            return self._sums(axes[1:], moved, width, values)

        extent = self.ctx.table.extent(axes[0].extent)
        inside = math.prod(axis.extent for axis in axes) * self.count
        if isinstance(extent, int) and inside <= 4 * UNROLLED:
            for index in range(extent):
                sums = step(index, sums)
            return sums
        with self.b.loop(0, extent, carries=sums) as loop:
            loop.next = step(loop.index, loop.carries)
        return loop.results

    def _products(
        self, places: Sequence[tuple[Number, ...]], width: int, sums: list[Value]
    ) -> list[Value]:
        known: dict[Any, Value] = {}

        def load(which: int, place: Number) -> Value:
            node, step = (self.x, self.y)[which], self.vector[1 + which]
            key = (which, place if isinstance(place, int) else place.name)
            if key not in known:
                at = Index(self.b, place, step if width > 1 else 0, width)
                known[key] = load_at(self.b, node.ptr, at, node.dtype)
            return known[key]

        return [
            multiply_add(self.b, load(0, at[0]), load(1, at[1]), total)
            for at, total in zip(places, sums, strict=True)
        ]


def _block(extent: int, most: int) -> int:
    """Rows of a block: those that leave least to compute twice."""
    if extent <= most:
        return extent
    if extent > 4 * LARGEST_STATIC:
        return most
    return min(range(most, most // 2, -1), key=lambda n: math.ceil(extent / n) * n)
