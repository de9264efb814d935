"""erf, erfc and erf_inv as branch-free vector code."""

from __future__ import annotations

import math

from funcgrad.compiler.emit.arithmetic import Arithmetic
from funcgrad.compiler.emit.value import FLOAT64, Value
from funcgrad.compiler.emit.vecmath.coefficients import (
    ERF,
    ERF_INV_CENTER,
    ERF_INV_MIDDLE,
    ERF_INV_TAIL,
    ERF_TAIL,
    ERFC,
)
from funcgrad.compiler.emit.vecmath.exponential import exp_shifted
from funcgrad.compiler.emit.vecmath.logarithm import log_normal
from funcgrad.compiler.emit.vecmath.polynomial import clamp, estrin


def _central(b: Arithmetic, x: Value) -> Value:
    """``erf(x)`` for ``|x| < 1``."""
    return b.fma(x, estrin(b, b.mul(x, x), ERF), x)


def _tail(b: Arithmetic, x: Value) -> Value:
    """``erfc(x)`` for ``x > 1 / 2``: exp(-x**2) times a smooth function."""
    square = b.mul(x, x)
    lost = b.fma(x, x, b.neg(square))
    t = b.div(b.sub(x, 3.0), b.add(x, 3.0))
    smooth = b.div(estrin(b, t, ERFC), b.fma(x, 2.0, 1.0))
    return exp_shifted(b, b.neg(square), low=b.neg(lost), factor=smooth)


def erf(b: Arithmetic, x: Value) -> Value:
    """``2 / sqrt(pi)`` times the integral of ``exp(-t**2)`` from 0 to ``x``."""
    size = b.fabs(x)
    one = b.const(x.dtype, 1.0, x.lanes)
    # erfc is small here, so its error, and that of the square, hardly count.
    center, end = (2.0, 6.0) if x.dtype == FLOAT64 else (1.5, 4.0)
    far = clamp(b, size, 0.75, end)
    smooth = estrin(b, b.sub(far, center), ERF_TAIL)
    far = b.sub(one, exp_shifted(b, b.neg(b.mul(far, far)), factor=smooth))
    near = _central(b, size)
    return b.copysign(b.select(b.cmp("lt", size, 1.0), near, far), x)


def erfc(b: Arithmetic, x: Value) -> Value:
    """``1 - erf(x)`` without loss for large ``x``."""
    size = b.fabs(x)
    one = b.const(x.dtype, 1.0, x.lanes)
    tail = _tail(b, clamp(b, size, 0.5, 28.0))
    far = b.select(b.cmp("lt", x, 0.0), b.sub(b.add(one, one), tail), tail)
    near = b.sub(one, _central(b, x))
    return b.select(b.cmp("lt", size, 0.5), near, far)


def erf_inv(b: Arithmetic, x: Value) -> Value:
    """The inverse of ``erf`` for float64; infinite at -1 and 1, NaN beyond."""
    size = b.fabs(x)
    one = b.const(FLOAT64, 1.0, x.lanes)
    # w = -log(1 - x**2), with what rounding took from the product.
    product = b.mul(b.sub(one, size), b.add(one, size))
    lost = b.fma(b.neg(size), size, b.sub(one, product))
    lost = b.select(b.cmp("lt", size, 0.5), lost, 0.0)
    inside = b.select(b.cmp("lt", size, 1.0), product, 0.5)
    w = b.neg(log_normal(b, inside, low=b.div(lost, inside)))
    root = b.sqrt(w)
    center = estrin(b, b.sub(w, 3.0), ERF_INV_CENTER)
    middle = estrin(b, b.sub(root, 3.25), ERF_INV_MIDDLE)
    tail = estrin(b, b.sub(root, 5.0), ERF_INV_TAIL)
    factor = b.select(b.cmp("lt", w, 16.0), middle, tail)
    y = b.mul(x, b.select(b.cmp("lt", w, 6.0), center, factor))
    y = b.select(b.cmp("eq", size, 1.0), b.mul(x, math.inf), y)
    return b.select(b.cmp("gt", size, 1.0), math.nan, y)
