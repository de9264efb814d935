"""Places of the largest and smallest entries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from funcgrad.compiler.lower.index import Index
from funcgrad.core.aval import ShapedArray
from funcgrad.core.dtypes import canonical_dtype
from funcgrad.ops.cases import array, booleans, case, distinct, integers
from funcgrad.ops.reduction import check_axes, no_entries
from funcgrad.ops.structural import WithoutDerivative, move_axis_to_front, without

INT64 = np.dtype(np.int64)
_BLOCK = 512
_LONG = 8 * _BLOCK
"""Extent from which on an axis is searched in blocks."""


class ArgExtremum(WithoutDerivative):
    """Index of the first extreme entry along ``axis``; of the first NaN if there is."""

    operation: ClassVar[str]
    numpy: ClassVar[Callable[..., Any]]
    cases = (
        case(distinct((2, 3)), axis=1, index_dtype=np.dtype(np.int64)),
        case(integers((4, 2), 0, 3), axis=0, index_dtype=np.dtype(np.int32)),
        case(array([1.0, np.nan, 3.0, np.nan]), axis=0, index_dtype=np.dtype(np.int64)),
        case(booleans((5,)), axis=0, index_dtype=np.dtype(np.int64)),
    )

    def evaluate(self, x: Any, *, axis: int, index_dtype: np.dtype[Any]) -> Any:
        return type(self).numpy(np.asarray(x), axis=axis).astype(index_dtype)

    def abstract_eval(
        self, x: ShapedArray, *, axis: int, index_dtype: np.dtype[Any]
    ) -> ShapedArray:
        check_axes(self.name, x, (axis,))
        shape = without(x.shape, (axis,))
        if x.shape[axis] == 0 and 0 not in shape:
            raise no_entries(self.name, x, (axis,))
        return ShapedArray(shape, index_dtype)

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        axis: int,
        index_dtype: np.dtype[Any],
    ) -> Any:
        x = move_axis_to_front(operands[0], dims[0])
        return self.bind(x, axis=axis + 1, index_dtype=index_dtype), 0

    def lower(self, ctx: Any, x: Any, *, axis: int, index_dtype: np.dtype[Any]) -> Any:
        operation = self.operation
        if x.dtype.kind == "b":
            operation = "or" if operation == "max" else "and"
        long = axis == x.ndim - 1 and x.shape[axis] >= _LONG
        find = _place_in_blocks if long else _place
        first = find(ctx, operation, x, axis)
        return ctx.map(lambda b, v: b.convert(v, index_dtype), first, dtype=index_dtype)


def _place(ctx: Any, operation: str, x: Any, axis: int) -> Any:
    """The extreme first; then the smallest index at which it stands."""
    extreme = ctx.reduce(operation, x, (axis,))

    def position(b: Any, idx: Sequence[Any], read: Any) -> Any:
        entry = read(0, idx)
        best = read(1, [*idx[:axis], *idx[axis + 1 :]])
        found = b.or_(b.cmp("eq", entry, best), b.cmp("ne", entry, entry))
        index = idx[axis].value(b)
        none = b.splat(ctx.number(np.iinfo(INT64).max, INT64), index.lanes)
        return b.select(found, index, none)

    where = ctx.compute(x.shape, INT64, position, [x, extreme], cost=3)
    return ctx.reduce("min", where, (axis,))


def _place_in_blocks(ctx: Any, operation: str, x: Any, axis: int) -> Any:
    """The extremes of blocks of rows; then the place in the first block that has it.

    What is long is read once. The last block begins early enough to be a whole one.
    """
    lead, extent = x.shape[:-1], x.shape[-1]
    size, last = ctx.extent(_BLOCK), ctx.extent(extent - _BLOCK)

    def in_block(b: Any, idx: Sequence[Any], read: Any) -> Any:
        return read(0, [*idx[:-2], (idx[-2] * size).at_most(last) + idx[-1]])

    shape = (*lead, -(-extent // _BLOCK), _BLOCK)
    blocks = ctx.compute(shape, x.dtype, in_block, [x])
    extremes = ctx.materialize(ctx.reduce(operation, blocks, (axis + 1,)))
    chosen = _place(ctx, operation, extremes, axis)

    def in_chosen(b: Any, idx: Sequence[Any], read: Any) -> Any:
        block = Index.of(read(1, idx[:-1]), b)
        return read(0, [*idx[:-1], (block * size).at_most(last) + idx[-1]])

    block = ctx.compute((*lead, _BLOCK), x.dtype, in_chosen, [x, chosen])
    inside = _place(ctx, operation, ctx.materialize(block), axis)

    def joined(b: Any, which: Any, place: Any) -> Any:
        begin = (Index.of(which, b) * size).at_most(last)
        return b.add(begin.value(b), place)

    return ctx.map(joined, chosen, inside, dtype=INT64, cost=2)


class Argmax(ArgExtremum):
    """Index of the largest entry."""

    name = "argmax"
    operation = "max"
    numpy = np.argmax


class Argmin(ArgExtremum):
    """Index of the smallest entry."""

    name = "argmin"
    operation = "min"
    numpy = np.argmin


argmax_p = Argmax()


argmin_p = Argmin()


def argmax(x: Any, axis: int, index_dtype: Any = np.int64) -> Any:
    """Index of the first largest entry along ``axis``; a NaN is larger than all.

    Examples
    --------
    >>> import numpy as np
    >>> int(argmax(np.array([1.0, 3.0, 3.0]), 0))
    1
    """
    return argmax_p.bind(x, axis=axis, index_dtype=canonical_dtype(index_dtype))


def argmin(x: Any, axis: int, index_dtype: Any = np.int64) -> Any:
    """Index of the first smallest entry along ``axis``; a NaN is smaller than all.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import lax
    >>> int(lax.argmin(np.array([3.0, 1.0, 1.0]), 0))
    1
    """
    return argmin_p.bind(x, axis=axis, index_dtype=canonical_dtype(index_dtype))
