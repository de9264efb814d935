"""Powers and cube roots as branch-free vector code."""

from __future__ import annotations

import math

from funcgrad.compiler.emit.arithmetic import Arithmetic
from funcgrad.compiler.emit.value import FLOAT32, FLOAT64, Value
from funcgrad.compiler.emit.vecmath.coefficients import LOG_TAIL
from funcgrad.compiler.emit.vecmath.compensated import (
    Pair,
    fast_two_sum,
    pair_product,
    two_product,
)
from funcgrad.compiler.emit.vecmath.exponential import LOG2_E, exp_shifted
from funcgrad.compiler.emit.vecmath.logarithm import normalise, split
from funcgrad.compiler.emit.vecmath.polynomial import (
    clamp,
    estrin,
    format_of,
    halves,
    power_of_two,
)

_LN2 = (0.6931471805599453, 2.3190468138462996e-17)
_TWO_THIRDS = (0.6666666666666666, 3.700743415417188e-17)

# EXP and LOG to 30 bits, for float32 computed in float64.
_EXP_SINGLE = (
    0.5000000013457727,
    0.16666666681614256,
    0.04166646500604005,
    0.008333310934448869,
    0.0013933641031986701,
    0.00019890980869750327,
)
_LOG_SINGLE = (
    0.6666666655449709,
    0.40000121839806124,
    0.28550820815960665,
    0.23330467216303835,
)


def _log_pair(b: Arithmetic, x: Value) -> Pair:
    """``log(x)`` of a positive float64 as a pair, to about 2**-66 of itself."""
    scaled, more = normalise(b, x)
    f, k = split(b, scaled)
    k = b.add(k, more)
    # s = f / (2 + f) as a pair.
    under, under_low = fast_two_sum(b, b.const(x.dtype, 2.0, x.lanes), f)
    s = b.div(f, under)
    rest = b.fma(b.neg(s), under, f)
    s_low = b.div(b.fma(b.neg(s), under_low, rest), under)
    z = pair_product(b, (s, s_low), (s, s_low))
    # log(m) = 2 s + s z (2/3 + z tail)
    inner = b.mul(z[0], estrin(b, z[0], LOG_TAIL))
    two_thirds = [b.const(x.dtype, c, x.lanes) for c in _TWO_THIRDS]
    high, low = fast_two_sum(b, two_thirds[0], inner)
    bend = pair_product(b, z, (high, b.add(low, two_thirds[1])))
    bend = pair_product(b, bend, (s, s_low))
    high, low = fast_two_sum(b, b.add(s, s), bend[0])
    low = b.add(low, b.add(bend[1], b.add(s_low, s_low)))
    octaves, octaves_low = two_product(b, k, _LN2[0])
    octaves_low = b.fma(k, _LN2[1], octaves_low)
    total, lost = fast_two_sum(b, octaves, high)
    return fast_two_sum(b, total, b.add(lost, b.add(low, octaves_low)))


def _magnitude(b: Arithmetic, x: Value, y: Value) -> Value:
    """``x**y`` for nonnegative ``x``."""
    high, low = _log_pair(b, x)
    # Limits first: the pair holds NaN at both ends.
    ends = b.or_(b.cmp("eq", x, 0.0), b.cmp("eq", x, math.inf))
    limit = b.select(b.cmp("eq", x, 0.0), b.const(x.dtype, -math.inf, x.lanes), x)
    high = b.select(ends, limit, b.select(b.is_nan(x), x, high))
    low = b.select(ends, 0.0, low)
    product, error = two_product(b, y, high)
    error = b.fma(y, low, error)
    # Beyond these exp is 0 or infinite, and the error may not be a number.
    inside = b.cmp("lt", b.fabs(product), 800.0)
    error = b.select(inside, error, 0.0)
    return exp_shifted(b, product, low=error)


def _magnitude_single(b: Arithmetic, x: Value, y: Value) -> Value:
    """``x**y`` for nonnegative float32 ``x``.

    Computed in float64, which has bits to spare for the error that ``y`` multiplies and
    exponents to spare for results that overflow, to the precision that is left.
    """
    wide = b.convert(x, FLOAT64)
    form = format_of(wide)
    f, k = split(b, wide)
    s = b.div(f, b.add(f, 2.0))
    z = b.mul(s, s)
    bend = b.fma(b.mul(z, s), halves(b, z, _LOG_SINGLE), b.add(s, s))
    log = b.fma(k, _LN2[0], bend)
    log = b.select(b.cmp("eq", wide, 0.0), -math.inf, log)
    log = b.select(b.cmp("lt", wide, math.inf), log, wide)
    exponent = clamp(b, b.mul(b.convert(y, FLOAT64), log), -200.0, 200.0)
    whole = b.fma(exponent, LOG2_E, form.magic)
    r = b.fma(b.sub(whole, form.magic), -_LN2[0], exponent)
    p = b.fma(b.mul(r, r), halves(b, r, _EXP_SINGLE), b.add(r, 1.0))
    return b.convert(b.mul(p, power_of_two(b, b.bits(whole), wide)), FLOAT32)


def pow(b: Arithmetic, x: Value, y: Value) -> Value:
    """``x**y`` with C's special cases; NaN for negative ``x`` and broken ``y``."""
    size = b.fabs(x)
    if x.dtype == FLOAT32:
        result = _magnitude_single(b, size, y)
    else:
        result = _magnitude(b, size, y)
    whole = b.cmp("eq", b.trunc(y), y)
    half = b.mul(y, 0.5)
    odd = b.and_(whole, b.cmp("ne", b.trunc(half), half))
    odd = b.and_(odd, b.is_finite(y))
    negative = b.cmp("lt", x, 0.0)
    invalid = b.and_(negative, b.not_(whole))
    invalid = b.and_(invalid, b.is_finite(x))
    result = b.select(b.and_(odd, b.signbit(x)), b.neg(result), result)
    result = b.select(invalid, math.nan, result)
    result = b.select(b.is_unordered(x, y), b.add(x, y), result)
    flat = b.and_(b.cmp("eq", size, 1.0), b.is_inf(y))
    ones = b.or_(b.or_(flat, b.cmp("eq", y, 0.0)), b.cmp("eq", x, 1.0))
    return b.select(ones, 1.0, result)


def cbrt(b: Arithmetic, x: Value) -> Value:
    """The real cube root of a float64."""
    size = b.fabs(x)
    subnormal = b.cmp("lt", size, 2.0**-1022)
    size = b.select(subnormal, b.mul(size, 2.0**54), size)
    # A third of the upper half of the bits is the root to five bits.
    magic = 0x4330000000000000
    upper = b.bitcast(b.or_(b.lshr(b.bits(size), 32), magic), FLOAT64)
    third = b.fma(b.sub(upper, 2.0**52), 1 / 3, 715094163.0 + 2.0**52)
    t = b.bitcast(b.shl(b.bits(third), 32), FLOAT64)
    r = b.mul(b.mul(t, t), b.div(t, size))
    low = b.fma(r, b.fma(r, 1.6214297201053545, -1.8849797954337717), 1.87595182427177)
    high = b.fma(r, 0.14599619288661245, -0.758397934778766)
    t = b.mul(t, b.fma(b.mul(b.mul(r, r), r), high, low))
    # Rounded to 23 bits, so that its square is exact for the Newton step.
    rounded = b.and_(b.add(b.bits(t), 0x80000000), -0x40000000)
    t = b.bitcast(rounded, FLOAT64)
    r = b.div(size, b.mul(t, t))
    t = b.fma(t, b.div(b.sub(r, t), b.add(b.add(t, t), r)), t)
    t = b.select(subnormal, b.mul(t, 2.0**-18), t)
    special = b.or_(b.cmp("eq", x, 0.0), b.not_(b.is_finite(x)))
    return b.select(special, x, b.copysign(t, x))
