"""Logarithms as branch-free vector code: log, log2, log10, log1p, logaddexp."""

from __future__ import annotations

import math

from funcgrad.compiler.emit.arithmetic import Arithmetic
from funcgrad.compiler.emit.value import FLOAT32, Value
from funcgrad.compiler.emit.vecmath.coefficients import LOG, LOG_SINGLE
from funcgrad.compiler.emit.vecmath.compensated import fast_two_sum, two_product
from funcgrad.compiler.emit.vecmath.polynomial import estrin, format_of, halves

# 1 / log(2) and 1 / log(10) as float64 and as float32, each with its tail.
_LOG2_E = {
    8: (1.4426950408889634, 2.0355273740931033e-17),
    4: (1.4426950216293335, 1.925963033500011e-08),
}
_LOG10_E = {
    8: (0.4342944819032518, 1.098319650216765e-17),
    4: (0.4342944920063019, -1.0103049952192578e-08),
}
_LOG10_2 = {
    8: (0.3010299956639812, -2.8037281277851704e-18),
    4: (0.3010300099849701, -1.432098883924482e-08),
}
_SQRT_HALF_BITS = {8: 0x3FE6A09E667F3BCD, 4: 0x3F3504F3}


def normalise(b: Arithmetic, x: Value) -> tuple[Value, Value]:
    """Positive ``x`` times a power of two where it is subnormal, and the exponent."""
    form = format_of(x)
    subnormal = b.cmp("lt", x, form.smallest_normal)
    up = float(form.mantissa + 2)
    scaled = b.select(subnormal, b.mul(x, 2.0**up), x)
    zero = b.zero(x.dtype, x.lanes)
    return scaled, b.select(subnormal, b.sub(zero, up), zero)


def split(b: Arithmetic, x: Value) -> tuple[Value, Value]:
    """Normal positive ``x`` as ``m * 2**k``, ``m`` around 1: ``m - 1`` and ``k``."""
    form = format_of(x)
    root = _SQRT_HALF_BITS[x.dtype.itemsize]
    # Exponent and mantissa of x, counted from sqrt(1/2) on.
    moved = b.add(b.bits(x), (form.bias << form.mantissa) - root)
    exponent = b.or_(b.lshr(moved, form.mantissa), form.magic_bits)
    k = b.sub(b.bitcast(exponent, x.dtype), 2.0**form.mantissa + form.bias)
    mantissa = b.and_(moved, (1 << form.mantissa) - 1)
    m = b.bitcast(b.add(mantissa, root), x.dtype)
    return b.sub(m, 1.0), k


def series(b: Arithmetic, f: Value) -> tuple[Value, Value]:
    """``log(1 + f) = f - half + rest`` for ``1 + f`` of sqrt(1/2) .. sqrt(2)."""
    if f.dtype == FLOAT32:
        square = b.mul(f, f)
        rest = b.mul(b.mul(square, f), halves(b, f, LOG_SINGLE))
        return b.mul(square, 0.5), rest
    s = b.div(f, b.add(f, 2.0))
    z = b.mul(s, s)
    half = b.mul(b.mul(f, 0.5), f)
    rest = b.mul(s, b.add(half, b.mul(z, estrin(b, z, LOG))))
    return half, rest


def log_normal(
    b: Arithmetic, x: Value, low: Value | None = None, more: Value | None = None
) -> Value:
    """``log(x) + low`` for normal positive ``x``; ``more`` is added to its exponent."""
    large, small = format_of(x).ln2
    f, k = split(b, x)
    if more is not None:
        k = b.add(k, more)
    half, rest = series(b, f)
    rest = b.fma(k, small, rest)
    if low is not None:
        rest = b.add(rest, low)
    return b.fma(k, large, b.sub(f, b.sub(half, rest)))


def at_the_ends(b: Arithmetic, x: Value, y: Value) -> Value:
    """``y`` where ``x`` is positive; a logarithm's limits elsewhere."""
    y = b.select(b.cmp("lt", x, math.inf), y, x)
    y = b.select(b.cmp("lt", x, 0.0), math.nan, y)
    return b.select(b.cmp("eq", x, 0.0), -math.inf, y)


def log(b: Arithmetic, x: Value) -> Value:
    """The natural logarithm; a branch for what is not a normal positive number."""
    smallest = format_of(x).smallest_normal
    normal = b.and_(b.cmp("ge", x, smallest), b.cmp("lt", x, math.inf))

    def unusual() -> list[Value]:
        scaled, more = normalise(b, x)
        return [at_the_ends(b, x, log_normal(b, scaled, more=more))]

    usual = b.if_else(b.any(b.not_(normal)), unusual, lambda: [log_normal(b, x)])
    return usual[0]


def log1p(b: Arithmetic, x: Value) -> Value:
    """``log(1 + x)``, also for tiny ``x``."""
    u = b.add(x, 1.0)
    one = b.const(x.dtype, 1.0, x.lanes)
    large = b.cmp("ge", x, 1.0)
    # What rounding took from u.
    lost = b.select(large, b.sub(one, b.sub(u, x)), b.sub(x, b.sub(u, one)))
    y = at_the_ends(b, u, log_normal(b, u, low=b.div(lost, u)))
    return b.select(b.cmp("lt", b.fabs(x), format_of(x).smallest_normal), x, y)


def _other_base(
    b: Arithmetic,
    x: Value,
    per_nat: tuple[float, float],
    per_octave: tuple[float, float],
) -> Value:
    scaled, more = normalise(b, x)
    f, k = split(b, scaled)
    k = b.add(k, more)
    half, rest = series(b, f)
    high, low = fast_two_sum(b, f, b.neg(half))
    high, low = fast_two_sum(b, high, b.add(low, rest))
    product, error = two_product(b, high, per_nat[0])
    error = b.fma(high, per_nat[1], b.fma(low, per_nat[0], error))
    octaves = b.mul(k, per_octave[0])
    octaves_error = b.fma(k, per_octave[0], b.neg(octaves))
    octaves_error = b.fma(k, per_octave[1], octaves_error)
    total, lost = fast_two_sum(b, octaves, product)
    y = b.add(total, b.add(lost, b.add(error, octaves_error)))
    return at_the_ends(b, x, y)


def log2(b: Arithmetic, x: Value) -> Value:
    """The logarithm to base 2, exact for powers of two."""
    return _other_base(b, x, _LOG2_E[x.dtype.itemsize], (1.0, 0.0))


def log10(b: Arithmetic, x: Value) -> Value:
    """The logarithm to base 10."""
    size = x.dtype.itemsize
    return _other_base(b, x, _LOG10_E[size], _LOG10_2[size])


def logaddexp(b: Arithmetic, x: Value, y: Value) -> Value:
    """``log(exp(x) + exp(y))`` without overflow."""
    distance = b.fabs(b.sub(x, y))
    more = b.math("log1p", b.math("exp", b.neg(distance)))
    result = b.add(b.max(x, y), more)
    return b.select(b.cmp("eq", x, y), b.add(x, math.log(2)), result)


def logaddexp2(b: Arithmetic, x: Value, y: Value) -> Value:
    """``log2(2**x + 2**y)`` without overflow."""
    distance = b.fabs(b.sub(x, y))
    more = b.math("log1p", b.math("exp2", b.neg(distance)))
    more = b.mul(more, _LOG2_E[8][0])
    result = b.add(b.max(x, y), more)
    return b.select(b.cmp("eq", x, y), b.add(x, 1.0), result)
