"""Moves of entries without arithmetic: broadcast and sum (each other's transpose),
reshape, permute.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad import errors
from funcgrad.core.aval import ShapedArray
from funcgrad.core.constant import constant_p
from funcgrad.core.primitive import Primitive
from funcgrad.core.source import user_frame
from funcgrad.core.trace import shape_of, typeof
from funcgrad.core.vspace import Zero, zero_like
from funcgrad.ops.cases import booleans, case, give_cases, integers

Axes = tuple[int, ...]
Shape = tuple[Any, ...]


class LinearInOne(Primitive):
    """A primitive of one operand, linear in it: the tangent is mapped as the value."""

    linear = True

    def jvp(
        self, primals: Sequence[Any], tangents: Sequence[Any], **params: Any
    ) -> Any:
        y = self.bind(*primals, **params)
        t = tangents[0]
        if type(t) is Zero:
            return y, zero_like(y)
        return y, self.bind_tangent(y, t, **params)


class WithoutDerivative(Primitive):
    """A primitive whose answer moves with no operand: places, bits, truth values."""

    def jvp(
        self, primals: Sequence[Any], tangents: Sequence[Any], **params: Any
    ) -> Any:
        y = self.bind(*primals, **params)
        return y, zero_like(y)


# The core, where this primitive lives, knows no cases.
give_cases(constant_p, [case(value=np.arange(6.0).reshape(2, 3)), case(value=True)])


_SMALL = 1024
"""Up to so many entries copies are cheaper than NumPy's views, made in Python."""


class BroadcastInDim(LinearInOne):
    """Repeat along new axes; axis i of ``x`` becomes axis ``into[i]`` of the answer.

    An axis of extent 1 may be repeated. Its transpose sums.
    """

    name = "broadcast_in_dim"
    moves_entries = True
    repeats = True
    staged_when_constant = True
    cases = (
        case((), shape=(5, 7), into=()),
        case((3,), shape=(2, 3), into=(1,)),
        case((2, 1), shape=(2, 3, 4), into=(0, 2)),
        case((0,), shape=(0, 3), into=(0,)),
        case(integers((2,)), shape=(2, 3), into=(0,)),
    )

    def evaluate(self, x: Any, *, shape: Shape, into: Axes) -> Any:
        x = np.asarray(x)
        spread = [1] * len(shape)
        for axis, extent in zip(into, x.shape, strict=True):
            spread[axis] = extent
        if math.prod(shape) > _SMALL:
            return np.broadcast_to(x.reshape(spread), shape)
        result = np.empty(shape, x.dtype)
        result[...] = x.reshape(spread)
        return result

    def abstract_eval(self, x: ShapedArray, *, shape: Shape, into: Axes) -> ShapedArray:
        if len(into) != x.ndim or any(
            extent not in (1, shape[axis])
            for extent, axis in zip(x.shape, into, strict=True)
        ):
            raise errors.ShapeError(
                errors.message(
                    "an array can not be broadcast to this shape.",
                    where=user_frame(),
                    got=f"{x} to {shape} along axes {into}",
                    see=errors.ShapeError.page,
                )
            )
        return ShapedArray(tuple(shape), x.dtype)

    def transpose(self, ct: Any, x: Any, *, shape: Shape, into: Axes) -> list[Any]:
        own = x.aval.shape
        new = [axis for axis in range(len(shape)) if axis not in into]
        stretched = [
            axis
            for axis, extent in zip(into, own, strict=True)
            if extent == 1 and shape[axis] != 1
        ]
        ct = reduce_sum(ct, tuple(sorted((*new, *stretched))))
        return [reshape(ct, own)]

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        shape: Shape,
        into: Axes,
    ) -> Any:
        x = move_axis_to_front(operands[0], dims[0])
        moved = (0, *(axis + 1 for axis in into))
        return self.bind(x, shape=(size, *shape), into=moved), 0

    def lower(self, ctx: Any, x: Any, *, shape: Shape, into: Axes) -> Any:
        stretched = [
            extent == 1 and shape[axis] != 1
            for extent, axis in zip(x.shape, into, strict=True)
        ]

        def index(idx: Sequence[Any]) -> list[Any]:
            return [
                0 if flag else idx[axis]
                for flag, axis in zip(stretched, into, strict=True)
            ]

        return ctx.view(x, shape, index)


broadcast_in_dim_p = BroadcastInDim()


def broadcast_in_dim(x: Any, shape: Sequence[Any], dims: Sequence[int]) -> Any:
    """``x`` repeated to ``shape``, its axes at ``dims``.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import lax
    >>> lax.broadcast_in_dim(np.array([1, 2]), (2, 3), (0,))
    array([[1, 1, 1],
           [2, 2, 2]])
    """
    shape, dims = tuple(shape), tuple(dims)
    if shape_of(x) == shape:
        return x
    return broadcast_in_dim_p.bind(x, shape=shape, into=dims)


def broadcast_to(x: Any, shape: Sequence[Any]) -> Any:
    """``x`` repeated to ``shape`` as NumPy's ``broadcast_to``."""
    rank = len(typeof(x).shape)
    return broadcast_in_dim(x, shape, range(len(shape) - rank, len(shape)))


class ReduceSum(LinearInOne):
    """Sum over ``axes``. Its transpose broadcasts back."""

    name = "reduce_sum"
    cases = (
        case((5, 7), axes=(0,)),
        case((2, 3, 4), axes=(0, 2)),
        case((2, 3), axes=(0, 1)),
        case((0, 3), axes=(0,)),
        case((3, 0), axes=(0,)),
        case((), axes=()),
        case(integers((4,)), axes=(0,)),
        case(booleans((4,)), axes=(0,)),
        case(integers((4,), 0, 200, np.uint8), axes=(0,)),
    )

    def evaluate(self, x: Any, *, axes: Axes) -> Any:
        x = np.asarray(x)
        if x.dtype.kind == "b":
            return np.any(x, axis=axes)
        return np.add.reduce(x, axis=axes, dtype=x.dtype)

    def abstract_eval(self, x: ShapedArray, *, axes: Axes) -> ShapedArray:
        return x.update(shape=without(x.shape, axes))

    def transpose(self, ct: Any, x: Any, *, axes: Axes) -> list[Any]:
        kept = [axis for axis in range(x.aval.ndim) if axis not in axes]
        return [broadcast_in_dim(ct, x.aval.shape, kept)]

    def batch(
        self, size: int, operands: Sequence[Any], dims: Sequence[Any], *, axes: Axes
    ) -> Any:
        return batch_reduction(self, operands[0], dims[0], axes)

    def lower(self, ctx: Any, x: Any, *, axes: Axes) -> Any:
        return ctx.reduce("or" if x.dtype == bool else "add", x, axes)


def batch_reduction(primitive: Primitive, x: Any, dim: int, axes: Axes) -> Any:
    """Batch a reduction: its axes move past the batch axis, put in front."""
    front = move_axis_to_front(x, dim)
    return primitive.bind(front, axes=tuple(axis + 1 for axis in axes)), 0


reduce_sum_p = ReduceSum()


def reduce_sum(x: Any, axes: Sequence[int]) -> Any:
    """``x`` summed over ``axes`` (non-negative, sorted).

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import lax
    >>> lax.reduce_sum(np.array([[1.0, 2.0], [3.0, 4.0]]), (0,))
    array([4., 6.])
    """
    axes = tuple(axes)
    return reduce_sum_p.bind(x, axes=axes) if axes else x


def without(shape: Sequence[Any], axes: Sequence[int]) -> Shape:
    """A shape without these axes."""
    return tuple(n for axis, n in enumerate(shape) if axis not in axes)


class Reshape(LinearInOne):
    """The same entries in row-major order under another shape."""

    name = "reshape"
    moves_entries = True
    cases = (
        case((5, 7), shape=(7, 5)),
        case((2, 3), shape=(3, 2, 1)),
        case((), shape=(1,)),
        case((0, 3), shape=(3, 0)),
        case(integers((4,)), shape=(2, 2)),
    )

    def evaluate(self, x: Any, *, shape: Shape) -> Any:
        return np.reshape(x, shape)

    def abstract_eval(self, x: ShapedArray, *, shape: Shape) -> ShapedArray:
        if math.prod(x.shape) != math.prod(shape):
            raise errors.ShapeError(
                errors.message(
                    f"an array of {math.prod(x.shape)} entries can not be reshaped to "
                    f"{shape}.",
                    where=user_frame(),
                    got=str(x),
                    expected=f"{math.prod(shape)} entries",
                    see=errors.ShapeError.page,
                )
            )
        return x.update(shape=shape)

    def transpose(self, ct: Any, x: Any, *, shape: Shape) -> list[Any]:
        return [reshape(ct, x.aval.shape)]

    def batch(
        self, size: int, operands: Sequence[Any], dims: Sequence[Any], *, shape: Shape
    ) -> Any:
        front = move_axis_to_front(operands[0], dims[0])
        return self.bind(front, shape=(size, *shape)), 0

    def lower(self, ctx: Any, x: Any, *, shape: Shape) -> Any:
        return ctx.reshape(x, shape)


reshape_p = Reshape()


def reshape(x: Any, shape: Sequence[Any]) -> Any:
    """``x`` under another shape of the same size.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import lax
    >>> lax.reshape(np.array([1, 2, 3, 4]), (2, 2))
    array([[1, 2],
           [3, 4]])
    """
    shape = tuple([n if type(n) is int else operator.index(n) for n in shape])
    return x if typeof(x).shape == shape else reshape_p.bind(x, shape=shape)


class Transpose(LinearInOne):
    """Axes in another order: axis i of the answer is axis ``permutation[i]`` of x."""

    name = "transpose"
    moves_entries = True
    cases = (
        case((5, 7), permutation=(1, 0)),
        case((2, 3, 4), permutation=(2, 0, 1)),
        case((), permutation=()),
        case((0, 3), permutation=(1, 0)),
        case(booleans((2, 2)), permutation=(1, 0)),
    )

    def evaluate(self, x: Any, *, permutation: Axes) -> Any:
        return np.transpose(x, permutation)

    def abstract_eval(self, x: ShapedArray, *, permutation: Axes) -> ShapedArray:
        if sorted(permutation) != list(range(x.ndim)):
            raise errors.ShapeError(
                errors.message(
                    f"{permutation} is not a permutation of the axes of {x}.",
                    where=user_frame(),
                    see=errors.ShapeError.page,
                )
            )
        return x.update(shape=tuple(x.shape[axis] for axis in permutation))

    def transpose(self, ct: Any, x: Any, *, permutation: Axes) -> list[Any]:
        return [transpose(ct, np.argsort(permutation).tolist())]

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        permutation: Axes,
    ) -> Any:
        front = move_axis_to_front(operands[0], dims[0])
        return self.bind(front, permutation=(0, *(p + 1 for p in permutation))), 0

    def lower(self, ctx: Any, x: Any, *, permutation: Axes) -> Any:
        inverse = np.argsort(permutation).tolist()
        shape = tuple(x.shape[axis] for axis in permutation)
        return ctx.view(x, shape, lambda idx: [idx[axis] for axis in inverse])


transpose_p = Transpose()


def transpose(x: Any, permutation: Sequence[int]) -> Any:
    """``x`` with its axes permuted.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import lax
    >>> lax.transpose(np.array([[1, 2], [3, 4]]), (1, 0))
    array([[1, 3],
           [2, 4]])
    """
    order = tuple(int(p) for p in permutation)
    if order == tuple(range(len(order))):
        return x
    return transpose_p.bind(x, permutation=order)


def move_axis(x: Any, source: int, destination: int) -> Any:
    """``x`` with one axis moved elsewhere."""
    order = [axis for axis in range(typeof(x).ndim) if axis != source]
    order.insert(destination, source)
    return transpose(x, order)


def move_axis_to_front(x: Any, axis: int) -> Any:
    """``x`` with this axis first."""
    return x if axis == 0 else move_axis(x, axis, 0)


def align_batch(x: Any, dim: int | None, size: int) -> Any:
    """``x`` with its batch axis in front, repeated where it has none."""
    if dim is not None:
        return move_axis_to_front(x, dim)
    shape = typeof(x).shape
    return broadcast_in_dim(x, (size, *shape), range(1, len(shape) + 1))
