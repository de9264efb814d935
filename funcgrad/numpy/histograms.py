"""Counts in bins, and sums of shifted products."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from funcgrad.core.trace import typeof
from funcgrad.numpy.creation import zeros
from funcgrad.numpy.dispatch import promote, to_array, traces
from funcgrad.numpy.indexing import where
from funcgrad.numpy.shape import ravel
from funcgrad.numpy.sorting import searchsorted
from funcgrad.ops.casting import convert_element_type

# Up to so many taps a convolution is written out, which fuses into one loop.
_UNROLLED = 32


@traces(np.bincount)
def bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    """Sums of the weights of every number: how often each occurs, without weights.

    The result has ``minlength`` entries unless the values are known.
    """
    index = to_array(x)
    concrete = index if isinstance(index, np.ndarray) else index.concrete()
    length = operator.index(minlength)
    if concrete is not None:
        length = max(length, int(np.max(concrete, initial=-1)) + 1)
    if weights is None:
        ones = np.ones(typeof(index).shape, np.int64)
        return _add_at(length, index, ones)
    return _add_at(length, index, convert_element_type(to_array(weights), np.float64))


def _add_at(length: int, index: Any, values: Any) -> Any:
    """Sums of the values of each index; indices beyond ``length`` are left out."""
    return zeros(length, typeof(values).dtype).at[index].add(values, mode="drop")


@traces(np.histogram_bin_edges)
def histogram_bin_edges(
    a: Any, bins: Any = 10, range: Any = None, weights: Any = None
) -> Any:
    """The edges of bins of equal width, or the edges given."""
    if np.ndim(bins) == 1:
        return to_array(bins)
    x = ravel(a)
    if range is not None:
        return np.linspace(range[0], range[1], operator.index(bins) + 1)
    low, high = np.min(x) * 1.0, np.max(x) * 1.0
    flat = low == high
    low, high = where(flat, low - 0.5, low), where(flat, high + 0.5, high)
    return np.linspace(low, high, operator.index(bins) + 1)


@traces(np.histogram)
def histogram(
    a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None
) -> Any:
    """How many entries (or how much weight) fall into each bin, and the edges."""
    x = ravel(a)
    edges = histogram_bin_edges(x, bins, range)
    count = typeof(edges).shape[0] - 1
    place = _bin_of(x, edges, count)
    inside = (x >= edges[0]) & (x <= edges[-1])
    if weights is None:
        amount: Any = inside.astype(np.int64)
    else:
        w = ravel(weights)
        amount = where(inside, w, np.zeros((), typeof(w).dtype))
    sums = _add_at(count, place, amount)
    if density:
        return sums / np.diff(edges) / np.sum(sums), edges
    return sums, edges


@traces(np.histogramdd)
def histogramdd(
    sample: Any,
    bins: Any = 10,
    range: Any = None,
    density: Any = None,
    weights: Any = None,
) -> Any:
    """How many points (or how much weight) fall into each cell, and the edges."""
    points = np.atleast_2d(to_array(sample).T).T if _is_array(sample) else sample
    columns = list(points.T) if _is_array(sample) else [to_array(x) for x in points]
    rank = len(columns)
    per_axis = list(bins) if _is_sequence(bins) else [bins] * rank
    if len(per_axis) != rank:
        raise ValueError(
            "The dimension of bins must be equal to the dimension of the sample x."
        )
    ranges = [None] * rank if range is None else list(range)
    edges = [
        histogram_bin_edges(x, b, r)
        for x, b, r in zip(columns, per_axis, ranges, strict=True)
    ]
    counts = [typeof(edge).shape[0] - 1 for edge in edges]
    cell: Any = 0
    inside: Any = True
    for x, edge, count in zip(columns, edges, counts, strict=True):
        cell = cell * count + _bin_of(x, edge, count)
        inside = inside & (x >= edge[0]) & (x <= edge[-1])
    amount = inside.astype(np.float64)
    if weights is not None:
        amount = where(inside, to_array(weights), 0.0)
    sums = np.reshape(_add_at(math.prod(counts), cell, amount), counts)
    if density:
        sums = sums / np.sum(sums)
        for axis, edge in enumerate(edges):
            extents = [1] * rank
            extents[axis] = -1
            sums = sums / np.reshape(np.diff(edge), extents)
    return sums, tuple(edges)


def _is_array(sample: Any) -> bool:
    return hasattr(sample, "shape")


def _is_sequence(bins: Any) -> bool:
    """Whether there are bins for each axis, or edges, and not one number of bins."""
    return isinstance(bins, (list, tuple)) or getattr(bins, "ndim", 0) > 0


def _bin_of(x: Any, edges: Any, count: int) -> Any:
    """The bin of each value; the last one is closed on both sides."""
    place = searchsorted(edges, x, "right") - 1
    return where(x == edges[-1], count - 1, place)


@traces(np.histogram2d)
def histogram2d(
    x: Any,
    y: Any,
    bins: Any = 10,
    range: Any = None,
    density: Any = None,
    weights: Any = None,
) -> Any:
    """How many pairs (or how much weight) fall into each cell, and both edges."""
    if _is_sequence(bins) and len(bins) not in (1, 2):
        bins = [bins, bins]
    sums, (first, second) = histogramdd(
        [to_array(x), to_array(y)], bins, range, density, weights
    )
    return sums, first, second


@traces(np.correlate)
def correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    """Sums of products of ``a`` with shifted conjugates of ``v``."""
    x, y = promote([to_array(a), to_array(v)])
    swapped = typeof(x).shape[0] < typeof(y).shape[0]
    if swapped:
        return np.conjugate(correlate(y, x, mode))[::-1]
    return convolve(x, np.conjugate(y)[::-1], mode)


@traces(np.convolve)
def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    """Sums of products of ``a`` with shifted and reversed ``v``."""
    x, y = promote([np.atleast_1d(to_array(a)), np.atleast_1d(to_array(v))])
    if typeof(x).ndim > 1 or typeof(y).ndim > 1:
        raise ValueError("object too deep for desired array")
    if typeof(x).shape[0] < typeof(y).shape[0]:
        x, y = y, x
    n, m = typeof(x).shape[0], typeof(y).shape[0]
    if m == 0:
        raise ValueError("v cannot be empty")
    if mode not in ("full", "same", "valid"):
        raise ValueError(f"mode must be 'valid', 'same' or 'full' (got {mode!r})")
    before = {"full": m - 1, "same": m // 2, "valid": 0}[mode]
    length = {"full": n + m - 1, "same": n, "valid": n - m + 1}[mode]
    after = length + m - 1 - n - before
    padded = np.pad(x, (before, max(after, 0)))
    if m <= _UNROLLED:
        return _sum_of_shifts(padded, y[::-1], length)
    place = np.arange(length)[:, None] + np.arange(m)[None, :]
    return np.matmul(padded[place], y[::-1])


def _sum_of_shifts(x: Any, weights: Any, length: int) -> Any:
    """Sum over k of ``weights[k] * x[k : k + length]``: one pass, no windows copied."""
    total: Any = x[:length] * weights[0]
    for k in range(1, typeof(weights).shape[0]):
        total = total + x[k : k + length] * weights[k]
    return total
