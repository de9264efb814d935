"""Circular functions and their inverses."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad.core.dtypes import math_dtype
from funcgrad.ops.arithmetic import add, div, neg, strong_mul
from funcgrad.ops.cases import between, binary, case, complexes, integers, unary
from funcgrad.ops.elementwise import Elementwise
from funcgrad.ops.exponential import float_operands, lower_math
from funcgrad.ops.powers import hypot, rsqrt, square

_ANY = (*unary(), case(integers((3,))))
_UNIT = (
    *unary(lambda shape: between(shape, -0.9, 0.9)),
    case(complexes((6,))),
)


def one_minus_square(x: Any) -> Any:
    """``1 - x**2``, accurate near 1."""
    return (1.0 - x) * (1.0 + x)


sin_p = Elementwise(
    "sin",
    numpy=np.sin,
    jvp=[lambda t, y, x: strong_mul(t, cos(x))],
    lower=lower_math("sin"),
    out_dtype=math_dtype,
    cost=25,
    cases=_ANY,
)
cos_p = Elementwise(
    "cos",
    numpy=np.cos,
    jvp=[lambda t, y, x: strong_mul(t, neg(sin(x)))],
    lower=lower_math("cos"),
    out_dtype=math_dtype,
    cost=25,
    cases=_ANY,
)
tan_p = Elementwise(
    "tan",
    numpy=np.tan,
    jvp=[lambda t, y, x: strong_mul(t, add(1.0, square(y)))],
    lower=lower_math("tan"),
    out_dtype=math_dtype,
    cost=40,
    cases=unary(lambda shape: between(shape, -1.2, 1.2)),
)
asin_p = Elementwise(
    "asin",
    numpy=np.arcsin,
    jvp=[lambda t, y, x: strong_mul(t, rsqrt(one_minus_square(x)))],
    lower=lower_math("asin"),
    out_dtype=math_dtype,
    cost=40,
    cases=_UNIT,
)
acos_p = Elementwise(
    "acos",
    numpy=np.arccos,
    jvp=[lambda t, y, x: strong_mul(t, neg(rsqrt(one_minus_square(x))))],
    lower=lower_math("acos"),
    out_dtype=math_dtype,
    cost=40,
    cases=_UNIT,
)
atan_p = Elementwise(
    "atan",
    numpy=np.arctan,
    jvp=[lambda t, y, x: strong_mul(t, div(1.0, add(1.0, square(x))))],
    lower=lower_math("atan"),
    out_dtype=math_dtype,
    cost=40,
    cases=_ANY,
)


def _atan2_slope(x: Any, y: Any) -> Any:
    """``x / (x**2 + y**2)``, without overflow in the squares."""
    size = hypot(x, y)
    return div(div(x, size), size)


atan2_p = Elementwise(
    "atan2",
    numpy=np.arctan2,
    jvp=[
        lambda t, z, x, y: strong_mul(t, _atan2_slope(y, x)),
        lambda t, z, x, y: strong_mul(t, neg(_atan2_slope(x, y))),
    ],
    lower=lower_math("atan2"),
    out_dtype=math_dtype,
    kinds="biuf",
    cost=50,
    cases=(*binary(), case(integers((3,), 1, 4), integers((3,), 1, 4))),
)


def sin(x: Any) -> Any:
    """Sine of ``x`` in radians.

    Parameters
    ----------
    x : array
        Integers are taken as floats, as NumPy does.

    Returns
    -------
    array, shape of ``x``, float or complex dtype

    Examples
    --------
    >>> sin(np.array([0.0, np.pi / 2]))
    array([0., 1.])
    """
    return sin_p.bind(x)


def cos(x: Any) -> Any:
    """Cosine of ``x`` in radians.

    Parameters
    ----------
    x : array
        Integers are taken as floats, as NumPy does.

    Returns
    -------
    array, shape of ``x``, float or complex dtype

    Examples
    --------
    >>> float(cos(0.0))
    1.0
    """
    return cos_p.bind(x)


def tan(x: Any) -> Any:
    """Tangent of ``x`` in radians.

    Parameters
    ----------
    x : array
        Integers are taken as floats, as NumPy does.

    Returns
    -------
    array, shape of ``x``, float or complex dtype

    Examples
    --------
    >>> float(tan(0.0))
    0.0
    """
    return tan_p.bind(x)


def asin(x: Any) -> Any:
    """Angle in [-pi/2, pi/2] whose sine is ``x``.

    Parameters
    ----------
    x : array
        Integers are taken as floats, as NumPy does.

    Returns
    -------
    array, shape of ``x``, float or complex dtype

    Examples
    --------
    >>> float(asin(1.0)) == np.pi / 2
    True
    """
    return asin_p.bind(x)


def acos(x: Any) -> Any:
    """Angle in [0, pi] whose cosine is ``x``.

    Parameters
    ----------
    x : array
        Integers are taken as floats, as NumPy does.

    Returns
    -------
    array, shape of ``x``, float or complex dtype

    Examples
    --------
    >>> float(acos(1.0))
    0.0
    """
    return acos_p.bind(x)


def atan(x: Any) -> Any:
    """Angle in [-pi/2, pi/2] whose tangent is ``x``.

    Parameters
    ----------
    x : array
        Integers are taken as floats, as NumPy does.

    Returns
    -------
    array, shape of ``x``, float or complex dtype

    Examples
    --------
    >>> float(atan(np.inf)) == np.pi / 2
    True
    """
    return atan_p.bind(x)


def atan2(x: Any, y: Any) -> Any:
    """Angle in [-pi, pi] of the point with ordinate ``x`` and abscissa ``y``.

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
    >>> float(atan2(0.0, -1.0)) == np.pi
    True
    """
    return atan2_p(*float_operands(x, y))
