"""Square roots of sums, cube roots: vector code without overflow on the way."""

from __future__ import annotations

from funcgrad.compiler.emit.arithmetic import Arithmetic
from funcgrad.compiler.emit.value import FLOAT32, FLOAT64, Value


def sqrt(b: Arithmetic, x: Value) -> Value:
    """The correctly rounded square root."""
    return b.sqrt(x)


def hypot(b: Arithmetic, x: Value, y: Value) -> Value:
    """``sqrt(x**2 + y**2)`` within one ulp; infinite where one is, even beside NaN."""
    infinite = b.or_(b.is_inf(x), b.is_inf(y))
    if x.dtype == FLOAT32:
        u, v = b.convert(x, FLOAT64), b.convert(y, FLOAT64)
        length = b.convert(b.sqrt(b.fma(u, u, b.mul(v, v))), FLOAT32)
        return b.select(infinite, float("inf"), length)
    u, v = b.fabs(x), b.fabs(y)
    large, small = b.max(u, v), b.min(u, v)
    one, down, up = (b.const(x.dtype, s, x.lanes) for s in (1.0, 2.0**-600, 2.0**600))
    huge, tiny = b.cmp("gt", large, 2.0**500), b.cmp("lt", large, 2.0**-400)
    scale = b.select(huge, down, b.select(tiny, up, one))
    restore = b.select(huge, up, b.select(tiny, down, one))
    large, small = b.mul(large, scale), b.mul(small, scale)
    length = b.sqrt(b.fma(large, large, b.mul(small, small)))
    return b.select(infinite, float("inf"), b.mul(length, restore))
