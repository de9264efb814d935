"""Differences of near numbers, free of cancellation: for logarithms of densities."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from funcgrad.ops.arithmetic import add, mul
from funcgrad.ops.comparison import ge, gt, lt
from funcgrad.ops.complex_parts import abs as absolute
from funcgrad.ops.exponential import exp, expm1, log, log1p
from funcgrad.ops.selection import where
from funcgrad.ops.special.entrywise import entrywise
from funcgrad.ops.special.error_and_gamma import lgamma

# B_2k / (2k (2k - 1)): Stirling's series (DLMF 5.11.1).
_STIRLING = (
    *(1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360),
    *(1 / 156, -3617 / 122400, 43867 / 244188),
)
_STIRLING_FROM = 12.0
_HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)


def polynomial(coefficients: Sequence[float], x: Any) -> Any:
    """By Horner's rule, lowest power first."""
    y: Any = coefficients[-1]
    for c in coefficients[-2::-1]:
        y = add(mul(y, x), c)
    return y


def unresolved(outside: Any, *operands: Any) -> Any:
    """NaN with all its derivatives where ``outside`` holds, and zero elsewhere."""
    total = operands[0]
    for x in operands[1:]:
        total = total + x
    return where(outside, math.nan, 0.0) * exp(total * 1e-3)


@entrywise({0: lambda u: -u / (u + 1.0)})
def log1pmx(u: Any) -> Any:
    """``log(1 + u) - u``."""
    near = lt(absolute(u + 0.05), 0.5)
    small = where(near, u, 0.0)
    r = small / (small + 2.0)
    # log(1 + u) = 2 atanh(r)
    square = r * r
    series = polynomial([2.0 / (2 * k + 3) for k in range(18)], square)
    far = where(near, 1.0, u)
    return where(near, r * (square * series - small), log1p(far) - far)


@entrywise({0: expm1})
def expm1mx(u: Any) -> Any:
    """``exp(u) - 1 - u``."""
    near = lt(absolute(u), 0.7)
    small = where(near, u, 0.0)
    series = polynomial([1 / math.factorial(k + 2) for k in range(16)], small)
    far = where(near, 1.0, u)
    return where(near, small * small * series, expm1(far) - far)


@entrywise()
def stirling_error(z: Any) -> Any:
    """``lgamma(z) - (z - 1/2) log(z) + z - log(2 pi) / 2``, for positive ``z``."""
    large = ge(z, _STIRLING_FROM)
    inverse = 1.0 / where(large, z, _STIRLING_FROM)
    series = inverse * polynomial(_STIRLING, inverse * inverse)
    low = where(large, 1.0, z)
    direct = lgamma(low) - (low - 0.5) * log(low) + low - _HALF_LOG_TWO_PI
    return where(large, series, direct)


@entrywise()
def log_gamma_weight(a: Any, x: Any) -> Any:
    """Logarithm of ``x**a exp(-x) / gamma(a + 1)``, for positive ``a``, ``x``."""
    large = ge(a, _STIRLING_FROM)
    low = where(large, 1.0, a)
    direct = low * log(x) - x - lgamma(low + 1.0)
    high = where(large, a, _STIRLING_FROM)
    bend = _bend(high, x, x - high)
    bend = bend - 0.5 * log(2 * math.pi * high) - stirling_error(high)
    return where(large, bend, direct)


def _bend(a: Any, z: Any, distance: Any) -> Any:
    """``a log(z / a) - distance`` for ``distance = z - a``."""
    ratio = distance / a
    near = lt(absolute(ratio), 0.5)
    close = a * log1pmx(where(near, ratio, 0.0))
    return where(near, close, a * log(z / a) - distance)


@entrywise()
def log_beta_weight(a: Any, b: Any, x: Any, y: Any) -> Any:
    """Logarithm of ``x**a y**b / (a beta(a, b))`` at ``x + y = 1``, all positive."""
    a_large, b_large = ge(a, _STIRLING_FROM), ge(b, _STIRLING_FROM)
    a_low, b_low = where(a_large, 1.0, a), where(b_large, 1.0, b)
    a_high, b_high = (
        where(a_large, a, _STIRLING_FROM),
        where(b_large, b, _STIRLING_FROM),
    )
    log_x = where(lt(y, 0.5), log1p(-where(lt(y, 0.5), y, 0.0)), log(x))
    log_y = where(lt(x, 0.5), log1p(-where(lt(x, 0.5), x, 0.0)), log(y))
    powers = a * log_x + b * log_y
    neither = lgamma(a_low + b_low) - lgamma(a_low + 1.0) - lgamma(b_low)
    only_b = _log_rising(b_high, a_low) - lgamma(a_low + 1.0)
    only_a = _log_rising(a_high, b_low) - lgamma(b_low) - log(a_high)
    one = where(b_large, only_b, where(a_large, only_a, neither))
    total = a_high + b_high
    distance = b_high * x - a_high * y
    bend = _bend(a_high, total * x, distance) + _bend(b_high, total * y, -distance)
    scale = 0.5 * (log(b_high / total) - log(2 * math.pi * a_high))
    errors = stirling_error(total) - stirling_error(a_high) - stirling_error(b_high)
    return where(a_large & b_large, bend + scale + errors, one + powers)


def _log_rising(z: Any, s: Any) -> Any:
    """Logarithm of ``gamma(z + s) / gamma(z)``, for a large ``z``."""
    ratio = s / z
    bend = z * log1pmx(ratio) - 0.5 * log1p(ratio) + s * log(z + s)
    return bend + stirling_error(z + s) - stirling_error(z)


@entrywise()
def log_gamma_ratio(z: Any) -> Any:
    """Logarithm of ``gamma(z + 1/2) / gamma(z)``, for positive ``z``."""
    large = ge(z, _STIRLING_FROM)
    low = where(large, 1.0, z)
    high = where(large, z, _STIRLING_FROM)
    return where(large, _log_rising(high, 0.5), lgamma(low + 0.5) - lgamma(low))


@entrywise()
def log_beta(a: Any, b: Any) -> Any:
    """Logarithm of the beta function, also of large operands."""
    least, most = where(lt(a, b), a, b), where(lt(a, b), b, a)
    large, both = ge(most, _STIRLING_FROM), ge(least, _STIRLING_FROM)
    low, high = where(large, 1.0, most), where(large, most, _STIRLING_FROM)
    direct = lgamma(least) + lgamma(low) - lgamma(least + low)
    small = where(both, 1.0, least)
    mixed = lgamma(small) - _log_rising(high, small)
    other = where(both, least, _STIRLING_FROM)
    total = high + other
    share = other / total
    powers = other * log(share) + high * log1p(-share)
    scale = 0.5 * log(2 * math.pi * total / (other * high))
    errors = stirling_error(other) + stirling_error(high) - stirling_error(total)
    positive = gt(least, 0.0) & large
    return where(both, powers + scale + errors, where(positive, mixed, direct))
