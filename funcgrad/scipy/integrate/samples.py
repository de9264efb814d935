"""Integrals of functions that are known at places: values, places -> areas."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad import errors, ops
from funcgrad import numpy as fnp
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.numpy.calculus import trapezoid as trapezoid


def _widths(y: Any, x: Any, dx: Any, axis: int) -> Any:
    """Distances of neighbouring samples, of a shape that multiplies them."""
    if x is None:
        return dx
    widths = fnp.diff(x, axis=axis if np.ndim(x) > 1 else -1)
    if np.ndim(x) == 1:
        shape = [1] * np.ndim(y)
        shape[axis] = -1
        widths = ops.reshape(widths, tuple(shape))
    return widths


def cumulative_trapezoid(
    y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1, initial: Any = None
) -> Any:
    """Areas from the first sample to each of the others, by trapezoids.

    Parameters
    ----------
    y : array
        Samples along ``axis``.
    x : array, optional
        Their places, of one axis or of the shape of ``y``.
    dx : float
        Their distance, where there are no places.
    axis : int
    initial : scalar, optional
        A first entry, so that the result is as long as ``y``; 0 is usual.

    Returns
    -------
    array
        One entry shorter along ``axis`` than ``y``, unless there is an ``initial``.

    Examples
    --------
    >>> cumulative_trapezoid(np.array([0.0, 2.0, 4.0]), initial=0)
    Array([0., 1., 4.])
    """
    y = fnp.asarray(y)
    count = typeof(y).shape[axis]
    left = ops.slice_in_dim(y, 0, count - 1, axis=axis)
    right = ops.slice_in_dim(y, 1, count, axis=axis)
    areas = fnp.cumsum(_widths(y, x, dx, axis) * (left + right) / 2.0, axis=axis)
    if initial is None:
        return areas
    shape = list(typeof(areas).shape)
    shape[axis] = 1
    first = fnp.full(tuple(shape), initial, dtype=typeof(areas).dtype)
    return fnp.concatenate([first, areas], axis=axis)


def simpson(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """The area under samples, by parabolas through three of them at a time.

    Parameters
    ----------
    y : array
        An odd number of samples along ``axis``, three or more.
    x : array, optional
        Their places, of one axis or of the shape of ``y``.
    dx : float
        Their distance, where there are no places.
    axis : int

    Returns
    -------
    array
        Without ``axis``.

    Raises
    ------
    ShapeError
        If the number of samples is even, or smaller than three.

    References
    ----------
    Cartwright, "Simpson's Rule Cumulative Integration with MS Excel and Irregularly-
    spaced Data", 2017, for places at unequal distances.

    Examples
    --------
    >>> float(simpson(np.array([0.0, 1.0, 4.0, 9.0, 16.0])))  # x squared, 0 to 4
    21.333333333333332
    """
    y = fnp.moveaxis(fnp.asarray(y), axis, -1)
    count = typeof(y).shape[-1]
    if count < 3 or count % 2 == 0:
        raise errors.ShapeError(
            errors.message(
                "simpson needs an odd number of samples.",
                where=user_frame(),
                got=f"{count} samples along axis {axis}",
                expected="3, 5, 7, ...",
                fix="leave one out, or use trapezoid",
                see=errors.ShapeError.page,
            )
        )
    if x is None:
        total = y[..., 0] + y[..., -1] + 4.0 * fnp.sum(y[..., 1:-1:2], axis=-1)
        return dx / 3.0 * (total + 2.0 * fnp.sum(y[..., 2:-1:2], axis=-1))
    x = fnp.moveaxis(x, axis, -1) if np.ndim(x) > 1 else x
    widths = fnp.diff(x, axis=-1)
    left, right = widths[..., ::2], widths[..., 1::2]
    both = left + right
    weighted = (
        y[..., :-2:2] * (2.0 - right / left)
        + y[..., 1:-1:2] * both * both / (left * right)
        + y[..., 2::2] * (2.0 - left / right)
    )
    return fnp.sum(both / 6.0 * weighted, axis=-1)
