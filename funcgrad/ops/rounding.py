"""Rounding, neighbours, and the classes of floating-point numbers."""

from __future__ import annotations

import enum
from typing import Any

import numpy as np

from funcgrad.core.dtypes import math_dtype
from funcgrad.core.trace import typeof
from funcgrad.ops.bitwise import bitwise_and, bitwise_or
from funcgrad.ops.cases import array, binary, case, integers, unary
from funcgrad.ops.comparison import eq, ne
from funcgrad.ops.complex_parts import abs, imag, real, sign
from funcgrad.ops.elementwise import Elementwise
from funcgrad.ops.exponential import float_operands
from funcgrad.ops.selection import where

_ROUNDED = (*unary(), case(integers((3,))))
_CLASSES = (*unary(), case(array([0.0, -0.0, np.inf, -np.inf, np.nan])))


def _bool(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return np.dtype(bool)


def _lower_rounding(name: str) -> Any:
    def lower(b: Any, x: Any) -> Any:
        return getattr(b, name)(x) if x.dtype.kind == "f" else x

    return lower


def _lower_round(b: Any, x: Any) -> Any:
    if x.dtype.kind == "c":
        return b.complex(b.round(b.real(x)), b.round(b.imag(x)))
    return b.round(b.convert(x, math_dtype(x.dtype)))


def _lower_nextafter(b: Any, x: Any, y: Any) -> Any:
    dtype = math_dtype(x.dtype)
    return b.nextafter(b.convert(x, dtype), b.convert(y, dtype))


def _lower_signbit(b: Any, x: Any) -> Any:
    return b.signbit(b.convert(x, np.int8) if x.dtype.kind == "b" else x)


floor_p = Elementwise(
    "floor",
    numpy=np.floor,
    jvp=[None],
    lower=_lower_rounding("floor"),
    kinds="biuf",
    cases=_ROUNDED,
)
ceil_p = Elementwise(
    "ceil",
    numpy=np.ceil,
    jvp=[None],
    lower=_lower_rounding("ceil"),
    kinds="biuf",
    cases=_ROUNDED,
)
trunc_p = Elementwise(
    "trunc",
    numpy=np.trunc,
    jvp=[None],
    lower=_lower_rounding("trunc"),
    kinds="biuf",
    cases=_ROUNDED,
)
round_p = Elementwise(
    "round",
    numpy=np.rint,
    jvp=[None],
    lower=_lower_round,
    out_dtype=math_dtype,
    cases=_ROUNDED,
)
nextafter_p = Elementwise(
    "nextafter",
    numpy=np.nextafter,
    jvp=[lambda t, z, x, y: t, None],
    lower=_lower_nextafter,
    out_dtype=math_dtype,
    kinds="biuf",
    cost=8,
    cases=binary(),
)
is_finite_p = Elementwise(
    "is_finite",
    numpy=np.isfinite,
    jvp=[None],
    lower=lambda b, x: b.is_finite(x),
    out_dtype=_bool,
    cases=(*_CLASSES, case(integers((3,)))),
)
signbit_p = Elementwise(
    "signbit",
    numpy=np.signbit,
    jvp=[None],
    lower=_lower_signbit,
    out_dtype=_bool,
    kinds="biuf",
    cases=(*_CLASSES, case(integers((3,)))),
)


def floor(x: Any) -> Any:
    """Largest whole number not above ``x``.

    Parameters
    ----------
    x : array
        Real.

    Returns
    -------
    array, shape of ``x``, the dtype of ``x``

    Examples
    --------
    >>> floor(np.array([-1.5, 1.5]))
    array([-2.,  1.])
    """
    return floor_p.bind(x)


def ceil(x: Any) -> Any:
    """Smallest whole number not below ``x``.

    Parameters
    ----------
    x : array
        Real.

    Returns
    -------
    array, shape of ``x``, the dtype of ``x``

    Examples
    --------
    >>> ceil(np.array([-1.5, 1.5]))
    array([-1.,  2.])
    """
    return ceil_p.bind(x)


def trunc(x: Any) -> Any:
    """``x`` without its fraction.

    Parameters
    ----------
    x : array
        Real.

    Returns
    -------
    array, shape of ``x``, the dtype of ``x``

    Examples
    --------
    >>> trunc(np.array([-1.5, 1.5]))
    array([-1.,  1.])
    """
    return trunc_p.bind(x)


def round(x: Any) -> Any:
    """Nearest whole number, the even one of two.

    Examples
    --------
    >>> round(np.array([0.5, 1.5, 2.6]))
    array([0., 2., 3.])
    """
    return round_p.bind(x)


class RoundingMethod(enum.IntEnum):
    """Where halves are rounded to.

    Examples
    --------
    >>> round_by_method(np.float64(2.5), RoundingMethod.TO_NEAREST_EVEN)
    np.float64(2.0)
    """

    AWAY_FROM_ZERO = 0
    TO_NEAREST_EVEN = 1


def round_by_method(
    x: Any, rounding_method: RoundingMethod = RoundingMethod.AWAY_FROM_ZERO
) -> Any:
    """Nearest whole number; of two, the one that the method says.

    Parameters
    ----------
    x : array, float dtype
    rounding_method : RoundingMethod, optional
        Halves away from zero, as JAX has it, or to the even one of two.

    Returns
    -------
    array of the shape and dtype of ``x``

    Examples
    --------
    >>> round_by_method(np.array([0.5, 1.5, -2.5]))
    array([ 1.,  2., -3.])
    >>> round_by_method(np.array([0.5, 1.5]), RoundingMethod.TO_NEAREST_EVEN)
    array([0., 2.])
    """
    if RoundingMethod(rounding_method) is RoundingMethod.TO_NEAREST_EVEN:
        return round(x)
    whole = trunc(x)
    is_half = bitwise_and(ne(x, whole), eq(abs(x), abs(whole) + 0.5))
    return where(is_half, whole + sign(x), round(x))


def nextafter(x: Any, y: Any) -> Any:
    """The float next to ``x`` in the direction of ``y``.

    Parameters
    ----------
    x, y : array
        Broadcast and promoted as NumPy does.

    Returns
    -------
    array, float dtype

    Raises
    ------
    ShapeError
        If the shapes do not broadcast.

    Examples
    --------
    >>> float(nextafter(1.0, 2.0)) - 1.0 == np.finfo(float).eps
    np.True_
    """
    return nextafter_p(*float_operands(x, y))


def is_finite(x: Any) -> Any:
    """Whether an entry is neither infinite nor NaN.

    Parameters
    ----------
    x : array

    Returns
    -------
    array, shape of ``x``, bool

    Examples
    --------
    >>> is_finite(np.array([1.0, np.inf, np.nan]))
    array([ True, False, False])
    """
    return is_finite_p.bind(x)


def is_nan(x: Any) -> Any:
    """Whether an entry (one of its parts, where complex) is NaN.

    Parameters
    ----------
    x : array

    Returns
    -------
    array, shape of ``x``, bool

    Examples
    --------
    >>> is_nan(np.array([1.0, np.inf, np.nan]))
    array([False, False,  True])
    """
    return ne(x, x)


def is_inf(x: Any) -> Any:
    """Whether an entry (one of its parts, where complex) is infinite.

    Parameters
    ----------
    x : array

    Returns
    -------
    array, shape of ``x``, bool

    Examples
    --------
    >>> is_inf(np.array([1.0, np.inf, np.nan]))
    array([False,  True, False])
    """
    kind = typeof(x).dtype.kind
    if kind == "c":
        return bitwise_or(is_inf(real(x)), is_inf(imag(x)))
    return eq(abs(x), np.inf) if kind == "f" else ne(x, x)


def signbit(x: Any) -> Any:
    """Whether the sign of ``x`` is set, also that of -0.0.

    Parameters
    ----------
    x : array
        Real.

    Returns
    -------
    array, shape of ``x``, bool

    Examples
    --------
    >>> signbit(np.array([0.0, -0.0]))
    array([False,  True])
    """
    return signbit_p.bind(x)
