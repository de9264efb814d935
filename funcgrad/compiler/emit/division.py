"""Quotients and remainders with NumPy's answers, for integers and floats."""

from __future__ import annotations

import numpy as np

from funcgrad.compiler.emit.emitter import Operand, same_type
from funcgrad.compiler.emit.floating import Floating
from funcgrad.compiler.emit.value import BOOL, Value


class Division(Floating):
    """Floor, truncated and remainder forms of division."""

    def floor_divide(self, x: Value, y: Operand) -> Value:
        """``np.floor_divide``; integers by zero give 0 and ``MIN // -1`` wraps."""
        y = self.like(x, y)
        if x.dtype.kind == "f":
            return self._float_divmod(x, y)[0]
        quotient, rest = self._int_divmod(x, y)
        if x.dtype.kind != "i":
            return quotient
        one = self.const(x.dtype, 1, x.lanes)
        lower = self.select(self._differs(rest, y), one, 0)
        return self.integer("sub", quotient, lower)

    def mod(self, x: Value, y: Operand) -> Value:
        """``np.remainder``: with the sign of ``y``; integers by zero give 0."""
        y = self.like(x, y)
        if x.dtype.kind == "f":
            return self._float_divmod(x, y)[1]
        rest = self._int_divmod(x, y)[1]
        if x.dtype.kind != "i":
            return rest
        return self.integer("add", rest, self.select(self._differs(rest, y), y, 0))

    def fmod(self, x: Value, y: Operand) -> Value:
        """``np.fmod``: with the sign of ``x``; integers by zero give 0."""
        y = self.like(x, y)
        if x.dtype.kind == "f":
            return self.math("fmod", x, y)
        return self._int_divmod(x, y)[1]

    def trunc_div(self, x: Value, y: Operand) -> Value:
        """The integer quotient towards zero; by zero it is 0."""
        return self._int_divmod(x, self.like(x, y))[0]

    def _int_divmod(self, x: Value, y: Value) -> tuple[Value, Value]:
        """Truncated quotient and remainder, both 0 for a zero divisor."""
        same_type(x, y)
        if x.dtype.kind not in "iub":
            raise TypeError(f"integer division of {x}")
        zero = self.cmp("eq", y, 0)
        unsafe = zero
        if x.dtype.kind == "i":
            # MIN / -1 traps on some machines; MIN / 1 is the wrapped answer.
            lowest = self.cmp("eq", x, int(np.iinfo(x.dtype).min))
            unsafe = self.or_(zero, self.and_(lowest, self.cmp("eq", y, -1)))
        divisor = self.select(unsafe, self.const(x.dtype, 1, x.lanes), y)
        sign = "s" if x.dtype.kind == "i" else "u"
        if x.dtype.kind == "b":  # the only nonzero divisor is 1
            nothing = self.const(BOOL, False, x.lanes)
            return self.and_(x, y), nothing
        quotient = self.binary(f"{sign}div", x, divisor)
        rest = self.binary(f"{sign}rem", x, divisor)
        return self.select(zero, self.zero(x.dtype, x.lanes), quotient), rest

    def _differs(self, rest: Value, y: Value) -> Value:
        """Whether a nonzero remainder has the sign that ``y`` has not."""
        opposite = self.cmp("lt", self.xor(rest, y), 0)
        return self.and_(self.cmp("ne", rest, 0), opposite)

    def _float_divmod(self, x: Value, y: Value) -> tuple[Value, Value]:
        """NumPy's ``divmod`` of floats, rounding for rounding."""
        same_type(x, y)
        rest = self.fmod(x, y)
        quotient = self.binary("fdiv", self.binary("fsub", x, rest), y)
        nonzero = self.cmp("ne", rest, 0.0)
        opposite = self.xor(self.cmp("lt", y, 0.0), self.cmp("lt", rest, 0.0))
        shift = self.and_(nonzero, opposite)
        plain = self.binary("fdiv", x, y)
        one = self.const(x.dtype, 1.0, x.lanes)
        shifted = self.select(shift, self.binary("fsub", quotient, one), quotient)
        floor = self.floor(shifted)
        above = self.cmp("gt", self.binary("fsub", shifted, floor), 0.5)
        floor = self.select(above, self.binary("fadd", floor, one), floor)
        zero = self.copysign(self.zero(x.dtype, x.lanes), plain)
        floor = self.select(self.cmp("eq", shifted, 0.0), zero, floor)
        modulus = self.select(shift, self.binary("fadd", rest, y), rest)
        empty = self.copysign(self.zero(x.dtype, x.lanes), y)
        modulus = self.select(nonzero, modulus, empty)
        divided_by_zero = self.cmp("eq", y, 0.0)
        return (
            self.select(divided_by_zero, plain, floor),
            self.select(divided_by_zero, rest, modulus),
        )
