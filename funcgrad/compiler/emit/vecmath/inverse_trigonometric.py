"""asin, acos, atan and atan2 as branch-free vector code."""

from __future__ import annotations

import math

from funcgrad.compiler.emit.arithmetic import Arithmetic
from funcgrad.compiler.emit.value import Value
from funcgrad.compiler.emit.vecmath.coefficients import ASIN, ATAN
from funcgrad.compiler.emit.vecmath.polynomial import estrin

# By the size of the dtype: what rounding took from pi, and the powers of two beyond
# which coordinates of atan2 are brought nearer to 1, and by how much.
_PI_TAIL = {8: 1.2246467991473532e-16, 4: -8.742277657347586e-08}
_FAR, _NEARER = {8: 900, 4: 100}, {8: 100, 4: 24}


def _arc(b: Arithmetic, y: Value, x: Value) -> tuple[Value, Value]:
    """The angle of ``(x, y)``, both nonnegative, as a float and a small rest."""
    zero = b.zero(x.dtype, x.lanes)
    flat = b.cmp("lt", y, b.mul(x, 0.5))
    steep = b.cmp("lt", x, b.mul(y, 0.5))
    # The tangent of the angle less 0, pi / 2 or pi / 4, at most 1 / 2.
    over = b.select(flat, y, b.select(steep, b.neg(x), b.sub(y, x)))
    under = b.select(flat, x, b.select(steep, y, b.add(y, x)))
    t = b.div(over, under)
    infinite = b.cmp("eq", b.min(x, y), math.inf)
    t = b.select(b.or_(infinite, b.cmp("eq", under, 0.0)), zero, t)
    nowhere = b.cmp("eq", b.max(x, y), 0.0)
    pi_tail = _PI_TAIL[x.dtype.itemsize]
    flat = b.or_(flat, nowhere)
    base = b.select(steep, b.const(x.dtype, math.pi / 2, x.lanes), math.pi / 4)
    rest = b.select(steep, b.const(x.dtype, pi_tail / 2, x.lanes), pi_tail / 4)
    base, rest = b.select(flat, zero, base), b.select(flat, zero, rest)
    z = b.mul(t, t)
    bend = b.fma(b.mul(t, z), estrin(b, z, ATAN), rest)
    angle = b.add(base, t)
    lost = b.sub(t, b.sub(angle, base))
    return angle, b.add(bend, lost)


def atan(b: Arithmetic, x: Value) -> Value:
    """The inverse tangent."""
    angle, rest = _arc(b, b.fabs(x), b.const(x.dtype, 1.0, x.lanes))
    return b.copysign(b.add(angle, rest), x)


def atan2(b: Arithmetic, y: Value, x: Value) -> Value:
    """The angle of the point ``(x, y)``, in ``-pi .. pi``, signed as ``y``."""
    size, length = b.fabs(y), b.fabs(x)
    # Only the quotient counts: sums must not overflow, nor halves underflow.
    larger = b.max(size, length)
    far, by = 2.0 ** _FAR[x.dtype.itemsize], 2.0 ** _NEARER[x.dtype.itemsize]
    down, up = (b.const(x.dtype, c, x.lanes) for c in (1.0 / by, by))
    factor = b.select(b.cmp("gt", larger, far), down, 1.0)
    factor = b.select(b.cmp("lt", larger, 1.0 / far), up, factor)
    angle, rest = _arc(b, b.mul(size, factor), b.mul(length, factor))
    right = b.add(angle, rest)
    pi = b.const(x.dtype, math.pi, x.lanes)
    back = b.sub(pi, angle)
    lost = b.sub(b.sub(pi, back), angle)
    pi_tail = b.const(x.dtype, _PI_TAIL[x.dtype.itemsize], x.lanes)
    left = b.add(back, b.add(lost, b.sub(pi_tail, rest)))
    y_angle = b.select(b.signbit(x), left, right)
    nan = b.add(x, y)
    return b.select(b.is_unordered(x, y), nan, b.copysign(y_angle, y))


def _arcsine(b: Arithmetic, x: Value) -> tuple[Value, Value, Value]:
    """``|x| > 1/2``, and ``t``, ``bend`` with ``t + bend = asin(t)``.

    There ``t`` is the sine of half the angle to pi / 2; elsewhere it is ``|x|``.
    """
    size = b.fabs(x)
    far = b.cmp("gt", size, 0.5)
    folded = b.mul(b.sub(b.const(x.dtype, 1.0, x.lanes), size), 0.5)
    z = b.select(far, folded, b.mul(size, size))
    t = b.select(far, b.sqrt(folded), size)
    bend = b.mul(b.mul(t, z), estrin(b, z, ASIN))
    return far, t, bend


def asin(b: Arithmetic, x: Value) -> Value:
    """The inverse sine; NaN beyond 1."""
    far, t, bend = _arcsine(b, x)
    near = b.add(t, bend)
    half_pi = b.const(x.dtype, math.pi / 2, x.lanes)
    twice = b.add(t, t)
    top = b.sub(half_pi, twice)
    lost = b.sub(b.sub(half_pi, top), twice)
    rest = b.sub(lost, b.sub(b.add(bend, bend), _PI_TAIL[x.dtype.itemsize] / 2))
    return b.copysign(b.select(far, b.add(top, rest), near), x)


def acos(b: Arithmetic, x: Value) -> Value:
    """The inverse cosine; NaN beyond 1."""
    far, t, bend = _arcsine(b, x)
    negative = b.cmp("lt", x, 0.0)
    center = b.select(far, b.const(x.dtype, math.pi, x.lanes), math.pi / 2)
    pi_tail = _PI_TAIL[x.dtype.itemsize]
    rest = b.select(far, b.const(x.dtype, pi_tail, x.lanes), pi_tail / 2)
    t, bend = b.select(far, b.add(t, t), t), b.select(far, b.add(bend, bend), bend)
    # pi - 2 asin(t), pi / 2 - asin(t), pi / 2 + asin(t) or 2 asin(t) alone.
    alone = b.and_(far, b.not_(negative))
    plus = b.and_(negative, b.not_(far))
    signed = b.select(plus, t, b.neg(t))
    signed_bend = b.select(plus, bend, b.neg(bend))
    angle = b.add(center, signed)
    lost = b.add(b.sub(center, angle), signed)
    around = b.add(angle, b.add(lost, b.add(signed_bend, rest)))
    return b.select(alone, b.add(t, bend), around)
