"""Discrete distributions: SciPy's interface over functions of a whole number."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import funcgrad.numpy as fnp
from funcgrad.docstrings import Docstring
from funcgrad.scipy import special
from funcgrad.scipy.stats.operands import arguments, float_operands, select

Function = Callable[..., Any]
_INF = math.inf
_NOTES = """\
Methods ``pmf``, ``logpmf``, ``cdf``, ``logcdf``, ``sf`` and ``logsf`` take
``(k, {0.parameters})``: arrays, broadcast together. Results are differentiable in the
parameters.
"""


class Discrete:
    """A distribution of whole numbers, moved by ``loc``.

    Methods take ``(k, *shapes, loc=0)``: arrays, broadcast together. Results have the
    operands' common float dtype and are differentiable in the shapes; NaN where a
    parameter is out of range, and without derivative outside of the support.

    Parameters
    ----------
    name : str
        SciPy's name.
    shapes : sequence of str
        Names of the shape parameters.
    logpmf : callable
        Logarithm of the probability of each number of the support.
    cdf, sf : callable, optional
        Probability up to, and above, a number of the support.
    support : callable
        First and last number, from the shapes.
    valid : callable
        Whether shapes are allowed.
    """

    __doc__ = Docstring(__doc__, "stats", "name", _NOTES)

    def __init__(
        self,
        name: str,
        shapes: Sequence[str],
        *,
        logpmf: Function,
        cdf: Function | None = None,
        sf: Function | None = None,
        support: Function = lambda *shapes: (0.0, _INF),
        valid: Function,
    ) -> None:
        self.name = name
        self.shapes = tuple(shapes)
        self._logpmf = logpmf
        self._cdf = cdf
        self._sf = sf
        self._support = support
        self._valid = valid
        self.parameters = ", ".join([*shapes, "loc=0"])

    def _operands(self, k: Any, args: Any, kwargs: dict[str, Any]) -> list[Any]:
        names = (*self.shapes, "loc")
        call = f"{self.name} takes k"
        given = arguments(call, names, {"loc": 0.0}, args, kwargs)
        k, *shapes, loc = float_operands(k, *given)
        return [k - loc, *shapes]

    def logpmf(self, k: Any, *args: Any, **kwargs: Any) -> Any:
        """Logarithm of the probability of ``k``."""
        with np.errstate(all="ignore"):
            y, *shapes = self._operands(k, args, kwargs)
            allowed = self._valid(*shapes)
            low, high = self._support(*shapes)
            inside = allowed & (y >= low) & (y <= high) & (y == fnp.floor(y))
            value = self._logpmf(fnp.where(inside, y, low), *shapes)
            unknown = fnp.logical_not(allowed) | fnp.isnan(y)
            return select([(inside, value), (unknown, math.nan)], -_INF).astype(y.dtype)

    def pmf(self, k: Any, *args: Any, **kwargs: Any) -> Any:
        """The probability of ``k``."""
        return fnp.exp(self.logpmf(k, *args, **kwargs))

    def _tail(
        self,
        function: Function | None,
        ends: tuple[float, float],
        k: Any,
        args: Any,
        kwargs: Any,
    ) -> Any:
        if function is None:
            raise AttributeError(f"{self.name} has no closed form for this function")
        with np.errstate(all="ignore"):
            y, *shapes = self._operands(k, args, kwargs)
            allowed = self._valid(*shapes)
            low, high = self._support(*shapes)
            inside = allowed & (y >= low) & (y < high)
            value = function(fnp.floor(fnp.where(inside, y, low)), *shapes)
            unknown = fnp.logical_not(allowed) | fnp.isnan(y)
            left, right = ends
            cases = [(inside, value), (unknown, math.nan), (y < low, left)]
            return select(cases, right).astype(y.dtype)

    def cdf(self, k: Any, *args: Any, **kwargs: Any) -> Any:
        """The probability of numbers up to ``k``."""
        return self._tail(self._cdf, (0.0, 1.0), k, args, kwargs)

    def sf(self, k: Any, *args: Any, **kwargs: Any) -> Any:
        """The probability of numbers above ``k``, accurate where it is small."""
        return self._tail(self._sf, (1.0, 0.0), k, args, kwargs)

    def logcdf(self, k: Any, *args: Any, **kwargs: Any) -> Any:
        """Logarithm of ``cdf``."""
        with np.errstate(divide="ignore"):
            return fnp.log(self.cdf(k, *args, **kwargs))

    def logsf(self, k: Any, *args: Any, **kwargs: Any) -> Any:
        """Logarithm of ``sf``."""
        with np.errstate(divide="ignore"):
            return fnp.log(self.sf(k, *args, **kwargs))


def _probability(p: Any) -> Any:
    return (p >= 0) & (p <= 1)


def _log_choices(n: Any, k: Any) -> Any:
    return -fnp.log1p(n) - special.betaln(n - k + 1.0, k + 1.0)


def _binom_logpmf(k: Any, n: Any, p: Any) -> Any:
    return _log_choices(n, k) + special.xlogy(k, p) + special.xlog1py(n - k, -p)


binom = Discrete(
    "binom",
    ["n", "p"],
    logpmf=_binom_logpmf,
    cdf=lambda k, n, p: special.betaincc(k + 1.0, n - k, p),
    sf=lambda k, n, p: special.betainc(k + 1.0, n - k, p),
    support=lambda n, p: (0.0, n),
    valid=lambda n, p: _probability(p) & (n >= 0) & (n == fnp.floor(n)),
)


class Bernoulli(Discrete):
    """Whole numbers of which only 0 and 1 occur."""

    __doc__ = Docstring(__doc__, "stats", "name", _NOTES)

    def ppf(self, q: Any, *args: Any, **kwargs: Any) -> Any:
        """The number up to which the probability is at least ``q``."""
        q, p, loc = float_operands(
            q, *self._operands(0.0, args, kwargs)[1:], kwargs.get("loc", 0.0)
        )
        known = (q >= 0) & (q <= 1) & self._valid(p)
        value = fnp.where(q > 1.0 - p, 1.0, 0.0)
        value = fnp.where(q == 0.0, -1.0, value) + loc
        return select([(known, value)], math.nan).astype(q.dtype)


bernoulli = Bernoulli(
    "bernoulli",
    ["p"],
    logpmf=lambda k, p: special.xlogy(k, p) + special.xlog1py(1.0 - k, -p),
    cdf=lambda k, p: 1.0 - p + 0.0 * k,
    sf=lambda k, p: p + 0.0 * k,
    support=lambda p: (0.0, 1.0),
    valid=_probability,
)
nbinom = Discrete(
    "nbinom",
    ["n", "p"],
    logpmf=lambda k, n, p: (
        special.gammaln(k + n)
        - special.gammaln(k + 1.0)
        - special.gammaln(n)
        + special.xlogy(n, p)
        + special.xlog1py(k, -p)
    ),
    cdf=lambda k, n, p: special.betainc(n, k + 1.0, p),
    sf=lambda k, n, p: special.betaincc(n, k + 1.0, p),
    valid=lambda n, p: (n > 0) & (p > 0) & (p <= 1),
)
geom = Discrete(
    "geom",
    ["p"],
    logpmf=lambda k, p: fnp.log(p) + special.xlog1py(k - 1.0, -p),
    cdf=lambda k, p: -fnp.expm1(special.xlog1py(k, -p)),
    sf=lambda k, p: fnp.exp(special.xlog1py(k, -p)),
    support=lambda p: (1.0, _INF),
    valid=lambda p: (p > 0) & (p <= 1),
)


class Poisson(Discrete):
    """Numbers of independent events."""

    __doc__ = Docstring(__doc__, "stats", "name", _NOTES)

    def entropy(self, mu: Any, loc: Any = 0) -> Any:
        """``-sum(pmf * log(pmf))``: summed, or for ``mu > 100`` by its expansion."""
        mu, loc = float_operands(mu, loc)
        with np.errstate(all="ignore"):
            large = mu > 100.0
            mean = fnp.where(large | (mu < 0.0), 1.0, mu)
            k = np.arange(260.0)
            logs = self._logpmf(k, mean[..., None])
            total = -fnp.sum(special.xlogy(fnp.exp(logs), fnp.exp(logs)), axis=-1)
            high = fnp.where(large, mu, 100.0)
            powers = (1 / 12 + (1 / 24 + 19 / (360 * high)) / high) / high
            expansion = 0.5 * fnp.log(2 * math.pi * math.e * high) - powers
            value = fnp.where(large, expansion, total) + 0.0 * loc
            return select([(mu >= 0.0, value)], math.nan).astype(mu.dtype)


poisson = Poisson(
    "poisson",
    ["mu"],
    logpmf=lambda k, mu: special.xlogy(k, mu) - special.gammaln(k + 1.0) - mu,
    cdf=lambda k, mu: special.gammaincc(k + 1.0, mu),
    sf=lambda k, mu: special.gammainc(k + 1.0, mu),
    valid=lambda mu: mu >= 0,
)
betabinom = Discrete(
    "betabinom",
    ["n", "a", "b"],
    logpmf=lambda k, n, a, b: (
        _log_choices(n, k) + special.betaln(k + a, n - k + b) - special.betaln(a, b)
    ),
    support=lambda n, a, b: (0.0, n),
    valid=lambda n, a, b: (n >= 0) & (n == fnp.floor(n)) & (a > 0) & (b > 0),
)
