"""Windows of fixed size at places that are data: read and replace."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad import errors
from funcgrad.compiler.lower.index import Index
from funcgrad.compiler.lower.nodes import Register, is_small
from funcgrad.core.aval import ShapedArray
from funcgrad.core.dtypes import result_type_of
from funcgrad.core.primitive import Primitive
from funcgrad.core.source import user_frame
from funcgrad.core.trace import Tracer, typeof
from funcgrad.core.vspace import Zero, zero_like
from funcgrad.ops.arithmetic import add
from funcgrad.ops.cases import case, integers
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.comparison import lt
from funcgrad.ops.indexing import gather
from funcgrad.ops.iota import instantiate, zeros_of
from funcgrad.ops.joining import stack
from funcgrad.ops.scatter_calls import scatter
from funcgrad.ops.selection import select_n
from funcgrad.ops.slicing import strided_slice
from funcgrad.ops.structural import align_batch, move_axis_to_front, reshape
from funcgrad.ops.window_update import apart
from funcgrad.ops.windows import GatherDimensionNumbers, chosen_lane, store_window
from funcgrad.transforms.transpose import is_linear

Axes = tuple[int, ...]


def _clipped(starts: Sequence[Any], shape: Sequence[int], sizes: Axes) -> list[int]:
    """Starts moved so that the window lies inside."""
    return [
        max(0, min(int(start), extent - size))
        for start, extent, size in zip(starts, shape, sizes, strict=True)
    ]


def _lower_clipped(
    ctx: Any, starts: Sequence[Any], shape: Sequence[int], sizes: Axes
) -> list[Index]:
    b = ctx.b
    clipped = []
    for start, extent, size in zip(starts, shape, sizes, strict=True):
        if extent == size:
            clipped.append(Index(b, 0))
            continue
        value = b.convert(ctx.value(start), np.dtype(np.int64))
        value = b.min(b.max(value, b.i64(0)), ctx.extent(extent - size).value(b))
        clipped.append(Index.of(value, b))
    return clipped


class DynamicSlice(Primitive):
    """A window of ``slice_sizes`` at the given starts, moved inside where it is not.

    Its transpose puts the window into zeros.
    """

    name = "dynamic_slice"
    linear = True
    cases = (
        case((5,), integers((), -1, 7), slice_sizes=(2,)),
        case((4, 6), integers((), 0, 4), integers((), 0, 6), slice_sizes=(2, 3)),
        case((3, 2), integers((), 0, 4), integers((), 0, 2), slice_sizes=(0, 2)),
    )

    def evaluate(self, x: Any, *starts: Any, slice_sizes: Axes) -> Any:
        x = np.asarray(x)
        first = _clipped(starts, x.shape, slice_sizes)
        window = tuple(
            slice(low, low + size) for low, size in zip(first, slice_sizes, strict=True)
        )
        return x[window]

    def abstract_eval(
        self, x: ShapedArray, *starts: ShapedArray, slice_sizes: Axes
    ) -> ShapedArray:
        _check_window("dynamic_slice", x, slice_sizes, starts)
        return x.update(shape=slice_sizes)

    def jvp(
        self, primals: Sequence[Any], tangents: Sequence[Any], *, slice_sizes: Axes
    ) -> Any:
        y = self.bind(*primals, slice_sizes=slice_sizes)
        if type(tangents[0]) is Zero:
            return y, zero_like(y)
        return y, self.bind(tangents[0], *primals[1:], slice_sizes=slice_sizes)

    def transpose(self, ct: Any, x: Any, *starts: Any, slice_sizes: Axes) -> list[Any]:
        zeros = zeros_of(x.aval)
        return [dynamic_update_slice_p.bind(zeros, ct, *starts), *[None] * len(starts)]

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        slice_sizes: Axes,
    ) -> Any:
        x, *starts = operands
        if all(d is None for d in dims[1:]):
            x = move_axis_to_front(x, dims[0])
            zero = np.int64(0)
            return self.bind(x, zero, *starts, slice_sizes=(size, *slice_sizes)), 0
        positions = _positions(size, starts, dims[1:])
        rank = len(slice_sizes)
        numbers = GatherDimensionNumbers(
            tuple(range(1, rank + 1)), (), tuple(range(rank))
        )
        sizes = slice_sizes
        if dims[0] is not None:
            x = move_axis_to_front(x, dims[0])
            up = tuple(range(1, rank + 1))
            numbers = GatherDimensionNumbers(up, (), up, (0,), (0,))
            sizes = (1, *slice_sizes)
        return gather(x, positions, numbers, sizes, mode="clip"), 0

    def lower(self, ctx: Any, x: Any, *starts: Any, slice_sizes: Axes) -> Any:
        first = _lower_clipped(ctx, starts, x.shape, slice_sizes)

        def index(idx: Sequence[Any]) -> list[Any]:
            return [i + low for i, low in zip(idx, first, strict=True)]

        return ctx.view(x, slice_sizes, index)


dynamic_slice_p = DynamicSlice()


class DynamicUpdateSlice(Primitive):
    """``x`` with a window at the given starts replaced; in place where ``x`` dies."""

    name = "dynamic_update_slice"
    linear = True
    cases = (
        case((5,), (2,), integers((), -1, 7)),
        case((4, 6), (2, 3), integers((), 0, 4), integers((), 0, 6)),
        case((3,), (3,), integers((), 0, 2)),
    )

    def overwrites(self, result: int, **params: Any) -> int | None:
        return 0

    def evaluate(self, x: Any, update: Any, *starts: Any) -> Any:
        result = np.array(x)
        sizes = np.shape(update)
        first = _clipped(starts, result.shape, sizes)
        window = tuple(
            slice(low, low + size) for low, size in zip(first, sizes, strict=True)
        )
        result[window] = update
        return result

    def abstract_eval(
        self, x: ShapedArray, update: ShapedArray, *starts: ShapedArray
    ) -> ShapedArray:
        _check_window("dynamic_update_slice", x, update.shape, starts)
        if x.dtype != update.dtype:
            raise errors.DTypeError(
                errors.message(
                    "`dynamic_update_slice` takes an update of the array's dtype.",
                    where=user_frame(),
                    got=f"{x} and {update}",
                    fix="update.astype(x.dtype)",
                    see=errors.DTypeError.page,
                )
            )
        return x.update()

    def jvp(self, primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
        y = self.bind(*primals)
        t, t_update = tangents[:2]
        if type(t) is Zero and type(t_update) is Zero:
            return y, zero_like(y)
        t, t_update = (instantiate(part) for part in (t, t_update))
        return y, self.bind(t, t_update, *primals[2:])

    def transpose(self, ct: Any, x: Any, update: Any, *starts: Any) -> list[Any]:
        aval = update.aval if is_linear(update) else typeof(update)
        ct_x = ct_update = None
        # Read before the window is cleared, which is done in place where it can be.
        if is_linear(update):
            ct_update = dynamic_slice_p.bind(ct, *starts, slice_sizes=aval.shape)
        if is_linear(x):
            ct_x = self.bind(ct, zeros_of(aval.strong()), *starts)
        return [ct_x, ct_update, *[None] * len(starts)]

    def batch(self, size: int, operands: Sequence[Any], dims: Sequence[Any]) -> Any:
        x, update, *starts = operands
        x = align_batch(x, dims[0], size)
        update = align_batch(update, dims[1], size)
        if all(d is None for d in dims[2:]):
            return self.bind(x, update, np.int64(0), *starts), 0
        positions = _positions(size, starts, dims[2:])
        up = tuple(range(1, len(starts) + 1))
        numbers = GatherDimensionNumbers(up, (), up, (0,), (0,))
        result = scatter(
            x, positions, update, numbers, mode="clip", unique_indices=True
        )
        return result, 0

    def lower(self, ctx: Any, x: Any, update: Any, *starts: Any) -> Any:
        first = _lower_clipped(ctx, starts, x.shape, update.shape)
        if is_small(x.shape) and math.prod(update.shape) == 1:
            chosen = chosen_lane(ctx, x.shape, first, None)
            entry = ctx.b.splat(ctx.value(update), math.prod(x.shape))
            return Register(ctx.b.select(chosen, entry, ctx.value(x)), x.shape)
        update = apart(ctx, update, x)
        out = ctx.mutable(x)
        store_window(ctx, update, out, first)
        return out


dynamic_update_slice_p = DynamicUpdateSlice()


def _positions(size: int, starts: Sequence[Any], dims: Sequence[Any]) -> Any:
    """Starts of every example, as the positions of a gather: (size, axes)."""
    columns = [
        align_batch(convert_element_type(s, np.int64), d, size)
        for s, d in zip(starts, dims, strict=True)
    ]
    return stack(columns, 1)


def _check_window(
    name: str, x: ShapedArray, sizes: Sequence[int], starts: Sequence[ShapedArray]
) -> None:
    if (
        len(sizes) != x.ndim
        or len(starts) != x.ndim
        or any(s.shape or s.dtype.kind not in "iu" for s in starts)
        or any(not 0 <= n <= extent for n, extent in zip(sizes, x.shape, strict=True))
    ):
        raise errors.ShapeError(
            errors.message(
                f"the window of `{name}` does not fit the array.",
                where=user_frame(),
                got=f"{x}, a window of {tuple(sizes)}, "
                f"starts {', '.join(map(str, starts))}",
                expected=f"{x.ndim} sizes, none larger than the array, and as many "
                "integer scalars",
                see=errors.ShapeError.page,
            )
        )


def _starts(x: Any, starts: Sequence[Any]) -> list[Any]:
    """Starts as int64 scalars, negative ones counted from the end."""
    if isinstance(starts, (Tracer, np.ndarray)) and typeof(starts).ndim == 1:
        count = typeof(starts).shape[0]
        starts = [
            reshape(strided_slice(starts, (k,), (k + 1,)), ()) for k in range(count)
        ]
    return [
        from_front(start, extent)
        for start, extent in zip(starts, typeof(x).shape, strict=True)
    ]


def from_front(index: Any, extent: int) -> Any:
    """Indices counted from 0, where negative ones count from the end; int64."""
    if not isinstance(index, Tracer):
        index = np.asarray(index, np.int64)
        return np.where(index < 0, index + extent, index)[()]
    if typeof(index).dtype.kind == "u":
        return convert_element_type(index, np.int64)
    index = convert_element_type(index, np.int64)
    return select_n(lt(index, 0), index, add(index, extent))


def dynamic_slice(x: Any, starts: Sequence[Any], slice_sizes: Sequence[int]) -> Any:
    """A window of fixed size at starts that may be traced.

    Parameters
    ----------
    x : array
    starts : sequence of integer scalars, one for each axis
        Negative ones count from the end; a window that leaves the array is moved in.
    slice_sizes : sequence of int

    Returns
    -------
    array, shape ``slice_sizes``

    Raises
    ------
    ShapeError
        If the window is larger than the array.

    Examples
    --------
    >>> import numpy as np
    >>> dynamic_slice(np.arange(5), [1], [3])
    array([1, 2, 3])
    """
    return dynamic_slice_p.bind(x, *_starts(x, starts), slice_sizes=tuple(slice_sizes))


def dynamic_update_slice(x: Any, update: Any, starts: Sequence[Any]) -> Any:
    """``x`` with the window at ``starts`` replaced by ``update``.

    Parameters
    ----------
    x : array
    update : array of the rank and dtype of ``x``
    starts : sequence of integer scalars, one for each axis
        As in `dynamic_slice`.

    Examples
    --------
    >>> import numpy as np
    >>> dynamic_update_slice(np.zeros(4), np.ones(2), [1])
    array([0., 1., 1., 0.])
    """
    dtype = result_type_of(x) if typeof(x).weak_type else typeof(x).dtype
    update = convert_element_type(update, dtype)
    return dynamic_update_slice_p.bind(x, update, *_starts(x, starts))


def dynamic_slice_in_dim(x: Any, start: Any, size: int, axis: int = 0) -> Any:
    """A window along one axis, whole along the others.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import lax
    >>> lax.dynamic_slice_in_dim(np.array([10, 20, 30]), 1, 2)
    array([20, 30])
    """
    shape = typeof(x).shape
    axis = axis % len(shape)
    starts: list[Any] = [0] * len(shape)
    sizes = list(shape)
    starts[axis], sizes[axis] = start, size
    return dynamic_slice(x, starts, sizes)


def dynamic_index_in_dim(
    x: Any, index: Any, axis: int = 0, keepdims: bool = True
) -> Any:
    """The part of ``x`` at one index along ``axis``.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import lax
    >>> lax.dynamic_index_in_dim(np.array([10, 20, 30]), 1, keepdims=False).item()
    20
    """
    shape = typeof(x).shape
    axis = axis % len(shape)
    part = dynamic_slice_in_dim(x, index, 1, axis)
    return part if keepdims else reshape(part, shape[:axis] + shape[axis + 1 :])


def dynamic_update_slice_in_dim(x: Any, update: Any, start: Any, axis: int) -> Any:
    """``x`` with a window along one axis replaced.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import lax
    >>> lax.dynamic_update_slice_in_dim(np.array([10, 20, 30]), np.array([5, 6]), 1, 0)
    array([10,  5,  6])
    """
    rank = typeof(x).ndim
    starts: list[Any] = [0] * rank
    starts[axis % rank] = start
    return dynamic_update_slice(x, update, starts)


def dynamic_update_index_in_dim(x: Any, update: Any, index: Any, axis: int) -> Any:
    """``x`` with the part at one index along ``axis`` replaced.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import lax
    >>> lax.dynamic_update_index_in_dim(np.array([10, 20, 30]), 5, 1, 0)
    array([10,  5, 30])
    """
    shape = list(typeof(x).shape)
    shape[axis % len(shape)] = 1
    return dynamic_update_slice_in_dim(x, reshape(update, shape), index, axis)
