"""Sorting along an axis, and places in sorted order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad import errors
from funcgrad.compiler.lower.index import Index
from funcgrad.core.aval import ShapedArray
from funcgrad.core.primitive import Primitive
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.core.vspace import Zero, zero_like
from funcgrad.ops.arithmetic import neg
from funcgrad.ops.cases import array, booleans, case, distinct, integers
from funcgrad.ops.indexing import take_along_axis
from funcgrad.ops.iota import broadcasted_iota
from funcgrad.ops.reversal import rev
from funcgrad.ops.slicing_one_axis import slice_in_dim
from funcgrad.ops.sorting_rows import places_along, sorted_along
from funcgrad.ops.structural import align_batch

INT64 = np.dtype(np.int64)


_NONFINITE = case(array([2.0, np.nan, -1.0, np.inf]), dimension=0, num_keys=1)


class Sort(Primitive):
    """Operands in the order in which the first ``num_keys`` of them are sorted.

    Entries along ``dimension`` move together; equal ones keep their order, NaN comes
    last, complex numbers go by real part and then by imaginary part.
    """

    name = "sort"
    multiple_results = True
    cases = (
        case(distinct((5,)), dimension=0, num_keys=1),
        case(distinct((2, 9)), dimension=1, num_keys=1),
        case(distinct((9, 2)), dimension=0, num_keys=1),
        case(distinct((3, 4)), (3, 4), dimension=1, num_keys=1),
        case(integers((20,), 0, 3), (20,), dimension=0, num_keys=1),
        case(
            integers((2, 20), 0, 3),
            integers((2, 20), 0, 3),
            (2, 20),
            dimension=1,
            num_keys=2,
        ),
        _NONFINITE.without_differences(),
        case(booleans((7,)), dimension=0, num_keys=1),
        case((0,), dimension=0, num_keys=1),
    )

    def evaluate(self, *operands: Any, dimension: int, num_keys: int) -> list[Any]:
        arrays = [np.asarray(x) for x in operands]
        if len(arrays) == 1:
            return [np.sort(arrays[0], axis=dimension)]
        order = np.lexsort(arrays[num_keys - 1 :: -1], axis=dimension)
        return [np.take_along_axis(x, order, dimension) for x in arrays]

    def abstract_eval(
        self, *avals: ShapedArray, dimension: int, num_keys: int
    ) -> list[ShapedArray]:
        first = avals[0]
        if (
            any(aval.shape != first.shape for aval in avals)
            or not 0 <= dimension < first.ndim
            or not 1 <= num_keys <= len(avals)
        ):
            raise errors.ShapeError(
                errors.message(
                    "`sort` takes arrays of one shape.",
                    where=user_frame(),
                    got=f"{', '.join(map(str, avals))} along axis {dimension} by "
                    f"{num_keys} of them",
                    expected="equal shapes, an axis that they have, and at least one "
                    "key",
                    see=errors.ShapeError.page,
                )
            )
        return [aval.update() for aval in avals]

    def jvp(
        self,
        primals: Sequence[Any],
        tangents: Sequence[Any],
        *,
        dimension: int,
        num_keys: int,
    ) -> Any:
        places = broadcasted_iota(INT64, typeof(primals[0]).shape, dimension)
        *results, order = self.bind(
            *primals, places, dimension=dimension, num_keys=num_keys
        )
        out = [
            zero_like(y) if type(t) is Zero else take_along_axis(t, order, dimension)
            for y, t in zip(results, tangents, strict=True)
        ]
        return results, out

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        dimension: int,
        num_keys: int,
    ) -> Any:
        aligned = [align_batch(x, d, size) for x, d in zip(operands, dims, strict=True)]
        results = self.bind(*aligned, dimension=dimension + 1, num_keys=num_keys)
        return results, [0] * len(results)

    def lower(
        self, ctx: Any, *operands: Any, dimension: int, num_keys: int
    ) -> list[Any]:
        shape = operands[0].shape
        if math.prod(shape) == 0:
            return list(operands)
        if len(operands) == 1:
            return [sorted_along(ctx, operands[0], dimension)]
        order = None
        for key in operands[num_keys - 1 :: -1]:
            moved = key if order is None else _in_order(ctx, key, order, dimension)
            places = places_along(ctx, moved, dimension)
            order = (
                places if order is None else _in_order(ctx, order, places, dimension)
            )
        return [_in_order(ctx, x, order, dimension) for x in operands]


def _in_order(ctx: Any, x: Any, order: Any, axis: int) -> Any:
    """Entries of ``x`` along the axis at the places ``order``."""

    def entry(b: Any, idx: Sequence[Any], read: Any) -> Any:
        where = [*idx]
        where[axis] = Index.of(read(1, idx), b)
        return read(0, where)

    return ctx.compute(x.shape, x.dtype, entry, [x, order], cost=4)


sort_p = Sort()


def sort(
    operand: Any, dimension: int = -1, is_stable: bool = True, num_keys: int = 1
) -> Any:
    """Entries in increasing order along an axis; several arrays by their first ones.

    Parameters
    ----------
    operand : array, or tuple of arrays of one shape
    dimension : int
    is_stable : bool
        Equal entries keep their order in any case.
    num_keys : int
        How many of the arrays decide; the first most of all.

    Returns
    -------
    array, or tuple of arrays

    Raises
    ------
    ShapeError
        If the shapes differ.

    Examples
    --------
    >>> import numpy as np
    >>> sort(np.array([3.0, np.nan, 1.0]))
    array([ 1.,  3., nan])
    """
    several = isinstance(operand, (tuple, list))
    operands = tuple(operand) if several else (operand,)
    axis = _axis(operands[0], dimension)
    results = sort_p.bind(*operands, dimension=axis, num_keys=num_keys)
    return tuple(results) if several else results[0]


def _axis(x: Any, dimension: int) -> int:
    rank = typeof(x).ndim
    if not -rank <= dimension < rank:
        raise errors.AxisError(
            errors.message(
                f"there is no axis {dimension} to sort along.",
                where=user_frame(),
                got=str(typeof(x)),
                expected=f"{-rank} to {rank - 1}",
                see=errors.AxisError.page,
            )
        )
    return dimension % rank


def sort_key_val(
    keys: Any, values: Any, dimension: int = -1, is_stable: bool = True
) -> tuple[Any, Any]:
    """``keys`` sorted along an axis, and ``values`` moved along with them.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import lax
    >>> lax.sort_key_val(np.array([3, 1, 2]), np.array([30, 10, 20]))
    (array([1, 2, 3]), array([10, 20, 30]))
    """
    first, second = sort((keys, values), dimension, is_stable)
    return first, second


def argsort(x: Any, dimension: int = -1) -> Any:
    """Places of the entries in increasing order; equal ones keep their order.

    Examples
    --------
    >>> import numpy as np
    >>> argsort(np.array([3.0, 1.0, 2.0]))
    array([1, 2, 0])
    """
    axis = _axis(x, dimension)
    places = broadcasted_iota(INT64, typeof(x).shape, axis)
    return sort_p.bind(x, places, dimension=axis, num_keys=1)[1]


def top_k(operand: Any, k: int, *, axis: int = -1) -> tuple[Any, Any]:
    """The ``k`` largest entries along an axis and their places, largest first.

    Parameters
    ----------
    operand : array, shape (..., n, ...)
        NaN counts as largest; of equal entries the first comes first.
    k : int
        At most n.
    axis : int, optional

    Returns
    -------
    tuple of arrays, shape (..., k, ...): values, and int64 places

    Raises
    ------
    ShapeError
        If there are fewer than ``k`` entries.

    Examples
    --------
    >>> import numpy as np
    >>> top_k(np.array([1.0, 5.0, 5.0, 2.0]), 2)
    (array([5., 5.]), array([1, 2]))
    """
    x, axis = operand, _axis(operand, axis)
    shape = typeof(x).shape
    if not 0 <= k <= shape[axis]:
        raise errors.ShapeError(
            errors.message(
                f"there are no {k} largest entries.",
                where=user_frame(),
                got=str(typeof(x)),
                expected=f"k from 0 to {shape[axis]}",
                see=errors.ShapeError.page,
            )
        )
    # Sorting the reversed array and reversing again puts the first of equal ones first.
    places = rev(broadcasted_iota(INT64, shape, axis), (axis,))
    ascending = sort_p.bind(rev(x, (axis,)), places, dimension=axis, num_keys=1)
    values, order = (
        rev(slice_in_dim(y, shape[axis] - k, shape[axis], axis=axis), (axis,))
        for y in ascending
    )
    return values, order


def approx_max_k(
    operand: Any,
    k: int,
    reduction_dimension: int = -1,
    recall_target: float = 0.95,
    reduction_input_size_override: int = -1,
    aggregate_to_topk: bool = True,
) -> tuple[Any, Any]:
    """`top_k` along an axis by JAX's other name: here it is exact.

    ``recall_target`` and what follows it are taken for compatibility.

    Examples
    --------
    >>> import numpy as np
    >>> approx_max_k(np.array([1.0, 5.0, 2.0]), 2)
    (array([5., 2.]), array([1, 2]))
    """
    return top_k(operand, k, axis=reduction_dimension)


def approx_min_k(
    operand: Any,
    k: int,
    reduction_dimension: int = -1,
    recall_target: float = 0.95,
    reduction_input_size_override: int = -1,
    aggregate_to_topk: bool = True,
) -> tuple[Any, Any]:
    """The ``k`` smallest entries along an axis and their places, smallest first; exact.

    Parameters are those of `approx_max_k`.

    Examples
    --------
    >>> import numpy as np
    >>> approx_min_k(np.array([1.0, 5.0, 2.0]), 2)
    (array([1., 2.]), array([0, 2]))
    """
    values, places = top_k(neg(operand), k, axis=reduction_dimension)
    return neg(values), places
