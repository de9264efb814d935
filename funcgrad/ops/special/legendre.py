"""Associated Legendre functions of integer degree and order."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad.ops.arithmetic import div, strong_mul
from funcgrad.ops.cases import between, case, integers
from funcgrad.ops.elementwise import Elementwise
from funcgrad.ops.exponential import scipy_special
from funcgrad.ops.special.scipy_function import scipy_function

_CASE = (
    integers((4,), 0, 3, float),
    integers((4,), 3, 6, float),
    between((4,), 0.3, 0.8),
)


def _slope(m: Any, v: Any, x: Any) -> Any:
    """``((v + 1) x P_v - (v - m + 1) P_(v+1)) / (x**2 - 1)`` (DLMF 14.10.5)."""
    following = (v - m + 1.0) * lpmv_p(m, v + 1.0, x)
    return div((v + 1.0) * x * lpmv_p(m, v, x) - following, 1.0 - x * x)


lpmv_p: Elementwise = scipy_function(
    "lpmv",
    jvp=[None, None, lambda t, y, m, v, x: strong_mul(t, _slope(m, v, x))],
    cases=(case(*_CASE).without_differences(),),
)


def _evaluate(m: Any, v: Any, angle: Any) -> Any:
    value = scipy_special("lpmv")(m, v, np.cos(np.asarray(angle, np.float64)))
    dtype = np.result_type(m, v, angle)
    return np.where(np.abs(m) > v, 0.0, value).astype(dtype)[()]


def _lower(b: Any, *values: Any) -> Any:
    m, v, angle = (b.convert(value, np.float64) for value in values)
    last = b.const(np.int32, 0, m.lanes)
    x = b.math("cos", angle)
    value = b.extern("fg_special_lpmv_ddd", m, v, x, last, dtype=np.float64)
    beyond = b.cmp("gt", b.abs(m), v)
    value = b.select(beyond, b.zero(x.dtype, x.lanes), value)
    return b.convert(value, np.result_type(*[v.dtype for v in values]))


def _angle_slope(m: Any, v: Any, angle: Any) -> Any:
    """By neighbouring orders, which has no pole where the sine vanishes."""
    lower = (v + m) * (v - m + 1.0) * legendre_of_angle_p(m - 1.0, v, angle)
    return 0.5 * (legendre_of_angle_p(m + 1.0, v, angle) - lower)


legendre_of_angle_p: Elementwise = Elementwise(
    "legendre_of_angle",
    numpy=_evaluate,
    jvp=[None, None, lambda t, y, m, v, a: strong_mul(t, _angle_slope(m, v, a))],
    lower=_lower,
    kinds="f",
    cost=200,
    cases=(case(*_CASE).without_differences(),),
)
