"""Shape and order of axes: reshape, transpose, broadcast, squeeze, flip, roll, tile."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad import ops
from funcgrad.core.trace import typeof
from funcgrad.numpy.axes import (
    canonical_axes,
    canonical_axis,
    insert_axes,
    ordered_axes,
    shape_error,
)
from funcgrad.numpy.creation import as_shape
from funcgrad.numpy.dispatch import given, to_array, traces
from funcgrad.ops.elementwise import broadcast_shapes as common_shape


def _unknown_extent(size: int, extents: tuple[int, ...]) -> tuple[int, ...]:
    """A shape with its -1 replaced by what makes the size right."""
    if extents.count(-1) != 1:
        return extents
    known = math.prod(extent for extent in extents if extent != -1)
    if known == 0 or size % known:
        raise shape_error(
            f"an array of {size} entries can not be reshaped to {extents}.",
            f"known extents whose product is {known}",
            f"a divisor of {size} as the product of the known extents",
        )
    return tuple(size // known if extent == -1 else extent for extent in extents)


@traces(np.reshape)
def reshape(
    a: Any,
    /,
    shape: Any = None,
    order: str = "C",
    *,
    newshape: Any = None,
    copy: Any = None,
) -> Any:
    """The same entries under another shape; one extent may be -1."""
    x = to_array(a)
    aval = typeof(x)
    extents = _unknown_extent(aval.size, as_shape(newshape if shape is None else shape))
    if order == "F":
        return transpose(ops.reshape(transpose(x), extents[::-1]))
    return ops.reshape(x, extents)


@traces(np.ravel)
def ravel(a: Any, order: str = "C") -> Any:
    """All entries in one axis."""
    return reshape(a, (-1,) if typeof(to_array(a)).size else (0,), order)


@traces(np.transpose, np.permute_dims)
def transpose(a: Any, axes: Any = None) -> Any:
    """The axes in another order; reversed by default."""
    x = to_array(a)
    ndim = typeof(x).ndim
    if axes is None:
        return ops.transpose(x, range(ndim)[::-1])
    order = ordered_axes(tuple(axes), ndim)
    if len(order) != ndim:
        raise shape_error(
            "`transpose` names every axis once.",
            f"axes {axes} of an array with {ndim} axes",
        )
    return ops.transpose(x, order)


permute_dims = transpose


@traces(np.matrix_transpose, np.linalg.matrix_transpose)
def matrix_transpose(x: Any, /) -> Any:
    """The last two axes exchanged."""
    if typeof(to_array(x)).ndim < 2:
        raise shape_error(
            "`matrix_transpose` takes matrices.",
            f"an array of shape {typeof(to_array(x)).shape}",
            "a shape (..., m, n)",
        )
    return swapaxes(x, -1, -2)


@traces(np.swapaxes)
def swapaxes(a: Any, axis1: Any, axis2: Any) -> Any:
    """Two axes exchanged."""
    x = to_array(a)
    ndim = typeof(x).ndim
    order = list(range(ndim))
    one, other = canonical_axis(axis1, ndim), canonical_axis(axis2, ndim)
    order[one], order[other] = other, one
    return ops.transpose(x, order)


@traces(np.moveaxis)
def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    """Axes moved to other places, the others left in order."""
    x = to_array(a)
    ndim = typeof(x).ndim
    origin, target = ordered_axes(source, ndim), ordered_axes(destination, ndim)
    if len(origin) != len(target):
        raise shape_error(
            "`moveaxis`: `source` and `destination` name equally many axes.",
            f"{len(origin)} and {len(target)} axes",
        )
    order = [axis for axis in range(ndim) if axis not in origin]
    for place, axis in sorted(zip(target, origin, strict=True)):
        order.insert(place, axis)
    return ops.transpose(x, order)


@traces(np.rollaxis)
def rollaxis(a: Any, axis: Any, start: Any = 0) -> Any:
    """One axis rolled back until it is at ``start``."""
    x = to_array(a)
    ndim = typeof(x).ndim
    axis = canonical_axis(axis, ndim)
    start = operator.index(start)
    start = start + ndim if start < 0 else start
    return ops.move_axis(x, axis, start - 1 if axis < start else start)


@traces(np.expand_dims)
def expand_dims(a: Any, axis: Any) -> Any:
    """New axes of extent 1 at these places of the result."""
    x = to_array(a)
    count = len(axis) if isinstance(axis, (tuple, list)) else 1
    return insert_axes(x, canonical_axes(axis, typeof(x).ndim + count))


@traces(np.squeeze)
def squeeze(a: Any, axis: Any = None) -> Any:
    """The array without axes of extent 1."""
    x = to_array(a)
    shape = typeof(x).shape
    if axis is None:
        return ops.reshape(x, tuple(n for n in shape if n != 1))
    axes = canonical_axes(axis, len(shape))
    if any(shape[i] != 1 for i in axes):
        raise shape_error(
            "an axis can be squeezed only if its extent is 1.",
            f"axis={axis} of shape {shape}",
        )
    return ops.reshape(x, tuple(n for i, n in enumerate(shape) if i not in axes))


@traces(np.broadcast_to)
def broadcast_to(array: Any, shape: Any, subok: bool = False) -> Any:
    """The array repeated to a shape."""
    x = to_array(array)
    extents = as_shape(shape)
    if common_shape(typeof(x).shape, extents) != extents:
        raise shape_error(
            "the array can not be broadcast to this shape.",
            f"{typeof(x).shape} to {extents}",
        )
    return ops.broadcast_to(x, extents)


def broadcast_shapes(*shapes: Any) -> tuple[int, ...]:
    """The shape that arrays of these shapes broadcast to.

    Parameters
    ----------
    *shapes : int or tuple of int

    Returns
    -------
    tuple of int

    Raises
    ------
    ShapeError
        If they can not be broadcast together.

    Examples
    --------
    >>> broadcast_shapes((3, 1), (4,))
    (3, 4)
    """
    return common_shape(*[as_shape(shape) for shape in shapes])


@traces(np.broadcast_arrays)
def broadcast_arrays(*args: Any, subok: bool = False) -> Any:
    """The arrays, repeated to one shape."""
    arrays = [to_array(x) for x in args]
    shape = common_shape(*[typeof(x).shape for x in arrays])
    return tuple([ops.broadcast_to(x, shape) for x in arrays])


@traces(np.atleast_1d)
def atleast_1d(*arys: Any) -> Any:
    """Arrays with one axis at least."""
    results = [_with_axes(to_array(x), 1) for x in arys]
    return results[0] if len(results) == 1 else tuple(results)


@traces(np.atleast_2d)
def atleast_2d(*arys: Any) -> Any:
    """Arrays with two axes at least."""
    results = [_with_axes(to_array(x), 2) for x in arys]
    return results[0] if len(results) == 1 else tuple(results)


@traces(np.atleast_3d)
def atleast_3d(*arys: Any) -> Any:
    """Arrays with three axes at least: (m, n) becomes (m, n, 1), (n,) (1, n, 1)."""
    results = [_with_three_axes(to_array(x)) for x in arys]
    return results[0] if len(results) == 1 else tuple(results)


def _with_axes(x: Any, rank: int) -> Any:
    shape = typeof(x).shape
    return ops.reshape(x, (1,) * max(rank - len(shape), 0) + shape)


def _with_three_axes(x: Any) -> Any:
    shape = _with_axes(x, 2).shape
    return ops.reshape(x, (*shape, 1)) if len(shape) == 2 else x


@traces(np.flip)
def flip(m: Any, axis: Any = None) -> Any:
    """The order of entries reversed along axes; all by default."""
    x = to_array(m)
    axes = canonical_axes(axis, typeof(x).ndim)
    return ops.rev(x, axes) if axes else x


@traces(np.flipud)
def flipud(m: Any) -> Any:
    """Rows in reverse order."""
    if not typeof(to_array(m)).ndim:
        raise shape_error("`flipud` takes arrays with axes.", "an array without")
    return flip(m, 0)


@traces(np.fliplr)
def fliplr(m: Any) -> Any:
    """Columns in reverse order."""
    if typeof(to_array(m)).ndim < 2:
        raise shape_error(
            "`fliplr` takes arrays with two axes at least.",
            f"an array of shape {typeof(to_array(m)).shape}",
        )
    return flip(m, 1)


@traces(np.rot90)
def rot90(m: Any, k: int = 1, axes: Sequence[int] = (0, 1)) -> Any:
    """A quarter turn, ``k`` times, in the plane of two axes."""
    x = to_array(m)
    first, second = ordered_axes(tuple(axes), typeof(x).ndim)
    turns = k % 4
    if turns == 0:
        return x
    if turns == 2:
        return flip(x, (first, second))
    if turns == 1:
        return swapaxes(flip(x, second), first, second)
    return flip(swapaxes(x, first, second), second)


@traces(np.roll)
def roll(a: Any, shift: Any, axis: Any = None) -> Any:
    """Entries shifted along axes; those that fall off come in at the other end."""
    x = to_array(a)
    shape = typeof(x).shape
    if axis is None:
        return ops.reshape(roll(ravel(x), shift, 0), shape)
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    shifts = shift if isinstance(shift, (tuple, list)) else (shift,) * len(axes)
    if len(axes) == 1 < len(shifts):
        axes = tuple(axes) * len(shifts)
    if len(axes) != len(shifts):
        raise ValueError("'shift' and 'axis' should be scalars or 1D sequences")
    for one_shift, one_axis in zip(shifts, axes, strict=True):
        x = _roll_axis(
            x, operator.index(one_shift), canonical_axis(one_axis, len(shape))
        )
    return x


def _roll_axis(x: Any, shift: int, axis: int) -> Any:
    extent = typeof(x).shape[axis]
    offset = shift % extent if extent else 0
    if offset == 0:
        return x
    before = (slice(None),) * axis
    tail = x[(*before, slice(extent - offset, extent))]
    head = x[(*before, slice(0, extent - offset))]
    return ops.concatenate([tail, head], axis)


@traces(np.tile)
def tile(A: Any, reps: Any) -> Any:
    """The array repeated as a whole, ``reps`` times along each axis."""
    x = to_array(A)
    counts = as_shape(reps)
    rank = max(typeof(x).ndim, len(counts))
    counts = (1,) * (rank - len(counts)) + counts
    shape = _with_axes(x, rank).shape if rank else ()
    split = tuple(n for extent in shape for n in (1, extent))
    spread = tuple(n for pair in zip(counts, shape, strict=True) for n in pair)
    wide = ops.broadcast_to(ops.reshape(x, split), spread)
    total = tuple(c * n for c, n in zip(counts, shape, strict=True))
    return ops.reshape(wide, total)


@traces(np.repeat)
def repeat(a: Any, repeats: Any, axis: Any = None) -> Any:
    """Each entry repeated along an axis; ``repeats`` must be known."""
    x = to_array(a)
    if axis is None:
        x, axis = ravel(x), 0
    axis = canonical_axis(axis, typeof(x).ndim)
    extent = typeof(x).shape[axis]
    if np.ndim(repeats) == 0 or np.size(repeats) == 1:
        return _repeat_all(x, int(np.reshape(repeats, ())), axis)
    counts = np.asarray(repeats)
    if counts.shape != (extent,):
        raise shape_error(
            "`repeat` takes one count for every entry along the axis.",
            f"counts of shape {counts.shape} for {extent} entries",
            f"a number, or an array of shape ({extent},)",
        )
    index = np.repeat(np.arange(extent), counts)
    return x[(slice(None),) * axis + (index,)]


def _repeat_all(x: Any, count: int, axis: int) -> Any:
    shape = typeof(x).shape
    spread = (*shape[: axis + 1], count, *shape[axis + 1 :])
    into = (*range(axis + 1), *range(axis + 2, len(spread)))
    wide = ops.broadcast_in_dim(x, spread, into)
    return ops.reshape(wide, (*shape[:axis], shape[axis] * count, *shape[axis + 1 :]))


@traces(np.resize)
def resize(a: Any, new_shape: Any) -> Any:
    """The entries, repeated or cut to fill a shape."""
    flat = ravel(a)
    shape = as_shape(new_shape)
    size, wanted = typeof(flat).size, math.prod(shape)
    if size == 0 or wanted == 0:
        return ops.broadcast_to(np.zeros((), typeof(flat).dtype), shape)
    return ops.reshape(tile(flat, -(-wanted // size))[:wanted], shape)


@traces(np.astype)
def astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
    """The same values in another dtype."""
    return to_array(x, dtype)


@traces(np.shape)
def shape(a: Any) -> tuple[int, ...]:
    """The extents of the axes."""
    return typeof(to_array(a)).shape


@traces(np.ndim)
def ndim(a: Any) -> int:
    """The number of axes."""
    return typeof(to_array(a)).ndim


@traces(np.size)
def size(a: Any, axis: Any = None) -> int:
    """The number of entries, or the extent of axes."""
    extents = typeof(to_array(a)).shape
    if not given(axis):
        return math.prod(extents)
    return math.prod(extents[i] for i in canonical_axes(axis, len(extents)))
