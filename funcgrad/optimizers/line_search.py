"""How far to go along a direction: bisection for the weak Wolfe conditions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from funcgrad import ops, tree
from funcgrad.core.trace import typeof
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.control.loops import while_loop

_DECREASE = 1e-4
_CURVATURE = 0.9


class Point(NamedTuple):
    """A place on the line: value and gradient there, and how far it is."""

    value: Any
    gradient: Any
    length: Any


class _Search(NamedTuple):
    """The best point so far, the length to try, and what is known to be too far."""

    best: Point
    length: Any
    too_far: Any
    tries: Any
    found: Any


def inner(x: Any, y: Any) -> Any:
    """The product of vectors as of pairs of real numbers, where they are complex."""
    return np.real(np.vdot(x, y))


def search_line(
    evaluate: Callable[[Any], tuple[Any, Any]],
    start: Point,
    direction: Any,
    length: Any,
    max_tries: int,
) -> Point:
    """A point that is low enough, and where the line has become flat enough.

    The value falls by a share of what the slope promises, and the slope is less steep
    than at the start. Lengths are doubled until one is too far, and bisected then.

    Parameters
    ----------
    evaluate : callable
        Value and gradient at a length.
    start : Point
    direction : array
        The value falls in it.
    length : float scalar
        What to try first.
    max_tries : int

    Returns
    -------
    Point
        The start, if none was found that is lower.

    References
    ----------
    Lewis & Overton, Mathematical Programming 141:135-163, 2013, algorithm 2.6; Hager &
    Zhang, SIAM Journal on Optimization 16:170-192, 2005, for steps near a minimum.
    """
    kind = typeof(start.value).dtype
    rounding = 10.0 * float(np.finfo(kind).eps)

    slope = inner(start.gradient, direction)

    def body(search: _Search) -> _Search:
        t = search.length
        value, gradient = evaluate(t)
        # False where the value is not a number: that is too far as well.
        low = value <= start.value + _DECREASE * t * slope
        here = inner(gradient, direction)
        # Where values differ by rounding only, near a minimum, slopes still tell.
        level = np.abs(value - start.value) <= rounding * np.abs(start.value)
        low = low | (level & (here <= (2.0 * _DECREASE - 1.0) * slope))
        flat = here >= _CURVATURE * slope
        there = _in_types_of(Point(value, gradient, t), search.best)
        best = tree.map(lambda new, old: ops.where(low, new, old), there, search.best)
        too_far = ops.where(low, search.too_far, t)
        bounded = np.isfinite(too_far)
        middle = 0.5 * (best.length + ops.where(bounded, too_far, 0.0))
        t = ops.where(bounded, middle, 2.0 * t)
        after = _Search(best, t, too_far, search.tries + 1, low & flat)
        carried: _Search = _in_types_of(after, search)
        return carried

    def searching(search: _Search) -> Any:
        return ~search.found & (search.tries < max_tries)

    first = _Search(
        _in_types_of(start, start),
        convert_element_type(length, kind),
        np.asarray(np.inf, kind),
        np.asarray(0),
        np.asarray(False),
    )
    result: _Search = while_loop(searching, body, first)
    return result.best


def _in_types_of(new: Any, old: Any) -> Any:
    return tree.map(lambda n, o: convert_element_type(n, typeof(o).dtype), new, old)
