"""Bessel functions of real order: values from SciPy, derivatives in both operands.

In the argument by recurrence; in the order by integrals over the imaginary direction
and, for ``J``, ``Y`` and ``I``, over half a period.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from funcgrad.ops.arithmetic import neg, strong_mul
from funcgrad.ops.cases import between, case, positive
from funcgrad.ops.complex_parts import sign
from funcgrad.ops.elementwise import Elementwise
from funcgrad.ops.special import bessel_order
from funcgrad.ops.special.scipy_function import scipy_function

_CASES = (
    case(between((), 0.1, 3.0), positive(())),
    case(between((4,), 0.1, 3.0), positive((4,))),
)
_POSITIVE = (case(positive(())), case(positive((4,))))
Recurrence = Callable[[Any, Any, Any], Any]


def _of_order(name: str, slope: Recurrence, order: Any) -> Elementwise:
    """``slope(y, v, x)`` is the derivative in ``x``, ``order(v, x)`` that in ``v``."""
    return scipy_function(
        name,
        jvp=[
            lambda t, y, v, x: strong_mul(t, order(v, x)),
            lambda t, y, v, x: strong_mul(t, slope(y, v, x)),
        ],
        cases=_CASES,
    )


def _half_difference(function: Any, v: Any, x: Any) -> Any:
    return 0.5 * (function(v - 1.0, x) - function(v + 1.0, x))


def _half_sum(function: Any, v: Any, x: Any) -> Any:
    return 0.5 * (function(v - 1.0, x) + function(v + 1.0, x))


jv_p: Elementwise = _of_order(
    "jv", lambda y, v, x: _half_difference(jv_p, v, x), bessel_order.jv.partial(0)
)
yv_p: Elementwise = _of_order(
    "yv", lambda y, v, x: _half_difference(yv_p, v, x), bessel_order.yv.partial(0)
)
iv_p: Elementwise = _of_order(
    "iv", lambda y, v, x: _half_sum(iv_p, v, x), bessel_order.iv.partial(0)
)
ive_p: Elementwise = _of_order(
    "ive",
    lambda y, v, x: _half_sum(ive_p, v, x) - sign(x) * y,
    bessel_order.ive.partial(0),
)
kv_p: Elementwise = _of_order(
    "kv", lambda y, v, x: neg(_half_sum(kv_p, v, x)), bessel_order.kv.partial(0)
)
kve_p: Elementwise = _of_order(
    "kve", lambda y, v, x: y - _half_sum(kve_p, v, x), bessel_order.kve.partial(0)
)


def _unary(name: str, slope: Callable[[Any, Any], Any]) -> Elementwise:
    return scipy_function(
        name, jvp=[lambda t, y, x: strong_mul(t, slope(y, x))], cases=_POSITIVE
    )


j0_p: Elementwise = _unary("j0", lambda y, x: neg(j1_p(x)))
j1_p: Elementwise = _unary("j1", lambda y, x: 0.5 * (j0_p(x) - jv_p(2.0, x)))
y0_p: Elementwise = _unary("y0", lambda y, x: neg(y1_p(x)))
y1_p: Elementwise = _unary("y1", lambda y, x: y0_p(x) - y / x)
k0_p: Elementwise = _unary("k0", lambda y, x: neg(k1_p(x)))
k1_p: Elementwise = _unary("k1", lambda y, x: neg(k0_p(x) + y / x))
k0e_p: Elementwise = _unary("k0e", lambda y, x: y - k1e_p(x))
k1e_p: Elementwise = _unary("k1e", lambda y, x: y - k0e_p(x) - y / x)
