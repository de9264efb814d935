"""Entries by their rank along an axis, without sorting the others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad import errors
from funcgrad.compiler.kernels.selecting import select_text
from funcgrad.core.aval import ShapedArray
from funcgrad.core.primitive import Primitive
from funcgrad.core.source import user_frame
from funcgrad.core.vspace import Zero, zero_like
from funcgrad.ops.cases import array, case, distinct, integers
from funcgrad.ops.indexing import take_along_axis
from funcgrad.ops.kernel_calls import run_in_chunks
from funcgrad.ops.slicing_one_axis import slice_in_dim
from funcgrad.ops.sorting import argsort
from funcgrad.ops.sorting_rows import sorted_along, with_axis_last, with_last_axis_at
from funcgrad.ops.structural import move_axis_to_front

_SELECTED = frozenset("int32 int64 uint32 uint64 float32 float64".split())
_LONG, _VERY_LONG = 2048, 1 << 16
"""Extents from which on a sample of 256, and of 4096 entries tells enough."""


class OrderStatistics(Primitive):
    """The entries that sorting would put at places ``start`` to ``stop``; NaN last."""

    name = "order_statistics"
    cases = (
        case(distinct((9,)), dimension=0, start=3, stop=5),
        case(distinct((2, 7)), dimension=1, start=0, stop=7),
        case(distinct((7, 2)), dimension=0, start=6, stop=7),
        case(integers((20,), 0, 3), dimension=0, start=9, stop=11),
        case(
            array([2.0, np.nan, -1.0, np.inf]), dimension=0, start=1, stop=4
        ).without_differences(),
        case((4,), dimension=0, start=2, stop=2),
    )

    def evaluate(self, x: Any, *, dimension: int, start: int, stop: int) -> Any:
        x = np.asarray(x)
        if start == stop:
            ordered = x
        elif stop - start <= 2:
            ordered = np.partition(x, range(start, stop), axis=dimension)
        else:
            ordered = np.sort(x, axis=dimension)
        return ordered[(slice(None),) * dimension + (slice(start, stop),)]

    def abstract_eval(
        self, x: ShapedArray, *, dimension: int, start: int, stop: int
    ) -> ShapedArray:
        if not (0 <= dimension < x.ndim and 0 <= start <= stop <= x.shape[dimension]):
            raise errors.ShapeError(
                errors.message(
                    "`order_statistics` takes places of a sorted axis.",
                    where=user_frame(),
                    got=f"{x}, places {start} to {stop} along axis {dimension}",
                    expected="an axis of the array, and places within its extent",
                    see=errors.ShapeError.page,
                )
            )
        shape = list(x.shape)
        shape[dimension] = stop - start
        return x.update(shape=tuple(shape))

    def jvp(
        self,
        primals: Sequence[Any],
        tangents: Sequence[Any],
        *,
        dimension: int,
        start: int,
        stop: int,
    ) -> Any:
        (x,), (t,) = primals, tangents
        if type(t) is Zero:
            y = self.bind(x, dimension=dimension, start=start, stop=stop)
            return y, zero_like(y)
        order = slice_in_dim(argsort(x, dimension), start, stop, axis=dimension)
        return tuple(take_along_axis(z, order, dimension) for z in (x, t))

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        dimension: int,
        start: int,
        stop: int,
    ) -> Any:
        x = move_axis_to_front(operands[0], dims[0])
        return self.bind(x, dimension=dimension + 1, start=start, stop=stop), 0

    def lower(self, ctx: Any, x: Any, *, dimension: int, start: int, stop: int) -> Any:
        extent = x.shape[dimension]
        sample = _sample(extent, start, stop)
        shape = (*x.shape[:dimension], stop - start, *x.shape[dimension + 1 :])
        if math.prod(shape) and x.dtype.name in _SELECTED and sample is not None:
            return _selected(ctx, x, dimension, start, stop, sample)
        whole = sorted_along(ctx, x, dimension) if math.prod(shape) else x
        first = ctx.extent(start)
        return ctx.view(
            whole,
            shape,
            lambda idx: [
                i + first if axis == dimension else i for axis, i in enumerate(idx)
            ],
        )


def _sample(extent: int, start: int, stop: int) -> tuple[int, int, int] | None:
    """The size of a sample, and places in it that enclose the ranks, sorted, by far.

    A place in a random sample of s strays from its share by some half a square root
    of s; here four of that are allowed. None where sorting costs no more.
    """
    if extent < _LONG:
        return None
    size = 4096 if extent >= _VERY_LONG else 256
    margin = 2 * math.isqrt(size)
    low = start * size // extent - margin
    high = -(-stop * size // extent) + margin
    return (size, low, high) if high - low <= size // 2 else None


def _selected(
    ctx: Any,
    x: Any,
    dimension: int,
    start: int,
    stop: int,
    sample: tuple[int, int, int],
) -> Any:
    rows = with_axis_last(ctx, x, dimension)
    lead, extent = rows.shape[:-1], rows.shape[-1]
    out = ctx.buffer((*lead, stop - start), x.dtype)
    workspace = ctx.buffer(rows.shape, x.dtype)
    words = [math.prod(lead), extent, start, stop - start, *sample]
    kernel = select_text(x.dtype)
    run_in_chunks(ctx, kernel, [out, workspace], [rows], words, 8 * extent)
    return with_last_axis_at(ctx, out, dimension)


order_statistics_p = OrderStatistics()


def order_statistics(x: Any, start: int, stop: int, *, axis: int) -> Any:
    """The entries that sorting would put at places ``start`` to ``stop`` of an axis.

    Examples
    --------
    >>> import numpy as np
    >>> order_statistics(np.array([3.0, np.nan, 1.0, 2.0]), 1, 3, axis=0)
    array([2., 3.])
    """
    return order_statistics_p.bind(x, dimension=axis, start=start, stop=stop)
