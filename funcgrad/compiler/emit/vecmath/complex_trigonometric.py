"""Trigonometric and hyperbolic functions of complex128 as vector code."""

from __future__ import annotations

import math

from funcgrad.compiler.emit.arithmetic import Arithmetic
from funcgrad.compiler.emit.value import Value
from funcgrad.compiler.emit.vecmath.complex_exponential import EXP_LARGE, LARGE, times


def _sinh_cosh(b: Arithmetic, x: Value) -> tuple[Value, Value, Value]:
    """``sinh(x)`` and ``cosh(x)``, over exp(700) where the third value holds."""
    size = b.fabs(x)
    large = b.cmp("gt", size, LARGE)
    half = b.mul(b.math("exp", b.sub(size, LARGE)), 0.5)
    inside = b.select(large, 0.0, x)
    s = b.select(large, b.copysign(half, x), b.math("sinh", inside))
    c = b.select(large, half, b.math("cosh", inside))
    return s, c, large


def _product(b: Arithmetic, x: Value, y: Value, large: Value, vanishes: Value) -> Value:
    product = times(b, x, y, vanishes)
    return b.select(large, b.mul(product, EXP_LARGE), product)


def _open_direction(b: Arithmetic, x: Value, y: Value) -> Value:
    """Whether ``x`` is infinite and the angle ``y`` is none: C keeps the infinity."""
    return b.and_(b.is_inf(x), b.not_(b.is_finite(y)))


def _sinh_parts(b: Arithmetic, x: Value, y: Value) -> tuple[Value, Value]:
    s, c, large = _sinh_cosh(b, x)
    real = _product(b, s, b.math("cos", y), large, b.cmp("eq", x, 0.0))
    imag = _product(b, c, b.math("sin", y), large, b.cmp("eq", y, 0.0))
    return b.select(_open_direction(b, x, y), x, real), imag


def _cosh_parts(b: Arithmetic, x: Value, y: Value) -> tuple[Value, Value]:
    s, c, large = _sinh_cosh(b, x)
    real = b.mul(c, b.math("cos", y))
    real = b.select(large, b.mul(real, EXP_LARGE), real)
    zero = b.or_(b.cmp("eq", x, 0.0), b.cmp("eq", y, 0.0))
    imag = _product(b, s, b.math("sin", y), large, zero)
    return b.select(_open_direction(b, x, y), math.inf, real), imag


def _tanh_parts(b: Arithmetic, x: Value, y: Value) -> tuple[Value, Value]:
    """Kahan's formulas, in tan(y) and sinh(x)."""
    one = b.const(x.dtype, 1.0, x.lanes)
    far = b.cmp("gt", b.fabs(x), 22.0)
    t = b.math("tan", y)
    beta = b.fma(t, t, 1.0)
    s = b.math("sinh", b.select(far, one, x))
    rho = b.sqrt(b.fma(s, s, 1.0))
    under = b.fma(b.mul(beta, s), s, one)
    real = b.div(b.mul(b.mul(beta, rho), s), under)
    imag = b.div(t, under)
    # sin(2 y) exp(-2 |x|) times 2 is all that is left of the imaginary part.
    angle = b.select(b.is_finite(y), y, 0.0)
    turn = b.mul(b.math("sin", angle), b.math("cos", angle))
    rest = b.mul(b.mul(turn, 4.0), b.math("exp", b.mul(b.fabs(x), -2.0)))
    known = b.or_(b.is_finite(y), b.is_inf(x))
    limit = b.select(known, b.copysign(one, x), math.nan)
    rest = b.select(known, rest, math.nan)
    real, imag = b.select(far, limit, real), b.select(far, rest, imag)
    real = b.select(b.cmp("eq", x, 0.0), x, real)
    return real, b.select(b.cmp("eq", y, 0.0), y, imag)


def sinh(b: Arithmetic, z: Value) -> Value:
    """The hyperbolic sine."""
    return b.complex(*_sinh_parts(b, *z.parts))


def cosh(b: Arithmetic, z: Value) -> Value:
    """The hyperbolic cosine."""
    return b.complex(*_cosh_parts(b, *z.parts))


def tanh(b: Arithmetic, z: Value) -> Value:
    """The hyperbolic tangent."""
    return b.complex(*_tanh_parts(b, *z.parts))


def sin(b: Arithmetic, z: Value) -> Value:
    """The sine: ``-i sinh(i z)``."""
    x, y = z.parts
    real, imag = _sinh_parts(b, y, x)
    return b.complex(imag, real)


def cos(b: Arithmetic, z: Value) -> Value:
    """The cosine: ``cosh(i z)``."""
    x, y = z.parts
    return b.complex(*_cosh_parts(b, b.neg(y), x))


def tan(b: Arithmetic, z: Value) -> Value:
    """The tangent: ``-i tanh(i z)``."""
    x, y = z.parts
    real, imag = _tanh_parts(b, y, x)
    return b.complex(imag, real)
