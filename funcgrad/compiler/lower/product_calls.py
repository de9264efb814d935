"""Products of matrices by calls of a function, in parts that threads may share out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from funcgrad.compiler.build import pool
from funcgrad.compiler.emit.value import Value
from funcgrad.compiler.kernels.gemm import gemm_text
from funcgrad.compiler.kernels.kernel_text import BIG_WORK
from funcgrad.compiler.kernels.product import product
from funcgrad.compiler.lower.index import Index, Number, times
from funcgrad.compiler.lower.nodes import Buffer, Register
from funcgrad.compiler.lower.operands import Operand, row_major
from funcgrad.compiler.lower.parallel import Parallel

CALL_FROM = 1 << 12
"""Multiply-adds from which on a call is no slower than loops made on the spot."""
BLAS_FROM = 24**3
"""The same for BLAS."""
BLAS_ABOVE = 1 << 25
"""Multiply-adds above which BLAS gains by using the farther caches better."""
FAR = 1 << 11
"""Bytes from one row to the next from which on columns are slow to run through."""
FARTHER_CACHE = 1 << 18
"""Bytes that columns may span nevertheless."""
LEAST_FILLED = 0.7
"""Of the vectors along a row of the answer, what has to be used."""
LEAST = 4
"""Rows, columns and terms that a product by call has at least."""
PART_OF_PRODUCT = 2**21
"""Multiply-adds, times the bytes of a number, that are worth a thread of their own."""
LEAST_ROWS = 16
"""Rows or columns that a part of a product has at least."""
MOST_PARTS = 8
"""Parts of a product: each packs the other operand again."""


class Sizes(NamedTuple):
    """Of a product: x is (*batch, m, k), y is (*batch, k, n)."""

    batch: tuple[int, ...]
    m: int
    n: int
    k: int

    def work(self) -> int:
        """Multiply-adds for one entry of the batch."""
        return self.m * self.n * self.k


def wants_kernel(ctx: Any, dtype: np.dtype[Any], sizes: Sizes, x: Operand) -> bool:
    """Whether the kernel `product` is the fastest way."""
    if dtype.char not in "fd" or not CALL_FROM <= sizes.work() <= BLAS_ABOVE:
        return False
    lanes = ctx.vector_bytes // dtype.itemsize
    if sizes.n < lanes or min(sizes.m, sizes.n, sizes.k) < LEAST:
        return False
    if wants_blas(dtype, sizes):
        step = x.columns * dtype.itemsize
        far = x.rows == 1 and step >= FAR and step * sizes.k > FARTHER_CACHE
        filled = sizes.n / (-(-sizes.n // lanes) * lanes)
        return filled > LEAST_FILLED and not far
    return True


def wants_blas(dtype: np.dtype[Any], sizes: Sizes) -> bool:
    """Whether BLAS is faster than loops made on the spot."""
    least = min(sizes.m, sizes.n, sizes.k)
    return dtype.kind in "fc" and sizes.work() >= BLAS_FROM and least >= LEAST


Call = Callable[[Sequence[str], Sequence[Number]], None]


class ProductCalls:
    """``out = x @ y`` for operands in memory, by calls of the kernel or of BLAS."""

    def __init__(
        self, ctx: Any, out: Buffer, sizes: Sizes, x: Operand, y: Operand
    ) -> None:
        self.ctx = ctx
        self.b = ctx.b
        self.out = out
        self.dtype = out.dtype
        self.sizes = sizes
        self.c = row_major(out, [*sizes.batch, sizes.m, sizes.n])
        self.x, self.y = x, y

    def by_kernel(self) -> None:
        """Run the kernel `product`."""
        kernel = product(self.dtype, self.ctx.vector_bytes)
        self.ctx.module.absorb(kernel.module)
        extent = self.ctx.table.extent

        def call(starts: Sequence[str], counts: Sequence[Number]) -> None:
            words = [*counts, extent(self.sizes.k)]
            words += map(extent, (self.c.batch[-1], self.c.rows))
            for operand in (self.x, self.y):
                steps = (operand.batch[-1], operand.rows, operand.columns)
                words += map(extent, steps)
            given = [f"ptr {start}" for start in starts]
            given += [self.b.index(word).typed for word in words]
            self.b.emit(f"call void @{kernel.symbol}({', '.join(given)})")

        self._run(call)

    def by_blas(self) -> None:
        """Call BLAS; operands that have no unit stride are copied."""
        sizes = self.sizes
        self.x, flag_x = self._for_blas(self.x, sizes.m, sizes.k)
        self.y, flag_y = self._for_blas(self.y, sizes.k, sizes.n)
        kernel = gemm_text(self.dtype, transpose_a=flag_x, transpose_b=flag_y)
        one, zero = (self._scalar(v) for v in (1, 0))
        extent = self.ctx.table.extent
        leading = [
            extent(x.rows if flag == "N" else x.columns)
            for x, flag in ((self.x, flag_x), (self.y, flag_y), (self.c, "N"))
        ]

        def call(starts: Sequence[str], counts: Sequence[Number]) -> None:
            pointers = [
                Buffer(start, operand.node.shape, self.dtype, (), _memory(operand))
                for start, operand in zip(starts, self._operands(), strict=True)
            ]
            steps = [extent(o.batch[-1]) for o in (self.x, self.y, self.c)]
            words = [*counts, extent(sizes.k), *steps, *leading]
            self.ctx.call_kernel(
                kernel.text,
                kernel.symbol,
                kernel.externs,
                [*pointers, one, zero, *(Index(self.b, w) for w in words)],
            )

        self._run(call)

    def _operands(self) -> tuple[Operand, Operand, Operand]:
        return self.c, self.x, self.y

    def _for_blas(self, x: Operand, rows: int, columns: int) -> tuple[Operand, Any]:
        """The operand row-major ("N") or column-major ("T"), copied if neither."""
        if x.columns == 1:
            return x, "N"
        if x.rows == 1:
            return x, "T"
        node = x.node
        assert isinstance(node, Buffer)
        shape = (*self.sizes.batch, rows, columns)
        strides = [self.ctx.table.extent(s) for s in (*x.batch, x.rows, x.columns)]
        source = Buffer(node.ptr, shape, node.dtype, strides, node.allocation)
        copied = self.ctx.materialize(self.ctx.view(source, shape, lambda idx: idx))
        return row_major(copied, shape), "N"

    def _scalar(self, value: float) -> Buffer:
        spilled: Buffer = self.ctx.spill(Register(self.b.const(self.dtype, value), ()))
        return spilled

    # --- batches and parts

    def _run(self, call: Call) -> None:
        for operand in self._operands():
            self.ctx.lifetimes.touch(_memory(operand))
        sizes = [*self.sizes.batch, self.sizes.m, self.sizes.n]
        starts = [_pointer(operand) for operand in self._operands()]
        counts = [self.ctx.table.extent(n) for n in sizes]
        axis, chunk = self._parts(sizes)
        if not chunk:
            self._batches(call, starts, counts, 0)
            return

        def part(begin: Value, end: Value, *_: Value) -> None:
            own = list(counts)
            own[axis] = self.b.sub(end, begin)
            self._batches(call, self._moved(starts, axis, begin), own, 0)

        Parallel(self.ctx).run(sizes[axis], chunk, part)

    def _batches(
        self, call: Call, starts: Sequence[str], counts: Sequence[Number], axis: int
    ) -> None:
        """Loops over all axes of the batch but the last, which the function has."""
        if axis == len(self.sizes.batch) - 1:
            call(starts, counts[axis:])
            return
        with self.b.loop(0, counts[axis]) as loop:
            self._batches(call, self._moved(starts, axis, loop.index), counts, axis + 1)

    def _moved(self, starts: Sequence[str], axis: int, index: Value) -> list[str]:
        """Where the arrays go on at an index along an axis of the answer."""
        steps = [
            (*self.c.batch, self.c.rows, self.c.columns)[axis],
            (*self.x.batch, self.x.rows, 0)[axis],
            (*self.y.batch, 0, self.y.columns)[axis],
        ]
        offsets = [times(self.b, index, self.ctx.table.extent(s)) for s in steps]
        return [
            self.b.offset(start, self.b.index(offset), self.dtype)
            for start, offset in zip(starts, offsets, strict=True)
        ]

    def _parts(self, sizes: Sequence[int]) -> tuple[int, int]:
        """The axis of the answer that threads share out, and their chunks of it."""
        each = self.sizes.work()
        work = math.prod(self.sizes.batch) * each
        last_batch = len(sizes) - 3
        axis = max(
            range(len(sizes)),
            key=lambda a: sizes[a] * (LEAST_ROWS if a <= last_batch else 1),
        )
        least = 1 if axis <= last_batch else LEAST_ROWS
        worth = work * self.dtype.itemsize // PART_OF_PRODUCT
        count = min(worth, sizes[axis] // least, MOST_PARTS)
        if count < 2 or each >= BIG_WORK or self.ctx.in_part or pool.workers() == 1:
            return axis, 0
        return axis, sizes[axis] // count


def _memory(x: Operand) -> Any:
    return x.node.allocation if isinstance(x.node, Buffer) else None


def _pointer(x: Operand) -> str:
    assert isinstance(x.node, Buffer)
    return x.node.ptr
