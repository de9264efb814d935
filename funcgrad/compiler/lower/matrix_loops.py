"""Loops over matrices: products of registers and memory, to sums in registers."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from funcgrad.compiler.emit.value import Value
from funcgrad.compiler.lower import nest
from funcgrad.compiler.lower.index import Index, Number, plus, times
from funcgrad.compiler.lower.nodes import Buffer, Register, load_at, store_at
from funcgrad.compiler.lower.table import LARGEST_STATIC

ROWS = 4
"""Rows of the answer that share each vector of ``y`` that is loaded."""
LONG = 8
"""Terms from which on a sum is split in two, that one adds while the other waits."""
UNROLLED = 16
"""Multiply-adds of a sum that are written out rather than looped over."""


class Matrices(NamedTuple):
    """A batch of matrices in memory or in registers: strides of its axes."""

    node: Buffer | Register
    batch: Sequence[Number]
    rows: Number
    columns: Number

    def swapped(self) -> Matrices:
        return Matrices(self.node, self.batch, self.columns, self.rows)


class MatrixLoops:
    """Products of matrices whose sum has ``size_k`` terms, as loops of one program."""

    def __init__(self, ctx: Any, dtype: np.dtype[Any], size_k: int) -> None:
        self.ctx = ctx
        self.b = ctx.b
        self.dtype = dtype
        self.size_k = size_k
        self.must_unroll = False

    def row_vectors(
        self,
        x: Matrices,
        y: Matrices,
        x_at: Number,
        y_at: Number,
        target: Any,
        size_m: int,
        size_n: int,
    ) -> None:
        """Vectors along the rows of the answer; some rows at a time."""
        out, out_at, row_step = target
        rows = self.ctx.table.extent(size_m)
        lanes = nest.lanes_for(self.ctx, [x.node, y.node])
        wide = size_n <= LARGEST_STATIC and size_n > lanes
        count = ROWS // 2 if wide else ROWS

        def block(first: Number, count: int) -> None:
            def strip(width: int, column: Number) -> None:
                sums = self.block_sums(x, y, x_at, y_at, first, count, width, column)
                for r, value in enumerate(sums):
                    row = times(self.b, plus(self.b, first, r), row_step)
                    base = plus(self.b, plus(self.b, out_at, row), column)
                    step = 1 if width > 1 else 0
                    store_at(self.b, out.ptr, Index(self.b, base, step, width), value)

            extent = self.ctx.table.extent(size_n)
            nest.strip(self.ctx, extent, lanes, strip, again=True)

        if isinstance(rows, int):
            rest = rows % count
            with self.b.loop(0, rows - rest, count) as loop:
                block(loop.index, count)
            if rest:
                block(rows - rest, rest)
            return
        whole = nest.vector_part(self.ctx, rows, count)
        with self.b.loop(0, whole, count) as loop:
            block(loop.index, count)
        with self.b.loop(whole, rows) as loop:
            block(loop.index, 1)

    def added_rows(
        self,
        x: Matrices,
        y: Matrices,
        x_at: Number,
        y_at: Number,
        target: Any,
        size_m: int,
        size_n: int,
    ) -> None:
        """Rows of ``y``, several at a time, added to a row of the answer in memory."""
        out, out_at, row_step = target
        b = self.b
        lanes = nest.lanes_for(self.ctx, [x.node, y.node])
        columns = self.ctx.table.extent(size_n)

        def add(row: int, first: Number, count: int) -> None:
            row_at = plus(b, x_at, times(b, row, x.rows))
            ks = [plus(b, first, u) for u in range(count)]
            entries = [
                self._entry(x, plus(b, row_at, times(b, k, x.columns))) for k in ks
            ]
            starts = [plus(b, y_at, times(b, k, y.rows)) for k in ks]
            base = plus(b, out_at, times(b, row, row_step))

            def strip(width: int, column: Number) -> None:
                where = Index(b, plus(b, base, column), 1 if width > 1 else 0, width)
                total = load_at(b, out.ptr, where, self.dtype)
                along = times(b, column, y.columns)
                for entry, start in zip(entries, starts, strict=True):
                    vector = self._vector(y, plus(b, start, along), y.columns, width)
                    total = multiply_add(b, b.splat(entry, width), vector, total)
                store_at(b, out.ptr, where, total)

            nest.strip(self.ctx, columns, lanes, strip, again=False)

        for row in range(size_m):
            start = b.offset(
                out.ptr, b.index(plus(b, out_at, times(b, row, row_step))), self.dtype
            )
            b.memset_zero(start, times(b, columns, self.dtype.itemsize))
            extent = self.ctx.table.extent(self.size_k)
            whole = nest.vector_part(self.ctx, extent, ROWS)
            with b.loop(0, whole, ROWS) as loop:
                add(row, loop.index, ROWS)
            with b.loop(whole, extent) as loop:
                add(row, loop.index, 1)

    def block_sums(
        self,
        x: Matrices,
        y: Matrices,
        x_at: Number,
        y_at: Number,
        first: Number,
        count: int,
        width: int,
        column: Number,
    ) -> list[Value]:
        b = self.b
        zero = b.zero(self.dtype, width)
        bases = [
            plus(b, x_at, times(b, plus(b, first, r), x.rows)) for r in range(count)
        ]
        start = plus(b, y_at, times(b, column, y.columns))

        def step(k: Number, sums: Sequence[Value]) -> list[Value]:
            at = plus(b, start, times(b, k, y.rows))
            vector = self._vector(y, at, y.columns, width)
            result = []
            for total, base in zip(sums, bases, strict=True):
                place = plus(b, base, times(b, k, x.columns))
                entry = b.splat(self._entry(x, place), width)
                result.append(multiply_add(b, entry, vector, total))
            return result

        return self._over_k(step, [zero] * count)

    def _over_k(
        self,
        step: Callable[[Number, Sequence[Value]], list[Value]],
        sums: list[Value],
    ) -> list[Value]:
        extent = self.ctx.table.extent(self.size_k)
        if isinstance(extent, int) and (
            self.must_unroll or extent * len(sums) <= UNROLLED
        ):
            parts = [sums] * (2 if extent >= LONG and len(sums) == 1 else 1)
            for k in range(extent):
                place = k % len(parts)
                parts[place] = step(k, parts[place])
            return [functools.reduce(self.b.add, p) for p in zip(*parts, strict=True)]
        with self.b.loop(0, extent, carries=sums) as loop:
            loop.next = step(loop.index, loop.carries)
        return loop.results

    def dots(
        self,
        x: Matrices,
        y: Matrices,
        x_at: Number,
        y_at: Number,
        target: Any,
        size_m: int,
        size_n: int,
    ) -> None:
        """One dot product a row, where both operands run along the sum."""
        out, out_at, row_step = target
        rows = self.ctx.table.extent(size_m)
        b = self.b

        def block(first: Number, count: int) -> None:
            at = [plus(b, first, r) for r in range(count)]
            starts = [plus(b, x_at, times(b, row, x.rows)) for row in at]
            values = self.dot_rows(x, y, starts, y_at)
            for row, value in zip(at, values, strict=True):
                place = plus(b, out_at, times(b, row, row_step))
                b.store(value, out.ptr, b.index(place))

        whole = nest.vector_part(self.ctx, rows, ROWS)
        with b.loop(0, whole, ROWS) as loop:
            block(loop.index, ROWS)
        with b.loop(whole, rows) as loop:
            block(loop.index, 1)

    def dot_rows(
        self, x: Matrices, y: Matrices, starts: Sequence[Number], y_at: Number
    ) -> list[Value]:
        """Dot products of rows of ``x`` from these places on with a column of ``y``."""
        b = self.b
        lanes = nest.lanes_for(self.ctx, [x.node, y.node])
        extent = self.ctx.table.extent(self.size_k)

        def add(width: int, k: Number, totals: Sequence[Value]) -> list[Value]:
            at = plus(b, y_at, times(b, k, y.rows))
            right = self._vector(y, at, y.rows, width)
            along = times(b, k, x.columns)
            result = []
            for start, total in zip(starts, totals, strict=True):
                left = self._vector(x, plus(b, start, along), x.columns, width)
                result.append(multiply_add(b, left, right, total))
            return result

        if isinstance(extent, int):
            zeros = [b.zero(self.dtype, extent)] * len(starts)
            return [b.reduce("add", total) for total in add(extent, 0, zeros)]
        whole = nest.vector_part(self.ctx, extent, lanes)
        zeros = [b.zero(self.dtype, lanes)] * len(starts)
        with b.loop(0, whole, lanes, carries=zeros) as loop:
            loop.next = add(lanes, loop.index, loop.carries)
        across = [b.reduce("add", total) for total in loop.results]
        with b.loop(whole, extent, carries=across) as loop:
            loop.next = add(1, loop.index, loop.carries)
        return loop.results

    # --- access

    def _entry(self, x: Matrices, at: Number) -> Value:
        if isinstance(x.node, Register):
            if isinstance(at, int):
                return self.b.extract(x.node.value, at)
            return self.b.load(self.ctx.spill(x.node).ptr, at, self.dtype)
        self.ctx.lifetimes.touch(x.node.allocation)
        return self.b.load(x.node.ptr, self.b.index(at), self.dtype)

    def _vector(self, y: Matrices, at: Number, step: Number, width: int) -> Value:
        if isinstance(y.node, Register):
            if isinstance(at, int) and isinstance(step, int):
                places = [at + step * k for k in range(width)]
                return self.b.shuffle(y.node.value, places)
            pointer = self.ctx.spill(y.node).ptr
        else:
            self.ctx.lifetimes.touch(y.node.allocation)
            pointer = y.node.ptr
        if width == 1:
            step = 0
        return load_at(self.b, pointer, Index(self.b, at, step, width), self.dtype)


def multiply_add(b: Any, x: Value, y: Value, total: Value) -> Value:
    """``x * y + total``, in one rounding for real floats, as BLAS does."""
    if x.dtype.kind == "f":
        return b.fma(x, y, total)
    if x.dtype.kind == "b":
        return b.or_(b.and_(x, y), total)
    return b.add(b.mul(x, y), total)
