"""Sorting, searching and sets of sorted values."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad import ops
from funcgrad.core.numpy_protocol import defines_method
from funcgrad.core.trace import typeof
from funcgrad.numpy.axes import canonical_axis
from funcgrad.numpy.dispatch import promote, to_array, traces
from funcgrad.numpy.indexing import entries, where
from funcgrad.numpy.ranges import iota_along
from funcgrad.numpy.reductions import flat_or_axis
from funcgrad.numpy.shape import flip, ravel


def _with_axis(a: Any, axis: Any) -> tuple[Any, int]:
    x = to_array(a)
    if axis is None:
        return ravel(x), 0
    return x, canonical_axis(axis, typeof(x).ndim)


@traces(np.sort)
def _increasing(
    a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None
) -> Any:
    x, place = _with_axis(a, axis)
    return ops.sort(x, place)


@defines_method("sort")
def sort(
    a: Any,
    axis: Any = -1,
    kind: Any = None,
    order: Any = None,
    *,
    stable: Any = None,
    descending: bool = False,
) -> Any:
    """Entries in increasing order along an axis, NaN last.

    Parameters
    ----------
    a : array
    axis : int or None, optional
        None sorts all entries in one axis.
    kind, order, stable : optional
        As NumPy takes them; sorting of traced values is stable.
    descending : bool, optional
        Whether to give the entries in decreasing order, NaN first.

    Returns
    -------
    array

    Examples
    --------
    >>> sort(np.array([3.0, 1.0, 2.0]), descending=True)
    Array([3., 2., 1.])
    """
    values = _increasing(a, axis, kind, order, stable=stable)
    return flip(values, -1 if axis is None else axis) if descending else values


@traces(np.argsort)
def _increasing_places(
    a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None
) -> Any:
    x, place = flat_or_axis(a, axis)
    index = iota_along(typeof(x).shape, place)
    return ops.sort_key_val(x, index, place)[1]


@defines_method("argsort")
def argsort(
    a: Any,
    axis: Any = -1,
    kind: Any = None,
    order: Any = None,
    *,
    stable: Any = None,
    descending: bool = False,
) -> Any:
    """Places of the entries in increasing order along an axis, NaN last.

    Parameters
    ----------
    a : array
    axis : int or None, optional
        None sorts all entries in one axis.
    kind, order, stable : optional
        As NumPy takes them; without them, and for traced values, equal entries keep
        their order.
    descending : bool, optional
        Whether to go in decreasing order, NaN first.

    Returns
    -------
    array of int64

    Examples
    --------
    >>> argsort(np.array([3.0, 1.0, 2.0]), descending=True)
    Array([0, 2, 1])
    """
    if kind is None and stable is None:
        stable = True
    if not descending:
        return _increasing_places(a, axis, kind, order, stable=stable)
    x, place = flat_or_axis(a, axis)
    backwards = _increasing_places(flip(x, place), place, kind, order, stable=stable)
    return typeof(x).shape[place] - 1 - flip(backwards, place)


@traces(np.sort_complex)
def sort_complex(a: Any) -> Any:
    """Entries sorted by real part, then by imaginary part, complex."""
    x = to_array(a)
    return sort(x.astype(np.result_type(typeof(x).dtype, np.complex64)))


@traces(np.lexsort)
def lexsort(keys: Any, axis: int = -1) -> Any:
    """Places in increasing order of the last key, ties broken by those before."""
    columns = [to_array(key) for key in keys]
    order = argsort(columns[0], axis)
    for column in columns[1:]:
        within = np.take_along_axis(column, order, axis)
        order = np.take_along_axis(order, argsort(within, axis), axis)
    return order


@traces(np.partition)
def partition(
    a: Any, kth: Any, axis: Any = -1, kind: str = "introselect", order: Any = None
) -> Any:
    """Entries with the ``kth`` in its sorted place; here all of them sorted."""
    return sort(a, axis)


@traces(np.argpartition)
def argpartition(
    a: Any, kth: Any, axis: Any = -1, kind: str = "introselect", order: Any = None
) -> Any:
    """Places of the entries as ``partition`` puts them; here sorted."""
    return argsort(a, axis)


@traces(np.searchsorted)
@defines_method("searchsorted")
def searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    """Where ``v`` would be inserted into the sorted ``a``."""
    if side not in ("left", "right"):
        raise ValueError(f"search side must be 'left' or 'right' (got {side!r})")
    x, value = promote([to_array(a), to_array(v)])
    if typeof(x).ndim != 1:
        raise ValueError("object too deep for desired array")
    if sorter is not None:
        x = entries(x, sorter)
    return ops.searchsorted(x, value, side=side)


@traces(np.digitize)
def digitize(x: Any, bins: Any, right: bool = False) -> Any:
    """The number of the bin that each entry falls into; bins up or down."""
    edges = to_array(bins)
    up = searchsorted(edges, x, "left" if right else "right")
    down = searchsorted(edges[::-1], x, "right" if right else "left")
    return where(edges[0] <= edges[-1], up, typeof(edges).size - down)


@traces(np.isin)
def isin(
    element: Any,
    test_elements: Any,
    assume_unique: bool = False,
    invert: bool = False,
    *,
    kind: Any = None,
) -> Any:
    """Whether each entry is among the entries of ``test_elements``."""
    x, among = promote([to_array(element), ravel(test_elements)])
    found = np.any(x[..., None] == among, axis=-1)
    return ~found if invert else found
