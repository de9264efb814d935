"""Contractions: sums of products over shared axes, dot product to batched matmul."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad import errors
from funcgrad.core.aval import ShapedArray
from funcgrad.core.dtypes import canonical_dtype, result_type_of
from funcgrad.core.primitive import Primitive
from funcgrad.core.source import user_frame
from funcgrad.core.trace import shape_of, typeof
from funcgrad.core.vspace import Zero, add_tangents, zero_like
from funcgrad.deferred import deferred_module
from funcgrad.ops.cases import booleans, case, integers
from funcgrad.ops.casting import convert_element_type, share_dtype
from funcgrad.ops.structural import move_axis_to_front, transpose
from funcgrad.transforms.transpose import is_linear

if TYPE_CHECKING:
    from funcgrad.compiler.lower import contraction
else:
    contraction = deferred_module("funcgrad.compiler.lower.contraction")

Axes = tuple[int, ...]
DotDimensionNumbers = tuple[tuple[Axes, Axes], tuple[Axes, Axes]]
"""``((lhs contracting, rhs contracting), (lhs batch, rhs batch))``."""


def _numbers(
    contract: tuple[Any, Any], batch: tuple[Any, Any] = ((), ())
) -> DotDimensionNumbers:
    return (
        (tuple(contract[0]), tuple(contract[1])),
        (tuple(batch[0]), tuple(batch[1])),
    )


class DotGeneral(Primitive):
    """Products summed over contracting axes, one by one over batch axes.

    The answer has the batch axes, then the other axes of ``lhs``, then those of
    ``rhs``. Linear in each operand.
    """

    name = "dot_general"
    linear = True
    cases = tuple(
        case(lhs, rhs, dimension_numbers=numbers, preferred_element_type=None)
        for lhs, rhs, numbers in (
            ((3,), (3,), _numbers(((0,), (0,)))),
            ((2, 3), (3, 4), _numbers(((1,), (0,)))),
            ((2, 5, 3, 4), (3, 2, 6, 4), _numbers(((3,), (3,)), ((0, 2), (1, 0)))),
            ((3, 2, 4), (4, 5, 3), _numbers(((0, 2), (2, 0)))),
            ((20, 17), (17, 18), _numbers(((1,), (0,)))),
            ((20, 17), (17,), _numbers(((1,), (0,)))),
            ((2,), (3,), _numbers(((), ()))),
            ((2, 0), (0, 3), _numbers(((1,), (0,)))),
            (integers((2, 3)), integers((3, 2)), _numbers(((1,), (0,)))),
            (booleans((2, 3)), booleans((3, 2)), _numbers(((1,), (0,)))),
        )
    )

    def evaluate(
        self,
        lhs: Any,
        rhs: Any,
        *,
        dimension_numbers: DotDimensionNumbers,
        preferred_element_type: np.dtype[Any] | None,
    ) -> Any:
        lhs, rhs = np.asarray(lhs), np.asarray(rhs)
        if preferred_element_type is not None:
            lhs = lhs.astype(preferred_element_type)
            rhs = rhs.astype(preferred_element_type)
        if lhs.ndim <= 2 and rhs.ndim <= 2 and dimension_numbers in _MATRIX_PRODUCTS:
            (lc, rc), _ = dimension_numbers
            left = lhs if lc[0] == lhs.ndim - 1 else lhs.T
            return np.matmul(left, rhs if rc[0] == 0 else rhs.T)
        (lc, rc), (lb, rb) = dimension_numbers
        l_free, r_free = free_axes(lhs.ndim, lc, lb), free_axes(rhs.ndim, rc, rb)
        batch = [lhs.shape[axis] for axis in lb]
        rows = [lhs.shape[axis] for axis in l_free]
        cols = [rhs.shape[axis] for axis in r_free]
        inner = math.prod(lhs.shape[axis] for axis in lc)
        left = lhs.transpose([*lb, *l_free, *lc])
        right = rhs.transpose([*rb, *rc, *r_free])
        left = left.reshape([*batch, math.prod(rows), inner])
        right = right.reshape([*batch, inner, math.prod(cols)])
        return np.matmul(left, right).reshape([*batch, *rows, *cols])[()]

    def abstract_eval(
        self,
        lhs: ShapedArray,
        rhs: ShapedArray,
        *,
        dimension_numbers: DotDimensionNumbers,
        preferred_element_type: np.dtype[Any] | None,
    ) -> ShapedArray:
        shape = _shape_of_product(
            lhs.shape, lhs.dtype, rhs.shape, rhs.dtype, dimension_numbers
        )
        return ShapedArray(shape, preferred_element_type or lhs.dtype)

    def jvp(
        self,
        primals: Sequence[Any],
        tangents: Sequence[Any],
        *,
        dimension_numbers: DotDimensionNumbers,
        preferred_element_type: np.dtype[Any] | None,
    ) -> Any:
        params: Any = {
            "dimension_numbers": dimension_numbers,
            "preferred_element_type": preferred_element_type,
        }
        (lhs, rhs), (t_lhs, t_rhs) = primals, tangents
        y = self.bind(lhs, rhs, **params)
        total: Any = None
        if type(t_lhs) is not Zero:
            total = self.bind_tangent(y, t_lhs, rhs, **params)
        if type(t_rhs) is not Zero:
            part = self.bind_tangent(y, lhs, t_rhs, **params)
            total = part if total is None else add_tangents(total, part)
        return y, zero_like(y) if total is None else total

    def transpose(
        self,
        ct: Any,
        lhs: Any,
        rhs: Any,
        *,
        dimension_numbers: DotDimensionNumbers,
        preferred_element_type: np.dtype[Any] | None,
    ) -> list[Any]:
        (lc, rc), (lb, rb) = dimension_numbers
        if is_linear(lhs):
            return [_cotangent(ct, lhs.aval, rhs, (lc, lb), (rc, rb), True), None]
        return [None, _cotangent(ct, rhs.aval, lhs, (rc, rb), (lc, lb), False)]

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        dimension_numbers: DotDimensionNumbers,
        preferred_element_type: np.dtype[Any] | None,
    ) -> Any:
        (lc, rc), (lb, rb) = dimension_numbers
        lhs, rhs = operands
        out = 0
        if dims[0] is not None:
            lhs = move_axis_to_front(lhs, dims[0])
            lc, lb = _up(lc), _up(lb)
        if dims[1] is not None:
            rhs = move_axis_to_front(rhs, dims[1])
            rc, rb = _up(rc), _up(rb)
        if dims[0] is None:
            # The new axis is the first of the free axes of rhs.
            out = typeof(lhs).ndim - len(lc)
        elif dims[1] is None:
            out = len(lb)
        else:
            lb, rb = (0, *lb), (0, *rb)
        result = self.bind(
            lhs,
            rhs,
            dimension_numbers=((lc, rc), (lb, rb)),
            preferred_element_type=preferred_element_type,
        )
        return result, out

    def lower(
        self,
        ctx: Any,
        lhs: Any,
        rhs: Any,
        *,
        dimension_numbers: DotDimensionNumbers,
        preferred_element_type: np.dtype[Any] | None,
    ) -> Any:
        dtype = preferred_element_type or lhs.dtype
        # As NumPy does, sums of float16 are kept in float32 and rounded once.
        sums = np.dtype(np.float32) if dtype == np.float16 else dtype

        def convert(x: Any, to: np.dtype[Any]) -> Any:
            if x.dtype == to:
                return x
            return ctx.map(lambda b, v: b.convert(v, to), x, dtype=to)

        product = contraction.lower_dot_general(
            ctx, convert(lhs, sums), convert(rhs, sums), dimension_numbers, sums
        )
        return convert(product, dtype)


_MATRIX_PRODUCTS = frozenset(
    _numbers(((left,), (right,))) for left in (0, 1) for right in (0, 1)
)
"""One axis is summed over and none shared: NumPy's product of matrices and vectors."""


def free_axes(rank: int, contract: Axes, batch: Axes) -> list[int]:
    """Axes that are neither contracted nor batch axes."""
    return [axis for axis in range(rank) if axis not in contract and axis not in batch]


def _up(axes: Axes) -> Axes:
    return tuple(axis + 1 for axis in axes)


def _cotangent(
    ct: Any,
    aval: ShapedArray,
    other: Any,
    own: tuple[Axes, Axes],
    others: tuple[Axes, Axes],
    first: bool,
) -> Any:
    """Contract ``ct`` with the other operand; then axes go back to their places.

    The operand comes first whose axes do, since then most often none has to move.

    ``own`` and ``others`` are contracting and batch axes; ``first``: own free axes come
    first in ``ct``.
    """
    rank, other_rank = len(aval.shape), len(shape_of(other))
    swapped, numbers, order = _cotangent_plan(rank, other_rank, own, others, first)
    dtype = ct.dtype
    if other.dtype is not dtype:
        other = convert_element_type(other, dtype)
    x, y = (other, ct) if swapped else (ct, other)
    result = dot_general_p.bind(
        x, y, dimension_numbers=numbers, preferred_element_type=None
    )
    if order is not None:
        result = transpose(result, order)
    return result if aval.dtype is dtype else convert_element_type(result, aval.dtype)


@functools.lru_cache(maxsize=1024)
def _cotangent_plan(
    rank: int,
    other_rank: int,
    own: tuple[Axes, Axes],
    others: tuple[Axes, Axes],
    first: bool,
) -> tuple[bool, DotDimensionNumbers, list[int] | None]:
    """Whether the other operand comes first, the axes, and the order to end with.

    The order is None where no axis is to move.
    """
    contract, batch = own
    other_contract, other_batch = others
    free = free_axes(rank, contract, batch)
    other_free = free_axes(other_rank, other_contract, other_batch)
    start = len(batch) + (len(free) if first else 0)
    summed = tuple(range(start, start + len(other_free)))
    # Contracted axes come in the order of the other operand's axes.
    by_other = [contract[k] for k in np.argsort(other_contract)]
    sides: list[tuple[Any, Any, Any]] = [
        (summed, range(len(batch)), free),
        (other_free, other_batch, by_other),
    ]
    swapped = [*batch, *by_other, *free] == list(range(rank))
    if swapped:
        sides.reverse()
    (x_summed, x_batch, x_axes), (y_summed, y_batch, y_axes) = sides
    numbers = _numbers((x_summed, y_summed), (x_batch, y_batch))
    order = np.argsort([*batch, *x_axes, *y_axes]).tolist()
    return swapped, numbers, None if order == list(range(rank)) else order


@functools.lru_cache(maxsize=1024)
def _shape_of_product(
    left: tuple[Any, ...],
    left_dtype: np.dtype[Any],
    right: tuple[Any, ...],
    right_dtype: np.dtype[Any],
    numbers: DotDimensionNumbers,
) -> tuple[Any, ...]:
    _check(ShapedArray(left, left_dtype), ShapedArray(right, right_dtype), numbers)
    (lc, rc), (lb, rb) = numbers
    shape = [left[axis] for axis in lb]
    shape += [left[axis] for axis in free_axes(len(left), lc, lb)]
    shape += [right[axis] for axis in free_axes(len(right), rc, rb)]
    return tuple(shape)


def _check(lhs: ShapedArray, rhs: ShapedArray, numbers: DotDimensionNumbers) -> None:
    (lc, rc), (lb, rb) = numbers
    problem = ""
    if lhs.dtype != rhs.dtype:
        problem = "the operands have different dtypes"
    elif len(lc) != len(rc) or len(lb) != len(rb):
        problem = "the operands have different numbers of shared axes"
    elif not _distinct(lhs.ndim, (*lc, *lb)) or not _distinct(rhs.ndim, (*rc, *rb)):
        problem = "an axis does not exist or is named twice"
    else:
        for axis, other in zip((*lc, *lb), (*rc, *rb), strict=True):
            if lhs.shape[axis] != rhs.shape[other]:
                problem = (
                    f"axis {axis} of the first operand and axis {other} of the second "
                    "differ in extent"
                )
    if problem:
        raise errors.ShapeError(
            errors.message(
                f"the arrays can not be multiplied: {problem}.",
                where=user_frame(),
                got=f"{lhs} and {rhs}; contracting axes {lc} and {rc}"
                + (f", batch axes {lb} and {rb}" if lb else ""),
                expected="equal extents on the axes that are summed over",
                see=errors.ShapeError.page,
            )
        )


def _distinct(rank: int, axes: Axes) -> bool:
    return len(set(axes)) == len(axes) and all(0 <= axis < rank for axis in axes)


dot_general_p = DotGeneral()


def dot_general(
    lhs: Any,
    rhs: Any,
    dimension_numbers: Any,
    *,
    preferred_element_type: Any = None,
) -> Any:
    """Sum of products over contracting axes, for each entry of the batch axes.

    Parameters
    ----------
    lhs, rhs : arrays
        Promoted to one dtype.
    dimension_numbers : ((lhs axes, rhs axes), (lhs axes, rhs axes))
        The axes that are contracted, and those that are batch axes.
    preferred_element_type : dtype, optional
        Dtype to compute and answer in.

    Returns
    -------
    array, shape (batch..., free axes of lhs..., free axes of rhs...)

    Raises
    ------
    ShapeError
        If extents of shared axes differ.

    Examples
    --------
    >>> import numpy as np
    >>> a, b = np.ones((2, 3)), np.ones((3, 4))
    >>> dot_general(a, b, (((1,), (0,)), ((), ()))).shape
    (2, 4)
    """
    contract, batch = dimension_numbers
    if preferred_element_type is None and share_dtype(lhs, rhs):
        return dot_general_p.bind(
            lhs,
            rhs,
            dimension_numbers=_numbers(contract, batch),
            preferred_element_type=None,
        )
    dtype = result_type_of(lhs, rhs)
    preferred = None
    if preferred_element_type is not None:
        preferred = canonical_dtype(preferred_element_type)
        preferred = None if preferred == dtype else preferred
    return dot_general_p.bind(
        convert_element_type(lhs, dtype),
        convert_element_type(rhs, dtype),
        dimension_numbers=_numbers(contract, batch),
        preferred_element_type=preferred,
    )
