"""Averages, quantiles, histograms, covariance and correlation."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from funcgrad import errors, ops
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.numpy.axes import canonical_axes, insert_axes
from funcgrad.numpy.dispatch import as_float, given, promote, to_array, traces
from funcgrad.numpy.indexing import where
from funcgrad.numpy.reductions import count_entries
from funcgrad.numpy.sorting import sort
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.order_statistics import order_statistics


@traces(np.average)
def average(
    a: Any,
    axis: Any = None,
    weights: Any = None,
    returned: bool = False,
    *,
    keepdims: Any = None,
) -> Any:
    """Weighted mean along axes."""
    x = to_array(a)
    if weights is None:
        mean = np.mean(x, axis=axis, keepdims=bool(given(keepdims) and keepdims))
        total = count_entries(x, canonical_axes(axis, typeof(x).ndim), None, None)
        scale = ops.broadcast_to(
            np.asarray(total, typeof(mean).dtype), typeof(mean).shape
        )
        return (mean, scale) if returned else mean
    w = to_array(weights)
    if typeof(w).shape != typeof(x).shape:
        if axis is None:
            raise TypeError(
                "Axis must be specified when shapes of a and weights differ."
            )
        axes = canonical_axes(axis, typeof(x).ndim)
        others = [i for i in range(typeof(x).ndim) if i not in axes]
        w = insert_axes(w, others)
    x, w = promote([as_float(x), as_float(w)])
    w = ops.broadcast_to(w, typeof(x).shape)
    keep = bool(given(keepdims) and keepdims)
    total = np.sum(w, axis=axis, keepdims=keep)
    mean = np.sum(x * w, axis=axis, keepdims=keep) / total
    return (mean, total) if returned else mean


# Plotting positions, Hyndman & Fan 1996: n q + alpha + q (1 - alpha - beta) - 1.
_POSITIONS = {
    "interpolated_inverted_cdf": (0.0, 1.0),
    "hazen": (0.5, 0.5),
    "weibull": (0.0, 0.0),
    "linear": (1.0, 1.0),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
}


def _virtual_index(method: str, n: Any, q: Any) -> tuple[Any, Any, Any]:
    """Places below and above a quantile of n entries, and the weight of the upper."""
    if method in _POSITIONS:
        alpha, beta = _POSITIONS[method]
        place = n * q + (alpha + q * (1 - alpha - beta)) - 1
        place = np.clip(place, 0, n - 1)
        low = np.floor(place)
        return low, np.minimum(low + 1, n - 1), place - low
    place = (n - 1) * q
    low, high = np.floor(place), np.ceil(place)
    if method == "lower":
        return low, low, 0.0
    if method == "higher":
        return high, high, 0.0
    if method == "midpoint":
        return low, high, 0.5
    if method == "nearest":
        nearest = np.rint(place)
        return nearest, nearest, 0.0
    place = n * q - 1
    low = np.clip(np.floor(place), 0, n - 1)
    high = np.clip(np.floor(place) + 1, 0, n - 1)
    fraction = place - np.floor(place)
    if method == "inverted_cdf":
        return low, high, np.where(fraction > 0, 1.0, 0.0)
    if method == "averaged_inverted_cdf":
        return low, high, np.where(fraction > 0, 1.0, 0.5)
    if method == "closest_observation":
        nearest = np.clip(np.rint(n * q) - 1, 0, n - 1)
        return nearest, nearest, 0.0
    raise errors.FuncgradError(
        errors.message(
            f"{method!r} is not a quantile method.",
            where=user_frame(),
            expected=", ".join(
                (
                    *_POSITIONS,
                    "lower",
                    "higher",
                    "midpoint",
                    "nearest",
                    "inverted_cdf",
                    "averaged_inverted_cdf",
                    "closest_observation",
                )
            ),
        )
    )


def _reduced_last(x: Any, axis: Any) -> tuple[Any, tuple[int, ...]]:
    """The axes that are reduced, joined into one at the end."""
    axes = canonical_axes(axis, typeof(x).ndim)
    kept = [i for i in range(typeof(x).ndim) if i not in axes]
    x = ops.transpose(x, (*kept, *axes))
    shape = typeof(x).shape
    joined = 1
    for extent in shape[len(kept) :]:
        joined *= extent
    return ops.reshape(x, (*shape[: len(kept)], joined)), axes


def _quantile(
    a: Any, q: Any, axis: Any, method: str, keepdims: bool, skip_nan: bool
) -> Any:
    x = as_float(a)
    x, axes = _reduced_last(x, axis)
    extent = typeof(x).shape[-1]
    if skip_nan:
        count: Any = np.sum(~np.isnan(x), axis=-1).astype(np.float64)
    else:
        count = float(extent)
    probability = to_array(q)
    probability = convert_element_type(probability, np.float64)
    parts = np.reshape(probability, (-1,))
    if skip_nan or not extent or not _are_few_and_known(parts):
        x = sort(x)
        nan = np.isnan(x[..., -1])
        find = partial(_sorted_entries, x)
    else:
        nan = np.any(np.isnan(x), axis=-1)
        find = partial(_selected_entries, x)
    rows = [_one_quantile(find, count, part, method) for part in parts]
    y = np.stack(rows) if rows else x[None, ..., 0][:0]
    y = convert_element_type(y, typeof(x).dtype)
    if not skip_nan:
        y = where(nan, np.nan, y)
    if keepdims:
        y = insert_axes(y, tuple(axis + 1 for axis in axes))
    return ops.reshape(y, (*typeof(probability).shape, *typeof(y).shape[1:]))


_FEW = 4
"""Quantiles up to which finding each costs less than sorting."""


def _are_few_and_known(q: Any) -> bool:
    return (
        isinstance(q, np.ndarray)
        and q.size <= _FEW
        and bool(((q >= 0) & (q <= 1)).all())
    )


def _one_quantile(find: Any, count: Any, q: Any, method: str) -> Any:
    low, high, weight = _virtual_index(method, count, q)
    ends = find(low, high)
    # As NumPy: from the nearer end, so that equal ends give exactly their value.
    step = ends[1] - ends[0]
    step = where(ends[0] == ends[1], 0.0, step)
    return where(weight < 0.5, ends[0] + step * weight, ends[1] - step * (1 - weight))


def _selected_entries(x: Any, low: Any, high: Any) -> list[Any]:
    start, stop = int(low), int(high) + 1
    found = order_statistics(x, start, stop, axis=typeof(x).ndim - 1)
    return [found[..., 0], found[..., -1]]


def _sorted_entries(x: Any, low: Any, high: Any) -> list[Any]:
    return [_entry(x, place) for place in (low, high)]


def _entry(x: Any, place: Any) -> Any:
    index = convert_element_type(ops.stop_gradient(place), np.int64)
    if typeof(index).shape == ():
        return np.take(x, index, axis=-1)
    index = np.maximum(index, 0)
    return np.take_along_axis(x, index[..., None], axis=-1)[..., 0]


@traces(np.quantile)
def quantile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Any:
    """Values below which a fraction ``q`` of the entries lies."""
    _refuse_weights(weights)
    return _quantile(a, q, axis, method, keepdims, skip_nan=False)


@traces(np.percentile)
def percentile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Any:
    """Values below which ``q`` percent of the entries lie."""
    return quantile(
        a,
        np.true_divide(to_array(q), 100),
        axis,
        None,
        False,
        method,
        keepdims,
        weights=weights,
    )


@traces(np.nanquantile)
def nanquantile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: Any = None,
    *,
    weights: Any = None,
) -> Any:
    """``quantile`` of the entries that are not NaN."""
    _refuse_weights(weights)
    keep = bool(given(keepdims) and keepdims)
    return _quantile(a, q, axis, method, keep, skip_nan=True)


@traces(np.nanpercentile)
def nanpercentile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: Any = None,
    *,
    weights: Any = None,
) -> Any:
    """``percentile`` of the entries that are not NaN."""
    fraction = np.true_divide(to_array(q), 100)
    return nanquantile(
        a, fraction, axis, None, False, method, keepdims, weights=weights
    )


def _refuse_weights(weights: Any) -> None:
    if weights is not None:
        raise TypeError("quantiles of traced values take no weights")


@traces(np.median)
def median(
    a: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    keepdims: bool = False,
) -> Any:
    """Middle entry along axes, or the mean of the middle two."""
    x = as_float(a)
    axes = canonical_axes(axis, typeof(x).ndim)
    if count_entries(x, axes, None, None) == 0:
        return np.mean(x, axis=axes, keepdims=keepdims)
    return _quantile(x, 0.5, axes, "linear", keepdims, skip_nan=False)


@traces(np.nanmedian)
def nanmedian(
    a: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    keepdims: Any = None,
) -> Any:
    """``median`` of the entries that are not NaN."""
    keep = bool(given(keepdims) and keepdims)
    return _quantile(a, 0.5, axis, "linear", keep, skip_nan=True)


@traces(np.cov)
def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: Any = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Any:
    """Covariance matrix: rows are variables, columns observations."""
    x = as_float(m)
    x = np.atleast_2d(x)
    if not rowvar and typeof(to_array(m)).ndim != 1:
        x = x.T
    if y is not None:
        other = np.atleast_2d(as_float(y))
        if not rowvar and typeof(other).shape[0] != 1:
            other = other.T
        x = np.concatenate([x, other], axis=0)
    if dtype is not None:
        x = convert_element_type(x, dtype)
    if typeof(x).shape[0] == 0:
        return ops.broadcast_to(np.zeros((), typeof(x).dtype), (0, 0))
    ddof = (0 if bias else 1) if ddof is None else ddof
    w = None if fweights is None else as_float(fweights)
    if aweights is not None:
        w = as_float(aweights) * (1.0 if w is None else w)
    mean, total = np.average(x, axis=1, weights=w, returned=True)
    total = total[0]
    if w is None:
        freedom = max(typeof(x).shape[1] - ddof, 0)
    elif ddof == 0:
        freedom = total
    elif aweights is None:
        freedom = total - ddof
    else:
        freedom = total - ddof * np.sum(w * to_array(aweights)) / total
    distance = x - mean[:, None]
    weighted = distance.T if w is None else (distance * w).T
    product = np.matmul(distance, np.conjugate(weighted))
    with np.errstate(divide="ignore"):
        scale = np.true_divide(1, freedom)
    return np.squeeze(product * scale)


@traces(np.corrcoef)
def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    """Correlation coefficients, clipped to [-1, 1]."""
    c = cov(x, y, rowvar, dtype=dtype)
    if typeof(c).ndim == 0:
        return c / c
    spread = np.sqrt(np.real(np.diagonal(c)))
    c = c / spread[:, None] / spread[None, :]
    if typeof(c).dtype.kind == "c":
        return ops.complex(np.clip(c.real, -1, 1), np.clip(c.imag, -1, 1))
    return np.clip(c, -1, 1)
