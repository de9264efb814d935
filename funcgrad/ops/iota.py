"""Counting numbers and constant arrays, made where they are used instead of stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad import errors
from funcgrad.core.aval import ShapedArray, float0
from funcgrad.core.dtypes import canonical_dtype
from funcgrad.core.source import user_frame
from funcgrad.core.vspace import Zero
from funcgrad.ops.cases import case
from funcgrad.ops.structural import WithoutDerivative, broadcast_in_dim

DType = np.dtype[Any]
Shape = tuple[Any, ...]


class Iota(WithoutDerivative):
    """The index of an entry along ``dimension``, as the entry: 0, 1, 2, ..."""

    name = "iota"
    staged_when_constant = True
    cases = (
        case(dtype=np.dtype(np.int64), shape=(4,), dimension=0),
        case(dtype=np.dtype(np.float32), shape=(2, 3), dimension=1),
        case(dtype=np.dtype(np.int32), shape=(20, 3), dimension=0),
        case(dtype=np.dtype(np.complex128), shape=(0,), dimension=0),
    )

    def evaluate(self, *, dtype: DType, shape: Shape, dimension: int) -> Any:
        column = [1] * len(shape)
        column[dimension] = shape[dimension]
        counted = np.arange(shape[dimension], dtype=dtype).reshape(column)
        return np.broadcast_to(counted, shape)

    def abstract_eval(
        self, *, dtype: DType, shape: Shape, dimension: int
    ) -> ShapedArray:
        if not 0 <= dimension < len(shape):
            raise errors.AxisError(
                errors.message(
                    f"`iota` has no dimension {dimension} to count along.",
                    where=user_frame(),
                    got=f"shape {shape}",
                    expected=f"a dimension from 0 to {len(shape) - 1}",
                    see=errors.AxisError.page,
                )
            )
        if dtype.kind == "b":
            raise errors.DTypeError(
                errors.message(
                    "`iota` can not count in bool.",
                    where=user_frame(),
                    expected="int, uint, float or complex",
                    see=errors.DTypeError.page,
                )
            )
        return ShapedArray(tuple(shape), dtype)

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        dtype: DType,
        shape: Shape,
        dimension: int,
    ) -> Any:
        return self.bind(dtype=dtype, shape=shape, dimension=dimension), None

    def lower(self, ctx: Any, *, dtype: DType, shape: Shape, dimension: int) -> Any:
        def entry(b: Any, idx: Sequence[Any], read: Any) -> Any:
            return b.convert(idx[dimension].value(b), dtype)

        return ctx.compute(shape, dtype, entry, [])


iota_p = Iota()


def iota(dtype: Any, size: int) -> Any:
    """``0, 1, ..., size - 1``.

    Examples
    --------
    >>> import numpy as np
    >>> iota(np.int32, 3)
    array([0, 1, 2], dtype=int32)
    """
    return broadcasted_iota(dtype, (size,), 0)


def broadcasted_iota(dtype: Any, shape: Sequence[Any], dimension: int) -> Any:
    """An array of ``shape`` whose entries are their index along ``dimension``.

    Parameters
    ----------
    dtype : dtype-like, not bool
    shape : sequence of int
    dimension : int
        From 0 to ``len(shape) - 1``.

    Returns
    -------
    array, shape ``shape``, dtype ``dtype``

    Examples
    --------
    >>> import numpy as np
    >>> broadcasted_iota(np.int64, (2, 3), 1).tolist()
    [[0, 1, 2], [0, 1, 2]]
    """
    return iota_p.bind(
        dtype=canonical_dtype(dtype), shape=tuple(shape), dimension=dimension
    )


def full(shape: Sequence[Any], value: Any, dtype: Any) -> Any:
    """An array of one value; ``value`` is concrete.

    Examples
    --------
    >>> import numpy as np
    >>> full((2,), 3, np.float32)
    array([3., 3.], dtype=float32)
    """
    return broadcast_in_dim(np.asarray(value, canonical_dtype(dtype)), shape, ())


def empty(shape: Sequence[Any], dtype: Any) -> Any:
    """An array whose entries mean nothing yet; they are zeros, so that runs agree.

    Examples
    --------
    >>> empty((0, 3), float).shape
    (0, 3)
    """
    return full(shape, 0, dtype)


def shape_as_value(shape: Sequence[int]) -> Any:
    """A shape as an array of int64.

    Examples
    --------
    >>> shape_as_value((2, 3))
    array([2, 3])
    """
    return np.array(shape, np.int64)


def zeros_of(aval: ShapedArray) -> Any:
    """Zeros of this shape and dtype, made where they are used."""
    if aval.dtype == float0:
        return np.zeros(aval.shape, float0)  # it has no bytes to spare
    return full(aval.shape, 0, aval.dtype)


def instantiate(tangent: Any) -> Any:
    """An array for a symbolic zero; anything else as it is."""
    return zeros_of(tangent.aval) if type(tangent) is Zero else tangent
