"""Elliptic integrals of the first and second kind, with derivatives of every order."""

from __future__ import annotations

import math
from typing import Any

from funcgrad.ops.arithmetic import neg, strong_mul
from funcgrad.ops.cases import between, case
from funcgrad.ops.comparison import lt
from funcgrad.ops.complex_parts import abs as absolute
from funcgrad.ops.powers import sqrt
from funcgrad.ops.rounding import round as nearest
from funcgrad.ops.selection import where
from funcgrad.ops.special.entrywise import entrywise
from funcgrad.ops.special.quadrature import integral
from funcgrad.ops.special.scipy_function import scipy_function
from funcgrad.ops.trigonometric import sin

_RULE = "gauss32"
_CASES = (
    case(between((), -0.9, 0.9)),
    case(between((4,), -0.9, 0.9)),
    case(between((3,), -4.0, -2.0)),
)
_INCOMPLETE = (
    case(between((), 0.1, 1.4), between((), -0.9, 0.9)),
    case(between((4,), -6.0, 6.0), between((4,), -0.9, 0.9)),
)


def _first_slope(angle: Any, m: Any) -> Any:
    """Derivative in ``m`` of ``(1 - m sin(angle)^2)^(-1/2)``."""
    square = sin(angle) * sin(angle)
    left = 1.0 - m * square
    return 0.5 * square / (left * sqrt(left))


def _second_slope(angle: Any, m: Any) -> Any:
    """Derivative in ``m`` of ``(1 - m sin(angle)^2)^(1/2)``."""
    square = sin(angle) * sin(angle)
    return -0.5 * square / sqrt(1.0 - m * square)


def _near_and_far(m: Any) -> tuple[Any, Any, Any]:
    """Near 0, where closed forms cancel, the derivative is an integral."""
    near = lt(absolute(m), 0.4)
    return near, where(near, m, 0.0), where(near, -1.0, m)


@entrywise()
def _k_slope(m: Any) -> Any:
    near, small, far = _near_and_far(m)
    whole = integral(_first_slope, m * 0.0 + 0.5 * math.pi, small, rule=_RULE)
    rest = 1.0 - far
    closed = (ellipe_p(far) - rest * ellipk_p(far)) / (2.0 * far * rest)
    return where(near, whole, closed)


@entrywise()
def _e_slope(m: Any) -> Any:
    near, small, far = _near_and_far(m)
    whole = integral(_second_slope, m * 0.0 + 0.5 * math.pi, small, rule=_RULE)
    return where(near, whole, (ellipe_p(far) - ellipk_p(far)) / (2.0 * far))


@entrywise()
def _km1_slope(p: Any) -> Any:
    """Derivative of ``ellipk(1 - p)``, accurate at the pole ``p = 0``."""
    near = lt(0.5, p)
    low = where(near, 0.25, p)
    closed = (ellipe_p(1.0 - low) - low * ellipkm1_p(low)) / (2.0 * (1.0 - low) * low)
    return neg(where(near, _k_slope(1.0 - where(near, p, 1.0)), closed))


ellipe_p = scipy_function(
    "ellipe", jvp=[lambda t, y, m: strong_mul(t, _e_slope(m))], cases=_CASES
)
ellipk_p = scipy_function(
    "ellipk", jvp=[lambda t, y, m: strong_mul(t, _k_slope(m))], cases=_CASES
)
ellipkm1_p = scipy_function(
    "ellipkm1",
    jvp=[lambda t, y, p: strong_mul(t, _km1_slope(p))],
    cases=(case(between((), 0.1, 0.9)), case(between((4,), 0.1, 2.0))),
)


def _reduced(angle: Any) -> tuple[Any, Any]:
    """The whole periods in an angle, and what is left, from -pi/2 to pi/2."""
    periods = nearest(angle / math.pi)
    return periods, angle - math.pi * periods


@entrywise()
def _kinc_slope(angle: Any, m: Any) -> Any:
    near, small, far = _near_and_far(m)
    periods, rest = _reduced(angle)
    part = integral(_first_stretched, 1.0 + 0.0 * rest, rest, small, rule=_RULE)
    inside = part + 2.0 * periods * _k_slope(small)
    left, root = 1.0 - far, _root(angle, far)
    parts = ellipeinc_p(angle, far) - left * ellipkinc_p(angle, far)
    closed = parts / (2.0 * far * left) - sin(2.0 * angle) / (4.0 * left * root)
    return where(near, inside, closed)


@entrywise()
def _einc_slope(angle: Any, m: Any) -> Any:
    near, small, far = _near_and_far(m)
    periods, rest = _reduced(angle)
    part = integral(_second_stretched, 1.0 + 0.0 * rest, rest, small, rule=_RULE)
    inside = part + 2.0 * periods * _e_slope(small)
    closed = (ellipeinc_p(angle, far) - ellipkinc_p(angle, far)) / (2.0 * far)
    return where(near, inside, closed)


def _first_stretched(u: Any, angle: Any, m: Any) -> Any:
    return angle * _first_slope(u * angle, m)


def _second_stretched(u: Any, angle: Any, m: Any) -> Any:
    return angle * _second_slope(u * angle, m)


def _root(angle: Any, m: Any) -> Any:
    sine = sin(angle)
    return sqrt(1.0 - m * sine * sine)


ellipkinc_p = scipy_function(
    "ellipkinc",
    jvp=[
        lambda t, y, angle, m: strong_mul(t, 1.0 / _root(angle, m)),
        lambda t, y, angle, m: strong_mul(t, _kinc_slope(angle, m)),
    ],
    cases=_INCOMPLETE,
)
ellipeinc_p = scipy_function(
    "ellipeinc",
    jvp=[
        lambda t, y, angle, m: strong_mul(t, _root(angle, m)),
        lambda t, y, angle, m: strong_mul(t, _einc_slope(angle, m)),
    ],
    cases=_INCOMPLETE,
)
