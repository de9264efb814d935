"""Exponential, sine, Fresnel and like integrals, whose derivatives are elementary."""

from __future__ import annotations

import math
from typing import Any

from funcgrad.ops.arithmetic import div, mul, neg, strong_mul
from funcgrad.ops.cases import case, integers, positive, reals
from funcgrad.ops.comparison import eq, lt
from funcgrad.ops.complex_parts import abs as absolute
from funcgrad.ops.exponential import exp, expm1, log
from funcgrad.ops.hyperbolic import cosh, sinh
from funcgrad.ops.powers import square
from funcgrad.ops.selection import where
from funcgrad.ops.special.entrywise import entrywise
from funcgrad.ops.special.error_and_gamma import erf
from funcgrad.ops.special.scipy_function import scipy_function, scipy_pair
from funcgrad.ops.special.small_differences import polynomial
from funcgrad.ops.trigonometric import cos, sin

_TWO_OVER_ROOT_PI = 2.0 / math.sqrt(math.pi)
_ANY = (case(reals(())), case(reals((5,), 2.0)))
_POSITIVE = (case(positive(())), case(positive((5,))))

erfcx_p = scipy_function(
    "erfcx",
    jvp=[lambda t, y, x: strong_mul(t, 2.0 * x * y - _TWO_OVER_ROOT_PI)],
    cases=_ANY,
)
erfi_p = scipy_function(
    "erfi",
    jvp=[lambda t, y, x: strong_mul(t, mul(exp(square(x)), _TWO_OVER_ROOT_PI))],
    cases=_ANY,
)
dawsn_p = scipy_function(
    "dawsn", jvp=[lambda t, y, x: strong_mul(t, 1.0 - 2.0 * x * y)], cases=_ANY
)
exp1_p = scipy_function(
    "exp1",
    jvp=[lambda t, y, x: strong_mul(t, neg(div(exp(neg(x)), x)))],
    cases=_POSITIVE,
)
expi_p = scipy_function(
    "expi", jvp=[lambda t, y, x: strong_mul(t, div(exp(x), x))], cases=_POSITIVE
)


def _expn_slope(n: Any, x: Any) -> Any:
    """``-expn(n - 1, x)``, with ``expn(0, x) = exp(-x) / x``."""
    last = lt(n, 1.0)
    lower = expn_p(where(last, 0.0, n - 1.0), x)
    return neg(where(last, exp(-x) * (1.0 + 1.0 / x) / x, lower))


expn_p = scipy_function(
    "expn",
    jvp=[None, lambda t, y, n, x: strong_mul(t, _expn_slope(n, x))],
    cases=tuple(
        case(integers(s, 2, 5, float), positive(s)).without_differences()
        for s in ((), (4,))
    ),
)


@entrywise()
def _sinc(x: Any) -> Any:
    """``sin(x) / x``, smooth at 0."""
    near = lt(absolute(x), 0.5)
    small = where(near, x * x, 0.0)
    series = polynomial(
        [(-1.0) ** k / math.factorial(2 * k + 1) for k in range(9)], small
    )
    far = where(near, 1.0, x)
    return where(near, series, sin(far) / far)


@entrywise()
def _sinhc(x: Any) -> Any:
    """``sinh(x) / x``, smooth at 0."""
    near = lt(absolute(x), 0.5)
    small = where(near, x * x, 0.0)
    series = polynomial([1.0 / math.factorial(2 * k + 1) for k in range(9)], small)
    far = where(near, 1.0, x)
    return where(near, series, sinh(far) / far)


si_p, ci_p = scipy_pair(
    "sici",
    ("sine_integral", "cosine_integral"),
    jvp=(
        lambda t, y, x: strong_mul(t, _sinc(x)),
        lambda t, y, x: strong_mul(t, div(cos(x), x)),
    ),
    cases=_POSITIVE,
)
shi_p, chi_p = scipy_pair(
    "shichi",
    ("hyperbolic_sine_integral", "hyperbolic_cosine_integral"),
    jvp=(
        lambda t, y, x: strong_mul(t, _sinhc(x)),
        lambda t, y, x: strong_mul(t, div(cosh(x), x)),
    ),
    cases=_POSITIVE,
)
fresnel_s_p, fresnel_c_p = scipy_pair(
    "fresnel",
    ("fresnel_sine", "fresnel_cosine"),
    jvp=(
        lambda t, y, x: strong_mul(t, sin(mul(square(x), 0.5 * math.pi))),
        lambda t, y, x: strong_mul(t, cos(mul(square(x), 0.5 * math.pi))),
    ),
    cases=_ANY,
)


@entrywise()
def _spence_slope(z: Any) -> Any:
    """``log(z) / (1 - z)``, smooth at 1."""
    u = z - 1.0
    near = lt(absolute(u), 0.1)
    small = where(near, u, 0.0)
    series = -polynomial([(-1.0) ** k / (k + 1) for k in range(20)], small)
    far = where(near, 1.0, u)
    return where(near, series, -log(far + 1.0) / far)


spence_p = scipy_function(
    "spence", jvp=[lambda t, y, z: strong_mul(t, _spence_slope(z))], cases=_POSITIVE
)


@entrywise()
def exprel(x: Any) -> Any:
    """``(exp(x) - 1) / x``, smooth at 0."""
    zero = eq(x, 0.0)
    near = lt(absolute(x), 0.5)
    small = where(near, x, 0.0)
    series = polynomial([1.0 / math.factorial(k + 1) for k in range(17)], small)
    infinite = eq(x, math.inf)
    far = where(near | zero | infinite, 1.0, x)
    return where(near, series, where(infinite, x, expm1(far) / far))


def _owens_slopes(h: Any, a: Any) -> tuple[Any, Any]:
    in_h = exp(-0.5 * h * h) * erf(a * h * math.sqrt(0.5))
    ring = 1.0 + a * a
    in_a = exp(-0.5 * h * h * ring) / ring
    return in_h * (-0.5 / math.sqrt(2 * math.pi)), in_a * (0.5 / math.pi)


owens_t_p = scipy_function(
    "owens_t",
    jvp=[
        lambda t, y, h, a: strong_mul(t, _owens_slopes(h, a)[0]),
        lambda t, y, h, a: strong_mul(t, _owens_slopes(h, a)[1]),
    ],
    cases=(case((), ()), case((4,), (4,))),
)
