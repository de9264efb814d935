"""Positions pass through unchanged, or end the program where one lies outside an axis.

Index expressions put it around traced positions while ``check_index`` is on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad import errors
from funcgrad.compiler.emit.value import INT64
from funcgrad.core.aval import ShapedArray
from funcgrad.core.source import SourceLine
from funcgrad.ops.cases import case, integers
from funcgrad.ops.structural import WithoutDerivative


class CheckBounds(WithoutDerivative):
    """``x`` itself; an error unless ``-extent <= x < extent`` holds everywhere.

    ``axis`` and ``where``, the user's line, are what the message shows.
    """

    name = "check_bounds"
    # In a branch that is not taken nothing may be found, whoever owns the position.
    staged_when_constant = True
    cases = (
        case(integers((4,), -3, 3), extent=3, axis=0, where=None),
        case(integers((2, 3), 0, 7, np.int32), extent=7, axis=1, where=None),
        case(integers((30,), 0, 7, np.uint8), extent=7, axis=1, where=None),
        case(integers((), -1, 1), extent=1, axis=2, where=None),
        case(integers((0,)), extent=0, axis=0, where=None),
    )

    def evaluate(
        self, x: Any, *, extent: int, axis: int, where: SourceLine | None
    ) -> Any:
        array = np.asarray(x)
        outside = array[(array < -extent) | (array >= extent)]
        if outside.size:
            raise out_of_bounds(int(outside.flat[0]), extent, axis, where)
        return x

    def abstract_eval(
        self, x: ShapedArray, *, extent: int, axis: int, where: SourceLine | None
    ) -> ShapedArray:
        return x

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        extent: int,
        axis: int,
        where: SourceLine | None,
    ) -> Any:
        return self.bind(*operands, extent=extent, axis=axis, where=where), dims[0]

    def lower(
        self, ctx: Any, x: Any, *, extent: int, axis: int, where: SourceLine | None
    ) -> Any:
        if 0 in x.shape:
            return x
        x = ctx.settle(x)
        signed = ctx.map(_as_signed, x, dtype=INT64)
        b = ctx.b
        axes = range(x.ndim)
        low = ctx.value(ctx.reduce("min", signed, axes)) if axes else ctx.value(signed)
        high = ctx.value(ctx.reduce("max", signed, axes)) if axes else low
        first, end = ctx.extent(-extent).value(b), ctx.extent(extent).value(b)
        is_low = b.cmp("lt", low, first)
        outside = b.or_(is_low, b.cmp("ge", high, end))
        ctx.fail_if(
            outside,
            b.select(is_low, low, high),
            lambda index: out_of_bounds(index, extent, axis, where),
        )
        return x


def _as_signed(b: Any, x: Any) -> Any:
    """As int64; what is larger, than which no axis is longer, stays large."""
    if x.dtype == np.dtype(np.uint64):
        largest = b.const(x.dtype, np.iinfo(np.int64).max, x.lanes)
        x = b.min(x, largest)
    return b.convert(x, INT64)


check_bounds_p = CheckBounds()


def out_of_bounds(
    index: int, extent: int, axis: int, where: SourceLine | None
) -> errors.IndexOutOfBoundsError:
    """The error for an index outside an axis."""
    return errors.IndexOutOfBoundsError(
        errors.message(
            f"index {index} is out of bounds for axis {axis} with size {extent}.",
            where=where,
            got=str(index),
            expected=f"{-extent} to {extent - 1}" if extent else "no index at all",
            fix='x.at[index].get(mode="clip") or mode="fill", if that is meant',
            see=errors.IndexOutOfBoundsError.page,
        )
    )
