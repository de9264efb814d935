"""Real and imaginary part, conjugate, magnitude and sign.

Cotangents follow JAX: a linear map is transposed without conjugation, so that
``Re(sum(ct * map(t)))`` equals ``Re(sum(transpose(ct) * t))``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad.core.dtypes import complex_dtype, real_dtype, result_type_of
from funcgrad.core.numpy_protocol import defines_operator
from funcgrad.core.trace import typeof
from funcgrad.core.vspace import zero_like
from funcgrad.ops.arithmetic import add, div, mul, neg, strong_mul
from funcgrad.ops.cases import binary, case, complexes, integers, unary
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.comparison import is_zero
from funcgrad.ops.elementwise import Elementwise, sum_to
from funcgrad.transforms.transpose import is_linear


class Real(Elementwise):
    """Real part."""

    linear = True

    def transpose(self, ct: Any, x: Any) -> list[Any]:
        return [complex(ct, 0.0)]


class Imag(Elementwise):
    """Imaginary part."""

    linear = True

    def transpose(self, ct: Any, x: Any) -> list[Any]:
        return [complex(0.0, neg(ct))]


class Conj(Elementwise):
    """Complex conjugate."""

    linear = True

    def transpose(self, ct: Any, x: Any) -> list[Any]:
        return [conj(ct)]


class Complex(Elementwise):
    """Complex number from its parts."""

    linear = True

    def transpose(self, ct: Any, x: Any, y: Any) -> list[Any]:
        return [
            sum_to(x, real(ct)) if is_linear(x) else None,
            sum_to(y, neg(imag(ct))) if is_linear(y) else None,
        ]


def _join(x: Any, y: Any) -> Any:
    dtype = complex_dtype(result_type_of(x, y))
    result = np.empty(np.broadcast_shapes(np.shape(x), np.shape(y)), dtype)
    result.real = x
    result.imag = y
    return result[()]


real_p = Real(
    "real",
    numpy=np.real,
    jvp=[lambda t, y, x: real(t)],
    lower=lambda b, x: b.real(x),
    out_dtype=real_dtype,
    kinds="c",
    keeps_weak_type=True,
    cases=unary(complexes),
)
imag_p = Imag(
    "imag",
    numpy=np.imag,
    jvp=[lambda t, y, x: imag(t)],
    lower=lambda b, x: b.imag(x),
    out_dtype=real_dtype,
    kinds="c",
    keeps_weak_type=True,
    cases=unary(complexes),
)
conj_p = Conj(
    "conj",
    numpy=np.conj,
    jvp=[lambda t, y, x: conj(t)],
    lower=lambda b, x: b.conj(x),
    kinds="c",
    keeps_weak_type=True,
    cases=unary(complexes),
)
complex_p = Complex(
    "complex",
    numpy=_join,
    jvp=[
        lambda t, z, x, y: complex(t, 0.0),
        lambda t, z, x, y: complex(0.0, t),
    ],
    lower=lambda b, x, y: b.complex(x, y),
    out_dtype=complex_dtype,
    kinds="f",
    cases=binary(),
)


def _nonzero(x: Any) -> Any:
    """``x`` with 1 for 0: a divisor for what is zero where ``x`` is."""
    return add(x, convert_element_type(is_zero(x), typeof(x).dtype))


def _abs_tangent(t: Any, y: Any, x: Any) -> Any:
    if typeof(x).dtype.kind != "c":
        return strong_mul(t, sign(x))
    size = convert_element_type(_nonzero(y), typeof(x).dtype)
    return real(strong_mul(t, div(conj(x), size)))


def _sign_tangent(t: Any, y: Any, x: Any) -> Any:
    """Only the part of ``t`` across ``x`` turns it: ``i y Im(conj(y) t) / |x|``."""
    dtype = typeof(x).dtype
    if dtype.kind != "c":
        return zero_like(y)
    size = convert_element_type(_nonzero(abs(x)), dtype)
    turn = imag(strong_mul(t, div(conj(y), size)))
    return strong_mul(convert_element_type(turn, dtype), mul(y, 1j))


abs_p = Elementwise(
    "abs",
    numpy=np.absolute,
    jvp=[_abs_tangent],
    lower=lambda b, x: b.abs(x),
    out_dtype=real_dtype,
    keeps_weak_type=True,
    cases=(*unary(), case(integers((4,)))),
)
sign_p = Elementwise(
    "sign",
    numpy=np.sign,
    jvp=[_sign_tangent],
    lower=lambda b, x: b.sign(x),
    kinds="iufc",
    keeps_weak_type=True,
    cost=4,
    cases=(*unary(), case(integers((4,)))),
)


def real(x: Any) -> Any:
    """Real part; a real ``x`` is its own.

    Parameters
    ----------
    x : array

    Returns
    -------
    array, shape of ``x``, float dtype where ``x`` is complex

    Examples
    --------
    >>> real(np.array([1 + 2j]))
    array([1.])
    """
    return real_p.bind(x) if typeof(x).dtype.kind == "c" else x


def imag(x: Any) -> Any:
    """Imaginary part; zeros for a real ``x``.

    Parameters
    ----------
    x : array

    Returns
    -------
    array, shape of ``x``, float dtype where ``x`` is complex

    Examples
    --------
    >>> imag(np.array([1 + 2j]))
    array([2.])
    """
    aval = typeof(x)
    if aval.dtype.kind == "c":
        return imag_p.bind(x)
    return np.zeros(aval.shape, aval.dtype)[()]


def conj(x: Any) -> Any:
    """Complex conjugate; a real ``x`` is its own.

    Parameters
    ----------
    x : array

    Returns
    -------
    array, shape of ``x``, the dtype of ``x``

    Examples
    --------
    >>> conj(np.array([1 + 2j]))
    array([1.-2.j])
    """
    return conj_p.bind(x) if typeof(x).dtype.kind == "c" else x


def complex(real: Any, imag: Any) -> Any:
    """Complex number from floats: its real and imaginary part.

    Parameters
    ----------
    real, imag : array
        Broadcast and promoted as NumPy does.

    Returns
    -------
    array, complex dtype

    Raises
    ------
    ShapeError
        If the shapes do not broadcast.
    DTypeError
        If an operand is not a float.

    Examples
    --------
    >>> complex(np.array([1.0]), 2.0)
    array([1.+2.j])
    """
    return complex_p(real, imag)


@defines_operator("abs")
def abs(x: Any) -> Any:
    """Absolute value or magnitude; its derivative at 0 is taken to be 0.

    Parameters
    ----------
    x : array

    Returns
    -------
    array, shape of ``x``, float dtype where ``x`` is complex

    Examples
    --------
    >>> abs(np.array([3 + 4j, -1]))
    array([5., 1.])
    """
    return abs_p.bind(x)


def sign(x: Any) -> Any:
    """-1, 0 or 1, NaN for NaN; ``x / |x|`` for complex ``x``.

    Parameters
    ----------
    x : array

    Returns
    -------
    array, shape of ``x``, the dtype of ``x``

    Examples
    --------
    >>> sign(np.array([-2.0, 0.0, 5.0]))
    array([-1.,  0.,  1.])
    """
    return sign_p.bind(x)
