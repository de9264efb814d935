"""Reductions other than the sum: products, extremes, logic."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from funcgrad import errors
from funcgrad.core.aval import ShapedArray
from funcgrad.core.primitive import Primitive
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.core.vspace import Zero, zero_like
from funcgrad.ops.arithmetic import div, mul, strong_mul
from funcgrad.ops.cases import array, booleans, case, distinct, integers
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.comparison import eq
from funcgrad.ops.cumulative import cumprod
from funcgrad.ops.elementwise import wrong_kind
from funcgrad.ops.recurrence import shifted
from funcgrad.ops.structural import (
    WithoutDerivative,
    batch_reduction,
    broadcast_in_dim,
    reduce_sum,
    reshape,
    transpose,
    without,
)

Axes = tuple[int, ...]


class Reduction(Primitive):
    """A reduction over ``axes`` by one associative operation."""

    operation: ClassVar[str]
    """What it is called in loop nests."""
    kinds: ClassVar[str] = "biufc"
    numpy: ClassVar[Callable[..., Any]]

    def evaluate(self, x: Any, *, axes: Axes) -> Any:
        x = np.asarray(x)
        return type(self).numpy(x, axis=axes, dtype=x.dtype)

    def abstract_eval(self, x: ShapedArray, *, axes: Axes) -> ShapedArray:
        if x.dtype.kind not in self.kinds:
            raise wrong_kind(self.name, x.dtype, self.kinds)
        check_axes(self.name, x, axes)
        return x.update(shape=without(x.shape, axes))

    def batch(
        self, size: int, operands: Sequence[Any], dims: Sequence[Any], *, axes: Axes
    ) -> Any:
        return batch_reduction(self, operands[0], dims[0], axes)

    def lower(self, ctx: Any, x: Any, *, axes: Axes) -> Any:
        return ctx.reduce(self.operation, x, axes)


class ReduceProd(Reduction):
    """Product over ``axes``; the derivative is the product of all other entries."""

    name = "reduce_prod"
    operation = "mul"
    numpy = np.multiply.reduce
    cases = (
        case((2, 3), axes=(1,)),
        case((2, 3, 2), axes=(0, 2)),
        case((0, 3), axes=(0,)),
        case(array([[0.0, 2.0], [0.0, 0.0], [3.0, -2.0]]), axes=(1,)),
        case((), axes=()),
        case(integers((4,), 1, 4), axes=(0,)),
    )

    def jvp(
        self, primals: Sequence[Any], tangents: Sequence[Any], *, axes: Axes
    ) -> Any:
        (x,), (t,) = primals, tangents
        y = self.bind(x, axes=axes)
        if type(t) is Zero:
            return y, zero_like(y)
        flat, flat_t = _together(x, axes), _together(t, axes)
        before = shifted(cumprod(flat, 0), 0, 1)
        after = shifted(cumprod(flat, 0, reverse=True), 0, 1, reverse=True)
        return y, reduce_sum(strong_mul(flat_t, mul(before, after)), (0,))


def _together(x: Any, axes: Axes) -> Any:
    """``x`` with the reduced axes as one, in front."""
    shape = typeof(x).shape
    kept = [axis for axis in range(len(shape)) if axis not in axes]
    count = math.prod(shape[axis] for axis in axes)
    return reshape(
        transpose(x, (*axes, *kept)), (count, *(shape[axis] for axis in kept))
    )


class ReduceExtremum(Reduction):
    """The largest or smallest entry, NaN if there is one; ties share the derivative."""

    cases = (
        case(distinct((2, 3)), axes=(1,)),
        case(distinct((2, 3, 2)), axes=(0, 2)),
        case(distinct((1,)), axes=(0,)),
        case((), axes=()),
        case(distinct((2, 0)), axes=(0,)),
        case(integers((4,)), axes=(0,)),
        case(booleans((2, 4)), axes=(1,)),
    )

    def evaluate(self, x: Any, *, axes: Axes) -> Any:
        return type(self).numpy(np.asarray(x), axis=axes)

    def abstract_eval(self, x: ShapedArray, *, axes: Axes) -> ShapedArray:
        result = super().abstract_eval(x, axes=axes)
        if any(x.shape[axis] == 0 for axis in axes) and 0 not in result.shape:
            raise no_entries(self.name, x, axes)
        return result

    def jvp(
        self, primals: Sequence[Any], tangents: Sequence[Any], *, axes: Axes
    ) -> Any:
        (x,), (t,) = primals, tangents
        y = self.bind(x, axes=axes)
        if type(t) is Zero:
            return y, zero_like(y)
        aval = typeof(x)
        kept = [axis for axis in range(aval.ndim) if axis not in axes]
        winners = eq(x, broadcast_in_dim(y, aval.shape, kept))
        share = convert_element_type(winners, aval.dtype)
        counts = reduce_sum(share, axes)
        total = reduce_sum(strong_mul(t, share), axes)
        return y, div(total, counts)

    def lower(self, ctx: Any, x: Any, *, axes: Axes) -> Any:
        if x.dtype.kind == "b":
            return ctx.reduce("or" if self.operation == "max" else "and", x, axes)
        return ctx.reduce(self.operation, x, axes)


class ReduceMax(ReduceExtremum):
    """The largest entry over ``axes``."""

    name = "reduce_max"
    operation = "max"
    numpy = np.maximum.reduce


class ReduceMin(ReduceExtremum):
    """The smallest entry over ``axes``."""

    name = "reduce_min"
    operation = "min"
    numpy = np.minimum.reduce


class ReduceLogic(WithoutDerivative, Reduction):
    """A reduction of bits or booleans; it has no derivative."""

    kinds = "biu"
    cases = (
        case(booleans((2, 3)), axes=(1,)),
        case(booleans((2, 3)), axes=(0, 1)),
        case(integers((4, 2)), axes=(0,)),
        case(booleans((0, 3)), axes=(0,)),
    )


class ReduceAnd(ReduceLogic):
    """All of them, bit by bit."""

    name = "reduce_and"
    operation = "and"
    numpy = np.bitwise_and.reduce


class ReduceOr(ReduceLogic):
    """Any of them, bit by bit."""

    name = "reduce_or"
    operation = "or"
    numpy = np.bitwise_or.reduce


class ReduceXor(ReduceLogic):
    """Whether an odd number is set, bit by bit."""

    name = "reduce_xor"
    operation = "xor"
    numpy = np.bitwise_xor.reduce


def check_axes(name: str, x: ShapedArray, axes: Axes) -> None:
    """Raise unless the axes are distinct axes of ``x``, counted from the front."""
    if len(set(axes)) == len(axes) and all(0 <= axis < x.ndim for axis in axes):
        return
    raise errors.AxisError(
        errors.message(
            f"`{name}` is asked for axes that the array does not have.",
            where=user_frame(),
            got=f"axes {axes} of {x}",
            expected=f"each of 0 to {x.ndim - 1} at most once",
            see=errors.AxisError.page,
        )
    )


def no_entries(name: str, x: ShapedArray, axes: Axes) -> errors.ShapeError:
    """The error for a reduction over nothing that has no value for it."""
    return errors.ShapeError(
        errors.message(
            f"`{name}` of no entries has no value.",
            where=user_frame(),
            got=f"{x} over axes {axes}",
            expected="at least one entry, or `initial=` where the function has it",
            see=errors.ShapeError.page,
        )
    )


reduce_prod_p = ReduceProd()
reduce_max_p = ReduceMax()
reduce_min_p = ReduceMin()
reduce_and_p = ReduceAnd()
reduce_or_p = ReduceOr()
reduce_xor_p = ReduceXor()


def _reduce(primitive: Reduction, x: Any, axes: Sequence[int]) -> Any:
    axes = tuple(axes)
    return primitive.bind(x, axes=axes) if axes else x


def reduce_prod(x: Any, axes: Sequence[int]) -> Any:
    """Product over ``axes`` (non-negative); exact derivatives of any order at zeros.

    Examples
    --------
    >>> import numpy as np
    >>> reduce_prod(np.array([[1.0, 2.0], [3.0, 4.0]]), (0,))
    array([3., 8.])
    """
    return _reduce(reduce_prod_p, x, axes)


def reduce_max(x: Any, axes: Sequence[int]) -> Any:
    """Largest entry over ``axes``, NaN if there is one; ties share the derivative.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import lax
    >>> lax.reduce_max(np.array([[1.0, 5.0], [7.0, 2.0]]), (1,))
    array([5., 7.])
    """
    return _reduce(reduce_max_p, x, axes)


def reduce_min(x: Any, axes: Sequence[int]) -> Any:
    """Smallest entry over ``axes``, NaN if there is one; ties share the derivative.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import lax
    >>> lax.reduce_min(np.array([[1.0, 5.0], [7.0, 2.0]]), (1,))
    array([1., 2.])
    """
    return _reduce(reduce_min_p, x, axes)


def reduce_and(x: Any, axes: Sequence[int]) -> Any:
    """All booleans over ``axes``, or the bits that all integers have.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import lax
    >>> lax.reduce_and(np.array([[True, False], [True, True]]), (0,))
    array([ True, False])
    """
    return _reduce(reduce_and_p, x, axes)


def reduce_or(x: Any, axes: Sequence[int]) -> Any:
    """Any boolean over ``axes``, or the bits that some integer has.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import lax
    >>> lax.reduce_or(np.array([1, 2, 4]), (0,))
    np.int64(7)
    """
    return _reduce(reduce_or_p, x, axes)


def reduce_xor(x: Any, axes: Sequence[int]) -> Any:
    """Exclusive or over ``axes``, bit by bit.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import lax
    >>> lax.reduce_xor(np.array([1, 3, 4]), (0,))
    np.int64(6)
    """
    return _reduce(reduce_xor_p, x, axes)
