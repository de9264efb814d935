"""Continuous distributions: SciPy's interface over functions of a standard variable."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import funcgrad.numpy as fnp
from funcgrad.docstrings import Docstring
from funcgrad.scipy.stats.operands import all_of, arguments, float_operands, select

Function = Callable[..., Any]
_INF = math.inf
_NOTES = """\
Methods ``pdf``, ``logpdf``, ``cdf``, ``logcdf``, ``sf`` and ``logsf`` take
``(x, {0.parameters})``; the inverses ``ppf`` and ``isf`` a probability for ``x``.
Operands are arrays, broadcast together, and results are differentiable in all of them.
"""


def whole_line(*shapes: Any) -> tuple[float, float]:
    """The support of distributions over all numbers."""
    return -_INF, _INF


def half_line(*shapes: Any) -> tuple[float, float]:
    """The support of distributions over positive numbers."""
    return 0.0, _INF


class Continuous:
    """A distribution of numbers, moved by ``loc`` and stretched by ``scale``.

    Methods take ``(x, *shapes, loc=0, scale=1)``: arrays, broadcast together. Results
    have the operands' common float dtype. They are differentiable in all operands, and
    NaN where a parameter is out of range; outside of the support derivatives are 0.

    Parameters
    ----------
    name : str
        SciPy's name.
    shapes : sequence of str
        Names of the shape parameters.
    logpdf : callable
        Logarithm of the standard density at points of the support.
    cdf, sf, logcdf, logsf, ppf, isf : callable, optional
        The same for the distribution function, its complement, their logarithms and
        inverses. ``sf`` is 1 minus ``cdf`` by default, logarithms are taken, and
        ``isf`` is ``ppf`` of the complement.
    support : callable
        Ends of the support, from the shapes.
    inner : float
        A point inside of every support.
    valid : callable, optional
        Whether shapes are allowed; all positive by default.
    """

    __doc__ = Docstring(__doc__, "stats", "name", _NOTES)

    def __init__(
        self,
        name: str,
        shapes: Sequence[str] = (),
        *,
        logpdf: Function,
        cdf: Function | None = None,
        sf: Function | None = None,
        logcdf: Function | None = None,
        logsf: Function | None = None,
        ppf: Function | None = None,
        isf: Function | None = None,
        support: Function = whole_line,
        inner: Function = lambda *shapes: 0.5,
        valid: Function | None = None,
    ) -> None:
        self.name = name
        self.shapes = tuple(shapes)
        self._functions = {
            "cdf": cdf,
            "sf": sf,
            "logcdf": logcdf,
            "logsf": logsf,
            "ppf": ppf,
            "isf": isf,
        }
        self._logpdf = logpdf
        self._support = support
        self._inner = inner
        self._valid = valid
        self.parameters = ", ".join([*shapes, "loc=0", "scale=1"])

    def _operands(self, x: Any, args: Any, kwargs: dict[str, Any]) -> list[Any]:
        names = (*self.shapes, "loc", "scale")
        defaults = {"loc": 0.0, "scale": 1.0}
        call = f"{self.name} takes x"
        return float_operands(x, *arguments(call, names, defaults, args, kwargs))

    def _allowed(self, shapes: Sequence[Any], scale: Any) -> Any:
        if self._valid is not None:
            return (scale > 0) & self._valid(*shapes)
        return all_of([scale > 0, *[shape > 0 for shape in shapes]])

    def _at(
        self,
        function: Function,
        ends: tuple[float, float],
        x: Any,
        args: Any,
        kwargs: dict[str, Any],
        *,
        density: bool = False,
    ) -> Any:
        """``function`` inside of the support, ``ends`` left and right of it."""
        x, *shapes, loc, scale = self._operands(x, args, kwargs)
        with np.errstate(all="ignore"):
            allowed = self._allowed(shapes, scale)
            y = (x - loc) / scale
            low, high = self._support(*shapes)
            inside = (y >= low) & (y <= high) & allowed
            if not density:
                inside = inside & (y > low) & (y < high)
            value = function(fnp.where(inside, y, self._inner(*shapes)), *shapes)
            if density:
                value = value - fnp.log(scale)
            unknown = fnp.logical_not(allowed) | fnp.isnan(y)
            left, right = ends
            return select(
                [(inside, value), (unknown, math.nan), (y <= low, left)],
                right,
            ).astype(y.dtype)

    def logpdf(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """Logarithm of the density at ``x``."""
        ends = (-_INF, -_INF)
        return self._at(self._logpdf, ends, x, args, kwargs, density=True)

    def pdf(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """The density at ``x``."""
        return fnp.exp(self.logpdf(x, *args, **kwargs))

    def _given(self, name: str) -> Function:
        function = self._functions[name]
        if function is None:
            raise AttributeError(f"{self.name} has no closed form for this function")
        return function

    def _cdf(self, y: Any, *shapes: Any) -> Any:
        return self._given("cdf")(y, *shapes)

    def _sf(self, y: Any, *shapes: Any) -> Any:
        function = self._functions["sf"]
        if function is not None:
            return function(y, *shapes)
        return 1.0 - self._cdf(y, *shapes)

    def _log_of(self, tail: Function, other: Function) -> Function:
        """The logarithm of a tail, from the other one where that is small."""
        if self._functions["sf"] is None:
            return lambda *ys: fnp.log(tail(*ys))

        def function(*ys: Any) -> Any:
            value, rest = tail(*ys), other(*ys)
            near_one = value > 0.5
            return fnp.where(
                near_one,
                fnp.log1p(-fnp.where(near_one, rest, 0.0)),
                fnp.log(fnp.where(near_one, 1.0, value)),
            )

        return function

    def cdf(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """The probability of numbers up to ``x``."""
        return self._at(self._cdf, (0.0, 1.0), x, args, kwargs)

    def sf(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """The probability of numbers above ``x``, accurate where it is small."""
        return self._at(self._sf, (1.0, 0.0), x, args, kwargs)

    def logcdf(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """Logarithm of ``cdf``."""
        function = self._functions["logcdf"]
        if function is None:
            function = self._log_of(self._cdf, self._sf)
        return self._at(function, (-_INF, 0.0), x, args, kwargs)

    def logsf(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """Logarithm of ``sf``."""
        function = self._functions["logsf"]
        if function is None:
            function = self._log_of(self._sf, self._cdf)
        return self._at(function, (0.0, -_INF), x, args, kwargs)

    def ppf(self, q: Any, *args: Any, **kwargs: Any) -> Any:
        """The number up to which the probability is ``q``."""
        return self._quantile(self._given("ppf"), q, args, kwargs, flip=False)

    def isf(self, q: Any, *args: Any, **kwargs: Any) -> Any:
        """The number above which the probability is ``q``."""
        function = self._functions["isf"]
        if function is None:
            ppf = self._given("ppf")
            function = lambda p, *shapes: ppf(1.0 - p, *shapes)
        return self._quantile(function, q, args, kwargs, flip=True)

    def _quantile(
        self, function: Function, q: Any, args: Any, kwargs: Any, *, flip: bool
    ) -> Any:
        q, *shapes, loc, scale = self._operands(q, args, kwargs)
        with np.errstate(all="ignore"):
            allowed = self._allowed(shapes, scale)
            inside = (q > 0) & (q < 1) & allowed
            y = function(fnp.where(inside, q, 0.5), *shapes)
            low, high = self._support(*shapes)
            first, last = (high, low) if flip else (low, high)
            edges = [
                (inside, y * scale + loc),
                (allowed & (q == 0), first * scale + loc),
                (allowed & (q == 1), last * scale + loc),
            ]
            return select(edges, math.nan).astype(q.dtype)
