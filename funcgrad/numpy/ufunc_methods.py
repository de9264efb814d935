"""``reduce``, ``accumulate`` and ``reduceat`` of ufuncs on traced values."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from funcgrad import errors, ops
from funcgrad.core.numpy_protocol import ufunc_methods
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.numpy import cumulative, reductions
from funcgrad.numpy.axes import canonical_axis
from funcgrad.numpy.dispatch import given, to_array
from funcgrad.numpy.ufunc import resolve_loop
from funcgrad.ops.casting import convert_element_type

_SUMS = {np.add: reductions.sum, np.multiply: reductions.prod}
_EXTREMES = {np.maximum: reductions.max, np.minimum: reductions.min}
_LOGIC = {np.logical_and: reductions.all, np.logical_or: reductions.any}
_RUNNING = {np.add: cumulative.cumsum, np.multiply: cumulative.cumprod}
_RUNNING_EXTREMES = {np.maximum: "cummax", np.minimum: "cummin"}


def reduce(
    ufunc: np.ufunc,
    array: Any,
    axis: Any = 0,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """``ufunc.reduce``: the entries along axes folded from the first on."""
    masks = {} if where is True else {"where": where}
    if ufunc in _SUMS:
        return _SUMS[ufunc](
            array, axis, dtype, keepdims=keepdims, initial=initial, **masks
        )
    if ufunc in _EXTREMES:
        return _EXTREMES[ufunc](
            to_array(array, dtype), axis, keepdims=keepdims, initial=initial, **masks
        )
    if ufunc in _LOGIC:
        return _LOGIC[ufunc](array, axis, keepdims=keepdims, **masks)
    x = to_array(array, dtype)
    x = _as_loop(ufunc, x)
    axes = reductions.reduction_axes(axis, typeof(x).ndim)
    if masks:
        if ufunc.identity is None:
            raise ValueError(
                f"{ufunc.__name__}.reduce takes no mask: it has no identity"
            )
        x = reductions.masked(x, where, ufunc.identity)
    for place in reversed(axes):
        x = _fold(ufunc, x, place, initial)
    return reductions.finish_reduction(x, axes, keepdims)


def _as_loop(ufunc: np.ufunc, x: Any) -> Any:
    """``x`` with the dtype of results, which folding puts back in."""
    loop = resolve_loop(ufunc, [x, x], None, "same_kind")
    return convert_element_type(x, loop[-1])


def _slices(x: Any, axis: int) -> list[Any]:
    before = (slice(None),) * axis
    return [x[(*before, i)] for i in range(typeof(x).shape[axis])]


def _fold(ufunc: np.ufunc, x: Any, axis: int, initial: Any) -> Any:
    parts = _slices(x, axis)
    start = initial if given(initial) else ufunc.identity
    if not parts:
        if start is None:
            raise ValueError(
                f"zero-size array to reduction operation {ufunc.__name__} which has no "
                "identity"
            )
        shape = typeof(x).shape
        rest = (*shape[:axis], *shape[axis + 1 :])
        return ops.broadcast_to(np.asarray(start, typeof(x).dtype), rest)
    result = ufunc(initial, parts[0]) if given(initial) else parts[0]
    for part in parts[1:]:
        result = ufunc(result, part)
    return result


def accumulate(
    ufunc: np.ufunc, array: Any, axis: int = 0, dtype: Any = None, out: Any = None
) -> Any:
    """``ufunc.accumulate``: all partial results of ``reduce`` along one axis."""
    if ufunc in _RUNNING:
        return _RUNNING[ufunc](array, axis, dtype)
    x = to_array(array, dtype)
    axis = canonical_axis(axis, typeof(x).ndim)
    if ufunc in _RUNNING_EXTREMES:
        return getattr(ops, _RUNNING_EXTREMES[ufunc])(x, axis)
    x = _as_loop(ufunc, x)
    results: list[Any] = []
    for part in _slices(x, axis):
        results.append(ufunc(results[-1], part) if results else part)
    return np.stack(results, axis) if results else x


def reduceat(
    ufunc: np.ufunc,
    array: Any,
    indices: Any,
    axis: int = 0,
    dtype: Any = None,
    out: Any = None,
) -> Any:
    """``ufunc.reduceat``: ``reduce`` over the slices that start at known indices."""
    x = to_array(array, dtype)
    axis = canonical_axis(axis, typeof(x).ndim)
    extent = typeof(x).shape[axis]
    starts = [operator.index(i) for i in np.asarray(indices)]
    if any(not 0 <= start < extent for start in starts):
        raise errors.IndexOutOfBoundsError(
            errors.message(
                f"`{ufunc.__name__}.reduceat` starts outside the array.",
                where=user_frame(),
                got=f"indices {starts}",
                expected=f"0 to {extent - 1}",
                see=errors.IndexOutOfBoundsError.page,
            )
        )
    before = (slice(None),) * axis
    results = []
    for start, stop in zip(starts, [*starts[1:], extent], strict=True):
        stop = stop if stop > start else start + 1
        results.append(reduce(ufunc, x[(*before, slice(start, stop))], axis))
    return np.stack(results, axis)


ufunc_methods["reduce"] = reduce
ufunc_methods["accumulate"] = accumulate
ufunc_methods["reduceat"] = reduceat
