"""Counts in bins, and sums of shifted products."""

from __future__ import annotations

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
    place = searchsorted(edges, x, "right") - 1
    place = where(x == edges[-1], count - 1, place)
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
