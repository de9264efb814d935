"""Piecewise cubics through points: values and slopes at places -> anywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad import errors, ops
from funcgrad import numpy as fnp
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof


class CubicHermiteSpline:
    """The piecewise cubic with given values and slopes at increasing places.

    It and its kin have derivatives in the place, the values and the points.

    Parameters
    ----------
    x : array of float, shape (n,)
        Increasing places, at least two.
    y : array, shape (n, ...)
        Values there.
    dydx : array, shape (n, ...)
        Slopes there.
    extrapolate : bool
        Whether the first and the last cubic go on outside; NaN otherwise.

    Raises
    ------
    ShapeError
        If there are not as many values as places.

    Examples
    --------
    >>> import funcgrad as fg
    >>> x = np.array([0.0, 1.0, 3.0])
    >>> f = fg.scipy.interpolate.CubicHermiteSpline(x, x**3, 3 * x**2)
    >>> float(f(2.0)), float(f(2.0, nu=1)), float(f.integrate(0.0, 2.0))
    (8.0, 12.0, 4.0)
    """

    def __init__(self, x: Any, y: Any, dydx: Any, extrapolate: bool = True) -> None:
        self.x, y = _checked(x, y)
        self.extrapolate = extrapolate
        dydx = fnp.asarray(dydx)
        h = _along(fnp.diff(self.x), y)
        slope = fnp.diff(y, axis=0) / h
        left, right = dydx[:-1], dydx[1:]
        t = (left + right - 2.0 * slope) / h
        # Powers 3 to 0 of the distance from the left end of each piece.
        self.c = fnp.stack([t / h, (slope - left) / h - t, left, y[:-1]])

    def __call__(self, x: Any, nu: int = 0) -> Any:
        """The value, or the derivative of order ``nu``, at places.

        Parameters
        ----------
        x : array of float
        nu : int
            0 to 3.

        Returns
        -------
        array
            With the axes of ``x``, and then those that the values have more.
        """
        x = fnp.asarray(x)
        i, rows = self._pieces(x)
        d = _along(x - self.x[i], rows[0])
        weights = {
            0: (1.0, 1.0, 1.0, 1.0),
            1: (3.0, 2.0, 1.0, 0.0),
            2: (6.0, 2.0, 0.0, 0.0),
            3: (6.0, 0.0, 0.0, 0.0),
        }[nu]
        powers = [3 - nu, 2 - nu, 1 - nu, -nu]
        result: Any = 0.0 * rows[3]
        for row, weight, power in zip(rows, weights, powers, strict=True):
            if weight:
                result = result + weight * row * d**power
        return self._masked(x, result)

    def integrate(self, a: Any, b: Any) -> Any:
        """The area from ``a`` to ``b``, two scalars."""
        return self._area(fnp.asarray(b)) - self._area(fnp.asarray(a))

    def _area(self, x: Any) -> Any:
        """The area from the first place to ``x``."""
        i, rows = self._pieces(x)
        h = _along(fnp.diff(self.x), self.c[0])
        whole = _integral(self.c, h)
        before = fnp.cumsum(whole, axis=0) - whole
        d = _along(x - self.x[i], rows[0])
        return self._masked(x, before[i] + _integral(rows, d))

    def _pieces(self, x: Any) -> tuple[Any, Any]:
        count = typeof(self.x).shape[0]
        i = fnp.clip(fnp.searchsorted(self.x, x, side="right") - 1, 0, count - 2)
        return i, [self.c[k][i] for k in range(4)]

    def _masked(self, x: Any, result: Any) -> Any:
        if self.extrapolate:
            return result
        inside = (x >= self.x[0]) & (x <= self.x[-1])
        return fnp.where(_along(inside, result), result, np.nan)


def _integral(c: Any, d: Any) -> Any:
    return d * (c[3] + d * (c[2] / 2.0 + d * (c[1] / 3.0 + d * c[0] / 4.0)))


def _along(a: Any, like: Any) -> Any:
    """With as many more axes of length 1 as ``like`` has."""
    aval = typeof(a)
    return ops.reshape(a, (*aval.shape, *[1] * (typeof(like).ndim - aval.ndim)))


def _checked(x: Any, y: Any) -> tuple[Any, Any]:
    x, y = 1.0 * fnp.asarray(x), 1.0 * fnp.asarray(y)
    places, values = typeof(x).shape, typeof(y).shape
    if len(places) == 1 and places[0] >= 2 and values[:1] == places:
        return x, y
    raise errors.ShapeError(
        errors.message(
            "places and values do not fit together.",
            where=user_frame(),
            got=f"x of shape {places}, y of shape {values}",
            expected="x of shape (n,), y of shape (n, ...), n at least 2",
            see=errors.ShapeError.page,
        )
    )


class CubicSpline(CubicHermiteSpline):
    """The smoothest interpolation: a piecewise cubic with continuous curvature.

    Parameters
    ----------
    x : array of float, shape (n,)
        Increasing places, at least two; at least four for ``"not-a-knot"``.
    y : array, shape (n, ...)
        Values there.
    bc_type : str
        What holds at the ends: ``"not-a-knot"`` (the first two pieces are one cubic,
        and the last two), ``"natural"`` (no curvature) or ``"clamped"`` (no slope).
    extrapolate : bool
        Whether the first and the last cubic go on outside; NaN otherwise.

    Raises
    ------
    ShapeError
        If there are not as many values as places, or too few.
    StaticArgumentError
        If there is no such ``bc_type``.

    References
    ----------
    de Boor, A Practical Guide to Splines, 1978, chapter 4.

    Examples
    --------
    >>> import funcgrad as fg
    >>> x = np.linspace(0.0, np.pi, 8)
    >>> f = fg.scipy.interpolate.CubicSpline(x, np.sin(x))
    >>> print(f"{f(1.0):.3f} {np.sin(1.0):.3f}")
    0.841 0.841
    >>> print(f"{fg.grad(f)(1.0):.3f} {np.cos(1.0):.3f}")
    0.540 0.540
    """

    def __init__(
        self, x: Any, y: Any, bc_type: str = "not-a-knot", extrapolate: bool = True
    ) -> None:
        places, values = _checked(x, y)
        super().__init__(places, values, _slopes(places, values, bc_type), extrapolate)


def _slopes(x: Any, y: Any, bc_type: str) -> Any:
    """Slopes with which curvatures agree where pieces meet: a system of equations."""
    count = typeof(x).shape[0]
    if bc_type not in {"not-a-knot", "natural", "clamped"}:
        raise errors.StaticArgumentError(
            errors.message(
                "CubicSpline has no such condition at its ends.",
                where=user_frame(),
                got=repr(bc_type),
                expected="'not-a-knot', 'natural' or 'clamped'",
                see=errors.StaticArgumentError.page,
            )
        )
    if bc_type == "not-a-knot" and count < 4:
        raise errors.ShapeError(
            errors.message(
                "there are too few places for 'not-a-knot'.",
                where=user_frame(),
                got=f"{count} places",
                expected="4 or more",
                fix="bc_type='natural'",
                see=errors.ShapeError.page,
            )
        )
    h = fnp.diff(x)
    slope = fnp.diff(y, axis=0) / _along(h, y)
    first, last = _ENDS[bc_type](h, slope), _ENDS[bc_type](h[::-1], slope[::-1])
    rows = fnp.zeros((count, count), dtype=typeof(x).dtype)
    inner = np.arange(1, count - 1)
    rows = rows.at[inner, inner - 1].set(h[1:])
    rows = rows.at[inner, inner].set(2.0 * (h[1:] + h[:-1]))
    rows = rows.at[inner, inner + 1].set(h[:-1])
    rows = rows.at[0, :2].set(first[0]).at[-1, -2:].set(last[0][::-1])
    hs = _along(h, y)
    middle = 3.0 * (hs[1:] * slope[:-1] + hs[:-1] * slope[1:])
    right = fnp.concatenate([first[1][None], middle, last[1][None]], axis=0)
    flat = fnp.reshape(right, (count, -1))
    return ops.reshape(fnp.linalg.solve(rows, flat), typeof(y).shape)


def _natural(h: Any, slope: Any) -> tuple[Any, Any]:
    return fnp.stack([2.0 + 0.0 * h[0], 1.0 + 0.0 * h[0]]), 3.0 * slope[0]


def _clamped(h: Any, slope: Any) -> tuple[Any, Any]:
    return fnp.stack([1.0 + 0.0 * h[0], 0.0 * h[0]]), 0.0 * slope[0]


def _not_a_knot(h: Any, slope: Any) -> tuple[Any, Any]:
    both = h[0] + h[1]
    right = ((h[0] + 2.0 * both) * h[1] * slope[0] + h[0] * h[0] * slope[1]) / both
    return fnp.stack([h[1], both]), right


_ENDS: dict[str, Callable[..., tuple[Any, Any]]] = {
    "natural": _natural,
    "clamped": _clamped,
    "not-a-knot": _not_a_knot,
}


class PchipInterpolator(CubicHermiteSpline):
    """A piecewise cubic that is monotone where the values are: it overshoots nowhere.

    Parameters
    ----------
    x : array of float, shape (n,)
        Increasing places, at least two.
    y : array, shape (n, ...)
        Values there.
    extrapolate : bool
        Whether the first and the last cubic go on outside; NaN otherwise.

    References
    ----------
    Fritsch & Butland, SIAM Journal on Scientific and Statistical Computing 5:300-304,
    1984.

    Examples
    --------
    >>> import funcgrad as fg
    >>> y = np.array([0.0, 0.0, 1.0, 1.0])
    >>> f = fg.scipy.interpolate.PchipInterpolator(np.arange(4.0), y)
    >>> float(f(0.5)), float(f(1.5)), float(f(2.5))
    (0.0, 0.5, 1.0)
    """

    def __init__(self, x: Any, y: Any, extrapolate: bool = True) -> None:
        places, values = _checked(x, y)
        super().__init__(places, values, _monotone_slopes(places, values), extrapolate)


def _monotone_slopes(x: Any, y: Any) -> Any:
    h = _along(fnp.diff(x), y)
    slope = fnp.diff(y, axis=0) / h
    if typeof(x).shape[0] == 2:
        return fnp.concatenate([slope, slope], axis=0)
    left, right = slope[:-1], slope[1:]
    w1, w2 = 2.0 * h[1:] + h[:-1], h[1:] + 2.0 * h[:-1]
    same = fnp.sign(left) * fnp.sign(right) > 0
    safe_left, safe_right = fnp.where(same, left, 1.0), fnp.where(same, right, 1.0)
    harmonic = (w1 + w2) / (w1 / safe_left + w2 / safe_right)
    inner = fnp.where(same, harmonic, 0.0)
    first = _end_slope(h[0], h[1], slope[0], slope[1])
    last = _end_slope(h[-1], h[-2], slope[-1], slope[-2])
    return fnp.concatenate([first[None], inner, last[None]], axis=0)


def _end_slope(h0: Any, h1: Any, m0: Any, m1: Any) -> Any:
    """The slope of the parabola through three points, kept from overshooting."""
    d = ((2.0 * h0 + h1) * m0 - h0 * m1) / (h0 + h1)
    d = fnp.where(fnp.sign(d) != fnp.sign(m0), 0.0, d)
    steep = (fnp.sign(m0) != fnp.sign(m1)) & (fnp.abs(d) > 3.0 * fnp.abs(m0))
    return fnp.where(steep, 3.0 * m0, d)


class Akima1DInterpolator(CubicHermiteSpline):
    """A piecewise cubic whose slopes are weighted by how little those beside them turn.

    Parameters
    ----------
    x : array of float, shape (n,)
        Increasing places, at least three.
    y : array, shape (n, ...)
        Values there.
    extrapolate : bool
        Whether the first and the last cubic go on outside; NaN otherwise.

    References
    ----------
    Akima, Journal of the ACM 17:589-602, 1970.

    Examples
    --------
    >>> import funcgrad as fg
    >>> x = np.arange(5.0)
    >>> f = fg.scipy.interpolate.Akima1DInterpolator(x, np.abs(x - 2.0))
    >>> float(f(0.5))
    1.5
    """

    def __init__(self, x: Any, y: Any, extrapolate: bool = False) -> None:
        places, values = _checked(x, y)
        slopes = _akima_slopes(places, values)
        super().__init__(places, values, slopes, extrapolate)


def _akima_slopes(x: Any, y: Any) -> Any:
    m = fnp.diff(y, axis=0) / _along(fnp.diff(x), y)
    before = [3.0 * m[:1] - 2.0 * m[1:2], 2.0 * m[:1] - m[1:2]]
    after = [2.0 * m[-1:] - m[-2:-1], 3.0 * m[-1:] - 2.0 * m[-2:-1]]
    m = fnp.concatenate([*before, m, *after], axis=0)
    turn = fnp.abs(fnp.diff(m, axis=0))
    w1, w2 = turn[2:], turn[:-2]
    total = w1 + w2
    flat = total <= 1e-9 * fnp.max(total)
    weighted = (w1 * m[1:-2] + w2 * m[2:-1]) / fnp.where(flat, 1.0, total)
    return fnp.where(flat, 0.5 * (m[3:] + m[:-3]), weighted)
