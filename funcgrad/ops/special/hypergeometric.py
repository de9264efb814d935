"""Hypergeometric functions: values from SciPy, derivatives in all operands.

Those in the argument are hypergeometric functions again; those in the parameters are
derivatives of power series, and of the asymptotic one for ``1F1`` of large arguments.
"""

from __future__ import annotations

from typing import Any

from funcgrad.ops.arithmetic import div, strong_mul
from funcgrad.ops.cases import between, case
from funcgrad.ops.comparison import gt, lt
from funcgrad.ops.control.loops import fori_loop
from funcgrad.ops.elementwise import Elementwise
from funcgrad.ops.exponential import exp, log1p
from funcgrad.ops.powers import pow as power
from funcgrad.ops.rounding import floor
from funcgrad.ops.selection import where
from funcgrad.ops.special.entrywise import Entrywise
from funcgrad.ops.special.error_and_gamma import lgamma
from funcgrad.ops.special.scipy_function import scipy_function
from funcgrad.ops.special.small_differences import unresolved

_TERMS = 110
_LARGE = 50.0


def _series(upper: tuple[Any, ...], b: Any, x: Any) -> Any:
    """Sum of products of ``(a)_k`` over ``(b)_k k!``, times ``x**k``."""

    def add(_: Any, state: Any) -> Any:
        k, term, total = state
        factor = x / ((b + k) * (k + 1.0))
        for a in upper:
            factor = factor * (a + k)
        return k + 1.0, term * factor, total + term * factor

    zero, one = 0.0 * x, 0.0 * x + 1.0
    return fori_loop(0, _TERMS, add, (zero, one, one))[2]


def _far_series(a: Any, b: Any, x: Any) -> Any:
    """For large ``x`` (DLMF 13.7.2), without the factor ``gamma(b) / gamma(a)``."""
    total: Any = 1.0
    term: Any = 1.0
    for k in range(20):
        term = term * ((b - a + float(k)) * (1.0 - a + float(k)) / (x * (k + 1.0)))
        total = total + term
    return exp(x) * power(x, a - b) * total


def _sign_of_gamma(x: Any) -> Any:
    from_below = x - 2.0 * floor(0.5 * x)
    return where(gt(x, 0.0) | lt(from_below, 1.0), 1.0, -1.0)


def _hyp1f1(a: Any, b: Any, x: Any) -> Any:
    """Left of 0 by Kummer's transformation, so that all late terms have one sign."""
    left = lt(x, 0.0)
    size, first = where(left, -x, x), where(left, b - a, a)
    far = gt(size, _LARGE)
    near_value = _series((first,), b, where(far, 1.0, size))
    ratio = exp(lgamma(b) - lgamma(first)) * _sign_of_gamma(b) * _sign_of_gamma(first)
    far_value = ratio * _far_series(first, b, where(far, size, _LARGE))
    return where(left, exp(x), 1.0) * where(far, far_value, near_value)


def _hyp2f1(a: Any, b: Any, c: Any, z: Any) -> Any:
    """Left of 0 by Pfaff's transformation; NaN in the slow part of the series."""
    left = lt(z, 0.0)
    low = where(left, z, 0.0)
    argument = where(left, low / (low - 1.0), z)
    slow = gt(argument, 0.75)
    argument = where(slow, 0.5, argument)
    value = _series((a, where(left, c - b, b)), c, argument)
    scaled = where(left, exp(-a * log1p(-low)), 1.0) * value
    return scaled + unresolved(slow, a, b, c, z)


hyp1f1_formula = Entrywise(_hyp1f1)
hyp2f1_formula = Entrywise(_hyp2f1)
hyp1f1_p: Elementwise = scipy_function(
    "hyp1f1",
    jvp=[
        lambda t, y, a, b, x: strong_mul(t, hyp1f1_formula.partial(0)(a, b, x)),
        lambda t, y, a, b, x: strong_mul(t, hyp1f1_formula.partial(1)(a, b, x)),
        lambda t, y, a, b, x: strong_mul(t, div(a, b) * hyp1f1_p(a + 1.0, b + 1.0, x)),
    ],
    cases=(
        case(between((), 0.3, 2.0), between((), 1.0, 3.0), between((), -2.0, 2.0)),
        case(between((3,), 0.3, 2.0), between((3,), 1.0, 3.0), between((3,), -2, 2)),
    ),
)
hyp2f1_p: Elementwise = scipy_function(
    "hyp2f1",
    jvp=[
        lambda t, y, a, b, c, z: strong_mul(t, hyp2f1_formula.partial(0)(a, b, c, z)),
        lambda t, y, a, b, c, z: strong_mul(t, hyp2f1_formula.partial(0)(b, a, c, z)),
        lambda t, y, a, b, c, z: strong_mul(t, hyp2f1_formula.partial(2)(a, b, c, z)),
        lambda t, y, a, b, c, z: strong_mul(
            t, a * b / c * hyp2f1_p(a + 1.0, b + 1.0, c + 1.0, z)
        ),
    ],
    cases=(
        case(
            *(between((3,), 0.3, 2.0) for _ in range(2)),
            between((3,), 1.0, 3.0),
            between((3,), -1.0, 0.6),
        ),
    ),
)
