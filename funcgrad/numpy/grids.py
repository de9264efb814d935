"""Grids, functions applied along axes, and what NumPy says of dtypes and shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad import ops
from funcgrad.core import dtypes
from funcgrad.core.trace import Tracer, typeof
from funcgrad.numpy.axes import canonical_axes, canonical_axis
from funcgrad.numpy.dispatch import to_array, traces
from funcgrad.numpy.shape import moveaxis, ravel


@traces(np.meshgrid)
def meshgrid(
    *xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy"
) -> Any:
    """Coordinates of a grid from the coordinates of its axes."""
    if indexing not in ("xy", "ij"):
        raise ValueError("Valid values for `indexing` are 'xy' and 'ij'.")
    vectors = [ravel(x) for x in xi]
    rank = len(vectors)
    places = list(range(rank))
    if indexing == "xy" and rank > 1:
        places[0], places[1] = 1, 0
    shape = [0] * rank
    for vector, place in zip(vectors, places, strict=True):
        shape[place] = typeof(vector).shape[0]
    grids = []
    for vector, place in zip(vectors, places, strict=True):
        column = [1] * rank
        column[place] = shape[place]
        line = ops.reshape(vector, tuple(column))
        grids.append(line if sparse else ops.broadcast_to(line, tuple(shape)))
    return tuple(grids)


@traces(np.apply_along_axis)
def apply_along_axis(
    func1d: Callable[..., Any], axis: int, arr: Any, *args: Any, **kwargs: Any
) -> Any:
    """A function of vectors applied to every vector along an axis."""
    x = to_array(arr)
    axis = canonical_axis(axis, typeof(x).ndim)
    rows = moveaxis(x, axis, -1)
    lead = typeof(rows).shape[:-1]
    flat = ops.reshape(rows, (-1 if 0 in lead else int(np.prod(lead)), rows.shape[-1]))
    results = [to_array(func1d(row, *args, **kwargs)) for row in flat]
    y = np.stack(results)
    inner = typeof(results[0]).shape
    y = ops.reshape(y, (*lead, *inner))
    places = range(len(lead), len(lead) + len(inner))
    return moveaxis(y, tuple(places), tuple(range(axis, axis + len(inner))))


@traces(np.apply_over_axes)
def apply_over_axes(func: Callable[..., Any], a: Any, axes: Any) -> Any:
    """A function of an array and an axis applied over several axes in turn."""
    x = to_array(a)
    rank = typeof(x).ndim
    for axis in canonical_axes(axes, rank):
        y = func(x, axis)
        if typeof(y).ndim == rank - 1:
            y = np.expand_dims(y, axis)
        x = y
    return x


@traces(np.result_type)
def result_type(*arrays_and_dtypes: Any) -> Any:
    """The dtype of an operation on these arrays, scalars and dtypes."""
    stands_for = [_stand_in(x) for x in arrays_and_dtypes]
    return np.result_type(*stands_for)


def _stand_in(x: Any) -> Any:
    if not isinstance(x, Tracer):
        return x
    aval = typeof(x)
    weak = {"b": False, "i": 0, "f": 0.0, "c": 0j}
    return weak[aval.dtype.kind] if aval.weak_type else aval.dtype


@traces(np.can_cast)
def can_cast(from_: Any, to: Any, casting: Any = "safe") -> bool:
    """Whether values of one dtype may be converted to another."""
    source = dtypes.dtype_of(from_) if isinstance(from_, Tracer) else from_
    return bool(np.can_cast(source, to, casting))


@traces(np.common_type)
def common_type(*arrays: Any) -> Any:
    """The inexact scalar type that holds all the arrays."""
    return np.common_type(*[np.empty(0, dtypes.dtype_of(x)) for x in arrays])


@traces(np.min_scalar_type)
def min_scalar_type(a: Any, /) -> np.dtype[Any]:
    """The smallest dtype for a value; of a traced value, its own dtype."""
    return dtypes.dtype_of(a)


@traces(np.ix_)
def ix_(*args: Any) -> Any:
    """Vectors with one axis of their own each, which index a grid."""
    parts = []
    for place, vector in enumerate(map(to_array, args)):
        if typeof(vector).ndim != 1:
            raise ValueError("Cross index must be 1 dimensional")
        if typeof(vector).dtype == np.bool_:
            (vector,) = np.nonzero(vector)
        extents = [1] * len(args)
        extents[place] = -1
        parts.append(np.reshape(vector, extents))
    return tuple(parts)


@traces(np.diag_indices_from)
def diag_indices_from(arr: Any) -> Any:
    """The indices of the main diagonal of a cube: they depend on its shape alone."""
    shape = typeof(arr).shape
    if len(shape) < 2:
        raise ValueError("input array must be at least 2-d")
    if len(set(shape)) > 1:
        raise ValueError("All dimensions of input must be of equal length")
    return np.diag_indices(shape[0], len(shape))


@traces(np.tril_indices_from)
def tril_indices_from(arr: Any, k: int = 0) -> Any:
    """The indices of the lower triangle of a matrix, by its shape."""
    rows, columns = _matrix_shape(arr)
    return np.tril_indices(rows, k, columns)


@traces(np.triu_indices_from)
def triu_indices_from(arr: Any, k: int = 0) -> Any:
    """The indices of the upper triangle of a matrix, by its shape."""
    rows, columns = _matrix_shape(arr)
    return np.triu_indices(rows, k, columns)


def _matrix_shape(arr: Any) -> tuple[int, int]:
    shape = typeof(arr).shape
    if len(shape) != 2:
        raise ValueError("input array must be 2-d")
    return shape[0], shape[1]
