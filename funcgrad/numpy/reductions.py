"""Sums, products, extrema and other reductions along axes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from funcgrad import ops
from funcgrad.core.dtypes import canonical_dtype, sum_dtype
from funcgrad.core.numpy_protocol import defines_method
from funcgrad.core.trace import typeof
from funcgrad.numpy.axes import (
    canonical_axes,
    canonical_axis,
    insert_axes,
    shape_error,
)
from funcgrad.numpy.dispatch import given, to_array, traces
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.elementwise import broadcast_shapes


def reduction_axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """The axes that a ufunc reduces; a scalar counts as having axes 0 and -1."""
    if ndim == 0 and not isinstance(axis, tuple) and axis in (0, -1):
        return ()
    return canonical_axes(axis, ndim)


def finish_reduction(y: Any, axes: tuple[int, ...], keepdims: Any) -> Any:
    """A reduced array with the axes that were reduced, extent 1, if they are kept."""
    return insert_axes(y, axes) if given(keepdims) and keepdims else y


def masked(x: Any, where: Any, fill: Any) -> Any:
    """``x`` where the mask holds, elsewhere ``fill``."""
    if not given(where) or where is True:
        return x
    aval = typeof(x)
    shape = broadcast_shapes(aval.shape, np.shape(where))
    other = ops.broadcast_to(np.asarray(fill, aval.dtype), shape)
    mask = ops.broadcast_to(to_array(where, bool), shape)
    return ops.where(mask, ops.broadcast_to(x, shape), other)


def count_entries(x: Any, axes: tuple[int, ...], where: Any, keepdims: Any) -> Any:
    """How many entries each result is made of; a number unless a mask is given."""
    if not given(where) or where is True:
        shape = typeof(x).shape
        return math.prod(shape[axis] for axis in axes)
    mask = np.broadcast_to(where, typeof(x).shape)
    return np.sum(mask, axis=axes, keepdims=bool(given(keepdims) and keepdims))


@traces(np.sum)
@defines_method("sum")
def sum(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = None,
    initial: Any = None,
    where: Any = None,
) -> Any:
    """Sum along axes; integers are summed in 64 bits."""
    x = to_array(a)
    aval = typeof(x)
    if given(dtype) or not aval.differentiable:
        x = convert_element_type(x, dtype if given(dtype) else sum_dtype(aval.dtype))
    axes = reduction_axes(axis, typeof(x).ndim)
    y = ops.reduce_sum(masked(x, where, 0), axes)
    y = finish_reduction(y, axes, keepdims)
    return y + initial if given(initial) else y


@traces(np.prod)
@defines_method("prod")
def prod(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = None,
    initial: Any = None,
    where: Any = None,
) -> Any:
    """Product along axes; integers are multiplied in 64 bits."""
    x = to_array(a)
    x = convert_element_type(x, dtype if given(dtype) else sum_dtype(typeof(x).dtype))
    axes = reduction_axes(axis, typeof(x).ndim)
    y = ops.reduce_prod(masked(x, where, 1), axes)
    y = finish_reduction(y, axes, keepdims)
    return y * initial if given(initial) else y


def _lowest(dtype: np.dtype[Any]) -> Any:
    if dtype.kind == "b":
        return False
    return -np.inf if dtype.kind in "fc" else np.iinfo(dtype).min


def _highest(dtype: np.dtype[Any]) -> Any:
    if dtype.kind == "b":
        return True
    return np.inf if dtype.kind in "fc" else np.iinfo(dtype).max


def _check_not_empty(name: str, x: Any, axes: tuple[int, ...], initial: Any) -> None:
    shape = typeof(x).shape
    if given(initial) or 0 not in [shape[axis] for axis in axes]:
        return
    raise shape_error(
        f"zero-size array to reduction operation {name} which has no identity.",
        f"shape {shape}",
        "an entry at least, or initial=...",
    )


def _check_initial(name: str, where: Any, initial: Any) -> None:
    if given(where) and where is not True and not given(initial):
        raise ValueError(
            f"reduction operation '{name}' does not have an identity, so to use a "
            "where mask one has to specify 'initial'"
        )


@traces(np.max, np.amax)
@defines_method("max")
def max(
    a: Any,
    axis: Any = None,
    out: Any = None,
    keepdims: Any = None,
    initial: Any = None,
    where: Any = None,
) -> Any:
    """Largest entry along axes; NaN if there is one."""
    x = to_array(a)
    axes = reduction_axes(axis, typeof(x).ndim)
    _check_initial("maximum", where, initial)
    _check_not_empty("maximum", x, axes, initial)
    y = ops.reduce_max(masked(x, where, _lowest(typeof(x).dtype)), axes)
    y = finish_reduction(y, axes, keepdims)
    return np.maximum(y, initial) if given(initial) else y


@traces(np.min, np.amin)
@defines_method("min")
def min(
    a: Any,
    axis: Any = None,
    out: Any = None,
    keepdims: Any = None,
    initial: Any = None,
    where: Any = None,
) -> Any:
    """Smallest entry along axes; NaN if there is one."""
    x = to_array(a)
    axes = reduction_axes(axis, typeof(x).ndim)
    _check_initial("minimum", where, initial)
    _check_not_empty("minimum", x, axes, initial)
    y = ops.reduce_min(masked(x, where, _highest(typeof(x).dtype)), axes)
    y = finish_reduction(y, axes, keepdims)
    return np.minimum(y, initial) if given(initial) else y


amax, amin = max, min


@traces(np.ptp)
@defines_method("ptp")
def ptp(a: Any, axis: Any = None, out: Any = None, keepdims: Any = None) -> Any:
    """Largest minus smallest entry along axes."""
    return max(a, axis, keepdims=keepdims) - min(a, axis, keepdims=keepdims)


@traces(np.all)
@defines_method("all")
def all(
    a: Any,
    axis: Any = None,
    out: Any = None,
    keepdims: Any = None,
    *,
    where: Any = None,
) -> Any:
    """Whether every entry along axes is true."""
    x = convert_element_type(to_array(a), bool)
    axes = reduction_axes(axis, typeof(x).ndim)
    y = ops.reduce_and(masked(x, where, True), axes)
    return finish_reduction(y, axes, keepdims)


@traces(np.any)
@defines_method("any")
def any(
    a: Any,
    axis: Any = None,
    out: Any = None,
    keepdims: Any = None,
    *,
    where: Any = None,
) -> Any:
    """Whether an entry along axes is true."""
    x = convert_element_type(to_array(a), bool)
    axes = reduction_axes(axis, typeof(x).ndim)
    y = ops.reduce_or(masked(x, where, False), axes)
    return finish_reduction(y, axes, keepdims)


@traces(np.count_nonzero)
def count_nonzero(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Number of entries along axes that are not zero."""
    return sum(convert_element_type(to_array(a), bool), axis, keepdims=keepdims)


def mean_dtypes(x: Any, dtype: Any) -> tuple[np.dtype[Any], np.dtype[Any]]:
    """The dtypes that a mean is summed in and returned in."""
    own = typeof(x).dtype
    if given(dtype):
        return canonical_dtype(dtype), canonical_dtype(dtype)
    if own.kind in "biu":
        return np.dtype(np.float64), np.dtype(np.float64)
    return np.dtype(np.float32) if own == np.float16 else own, own


@traces(np.mean)
@defines_method("mean")
def mean(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = None,
    *,
    where: Any = None,
) -> Any:
    """Arithmetic mean along axes; float64 for integers."""
    x = to_array(a)
    summed, returned = mean_dtypes(x, dtype)
    axes = canonical_axes(axis, typeof(x).ndim)
    total = sum(x, axes, dtype=summed, keepdims=keepdims, where=where)
    count = count_entries(x, axes, where, keepdims)
    return convert_element_type(np.true_divide(total, count), returned)


@traces(np.var)
@defines_method("var")
def var(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: Any = 0,
    keepdims: Any = None,
    *,
    where: Any = None,
    mean: Any = None,
    correction: Any = None,
) -> Any:
    """Variance along axes: the mean of squared distances from the mean."""
    x = to_array(a)
    ddof = correction if given(correction) else ddof
    summed, returned = mean_dtypes(x, dtype)
    axes = canonical_axes(axis, typeof(x).ndim)
    x = convert_element_type(x, summed)
    if given(mean):
        center = mean
    else:
        total = sum(x, axes, keepdims=True, where=where)
        center = total / count_entries(x, axes, where, True)
    distance = x - center
    square = distance * distance
    if typeof(x).dtype.kind == "c":
        square = np.real(distance) ** 2 + np.imag(distance) ** 2
        returned = typeof(square).dtype
    count = count_entries(x, axes, where, keepdims)
    freedom = np.maximum(count - ddof, 0)
    total = sum(square, axes, keepdims=keepdims, where=where)
    with np.errstate(divide="ignore", invalid="ignore"):
        return convert_element_type(np.true_divide(total, freedom), returned)


@traces(np.std)
@defines_method("std")
def std(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: Any = 0,
    keepdims: Any = None,
    *,
    where: Any = None,
    mean: Any = None,
    correction: Any = None,
) -> Any:
    """Standard deviation along axes: the root of the variance."""
    return np.sqrt(
        var(
            a,
            axis,
            dtype,
            None,
            ddof,
            keepdims,
            where=where,
            mean=mean,
            correction=correction,
        )
    )


def flat_or_axis(a: Any, axis: Any) -> tuple[Any, int]:
    """The array and an axis of it; flat and 0 if no axis is given or it is 0-d."""
    x = to_array(a)
    ndim = typeof(x).ndim
    if not given(axis) or (ndim == 0 and axis in (0, -1)):
        return ops.reshape(x, (typeof(x).size,)), 0
    return x, canonical_axis(axis, ndim)


def _place_of(operation: Any, name: str, a: Any, axis: Any, keepdims: Any) -> Any:
    x, place = flat_or_axis(a, axis)
    if typeof(x).shape[place] == 0:
        raise shape_error(
            f"`{name}` of no entries is not defined.",
            f"an array of shape {typeof(x).shape}",
            "one entry at least along the axis",
        )
    y = operation(x, place, np.dtype(np.int64))
    ndim = typeof(to_array(a)).ndim
    if not given(axis) or ndim == 0:
        axes = tuple(range(ndim))
        return finish_reduction(y, axes, keepdims)
    return finish_reduction(y, (place,), keepdims)


@traces(np.argmax)
@defines_method("argmax")
def argmax(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = None) -> Any:
    """Place of the largest entry along an axis: the first, or the first NaN."""
    return _place_of(ops.argmax, "argmax", a, axis, keepdims)


@traces(np.argmin)
@defines_method("argmin")
def argmin(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = None) -> Any:
    """Place of the smallest entry along an axis: the first, or the first NaN."""
    return _place_of(ops.argmin, "argmin", a, axis, keepdims)
