"""Exponentials, logarithms, roots and powers of complex128 as vector code."""

from __future__ import annotations

import math

from funcgrad.compiler.emit.arithmetic import Arithmetic
from funcgrad.compiler.emit.value import Value
from funcgrad.compiler.emit.vecmath.compensated import two_product, two_sum

# exp(x) is taken of x less this where x is larger, and multiplied in later, since
# exp(x) may overflow where exp(x) cos(y) does not.
LARGE = 700.0
EXP_LARGE = math.exp(700.0)


def times(b: Arithmetic, x: Value, y: Value, vanishes: Value) -> Value:
    """``x * y``, but zero where it ``vanishes``, whatever the other factor is."""
    one = b.const(x.dtype, 1.0, x.lanes)
    signs = [b.copysign(one, b.select(b.is_nan(v), one, v)) for v in (x, y)]
    zero = b.mul(b.mul(signs[0], 0.0), signs[1])
    return b.select(vanishes, zero, b.mul(x, y))


def exp(b: Arithmetic, z: Value) -> Value:
    """``e**z``."""
    x, y = z.parts
    large = b.cmp("gt", x, LARGE)
    size = b.math("exp", b.select(large, b.sub(x, LARGE), x))
    gone = b.cmp("eq", x, -math.inf)
    real = times(b, size, b.math("cos", y), gone)
    imag = times(b, size, b.math("sin", y), b.or_(gone, b.cmp("eq", y, 0.0)))
    real = b.select(large, b.mul(real, EXP_LARGE), real)
    imag = b.select(large, b.mul(imag, EXP_LARGE), imag)
    unknown = b.and_(b.cmp("eq", x, math.inf), b.not_(b.is_finite(y)))
    return b.complex(b.select(unknown, math.inf, real), imag)


def expm1(b: Arithmetic, z: Value) -> Value:
    """``e**z - 1``, also for tiny ``z``."""
    x, y = z.parts
    half = b.math("sin", b.mul(y, 0.5))
    real = b.mul(b.math("expm1", x), b.math("cos", y))
    real = b.fma(b.mul(half, -2.0), half, real)
    # Where x is large, exp does better with overflow and infinities.
    plain = b.math("exp", z)
    far = b.cmp("gt", b.fabs(x), 40.0)
    return b.complex(b.select(far, b.sub(plain.parts[0], 1.0), real), plain.parts[1])


def log_size(b: Arithmetic, x: Value, y: Value) -> Value:
    """``log(hypot(x, y))``, also next to the unit circle and near overflow."""
    u, v = b.fabs(x), b.fabs(y)
    huge = b.cmp("gt", b.fmax(u, v), 2.0**1022)
    quarter = b.select(huge, b.const(x.dtype, 0.25, x.lanes), 1.0)
    size = b.math("hypot", b.mul(u, quarter), b.mul(v, quarter))
    far = b.math("log", size)
    far = b.select(huge, b.add(far, math.log(4.0)), far)
    # |z|**2 - 1 without cancellation error.
    large, small = b.max(u, v), b.min(u, v)
    first, first_low = two_product(b, large, large)
    second, second_low = two_product(b, small, small)
    excess, low = two_sum(b, b.sub(first, 1.0), second)
    excess = b.add(excess, b.add(low, b.add(first_low, second_low)))
    inside = b.and_(b.cmp("gt", size, 0.75), b.cmp("lt", size, 1.4))
    near = b.mul(b.math("log1p", b.select(inside, excess, 0.0)), 0.5)
    return b.select(inside, near, far)


def log(b: Arithmetic, z: Value) -> Value:
    """The principal logarithm."""
    x, y = z.parts
    return b.complex(log_size(b, x, y), b.math("atan2", y, x))


def log1p(b: Arithmetic, z: Value) -> Value:
    """``log(1 + z)``, also for tiny ``z``."""
    x, y = z.parts
    shifted = b.add(x, 1.0)
    near = b.and_(b.cmp("lt", b.fabs(x), 0.5), b.cmp("lt", b.fabs(y), 1.0))
    # |1 + z|**2 - 1 = 2 x + x**2 + y**2
    first, first_low = two_product(b, x, x)
    second, second_low = two_product(b, y, y)
    total, low = two_sum(b, b.add(x, x), second)
    total, more = two_sum(b, total, first)
    low = b.add(b.add(low, more), b.add(first_low, second_low))
    excess = b.select(near, b.add(total, low), 0.0)
    small = b.mul(b.math("log1p", excess), 0.5)
    real = b.select(near, small, log_size(b, shifted, y))
    return b.complex(real, b.math("atan2", y, shifted))


def sqrt(b: Arithmetic, z: Value) -> Value:
    """The square root with nonnegative real part."""
    x, y = z.parts
    size = b.fmax(b.fabs(x), b.fabs(y))
    one = b.const(x.dtype, 1.0, x.lanes)
    huge, tiny = b.cmp("gt", size, 2.0**1000), b.cmp("lt", size, 2.0**-960)
    scale = b.select(huge, 2.0**-100, b.select(tiny, b.mul(one, 2.0**106), one))
    restore = b.select(huge, 2.0**50, b.select(tiny, b.mul(one, 2.0**-53), one))
    u, v = b.mul(x, scale), b.mul(y, scale)
    length = b.math("hypot", u, v)
    major = b.sqrt(b.mul(b.add(b.fabs(u), length), 0.5))
    minor = b.div(b.fabs(v), b.add(major, major))
    major, minor = b.mul(major, restore), b.mul(minor, restore)
    negative = b.signbit(x)
    real = b.select(negative, minor, major)
    imag = b.copysign(b.select(negative, major, minor), y)
    zero = b.and_(b.cmp("eq", x, 0.0), b.cmp("eq", y, 0.0))
    real, imag = b.select(zero, 0.0, real), b.select(zero, y, imag)
    infinite = b.is_inf(y)
    return b.complex(b.select(infinite, math.inf, real), b.select(infinite, y, imag))


def pow(b: Arithmetic, z: Value, w: Value) -> Value:
    """``z**w`` as ``exp(w log(z))``; ``0**w`` is 0 where ``w.real > 0``, else NaN."""
    result = b.math("exp", b.mul(w, b.math("log", z)))
    zero = b.cmp("eq", z, 0.0)
    positive = b.cmp("gt", w.parts[0], 0.0)
    nothing = b.zero(z.dtype, z.lanes)
    unknown = b.const(z.dtype, complex(math.nan, math.nan), z.lanes)
    result = b.select(zero, b.select(positive, nothing, unknown), result)
    return b.select(b.cmp("eq", w, 0.0), 1.0, result)


def logistic(b: Arithmetic, z: Value) -> Value:
    """``1 / (1 + exp(-z))`` without overflow on either side."""
    negative = b.cmp("lt", z.parts[0], 0.0)
    e = b.math("exp", b.select(negative, z, b.neg(z)))
    one = b.const(z.dtype, 1.0, z.lanes)
    return b.div(b.select(negative, e, one), b.add(e, one))
