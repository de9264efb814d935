"""Exponentials as branch-free vector code: exp, exp2, expm1, logistic."""

from __future__ import annotations

from funcgrad.compiler.emit.arithmetic import Arithmetic
from funcgrad.compiler.emit.value import FLOAT64, Value
from funcgrad.compiler.emit.vecmath.coefficients import EXP
from funcgrad.compiler.emit.vecmath.compensated import Pair, fast_two_sum
from funcgrad.compiler.emit.vecmath.polynomial import (
    clamp,
    estrin,
    format_of,
    halves,
    power_of_two,
)

LOG2_E = 1.4426950408889634
_LN2 = 0.6931471805599453
_LN2_TAIL = 2.3190468138462996e-17
# Up to this size exp(x) is a normal number, and so is the power of two in it.
_ORDINARY = {8: 708.0, 4: 87.0}
_LN2_TAIL_FLOAT32 = -1.9046542121259336e-09


def split_exponent(b: Arithmetic, x: Value) -> tuple[Pair, Value, Value]:
    """``x = k log(2) + r``: the pair ``r`` and the integers ``k`` and about ``k / 2``.

    The integers stand in the low bits, with junk above, as ``power_of_two`` takes them.
    """
    form = format_of(x)
    whole = b.fma(x, LOG2_E, form.magic)
    half = b.fma(x, LOG2_E / 2, form.magic)
    k = b.neg(b.sub(whole, form.magic))
    large, small = form.ln2
    near = b.fma(k, large, x)
    r = b.fma(k, small, near)
    error = b.fma(k, small, b.sub(near, r))
    return (r, error), b.bits(whole), b.bits(half)


def tail(b: Arithmetic, r: Value) -> Value:
    """``exp(r) - 1 - r`` for ``|r| < log(2) / 2``."""
    return b.mul(b.mul(r, r), estrin(b, r, EXP))


def scale(b: Arithmetic, p: Value, k: Value, half: Value, shift: int = 0) -> Value:
    """``p * 2**(k + shift)`` in two steps, so that only the result can overflow."""
    first = power_of_two(b, half, p)
    rest = b.sub(k, half)
    if shift:
        rest = b.add(rest, shift)
    return b.mul(b.mul(p, first), power_of_two(b, rest, p))


def exp_shifted(
    b: Arithmetic,
    x: Value,
    low: Value | None = None,
    shift: int = 0,
    factor: Value | None = None,
) -> Value:
    """``exp(x + low) * 2**shift * factor``; ``low`` is a small correction of ``x``."""
    top = 800.0 if x.dtype == FLOAT64 else 120.0
    x = clamp(b, x, -top, top)
    (r, error), k, half = split_exponent(b, x)
    bend = tail(b, r)
    if low is not None:
        low = b.add(low, error)
        bend = b.add(bend, b.fma(low, b.add(r, bend), low))
    p = b.add(r, bend)
    p = b.add(p, 1.0) if factor is None else b.fma(p, factor, factor)
    return scale(b, p, k, half, shift)


def exp(b: Arithmetic, x: Value) -> Value:
    """``e**x``; a branch for results that are about to overflow or are subnormal."""
    form = format_of(x)
    limit = _ORDINARY[x.dtype.itemsize]
    extreme = b.not_(b.cmp("lt", b.fabs(x), limit))

    def ordinary() -> list[Value]:
        whole = b.fma(x, LOG2_E, form.magic)
        k = b.neg(b.sub(whole, form.magic))
        r = b.fma(k, form.ln2[1], b.fma(k, form.ln2[0], x))
        p = b.fma(b.mul(r, r), halves(b, r, EXP[x.dtype.itemsize]), r)
        return [b.mul(b.add(p, 1.0), power_of_two(b, b.bits(whole), x))]

    return b.if_else(b.any(extreme), lambda: [exp_shifted(b, x)], ordinary)[0]


def exp2(b: Arithmetic, x: Value) -> Value:
    """``2**x``."""
    form = format_of(x)
    top = 1100.0 if x.dtype == FLOAT64 else 160.0
    x = clamp(b, x, -top, top)
    whole = b.add(x, form.magic)
    half = b.fma(x, 0.5, form.magic)
    fraction = b.sub(x, b.sub(whole, form.magic))
    r = b.mul(fraction, _LN2)
    rest = _LN2_TAIL if x.dtype == FLOAT64 else _LN2_TAIL_FLOAT32
    error = b.fma(fraction, rest, b.fma(fraction, _LN2, b.neg(r)))
    p = b.add(b.add(r, b.add(tail(b, r), error)), 1.0)
    return scale(b, p, b.bits(whole), b.bits(half))


def expm1_parts(b: Arithmetic, x: Value) -> tuple[Value, Value, Value]:
    """``expm1(x) = (high + low) * factor``, with ``factor`` a power of two."""
    bottom, top = (-40.0, 800.0) if x.dtype == FLOAT64 else (-20.0, 120.0)
    x = clamp(b, x, bottom, top)
    (r, error), k, half = split_exponent(b, x)
    first = power_of_two(b, half, x)
    factor = power_of_two(b, b.sub(k, half), x)
    inverse = power_of_two(b, b.sub(half, k), x)
    # 2**k (1 + p) - 1 with both terms divided by the second factor.
    high, low = fast_two_sum(b, b.sub(first, inverse), b.mul(first, r))
    low = b.fma(first, b.add(tail(b, r), error), low)
    return high, low, factor


def expm1(b: Arithmetic, x: Value) -> Value:
    """``e**x - 1``, also for tiny ``x``."""
    high, low, factor = expm1_parts(b, x)
    result = b.mul(b.add(high, low), factor)
    tiny = b.cmp("lt", b.fabs(x), 2.0 * format_of(x).smallest_normal)
    return b.select(tiny, x, b.copysign(result, x))


def logistic(b: Arithmetic, x: Value) -> Value:
    """``1 / (1 + exp(-x))``, without loss for negative ``x``."""
    e = exp(b, b.neg(b.fabs(x)))
    one = b.const(x.dtype, 1.0, x.lanes)
    return b.div(b.select(b.cmp("lt", x, 0.0), e, one), b.add(e, one))
