"""Windows of an array that positions point at: their shapes, their places, by NumPy.

What ``gather`` and the scatters share. Positions are the last axis of ``indices``; its
other axes, the batch axes, and the axes of the windows make up the answer of a gather
and the updates of a scatter.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from funcgrad import errors
from funcgrad.compiler.emit.value import Value
from funcgrad.compiler.lower.index import Index, times
from funcgrad.compiler.lower.nodes import Buffer, Register, View, is_small
from funcgrad.core.aval import ShapedArray
from funcgrad.core.source import user_frame

Axes = tuple[int, ...]
NDArray = np.ndarray[Any, Any]
MODES = ("fill", "clip", "promise_in_bounds")


class GatherDimensionNumbers(NamedTuple):
    """Which axes of operand, indices and windows belong together (as in XLA).

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import lax
    >>> numbers = lax.GatherDimensionNumbers((), (0,), (0,))
    >>> lax.gather(np.array([10, 20, 30]), np.array([[2], [0]]), numbers, (1,))
    array([30, 10])
    """

    offset_dims: Axes
    """Axes of the answer that come from the windows."""
    collapsed_slice_dims: Axes
    """Axes of the operand, of window size 1, that are left out of the answer."""
    start_index_map: Axes
    """The axis of the operand that each entry of a position is along."""
    operand_batching_dims: Axes = ()
    """Axes of the operand that go with ``start_indices_batching_dims`` one to one."""
    start_indices_batching_dims: Axes = ()

    def gone(self) -> Axes:
        """Axes of the operand that the windows do not have."""
        return (*self.collapsed_slice_dims, *self.operand_batching_dims)

    def offsets(self, rank: int) -> list[tuple[int, int]]:
        """Axes of the operand that windows run along, each with its axis there."""
        gone = self.gone()
        kept = [axis for axis in range(rank) if axis not in gone]
        return list(zip(kept, self.offset_dims, strict=True))

    def batched_operand(self) -> GatherDimensionNumbers:
        """The same for an operand with one more axis in front, which windows span."""
        return GatherDimensionNumbers(
            (0, *up(self.offset_dims)),
            up(self.collapsed_slice_dims),
            up(self.start_index_map),
            up(self.operand_batching_dims),
            self.start_indices_batching_dims,
        )

    def batched_indices(self) -> GatherDimensionNumbers:
        """The same for indices with one more axis in front."""
        return self._replace(
            offset_dims=up(self.offset_dims),
            start_indices_batching_dims=up(self.start_indices_batching_dims),
        )

    def batched(self) -> GatherDimensionNumbers:
        """The same for operand and indices that share one more axis in front."""
        return GatherDimensionNumbers(
            up(self.offset_dims),
            up(self.collapsed_slice_dims),
            up(self.start_index_map),
            (0, *up(self.operand_batching_dims)),
            (0, *up(self.start_indices_batching_dims)),
        )


def up(axes: Axes) -> Axes:
    """Axes after one more was put in front."""
    return tuple(axis + 1 for axis in axes)


def windows_shape(
    indices: Sequence[Any], slice_sizes: Axes, d: GatherDimensionNumbers
) -> tuple[Any, ...]:
    """The shape of all windows: what a gather gives."""
    offsets = {at: slice_sizes[axis] for axis, at in d.offsets(len(slice_sizes))}
    places = iter(indices[:-1])
    rank = len(indices) - 1 + len(offsets)
    return tuple(offsets[at] if at in offsets else next(places) for at in range(rank))


def window_sizes(
    operand_rank: int, updates: Sequence[Any], d: GatherDimensionNumbers
) -> Axes:
    """The extent of one window along every axis of the operand of a scatter."""
    sizes = [1] * operand_rank
    for axis, at in d.offsets(operand_rank):
        sizes[axis] = updates[at]
    return tuple(sizes)


def window_starts(
    indices: NDArray,
    shape: Sequence[int],
    sizes: Sequence[int],
    d: GatherDimensionNumbers,
) -> tuple[list[NDArray], NDArray]:
    """First index along each of ``start_index_map``, clipped, and what was inside."""
    valid = np.ones(indices.shape[:-1], bool)
    starts = []
    for k, axis in enumerate(d.start_index_map):
        last = shape[axis] - sizes[axis]
        start = indices[..., k].astype(np.int64)
        valid &= (start >= 0) & (start <= last)
        starts.append(np.asarray(np.clip(start, 0, max(last, 0)), order="C"))
    return starts, valid


def spans_rows(shape: Sequence[int], sizes: Axes, d: GatherDimensionNumbers) -> bool:
    """Whether windows are whole rows along one axis: NumPy's ``take`` is fastest."""
    return (
        d.start_index_map == d.collapsed_slice_dims
        and len(d.start_index_map) == 1
        and not d.operand_batching_dims
        and all(
            size == shape[axis]
            for axis, size in enumerate(sizes)
            if axis != d.start_index_map[0]
        )
    )


def row_axes(rank: int, d: GatherDimensionNumbers) -> list[int]:
    """For every axis of ``np.take``'s answer, its place among the windows' axes."""
    axis = d.start_index_map[0]
    batch = [at for at in range(rank) if at not in d.offset_dims]
    return [*d.offset_dims[:axis], *batch, *d.offset_dims[axis:]]


def along_batch(x: NDArray, rank: int, d: GatherDimensionNumbers) -> NDArray:
    """An array over the batch axes, with an axis of 1 for every offset axis."""
    return np.expand_dims(x, [axis for axis in range(rank) if axis in d.offset_dims])


def window_grid(
    starts: Sequence[NDArray],
    shape: Sequence[int],
    rank: int,
    d: GatherDimensionNumbers,
) -> tuple[NDArray, ...]:
    """For each of ``rank`` axes of the operand, the index of every windows' entry."""
    out_rank = len(shape)
    batch = [at for at in range(out_rank) if at not in d.offset_dims]
    where = [np.zeros([1] * out_rank, np.int64) for _ in range(rank)]
    for axis, start in zip(d.start_index_map, starts, strict=True):
        where[axis] = where[axis] + along_batch(start, out_rank, d)
    for axis, at in d.offsets(rank):
        where[axis] = where[axis] + _counted(shape[at], at, out_rank)
    pairs = zip(d.operand_batching_dims, d.start_indices_batching_dims, strict=True)
    for axis, at in pairs:
        where[axis] = _counted(shape[batch[at]], batch[at], out_rank)
    return tuple(np.broadcast_to(w, shape) for w in where)


def _counted(n: int, axis: int, rank: int) -> NDArray:
    return np.arange(n).reshape([n if k == axis else 1 for k in range(rank)])


def fill_for(dtype: np.dtype[Any], value: Any) -> Any:
    """What is read outside: NaN, the smallest or the largest integer, or True."""
    if value is not None:
        return np.asarray(value).astype(dtype)[()]
    if dtype.kind in "fc":
        return dtype.type(np.nan)
    if dtype.kind == "b":
        return np.True_
    info = np.iinfo(dtype)
    return dtype.type(info.min if dtype.kind == "i" else info.max)


def lower_windows(
    ctx: Any,
    b: Any,
    idx: Sequence[Any],
    position: Any,
    shape: Sequence[int],
    sizes: Axes,
    d: GatherDimensionNumbers,
    *,
    check: bool,
) -> tuple[list[Any], Any]:
    """Where the entry ``idx`` of the windows lies, and if asked whether it is inside.

    ``position(indices)`` reads an entry of the array of positions.
    """
    place = [i for axis, i in enumerate(idx) if axis not in d.offset_dims]
    where: list[Any] = [0] * len(shape)
    valid = None
    for k, axis in enumerate(d.start_index_map):
        start = b.convert(position([*place, k]), np.dtype(np.int64))
        zero = b.const(start.dtype, 0, start.lanes)
        last = b.splat(ctx.extent(shape[axis] - sizes[axis]).value(b), start.lanes)
        if check:
            inside = b.and_(b.cmp("ge", start, zero), b.cmp("le", start, last))
            valid = inside if valid is None else b.and_(valid, inside)
        where[axis] = Index.of(b.min(b.max(start, zero), last), b)
    pairs = zip(d.operand_batching_dims, d.start_indices_batching_dims, strict=True)
    for axis, at in pairs:
        where[axis] = place[at]
    for axis, at in d.offsets(len(shape)):
        where[axis] = idx[at] + where[axis]
    return where, valid


def chosen_lane(
    ctx: Any, shape: Sequence[int], where: Sequence[Any], valid: Any
) -> Value:
    """Which entry of a small array stands at a place that is data, if that is valid."""
    b = ctx.b
    at = Index(b, 0)
    for axis, i in enumerate(where):
        at = at + Index(b, 0) + i * math.prod(shape[axis + 1 :])
    lanes = math.prod(shape)
    places = b.iota(np.dtype(np.int64), lanes) if lanes > 1 else b.i64(0)
    chosen: Value = b.cmp("eq", places, b.splat(at.value(b), lanes))
    return chosen if valid is None else b.and_(chosen, b.splat(valid, lanes))


def store_window(
    ctx: Any,
    x: Any,
    out: Buffer,
    start: Sequence[Any],
    strides: Sequence[int] | None = None,
) -> None:
    """Emit the copy of ``x`` into a window of ``out`` that begins at ``start``.

    ``strides`` are steps along the axes of ``out``; 1 by default.
    """
    if 0 in x.shape:
        return
    b = ctx.b
    steps = [1] * out.ndim if strides is None else strides
    pairs = zip(out.strides, steps, strict=True)
    inside = [times(b, ctx.extent(step).base, stride) for stride, step in pairs]
    ctx.lifetimes.touch(out.allocation)
    first = b.offset(out.ptr, out.linear(b, start).value(b), out.dtype)
    target = Buffer(first, x.shape, out.dtype, inside, out.allocation)
    if is_small(x.shape):
        x = ctx.register(x)
    if not isinstance(x, Register):
        ctx.store_all([(View(x, x.shape, list), target)])
        return
    lanes = x.shape[-1] if x.shape else 1
    for row, outer in enumerate(itertools.product(*map(range, x.shape[:-1]))):
        entries = b.shuffle(x.value, range(row * lanes, (row + 1) * lanes))
        idx = [Index(b, k, 0, lanes) for k in outer]
        if x.shape:
            idx.append(Index(b, 0, 1 if lanes > 1 else 0, lanes))
        target.store(b, idx, entries)


def check_windows(
    name: str,
    operand: ShapedArray,
    indices: ShapedArray,
    d: GatherDimensionNumbers,
    sizes: Axes,
    mode: str,
) -> None:
    """Raise unless positions, window sizes and axes fit together."""
    if indices.dtype.kind not in "iu":
        raise errors.DTypeError(
            errors.message(
                f"`{name}` takes positions of an integer dtype.",
                where=user_frame(),
                got=str(indices),
                fix="indices.astype(int)",
                see=errors.DTypeError.page,
            )
        )
    problem = _window_problem(operand, indices, d, sizes, mode)
    if problem:
        raise errors.ShapeError(
            errors.message(
                f"`{name}`: {problem}.",
                where=user_frame(),
                got=f"{operand} at positions {indices}, by {d}",
                see=errors.ShapeError.page,
            )
        )


def _window_problem(
    operand: ShapedArray,
    indices: ShapedArray,
    d: GatherDimensionNumbers,
    sizes: Axes,
    mode: str,
) -> str:
    gone = d.gone()
    if mode not in MODES:
        return f"mode {mode!r} is none of {', '.join(MODES)}"
    if len(sizes) != operand.ndim:
        return f"window sizes {sizes} do not name every axis"
    if indices.ndim == 0 or indices.shape[-1] != len(d.start_index_map):
        return f"positions along {len(d.start_index_map)} axes are expected"
    if len(gone) + len(d.offset_dims) != operand.ndim:
        return f"{operand.ndim - len(gone)} offset axes are expected"
    pairs = zip(d.operand_batching_dims, d.start_indices_batching_dims, strict=True)
    if any(operand.shape[axis] != indices.shape[at] for axis, at in pairs):
        return "batching axes of operand and positions differ in extent"
    for axis, (size, extent) in enumerate(zip(sizes, operand.shape, strict=True)):
        if axis in gone and size > 1:
            return f"a window is longer than 1 along axis {axis}, which is left out"
        if axis not in gone and size > extent:
            return f"windows of {sizes} do not fit into the operand"
    return ""
