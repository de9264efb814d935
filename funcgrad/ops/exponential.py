"""Exponentials and logarithms, and what is made of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from funcgrad.core.dtypes import math_dtype
from funcgrad.core.trace import Tracer, typeof
from funcgrad.ops.arithmetic import add, div, mul, neg, strong_mul, sub
from funcgrad.ops.cases import (
    between,
    binary,
    case,
    complexes,
    integers,
    positive,
    unary,
)
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.comparison import eq
from funcgrad.ops.elementwise import Elementwise
from funcgrad.ops.selection import select_n

_LN2 = math.log(2.0)
_LN10 = math.log(10.0)
_ANY = (*unary(), case(integers((3,))))
_POSITIVE = (
    *unary(positive),
    case(integers((3,), 1, 6)),
    case(complexes((6,))),
)
_ABOVE_MINUS_ONE = unary(lambda shape: between(shape, -0.8, 3.0))


def lower_math(name: str) -> Callable[..., Any]:
    """The lowering of a function of the compiler's vector mathematics."""

    def lower(b: Any, *values: Any) -> Any:
        dtype = math_dtype(values[0].dtype)
        return b.math(name, *[b.convert(value, dtype) for value in values])

    return lower


def _lower_scaled(name: str, inside: float, outside: float) -> Callable[..., Any]:
    """As ``lower_math``; complex ``x`` by the natural function, scaled."""
    real = lower_math(name)
    natural = "exp" if name.startswith("exp") else "log"

    def lower(b: Any, x: Any) -> Any:
        if x.dtype.kind != "c":
            return real(b, x)
        return b.mul(b.math(natural, b.mul(x, inside)), outside)

    return lower


exp_p = Elementwise(
    "exp",
    numpy=np.exp,
    jvp=[lambda t, y, x: strong_mul(t, y)],
    lower=lower_math("exp"),
    out_dtype=math_dtype,
    cost=20,
    cases=_ANY,
)
exp2_p = Elementwise(
    "exp2",
    numpy=np.exp2,
    jvp=[lambda t, y, x: strong_mul(t, mul(y, _LN2))],
    lower=_lower_scaled("exp2", _LN2, 1.0),
    out_dtype=math_dtype,
    cost=20,
    cases=_ANY,
)
expm1_p = Elementwise(
    "expm1",
    numpy=np.expm1,
    jvp=[lambda t, y, x: strong_mul(t, add(y, 1.0))],
    lower=lower_math("expm1"),
    out_dtype=math_dtype,
    cost=25,
    cases=_ANY,
)
log_p = Elementwise(
    "log",
    numpy=np.log,
    jvp=[lambda t, y, x: strong_mul(t, div(1.0, x))],
    lower=lower_math("log"),
    out_dtype=math_dtype,
    cost=20,
    cases=_POSITIVE,
)
log2_p = Elementwise(
    "log2",
    numpy=np.log2,
    jvp=[lambda t, y, x: strong_mul(t, div(1.0 / _LN2, x))],
    lower=_lower_scaled("log2", 1.0, 1.0 / _LN2),
    out_dtype=math_dtype,
    cost=20,
    cases=_POSITIVE,
)
log10_p = Elementwise(
    "log10",
    numpy=np.log10,
    jvp=[lambda t, y, x: strong_mul(t, div(1.0 / _LN10, x))],
    lower=_lower_scaled("log10", 1.0, 1.0 / _LN10),
    out_dtype=math_dtype,
    cost=20,
    cases=_POSITIVE,
)
log1p_p = Elementwise(
    "log1p",
    numpy=np.log1p,
    jvp=[lambda t, y, x: strong_mul(t, div(1.0, add(x, 1.0)))],
    lower=lower_math("log1p"),
    out_dtype=math_dtype,
    cost=25,
    cases=_ABOVE_MINUS_ONE,
)


@cache
def scipy_special(name: str) -> Any:
    """A function of scipy.special, which is loaded when first used."""
    import scipy.special

    return getattr(scipy.special, name)


def as_float(x: Any) -> Any:
    """``x`` in the float dtype in which SciPy computes with its integers."""
    dtype = typeof(x).dtype
    if dtype.kind in "fc":
        return x
    return convert_element_type(x, np.float32 if dtype.itemsize <= 2 else np.float64)


def float_operands(*operands: Any) -> list[Any]:
    """Traced integers each in its own float dtype.

    NumPy looks for a float loop that takes both, so int8 and uint8 meet in float16,
    although as integers they would meet in int16.
    """
    return [
        convert_element_type(x, math_dtype(x.aval.dtype))
        if isinstance(x, Tracer) and x.aval.dtype.kind in "biu" and not x.aval.weak_type
        else x
        for x in operands
    ]


def _logistic(x: Any) -> Any:
    if np.asarray(x).dtype.kind == "c":
        return 1.0 / (1.0 + np.exp(-x))
    return scipy_special("expit")(x)


def _share(x: Any, y: Any, scale: float) -> Any:
    """``exp(x) / (exp(x) + exp(y))`` for ``scale`` 1; half where both are infinite."""
    difference = sub(x, y)
    at_infinity = select_n(eq(x, y), difference, 0.0)
    # A finite tie keeps its difference: it is zero, but its derivative is not.
    difference = select_n(eq(sub(x, x), 0.0), at_infinity, difference)
    return logistic(mul(difference, scale))


logistic_p = Elementwise(
    "logistic",
    numpy=_logistic,
    # logistic(-x) is 1 - y without cancellation, for x up to 700 and beyond.
    jvp=[lambda t, y, x: strong_mul(t, mul(y, logistic(neg(x))))],
    lower=lower_math("logistic"),
    kinds="fc",
    cost=25,
    cases=unary(),
)
logaddexp_p = Elementwise(
    "logaddexp",
    numpy=np.logaddexp,
    jvp=[
        lambda t, z, x, y: strong_mul(t, _share(x, y, 1.0)),
        lambda t, z, x, y: strong_mul(t, _share(y, x, 1.0)),
    ],
    lower=lower_math("logaddexp"),
    out_dtype=math_dtype,
    kinds="biuf",
    cost=50,
    cases=(*binary(), case(integers((3,)), integers((3,)))),
)
logaddexp2_p = Elementwise(
    "logaddexp2",
    numpy=np.logaddexp2,
    jvp=[
        lambda t, z, x, y: strong_mul(t, _share(x, y, _LN2)),
        lambda t, z, x, y: strong_mul(t, _share(y, x, _LN2)),
    ],
    lower=lower_math("logaddexp2"),
    out_dtype=math_dtype,
    kinds="biuf",
    cost=50,
    cases=(*binary(), case(integers((3,)), integers((3,)))),
)


def exp(x: Any) -> Any:
    """``e ** x``.

    Parameters
    ----------
    x : array
        Integers are taken as floats, as NumPy does.

    Returns
    -------
    array, shape of ``x``, float or complex dtype

    Examples
    --------
    >>> exp(np.array([0.0, -np.inf]))
    array([1., 0.])
    """
    return exp_p.bind(x)


def exp2(x: Any) -> Any:
    """``2 ** x``.

    Parameters
    ----------
    x : array
        Integers are taken as floats, as NumPy does.

    Returns
    -------
    array, shape of ``x``, float or complex dtype

    Examples
    --------
    >>> exp2(np.array([0, 1, 10]))
    array([1.000e+00, 2.000e+00, 1.024e+03])
    """
    return exp2_p.bind(x)


def expm1(x: Any) -> Any:
    """``exp(x) - 1``, accurate near zero.

    Parameters
    ----------
    x : array
        Integers are taken as floats, as NumPy does.

    Returns
    -------
    array, shape of ``x``, float or complex dtype

    Examples
    --------
    >>> float(expm1(1e-18))
    1e-18
    """
    return expm1_p.bind(x)


def log(x: Any) -> Any:
    """Natural logarithm; NaN below zero for real ``x``.

    Parameters
    ----------
    x : array
        Integers are taken as floats, as NumPy does.

    Returns
    -------
    array, shape of ``x``, float or complex dtype

    Examples
    --------
    >>> log(np.array([1.0, 0.5 + 0.5]))
    array([0., 0.])
    """
    return log_p.bind(x)


def log2(x: Any) -> Any:
    """Logarithm to base 2.

    Parameters
    ----------
    x : array
        Integers are taken as floats, as NumPy does.

    Returns
    -------
    array, shape of ``x``, float or complex dtype

    Examples
    --------
    >>> log2(np.array([1, 8]))
    array([0., 3.])
    """
    return log2_p.bind(x)


def log10(x: Any) -> Any:
    """Logarithm to base 10.

    Parameters
    ----------
    x : array
        Integers are taken as floats, as NumPy does.

    Returns
    -------
    array, shape of ``x``, float or complex dtype

    Examples
    --------
    >>> log10(np.array([1, 1000]))
    array([0., 3.])
    """
    return log10_p.bind(x)


def log1p(x: Any) -> Any:
    """``log(1 + x)``, accurate near zero.

    Parameters
    ----------
    x : array
        Integers are taken as floats, as NumPy does.

    Returns
    -------
    array, shape of ``x``, float or complex dtype

    Examples
    --------
    >>> float(log1p(1e-18))
    1e-18
    """
    return log1p_p.bind(x)


def logistic(x: Any) -> Any:
    """``1 / (1 + exp(-x))``, without overflow.

    Examples
    --------
    >>> float(logistic(0.0))
    0.5
    """
    return logistic_p.bind(as_float(x))


def logaddexp(x: Any, y: Any) -> Any:
    """``log(exp(x) + exp(y))``, without overflow.

    Examples
    --------
    >>> float(logaddexp(1000.0, 1000.0))
    1000.6931471805599
    """
    return logaddexp_p(*float_operands(x, y))


def logaddexp2(x: Any, y: Any) -> Any:
    """``log2(2**x + 2**y)``, without overflow.

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
    >>> float(logaddexp2(3.0, 3.0))
    4.0
    """
    return logaddexp2_p(*float_operands(x, y))
