"""Student's distribution function, differentiable in both operands to any order."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from funcgrad.ops.arithmetic import div, neg, strong_mul
from funcgrad.ops.cases import between, case, positive
from funcgrad.ops.comparison import eq, gt, le, lt
from funcgrad.ops.complex_parts import abs as absolute
from funcgrad.ops.exponential import exp, log, log1p
from funcgrad.ops.powers import sqrt
from funcgrad.ops.selection import where
from funcgrad.ops.special.entrywise import Entrywise
from funcgrad.ops.special.error_and_gamma import erfc
from funcgrad.ops.special.incomplete_beta import tail
from funcgrad.ops.special.scipy_function import scipy_function
from funcgrad.ops.special.small_differences import log_gamma_ratio

_HALF = 0.5


def _finite(df: Any, t: Any) -> tuple[Any, Any, Any]:
    """Where both operands are finite, and operands that always are."""
    inside = gt(df, 0.0) & lt(df, np.inf) & lt(t, np.inf) & gt(t, -np.inf)
    return inside, where(inside, df, 1.0), where(inside, t, 0.0)


def _log_density(df: Any, t: Any) -> Any:
    inside, nu, z = _finite(df, t)
    scale = log_gamma_ratio(nu * _HALF) - 0.5 * log(math.pi * nu)
    value = scale - (nu + 1.0) * 0.5 * log1p(z * z / nu)
    normal = -0.5 * t * t - 0.5 * math.log(2 * math.pi)
    edge = where(eq(absolute(t), np.inf), -np.inf, normal)
    return where(inside, value, where(gt(df, 0.0), edge, np.nan))


def _density(df: Any, t: Any) -> Any:
    return exp(_log_density(df, t))


def _cdf(df: Any, t: Any) -> Any:
    """In the middle 1/2 and an odd function of ``t``, outside of it the tail."""
    inside, nu, z = _finite(df, t)
    square = z * z
    x, y = nu / (nu + square), square / (nu + square)
    half = nu * _HALF
    middle = le(y * (half + 0.56), 0.53)
    fallback = where(middle, y, 0.25)
    one = half * 0.0 + _HALF
    log_weight, ratio = tail(
        where(middle, one, half),
        where(middle, half, one),
        where(middle, where(gt(square, 0.0), fallback, 1e-300), x),
        where(middle, x, y),
    )
    central = log_gamma_ratio(half) - half * log1p(square / nu)
    odd = z / sqrt(math.pi * (nu + square)) * exp(central) * ratio
    outer = 0.5 * exp(where(middle, 0.0, log_weight)) * ratio
    side = where(lt(z, 0.0), outer, 1.0 - outer)
    normal = 0.5 * erfc(-math.sqrt(0.5) * t)
    edge = where(gt(df, 0.0), normal, np.nan)
    return where(inside, where(middle, 0.5 + odd, side), edge)


cdf = Entrywise(_cdf, {1: _density})
density = Entrywise(_density)
log_density = Entrywise(_log_density)
_OPERANDS = (
    case(positive(()), (4,)),
    case(between((4,), 1.0, 30.0), (4,)),
)
_PROBABILITIES = (case(between((4,), 1.0, 9.0), between((4,), 0.1, 0.9)),)
stdtr_p = scipy_function(
    "stdtr",
    jvp=[
        lambda s, y, df, t: strong_mul(s, cdf.partial(0)(df, t)),
        lambda s, y, df, t: strong_mul(s, density(df, t)),
    ],
    cases=_OPERANDS,
)
stdtrit_p = scipy_function(
    "stdtrit",
    jvp=[
        lambda s, t, df, p: strong_mul(
            s, neg(div(cdf.partial(0)(df, t), density(df, t)))
        ),
        lambda s, t, df, p: strong_mul(s, div(1.0, density(df, t))),
    ],
    cases=_PROBABILITIES,
)
