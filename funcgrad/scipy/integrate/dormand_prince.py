"""Ordinary differential equations by Dormand and Prince's pair of orders 5 and 4."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from funcgrad import ops, tree
from funcgrad.api.gradient import stop_gradient
from funcgrad.core.trace import typeof
from funcgrad.flatten_util import ravel_pytree
from funcgrad.lax import convert_element_type, scan, while_loop

_NODES = np.array([1 / 5, 3 / 10, 4 / 5, 8 / 9, 1.0, 1.0])
_STAGES = [
    np.array([1 / 5]),
    np.array([3 / 40, 9 / 40]),
    np.array([44 / 45, -56 / 15, 32 / 9]),
    np.array([19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729]),
    np.array([9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656]),
    np.array([35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84]),
]
_ERROR = np.array(
    [
        71 / 57600,
        0.0,
        -71 / 16695,
        71 / 1920,
        -17253 / 339200,
        22 / 525,
        -1 / 40,
    ]
)
# Weights at the middle of a step, for the polynomial between its ends.
_MIDDLE = np.array(
    [
        6025192743 / 30085553152 / 2,
        0.0,
        51252292925 / 65400821598 / 2,
        -2691868925 / 45128329728 / 2,
        187940372067 / 1594534317056 / 2,
        -1776094331 / 19743644256 / 2,
        11237099 / 235043384 / 2,
    ]
)


class _Step(NamedTuple):
    """Where the solver is, how far it dares to go, and the polynomial of its last step.

    ``coefficients`` are those of powers 4 to 0 of the share of that step.
    """

    y: Any
    slope: Any
    t: Any
    width: Any
    before: Any
    coefficients: Any
    count: Any


def odeint(
    func: Callable[..., Any],
    y0: Any,
    t: Any,
    *args: Any,
    rtol: float = 1.4e-8,
    atol: float = 1.4e-8,
    mxstep: int = 100_000,
    hmax: float = np.inf,
) -> Any:
    """Solve ``dy/dt = func(y, t, *args)`` from ``y(t[0]) = y0``, at the times ``t``.

    Steps become longer and shorter so that the error of each stays within the
    tolerances. It can be compiled, batched (every solution with its own steps), and
    differentiated, to any order, in ``y0``, ``t`` and ``args``: derivatives are those
    of the computation, with the lengths of the steps as they were chosen.

    Parameters
    ----------
    func : callable
        ``func(y, t, *args)`` gives the rate of change, a tree like ``y0``.
    y0 : tree of float array
        The state at ``t[0]``.
    t : array of float, shape (n,)
        Increasing times.
    *args
        More arguments of ``func``.
    rtol, atol : float
        An entry's error in one step is at most ``atol + rtol * abs(entry)``.
    mxstep : int
        Steps at most between two of the times.
    hmax : float
        The longest step.

    Returns
    -------
    tree of array
        Like ``y0``, with a first axis of length n. Entries are NaN after a place that
        ``mxstep`` steps did not suffice to reach.

    References
    ----------
    Dormand & Prince, Journal of Computational and Applied Mathematics 6:19-26, 1980;
    Shampine, Mathematics of Computation 46:135-150, 1986 (the value at the middle);
    Hairer, Norsett & Wanner, Solving Ordinary Differential Equations I, 1993, section
    II.4 (the lengths of steps).

    Examples
    --------
    >>> import funcgrad as fg
    >>> def pendulum(y, t, length):
    ...     return np.stack([y[1], -9.81 / length * np.sin(y[0])])
    >>> t = np.linspace(0.0, 2.0, 5)
    >>> solve = fg.jit(lambda l: fg.scipy.integrate.odeint(
    ...     pendulum, np.array([0.3, 0.0]), t, l))
    >>> np.round(solve(1.0)[:, 0], 4)
    array([ 0.3   ,  0.0041, -0.2999, -0.0122,  0.2996])
    >>> slope = fg.grad(lambda l: solve(l)[-1, 0])(1.0)  # in the length
    >>> change = solve(1.0 + 1e-4)[-1, 0] - solve(1.0 - 1e-4)[-1, 0]
    >>> bool(abs(slope - change / 2e-4) < 1e-5)
    True
    """
    start, unravel = ravel_pytree(tree.map(lambda x: 1.0 * x, y0))
    kind = typeof(start).dtype
    t = convert_element_type(t, kind)

    def rate(y: Any, time: Any) -> Any:
        return ravel_pytree(func(unravel(y), time, *args))[0]

    slope = rate(start, t[0])
    width = np.minimum(_first_width(rate, start, t[0], slope, rtol, atol), hmax)
    coefficients = np.stack([0.0 * start] * 4 + [start])
    first = _Step(start, slope, t[0], width, t[0], coefficients, np.asarray(0))

    def reach(state: _Step, target: Any) -> tuple[_Step, Any]:
        def goes_on(s: _Step) -> Any:
            return (s.t < target) & (s.count < mxstep) & (s.width > 0)

        state = while_loop(
            goes_on,
            lambda s: _advance(rate, s, rtol, atol, hmax),
            state._replace(count=np.asarray(0)),
        )
        span = state.t - state.before
        share = (target - state.before) / ops.where(span > 0, span, 1.0)
        y = _at(state.coefficients, ops.where(span > 0, share, 0.0))
        return state, ops.where(state.t < target, np.nan, y)

    _, rows = scan(reach, first, t[1:])
    whole = ops.concatenate([ops.reshape(start, (1, *start.shape)), rows], 0)
    return _unraveled(whole, y0, unravel)


def _unraveled(rows: Any, like: Any, unravel: Callable[[Any], Any]) -> Any:
    """Rows of flat states as a tree of arrays with a first axis."""
    leaves, structure = tree.flatten(like)
    places = np.cumsum([0] + [int(np.size(leaf)) for leaf in leaves])
    return structure.unflatten(
        [
            ops.reshape(
                rows[:, start:stop], (typeof(rows).shape[0], *typeof(leaf).shape)
            )
            for start, stop, leaf in zip(places, places[1:], leaves, strict=False)
        ]
    )


def _advance(
    rate: Callable[..., Any], state: _Step, rtol: float, atol: float, hmax: float
) -> _Step:
    """Try a step: the state after it if it is good enough, and the next length."""
    h = state.width
    slopes = [state.slope]
    for node, weights in zip(_NODES, _STAGES, strict=True):
        y = state.y + h * _weighted(weights, slopes)
        slopes.append(rate(y, state.t + node * h))
    error = stop_gradient(h * _weighted(_ERROR, slopes))
    scale = atol + rtol * np.maximum(np.abs(state.y), np.abs(y))
    ratio = np.sqrt(np.mean((error / stop_gradient(scale)) ** 2))
    # A ratio that is not a number: the step was too long.
    good = ratio <= 1.0
    factor = ops.where(ratio > 0, 0.9 / np.maximum(ratio, 1e-10) ** 0.2, 10.0)
    factor = ops.where(np.isfinite(ratio), np.clip(factor, 0.2, 10.0), 0.2)
    width = np.minimum(
        stop_gradient(h) * ops.where(good, factor, np.minimum(factor, 1.0)), hmax
    )
    middle = state.y + h * _weighted(_MIDDLE, slopes)
    tried = _Step(
        y,
        slopes[-1],
        state.t + h,
        width,
        state.t,
        _polynomial(state.y, y, middle, h * state.slope, h * slopes[-1]),
        state.count + 1,
    )
    stayed = state._replace(width=width, count=state.count + 1)
    after: _Step = tree.map(lambda new, old: ops.where(good, new, old), tried, stayed)
    return after


def _weighted(weights: Any, slopes: list[Any]) -> Any:
    terms = [float(w) * k for w, k in zip(weights, slopes, strict=True) if w != 0.0]
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def _polynomial(y0: Any, y1: Any, middle: Any, d0: Any, d1: Any) -> Any:
    """The quartic with these values and slopes at the ends, and value in the middle."""
    a = -2.0 * d0 + 2.0 * d1 - 8.0 * y0 - 8.0 * y1 + 16.0 * middle
    b = 5.0 * d0 - 3.0 * d1 + 18.0 * y0 + 14.0 * y1 - 32.0 * middle
    c = -4.0 * d0 + d1 - 11.0 * y0 - 5.0 * y1 + 16.0 * middle
    return np.stack([a, b, c, d0, y0])


def _at(coefficients: Any, x: Any) -> Any:
    value = coefficients[0]
    for k in range(1, 5):
        value = value * x + coefficients[k]
    return value


def _first_width(
    rate: Callable[..., Any], y: Any, t: Any, slope: Any, rtol: float, atol: float
) -> Any:
    """A length for the first step, from how large and how bent the solution is."""
    scale = atol + rtol * np.abs(y)

    def size(v: Any) -> Any:
        return np.sqrt(np.mean((v / scale) ** 2))

    d0, d1 = size(y), size(slope)
    small = (d0 < 1e-5) | (d1 < 1e-5)
    h0 = ops.where(small, 1e-6, 0.01 * d0 / ops.where(small, 1.0, d1))
    d2 = size(rate(y + h0 * slope, t + h0) - slope) / h0
    top = np.maximum(d1, d2)
    flat = top <= 1e-15
    h1 = ops.where(
        flat,
        np.maximum(1e-6, h0 * 1e-3),
        (0.01 / ops.where(flat, 1.0, top)) ** 0.2,
    )
    return stop_gradient(np.minimum(100.0 * h0, h1))
