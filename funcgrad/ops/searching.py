"""Search in sorted rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad import errors
from funcgrad.compiler.kernels.searching import searchsorted_text
from funcgrad.core.aval import ShapedArray
from funcgrad.core.dtypes import result_type_of
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.ops.cases import array, case, integers
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.kernel_calls import run_in_chunks
from funcgrad.ops.structural import (
    WithoutDerivative,
    align_batch,
    move_axis_to_front,
    reshape,
)

INT64 = np.dtype(np.int64)
_PRICE = 4
"""What halving the places open to a value costs, in additions."""


class SearchSorted(WithoutDerivative):
    """How many entries of a sorted row are below each value; NaN is above all.

    ``side`` is "left", or "right" to count equal ones too. Rows and their values have
    the same axes in front.
    """

    name = "searchsorted"
    cases = (
        case(
            array([-1.0, 0.5, 0.5, 2.0]), array([0.5, -3.0, 2.0, np.nan]), side="left"
        ),
        case(
            array([-1.0, 0.5, 0.5, 2.0]), array([0.5, -3.0, 2.0, np.nan]), side="right"
        ),
        case(array([[0, 2, 4], [1, 1, 5]]), integers((2, 9), -1, 7), side="right"),
        case(array(np.zeros(0)), (3,), side="left"),
    )

    def evaluate(self, rows: Any, values: Any, *, side: str) -> Any:
        rows, values = np.asarray(rows), np.asarray(values)
        result = np.empty(values.shape, np.int64)
        for place in np.ndindex(*rows.shape[:-1]):
            result[place] = np.searchsorted(rows[place], values[place], side)  # type: ignore[call-overload]
        return result

    def abstract_eval(
        self, rows: ShapedArray, values: ShapedArray, *, side: str
    ) -> ShapedArray:
        if (
            side not in ("left", "right")
            or rows.ndim == 0
            or rows.shape[:-1] != values.shape[:-1]
            or rows.ndim != values.ndim
            or rows.dtype != values.dtype
        ):
            raise errors.ShapeError(
                errors.message(
                    "`searchsorted` takes sorted rows, and values for each of them.",
                    where=user_frame(),
                    got=f"{rows} and {values}, side {side!r}",
                    expected='one dtype, the same leading axes, side "left" or "right"',
                    see=errors.ShapeError.page,
                )
            )
        return values.update(dtype=INT64)

    def batch(
        self, size: int, operands: Sequence[Any], dims: Sequence[Any], *, side: str
    ) -> Any:
        if dims[0] is None and typeof(operands[0]).ndim == 1:
            values = move_axis_to_front(operands[1], dims[1])
            shape = typeof(values).shape
            flat = reshape(values, (math.prod(shape),))
            return reshape(self.bind(operands[0], flat, side=side), shape), 0
        rows, values = (
            align_batch(x, d, size) for x, d in zip(operands, dims, strict=True)
        )
        return self.bind(rows, values, side=side), 0

    def lower(self, ctx: Any, rows: Any, values: Any, *, side: str) -> Any:
        out = ctx.buffer(values.shape, INT64)
        if math.prod(values.shape) == 0:
            return out
        if rows.shape[-1] == 0:
            zero = ctx.const(np.int64(0))
            return ctx.view(zero, values.shape, lambda idx: [])
        count, extent, each = (
            math.prod(rows.shape[:-1]),
            rows.shape[-1],
            values.shape[-1],
        )
        kernel = searchsorted_text(rows.dtype, side=side)  # type: ignore[arg-type]
        operands, sizes = [rows, values], [count, extent, each]
        cost = _PRICE * extent.bit_length()
        if count == 1:  # of the values a part, of the row all
            run_in_chunks(ctx, kernel, [out], operands, sizes, cost, cut=2, whole=[0])
        else:
            run_in_chunks(ctx, kernel, [out], operands, sizes, each * cost)
        return out


searchsorted_p = SearchSorted()


def searchsorted(sorted_row: Any, values: Any, *, side: str = "left") -> Any:
    """Where values would be inserted into a sorted row so that it stays sorted.

    Parameters
    ----------
    sorted_row : array, shape (n,)
    values : array of any shape
    side : {"left", "right"}
        Before or after entries that are equal.

    Returns
    -------
    int64 array, shape of ``values``

    Examples
    --------
    >>> import numpy as np
    >>> searchsorted(np.array([1.0, 2.0, 2.0]), 2.0, side="right")
    array(3)
    """
    dtype = result_type_of(sorted_row, values)
    row = convert_element_type(sorted_row, dtype)
    shape = typeof(values).shape
    flat = reshape(convert_element_type(values, dtype), (math.prod(shape),))
    return reshape(searchsorted_p.bind(row, flat, side=side), shape)
