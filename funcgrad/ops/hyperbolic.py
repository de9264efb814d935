"""Hyperbolic functions and their inverses."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad.core.dtypes import math_dtype
from funcgrad.ops.arithmetic import add, div, mul, strong_mul, sub
from funcgrad.ops.cases import between, case, complexes, integers, unary
from funcgrad.ops.elementwise import Elementwise
from funcgrad.ops.exponential import lower_math
from funcgrad.ops.powers import rsqrt, square
from funcgrad.ops.trigonometric import one_minus_square

_ANY = (*unary(), case(integers((3,))))
_UNIT = (
    *unary(lambda shape: between(shape, -0.9, 0.9)),
    case(complexes((6,))),
)
_ABOVE_ONE = (
    *unary(lambda shape: between(shape, 1.2, 4.0)),
    case(complexes((6,))),
)

sinh_p = Elementwise(
    "sinh",
    numpy=np.sinh,
    jvp=[lambda t, y, x: strong_mul(t, cosh(x))],
    lower=lower_math("sinh"),
    out_dtype=math_dtype,
    cost=40,
    cases=_ANY,
)
cosh_p = Elementwise(
    "cosh",
    numpy=np.cosh,
    jvp=[lambda t, y, x: strong_mul(t, sinh(x))],
    lower=lower_math("cosh"),
    out_dtype=math_dtype,
    cost=40,
    cases=_ANY,
)
tanh_p = Elementwise(
    "tanh",
    numpy=np.tanh,
    jvp=[lambda t, y, x: strong_mul(t, one_minus_square(y))],
    lower=lower_math("tanh"),
    out_dtype=math_dtype,
    cost=25,
    cases=_ANY,
)
asinh_p = Elementwise(
    "asinh",
    numpy=np.arcsinh,
    jvp=[lambda t, y, x: strong_mul(t, rsqrt(add(1.0, square(x))))],
    lower=lower_math("asinh"),
    out_dtype=math_dtype,
    cost=50,
    cases=_ANY,
)
acosh_p = Elementwise(
    "acosh",
    numpy=np.arccosh,
    # Two roots: their product has its branch cut where acosh has it.
    jvp=[
        lambda t, y, x: strong_mul(t, mul(rsqrt(sub(x, 1.0)), rsqrt(add(x, 1.0)))),
    ],
    lower=lower_math("acosh"),
    out_dtype=math_dtype,
    cost=50,
    cases=_ABOVE_ONE,
)
atanh_p = Elementwise(
    "atanh",
    numpy=np.arctanh,
    jvp=[lambda t, y, x: strong_mul(t, div(1.0, one_minus_square(x)))],
    lower=lower_math("atanh"),
    out_dtype=math_dtype,
    cost=50,
    cases=_UNIT,
)


def sinh(x: Any) -> Any:
    """Hyperbolic sine.

    Parameters
    ----------
    x : array
        Integers are taken as floats, as NumPy does.

    Returns
    -------
    array, shape of ``x``, float or complex dtype

    Examples
    --------
    >>> float(sinh(0.0))
    0.0
    """
    return sinh_p.bind(x)


def cosh(x: Any) -> Any:
    """Hyperbolic cosine.

    Parameters
    ----------
    x : array
        Integers are taken as floats, as NumPy does.

    Returns
    -------
    array, shape of ``x``, float or complex dtype

    Examples
    --------
    >>> float(cosh(0.0))
    1.0
    """
    return cosh_p.bind(x)


def tanh(x: Any) -> Any:
    """Hyperbolic tangent.

    Parameters
    ----------
    x : array
        Integers are taken as floats, as NumPy does.

    Returns
    -------
    array, shape of ``x``, float or complex dtype

    Examples
    --------
    >>> tanh(np.array([-np.inf, 0.0, np.inf]))
    array([-1.,  0.,  1.])
    """
    return tanh_p.bind(x)


def asinh(x: Any) -> Any:
    """Inverse hyperbolic sine.

    Parameters
    ----------
    x : array
        Integers are taken as floats, as NumPy does.

    Returns
    -------
    array, shape of ``x``, float or complex dtype

    Examples
    --------
    >>> float(asinh(0.0))
    0.0
    """
    return asinh_p.bind(x)


def acosh(x: Any) -> Any:
    """Inverse hyperbolic cosine, of ``x`` at least 1.

    Parameters
    ----------
    x : array
        Integers are taken as floats, as NumPy does.

    Returns
    -------
    array, shape of ``x``, float or complex dtype

    Examples
    --------
    >>> float(acosh(1.0))
    0.0
    """
    return acosh_p.bind(x)


def atanh(x: Any) -> Any:
    """Inverse hyperbolic tangent, of ``x`` from -1 to 1.

    Parameters
    ----------
    x : array
        Integers are taken as floats, as NumPy does.

    Returns
    -------
    array, shape of ``x``, float or complex dtype

    Examples
    --------
    >>> float(atanh(0.0))
    0.0
    """
    return atanh_p.bind(x)
