"""Differences, numerical gradients and integrals, interpolation, polynomials."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad import ops
from funcgrad.core.trace import typeof
from funcgrad.numpy.axes import canonical_axes, canonical_axis, shape_error
from funcgrad.numpy.dispatch import as_float, given, to_array, traces
from funcgrad.numpy.indexing import entries, where
from funcgrad.numpy.shape import ravel
from funcgrad.numpy.sorting import searchsorted


def _part(x: Any, axis: int, start: Any, stop: Any, step: Any = None) -> Any:
    return x[(slice(None),) * axis + (slice(start, stop, step),)]


@traces(np.diff)
def diff(
    a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None
) -> Any:
    """Differences of neighbours along an axis, ``n`` times over."""
    x = to_array(a)
    if not typeof(x).ndim:
        raise shape_error(
            "`diff` takes an array of one dimension or more.",
            str(typeof(x)),
            "an axis to take differences along",
        )
    axis = canonical_axis(axis, typeof(x).ndim)
    before = [_end(x, axis, prepend)] if given(prepend) else []
    after = [_end(x, axis, append)] if given(append) else []
    if before or after:
        x = np.concatenate([*before, x, *after], axis=axis)
    if n < 0:
        raise ValueError(f"order must be non-negative but got {n!r}")
    for _ in range(n):
        high, low = _part(x, axis, 1, None), _part(x, axis, None, -1)
        x = high != low if typeof(x).dtype.kind == "b" else high - low
    return x


def _end(x: Any, axis: int, value: Any) -> Any:
    y = to_array(value)
    if typeof(y).ndim:
        return y
    shape = list(typeof(x).shape)
    shape[axis] = 1
    return ops.broadcast_to(y, tuple(shape))


@traces(np.ediff1d)
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """Differences of neighbours of the flat array, with entries before and after."""
    parts = [diff(ravel(ary))]
    dtype = typeof(parts[0]).dtype
    if to_begin is not None:
        parts.insert(0, to_array(ravel(to_begin), dtype))
    if to_end is not None:
        parts.append(to_array(ravel(to_end), dtype))
    return np.concatenate(parts) if len(parts) > 1 else parts[0]


@traces(np.gradient)
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Central differences inside, one-sided ones at the ends, along each axis."""
    x = as_float(f)
    rank = typeof(x).ndim
    axes = tuple(range(rank)) if axis is None else canonical_axes(axis, rank)
    spacings = varargs or (1.0,)
    if len(spacings) == 1:
        spacings = spacings * len(axes)
    if len(spacings) != len(axes):
        raise TypeError("invalid number of arguments")
    if any(typeof(x).shape[i] < edge_order + 1 for i in axes):
        raise ValueError(
            "Shape of array too small to calculate a numerical gradient, at least "
            "(edge_order + 1) elements are required."
        )
    results = [
        _gradient_along(x, i, to_array(h), edge_order)
        for i, h in zip(axes, spacings, strict=True)
    ]
    return results[0] if len(results) == 1 else tuple(results)


def _gradient_along(x: Any, axis: int, h: Any, edge_order: int) -> Any:
    extent = typeof(x).shape[axis]
    steps = np.diff(h) if typeof(h).ndim else ops.broadcast_to(h, (extent - 1,))
    column = [1] * typeof(x).ndim
    column[axis] = -1
    left = np.reshape(steps[:-1], column)
    right = np.reshape(steps[1:], column)
    low, mid, high = (
        _part(x, axis, None, -2),
        _part(x, axis, 1, -1),
        _part(x, axis, 2, None),
    )
    if typeof(h).ndim:
        inside = (
            -right / (left * (left + right)) * low
            + (right - left) / (left * right) * mid
            + left / (right * (left + right)) * high
        )
    else:
        inside = (high - low) / (2.0 * h)
    ends = _edges(x, axis, steps, edge_order)
    return np.concatenate([ends[0], inside, ends[1]], axis=axis)


def _edges(x: Any, axis: int, steps: Any, edge_order: int) -> tuple[Any, Any]:
    first, second = _part(x, axis, 0, 1), _part(x, axis, 1, 2)
    last, before = _part(x, axis, -1, None), _part(x, axis, -2, -1)
    if edge_order == 1:
        return (second - first) / steps[0], (last - before) / steps[-1]
    third, third_last = _part(x, axis, 2, 3), _part(x, axis, -3, -2)
    h1, h2 = steps[0], steps[1]
    start = (
        -(2 * h1 + h2) / (h1 * (h1 + h2)) * first
        + (h1 + h2) / (h1 * h2) * second
        - h1 / (h2 * (h1 + h2)) * third
    )
    h1, h2 = steps[-2], steps[-1]
    end = (
        h2 / (h1 * (h1 + h2)) * third_last
        - (h2 + h1) / (h1 * h2) * before
        + (2 * h2 + h1) / (h2 * (h1 + h2)) * last
    )
    return start, end


@traces(np.trapezoid)
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """Integral along an axis by the trapezoidal rule."""
    values = to_array(y)
    axis = canonical_axis(axis, typeof(values).ndim)
    width: Any = dx
    if x is not None:
        places = to_array(x)
        if typeof(places).ndim == 1:
            column = [1] * typeof(values).ndim
            column[axis] = -1
            width = np.reshape(np.diff(places), column)
        else:
            width = np.diff(places, axis=axis)
    pairs = _part(values, axis, 1, None) + _part(values, axis, None, -1)
    return np.sum(width * pairs / 2.0, axis=axis)


@traces(np.interp)
def interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
) -> Any:
    """Piecewise linear interpolation between the points ``(xp, fp)``."""
    at, places, values = as_float(x), as_float(xp), to_array(fp)
    values = as_float(values)
    if period is not None:
        at, places = np.mod(at, period), np.mod(places, period)
        order = np.argsort(places)
        places, values = entries(places, order), entries(values, order)
        places = np.concatenate([places[-1:] - period, places, places[:1] + period])
        values = np.concatenate([values[-1:], values, values[:1]])
        left = right = None
    count = typeof(places).shape[0]
    place = np.clip(searchsorted(places, at, "right"), 1, max(count - 1, 1))
    low, high = place - 1, np.minimum(place, count - 1)
    start, first = entries(places, low), entries(values, low)
    width = entries(places, high) - start
    rise = entries(values, high) - first
    flat = width == 0
    slope = where(flat, 0.0, rise / where(flat, 1.0, width))
    result = first + slope * (at - start)
    result = where(at < places[0], values[0] if left is None else left, result)
    result = where(at == places[-1], values[-1], result)
    return where(at > places[-1], values[-1] if right is None else right, result)
