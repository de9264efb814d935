"""A strided window at a known place replaced: what slices are written back with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad import errors
from funcgrad.compiler.lower.nodes import Node, Register, buffers_read, is_small
from funcgrad.core.aval import ShapedArray
from funcgrad.core.primitive import Primitive
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.core.vspace import Zero, zero_like
from funcgrad.ops.cases import case, integers
from funcgrad.ops.iota import instantiate, zeros_of
from funcgrad.ops.slicing import strided_slice
from funcgrad.ops.structural import align_batch
from funcgrad.ops.windows import store_window
from funcgrad.transforms.transpose import is_linear

Axes = tuple[int, ...]


class UpdateSlice(Primitive):
    """``x`` with every ``strides``-th entry from ``start`` on replaced by ``update``.

    The extents of ``update`` tell how many. Done in place where ``x`` dies.
    """

    name = "update_slice"
    linear = True
    cases = (
        case((5,), (2,), start=(1,), strides=(1,)),
        case((5, 7), (2, 3), start=(1, 0), strides=(2, 3)),
        case((4, 20), (2, 17), start=(2, 2), strides=(1, 1)),
        case((30,), (10,), start=(1,), strides=(3,)),
        case((3,), (0,), start=(1,), strides=(1,)),
        case((), (), start=(), strides=()),
        case(integers((4,)), integers((1,)), start=(3,), strides=(1,)),
    )

    def overwrites(self, result: int, **params: Any) -> int | None:
        return 0

    def evaluate(self, x: Any, update: Any, *, start: Axes, strides: Axes) -> Any:
        result = np.array(x)
        limit = _limits(np.shape(update), start, strides)
        result[tuple(map(slice, start, limit, strides))] = update
        return result

    def abstract_eval(
        self, x: ShapedArray, update: ShapedArray, *, start: Axes, strides: Axes
    ) -> ShapedArray:
        if (
            x.dtype != update.dtype
            or not len(start) == len(strides) == x.ndim == update.ndim
            or any(
                low < 0 or step < 1 for low, step in zip(start, strides, strict=True)
            )
            or any(
                limit > extent
                for limit, extent in zip(
                    _limits(update.shape, start, strides), x.shape, strict=True
                )
            )
        ):
            raise errors.ShapeError(
                errors.message(
                    "the update does not lie inside the array.",
                    where=user_frame(),
                    got=f"{update} into {x} from {start} in steps of {strides}",
                    expected="one dtype, and a window inside the array",
                    see=errors.ShapeError.page,
                )
            )
        return x.update()

    def jvp(
        self,
        primals: Sequence[Any],
        tangents: Sequence[Any],
        *,
        start: Axes,
        strides: Axes,
    ) -> Any:
        y = self.bind(*primals, start=start, strides=strides)
        if all(type(t) is Zero for t in tangents):
            return y, zero_like(y)
        dense = [instantiate(t) for t in tangents]
        return y, self.bind(*dense, start=start, strides=strides)

    def transpose(
        self, ct: Any, x: Any, update: Any, *, start: Axes, strides: Axes
    ) -> list[Any]:
        aval = update.aval if is_linear(update) else typeof(update)
        ct_x = ct_update = None
        # Read before the window is cleared, which is done in place where it can be.
        if is_linear(update):
            limit = _limits(aval.shape, start, strides)
            ct_update = strided_slice(ct, start, limit, strides)
        if is_linear(x):
            ct_x = self.bind(ct, zeros_of(aval), start=start, strides=strides)
        return [ct_x, ct_update]

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        start: Axes,
        strides: Axes,
    ) -> Any:
        x, update = (
            align_batch(v, d, size) for v, d in zip(operands, dims, strict=True)
        )
        return self.bind(x, update, start=(0, *start), strides=(1, *strides)), 0

    def lower(
        self, ctx: Any, x: Any, update: Any, *, start: Axes, strides: Axes
    ) -> Any:
        if is_small(x.shape):
            return _in_registers(ctx, x, update, start, strides)
        update = apart(ctx, update, x)
        out = ctx.mutable(x)
        store_window(ctx, update, out, [ctx.extent(n) for n in start], strides)
        return out


def _in_registers(ctx: Any, x: Node, update: Node, start: Axes, strides: Axes) -> Node:
    """Known lanes of one vector replaced by those of another."""
    if 0 in update.shape:
        return x
    size = math.prod(x.shape)
    lanes = np.arange(size).reshape(x.shape)
    limit = _limits(update.shape, start, strides)
    new = size + np.arange(math.prod(update.shape)).reshape(update.shape)
    lanes[tuple(map(slice, start, limit, strides))] = new
    both = ctx.b.concat_lanes([ctx.value(x), ctx.value(update)])
    return Register(ctx.b.shuffle(both, lanes.ravel().tolist()), x.shape)


def apart(ctx: Any, update: Node, x: Node) -> Node:
    """The update, in memory of its own if computing it reads what is overwritten."""
    if isinstance(update, Register) or not buffers_read(update) & buffers_read(x):
        return update
    made: Node = ctx.materialize(update)
    if made is not update:
        return made
    copied = ctx.buffer(update.shape, update.dtype)
    ctx.copy_into(update, copied)
    return copied


def _limits(shape: Sequence[int], start: Axes, strides: Axes) -> list[int]:
    return [
        low + (n - 1) * step + 1 if n else low
        for n, low, step in zip(shape, start, strides, strict=True)
    ]


update_slice_p = UpdateSlice()


def update_slice(
    x: Any, update: Any, start: Sequence[int], strides: Sequence[int] | None = None
) -> Any:
    """``x`` with a strided window at a known place replaced by ``update``.

    Parameters
    ----------
    x : array
    update : array of the rank and dtype of ``x``
    start, strides : sequence of int, one for each axis
        Inside the array; strides are positive, 1 by default.

    Raises
    ------
    ShapeError
        If the window does not lie inside the array.

    Examples
    --------
    >>> import numpy as np
    >>> update_slice(np.zeros(5), np.ones(2), (1,), (2,))
    array([0., 1., 0., 1., 0.])
    """
    start = tuple(start)
    steps = (1,) * len(start) if strides is None else tuple(strides)
    if typeof(update).shape == typeof(x).shape:
        return update
    return update_slice_p.bind(x, update, start=start, strides=steps)
