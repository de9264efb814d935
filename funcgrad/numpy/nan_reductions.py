"""Reductions that leave NaN entries out."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad.core.trace import typeof
from funcgrad.numpy.dispatch import given, to_array, traces
from funcgrad.numpy.indexing import where as choose


def _split(a: Any, fill: Any) -> tuple[Any, Any]:
    """The array with NaN replaced, and where there was none."""
    x = to_array(a)
    if typeof(x).dtype.kind not in "fc":
        return x, None
    valid = ~np.isnan(x)
    return choose(valid, x, np.asarray(fill, typeof(x).dtype)), valid


def _options(keepdims: Any, **others: Any) -> dict[str, Any]:
    chosen = {"keepdims": bool(given(keepdims) and keepdims)}
    return chosen | {name: x for name, x in others.items() if given(x)}


def _mask(valid: Any, where: Any) -> Any:
    if not given(where) or where is True:
        return valid
    return where if valid is None else valid & where


@traces(np.nansum)
def nansum(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = None,
    initial: Any = None,
    where: Any = None,
) -> Any:
    """Sum along axes of the entries that are not NaN."""
    x, _ = _split(a, 0)
    return np.sum(x, axis, dtype, **_options(keepdims, initial=initial, where=where))


@traces(np.nanprod)
def nanprod(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = None,
    initial: Any = None,
    where: Any = None,
) -> Any:
    """Product along axes of the entries that are not NaN."""
    x, _ = _split(a, 1)
    return np.prod(x, axis, dtype, **_options(keepdims, initial=initial, where=where))


def _extreme(
    reduce: Any, a: Any, fill: float, axis: Any, keepdims: Any, initial: Any, where: Any
) -> Any:
    x, valid = _split(a, fill)
    y = reduce(x, axis, **_options(keepdims, initial=initial, where=where))
    if valid is None:
        return y
    found = np.any(valid, axis, keepdims=bool(given(keepdims) and keepdims))
    return choose(found, y, np.asarray(np.nan, typeof(y).dtype))


@traces(np.nanmax)
def nanmax(
    a: Any,
    axis: Any = None,
    out: Any = None,
    keepdims: Any = None,
    initial: Any = None,
    where: Any = None,
) -> Any:
    """Largest entry along axes that is not NaN; NaN if there is none."""
    return _extreme(np.max, a, -np.inf, axis, keepdims, initial, where)


@traces(np.nanmin)
def nanmin(
    a: Any,
    axis: Any = None,
    out: Any = None,
    keepdims: Any = None,
    initial: Any = None,
    where: Any = None,
) -> Any:
    """Smallest entry along axes that is not NaN; NaN if there is none."""
    return _extreme(np.min, a, np.inf, axis, keepdims, initial, where)


@traces(np.nanmean)
def nanmean(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = None,
    *,
    where: Any = None,
) -> Any:
    """Mean along axes of the entries that are not NaN."""
    x, valid = _split(a, 0)
    options = _options(keepdims, dtype=dtype, where=_mask(valid, where))
    return np.mean(x, axis, **options)


@traces(np.nanvar)
def nanvar(
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
    """Variance along axes of the entries that are not NaN."""
    x, valid = _split(a, 0)
    ddof = correction if given(correction) else ddof
    mask = _mask(valid, where)
    options = _options(keepdims, dtype=dtype, where=mask, mean=mean)
    y = np.var(x, axis, ddof=ddof, **options)
    if mask is None:
        return y
    full = np.broadcast_to(mask, typeof(x).shape)
    count = np.sum(full, axis, keepdims=options["keepdims"])
    return choose(count > ddof, y, np.asarray(np.nan, typeof(y).dtype))


@traces(np.nanstd)
def nanstd(
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
    """Standard deviation along axes of the entries that are not NaN."""
    return np.sqrt(
        nanvar(
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


@traces(np.nanargmax)
def nanargmax(
    a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = None
) -> Any:
    """Place of the largest entry that is not NaN."""
    x, _ = _split(a, -np.inf)
    return np.argmax(x, axis, **_options(keepdims))


@traces(np.nanargmin)
def nanargmin(
    a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = None
) -> Any:
    """Place of the smallest entry that is not NaN."""
    x, _ = _split(a, np.inf)
    return np.argmin(x, axis, **_options(keepdims))


@traces(np.nancumsum)
def nancumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """Running sums that take NaN as 0."""
    return np.cumsum(_split(a, 0)[0], axis, dtype)


@traces(np.nancumprod)
def nancumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """Running products that take NaN as 1."""
    return np.cumprod(_split(a, 1)[0], axis, dtype)
