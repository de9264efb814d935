"""Arrays put together along an axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad import errors
from funcgrad.compiler.lower.nodes import Register, is_small
from funcgrad.core.aval import ShapedArray
from funcgrad.core.dtypes import result_type_of
from funcgrad.core.primitive import Primitive
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.core.vspace import Zero, zero_like
from funcgrad.ops.cases import booleans, case, integers
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.iota import instantiate
from funcgrad.ops.slicing import strided_slice
from funcgrad.ops.structural import align_batch, reshape
from funcgrad.ops.windows import store_window
from funcgrad.transforms.transpose import is_linear


class Concatenate(Primitive):
    """Operands one after the other along ``dimension``. Its transpose slices."""

    name = "concatenate"
    moves_entries = True
    linear = True
    cases = (
        case((2,), (3,), dimension=0),
        case((2, 3), (2, 1), (2, 0), dimension=1),
        case((2, 11), (1, 11), dimension=0),
        case((9, 2), (9, 1), (9, 3), dimension=1),
        case(integers((2,)), integers((1,)), dimension=0),
        case(booleans((2,)), booleans((1,)), dimension=0),
    )

    def evaluate(self, *operands: Any, dimension: int) -> Any:
        return np.concatenate(operands, axis=dimension)

    def abstract_eval(self, *avals: ShapedArray, dimension: int) -> ShapedArray:
        first = avals[0]
        if not 0 <= dimension < first.ndim:
            raise _wrong_axis(avals, dimension)
        rest = _others(first, dimension)
        if any(
            a.ndim != first.ndim
            or _others(a, dimension) != rest
            or a.dtype != first.dtype
            for a in avals
        ):
            raise _do_not_fit(avals, dimension)
        shape = list(first.shape)
        shape[dimension] = sum(a.shape[dimension] for a in avals)
        return ShapedArray(tuple(shape), first.dtype)

    def jvp(
        self, primals: Sequence[Any], tangents: Sequence[Any], *, dimension: int
    ) -> Any:
        y = self.bind(*primals, dimension=dimension)
        if all(type(t) is Zero for t in tangents):
            return y, zero_like(y)
        return y, self.bind(*map(instantiate, tangents), dimension=dimension)

    def transpose(self, ct: Any, *operands: Any, dimension: int) -> list[Any]:
        parts: list[Any] = []
        shape = typeof(ct).shape
        start = 0
        for operand in operands:
            linear = is_linear(operand)
            extent = (operand.aval if linear else typeof(operand)).shape[dimension]
            if linear:
                low = [0] * len(shape)
                high = list(shape)
                low[dimension], high[dimension] = start, start + extent
                parts.append(strided_slice(ct, low, high))
            else:
                parts.append(None)
            start += extent
        return parts

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        dimension: int,
    ) -> Any:
        aligned = [align_batch(x, d, size) for x, d in zip(operands, dims, strict=True)]
        return self.bind(*aligned, dimension=dimension + 1), 0

    def lower(self, ctx: Any, *operands: Any, dimension: int) -> Any:
        shape = list(operands[0].shape)
        shape[dimension] = sum(x.shape[dimension] for x in operands)
        if is_small(shape):
            return _in_registers(ctx, operands, shape, dimension)
        out = ctx.buffer(shape, operands[0].dtype)
        start = [ctx.extent(0)] * len(shape)
        end = 0
        for part in operands:
            start[dimension] = ctx.extent(end)
            store_window(ctx, part, out, start)
            end += part.shape[dimension]
        return out


def _in_registers(
    ctx: Any, operands: Sequence[Any], shape: Sequence[int], dimension: int
) -> Any:
    """The answer as one vector: all entries, then those of each row together."""
    parts = [x for x in operands if 0 not in x.shape]
    places = []
    first = 0
    for x in parts:
        size = math.prod(x.shape)
        places.append(np.arange(first, first + size).reshape(x.shape))
        first += size
    order = np.concatenate(places, dimension).ravel().tolist()
    everything = ctx.b.concat_lanes([ctx.value(x) for x in parts])
    return Register(ctx.b.shuffle(everything, order), shape)


concatenate_p = Concatenate()


def concatenate(operands: Sequence[Any], dimension: int) -> Any:
    """Arrays joined along an existing axis, promoted to one dtype.

    Parameters
    ----------
    operands : sequence of arrays
        Of one shape but for ``dimension``.
    dimension : int
        From 0 to ``ndim - 1``.

    Raises
    ------
    ShapeError
        If the shapes differ elsewhere.

    Examples
    --------
    >>> import numpy as np
    >>> concatenate([np.zeros(2), np.ones(1)], 0)
    array([0., 0., 1.])
    """
    if not operands:
        raise errors.ShapeError(
            errors.message(
                "there is nothing to concatenate.",
                where=user_frame(),
                got="no operand",
                expected="at least one array",
                see=errors.ShapeError.page,
            )
        )
    dtype = result_type_of(*operands)
    operands = [convert_element_type(x, dtype) for x in operands]
    if len(operands) == 1:
        return operands[0]
    return concatenate_p.bind(*operands, dimension=dimension)


def stack(operands: Sequence[Any], axis: int) -> Any:
    """Arrays of one shape along a new axis.

    Examples
    --------
    >>> import numpy as np
    >>> stack([np.zeros(2), np.ones(2)], 1).tolist()
    [[0.0, 1.0], [0.0, 1.0]]
    """
    columns = []
    for x in operands:
        shape = list(typeof(x).shape)
        shape.insert(axis, 1)
        columns.append(reshape(x, shape))
    return concatenate(columns, axis)


def _others(aval: ShapedArray, dimension: int) -> tuple[Any, ...]:
    return aval.shape[:dimension] + aval.shape[dimension + 1 :]


def _wrong_axis(avals: Sequence[ShapedArray], dimension: int) -> errors.AxisError:
    return errors.AxisError(
        errors.message(
            f"arrays can not be joined along axis {dimension}.",
            where=user_frame(),
            got=", ".join(map(str, avals)),
            expected="an axis that the arrays have",
            fix="stack(arrays, axis) makes a new axis",
            see=errors.AxisError.page,
        )
    )


def _do_not_fit(avals: Sequence[ShapedArray], dimension: int) -> errors.ShapeError:
    return errors.ShapeError(
        errors.message(
            f"the arrays do not fit together along axis {dimension}.",
            where=user_frame(),
            got=", ".join(map(str, avals)),
            expected=f"one rank, and equal extents on every axis but {dimension}",
            see=errors.ShapeError.page,
        )
    )
