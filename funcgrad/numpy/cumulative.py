"""Running sums and products along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad import ops
from funcgrad.core.dtypes import sum_dtype
from funcgrad.core.numpy_protocol import defines_method
from funcgrad.core.trace import typeof
from funcgrad.numpy.axes import canonical_axis
from funcgrad.numpy.dispatch import given, to_array, traces
from funcgrad.numpy.reductions import flat_or_axis
from funcgrad.ops.casting import convert_element_type


@traces(np.cumsum)
@defines_method("cumsum")
def cumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """Sums of the first 1, 2, ... entries along an axis; flat by default."""
    x, place = flat_or_axis(a, axis)
    x = convert_element_type(x, dtype if given(dtype) else sum_dtype(typeof(x).dtype))
    return ops.cumsum(x, place)


@traces(np.cumprod)
@defines_method("cumprod")
def cumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """Products of the first 1, 2, ... entries along an axis; flat by default."""
    x, place = flat_or_axis(a, axis)
    x = convert_element_type(x, dtype if given(dtype) else sum_dtype(typeof(x).dtype))
    return ops.cumprod(x, place)


def _cumulative(
    function: Any, x: Any, axis: Any, dtype: Any, include_initial: bool, first: int
) -> Any:
    operand = to_array(x)
    rank = typeof(operand).ndim
    if not given(axis):
        if rank > 1:
            raise ValueError(
                "For arrays which have more than one dimension ``axis`` "
                "argument is required."
            )
        operand, rank, axis = np.atleast_1d(operand), 1, 0
    axis = canonical_axis(axis, rank)
    y = function(operand, axis, dtype)
    if not include_initial:
        return y
    shape = list(typeof(y).shape)
    shape[axis] = 1
    start = ops.broadcast_to(np.asarray(first, typeof(y).dtype), tuple(shape))
    return ops.concatenate([start, y], axis)


@traces(np.cumulative_sum)
def cumulative_sum(
    x: Any,
    /,
    *,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    include_initial: bool = False,
) -> Any:
    """Sums of the first entries along an axis, with the empty sum if asked."""
    return _cumulative(cumsum, x, axis, dtype, include_initial, 0)


@traces(np.cumulative_prod)
def cumulative_prod(
    x: Any,
    /,
    *,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    include_initial: bool = False,
) -> Any:
    """Products of the first entries along an axis, with the empty one if asked."""
    return _cumulative(cumprod, x, axis, dtype, include_initial, 1)
