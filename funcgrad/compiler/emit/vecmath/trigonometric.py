"""sin, cos and tan as vector code; only huge arguments branch, to libm."""

from __future__ import annotations

from collections.abc import Callable

from funcgrad.compiler.emit.arithmetic import Arithmetic
from funcgrad.compiler.emit.value import FLOAT64, Value
from funcgrad.compiler.emit.vecmath.coefficients import COS, SIN
from funcgrad.compiler.emit.vecmath.polynomial import estrin, format_of

_TWO_OVER_PI = 0.6366197723675814
# pi / 2 in three pieces, and the size up to which multiples of it cancel exactly.
_HALF_PI = {
    8: (1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33),
    4: (1.5707963705062866, -4.371138828673793e-08, -1.7151245100058819e-15),
}
_LIMIT = {8: 2.0**30, 4: 2.0**18}


def _reduce(b: Arithmetic, x: Value) -> tuple[Value, Value, Value]:
    """``x = k pi / 2 + r + low``: ``r``, ``low`` and an integer ending in ``k``."""
    form = format_of(x)
    whole = b.fma(x, _TWO_OVER_PI, form.magic)
    k = b.sub(whole, form.magic)
    first, second, third = _HALF_PI[x.dtype.itemsize]
    near = b.fma(k, -first, x)  # exact: its bits all fit
    product = b.mul(k, second)
    product_error = b.fma(k, second, b.neg(product))
    r = b.sub(near, product)
    low = b.sub(b.sub(b.sub(near, r), product), product_error)
    return r, b.fma(k, -third, low), b.bits(whole)


def _sin_kernel(b: Arithmetic, r: Value, z: Value, low: Value) -> Value:
    bend = b.mul(z, estrin(b, z, SIN))
    slope = b.fma(z, -0.5, 1.0)
    return b.add(r, b.fma(r, bend, b.mul(low, slope)))


def _cos_kernel(b: Arithmetic, r: Value, z: Value, low: Value) -> Value:
    half = b.mul(z, 0.5)
    one = b.const(r.dtype, 1.0, r.lanes)
    top = b.sub(one, half)
    lost = b.sub(b.sub(one, top), half)
    bend = b.mul(b.mul(z, z), estrin(b, z, COS))
    return b.add(top, b.add(lost, b.sub(bend, b.mul(r, low))))


def _quadrant(b: Arithmetic, turns: Value, bit: int) -> Value:
    """Whether ``bit`` of the number of quarter turns is set."""
    masked = b.and_(turns, bit)
    return b.cmp("ne", masked, 0)


def _flip(b: Arithmetic, y: Value, turns: Value) -> Value:
    """``-y`` where the second bit of ``turns`` is set."""
    width = 8 * y.dtype.itemsize
    sign = b.shl(b.lshr(turns, 1), width - 1)
    return b.bitcast(b.xor(b.bits(y), sign), y.dtype)


def _with_libm(
    b: Arithmetic, name: str, x: Value, small: Callable[[], Value]
) -> list[Value]:
    """``small()``, or libm's function where a lane is too large for it."""
    size = b.fabs(x)
    huge = b.cmp("gt", size, _LIMIT[x.dtype.itemsize])
    huge = b.and_(huge, b.cmp("lt", size, float("inf")))
    symbol = name if x.dtype == FLOAT64 else name + "f"

    def large() -> list[Value]:
        zero = b.zero(x.dtype, x.lanes)
        called = b.extern(symbol, b.select(huge, x, zero), dtype=x.dtype)
        return [b.select(huge, called, small())]

    return b.if_else(b.any(huge), large, lambda: [small()])


def sin(b: Arithmetic, x: Value) -> Value:
    """The sine."""

    def small() -> Value:
        r, low, turns = _reduce(b, x)
        z = b.mul(r, r)
        s, c = _sin_kernel(b, r, z, low), _cos_kernel(b, r, z, low)
        return _flip(b, b.select(_quadrant(b, turns, 1), c, s), turns)

    y = _with_libm(b, "sin", x, small)[0]
    tiny = b.cmp("lt", b.fabs(x), format_of(x).smallest_normal)
    return b.select(tiny, x, y)


def cos(b: Arithmetic, x: Value) -> Value:
    """The cosine."""

    def small() -> Value:
        r, low, turns = _reduce(b, x)
        z = b.mul(r, r)
        s, c = _sin_kernel(b, r, z, low), _cos_kernel(b, r, z, low)
        later = b.add(turns, 1)
        return _flip(b, b.select(_quadrant(b, turns, 1), s, c), later)

    return _with_libm(b, "cos", x, small)[0]


def tan(b: Arithmetic, x: Value) -> Value:
    """The tangent."""

    def small() -> Value:
        r, low, turns = _reduce(b, x)
        z = b.mul(r, r)
        s, c = _sin_kernel(b, r, z, low), _cos_kernel(b, r, z, low)
        odd = _quadrant(b, turns, 1)
        over, under = b.select(odd, b.neg(c), s), b.select(odd, s, c)
        return b.div(over, under)

    y = _with_libm(b, "tan", x, small)[0]
    tiny = b.cmp("lt", b.fabs(x), format_of(x).smallest_normal)
    return b.select(tiny, x, y)
