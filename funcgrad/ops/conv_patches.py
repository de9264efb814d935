"""Windows of images as features, and convolutions with weights for every place."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad import errors
from funcgrad.core.dtypes import canonical_dtype, result_type_of
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.contraction import dot_general
from funcgrad.ops.conv_dimensions import (
    ConvGeneralDilatedDimensionNumbers,
    conv_dimension_numbers,
    dilated,
    per_axis,
    resolve_padding,
)
from funcgrad.ops.joining import stack
from funcgrad.ops.slicing import pad_with_zeros, strided_slice
from funcgrad.ops.structural import reshape, transpose
from funcgrad.ops.window_places import window_places


def conv_general_dilated_patches(
    lhs: Any,
    filter_shape: Sequence[int],
    window_strides: Sequence[int],
    padding: str | Sequence[tuple[int, int]],
    lhs_dilation: Sequence[int] | None = None,
    rhs_dilation: Sequence[int] | None = None,
    dimension_numbers: ConvGeneralDilatedDimensionNumbers = None,
    precision: Any = None,
    preferred_element_type: Any = None,
) -> Any:
    """The entries of every window as features.

    Parameters
    ----------
    lhs : array, shape (examples, features, space...) by default
    filter_shape : sequence of int
        The extents of a window.
    window_strides, padding, lhs_dilation, rhs_dilation, dimension_numbers
        As for `conv_general_dilated`.
    precision : optional
        Taken for compatibility.
    preferred_element_type : dtype, optional

    Returns
    -------
    array, shape (examples, features * entries of a window, places...) by default
        Features come first, then the window in row-major order.

    Raises
    ------
    ShapeError
        If ranks and windows do not fit together.

    Examples
    --------
    >>> x = np.arange(4.0).reshape(1, 1, 4)
    >>> conv_general_dilated_patches(x, (2,), (1,), "VALID")[0].tolist()
    [[0.0, 1.0, 2.0], [1.0, 2.0, 3.0]]
    """
    shape, rank = typeof(lhs).shape, len(filter_shape)
    ones = (1, 1, *filter_shape)
    numbers = conv_dimension_numbers(shape, ones, dimension_numbers)
    strides = per_axis("window_strides", window_strides, rank)
    inner = per_axis("lhs_dilation", lhs_dilation, rank)
    dilation = per_axis("rhs_dilation", rhs_dilation, rank)
    if preferred_element_type is not None:
        lhs = convert_element_type(lhs, canonical_dtype(preferred_element_type))
    x = transpose(lhs, numbers.lhs_spec)
    space = [dilated(n, d) for n, d in zip(typeof(x).shape[2:], inner, strict=True)]
    window = [dilated(n, d) for n, d in zip(filter_shape, dilation, strict=True)]
    pads = resolve_padding(padding, space, window, strides)
    config = [(low, high, d - 1) for (low, high), d in zip(pads, inner, strict=True)]
    x = pad_with_zeros(x, [(0, 0, 0), (0, 0, 0), *config])
    parts = _windows(x, tuple(filter_shape), strides, dilation)
    examples, features, count, *places = typeof(parts).shape
    merged = reshape(parts, (examples, features * count, *places))
    return transpose(merged, np.argsort(numbers.out_spec).tolist())


def _windows(
    x: Any, window: Sequence[int], strides: Sequence[int], dilation: Sequence[int]
) -> Any:
    """Entries of every window (examples, features, entries, places...)."""
    whole = typeof(x).shape
    given = (tuple(window), tuple(strides), tuple(dilation))
    places = window_places(whole[2:], *given)
    parts = []
    for offsets in itertools.product(*map(range, window)):
        start = [k * d for k, d in zip(offsets, dilation, strict=True)]
        stop = [
            first + (n - 1) * step + 1 if n else first
            for first, n, step in zip(start, places, strides, strict=True)
        ]
        parts.append(
            strided_slice(x, [0, 0, *start], [*whole[:2], *stop], [1, 1, *strides])
        )
    return stack(parts, 2)


def conv_general_dilated_local(
    lhs: Any,
    rhs: Any,
    window_strides: Sequence[int],
    padding: str | Sequence[tuple[int, int]],
    filter_shape: Sequence[int],
    lhs_dilation: Sequence[int] | None = None,
    rhs_dilation: Sequence[int] | None = None,
    dimension_numbers: ConvGeneralDilatedDimensionNumbers = None,
    precision: Any = None,
) -> Any:
    """A convolution whose weights are others at every place.

    Parameters
    ----------
    lhs : array, shape (examples, features, space...) by default
    rhs : array, shape (new features, features * entries of a window, places...)
        By default; the order of the second axis is that of
        `conv_general_dilated_patches`.
    window_strides, padding, lhs_dilation, rhs_dilation, dimension_numbers
        As for `conv_general_dilated`.
    filter_shape : sequence of int
        The extents of a window.
    precision : optional
        Taken for compatibility.

    Returns
    -------
    array, shape (examples, new features, places...) by default

    Raises
    ------
    ShapeError
        If ranks, places and windows do not fit together.

    Examples
    --------
    >>> x, w = np.ones((1, 1, 4)), np.arange(6.0).reshape(1, 2, 3)
    >>> conv_general_dilated_local(x, w, (1,), "VALID", (2,))[0, 0].tolist()
    [3.0, 5.0, 7.0]
    """
    dtype = result_type_of(lhs, rhs)
    lhs, rhs = convert_element_type(lhs, dtype), convert_element_type(rhs, dtype)
    numbers = conv_dimension_numbers(
        typeof(lhs).shape, typeof(rhs).shape, dimension_numbers
    )
    patches = conv_general_dilated_patches(
        lhs, filter_shape, window_strides, padding, lhs_dilation, rhs_dilation, numbers
    )
    left, right = transpose(patches, numbers.out_spec), transpose(rhs, numbers.rhs_spec)
    (_, inner, *places), weights = typeof(left).shape, typeof(right).shape
    if weights[1:] != (inner, *places):
        raise errors.ShapeError(
            errors.message(
                "the weights do not fit the windows.",
                where=user_frame(),
                got=f"{typeof(rhs)} by {numbers}",
                expected=f"{inner} entries of windows at {math.prod(places)} places "
                f"{tuple(places)}",
                see=errors.ShapeError.page,
            )
        )
    space = tuple(range(2, len(weights)))
    product = dot_general(left, right, (((1,), (1,)), (space, space)))
    rank = len(places)
    order = [rank, rank + 1, *range(rank)]
    return transpose(transpose(product, order), np.argsort(numbers.out_spec).tolist())
