"""Sets of different entries; what they are must be known, not traced."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from funcgrad.core.trace import typeof
from funcgrad.numpy.axes import canonical_axis
from funcgrad.numpy.dispatch import to_array, traces
from funcgrad.numpy.indexing import known
from funcgrad.numpy.shape import ravel


class UniqueAllResult(NamedTuple):
    """Different entries, first places, places of all entries among them, counts."""

    values: Any
    indices: Any
    inverse_indices: Any
    counts: Any


class UniqueCountsResult(NamedTuple):
    """Different entries and how often each occurs."""

    values: Any
    counts: Any


class UniqueInverseResult(NamedTuple):
    """Different entries and the place of every entry among them."""

    values: Any
    inverse_indices: Any


@traces(np.unique)
def unique(
    ar: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: Any = None,
    *,
    equal_nan: bool = True,
    sorted: bool = True,
) -> Any:
    """The different entries in increasing order; values must be known.

    Under ``grad`` the derivative goes through the first place of each.
    """
    x = to_array(ar)
    flat = ravel(x) if axis is None else x
    _, index, inverse, counts = np.unique(
        known(flat, "unique"), True, True, True, axis, equal_nan=equal_nan
    )
    place = 0 if axis is None else canonical_axis(axis, typeof(x).ndim)
    found = [np.take(flat, index, place)]
    inverse = inverse.reshape(typeof(x).shape) if axis is None else inverse
    found += [index] * return_index + [inverse] * return_inverse
    found += [counts] * return_counts
    return tuple(found) if len(found) > 1 else found[0]


@traces(np.union1d)
def union1d(ar1: Any, ar2: Any) -> Any:
    """The different entries of both, increasing; values must be known."""
    return unique(np.concatenate([ravel(ar1), ravel(ar2)]))


@traces(np.intersect1d)
def intersect1d(
    ar1: Any, ar2: Any, assume_unique: bool = False, return_indices: bool = False
) -> Any:
    """The different entries that both have, increasing; values must be known."""
    x, y = ravel(ar1), ravel(ar2)
    _, first, second = np.intersect1d(
        known(x, "intersect1d"), known(y, "intersect1d"), assume_unique, True
    )
    found = x[first]
    return (found, first, second) if return_indices else found


@traces(np.setdiff1d)
def setdiff1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    """The different entries of the first that the second lacks; values known."""
    x = ravel(ar1)
    kept = x if assume_unique else unique(x)
    lacks = ~np.isin(known(kept, "setdiff1d"), known(ravel(ar2), "setdiff1d"))
    return kept[np.flatnonzero(lacks)]


@traces(np.unique_all)
def unique_all(x: Any) -> Any:
    """The different entries, with places and counts; NaN differs from NaN."""
    return UniqueAllResult(*unique(x, True, True, True, equal_nan=False))


@traces(np.unique_counts)
def unique_counts(x: Any) -> Any:
    """The different entries and how often each occurs; NaN differs from NaN."""
    return UniqueCountsResult(*unique(x, return_counts=True, equal_nan=False))


@traces(np.unique_inverse)
def unique_inverse(x: Any) -> Any:
    """The different entries, and the place of each entry among them."""
    return UniqueInverseResult(*unique(x, return_inverse=True, equal_nan=False))


@traces(np.unique_values)
def unique_values(x: Any) -> Any:
    """The different entries, sorted; NaN differs from NaN."""
    return unique(x, equal_nan=False)


@traces(np.setxor1d)
def setxor1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    """The entries that exactly one of two arrays has, increasing."""
    x, y = ravel(ar1), ravel(ar2)
    if not assume_unique:
        x, y = unique(x), unique(y)
    both = np.concatenate([x, y])
    return np.sort(setdiff1d(both, intersect1d(x, y), assume_unique=True))


@traces(np.trim_zeros)
def trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    """The vector without zeros at its front (``f``) and back (``b``)."""
    x = to_array(filt)
    if typeof(x).ndim != 1:
        raise ValueError("trim_zeros of a traced value takes a vector")
    places = np.flatnonzero(known(x, "trim_zeros"))
    if not places.size:
        return x[:0]
    start = int(places[0]) if "f" in trim.lower() else 0
    stop = int(places[-1]) + 1 if "b" in trim.lower() else typeof(x).shape[0]
    return x[start:stop]
