"""Distributions with elementary densities: normal, uniform, exponential and others."""

from __future__ import annotations

import math
from typing import Any

import funcgrad.numpy as fnp
from funcgrad.scipy import special
from funcgrad.scipy.stats.continuous import Continuous, half_line

_LOG_ROOT_TWO_PI = 0.5 * math.log(2 * math.pi)


def _normal_logpdf(y: Any) -> Any:
    return -0.5 * y * y - _LOG_ROOT_TWO_PI


norm = Continuous(
    "norm",
    logpdf=_normal_logpdf,
    cdf=special.ndtr,
    sf=lambda y: special.ndtr(-y),
    logcdf=special.log_ndtr,
    logsf=lambda y: special.log_ndtr(-y),
    ppf=special.ndtri,
    isf=lambda q: -special.ndtri(q),
)
uniform = Continuous(
    "uniform",
    logpdf=lambda y: 0.0 * y,
    cdf=lambda y: y,
    sf=lambda y: 1.0 - y,
    ppf=lambda q: q,
    support=lambda: (0.0, 1.0),
)
expon = Continuous(
    "expon",
    logpdf=lambda y: -y,
    cdf=lambda y: -fnp.expm1(-y),
    sf=lambda y: fnp.exp(-y),
    logcdf=lambda y: _log1mexp(-y),
    logsf=lambda y: -y,
    ppf=lambda q: -fnp.log1p(-q),
    isf=lambda q: -fnp.log(q),
    support=half_line,
)


def _log1mexp(y: Any) -> Any:
    """``log(1 - exp(y))`` for negative ``y``."""
    near = y > -math.log(2.0)
    small = fnp.where(near, y, -1.0)
    return fnp.where(
        near,
        fnp.log(-fnp.expm1(small)),
        fnp.log1p(-fnp.exp(fnp.where(near, -1.0, y))),
    )


def _laplace_cdf(y: Any) -> Any:
    tail = 0.5 * fnp.exp(-fnp.abs(y))
    return fnp.where(y > 0, 1.0 - tail, tail)


def _laplace_logcdf(y: Any) -> Any:
    left = -fnp.abs(y) - math.log(2.0)
    return fnp.where(y > 0, fnp.log1p(-fnp.exp(left)), left)


def _laplace_ppf(q: Any) -> Any:
    upper = q > 0.5
    tail = fnp.where(upper, 1.0 - q, q)
    size = fnp.log(2.0 * tail)
    return fnp.where(upper, -size, size)


laplace = Continuous(
    "laplace",
    logpdf=lambda y: -fnp.abs(y) - math.log(2.0),
    cdf=_laplace_cdf,
    sf=lambda y: _laplace_cdf(-y),
    logcdf=_laplace_logcdf,
    logsf=lambda y: _laplace_logcdf(-y),
    ppf=_laplace_ppf,
    isf=lambda q: -_laplace_ppf(q),
)


def _logistic_logpdf(y: Any) -> Any:
    return special.log_expit(y) + special.log_expit(-y)


logistic = Continuous(
    "logistic",
    logpdf=_logistic_logpdf,
    cdf=special.expit,
    sf=lambda y: special.expit(-y),
    logcdf=special.log_expit,
    logsf=lambda y: special.log_expit(-y),
    ppf=special.logit,
    isf=lambda q: -special.logit(q),
)


def _cauchy_cdf(y: Any) -> Any:
    """By ``arctan2``: accurate in the left tail."""
    return fnp.arctan2(1.0, -y) / math.pi


def _cauchy_ppf(q: Any) -> Any:
    return -fnp.cos(math.pi * q) / fnp.sin(math.pi * q)


cauchy = Continuous(
    "cauchy",
    logpdf=lambda y: -math.log(math.pi) - fnp.log1p(y * y),
    cdf=_cauchy_cdf,
    sf=lambda y: _cauchy_cdf(-y),
    ppf=_cauchy_ppf,
    isf=lambda q: -_cauchy_ppf(q),
)
gumbel_r = Continuous(
    "gumbel_r",
    logpdf=lambda y: -y - fnp.exp(-y),
    cdf=lambda y: fnp.exp(-fnp.exp(-y)),
    sf=lambda y: -fnp.expm1(-fnp.exp(-y)),
    logcdf=lambda y: -fnp.exp(-y),
    logsf=lambda y: _log1mexp(-fnp.exp(-y)),
    ppf=lambda q: -fnp.log(-fnp.log(q)),
    isf=lambda q: -fnp.log(-fnp.log1p(-q)),
)
gumbel_l = Continuous(
    "gumbel_l",
    logpdf=lambda y: y - fnp.exp(y),
    cdf=lambda y: -fnp.expm1(-fnp.exp(y)),
    sf=lambda y: fnp.exp(-fnp.exp(y)),
    logcdf=lambda y: _log1mexp(-fnp.exp(y)),
    logsf=lambda y: -fnp.exp(y),
    ppf=lambda q: fnp.log(-fnp.log1p(-q)),
    isf=lambda q: fnp.log(-fnp.log(q)),
)
halfnorm = Continuous(
    "halfnorm",
    logpdf=lambda y: _normal_logpdf(y) + math.log(2.0),
    cdf=lambda y: special.erf(y * math.sqrt(0.5)),
    sf=lambda y: special.erfc(y * math.sqrt(0.5)),
    logsf=lambda y: special.log_ndtr(-y) + math.log(2.0),
    ppf=lambda q: special.erfinv(q) * math.sqrt(2.0),
    isf=lambda q: special.erfcinv(q) * math.sqrt(2.0),
    support=half_line,
)
pareto = Continuous(
    "pareto",
    ["b"],
    logpdf=lambda y, b: fnp.log(b) - (b + 1.0) * fnp.log(y),
    cdf=lambda y, b: -fnp.expm1(-b * fnp.log(y)),
    sf=lambda y, b: fnp.exp(-b * fnp.log(y)),
    logcdf=lambda y, b: _log1mexp(-b * fnp.log(y)),
    logsf=lambda y, b: -b * fnp.log(y),
    ppf=lambda q, b: fnp.exp(-fnp.log1p(-q) / b),
    isf=lambda q, b: fnp.exp(-fnp.log(q) / b),
    support=lambda b: (1.0, math.inf),
    inner=lambda b: 2.0,
)
lognorm = Continuous(
    "lognorm",
    ["s"],
    logpdf=lambda y, s: _normal_logpdf(fnp.log(y) / s) - fnp.log(s) - fnp.log(y),
    cdf=lambda y, s: special.ndtr(fnp.log(y) / s),
    sf=lambda y, s: special.ndtr(-fnp.log(y) / s),
    logcdf=lambda y, s: special.log_ndtr(fnp.log(y) / s),
    logsf=lambda y, s: special.log_ndtr(-fnp.log(y) / s),
    ppf=lambda q, s: fnp.exp(s * special.ndtri(q)),
    isf=lambda q, s: fnp.exp(-s * special.ndtri(q)),
    support=half_line,
)
weibull_min = Continuous(
    "weibull_min",
    ["c"],
    logpdf=lambda y, c: fnp.log(c) + special.xlogy(c - 1.0, y) - y**c,
    cdf=lambda y, c: -fnp.expm1(-(y**c)),
    sf=lambda y, c: fnp.exp(-(y**c)),
    logcdf=lambda y, c: _log1mexp(-(y**c)),
    logsf=lambda y, c: -(y**c),
    ppf=lambda q, c: (-fnp.log1p(-q)) ** (1.0 / c),
    isf=lambda q, c: (-fnp.log(q)) ** (1.0 / c),
    support=half_line,
)
vonmises = Continuous(
    "vonmises",
    ["kappa"],
    logpdf=lambda y, kappa: (
        kappa * (fnp.cos(y) - 1.0) - fnp.log(2 * math.pi * special.i0e(kappa))
    ),
    valid=lambda kappa: kappa >= 0,
)
wrapcauchy = Continuous(
    "wrapcauchy",
    ["c"],
    logpdf=lambda y, c: (
        fnp.log1p(-c * c) - fnp.log(2 * math.pi * (1.0 + c * c - 2.0 * c * fnp.cos(y)))
    ),
    support=lambda c: (0.0, 2 * math.pi),
    valid=lambda c: (c > 0) & (c < 1),
)


def _log_mass(a: Any, b: Any) -> Any:
    """Logarithm of the normal probability from ``a`` to ``b``, in the smaller tail."""
    right = a > 0
    low, high = fnp.where(right, -b, a), fnp.where(right, -a, b)
    top = special.log_ndtr(high)
    return top + _log1mexp(special.log_ndtr(low) - top)


def _truncated_ppf(q: Any, a: Any, b: Any) -> Any:
    right = a > 0
    low, high = fnp.where(right, -b, a), fnp.where(right, -a, b)
    share = fnp.where(right, 1.0 - q, q)
    below = special.ndtr(low)
    value = special.ndtri(below + share * (special.ndtr(high) - below))
    return fnp.where(right, -value, value)


truncnorm = Continuous(
    "truncnorm",
    ["a", "b"],
    logpdf=lambda y, a, b: _normal_logpdf(y) - _log_mass(a, b),
    cdf=lambda y, a, b: fnp.exp(_log_mass(a, y) - _log_mass(a, b)),
    sf=lambda y, a, b: fnp.exp(_log_mass(y, b) - _log_mass(a, b)),
    logcdf=lambda y, a, b: _log_mass(a, y) - _log_mass(a, b),
    logsf=lambda y, a, b: _log_mass(y, b) - _log_mass(a, b),
    ppf=_truncated_ppf,
    support=lambda a, b: (a, b),
    inner=lambda a, b: fnp.where(
        fnp.isfinite(a),
        fnp.where(fnp.isfinite(b), 0.5 * (a + b), a + 1.0),
        fnp.where(fnp.isfinite(b), b - 1.0, 0.0),
    ),
    valid=lambda a, b: a < b,
)
