"""Pooling over windows in space, with flax's names: features are the last axis."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad import errors, ops
from funcgrad.core.array import as_array
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.nn.smooth import as_float
from funcgrad.numpy.dispatch import to_array
from funcgrad.ops.reducing import extreme_of, reduce_window

Padding = str | Sequence[tuple[int, int]]


def pool(
    inputs: Any,
    init: Any,
    reduce_fn: Callable[[Any, Any], Any],
    window_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    padding: Padding = "VALID",
) -> Any:
    """Entries of windows in space combined by any associative operation.

    Parameters
    ----------
    inputs : array, shape (examples..., space..., features)
        With any number of axes of examples, or none.
    init : scalar
        What a window starts from; it stands in the padding too.
    reduce_fn : callable
        ``reduce_fn(x, y)`` combines two entries.
    window_shape : sequence of int
        One extent for each axis in space.
    strides : sequence of int, optional
        1 by default.
    padding : {"SAME", "SAME_LOWER", "VALID"} or sequence of (low, high)

    Returns
    -------
    array, shape (examples..., places..., features)

    Raises
    ------
    ShapeError
        If the array has too few axes, or a sequence another length than the window.

    Examples
    --------
    >>> import funcgrad as fg
    >>> x = np.arange(4.0).reshape(1, 4, 1)
    >>> pool(x, 1.0, fg.lax.mul, (2,))[0, :, 0]
    Array([0., 2., 6.])
    """
    x = to_array(inputs)
    rank, space = typeof(x).ndim, len(window_shape)
    steps = (1,) * space if strides is None else tuple(strides)
    pads: Any = padding
    if rank < space + 1 or len(steps) != space or not _fits(padding, space):
        raise errors.ShapeError(
            errors.message(
                "pooling takes an array (examples..., space..., features) and one "
                "stride and pair of padding for each extent of the window.",
                where=user_frame(),
                got=f"{typeof(x)}, window {tuple(window_shape)}, strides {steps}, "
                f"padding {padding}",
                see=errors.ShapeError.page,
            )
        )
    ones = (1,) * (rank - space - 1)
    if not isinstance(padding, str):
        pads = [*((0, 0) for _ in ones), *padding, (0, 0)]
    window = (*ones, *window_shape, 1)
    moves = (*ones, *steps, 1)
    return as_array(reduce_window(x, init, reduce_fn, window, moves, pads))


def _fits(padding: Padding, space: int) -> bool:
    return isinstance(padding, str) or len(padding) == space


def max_pool(
    inputs: Any,
    window_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    padding: Padding = "VALID",
) -> Any:
    """The largest entry of every window, feature by feature.

    Parameters, answer and errors are those of `pool`; padding takes no part. Of equal
    entries the first has the derivative.

    Examples
    --------
    >>> x = np.array([1.0, 5.0, 2.0, 4.0]).reshape(1, 4, 1)
    >>> max_pool(x, (2,), strides=(2,))[0, :, 0]
    Array([5., 4.])
    """
    x = to_array(inputs)
    lowest = extreme_of(typeof(x).dtype, lowest=True)
    return pool(x, lowest, ops.max, window_shape, strides, padding)


def min_pool(
    inputs: Any,
    window_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    padding: Padding = "VALID",
) -> Any:
    """The smallest entry of every window, feature by feature.

    Parameters, answer and errors are those of `pool`; padding takes no part. Of equal
    entries the first has the derivative.

    Examples
    --------
    >>> x = np.array([1.0, 5.0, 2.0, 4.0]).reshape(1, 4, 1)
    >>> min_pool(x, (2,), strides=(2,))[0, :, 0]
    Array([1., 2.])
    """
    x = to_array(inputs)
    largest = extreme_of(typeof(x).dtype, lowest=False)
    return pool(x, largest, ops.min, window_shape, strides, padding)


def avg_pool(
    inputs: Any,
    window_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    padding: Padding = "VALID",
    count_include_pad: bool = True,
) -> Any:
    """The mean of every window, feature by feature.

    Parameters
    ----------
    inputs, window_shape, strides, padding : as for `pool`
    count_include_pad : bool, optional
        Whether zeros in the padding count as entries of the mean.

    Returns
    -------
    array

    Raises
    ------
    ShapeError
        As `pool` does.

    Examples
    --------
    >>> x = np.array([1.0, 5.0, 2.0, 4.0]).reshape(1, 4, 1)
    >>> avg_pool(x, (2,), strides=(2,))[0, :, 0]
    Array([3., 3.])
    """
    x = as_float(inputs)
    total = pool(x, 0.0, ops.add, window_shape, strides, padding)
    if count_include_pad:
        return total / math.prod(window_shape)
    shape = typeof(x).shape
    rank = len(window_shape)
    ones = np.ones((*shape[-rank - 1 : -1], 1), typeof(x).dtype)
    return total / pool(ones, 0.0, ops.add, window_shape, strides, padding)
