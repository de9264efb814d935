"""Hyperbolic functions and their inverses as branch-free vector code."""

from __future__ import annotations

import math

from funcgrad.compiler.emit.arithmetic import Arithmetic
from funcgrad.compiler.emit.value import FLOAT64, Value
from funcgrad.compiler.emit.vecmath.coefficients import EXP_AHEAD, SINH
from funcgrad.compiler.emit.vecmath.exponential import LOG2_E, exp_shifted
from funcgrad.compiler.emit.vecmath.polynomial import (
    estrin,
    format_of,
    halves,
    power_of_two,
)


def tanh(b: Arithmetic, x: Value) -> Value:
    """The hyperbolic tangent."""
    form = format_of(x)
    top = 20.0 if x.dtype == FLOAT64 else 10.0
    size = b.fabs(x)
    size = b.select(b.cmp("gt", size, top), top, size)
    # m = expm1(2 |x|) = 2**k (1 + p) - 1 with p = expm1(r), then m / (m + 2). The
    # turn from k = 0 to 1 is late, at 2 |x| = 1 / 2, so that little cancels there.
    twice = b.add(size, size)
    whole = b.add(b.fma(twice, LOG2_E, -0.22), form.magic)
    k = b.neg(b.sub(whole, form.magic))
    r = b.fma(k, form.ln2[1], b.fma(k, form.ln2[0], twice))
    p = b.fma(b.mul(r, r), halves(b, r, EXP_AHEAD[x.dtype.itemsize]), r)
    factor = power_of_two(b, b.bits(whole), x)
    m = b.fma(factor, p, b.sub(factor, 1.0))
    return b.copysign(b.div(m, b.add(m, 2.0)), x)


def sinh(b: Arithmetic, x: Value) -> Value:
    """The hyperbolic sine."""
    size = b.fabs(x)
    half = exp_shifted(b, size, shift=-1)
    far = b.sub(half, b.div(b.const(x.dtype, 0.25, x.lanes), half))
    z = b.mul(x, x)
    near = b.fma(b.mul(size, z), estrin(b, z, SINH), size)
    return b.copysign(b.select(b.cmp("lt", size, 1.0), near, far), x)


def cosh(b: Arithmetic, x: Value) -> Value:
    """The hyperbolic cosine."""
    half = exp_shifted(b, b.fabs(x), shift=-1)
    return b.add(half, b.div(b.const(x.dtype, 0.25, x.lanes), half))


def asinh(b: Arithmetic, x: Value) -> Value:
    """The inverse hyperbolic sine."""
    size = b.fabs(x)
    one = b.const(x.dtype, 1.0, x.lanes)
    large = b.cmp("gt", size, 2.0**28)
    bounded = b.select(large, one, size)
    square = b.mul(bounded, bounded)
    root = b.sqrt(b.add(square, 1.0))
    more = b.add(bounded, b.div(square, b.add(root, 1.0)))
    # Beyond the bound asinh(x) = log(2 x), for log(x) as log1p(x - 1).
    y = b.math("log1p", b.select(large, b.sub(size, 1.0), more))
    y = b.add(y, b.select(large, b.const(x.dtype, math.log(2), x.lanes), 0.0))
    return b.copysign(b.select(b.cmp("lt", size, 2.0**-30), size, y), x)


def acosh(b: Arithmetic, x: Value) -> Value:
    """The inverse hyperbolic cosine; NaN below 1."""
    large = b.cmp("gt", x, 2.0**28)
    t = b.sub(x, 1.0)
    bounded = b.select(large, b.const(x.dtype, 1.0, x.lanes), t)
    root = b.sqrt(b.fma(bounded, bounded, b.add(bounded, bounded)))
    y = b.math("log1p", b.select(large, t, b.add(bounded, root)))
    y = b.add(y, b.select(large, b.const(x.dtype, math.log(2), x.lanes), 0.0))
    return b.select(b.cmp("lt", x, 1.0), math.nan, y)


def atanh(b: Arithmetic, x: Value) -> Value:
    """The inverse hyperbolic tangent; NaN beyond 1."""
    size = b.fabs(x)
    twice = b.add(size, size)
    under = b.sub(b.const(x.dtype, 1.0, x.lanes), size)
    near = b.fma(twice, b.div(size, under), twice)
    inside = b.select(b.cmp("lt", size, 0.5), near, b.div(twice, under))
    y = b.mul(b.math("log1p", inside), 0.5)
    y = b.select(b.cmp("lt", size, 2.0**-30), size, y)
    return b.copysign(y, x)
