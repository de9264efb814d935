"""lgamma and digamma of float64 as branch-free vector code."""

from __future__ import annotations

import math

from funcgrad.compiler.emit.arithmetic import Arithmetic
from funcgrad.compiler.emit.value import Value
from funcgrad.compiler.emit.vecmath.polynomial import estrin
from funcgrad.compiler.emit.vecmath.special_coefficients import (
    DIGAMMA,
    LGAMMA,
    STIRLING,
)

_LARGE = 8.0
_HALF_LOG_TWO_PI = 0.9189385332046728


def _positive_lgamma(b: Arithmetic, x: Value) -> Value:
    """``log(gamma(x))`` for positive ``x``."""
    one = b.const(x.dtype, 1.0, x.lanes)
    # Below the bound: move x to y in 1.5 .. 2.5 by gamma(x + 1) = x gamma(x).
    y, up, down = x, one, one
    for _ in range(2):
        low = b.cmp("lt", y, 1.5)
        up = b.select(low, b.mul(up, y), up)
        y = b.select(low, b.add(y, 1.0), y)
    for _ in range(int(_LARGE) - 2):
        high = b.cmp("ge", y, 2.5)
        y = b.select(high, b.sub(y, 1.0), y)
        down = b.select(high, b.mul(down, y), down)
    distance = b.sub(y, 2.0)
    factor = b.math("log", b.select(b.cmp("lt", x, 1.5), up, down))
    factor = b.select(b.cmp("lt", x, 1.5), b.neg(factor), factor)
    near = b.fma(distance, estrin(b, distance, LGAMMA), factor)
    large = b.max(x, _LARGE)
    inverse = b.div(one, large)
    bend = b.mul(inverse, estrin(b, b.mul(inverse, inverse), STIRLING))
    log = b.math("log", large)
    far = b.fma(b.sub(large, 0.5), b.sub(log, 1.0), b.add(bend, _HALF_LOG_TWO_PI - 0.5))
    far = b.select(b.cmp("eq", x, math.inf), x, far)
    return b.select(b.cmp("lt", x, _LARGE), near, far)


def lgamma(b: Arithmetic, x: Value) -> Value:
    """``log(abs(gamma(x)))``; infinite at the poles."""
    reflect = b.cmp("lt", x, 0.0)
    size = b.fabs(x)
    moved = b.select(reflect, b.add(size, 1.0), size)
    value = _positive_lgamma(b, moved)
    # gamma(x) gamma(1 - x) = pi / sin(pi x)
    part = b.sub(size, b.round(size))
    sine = b.fabs(b.math("sin", b.mul(part, math.pi)))
    other = b.neg(b.math("log", b.mul(sine, 1 / math.pi)))
    result = b.select(reflect, b.sub(other, value), value)
    pole = b.and_(b.cmp("le", x, 0.0), b.cmp("eq", b.floor(x), x))
    return b.select(pole, math.inf, result)


def _harmonic_shift(b: Arithmetic, y: Value) -> tuple[Value, Value]:
    """``y + n`` and ``1 / y + ... + 1 / (y + n - 1)``, n up to half the bound."""
    over, under = b.zero(y.dtype, y.lanes), b.const(y.dtype, 1.0, y.lanes)
    for _ in range(int(_LARGE) // 2):
        low = b.cmp("lt", y, _LARGE)
        over = b.select(low, b.fma(over, y, under), over)
        under = b.select(low, b.mul(under, y), under)
        y = b.select(low, b.add(y, 1.0), y)
    return y, b.div(over, under)


def digamma(b: Arithmetic, x: Value) -> Value:
    """The derivative of ``lgamma``; infinite at 0, NaN at the other poles."""
    one = b.const(x.dtype, 1.0, x.lanes)
    reflect = b.cmp("lt", x, 0.0)
    y = b.select(reflect, b.sub(one, x), x)
    start = y
    # digamma(y) = digamma(y + n) - (1 / y + ... + 1 / (y + n - 1)), as two fractions.
    y, first = _harmonic_shift(b, y)
    y, second = _harmonic_shift(b, y)
    inverse = b.div(one, y)
    square = b.mul(inverse, inverse)
    series = b.fma(inverse, 0.5, b.mul(square, estrin(b, square, DIGAMMA)))
    shifted = b.sub(b.sub(b.sub(b.math("log", y), series), second), first)
    part = b.sub(x, b.round(x))
    cotangent = b.div(
        b.const(x.dtype, math.pi, x.lanes), b.math("tan", b.mul(part, math.pi))
    )
    result = b.select(reflect, b.sub(shifted, cotangent), shifted)
    pole = b.and_(reflect, b.cmp("eq", part, 0.0))
    result = b.select(b.or_(pole, b.cmp("eq", x, -math.inf)), math.nan, result)
    zero = b.cmp("eq", x, 0.0)
    limit = b.copysign(b.const(x.dtype, math.inf, x.lanes), b.neg(x))
    result = b.select(zero, limit, result)
    return b.select(
        b.cmp("eq", start, math.inf), b.select(reflect, math.nan, x), result
    )
