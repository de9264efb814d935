"""Entries chosen by condition, index and place: where, take, nonzero, diagonal."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad import errors, ops
from funcgrad.core.array import as_array
from funcgrad.core.numpy_protocol import defines_method, methods
from funcgrad.core.source import user_frame
from funcgrad.core.trace import Tracer, typeof
from funcgrad.numpy.axes import canonical_axis, ordered_axes, shape_error
from funcgrad.numpy.dispatch import given, promote, to_array, traces
from funcgrad.numpy.ranges import iota_along
from funcgrad.numpy.shape import ravel
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.elementwise import broadcast_shapes


@traces(np.where)
def where(condition: Any, x: Any = None, y: Any = None, /) -> Any:
    """``x`` where the condition holds, ``y`` elsewhere; alone, ``nonzero``."""
    if x is None and y is None:
        return nonzero(condition)
    mask = convert_element_type(to_array(condition), bool)
    yes, no = promote([to_weak(x), to_weak(y)])
    shape = broadcast_shapes(typeof(mask).shape, typeof(yes).shape, typeof(no).shape)
    return ops.where(*[ops.broadcast_to(v, shape) for v in (mask, yes, no)])


def to_weak(x: Any) -> Any:
    """A Python scalar, traced or not, as it is; anything else as an array."""
    if isinstance(x, (Tracer, bool, int, float, complex)):
        return x
    return to_array(x)


def entries(x: Any, index: Any) -> Any:
    """``x[index]`` where either may be traced (an ndarray takes no traced index)."""
    return methods["getitem"](x, index)


def known(x: Any, name: str) -> Any:
    """The value of ``x``, which decides a shape; an error if it is not known."""
    value = x.concrete() if isinstance(x, Tracer) else x
    if value is None:
        raise errors.ConcretizationTypeError(
            errors.message(
                f"the shape of `{name}` depends on values that are not known while the "
                "function is traced.",
                where=user_frame(),
                got=f"a traced {typeof(x)}",
                expected="an array with values",
                fix="funcgrad.numpy.nonzero(x, size=n, fill_value=0) for a known "
                "number of entries, or where(mask, x, 0) to keep the shape",
                see=errors.ConcretizationTypeError.page,
            )
        )
    return np.asarray(value)


@traces(np.nonzero)
def _nonzero(a: Any) -> Any:
    """Places of the entries that are not zero, an array of indices for each axis."""
    return np.nonzero(known(to_array(a), "nonzero"))


def nonzero(a: Any, *, size: int | None = None, fill_value: Any = 0) -> Any:
    """Places of the entries that are not zero, an array of indices for each axis.

    Parameters
    ----------
    a : array
    size : int, optional
        How many places to return: the first ones, filled up if there are fewer. With
        it the shape is known, so ``a`` may be any traced value.
    fill_value : int, optional
        What the results are filled up with.

    Returns
    -------
    tuple of int64 arrays, one for each axis

    Raises
    ------
    ConcretizationTypeError
        If ``a`` is traced, its value is not known and no ``size`` is given.

    Examples
    --------
    >>> nonzero(np.array([0, 3, 0, 4]), size=3, fill_value=-1)
    (Array([ 1,  3, -1]),)
    """
    if size is None:
        return _nonzero(a)
    mask = convert_element_type(to_array(a), bool)
    shape = typeof(mask).shape
    flat = ravel(mask)
    # Entry number k that holds is the one where the running count passes k.
    count = np.cumsum(flat)
    place = np.searchsorted(count, np.arange(1, size + 1))
    found = np.arange(size) < (count[-1] if typeof(flat).size else 0)
    place = np.minimum(place, max(typeof(flat).size - 1, 0))
    indices = np.unravel_index(place, shape)
    return tuple([where(found, i, fill_value) for i in indices])


@traces(np.flatnonzero)
def flatnonzero(a: Any) -> Any:
    """Places of the entries that are not zero in the flat array."""
    return _nonzero(ravel(a))[0]


@traces(np.argwhere)
def argwhere(a: Any) -> Any:
    """Places of the entries that are not zero, one row each."""
    return np.argwhere(known(to_array(a), "argwhere"))


@traces(np.unravel_index)
def unravel_index(indices: Any, shape: Any, order: str = "C") -> Any:
    """Flat places to one index for each axis."""
    extents = (operator.index(shape),) if np.ndim(shape) == 0 else tuple(shape)
    rest = to_array(indices)
    found = []
    for extent in extents[::-1] if order == "C" else extents:
        found.append(rest % extent)
        rest = rest // extent
    return tuple(found[::-1] if order == "C" else found)


@traces(np.ravel_multi_index)
def ravel_multi_index(
    multi_index: Any, dims: Any, mode: str = "raise", order: str = "C"
) -> Any:
    """One index for each axis to flat places; out-of-range ones are not noticed."""
    place: Any = 0
    pairs = list(zip(multi_index, dims, strict=True))
    for index, extent in pairs if order == "C" else pairs[::-1]:
        index = to_array(index)
        if mode == "wrap":
            index = index % extent
        elif mode == "clip":
            index = np.clip(index, 0, extent - 1)
        place = place * extent + index
    return place


@traces(np.take)
def take(
    a: Any, indices: Any, axis: Any = None, out: Any = None, mode: str = "raise"
) -> Any:
    """Entries at these places along an axis; of the flat array by default."""
    x = to_array(a)
    if not given(axis):
        x, axis = ravel(x), 0
    axis = canonical_axis(axis, typeof(x).ndim)
    index = to_array(indices)
    extent = typeof(x).shape[axis]
    if mode == "wrap":
        index = index % extent
    elif mode == "clip":
        index = np.clip(index, 0, extent - 1)
    return entries(x, (slice(None),) * axis + (index,))


@traces(np.take_along_axis)
def take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
    """Entries at one place for each vector along an axis (what ``argsort`` returns)."""
    x, index = to_array(arr), to_array(indices)
    if axis is None:
        x, axis = ravel(x), 0
    axis = canonical_axis(axis, typeof(x).ndim)
    return entries(x, _along_axis(typeof(x).shape, index, axis))


def _along_axis(shape: Sequence[int], index: Any, axis: int) -> tuple[Any, ...]:
    rank = len(shape)
    grid: list[Any] = []
    for i, extent in enumerate(shape):
        if i == axis:
            grid.append(index)
        else:
            column = [1] * rank
            column[i] = extent
            grid.append(np.arange(extent).reshape(column))
    return tuple(grid)


def put_along_axis(arr: Any, indices: Any, values: Any, axis: Any) -> Any:
    """A new array with ``values`` at one place for each vector along an axis.

    Parameters
    ----------
    arr : array
    indices : int array with as many axes
    values : array, broadcast to ``indices``
    axis : int or None

    Returns
    -------
    array
        Unlike NumPy's function this one does not write into ``arr``.

    Examples
    --------
    >>> put_along_axis(np.zeros((1, 3)), np.array([[2]]), 5.0, axis=1)
    Array([[0., 0., 5.]])
    """
    x, index = to_array(arr), to_array(indices)
    if axis is None:
        flat = put_along_axis(ravel(x), index, values, 0)
        return ops.reshape(flat, typeof(x).shape)
    axis = canonical_axis(axis, typeof(x).ndim)
    return _updates_of(x)[_along_axis(typeof(x).shape, index, axis)].set(values)


def _updates_of(x: Any) -> Any:
    array: Any = x if isinstance(x, Tracer) else as_array(np.asarray(x))
    return array.at


@traces(np.choose)
def choose(a: Any, choices: Any, out: Any = None, mode: str = "raise") -> Any:
    """At each place the entry of ``choices[a]``; out-of-range choices are clipped."""
    options = promote([to_array(c) for c in choices])
    index = to_array(a)
    if mode == "wrap":
        index = index % len(options)
    result = options[0]
    for number, option in enumerate(options[1:], start=1):
        result = where(index >= number, option, result)
    return result


@traces(np.select)
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """At each place the choice of the first condition that holds, else the default."""
    if len(condlist) != len(choicelist):
        raise ValueError("list of cases must be same length as list of conditions")
    choices = promote([*map(to_array, choicelist), to_array(default)])
    result = choices[-1]
    for condition, choice in zip(condlist[::-1], choices[-2::-1], strict=True):
        result = where(condition, choice, result)
    return result


@traces(np.compress)
def compress(condition: Any, a: Any, axis: Any = None, out: Any = None) -> Any:
    """The slices where a known condition holds."""
    places = np.flatnonzero(known(condition, "compress"))
    return take(a, places, axis)


@traces(np.extract)
def extract(condition: Any, arr: Any) -> Any:
    """The entries where a known condition holds, flat."""
    return take(arr, np.flatnonzero(known(condition, "extract")))


@traces(np.diagonal)
@defines_method("diagonal")
def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The diagonal of two axes, as the last axis of the result."""
    x = to_array(a)
    rank = typeof(x).ndim
    if rank < 2:
        raise shape_error(
            "a diagonal runs along two axes.",
            f"an array of shape {typeof(x).shape}",
            "two axes at least",
        )
    first, second = ordered_axes((axis1, axis2), rank)
    rest = [axis for axis in range(rank) if axis not in (first, second)]
    x = ops.transpose(x, (*rest, first, second))
    rows, columns = typeof(x).shape[-2:]
    down, right = max(-offset, 0), max(offset, 0)
    count = max(min(rows - down, columns - right), 0)
    place = np.arange(count)
    return x[..., place + down, place + right]


@traces(np.diag)
def diag(v: Any, k: int = 0) -> Any:
    """The diagonal of a matrix, or the matrix with this diagonal."""
    x = to_array(v)
    if typeof(x).ndim == 2:
        return diagonal(x, k)
    if typeof(x).ndim != 1:
        raise shape_error(
            "`diag` takes a vector or a matrix.",
            f"an array of shape {typeof(x).shape}",
            "one axis or two",
            "funcgrad.numpy.diagonal for stacks of matrices",
        )
    n = typeof(x).shape[0] + abs(k)
    along_rows = k < 0
    # Row i of a lower diagonal holds x[i + k]; column j of an upper one x[j - k].
    padded = np.pad(x, (-k, 0) if along_rows else (k, 0)) if k else x
    spread = ops.broadcast_in_dim(padded, (n, n), (0,) if along_rows else (1,))
    offset = iota_along((n, n), 1) - iota_along((n, n), 0)
    return where(offset == k, spread, np.zeros((), typeof(x).dtype))


@traces(np.diagflat)
def diagflat(v: Any, k: int = 0) -> Any:
    """The matrix with the flat entries on a diagonal."""
    return diag(ravel(v), k)


@traces(np.trace)
@defines_method("trace")
def trace(
    a: Any,
    offset: int = 0,
    axis1: int = 0,
    axis2: int = 1,
    dtype: Any = None,
    out: Any = None,
) -> Any:
    """Sum of the diagonal of two axes."""
    return np.sum(diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype)


def _triangle(m: Any, k: int, lower: bool) -> Any:
    x = to_array(m)
    shape = typeof(x).shape
    if len(shape) == 1:
        shape = (shape[0], shape[0])
        x = ops.broadcast_to(x, shape)
    rows, columns = shape[-2:]
    offset = iota_along((rows, columns), 1) - iota_along((rows, columns), 0)
    keep = offset <= k if lower else offset >= k
    return where(keep, x, np.zeros((), typeof(x).dtype))


@traces(np.tril)
def tril(m: Any, k: int = 0) -> Any:
    """Zeros above the ``k``-th diagonal."""
    return _triangle(m, k, lower=True)


@traces(np.triu)
def triu(m: Any, k: int = 0) -> Any:
    """Zeros below the ``k``-th diagonal."""
    return _triangle(m, k, lower=False)


@traces(np.piecewise)
def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    """At each place the function (or value) of the last condition that holds.

    Every function is applied to the whole of ``x``.
    """
    operand = to_array(x)
    single = isinstance(condlist, Tracer) or np.ndim(condlist[0]) == 0
    conditions = [condlist] if single else list(condlist)
    if len(funclist) == len(conditions) + 1:
        default: Any = funclist[-1]
    else:
        default = 0
    result = ops.broadcast_to(
        np.zeros((), typeof(operand).dtype), typeof(operand).shape
    )
    for condition, function in [(True, default), *zip(conditions, funclist)]:
        value = function(operand, *args, **kw) if callable(function) else function
        branch = convert_element_type(to_array(value), typeof(operand).dtype)
        result = where(condition, branch, result)
    return result


def _fill_array(a: Any, val: Any, wrap: bool = False, *, inplace: bool = True) -> Any:
    x = a if inplace else np.array(a)
    np.fill_diagonal(x, val, wrap)
    return None if inplace else x


@traces(np.fill_diagonal, concrete=_fill_array)
def fill_diagonal(a: Any, val: Any, wrap: bool = False, *, inplace: bool = True) -> Any:
    """``val`` on the diagonal; ``inplace=False`` gives a new matrix, traced or not."""
    x = to_array(a)
    if inplace:
        raise errors.InPlaceUpdateError(
            errors.message(
                "`fill_diagonal` writes into an array in place.",
                where=user_frame(),
                got="a traced value",
                expected="an expression that gives a new array",
                fix="x = funcgrad.numpy.fill_diagonal(x, value, inplace=False)",
                see=errors.InPlaceUpdateError.page,
            )
        )
    rows, columns = typeof(x).shape
    on = iota_along((rows, columns), 0) == iota_along((rows, columns), 1)
    return where(on, convert_element_type(to_array(val), typeof(x).dtype), x)
