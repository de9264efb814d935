"""Contractions: products of arrays summed over shared axes, to loops or BLAS.

Both operands are seen as batches of matrices with strides: x (batch, m, k),
y (batch, k, n), answer (batch, m, n). Small answers stay in registers; small products
are loops over registers; large ones go to BLAS.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad.compiler.build import pool
from funcgrad.compiler.emit.value import Value
from funcgrad.compiler.kernels.gemm import gemm_text
from funcgrad.compiler.kernels.kernel_text import BIG_WORK
from funcgrad.compiler.lower.index import Index, Number, plus, times
from funcgrad.compiler.lower.matrix_loops import ROWS, Matrices, MatrixLoops
from funcgrad.compiler.lower.nodes import (
    Buffer,
    Node,
    Register,
    View,
    is_small,
)
from funcgrad.compiler.lower.parallel import Parallel
from funcgrad.compiler.lower.table import LARGEST_STATIC

DimensionNumbers = tuple[
    tuple[Sequence[int], Sequence[int]], tuple[Sequence[int], Sequence[int]]
]
BLAS_FROM = 24**3
"""From this many multiply-adds on BLAS is faster than loops made on the spot."""
LARGE_MATRIX = 2048
"""Entries from which on a matrix is better read along its rows than by columns."""

PART_OF_PRODUCT = 2**20
"""Multiply-adds that are worth a thread of their own."""
LEAST_ROWS = 32
"""Rows or columns that a part of a product has at least."""
MOST_PARTS = 8
"""Parts of a product: each packs the other operand again."""
# For axes batch, m and n of a product: what moves the answer, x and y along them.
_ALONG: list[tuple[int | None, int | None, int | None]] = [
    (0, 0, 0),
    (1, 1, None),
    (2, None, 2),
]


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
        self.size_b = math.prod(x.shape[a] for a in x_batch)
        self.size_m = math.prod(x.shape[a] for a in x_free)
        self.size_n = math.prod(y.shape[a] for a in y_free)
        self.size_k = math.prod(x.shape[a] for a in x_sum)
        self.loops = MatrixLoops(ctx, dtype, self.size_k)
        self.x = self._matrices(x, x_batch, x_free, x_sum)
        self.y = self._matrices(y, y_batch, y_sum, y_free)

    # --- operands

    def _matrices(self, x: Node, *groups: Sequence[int]) -> Matrices:
        """The operand as batches of matrices; copied where axes are interleaved."""
        x, axes = peeled(self.ctx, x, groups)
        node = self._ready(x)
        strides = [_merged(x.shape, group) for group in axes]
        if None in strides:
            order = [axis for group in axes for axis in group]
            node = self._ready(permuted(self.ctx, node, order))
            sizes = [math.prod(x.shape[a] for a in group) for group in axes]
            strides = [sizes[1] * sizes[2], sizes[2], 1]
            strides = [s if n > 1 else 0 for s, n in zip(strides, sizes, strict=True)]
        numbers = [self.ctx.table.extent(s) for s in strides]
        return Matrices(node, *numbers)

    def _ready(self, x: Node) -> Buffer | Register:
        if is_small(x.shape):
            register: Register = self.ctx.register(x)
            return register
        buffer: Buffer = self.ctx.materialize(x)
        return buffer

    # --- which way

    def run(self) -> Node:
        if math.prod(self.shape) == 0 or self.size_k == 0:
            zero = Register(self.ctx.number(0, self.dtype), ())
            return self.ctx.view(zero, self.shape, lambda idx: [])
        if is_small(self.shape) and self.size_b * self.size_m * self.size_n <= 16:
            return self._in_registers()
        self.x = self._in_memory(self.x)
        self.y = self._in_memory(self.y)
        out = self.ctx.buffer(self.shape, self.dtype)
        if self._wants_blas():
            self._blas(out)
        else:
            self._loops(out)
        self.ctx.lifetimes.tick()
        return out

    def _in_memory(self, x: Matrices) -> Matrices:
        node = self.ctx.materialize(x.node)
        self.ctx.lifetimes.touch(node.allocation)
        return Matrices(node, x.batch, x.rows, x.columns)

    def _wants_blas(self) -> bool:
        work = self.size_m * self.size_n * self.size_k
        least = min(self.size_m, self.size_n, self.size_k)
        return self.dtype.kind in "fc" and work >= BLAS_FROM and least >= 4

    # --- BLAS

    def _blas(self, out: Buffer) -> None:
        x, flag_x = self._blas_operand(self.x, self.size_m, self.size_k)
        y, flag_y = self._blas_operand(self.y, self.size_k, self.size_n)
        kernel = gemm_text(self.dtype, transpose_a=flag_x, transpose_b=flag_y)
        one, zero = (self._scalar(v) for v in (1, 0))
        sizes = [self.size_b, self.size_m, self.size_n]
        k = self.size_k
        rows = (
            k if flag_x == "N" else self.size_m,
            self.size_n if flag_y == "N" else k,
            self.size_n,
        )
        extent = self.ctx.table.extent
        out_at = Matrices(out, extent(math.prod(sizes[1:])), extent(self.size_n), 1)

        def call(starts: Sequence[str], counts: Sequence[Number]) -> None:
            pointers = [
                Buffer(start, m.node.shape, self.dtype, (), _memory(m))
                for start, m in zip(starts, (out_at, x, y), strict=True)
            ]
            words = [*counts, extent(k), x.batch, y.batch, out_at.batch]
            words += map(extent, rows)
            self.ctx.call_kernel(
                kernel.text,
                kernel.symbol,
                kernel.externs,
                [*pointers, one, zero, *(Index(self.b, w) for w in words)],
            )

        axis, chunk = self._parts(sizes)
        whole = [_buffer(m).ptr for m in (out_at, x, y)]
        counts = [extent(n) for n in sizes]
        if not chunk:
            call(whole, counts)
            return

        def part(begin: Value, end: Value, *_: Value) -> None:
            starts = []
            for at, m, place in zip(whole, (out_at, x, y), _ALONG[axis], strict=True):
                if place is not None:
                    step = (m.batch, m.rows, m.columns)[place]
                    moved = self.b.index(times(self.b, begin, step))
                    at = self.b.offset(at, moved, self.dtype)
                starts.append(at)
            own = [
                self.b.sub(end, begin) if a == axis else n for a, n in enumerate(counts)
            ]
            call(starts, own)

        Parallel(self.ctx).run(sizes[axis], chunk, part)

    def _parts(self, sizes: Sequence[int]) -> tuple[int, int]:
        """The axis of the answer that threads share out, and their chunks of it."""
        work = math.prod(sizes) * self.size_k
        each = work // self.size_b
        axis = max(range(3), key=lambda a: sizes[a] * (LEAST_ROWS if a == 0 else 1))
        least = 1 if axis == 0 else LEAST_ROWS
        count = min(work // PART_OF_PRODUCT, sizes[axis] // least, MOST_PARTS)
        if count < 2 or each >= BIG_WORK or self.ctx.in_part or pool.workers() == 1:
            return axis, 0
        return axis, sizes[axis] // count

    def _blas_operand(
        self, x: Matrices, rows: int, columns: int
    ) -> tuple[Matrices, Any]:
        """The operand row-major ("N") or column-major ("T"), copied if neither."""
        whole = rows == 1 or _same(x.rows, self.ctx.table.extent(columns))
        if whole and (columns == 1 or _is(x.columns, 1)):
            return x, "N"
        if _is(x.rows, 1) and _same(x.columns, self.ctx.table.extent(rows)):
            return x, "T"
        shape = (self.size_b, rows, columns)
        copied = self.ctx.materialize(self._strided_view(x, shape))
        step = self.ctx.table.extent(rows * columns)
        return Matrices(copied, step, self.ctx.table.extent(columns), 1), "N"

    def _strided_view(self, x: Matrices, shape: tuple[int, ...]) -> Node:
        node = x.node
        assert isinstance(node, Buffer)
        strides = (x.batch, x.rows, x.columns)
        source = Buffer(node.ptr, shape, node.dtype, strides, node.allocation)
        return self.ctx.view(source, shape, lambda idx: idx)

    def _scalar(self, value: float) -> Buffer:
        spilled: Buffer = self.ctx.spill(Register(self.b.const(self.dtype, value), ()))
        return spilled

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
        step = self.ctx.table.extent(self.size_m * self.size_n)
        numbers = (*x[1:], *y[1:], row_step)
        key = (
            kernel.__name__,
            *(self.dtype, x.node.dtype, y.node.dtype),
            *(self.size_b, *sizes, self.size_k),
            *(n if isinstance(n, int) else n.name for n in numbers),
        )

        def write(pointers: Sequence[str]) -> None:
            to, left, right = [
                Buffer(pointer, node.shape, node.dtype, node.strides)
                for pointer, node in zip(pointers, nodes, strict=True)
            ]
            with self.b.loop(0, self.ctx.table.extent(self.size_b)) as loop:
                at = [times(self.b, loop.index, s) for s in (x.batch, y.batch, step)]
                kernel(
                    x._replace(node=left),
                    y._replace(node=right),
                    *at[:2],
                    (to, at[2], row_step),
                    *sizes,
                )

        self.ctx.routines.run(key, [node.ptr for node in nodes], write)

    # --- small answers

    def _in_registers(self) -> Register:
        """Each row of the answer as one vector, or each entry as a dot product."""
        self.loops.must_unroll = any(
            isinstance(o.node, Register) for o in (self.x, self.y)
        )
        entries: list[Value] = []
        swap = self.size_n == 1 and self.size_m > 1 and _is(self.x.rows, 1)
        runs = _is(self.x.columns, 1) and _is(self.y.rows, 1)
        for batch in range(self.size_b):
            x_at = times(self.b, batch, self.x.batch)
            y_at = times(self.b, batch, self.y.batch)
            if swap:
                entries.append(self._swapped_row(x_at, y_at))
                continue
            for m in range(self.size_m):
                entries.extend(self._small_row(m, x_at, y_at, runs))
        return Register(self.b.concat_lanes(entries), self.shape)

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


def _merged(shape: Sequence[int], axes: Sequence[int]) -> int | None:
    """The stride of axes taken as one; None where they do not lie side by side."""
    wide = [a for a in axes if shape[a] != 1]
    if not wide:
        return 0
    spread = range(wide[0], wide[-1] + 1)
    between = [a for a in spread if shape[a] != 1]
    if list(wide) != between:
        return None
    return math.prod(shape[wide[-1] + 1 :])


def peeled(
    ctx: Any, x: Node, groups: Sequence[Sequence[int]]
) -> tuple[Node, Sequence[Sequence[int]]]:
    """What a view that only permutes axes is of, and the same axes of that."""
    while isinstance(x, View) and x.buffer is None:
        marks = [Index(ctx.b, 0) for _ in x.shape]
        moved = list(x.function(marks))
        axes = [next((k for k, m in enumerate(marks) if m is i), -1) for i in moved]
        if sorted(axes) != list(range(x.ndim)):
            break
        groups = [[axes.index(a) for a in group] for group in groups]
        x = x.operands[0]
    return x, groups


def permuted(ctx: Any, x: Node, order: Sequence[int]) -> Node:
    """The array with its axes in another order."""
    inverse = np.argsort(order).tolist()
    shape = tuple(x.shape[a] for a in order)
    return ctx.view(x, shape, lambda idx: [idx[a] for a in inverse])


def _memory(x: Matrices) -> Any:
    return x.node.allocation if isinstance(x.node, Buffer) else None


def _buffer(x: Matrices) -> Buffer:
    assert isinstance(x.node, Buffer)
    return x.node


def _is(x: Number, value: int) -> bool:
    return isinstance(x, int) and x == value


def _same(x: Number, y: Number) -> bool:
    """Whether two numbers are written alike."""
    if isinstance(x, int) or isinstance(y, int):
        return isinstance(x, int) and isinstance(y, int) and x == y
    return x.name == y.name
