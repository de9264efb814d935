"""What the scatters share: windows of an array combined with updates, one by one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from funcgrad import errors
from funcgrad.compiler.lower.index import Index, indices
from funcgrad.compiler.lower.nodes import Lazy, Node, Register, is_small, price
from funcgrad.core.aval import ShapedArray
from funcgrad.core.primitive import Primitive
from funcgrad.core.source import user_frame
from funcgrad.deferred import deferred_module
from funcgrad.ops.cases import array, case, integers
from funcgrad.ops.structural import align_batch, move_axis_to_front
from funcgrad.ops.window_update import apart
from funcgrad.ops.windows import (
    GatherDimensionNumbers,
    along_batch,
    check_windows,
    chosen_lane,
    lower_windows,
    row_axes,
    spans_rows,
    window_grid,
    window_sizes,
    window_starts,
    windows_shape,
)

if TYPE_CHECKING:
    from funcgrad.compiler.lower import nest
else:
    nest = deferred_module("funcgrad.compiler.lower.nest")

scatter_cases = (
    case(
        (5, 3),
        integers((4, 1), -1, 7),
        (4, 3),
        dimension_numbers=GatherDimensionNumbers((1,), (0,), (0,)),
        mode="clip",
        unique_indices=False,
    ),
    case(
        (4, 5),
        integers((3, 2), -1, 4),
        (2, 3, 3),
        dimension_numbers=GatherDimensionNumbers((0, 2), (), (1, 0)),
        mode="fill",
        unique_indices=False,
    ),
    case(
        (6,),
        array(np.array([[4], [1], [2]])),
        (3,),
        dimension_numbers=GatherDimensionNumbers((), (0,), (0,)),
        mode="fill",
        unique_indices=True,
    ),
    case(
        (3, 4, 2),
        integers((3, 1), 0, 4),
        (3, 2),
        dimension_numbers=GatherDimensionNumbers((1,), (1,), (1,), (0,), (0,)),
        mode="fill",
        unique_indices=False,
    ),
    case(
        integers((5,)),
        integers((7, 1), 0, 5),
        integers((7,)),
        dimension_numbers=GatherDimensionNumbers((), (0,), (0,)),
        mode="promise_in_bounds",
        unique_indices=False,
    ),
)
"""What every scatter is checked on."""


class ScatterFamily(Primitive):
    """Windows of ``operand`` at ``indices`` combined with ``updates``, one by one.

    Windows are taken in row-major order of their positions, so that of several updates
    of one entry the last wins where they replace. ``dimension_numbers`` are those of
    the gather that would read the windows. ``unique_indices`` promises that no entry is
    updated twice.
    """

    ufunc: ClassVar[np.ufunc | None] = None
    """How an update is combined with what is there; None replaces it."""

    def combine(self, b: Any, old: Any, new: Any) -> Any:
        """The same on register values."""
        raise NotImplementedError

    def overwrites(self, result: int, **params: Any) -> int | None:
        return 0

    def evaluate(
        self,
        operand: Any,
        indices: Any,
        updates: Any,
        *,
        dimension_numbers: GatherDimensionNumbers,
        mode: str,
        unique_indices: bool,
    ) -> Any:
        result = np.array(operand)
        indices, updates, d = (
            np.asarray(indices),
            np.asarray(updates),
            dimension_numbers,
        )
        if updates.size == 0 or result.size == 0:
            return result
        sizes = window_sizes(result.ndim, updates.shape, d)
        starts, valid = window_starts(indices, result.shape, sizes, d)
        everywhere = mode != "fill" or valid.all()
        where: tuple[Any, ...]
        if everywhere and spans_rows(result.shape, sizes, d):
            where = (slice(None),) * d.start_index_map[0] + (starts[0],)
            rank = updates.ndim
            updates = np.moveaxis(updates, row_axes(rank, d), range(rank))
        else:
            # Window by window: the order in which updates are made.
            order = [k for k in range(updates.ndim) if k not in d.offset_dims]
            order += d.offset_dims
            grid = window_grid(starts, updates.shape, result.ndim, d)
            # In memory order: NumPy goes by it where it assigns.
            where = tuple(np.asarray(w.transpose(order), order="C") for w in grid)
            if not everywhere:
                kept = along_batch(valid, updates.ndim, d)
                kept = np.broadcast_to(kept, updates.shape).transpose(order)
                where = tuple(w[kept] for w in where)
                updates = updates.transpose(order)[kept]
            else:
                updates = updates.transpose(order)
        if self.ufunc is None:
            result[where] = updates
        else:
            self.ufunc.at(result, where, updates)
        return result

    def abstract_eval(
        self,
        operand: ShapedArray,
        indices: ShapedArray,
        updates: ShapedArray,
        *,
        dimension_numbers: GatherDimensionNumbers,
        mode: str,
        unique_indices: bool,
    ) -> ShapedArray:
        d = dimension_numbers
        problem = ""
        if updates.dtype != operand.dtype:
            problem = "operand and updates have different dtypes"
        elif updates.ndim != indices.ndim - 1 + len(d.offset_dims):
            problem = "the updates have another rank than the windows"
        else:
            sizes = window_sizes(operand.ndim, updates.shape, d)
            check_windows(self.name, operand, indices, d, sizes, mode)
            if windows_shape(indices.shape, sizes, d) != updates.shape:
                problem = "the updates have another shape than the windows"
        if problem:
            raise errors.ShapeError(
                errors.message(
                    f"`{self.name}`: {problem}.",
                    where=user_frame(),
                    got=f"{operand} at positions {indices}, updates {updates}",
                    see=errors.ShapeError.page,
                )
            )
        return operand.update()

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        dimension_numbers: GatherDimensionNumbers,
        mode: str,
        unique_indices: bool,
    ) -> Any:
        operand = align_batch(operands[0], dims[0], size)
        updates = align_batch(operands[2], dims[2], size)
        indices = operands[1]
        if dims[1] is None:
            numbers = dimension_numbers.batched_operand()
        else:
            indices = move_axis_to_front(indices, dims[1])
            numbers = dimension_numbers.batched()
        result = self.bind(
            operand,
            indices,
            updates,
            dimension_numbers=numbers,
            mode=mode,
            unique_indices=unique_indices,
        )
        return result, 0

    def lower(
        self,
        ctx: Any,
        operand: Any,
        indices: Any,
        updates: Any,
        *,
        dimension_numbers: GatherDimensionNumbers,
        mode: str,
        unique_indices: bool,
    ) -> Any:
        if 0 in operand.shape or 0 in updates.shape:
            return operand
        d = dimension_numbers
        if is_small(operand.shape) and math.prod(updates.shape) == 1:
            return self._lower_one_entry(ctx, operand, indices, updates, d, mode)
        positions = _cheap(ctx, apart(ctx, indices, operand))
        values = ctx.materialize(apart(ctx, updates, operand))
        out = ctx.mutable(operand)
        sizes = window_sizes(operand.ndim, updates.shape, d)
        batch = [k for k in range(updates.ndim) if k not in d.offset_dims]

        def update(b: Any, place: Sequence[Any]) -> None:
            corner = [Index(b, 0)] * updates.ndim
            for axis, i in zip(batch, place, strict=True):
                corner[axis] = i
            where, valid = lower_windows(
                ctx,
                b,
                corner,
                lambda at: ctx.read_at(positions, at),
                operand.shape,
                sizes,
                d,
                check=mode == "fill",
            )

            def write() -> list[Any]:
                self._lower_window(ctx, values, out, corner, where, d)
                return []

            if valid is None:
                write()
            else:
                b.if_else(valid, write, list)

        ctx.for_each(tuple(updates.shape[k] for k in batch), update)
        return out

    def _lower_one_entry(
        self,
        ctx: Any,
        operand: Any,
        indices: Any,
        updates: Any,
        d: GatherDimensionNumbers,
        mode: str,
    ) -> Register:
        """One entry of an array in registers."""
        positions, x = ctx.materialize(indices), ctx.register(operand)
        where, valid = lower_windows(
            ctx,
            ctx.b,
            [Index(ctx.b, 0)] * updates.ndim,
            lambda at: positions.load(ctx.b, at),
            operand.shape,
            window_sizes(operand.ndim, updates.shape, d),
            d,
            check=mode == "fill",
        )
        value = ctx.b.splat(ctx.value(updates), x.value.lanes)
        if self.ufunc is not None:
            value = self.combine(ctx.b, x.value, value)
        chosen = chosen_lane(ctx, x.shape, where, valid)
        return Register(ctx.b.select(chosen, value, x.value), x.shape)

    def _lower_window(
        self,
        ctx: Any,
        values: Any,
        out: Any,
        corner: Sequence[Any],
        where: Sequence[Any],
        d: GatherDimensionNumbers,
    ) -> None:
        """Update one window, vector by vector along its last axis."""
        offsets = sorted(d.offsets(out.ndim), key=lambda pair: pair[1])
        lanes = nest.lanes_for(ctx, [values])

        def go(k: int, source: list[Any], target: list[Any]) -> None:
            def step(i: Index) -> None:
                axis, at = offsets[k]
                inner = [*source[:at], source[at] + i, *source[at + 1 :]]
                outer = [*target[:axis], target[axis] + i, *target[axis + 1 :]]
                go(k + 1, inner, outer)

            if k == len(offsets):
                self._lower_entries(ctx.b, values, out, source, target)
                return
            extent = ctx.extent(values.shape[offsets[k][1]]).base
            if k == len(offsets) - 1:

                def run(width: int, base: Any) -> None:
                    step(Index(ctx.b, base, 1 if width > 1 else 0, width))

                nest.strip(ctx, extent, lanes, run, again=self.ufunc is None)
                return
            with ctx.b.loop(0, extent) as loop:
                step(Index(ctx.b, loop.index))

        go(0, list(corner), [i + Index(ctx.b, 0) for i in where])

    def _lower_entries(
        self, b: Any, values: Any, out: Any, source: Any, target: Any
    ) -> None:
        width = max([i.lanes for i in (*source, *target)], default=1)
        source, target = (indices(b, list(place), width) for place in (source, target))
        value = values.load(b, source)
        if self.ufunc is not None:
            value = self.combine(b, out.load(b, target), value)
        out.store(b, target, value)


def _cheap(ctx: Any, positions: Node) -> Node:
    """Positions that are worth computing where they are read, others in memory."""
    is_recipe = isinstance(positions, Lazy) and positions.buffer is None
    if is_recipe and price(positions) <= nest.CHEAP and positions.uses <= 1:
        return positions
    made: Node = ctx.materialize(positions)
    return made
