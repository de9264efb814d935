"""Choices between values: select, extremes, clamp; and stop_gradient.

The derivative of a choice goes to what was chosen; everything else gets an exact zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad import errors
from funcgrad.core.aval import ShapedArray
from funcgrad.core.dtypes import result_type
from funcgrad.core.primitive import Primitive
from funcgrad.core.source import user_frame
from funcgrad.core.trace import PYTHON_SCALARS, typeof
from funcgrad.core.vspace import Zero, zero_like
from funcgrad.ops.arithmetic import strong_mul
from funcgrad.ops.cases import (
    array,
    between,
    binary,
    booleans,
    case,
    distinct,
    integers,
    unary,
)
from funcgrad.ops.comparison import eq_p, gt, lt
from funcgrad.ops.elementwise import (
    Elementwise,
    batch_elementwise,
    broadcast_and_promote,
    broadcast_shapes,
    shapes_differ,
    sum_to,
    wrong_kind,
)
from funcgrad.ops.structural import broadcast_in_dim, broadcast_to
from funcgrad.transforms.transpose import is_linear


class SelectN(Primitive):
    """Entry i of ``operands[which[i]]``; a bool picks the second where it is true.

    ``which`` is bool (two operands) or integer, clamped into range. Operands have one
    shape and dtype, or are 0-d, or Python scalars.
    """

    name = "select_n"
    entrywise = True
    linear = True
    cases = (
        case(booleans((2, 3)), (2, 3), (2, 3)),
        case(booleans(), (3,), (3,)),
        case(booleans((4,)), (), (4,)),
        case(booleans((4,)), (), ()),
        case(booleans((0,)), (0,), (0,)),
        case(integers((5,), 0, 3), (5,), (5,), (5,)),
        case(integers((), 0, 3), (5,), (5,), (5,)),
        case(booleans((3,)), integers((3,)), integers((3,))),
    )

    def evaluate(self, which: Any, *operands: Any) -> Any:
        if len(operands) == 2 and which.dtype.kind == "b":
            return np.where(which, operands[1], operands[0])[()]
        return _choose(which, operands)[()]

    def literal_dtype(self, avals: Sequence[ShapedArray]) -> Any:
        return result_type(*[(a.dtype, a.weak_type) for a in avals[1:]])

    def abstract_eval(self, which: ShapedArray, *operands: ShapedArray) -> ShapedArray:
        if which.dtype.kind not in "biu":
            raise wrong_kind(self.name, which.dtype, "biu")
        if not operands or (which.dtype.kind == "b" and len(operands) > 2):
            raise _wrong_count(which, len(operands))
        shape: tuple[Any, ...] = ()
        for aval in (which, *operands):
            if aval.shape:
                if shape and shape != aval.shape:
                    raise shapes_differ(self.name, (which, *operands))
                shape = aval.shape
        return ShapedArray(shape, self.literal_dtype((which, *operands)))

    def jvp(self, primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
        which, *operands = primals
        y = self.bind(which, *operands)
        if all(type(t) is Zero for t in tangents[1:]):
            return y, zero_like(y)
        aval = typeof(y)
        parts: list[Any] = []
        for t in tangents[1:]:
            if type(t) is Zero:
                parts.append(0.0)
                continue
            own = typeof(t)
            if own.shape != aval.shape:
                t = broadcast_in_dim(t, aval.shape, ())
            parts.append(t)
        return y, self.bind(which, *parts)

    def transpose(self, ct: Any, which: Any, *operands: Any) -> list[Any]:
        cts: list[Any] = [None]
        for i, operand in enumerate(operands):
            if not is_linear(operand):
                cts.append(None)
                continue
            parts = [ct if j == i else 0.0 for j in range(len(operands))]
            cts.append(sum_to(operand, self.bind(which, *parts)))
        return cts

    def batch(self, size: int, operands: Sequence[Any], dims: Sequence[Any]) -> Any:
        return batch_elementwise(self, size, operands, dims, {})

    def lower(self, ctx: Any, which: Any, *operands: Any) -> Any:
        dtype = operands[0].dtype
        last = len(operands) - 1

        def choose(b: Any, index: Any, *values: Any) -> Any:
            if index.dtype.kind == "b":
                return b.select(index, values[-1], values[0])
            result = values[0]
            for i in range(1, last + 1):
                result = b.select(b.cmp("ge", index, i), values[i], result)
            return result

        return ctx.map(choose, which, *operands, dtype=dtype)


def _choose(which: Any, operands: Sequence[Any]) -> Any:
    dtype = np.result_type(*operands)
    index = np.asarray(which).astype(np.intp)
    shape = np.broadcast_shapes(index.shape, *[np.shape(x) for x in operands])
    index = np.clip(index, 0, len(operands) - 1)
    stacked = np.stack([np.broadcast_to(x, shape) for x in operands]).astype(dtype)
    return np.take_along_axis(stacked, np.broadcast_to(index, shape)[None], 0)[0]


def _wrong_count(which: ShapedArray, count: int) -> errors.DTypeError:
    return errors.DTypeError(
        errors.message(
            "`select_n` with a bool chooses between two operands.",
            where=user_frame(),
            got=f"{which} and {count} operands",
            expected="one or two operands, or integers that say which",
            see=errors.DTypeError.page,
        )
    )


select_n_p = SelectN()


def select_n(which: Any, *operands: Any) -> Any:
    """Entry by entry, the operand whose number ``which`` says.

    Parameters
    ----------
    which : array of bool or integer
        False and True are 0 and 1; integers out of range are clamped.
    *operands : array
        Broadcast with each other and ``which``, and promoted to one dtype.

    Returns
    -------
    array, the common dtype of the operands

    Raises
    ------
    ShapeError
        If the shapes do not broadcast.
    DTypeError
        If ``which`` is float, or bool with more than two operands.

    Examples
    --------
    >>> select_n(np.array([True, False]), np.zeros(2), np.ones(2))
    array([1., 0.])
    """
    if type(which) in PYTHON_SCALARS or isinstance(which, (list, tuple)):
        which = np.asarray(which)
    operands = tuple(broadcast_and_promote(*operands))
    shapes = {typeof(x).shape for x in (which, *operands)}
    shapes.discard(())
    if len(shapes) > 1:
        shape = broadcast_shapes(*shapes)
        which, *spread = [
            x if typeof(x).shape in (shape, ()) else broadcast_to(x, shape)
            for x in (which, *operands)
        ]
        operands = tuple(spread)
    return select_n_p.bind(which, *operands)


def where(condition: Any, x: Any, y: Any) -> Any:
    """``x`` where the condition is true, else ``y``.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import lax
    >>> lax.where(np.array([True, False]), np.array([1.0, 2.0]), np.zeros(2))
    array([1., 0.])
    """
    if typeof(condition).dtype.kind != "b":
        condition = condition != 0
    return select_n(condition, y, x)


def _share(x: Any, z: Any, y: Any) -> Any:
    """How much of the extreme ``z`` of ``x`` and ``y`` is ``x``: 1, half or nothing."""
    number = typeof(z).dtype.type
    tie = select_n_p.bind(eq_p.bind(x, y), number(1), number(0.5))
    return select_n_p.bind(eq_p.bind(x, z), number(0), tie)


max_p = Elementwise(
    "max",
    numpy=np.maximum,
    jvp=[
        lambda t, z, x, y: strong_mul(t, _share(x, z, y)),
        lambda t, z, x, y: strong_mul(t, _share(y, z, x)),
    ],
    lower=lambda b, x, y: b.max(x, y),
    keeps_weak_type=True,
    cost=2,
    cases=(*binary(), case(integers((4,)), integers((4,)))),
)
min_p = Elementwise(
    "min",
    numpy=np.minimum,
    jvp=[
        lambda t, z, x, y: strong_mul(t, _share(x, z, y)),
        lambda t, z, x, y: strong_mul(t, _share(y, z, x)),
    ],
    lower=lambda b, x, y: b.min(x, y),
    keeps_weak_type=True,
    cost=2,
    cases=(*binary(), case(integers((4,)), integers((4,)))),
)


def _inside(t: Any, y: Any, low: Any, x: Any, high: Any) -> Any:
    within = select_n(lt(x, high), False, gt(x, low))
    return select_n(within, 0.0, t)


clamp_p = Elementwise(
    "clamp",
    numpy=lambda low, x, high: np.minimum(np.maximum(x, low), high),
    jvp=[
        lambda t, y, low, x, high: select_n(
            select_n(lt(low, high), False, gt(low, x)), 0.0, t
        ),
        _inside,
        lambda t, y, low, x, high: select_n(lt(high, x), 0.0, t),
    ],
    lower=lambda b, low, x, high: b.min(b.max(x, low), high),
    keeps_weak_type=True,
    kinds="biuf",
    cost=4,
    cases=(
        case(between((2, 3), -1.0, -0.5), (2, 3), between((2, 3), 0.5, 1.0)),
        case(array(-0.5), distinct((5,)), array(0.4)),
        case(array(-0.5), (), array(0.4)),
        case(array(0), integers((5,)), array(3)),
    ),
)
stop_gradient_p = Elementwise(
    "stop_gradient",
    numpy=lambda x: x,
    jvp=[None],
    lower=lambda b, x: x,
    keeps_weak_type=True,
    cases=[c.without_differences() for c in unary()],
)


def max(x: Any, y: Any) -> Any:
    """The larger of two, NaN if either is; equal ones share the derivative.

    Parameters
    ----------
    x, y : array
        Broadcast and promoted as NumPy does.

    Returns
    -------
    array, the common dtype

    Raises
    ------
    ShapeError
        If the shapes do not broadcast.

    Examples
    --------
    >>> max(np.array([1.0, np.nan]), 2.0)
    array([ 2., nan])
    """
    return max_p(x, y)


def min(x: Any, y: Any) -> Any:
    """The smaller of two, NaN if either is; equal ones share the derivative.

    Parameters
    ----------
    x, y : array
        Broadcast and promoted as NumPy does.

    Returns
    -------
    array, the common dtype

    Raises
    ------
    ShapeError
        If the shapes do not broadcast.

    Examples
    --------
    >>> min(np.array([1.0, np.nan]), 2.0)
    array([ 1., nan])
    """
    return min_p(x, y)


def clamp(low: Any, x: Any, high: Any) -> Any:
    """``x`` moved into the range from ``low`` to ``high`` (``lax.clamp``'s order).

    Examples
    --------
    >>> clamp(0.0, np.array([-1.0, 0.5, 2.0]), 1.0)
    array([0. , 0.5, 1. ])
    """
    return clamp_p(low, x, high)


def stop_gradient(x: Any) -> Any:
    """``x``, taken as a constant by derivatives of every order.

    Parameters
    ----------
    x : array

    Returns
    -------
    array, shape of ``x``, the dtype of ``x``

    Examples
    --------
    >>> stop_gradient(np.array([1.0, 2.0]))
    array([1., 2.])
    """
    return stop_gradient_p.bind(x) if typeof(x).differentiable else x
