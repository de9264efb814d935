"""erf, erfc and erf_inv as branch-free vector code."""

from __future__ import annotations

import math

from funcgrad.compiler.emit.arithmetic import Arithmetic
from funcgrad.compiler.emit.value import FLOAT64, Value
from funcgrad.compiler.emit.vecmath.exponential import exp_shifted
from funcgrad.compiler.emit.vecmath.logarithm import log_normal
from funcgrad.compiler.emit.vecmath.polynomial import clamp, estrin, halves
from funcgrad.compiler.emit.vecmath.special_coefficients import (
    ERF,
    ERF_INV_CENTER,
    ERF_INV_MIDDLE,
    ERF_INV_TAIL,
    ERF_TAIL,
    ERFC,
    ERFC_ROOT,
)


def _central(b: Arithmetic, x: Value) -> Value:
    """``erf(x)`` for ``|x| < 1``, of float32 for ``|x| < 1.2``."""
    return b.fma(x, estrin(b, b.mul(x, x), ERF), x)


def _tail(b: Arithmetic, x: Value) -> Value:
    """``erfc(x)`` for ``x > 1 / 2``: exp(-x**2) times a smooth function."""
    square = b.mul(x, x)
    lost = b.fma(x, x, b.neg(square))
    t = b.div(b.sub(x, 3.0), b.add(x, 3.0))
    smooth = b.div(estrin(b, t, ERFC), b.fma(x, 2.0, 1.0))
    return exp_shifted(b, b.neg(square), low=b.neg(lost), factor=smooth)


def _small_tail(b: Arithmetic, x: Value) -> Value:
    """``erfc(x)`` for ``1 < x < 6``, to the precision of ``1 - erfc(x)``."""
    smooth = estrin(b, b.sub(x, 2.0), ERF_TAIL)
    return exp_shifted(b, b.neg(b.mul(x, x)), factor=smooth)


def _small_tail_float32(b: Arithmetic, x: Value) -> Value:
    """The same of float32 for ``1.2 < x < 4``."""
    root = halves(b, b.sub(x, 2.0), ERFC_ROOT)
    square = b.mul(root, root)
    return b.mul(square, square)


def erf(b: Arithmetic, x: Value) -> Value:
    """``2 / sqrt(pi)`` times the integral of ``exp(-t**2)`` from 0 to ``x``."""
    size = b.fabs(x)
    # erfc is small in the tail, so its error hardly counts.
    if x.dtype == FLOAT64:
        turn, erfc_far = 1.0, _small_tail(b, clamp(b, size, 0.75, 6.0))
    else:
        short = b.select(b.cmp("gt", size, 4.0), 4.0, size)
        turn, erfc_far = 1.2, _small_tail_float32(b, short)
    far = b.sub(b.const(x.dtype, 1.0, x.lanes), erfc_far)
    near = _central(b, size)
    return b.copysign(b.select(b.cmp("lt", size, turn), near, far), x)


def erfc(b: Arithmetic, x: Value) -> Value:
    """``1 - erf(x)`` without loss for large ``x``."""
    size = b.fabs(x)
    one = b.const(x.dtype, 1.0, x.lanes)
    tail = _tail(b, clamp(b, size, 0.5, 28.0))
    far = b.select(b.cmp("lt", x, 0.0), b.sub(b.add(one, one), tail), tail)
    near = b.sub(one, _central(b, x))
    return b.select(b.cmp("lt", size, 0.5), near, far)


def erf_inv(b: Arithmetic, x: Value) -> Value:
    """The inverse of ``erf``; infinite at -1 and 1, NaN beyond."""
    size = b.fabs(x)
    one = b.const(x.dtype, 1.0, x.lanes)
    product = b.mul(b.sub(one, size), b.add(one, size))
    inside = b.select(b.cmp("lt", size, 1.0), product, 0.5)
    w = b.neg(log_normal(b, inside))
    root = b.sqrt(w)
    center = halves(b, b.sub(w, 3.0), ERF_INV_CENTER[x.dtype.itemsize])
    factor = estrin(b, b.sub(root, 3.25), ERF_INV_MIDDLE)
    if x.dtype == FLOAT64:  # w of float32 ends at 16
        tail = estrin(b, b.sub(root, 5.0), ERF_INV_TAIL)
        factor = b.select(b.cmp("lt", w, 16.0), factor, tail)
    y = b.mul(x, b.select(b.cmp("lt", w, 6.0), center, factor))
    y = b.select(b.cmp("eq", size, 1.0), b.mul(x, math.inf), y)
    return b.select(b.cmp("gt", size, 1.0), math.nan, y)
