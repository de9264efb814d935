"""Distributions with incomplete gamma and beta functions for probabilities."""

from __future__ import annotations

import math
from typing import Any

import funcgrad.numpy as fnp
from funcgrad.ops.special import incomplete_beta, incomplete_gamma, student
from funcgrad.scipy import special
from funcgrad.scipy.stats.continuous import Continuous, half_line


def _gamma_logpdf(y: Any, a: Any) -> Any:
    return special.xlogy(a - 1.0, y) - y - special.gammaln(a)


gamma = Continuous(
    "gamma",
    ["a"],
    logpdf=_gamma_logpdf,
    cdf=lambda y, a: special.gammainc(a, y),
    sf=lambda y, a: special.gammaincc(a, y),
    logcdf=lambda y, a: incomplete_gamma.log_lower_tail(a, y),
    logsf=lambda y, a: incomplete_gamma.log_upper_tail(a, y),
    ppf=lambda q, a: special.gammaincinv(a, q),
    isf=lambda q, a: special.gammainccinv(a, q),
    support=half_line,
)
chi2 = Continuous(
    "chi2",
    ["df"],
    logpdf=lambda y, df: _gamma_logpdf(0.5 * y, 0.5 * df) - math.log(2.0),
    cdf=lambda y, df: special.gammainc(0.5 * df, 0.5 * y),
    sf=lambda y, df: special.gammaincc(0.5 * df, 0.5 * y),
    logcdf=lambda y, df: incomplete_gamma.log_lower_tail(0.5 * df, 0.5 * y),
    logsf=lambda y, df: incomplete_gamma.log_upper_tail(0.5 * df, 0.5 * y),
    ppf=lambda q, df: 2.0 * special.gammaincinv(0.5 * df, q),
    isf=lambda q, df: 2.0 * special.gammainccinv(0.5 * df, q),
    support=half_line,
)
invgamma = Continuous(
    "invgamma",
    ["a"],
    logpdf=lambda y, a: -(a + 1.0) * fnp.log(y) - special.gammaln(a) - 1.0 / y,
    cdf=lambda y, a: special.gammaincc(a, 1.0 / y),
    sf=lambda y, a: special.gammainc(a, 1.0 / y),
    logcdf=lambda y, a: incomplete_gamma.log_upper_tail(a, 1.0 / y),
    logsf=lambda y, a: incomplete_gamma.log_lower_tail(a, 1.0 / y),
    ppf=lambda q, a: 1.0 / special.gammainccinv(a, q),
    isf=lambda q, a: 1.0 / special.gammaincinv(a, q),
    support=half_line,
)


def _gennorm_tail(y: Any, beta: Any) -> Any:
    """Half the probability beyond ``abs(y)``."""
    return 0.5 * special.gammaincc(1.0 / beta, fnp.abs(y) ** beta)


def _gennorm_ppf(q: Any, beta: Any) -> Any:
    upper = q > 0.5
    tail = fnp.where(upper, 1.0 - q, q)
    size = special.gammainccinv(1.0 / beta, 2.0 * tail) ** (1.0 / beta)
    return fnp.where(upper, size, -size)


gennorm = Continuous(
    "gennorm",
    ["beta"],
    logpdf=lambda y, beta: (
        fnp.log(0.5 * beta) - special.gammaln(1.0 / beta) - fnp.abs(y) ** beta
    ),
    cdf=lambda y, beta: fnp.where(
        y > 0, 1.0 - _gennorm_tail(y, beta), _gennorm_tail(y, beta)
    ),
    sf=lambda y, beta: fnp.where(
        y > 0, _gennorm_tail(y, beta), 1.0 - _gennorm_tail(y, beta)
    ),
    ppf=_gennorm_ppf,
    isf=lambda q, beta: -_gennorm_ppf(q, beta),
)
beta = Continuous(
    "beta",
    ["a", "b"],
    logpdf=lambda y, a, b: (
        special.xlogy(a - 1.0, y) + special.xlog1py(b - 1.0, -y) - special.betaln(a, b)
    ),
    cdf=lambda y, a, b: special.betainc(a, b, y),
    sf=lambda y, a, b: special.betaincc(a, b, y),
    logcdf=lambda y, a, b: incomplete_beta.log_betainc(a, b, y, 1.0 - y),
    logsf=lambda y, a, b: incomplete_beta.log_betainc(b, a, 1.0 - y, y),
    ppf=lambda q, a, b: special.betaincinv(a, b, q),
    isf=lambda q, a, b: special.betainccinv(a, b, q),
    support=lambda a, b: (0.0, 1.0),
)
t = Continuous(
    "t",
    ["df"],
    logpdf=lambda y, df: student.log_density(df, y),
    cdf=lambda y, df: special.stdtr(df, y),
    sf=lambda y, df: special.stdtr(df, -y),
    ppf=lambda q, df: special.stdtrit(df, q),
    isf=lambda q, df: -special.stdtrit(df, q),
)


def _f_share(y: Any, dfn: Any, dfd: Any) -> tuple[Any, Any]:
    """The beta variable of an F variable, and its complement."""
    scaled = dfn * y
    return scaled / (dfd + scaled), dfd / (dfd + scaled)


def _f_logpdf(y: Any, dfn: Any, dfd: Any) -> Any:
    m, n = 0.5 * dfn, 0.5 * dfd
    powers = special.xlogy(m - 1.0, y) + m * fnp.log(dfn / dfd)
    return powers - (m + n) * fnp.log1p(dfn * y / dfd) - special.betaln(m, n)


f = Continuous(
    "f",
    ["dfn", "dfd"],
    logpdf=_f_logpdf,
    cdf=lambda y, m, n: special.fdtr(m, n, y),
    sf=lambda y, m, n: special.fdtrc(m, n, y),
    logcdf=lambda y, m, n: incomplete_beta.log_betainc(
        0.5 * m, 0.5 * n, *_f_share(y, m, n)
    ),
    logsf=lambda y, m, n: incomplete_beta.log_betainc(
        0.5 * n, 0.5 * m, *_f_share(y, m, n)[::-1]
    ),
    ppf=lambda q, m, n: special.fdtri(m, n, q),
    support=half_line,
)
