"""Reductions: loop nests that end in accumulators."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad.compiler import nest
from funcgrad.compiler.index import Flat, Index, Number, indices
from funcgrad.compiler.nest import Reader
from funcgrad.compiler.nodes import Buffer, Node, Register, is_flat, price
from funcgrad.compiler.table import LARGEST_STATIC
from funcgrad.compiler.value import Value


def combine(b: Any, op: str, x: Value, y: Value) -> Value:
    """One step of a reduction."""
    name = {"and": "and_", "or": "or_", "xor": "xor"}.get(op, op)
    return getattr(b, name)(x, y)


def identity(op: str, dtype: np.dtype[Any]) -> Any:
    """The value that a reduction starts from."""
    if op in ("add", "or", "xor"):
        return 0
    if op == "mul":
        return 1
    if op == "and":
        return True if dtype.kind == "b" else -1 if dtype.kind == "i" else _top(dtype)
    lowest = op == "max"
    if dtype.kind == "b":
        return not lowest
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return info.min if lowest else info.max
    value = -math.inf if lowest else math.inf
    return complex(value, value) if dtype.kind == "c" else value


def _top(dtype: np.dtype[Any]) -> int:
    return int(np.iinfo(dtype).max)


def reduce_register(ctx: Any, op: str, x: Register, axes: Sequence[int]) -> Register:
    """Reduce an array that is in registers, by shuffles."""
    kept = [axis for axis in range(x.ndim) if axis not in axes]
    order = np.arange(math.prod(x.shape)).reshape(x.shape)
    order = order.transpose([*axes, *kept]).reshape(-1, _size(x.shape, kept))
    shape = tuple(x.shape[axis] for axis in kept)
    if order.shape[1] == 1:
        return Register(ctx.b.reduce(op, x.value), shape)
    total = None
    for row in order.tolist():
        part = ctx.b.shuffle(x.value, row)
        total = part if total is None else combine(ctx.b, op, total, part)
    assert total is not None
    return Register(total, shape)


def _size(shape: Sequence[int], axes: Sequence[int]) -> int:
    return math.prod(shape[axis] for axis in axes)


class Reduction:
    """One reduction of an array that is not in registers."""

    def __init__(self, ctx: Any, op: str, x: Node, axes: Sequence[int]) -> None:
        self.ctx = ctx
        self.op = op
        self.x = x
        self.axes = tuple(axes)
        self.kept_axes = [a for a in range(x.ndim) if a not in axes]
        self.shape = tuple(x.shape[a] for a in self.kept_axes)
        shared = nest.shared_nodes([x])
        self.kept = {n: ctx.buffer(n.shape, n.dtype) for n in shared}
        if getattr(x, "uses", 0) > 1 and price(x) > nest.CHEAP:
            self.kept[x] = ctx.buffer(x.shape, x.dtype)
        self.lanes = nest.lanes_for(ctx, nest.widest_tree([x]))

    def run(self) -> Node:
        """Emit the loops; the result, and nodes stored on the way, are in memory."""
        if not self.kept_axes:
            value = self._all_flat() if self._is_flat() else self._inner({})
            result: Node = Register(value, ())
        else:
            result = self._with_kept_axes()
        for node, buffer in self.kept.items():
            node.buffer = buffer
        return result

    def _is_flat(self) -> bool:
        return is_flat(self.x)

    def _start(self, lanes: int) -> Value:
        dtype = self.x.dtype
        return self.ctx.b.const(dtype, identity(self.op, dtype), lanes)

    def _all_flat(self) -> Value:
        total = self.ctx.size(self.x.shape, getattr(self.x, "length", None))

        def read(lanes: int, base: Number) -> Value:
            step = 1 if lanes > 1 else 0
            place = Flat(Index(self.ctx.b, base, step, lanes))
            return self._reader(lanes, place).read(self.x, place)

        return self._strip(total, read, self._start(1))

    def _reader(self, lanes: int, place: Any) -> Reader:
        return Reader(self.ctx, lanes, place, self.kept)

    def _strip(self, extent: Number, read: Any, start: Value) -> Value:
        """Accumulate a row: whole vectors, then single entries, then across lanes."""
        b = self.ctx.b
        if isinstance(extent, int) and extent <= LARGEST_STATIC:
            if extent == 0:
                return start
            row = b.reduce(self.op, read(extent, 0))
            return combine(b, self.op, start, row)
        whole = nest.vector_part(self.ctx, extent, self.lanes)
        with b.loop(0, whole, self.lanes, carries=[self._start(self.lanes)]) as loop:
            part = read(self.lanes, loop.index)
            loop.next = [combine(b, self.op, loop.carries[0], part)]
        across = combine(b, self.op, start, b.reduce(self.op, loop.results[0]))
        with b.loop(whole, extent, carries=[across]) as loop:
            loop.next = [combine(b, self.op, loop.carries[0], read(1, loop.index))]
        return loop.results[0]

    def _inner(self, fixed: dict[int, Index]) -> Value:
        """Reduce where the last axis is among those summed; ``fixed`` are the others."""
        last = self.x.ndim - 1

        def go(position: int, total: Value, place: dict[int, Index]) -> Value:
            axis = self.axes[position]
            extent = self.ctx.axis_extent(self.x.shape, axis)
            if axis == last:
                return self._strip(extent, lambda n, k: self._read(place, n, k), total)
            with self.ctx.b.loop(0, extent, carries=[total]) as loop:
                at = {**place, axis: Index(self.ctx.b, loop.index)}
                loop.next = [go(position + 1, loop.carries[0], at)]
            return loop.results[0]

        return go(0, self._start(1), dict(fixed))

    def _read(self, place: dict[int, Index], lanes: int, base: Number) -> Value:
        last = Index(self.ctx.b, base, 1 if lanes > 1 else 0, lanes)
        outer = [place[a] for a in range(self.x.ndim - 1)]
        where = [*indices(self.ctx.b, outer, lanes), last]
        return self._reader(lanes, where).read(self.x, where)

    def _with_kept_axes(self) -> Buffer:
        out = self.ctx.buffer(self.shape, self.x.dtype)
        last = self.x.ndim - 1
        outer = [a for a in self.kept_axes if a != last]

        def go(position: int, place: dict[int, Index]) -> None:
            if position < len(outer):
                axis = outer[position]
                extent = self.ctx.axis_extent(self.x.shape, axis)
                with self.ctx.b.loop(0, extent) as loop:
                    at = {**place, axis: Index(self.ctx.b, loop.index)}
                    go(position + 1, at)
            elif last in self.axes:
                value = self._inner(place)
                idx = [place[a] for a in self.kept_axes]
                Reader(self.ctx, 1, idx, {}).write(out, idx, value)
            else:
                self._columns(place, out)

        go(0, {})
        return out

    def _columns(self, place: dict[int, Index], out: Buffer) -> None:
        """Reduce where the last axis is kept: accumulators along it."""
        extent = self.ctx.axis_extent(self.x.shape, self.x.ndim - 1)

        def run(lanes: int, base: Number) -> None:
            value = self._column_block(place, lanes, base)
            last = Index(self.ctx.b, base, 1 if lanes > 1 else 0, lanes)
            outer = [place[a] for a in self.kept_axes[:-1]]
            idx = [*indices(self.ctx.b, outer, lanes), last]
            Reader(self.ctx, lanes, idx, {}).write(out, idx, value)

        nest.strip(self.ctx, extent, 2 * self.lanes, run)

    def _column_block(self, place: dict[int, Index], lanes: int, base: Number) -> Value:
        def go(position: int, total: Value, at: dict[int, Index]) -> Value:
            if position == len(self.axes):
                value = self._read(at, lanes, base)
                return combine(self.ctx.b, self.op, total, value)
            axis = self.axes[position]
            extent = self.ctx.axis_extent(self.x.shape, axis)
            with self.ctx.b.loop(0, extent, carries=[total]) as loop:
                inner = {**at, axis: Index(self.ctx.b, loop.index)}
                loop.next = [go(position + 1, loop.carries[0], inner)]
            return loop.results[0]

        return go(0, self._start(lanes), place)
