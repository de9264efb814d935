"""Arrays joined and taken apart: concatenate, stack, split, pad, insert, delete."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad import ops
from funcgrad.core.trace import typeof
from funcgrad.numpy.axes import canonical_axis, insert_axes, shape_error
from funcgrad.numpy.dispatch import promote, to_array, traces
from funcgrad.numpy.shape import atleast_1d, atleast_2d, atleast_3d, ravel


def _operands(arrays: Any, dtype: Any = None) -> list[Any]:
    items = [to_array(x) for x in arrays]
    if not items:
        raise shape_error(
            "there is nothing to join.", "no arrays", "one array at least"
        )
    return [to_array(x, dtype) for x in items] if dtype is not None else promote(items)


@traces(np.concatenate, np.concat)
def concatenate(
    arrays: Any,
    /,
    axis: Any = 0,
    out: Any = None,
    *,
    dtype: Any = None,
    casting: str = "same_kind",
) -> Any:
    """Arrays one after the other along an axis that they have; None: all flat."""
    parts = _operands(arrays, dtype)
    if axis is None:
        parts, axis = [ravel(x) for x in parts], 0
    axis = canonical_axis(axis, typeof(parts[0]).ndim)
    return parts[0] if len(parts) == 1 else ops.concatenate(parts, axis)


concat = concatenate


@traces(np.stack)
def stack(
    arrays: Any,
    axis: Any = 0,
    out: Any = None,
    *,
    dtype: Any = None,
    casting: str = "same_kind",
) -> Any:
    """Arrays of one shape along a new axis."""
    parts = _operands(arrays, dtype)
    shapes = {typeof(x).shape for x in parts}
    if len(shapes) != 1:
        raise shape_error(
            "`stack` takes arrays of one shape.",
            " and ".join(str(typeof(x).shape) for x in parts),
            "equal shapes",
            "concatenate, which joins along an axis that is there",
        )
    axis = canonical_axis(axis, typeof(parts[0]).ndim + 1)
    return concatenate([insert_axes(x, (axis,)) for x in parts], axis)


@traces(np.unstack)
def unstack(x: Any, /, *, axis: int = 0) -> Any:
    """The slices along an axis, as a tuple."""
    operand = to_array(x)
    axis = canonical_axis(axis, typeof(operand).ndim)
    before = (slice(None),) * axis
    return tuple([operand[(*before, i)] for i in range(typeof(operand).shape[axis])])


def _many(results: Any) -> list[Any]:
    return list(results) if isinstance(results, tuple) else [results]


@traces(np.hstack)
def hstack(tup: Any, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    """Arrays side by side: along the second axis, vectors along the first."""
    parts = _many(atleast_1d(*tup))
    axis = 0 if typeof(parts[0]).ndim == 1 else 1
    return concatenate(parts, axis, dtype=dtype)


@traces(np.vstack)
def vstack(tup: Any, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    """Arrays on top of each other, vectors as rows."""
    return concatenate(_many(atleast_2d(*tup)), 0, dtype=dtype)


@traces(np.dstack)
def dstack(tup: Any) -> Any:
    """Arrays behind each other, along the third axis."""
    return concatenate(_many(atleast_3d(*tup)), 2)


@traces(np.column_stack)
def column_stack(tup: Any) -> Any:
    """Vectors as columns of a matrix; matrices side by side."""
    parts = [to_array(x) for x in tup]
    columns = [
        x if typeof(x).ndim > 1 else ops.reshape(x, (typeof(x).size, 1)) for x in parts
    ]
    return concatenate(columns, 1)


@traces(np.block)
def block(arrays: Any) -> Any:
    """An array from nested lists of blocks: the innermost lists along the last axis."""
    depth = _depth(arrays)
    rank = max(depth, *(typeof(x).ndim for x in _leaves(arrays)))
    return _joined(arrays, depth, rank)


def _depth(arrays: Any) -> int:
    return 1 + max(map(_depth, arrays)) if isinstance(arrays, list) else 0


def _leaves(arrays: Any) -> list[Any]:
    if not isinstance(arrays, list):
        return [to_array(arrays)]
    return [leaf for item in arrays for leaf in _leaves(item)]


def _joined(arrays: Any, depth: int, rank: int) -> Any:
    if not isinstance(arrays, list):
        x = to_array(arrays)
        shape = typeof(x).shape
        return ops.reshape(x, (1,) * (rank - len(shape)) + shape)
    return concatenate([_joined(x, depth - 1, rank) for x in arrays], rank - depth)


@traces(np.append)
def append(arr: Any, values: Any, axis: Any = None) -> Any:
    """``values`` after ``arr``; both flat if no axis is given."""
    if axis is None:
        return concatenate([ravel(arr), ravel(values)], 0)
    return concatenate([arr, values], axis)


@traces(np.array_split)
def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """Parts along an axis; sections may differ by one in extent."""
    x = to_array(ary)
    axis = canonical_axis(axis, typeof(x).ndim)
    extent = typeof(x).shape[axis]
    if np.ndim(indices_or_sections) == 0:
        sections = operator.index(indices_or_sections)
        if sections <= 0:
            raise ValueError("number sections must be larger than 0.")
        each, extras = divmod(extent, sections)
        sizes = [each + 1] * extras + [each] * (sections - extras)
        bounds = np.cumsum([0, *sizes]).tolist()
    else:
        bounds = [0, *[operator.index(i) for i in indices_or_sections], extent]
    before = (slice(None),) * axis
    return [x[(*before, slice(low, high))] for low, high in itertools.pairwise(bounds)]


@traces(np.split)
def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """Parts along an axis, all of one extent if a number of sections is given."""
    extent = typeof(to_array(ary)).shape[axis]
    if np.ndim(indices_or_sections) == 0 and extent % indices_or_sections:
        raise shape_error(
            "`split` into sections of one size does not come out even.",
            f"{extent} entries into {indices_or_sections} sections",
            "a number of sections that divides the extent",
            "array_split, or the places where to split, as a list",
        )
    return array_split(ary, indices_or_sections, axis)


@traces(np.hsplit)
def hsplit(ary: Any, indices_or_sections: Any) -> Any:
    """Parts along the second axis; of a vector along its only one."""
    return split(ary, indices_or_sections, 0 if typeof(to_array(ary)).ndim == 1 else 1)


@traces(np.vsplit)
def vsplit(ary: Any, indices_or_sections: Any) -> Any:
    """Parts along the first axis."""
    return split(ary, indices_or_sections, 0)


@traces(np.dsplit)
def dsplit(ary: Any, indices_or_sections: Any) -> Any:
    """Parts along the third axis."""
    return split(ary, indices_or_sections, 2)


@traces(np.insert)
def insert(arr: Any, obj: Any, values: Any, axis: Any = None) -> Any:
    """``values`` put before the places ``obj``, which must be known."""
    x = to_array(arr)
    if axis is None:
        x, axis = ravel(x), 0
    axis = canonical_axis(axis, typeof(x).ndim)
    extent = typeof(x).shape[axis]
    single = np.ndim(obj) == 0 and not isinstance(obj, slice)
    # Where NumPy puts things is asked of NumPy, with entries that tell their origin.
    where = np.arange(extent)
    count = np.insert(where, obj, -1).size - extent
    added = to_array(values, typeof(x).dtype)
    if single and typeof(added).ndim == typeof(x).ndim:
        count = typeof(added).shape[axis]
        obj = [obj] * count
    elif single or typeof(added).ndim < typeof(x).ndim:
        added = _rows_to_insert(added, typeof(x).ndim, axis, single)
    shape = list(typeof(x).shape)
    shape[axis] = count
    origin = np.insert(where, obj, extent + np.arange(count))
    both = ops.concatenate([x, ops.broadcast_to(added, tuple(shape))], axis)
    return both[(slice(None),) * axis + (origin,)]


def _rows_to_insert(values: Any, rank: int, axis: int, single: bool) -> Any:
    """Values with the axis that they are inserted along in its place."""
    if single and typeof(values).ndim:
        values = ops.reshape(
            values, (1,) * (rank - 1 - typeof(values).ndim) + typeof(values).shape
        )
        return insert_axes(values, (axis,))
    return values


@traces(np.delete)
def delete(arr: Any, obj: Any, axis: Any = None) -> Any:
    """The array without the places ``obj``, which must be known."""
    x = to_array(arr)
    if axis is None:
        x, axis = ravel(x), 0
    axis = canonical_axis(axis, typeof(x).ndim)
    kept = np.delete(np.arange(typeof(x).shape[axis]), obj)
    return x[(slice(None),) * axis + (kept,)]


@traces(np.pad)
def pad(array: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    """The array with more entries around it.

    Modes: constant, edge, reflect, symmetric, wrap, empty, and mean, maximum, minimum,
    median and linear_ramp with their defaults.
    """
    x = to_array(array)
    shape = typeof(x).shape
    if isinstance(pad_width, dict):
        pad_width = [pad_width.get(i, (0, 0)) for i in range(len(shape))]
    widths = np.broadcast_to(np.asarray(pad_width, int), (len(shape), 2)).tolist()
    if mode == "constant":
        return _pad_constant(x, widths, kwargs.get("constant_values", 0))
    if mode == "empty":
        return _pad_constant(x, widths, 0)
    for axis, (low, high) in enumerate(widths):
        if low or high:
            x = _pad_axis(x, axis, low, high, mode, kwargs)
    return x


def _pad_constant(x: Any, widths: Sequence[Sequence[int]], values: Any) -> Any:
    aval = typeof(x)
    sides = np.broadcast_to(np.asarray(values, aval.dtype), (aval.ndim, 2))
    for axis, (low, high) in enumerate(widths):
        parts = [
            ops.broadcast_to(value, _with_extent(typeof(x).shape, axis, width))
            for value, width in zip(sides[axis], (low, high), strict=True)
        ]
        if low or high:
            x = ops.concatenate([parts[0], x, parts[1]], axis)
    return x


def _with_extent(shape: tuple[int, ...], axis: int, extent: int) -> tuple[int, ...]:
    return (*shape[:axis], extent, *shape[axis + 1 :])


def _pad_axis(x: Any, axis: int, low: int, high: int, mode: Any, options: Any) -> Any:
    extent = typeof(x).shape[axis]
    before = (slice(None),) * axis
    if mode in ("edge", "reflect", "symmetric", "wrap") and not options:
        origin = np.pad(np.arange(extent), (low, high), mode=mode)
        return x[(*before, origin)]
    if mode == "linear_ramp":
        return _pad_ramp(x, axis, low, high, options.get("end_values", 0))
    statistics: dict[str, Any] = {
        "mean": np.mean,
        "maximum": np.max,
        "minimum": np.min,
        "median": np.median,
    }
    statistic = statistics.get(mode)
    if statistic is None or options:
        raise ValueError(
            f"pad of a traced value: mode {mode!r} with {options} is not one "
            "of the modes above"
        )
    value = statistic(x, axis=axis, keepdims=True)
    if typeof(x).dtype.kind in "iu":
        value = np.rint(value).astype(typeof(x).dtype)
    shape = typeof(x).shape
    sides = [ops.broadcast_to(value, _with_extent(shape, axis, n)) for n in (low, high)]
    return ops.concatenate([sides[0], x, sides[1]], axis)


def _pad_ramp(x: Any, axis: int, low: int, high: int, end: Any) -> Any:
    before = (slice(None),) * axis
    first, last = x[(*before, slice(0, 1))], x[(*before, slice(-1, None))]
    rank = typeof(x).ndim
    column = [1] * rank
    column[axis] = -1
    up = (np.arange(low) / max(low, 1)).reshape(column)
    down = (np.arange(high)[::-1] / max(high, 1)).reshape(column)
    sides = [end + (first - end) * up, end + (last - end) * down]
    dtype = typeof(x).dtype
    return ops.concatenate([sides[0].astype(dtype), x, sides[1].astype(dtype)], axis)
