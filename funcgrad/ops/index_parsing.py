"""NumPy's index expressions, read once: which axes are sliced, indexed or new.

An index as the user wrote it goes in; a ``Plan`` for reads and updates comes out.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from funcgrad import errors
from funcgrad.config import config
from funcgrad.core.source import user_frame
from funcgrad.core.trace import Tracer, typeof
from funcgrad.ops.bounds_check import check_bounds_p, out_of_bounds
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.dynamic_slicing import from_front
from funcgrad.ops.joining import stack
from funcgrad.ops.structural import broadcast_to

Shape = tuple[Any, ...]


class IndexTypeError(errors.DTypeError, IndexError):
    """Something that is neither an integer, a bool, a slice, None nor ``...``."""


class Window(NamedTuple):
    """A slice of an axis: ``size`` entries from ``start``, ``step`` apart."""

    start: int
    size: int
    step: int

    @property
    def low(self) -> int:
        """The smallest index that is read."""
        return self.start + min(0, (self.size - 1) * self.step) if self.size else 0

    @property
    def span(self) -> int:
        """Distance from the smallest to the largest index, both included."""
        return (self.size - 1) * abs(self.step) + 1 if self.size else 0


class Plan(NamedTuple):
    """What an index does to an array.

    Attributes
    ----------
    shape : tuple of int
        Of the array, after axes of 1 for scalar bools were added.
    windows : dict
        The axes that are sliced.
    places : dict
        The axes that are indexed: an int, or an array of integers from 0.
    out : list
        Axes of the answer but those of index arrays: a sliced axis, or None for a new
        one.
    block : int
        Where among them the axes of the index arrays stand.
    common : tuple of int
        Shape that the index arrays are broadcast to.
    """

    shape: Shape
    windows: dict[int, Window]
    places: dict[int, Any]
    out: list[int | None]
    block: int
    common: Shape

    @property
    def is_static(self) -> bool:
        """Whether every place is a known integer."""
        return all(type(place) is int for place in self.places.values())

    @property
    def has_arrays(self) -> bool:
        """Whether a place is an array that is not 0-d."""
        return any(
            type(place) is not int and typeof(place).shape
            for place in self.places.values()
        )

    @property
    def result_shape(self) -> Shape:
        """The shape of the answer."""
        dims = [1 if axis is None else self.windows[axis].size for axis in self.out]
        return (*dims[: self.block], *self.common, *dims[self.block :])

    @property
    def kept_shape(self) -> Shape:
        """The shape of the answer without new axes."""
        sizes = [w.size for w in self.windows.values()]
        return (*sizes[: self.kept_block], *self.common, *sizes[self.kept_block :])

    @property
    def kept_block(self) -> int:
        """Where the axes of index arrays stand if there are no new axes."""
        return sum(axis is not None for axis in self.out[: self.block])

    def positions(self, starts: Sequence[int] = ()) -> Any:
        """Index arrays side by side, as the positions of a gather.

        ``starts`` are the axes whose windows' starts are part of the position.
        """
        columns = []
        for axis in sorted((*self.places, *starts)):
            at = self.places.get(axis)
            if at is None:
                at = self.windows[axis].start
            if type(at) is int:
                at = np.int64(at)
            columns.append(broadcast_to(at, self.common))
        return stack(columns, len(self.common))


def parse_index(index: Any, shape: Shape, *, lenient: bool = False) -> Plan:
    """Read an index of an array of this shape.

    ``lenient``: integers out of range are places like any other, for an explicit mode.

    Raises
    ------
    IndexOutOfBoundsError
        For a known index out of range, or too many indices.
    NonConcreteBooleanIndexError
        For a traced mask.
    IndexTypeError
        For anything that is no index.
    """
    items = _expand_ellipsis(_items(index), shape)
    windows: dict[int, Window] = {}
    places: dict[int, Any] = {}
    out: list[int | None] = []
    advanced: list[int] = []  # positions of indexing items
    before: list[int] = []  # how many axes of the answer stand before each
    whole: list[Any] = []  # extents, with those for scalar bools
    extents = iter(shape)
    for position, item in enumerate(items):
        if item is None:
            out.append(None)
            continue
        axis = len(whole)
        if isinstance(item, slice):
            whole.append(next(extents))
            windows[axis] = _window(item, whole[axis])
            out.append(axis)
            continue
        scalar_bool = isinstance(item, _ScalarBool)
        whole.append(1 if scalar_bool else next(extents))
        at = np.zeros(int(item.value), np.int64) if scalar_bool else item
        places[axis] = _place(at, whole[axis], axis, lenient)
        advanced.append(position)
        before.append(len(out))
    common = _common_shape(places)
    together = advanced == list(range(advanced[0], advanced[-1] + 1)) if advanced else 1
    block = before[0] if advanced and together else 0
    return Plan(tuple(whole), windows, places, out, block, common)


class _ScalarBool(NamedTuple):
    value: bool


def _items(index: Any) -> list[Any]:
    """The items of an index; masks as arrays of integers, one for each axis."""
    items: list[Any] = []
    for item in index if isinstance(index, tuple) else (index,):
        if item is None or item is Ellipsis or isinstance(item, slice):
            items.append(item)
        elif isinstance(item, (bool, np.bool_)):
            items.append(_ScalarBool(bool(item)))
        elif type(item) is int:
            items.append(item)
        else:
            items.extend(_array_items(_index_array(item)))
    return items


def _index_array(item: Any) -> Any:
    """An array of indices from anything that may stand for one."""
    if isinstance(item, Tracer):
        value = item.concrete()
        return item if value is None else np.asarray(value)
    if isinstance(item, (list, tuple)):
        parts = [_index_array(part) for part in item]
        if any(isinstance(part, Tracer) for part in parts):
            return stack([convert_element_type(p, np.int64) for p in parts], 0)
        array = np.asarray(item)
        return array.astype(np.int64) if array.size == 0 else array
    if not isinstance(item, (np.ndarray, np.generic)) and hasattr(item, "__index__"):
        return np.asarray(operator.index(item))
    return np.asarray(item)


def _array_items(array: Any) -> list[Any]:
    if array.dtype.kind not in "biu":
        raise IndexTypeError(
            errors.message(
                "an index is an integer, a bool, a slice, None or `...`.",
                where=user_frame(),
                got=f"an array of dtype {array.dtype}",
                fix="index.astype(int)",
                see=IndexTypeError.page,
            )
        )
    aval = typeof(array)
    if aval.dtype.kind == "b":
        if isinstance(array, Tracer):
            raise _traced_mask(array)
        if not aval.shape:
            return [_ScalarBool(bool(array))]
        return [_Mask(array.shape, axis, i) for axis, i in enumerate(array.nonzero())]
    if not isinstance(array, Tracer) and not aval.shape:
        return [int(array)]
    return [array]


class _Mask(NamedTuple):
    """Where a mask is true along one of its axes."""

    shape: Shape
    axis: int
    index: Any


def _expand_ellipsis(items: list[Any], shape: Shape) -> list[Any]:
    used = sum(
        item is not None and item is not Ellipsis and not isinstance(item, _ScalarBool)
        for item in items
    )
    ellipses = [k for k, item in enumerate(items) if item is Ellipsis]
    if used > len(shape) or len(ellipses) > 1:
        raise errors.IndexOutOfBoundsError(
            errors.message(
                "the index has more than one `...`."
                if len(ellipses) > 1
                else f"{used} indices are too many for {len(shape)} axes.",
                where=user_frame(),
                got=f"an array of shape {shape}",
                see=errors.IndexOutOfBoundsError.page,
            )
        )
    at = ellipses[0] if ellipses else len(items)
    rest = [slice(None)] * (len(shape) - used)
    return [*items[:at], *rest, *items[at + 1 :]]


def _window(item: slice, extent: int) -> Window:
    start, stop, step = item.indices(extent)
    size = len(range(start, stop, step))
    return Window(start if size else 0, size, step if size else 1)


def _place(item: Any, extent: int, axis: int, lenient: bool) -> Any:
    """An int or an array of integers from 0."""
    if type(item) is int and -extent <= item < extent:
        return item + extent if item < 0 else item
    if isinstance(item, _Mask):
        if item.shape[item.axis] != extent:
            raise _mask_mismatch(item, extent, axis)
        return item.index
    if isinstance(item, Tracer):
        if config.check_index and not lenient:
            line = user_frame()
            item = check_bounds_p.bind(item, extent=extent, axis=axis, where=line)
        return from_front(item, extent)
    if not lenient:
        outside = np.logical_or(np.less(item, -extent), np.greater_equal(item, extent))
        if np.any(outside):
            first = np.asarray(item)[outside].flat[0] if np.ndim(item) else item
            raise out_of_bounds(int(first), extent, axis, user_frame())
    place = from_front(item, extent)
    return np.asarray(place) if type(item) is int else place


def _common_shape(places: dict[int, Any]) -> Shape:
    shapes = [typeof(p).shape for p in places.values() if type(p) is not int]
    if not shapes:
        return ()
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        pass
    raise errors.IndexOutOfBoundsError(
        errors.message(
            "the index arrays can not be broadcast together.",
            where=user_frame(),
            got=" and ".join(map(str, shapes)),
            expected="equal shapes, or extents of 1",
            fix="np.ix_(i, j), or i[:, None] and j, for all combinations",
            see=errors.IndexOutOfBoundsError.page,
        )
    )


def _mask_mismatch(mask: _Mask, extent: int, axis: int) -> errors.IndexOutOfBoundsError:
    return errors.IndexOutOfBoundsError(
        errors.message(
            f"the mask has another extent than axis {axis} that it selects from.",
            where=user_frame(),
            got=f"a mask of shape {mask.shape}; {extent} entries along axis {axis}",
            expected="equal extents",
            see=errors.IndexOutOfBoundsError.page,
        )
    )


def _traced_mask(mask: Tracer) -> errors.NonConcreteBooleanIndexError:
    return errors.NonConcreteBooleanIndexError(
        errors.message(
            "a mask that is not known while the function is traced selects entries, "
            "so their number is not known.",
            where=user_frame(),
            got=f"a traced {mask.aval}",
            expected="a mask with values, or an operation that keeps the shape",
            fix="funcgrad.numpy.where(mask, x, 0), x.at[mask].set(value), a reduction "
            "with where=mask, or funcgrad.numpy.nonzero(mask, size=n)",
            see=errors.NonConcreteBooleanIndexError.page,
        )
    )
