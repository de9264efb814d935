"""Bessel functions as integrals, for their derivatives in the order.

For ``J``, ``Y`` and ``I`` the integrands are of size one (DLMF 10.9.6, 10.9.7,
10.32.4): derivatives have an absolute error of about 1e-14, and few digits where the
function itself is small, for orders above the argument; the power series is used where
it is short. Beyond ``x + |v| = 90`` the rule does not resolve how ``J`` and ``Y``
oscillate: NaN. The derivatives of ``K`` (DLMF 10.32.9) are as accurate as the function.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from funcgrad.ops.comparison import ge, gt, lt
from funcgrad.ops.complex_parts import abs as absolute
from funcgrad.ops.exponential import exp, log
from funcgrad.ops.hyperbolic import acosh, asinh, cosh, sinh
from funcgrad.ops.selection import min as minimum
from funcgrad.ops.selection import where
from funcgrad.ops.special.entrywise import Entrywise
from funcgrad.ops.special.error_and_gamma import lgamma
from funcgrad.ops.special.quadrature import END, integral
from funcgrad.ops.special.small_differences import unresolved
from funcgrad.ops.trigonometric import acos, cos, sin

_FARTHEST = 90.0
_FINE = "gauss128"
_EVEN = "trapezoid96"


def _positive(x: Any) -> tuple[Any, Any]:
    inside = gt(x, 0.0) & lt(x, np.inf)
    return inside, where(inside, x, 1.0)


def _resolved(v: Any, x: Any) -> tuple[Any, Any, Any]:
    inside, z = _positive(x)
    inside = inside & lt(z + absolute(v), _FARTHEST)
    return inside, where(inside, v, 0.0), where(inside, z, 1.0)


def _end_of_growth(v: Any, x: Any) -> Any:
    """Beyond which ``exp(|v| t - x (cosh(t) - 1))`` is negligible."""
    end = acosh(1.0 + (END + 60.0 * absolute(v)) / x)
    for _ in range(6):
        end = acosh(1.0 + (END + end * absolute(v)) / x)
    return end


def _k_integrand(t: Any, v: Any, x: Any) -> Any:
    half = sinh(0.5 * t)
    return cosh(v * t) * exp(-2.0 * x * half * half)


def _kve(v: Any, x: Any) -> Any:
    inside, z = _positive(x)
    value = integral(_k_integrand, _end_of_growth(v, z), v, z, rule=_EVEN)
    return value + unresolved(~inside, v, x)


def _kv(v: Any, x: Any) -> Any:
    return _kve(v, x) * exp(-x)


def _j_integrand(u: Any, v: Any, x: Any) -> Any:
    return cos(v * u - x * sin(u))


def _y_integrand(u: Any, v: Any, x: Any) -> Any:
    return sin(x * sin(u) - v * u)


def _j_tail(t: Any, v: Any, x: Any) -> Any:
    return exp(-x * sinh(t) - v * t)


def _y_tail(t: Any, v: Any, x: Any) -> Any:
    growing, falling = exp(v * t - x * sinh(t)), exp(-v * t - x * sinh(t))
    return growing + falling * cos(math.pi * v)


def _end_of_tail(v: Any, x: Any) -> Any:
    """Beyond which ``exp(|v| t - x sinh(t))`` is negligible."""
    end = asinh((END + 60.0 * absolute(v)) / x)
    for _ in range(6):
        end = asinh((END + end * absolute(v)) / x)
    return end


def _near_zero(v: Any, x: Any) -> Any:
    """Where the power series takes few terms, all of one size."""
    return ge(v, 0.0) & lt(0.25 * x * x, v + 1.0)


def _power_series(v: Any, x: Any, sign: float) -> Any:
    """``(x / 2)**v`` times a series in ``sign x**2 / 4`` (DLMF 10.2.2, 10.25.2)."""
    near = _near_zero(v, x)
    order, z = where(near, v, 0.0), where(near, x, 1.0)
    square = 0.25 * sign * z * z
    total: Any = 1.0
    for k in range(20, 0, -1):
        total = 1.0 + total * square / (k * (order + float(k)))
    return exp(order * log(0.5 * z) - lgamma(order + 1.0)) * total


def _jv(v: Any, x: Any) -> Any:
    inside, order, z = _resolved(v, x)
    wave = integral(_j_integrand, z * 0.0 + math.pi, order, z, rule=_FINE)
    tail = integral(_j_tail, _end_of_tail(order, z), order, z, rule=_FINE)
    value = (wave - sin(math.pi * order) * tail) / math.pi
    value = where(_near_zero(order, z), _power_series(order, z, -1.0), value)
    return value + unresolved(~inside, v, x)


def _yv(v: Any, x: Any) -> Any:
    inside, order, z = _resolved(v, x)
    wave = integral(_y_integrand, z * 0.0 + math.pi, order, z, rule=_FINE)
    tail = integral(_y_tail, _end_of_tail(order, z), order, z, rule=_FINE)
    return (wave - tail) / math.pi + unresolved(~inside, v, x)


def _i_integrand(u: Any, v: Any, x: Any) -> Any:
    half = sin(0.5 * u)
    return exp(-2.0 * x * half * half) * cos(v * u)


def _i_tail(t: Any, v: Any, x: Any) -> Any:
    return exp(-x * (cosh(t) + 1.0) - v * t)


def _ive(v: Any, x: Any) -> Any:
    inside, z = _positive(x)
    end = acos(1.0 - minimum(END / z, 2.0))
    wave = integral(_i_integrand, end, v, z, rule=_FINE)
    tail = integral(_i_tail, _end_of_growth(v, z), v, z, rule=_FINE)
    value = (wave - sin(math.pi * v) * tail) / math.pi
    series = _power_series(v, z, 1.0) * exp(-z)
    return where(_near_zero(v, z), series, value) + unresolved(~inside, v, x)


def _iv(v: Any, x: Any) -> Any:
    return _ive(v, x) * exp(x)


jv, yv = Entrywise(_jv), Entrywise(_yv)
iv, ive = Entrywise(_iv), Entrywise(_ive)
kv, kve = Entrywise(_kv), Entrywise(_kve)
