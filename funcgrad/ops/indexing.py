"""Reads and updates of windows of an array at positions that are themselves data.

One form serves NumPy's advanced indexing, ``take`` and batched dynamic slices:
``GatherDimensionNumbers`` tells how positions, windows and operand go together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad.core.aval import ShapedArray
from funcgrad.core.primitive import Primitive
from funcgrad.core.trace import typeof
from funcgrad.core.vspace import Zero, zero_like
from funcgrad.ops.cases import case, integers
from funcgrad.ops.iota import instantiate, zeros_of
from funcgrad.ops.out_of_range import check_mode
from funcgrad.ops.scatter_family import ScatterFamily, scatter_cases
from funcgrad.ops.structural import move_axis_to_front, reshape
from funcgrad.ops.windows import (
    GatherDimensionNumbers,
    along_batch,
    check_windows,
    fill_for,
    lower_windows,
    row_axes,
    spans_rows,
    window_grid,
    window_sizes,
    window_starts,
    windows_shape,
)
from funcgrad.transforms.transpose import is_linear

Axes = tuple[int, ...]


_ROWS = GatherDimensionNumbers((1,), (0,), (0,))
_WINDOWS = GatherDimensionNumbers((0, 2), (), (1, 0))
_ENTRIES = GatherDimensionNumbers((), (0, 1), (0, 1))
_PAIRED = GatherDimensionNumbers((1,), (1,), (1,), (0,), (0,))


class Gather(Primitive):
    """Windows of ``operand`` at ``indices``; linear in the operand, transpose adds.

    A position is brought back into bounds where ``mode`` is ``"clip"``; with ``"fill"``
    a window that leaves the operand reads ``fill_value``. ``"promise_in_bounds"`` acts
    as "clip": nothing outside of the operand is read ever.
    """

    name = "gather"
    linear = True
    cases = (
        case(
            (5, 3),
            integers((4, 1), -1, 7),
            dimension_numbers=_ROWS,
            slice_sizes=(1, 3),
            mode="clip",
            fill_value=None,
        ),
        case(
            (4, 5),
            integers((3, 2), -1, 4),
            dimension_numbers=_WINDOWS,
            slice_sizes=(2, 3),
            mode="fill",
            fill_value=0,
        ),
        case(
            (4, 5),
            integers((2, 9, 2), 0, 4),
            dimension_numbers=_ENTRIES,
            slice_sizes=(1, 1),
            mode="promise_in_bounds",
            fill_value=None,
        ),
        case(
            (3, 4, 2),
            integers((3, 1), 0, 4),
            dimension_numbers=_PAIRED,
            slice_sizes=(1, 1, 2),
            mode="fill",
            fill_value=2,
        ),
        case(
            integers((5, 3)),
            integers((4, 1), -1, 7, np.int32),
            dimension_numbers=_ROWS,
            slice_sizes=(1, 2),
            mode="fill",
            fill_value=None,
        ),
    )

    def evaluate(
        self,
        operand: Any,
        indices: Any,
        *,
        dimension_numbers: GatherDimensionNumbers,
        slice_sizes: Axes,
        mode: str,
        fill_value: Any,
    ) -> Any:
        operand, indices = np.asarray(operand), np.asarray(indices)
        d = dimension_numbers
        shape = windows_shape(indices.shape, slice_sizes, d)
        if operand.size == 0:
            return np.full(shape, fill_for(operand.dtype, fill_value), operand.dtype)
        starts, valid = window_starts(indices, operand.shape, slice_sizes, d)
        if spans_rows(operand.shape, slice_sizes, d):
            rows = np.take(operand, starts[0], axis=d.start_index_map[0])
            result = np.moveaxis(rows, range(len(shape)), row_axes(len(shape), d))
        else:
            result = operand[window_grid(starts, shape, operand.ndim, d)]
        if mode != "fill" or valid.all():
            return result
        filling = fill_for(operand.dtype, fill_value)
        return np.where(along_batch(valid, len(shape), d), result, filling)[()]

    def abstract_eval(
        self,
        operand: ShapedArray,
        indices: ShapedArray,
        *,
        dimension_numbers: GatherDimensionNumbers,
        slice_sizes: Axes,
        mode: str,
        fill_value: Any,
    ) -> ShapedArray:
        check_windows("gather", operand, indices, dimension_numbers, slice_sizes, mode)
        shape = windows_shape(indices.shape, slice_sizes, dimension_numbers)
        return operand.update(shape=shape)

    def jvp(
        self,
        primals: Sequence[Any],
        tangents: Sequence[Any],
        *,
        dimension_numbers: GatherDimensionNumbers,
        slice_sizes: Axes,
        mode: str,
        fill_value: Any,
    ) -> Any:
        params: Any = {
            "dimension_numbers": dimension_numbers,
            "slice_sizes": slice_sizes,
            "mode": mode,
        }
        y = self.bind(*primals, fill_value=fill_value, **params)
        if type(tangents[0]) is Zero:
            return y, zero_like(y)
        return y, self.bind(tangents[0], primals[1], fill_value=0, **params)

    def transpose(
        self,
        ct: Any,
        operand: Any,
        indices: Any,
        *,
        dimension_numbers: GatherDimensionNumbers,
        slice_sizes: Axes,
        mode: str,
        fill_value: Any,
    ) -> list[Any]:
        added = scatter_add_p.bind(
            zeros_of(operand.aval),
            indices,
            ct,
            dimension_numbers=dimension_numbers,
            mode=mode,
            unique_indices=False,
        )
        return [added, None]

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        dimension_numbers: GatherDimensionNumbers,
        slice_sizes: Axes,
        mode: str,
        fill_value: Any,
    ) -> Any:
        operand, indices = operands
        if dims[1] is None:
            operand = move_axis_to_front(operand, dims[0])
            numbers = dimension_numbers.batched_operand()
            slice_sizes = (size, *slice_sizes)
        elif dims[0] is None:
            indices = move_axis_to_front(indices, dims[1])
            numbers = dimension_numbers.batched_indices()
        else:
            operand = move_axis_to_front(operand, dims[0])
            indices = move_axis_to_front(indices, dims[1])
            numbers = dimension_numbers.batched()
            slice_sizes = (1, *slice_sizes)
        result = self.bind(
            operand,
            indices,
            dimension_numbers=numbers,
            slice_sizes=slice_sizes,
            mode=mode,
            fill_value=fill_value,
        )
        return result, 0

    def lower(
        self,
        ctx: Any,
        operand: Any,
        indices: Any,
        *,
        dimension_numbers: GatherDimensionNumbers,
        slice_sizes: Axes,
        mode: str,
        fill_value: Any,
    ) -> Any:
        d = dimension_numbers
        shape = windows_shape(indices.shape, slice_sizes, d)
        dtype = operand.dtype
        filling = fill_for(dtype, fill_value)
        if 0 in operand.shape:
            return ctx.compute(
                shape, dtype, lambda b, i, r: b.const(dtype, filling), []
            )

        def entry(b: Any, idx: Sequence[Any], read: Any) -> Any:
            # Neighbours in one window: one position for all, and one load.
            batch = [i for axis, i in enumerate(idx) if axis not in d.offset_dims]
            alike = all(i.is_uniform for i in batch)
            where, valid = lower_windows(
                ctx,
                b,
                idx,
                lambda at: read(1, at, alike=alike),
                operand.shape,
                slice_sizes,
                d,
                check=mode == "fill",
            )
            value = read(0, where)
            if valid is None:
                return value
            valid = b.splat(valid, value.lanes)
            return b.select(valid, value, b.const(dtype, filling, value.lanes))

        return ctx.compute(shape, dtype, entry, [operand, indices], cost=4)


gather_p = Gather()


class ScatterAdd(ScatterFamily):
    """Updates added to windows; linear in operand and updates, transpose gathers."""

    name = "scatter_add"
    cases = scatter_cases
    linear = True
    ufunc = np.add

    def combine(self, b: Any, old: Any, new: Any) -> Any:
        return b.add(old, new)

    def jvp(
        self,
        primals: Sequence[Any],
        tangents: Sequence[Any],
        *,
        dimension_numbers: GatherDimensionNumbers,
        mode: str,
        unique_indices: bool,
    ) -> Any:
        params: Any = {
            "dimension_numbers": dimension_numbers,
            "mode": mode,
            "unique_indices": unique_indices,
        }
        y = self.bind(*primals, **params)
        t, _, t_updates = tangents
        if type(t_updates) is Zero:
            return y, zero_like(y) if type(t) is Zero else t
        base = instantiate(t)
        return y, self.bind(base, primals[1], t_updates, **params)

    def transpose(
        self,
        ct: Any,
        operand: Any,
        indices: Any,
        updates: Any,
        *,
        dimension_numbers: GatherDimensionNumbers,
        mode: str,
        unique_indices: bool,
    ) -> list[Any]:
        if not is_linear(updates):
            return [ct, None, None]
        shape = updates.aval.shape
        sizes = window_sizes(typeof(ct).ndim, shape, dimension_numbers)
        read = gather(ct, indices, dimension_numbers, sizes, mode=mode, fill_value=0)
        return [ct if is_linear(operand) else None, None, read]


scatter_add_p = ScatterAdd()


def gather(
    operand: Any,
    start_indices: Any,
    dimension_numbers: GatherDimensionNumbers,
    slice_sizes: Sequence[int],
    *,
    unique_indices: bool = False,
    indices_are_sorted: bool = False,
    mode: Any = None,
    fill_value: Any = None,
) -> Any:
    """Windows of ``operand`` that begin at ``start_indices``.

    Parameters
    ----------
    operand : array
    start_indices : integer array, shape (..., k)
        Positions along the k axes ``dimension_numbers.start_index_map``; from 0, not
        from the end.
    dimension_numbers : GatherDimensionNumbers
    slice_sizes : sequence of int
        Extent of a window along every axis of the operand.
    unique_indices, indices_are_sorted : bool
        Taken for compatibility; they make no difference.
    mode : GatherScatterMode or {"fill", "clip", "promise_in_bounds"}, optional
        What a window that leaves the operand is: filled, the default, or moved back
        inside.
    fill_value : scalar, optional
        NaN by default; for integers the smallest (signed) or largest (unsigned).

    Returns
    -------
    array, dtype of ``operand``

    Raises
    ------
    ShapeError
        If positions, window sizes and axes do not fit together.

    Examples
    --------
    >>> import numpy as np
    >>> rows = GatherDimensionNumbers((1,), (0,), (0,))
    >>> gather(np.eye(3), np.array([[2], [0]]), rows, (1, 3)).tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    return gather_p.bind(
        operand,
        start_indices,
        dimension_numbers=GatherDimensionNumbers(*map(tuple, dimension_numbers)),
        slice_sizes=tuple(slice_sizes),
        mode=check_mode(mode) or "fill",
        fill_value=fill_value,
    )


def take_along_axis(x: Any, indices: Any, axis: int, *, mode: str = "fill") -> Any:
    """Entries of ``x`` at ``indices`` along ``axis``; other axes go together.

    Parameters
    ----------
    x : array
    indices : integer array, shape of ``x`` but for ``axis``; from 0
    axis : int, from 0
    mode : {"fill", "clip", "promise_in_bounds"}

    Examples
    --------
    >>> import numpy as np
    >>> take_along_axis(np.array([[3.0, 4.0]]), np.array([[1, 0, 1]]), 1).tolist()
    [[4.0, 3.0, 4.0]]
    """
    rank = typeof(x).ndim
    others = tuple(k for k in range(rank) if k != axis)
    numbers = GatherDimensionNumbers((), (axis,), (axis,), others, others)
    positions = reshape(indices, (*typeof(indices).shape, 1))
    return gather(x, positions, numbers, [1] * rank, mode=mode)
