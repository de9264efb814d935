"""Contractions: products of arrays summed over shared axes, to loops or calls.

Both operands are seen as batches of matrices with strides: x (batch, m, k),
y (batch, k, n), answer (batch, m, n). Small answers stay in registers; small products
are loops over registers; larger ones are calls of a kernel, or of BLAS.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from funcgrad.compiler.emit.value import Value
from funcgrad.compiler.lower.index import Number, plus, times
from funcgrad.compiler.lower.matrix_loops import ROWS, Matrices, MatrixLoops
from funcgrad.compiler.lower.nodes import Buffer, Node, Register, is_small
from funcgrad.compiler.lower.operands import Operand, merged_batch, operand
from funcgrad.compiler.lower.product_calls import (
    ProductCalls,
    Sizes,
    wants_blas,
    wants_kernel,
)
from funcgrad.compiler.lower.table import LARGEST_STATIC

DimensionNumbers = tuple[
    tuple[Sequence[int], Sequence[int]], tuple[Sequence[int], Sequence[int]]
]
LARGE_MATRIX = 2048
"""Entries from which on a matrix is better read along its rows than by columns."""


def lower_dot_general(
    ctx: Any, x: Node, y: Node, dims: DimensionNumbers, dtype: Any
) -> Node:
    """The answer of ``dot_general``: batch axes, then those of x, then those of y."""
    if not dims[0][0] and not is_small(x.shape + y.shape):
        return _outer(ctx, x, y, dims[1], np.dtype(dtype))
    return _Contraction(ctx, x, y, dims, np.dtype(dtype)).run()


def _outer(ctx: Any, x: Node, y: Node, batch: Any, dtype: np.dtype[Any]) -> Node:
    """A product without a sum: entry by entry over spread operands, which fuses."""
    count = len(batch[0])
    x_free = [a for a in range(x.ndim) if a not in batch[0]]
    y_free = [a for a in range(y.ndim) if a not in batch[1]]
    shape = tuple(
        [x.shape[a] for a in (*batch[0], *x_free)] + [y.shape[a] for a in y_free]
    )

    def spread(node: Node, axes: Sequence[int], places: Sequence[int]) -> Node:
        at = dict(zip(axes, places, strict=True))
        return ctx.view(node, shape, lambda idx: [idx[at[a]] for a in range(node.ndim)])

    ahead = list(range(count))
    after_x = list(range(count, count + len(x_free)))
    after_y = list(range(count + len(x_free), len(shape)))
    left = spread(x, [*batch[0], *x_free], [*ahead, *after_x])
    right = spread(y, [*batch[1], *y_free], [*ahead, *after_y])
    return ctx.map(lambda b, u, v: b.mul(u, v), left, right, dtype=dtype)


class _Contraction:
    def __init__(
        self, ctx: Any, x: Node, y: Node, dims: DimensionNumbers, dtype: Any
    ) -> None:
        (x_sum, y_sum), (x_batch, y_batch) = dims
        x_free = [a for a in range(x.ndim) if a not in (*x_sum, *x_batch)]
        y_free = [a for a in range(y.ndim) if a not in (*y_sum, *y_batch)]
        self.ctx = ctx
        self.b = ctx.b
        self.dtype = dtype
        self.shape = (
            *(x.shape[a] for a in x_batch),
            *(x.shape[a] for a in x_free),
            *(y.shape[a] for a in y_free),
        )
        batch = [x.shape[a] for a in x_batch]
        self.size_m = math.prod(x.shape[a] for a in x_free)
        self.size_n = math.prod(y.shape[a] for a in y_free)
        self.size_k = math.prod(x.shape[a] for a in x_sum)
        self.batch, self.left, self.right = merged_batch(
            batch,
            operand(ctx, x, x_batch, x_free, x_sum),
            operand(ctx, y, y_batch, y_sum, y_free),
        )
        self.x, self.y = (o.matrices(ctx) for o in (self.left, self.right))
        self.loops = MatrixLoops(ctx, dtype, self.size_k)

    # --- which way

    def run(self) -> Node:
        if math.prod(self.shape) == 0 or self.size_k == 0:
            zero = Register(self.ctx.number(0, self.dtype), ())
            return self.ctx.view(zero, self.shape, lambda idx: [])
        if is_small(self.shape):
            return self._in_registers()
        left, right = self._in_memory(self.left), self._in_memory(self.right)
        out = self.ctx.buffer(self.shape, self.dtype)
        sizes = Sizes(self.batch, self.size_m, self.size_n, self.size_k)
        calls = ProductCalls(self.ctx, out, sizes, left, right)
        if wants_kernel(self.ctx, self.dtype, sizes, left):
            calls.by_kernel()
        elif wants_blas(self.dtype, sizes):
            calls.by_blas()
        else:
            self.x, self.y = left.matrices(self.ctx), right.matrices(self.ctx)
            self._loops(out)
        self.ctx.lifetimes.tick()
        return out

    def _in_memory(self, x: Operand) -> Operand:
        node = self.ctx.materialize(x.node)
        self.ctx.lifetimes.touch(node.allocation)
        return x._replace(node=node)

    # --- loops

    def _loops(self, out: Buffer) -> None:
        m, n = self.size_m, self.size_n
        row_step = self.ctx.table.extent(n)
        if n == 1 and m > 1 and _is(self.x.rows, 1):
            # The vectors of the answer lie along x: it takes the place of y.
            x, y = self.y.swapped(), self.x.swapped()
            self._for_batch(out, self._rows_kernel(1, m), (x, y), (1, m), 1)
        elif n == 1 and _is(self.x.columns, 1):
            self._for_batch(out, self.loops.dots, (self.x, self.y), (m, n), row_step)
        else:
            kernel = self._rows_kernel(m, n)
            self._for_batch(out, kernel, (self.x, self.y), (m, n), row_step)

    def _rows_kernel(self, m: int, n: int) -> Callable[..., None]:
        """Few rows against a large matrix run through it once, row by row."""
        large = self.size_k * n >= LARGE_MATRIX and self.size_k > LARGEST_STATIC
        if m < ROWS and n > LARGEST_STATIC and large:
            return self.loops.added_rows
        return self.loops.row_vectors

    def _for_batch(
        self,
        out: Buffer,
        kernel: Callable[..., None],
        operands: tuple[Matrices, Matrices],
        sizes: tuple[int, int],
        row_step: Number,
    ) -> None:
        """The loops of ``kernel`` for each matrix; alike products share a function."""
        x, y = operands
        nodes = (out, _buffer(x), _buffer(y))
        for node in nodes:
            self.ctx.lifetimes.touch(node.allocation)
        numbers = (*x.batch, *x[2:], *y.batch, *y[2:], row_step)
        key = (
            kernel.__name__,
            *(self.dtype, x.node.dtype, y.node.dtype),
            *(self.batch, *sizes, self.size_k),
            *(n if isinstance(n, int) else n.name for n in numbers),
        )

        def write(pointers: Sequence[str]) -> None:
            to, left, right = [
                Buffer(pointer, node.shape, node.dtype, node.strides)
                for pointer, node in zip(pointers, nodes, strict=True)
            ]

            def one(to_at: Number, x_at: Number, y_at: Number) -> None:
                own = (x._replace(node=left), y._replace(node=right))
                kernel(*own, x_at, y_at, (to, to_at, row_step), *sizes)

            self._each(one, (0, 0, 0), x.batch, y.batch)

        self.ctx.routines.run(key, [node.ptr for node in nodes], write)

    def _each(
        self,
        body: Callable[..., None],
        starts: Sequence[Number],
        x_steps: Sequence[Number],
        y_steps: Sequence[Number],
        axis: int = 0,
    ) -> None:
        """``body`` of where the answer, x and y start, for each entry of the batch."""
        if axis == len(self.batch):
            body(*starts)
            return
        each = math.prod(self.batch[axis + 1 :]) * self.size_m * self.size_n
        steps = (self.ctx.table.extent(each), x_steps[axis], y_steps[axis])
        with self.b.loop(0, self.ctx.table.extent(self.batch[axis])) as loop:
            moved = [
                plus(self.b, start, times(self.b, loop.index, step))
                for start, step in zip(starts, steps, strict=True)
            ]
            self._each(body, moved, x_steps, y_steps, axis + 1)

    # --- small answers

    def _in_registers(self) -> Register:
        """Each row of the answer as one vector, or each entry as a dot product."""
        self.loops.must_unroll = any(
            isinstance(o.node, Register) for o in (self.x, self.y)
        )
        entries: list[Value] = []
        swap = self.size_n == 1 and self.size_m > 1 and _is(self.x.rows, 1)
        runs = _is(self.x.columns, 1) and _is(self.y.rows, 1)
        for batch in itertools.product(*map(range, self.batch)):
            x_at, y_at = (
                self._total(map(functools.partial(times, self.b), batch, o.batch))
                for o in (self.x, self.y)
            )
            if swap:
                entries.append(self._swapped_row(x_at, y_at))
                continue
            for m in range(self.size_m):
                entries.extend(self._small_row(m, x_at, y_at, runs))
        return Register(self.b.concat_lanes(entries), self.shape)

    def _total(self, numbers: Iterable[Number]) -> Number:
        return functools.reduce(functools.partial(plus, self.b), numbers)

    def _small_row(self, m: int, x_at: Number, y_at: Number, runs: bool) -> list[Value]:
        row = plus(self.b, x_at, times(self.b, m, self.x.rows))
        in_vectors = _is(self.y.columns, 1) or isinstance(self.y.node, Register)
        if runs and (self.size_n == 1 or not in_vectors):
            places = [
                plus(self.b, y_at, times(self.b, n, self.y.columns))
                for n in range(self.size_n)
            ]
            return [
                self.loops.dot_rows(self.x, self.y, [row], place)[0] for place in places
            ]
        return self.loops.block_sums(self.x, self.y, row, y_at, 0, 1, self.size_n, 0)

    def _swapped_row(self, x_at: Number, y_at: Number) -> Value:
        """A matrix-vector product whose matrix lies along the answer."""
        return self.loops.block_sums(
            self.y.swapped(), self.x.swapped(), y_at, x_at, 0, 1, self.size_m, 0
        )[0]


def _buffer(x: Matrices) -> Buffer:
    assert isinstance(x.node, Buffer)
    return x.node


def _is(x: Number, value: int) -> bool:
    return isinstance(x, int) and x == value
