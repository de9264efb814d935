"""Remainders of floats as vector code, by libm where the quotient has too many bits."""

from __future__ import annotations

from funcgrad.compiler.emit.arithmetic import Arithmetic
from funcgrad.compiler.emit.value import Value


def fmod(b: Arithmetic, x: Value, y: Value) -> Value:
    """``x - trunc(x / y) * y``, exact, with the sign of ``x``."""
    small = x.dtype.itemsize == 4
    size, divisor = b.fabs(x), b.fabs(y)
    quotient = b.trunc(b.div(size, divisor))
    # Below this bound the rounded quotient is off by at most one and the
    # remainder by fma is exact. NaN, zero divisors and infinities fail the test.
    exact = b.cmp("lt", quotient, 2.0**22 if small else 2.0**51)
    exact = b.and_(exact, b.cmp("lt", divisor, float("inf")))

    def fast() -> list[Value]:
        rest = b.fma(b.neg(quotient), divisor, size)
        rest = b.select(b.cmp("lt", rest, 0.0), b.add(rest, divisor), rest)
        rest = b.select(b.cmp("ge", rest, divisor), b.sub(rest, divisor), rest)
        return [b.copysign(rest, x)]

    def general() -> list[Value]:
        return [b.extern("fmodf" if small else "fmod", x, y, dtype=x.dtype)]

    return b.if_else(b.any(b.not_(exact)), general, fast)[0]
