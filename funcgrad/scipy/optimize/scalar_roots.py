"""Roots of functions of one number: bracketed by Brent's method, or by Newton's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from funcgrad import ops
from funcgrad.api.derivatives import jvp
from funcgrad.lax import custom_root, while_loop
from funcgrad.scipy.optimize.implicit import divide


class _Bracket(NamedTuple):
    """``b`` is the best, the root lies between it and ``c``; ``a`` was before."""

    a: Any
    b: Any
    c: Any
    fa: Any
    fb: Any
    fc: Any
    last: Any
    before: Any
    count: Any


def brentq(
    f: Callable[..., Any],
    a: Any,
    b: Any,
    args: tuple[Any, ...] = (),
    *,
    xtol: float = 2e-12,
    rtol: float = 8.881784197001252e-16,
    maxiter: int = 100,
) -> Any:
    """A root of a continuous function between two places where its signs differ.

    Parameters
    ----------
    f : callable
        ``f(x, *args)`` gives a real scalar.
    a, b : float scalars
        The places.
    args : tuple, optional
        More arguments; the root has derivatives in them and in what ``f`` closes over.
    xtol, rtol : float
        The root is found to ``xtol + rtol * abs(root)``.
    maxiter : int
        Steps at most.

    Returns
    -------
    float scalar
        NaN where the signs do not differ.

    References
    ----------
    Brent, Algorithms for Minimization Without Derivatives, 1973, chapter 4.

    Examples
    --------
    >>> import funcgrad as fg
    >>> root = lambda a: fg.scipy.optimize.brentq(lambda x: x**3 - a, 0.0, 10.0)
    >>> value, slope = fg.jit(fg.value_and_grad(root))(8.0)
    >>> print(f"{value:.6f} {slope:.6f}")
    2.000000 0.083333
    """

    def value(x: Any) -> Any:
        return f(x, *args)

    def find(_: Any, start: Any) -> Any:
        return _brent(value, 1.0 * a, 1.0 * b, xtol, rtol, maxiter)

    return custom_root(value, 0.5 * (a + b) * 1.0, find, divide)


def _brent(
    value: Callable[[Any], Any], a: Any, b: Any, xtol: float, rtol: float, maxiter: int
) -> Any:
    def goes_on(s: _Bracket) -> Any:
        near = np.abs(s.c - s.b) <= 2.0 * (xtol + rtol * np.abs(s.b))
        return ~near & (s.fb != 0) & (s.count < maxiter)

    def step(s: _Bracket) -> _Bracket:
        tol = 0.5 * (xtol + rtol * np.abs(s.b))
        half = 0.5 * (s.c - s.b)
        move = _interpolated(s, half, tol)
        moved = s.b + ops.where(np.abs(move) > tol, move, np.copysign(tol, half))
        fun = value(moved)
        last, before = move, s.last
        # The root must stay between b and c, and b must be the better of them.
        crossed = np.sign(fun) == np.sign(s.fc)
        c, fc = ops.where(crossed, s.b, s.c), ops.where(crossed, s.fb, s.fc)
        width = moved - s.b
        last = ops.where(crossed, width, last)
        before = ops.where(crossed, width, before)
        worse = np.abs(fc) < np.abs(fun)
        return _Bracket(
            ops.where(worse, moved, s.b),
            ops.where(worse, c, moved),
            ops.where(worse, moved, c),
            ops.where(worse, fun, s.fb),
            ops.where(worse, fc, fun),
            ops.where(worse, fun, fc),
            last,
            before,
            s.count + 1,
        )

    fa, fb = value(a), value(b)
    swap = np.abs(fa) < np.abs(fb)
    a, b = ops.where(swap, b, a), ops.where(swap, a, b)
    fa, fb = ops.where(swap, fb, fa), ops.where(swap, fa, fb)
    first = _Bracket(a, b, a, fa, fb, fa, b - a, b - a, np.asarray(0))
    end: _Bracket = while_loop(goes_on, step, first)
    return ops.where(np.sign(fa) * np.sign(fb) <= 0, end.b, np.nan)


def _interpolated(s: _Bracket, half: Any, tol: Any) -> Any:
    """How far to go: by a parabola or a line, if that is safe, or to the middle."""
    ratio = s.fb / s.fa
    line = s.a == s.c
    q, r = s.fa / s.fc, s.fb / s.fc
    up = ops.where(
        line,
        2.0 * half * ratio,
        ratio * (2.0 * half * q * (q - r) - (s.b - s.a) * (r - 1.0)),
    )
    down = ops.where(line, 1.0 - ratio, (q - 1.0) * (r - 1.0) * (ratio - 1.0))
    down = ops.where(up > 0, -down, down)
    up = np.abs(up)
    safe = np.minimum(3.0 * half * down - np.abs(tol * down), np.abs(s.before * down))
    promising = (np.abs(s.before) >= tol) & (np.abs(s.fa) > np.abs(s.fb))
    good = promising & (2.0 * up < safe)
    return ops.where(good, up / ops.where(good, down, 1.0), half)


def newton(
    func: Callable[..., Any],
    x0: Any,
    args: tuple[Any, ...] = (),
    *,
    tol: float = 1e-12,
    maxiter: int = 50,
) -> Any:
    """A root of a function of one number near ``x0``, by Newton's method.

    Parameters
    ----------
    func : callable
        ``func(x, *args)`` gives a scalar; its slope is found by `jvp`.
    x0 : scalar
        Where to begin.
    args : tuple, optional
        More arguments; the root has derivatives in them and in what ``func`` closes
        over.
    tol : float
        How long the last step may be.
    maxiter : int
        Steps at most.

    Returns
    -------
    scalar
        Where the steps ended; `root` says whether that is a root.

    Examples
    --------
    >>> import funcgrad as fg
    >>> root = lambda a: fg.scipy.optimize.newton(lambda x: x**2 - a, 1.0)
    >>> print(f"{root(2.0):.6f} {fg.grad(root)(2.0):.6f}")
    1.414214 0.353553
    """

    def value(x: Any) -> Any:
        return func(x, *args)

    def find(_: Any, start: Any) -> Any:
        def step(state: Any) -> Any:
            x, _, count = state
            y, slope = jvp(value, (x,), (np.ones_like(x),))
            move = y / slope
            return x - move, np.abs(move), count + 1

        def goes_on(state: Any) -> Any:
            return (state[1] > tol) & (state[2] < maxiter)

        far = np.abs(start) * 0.0 + np.inf
        return while_loop(goes_on, step, (start, far, np.asarray(0)))[0]

    return custom_root(value, x0 * 1.0, find, divide)
