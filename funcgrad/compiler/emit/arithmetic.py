"""Arithmetic as NumPy defines it for floats, integers, bools and complex numbers."""

from __future__ import annotations

import numpy as np

from funcgrad.compiler.emit.division import Division
from funcgrad.compiler.emit.emitter import Operand, same_type
from funcgrad.compiler.emit.value import BOOL, Value

_INTEGER_EXTREME = {"i": ("smin", "smax"), "u": ("umin", "umax")}


class Arithmetic(Division):
    """Sums, products, signs, extremes and reductions over lanes."""

    def add(self, x: Value, y: Operand) -> Value:
        """``x + y``; logical or for bool."""
        y = self.like(x, y)
        kind = x.dtype.kind
        if kind == "f":
            return self.rounded("fadd", x, y)
        if kind in "iu":
            return self.integer("add", x, y)
        if kind == "b":
            return self.or_(x, y)
        return self._partwise("fadd", x, y)

    def sub(self, x: Value, y: Operand) -> Value:
        """``x - y``; NumPy defines none for bool."""
        y = self.like(x, y)
        kind = x.dtype.kind
        if kind == "f":
            return self.rounded("fsub", x, y)
        if kind in "iu":
            return self.integer("sub", x, y)
        if kind == "b":
            raise TypeError("no subtraction of bools; use xor")
        return self._partwise("fsub", x, y)

    def _partwise(self, opcode: str, x: Value, y: Value) -> Value:
        same_type(x, y)
        pairs = zip(x.parts, y.parts, strict=True)
        return self.join([self.rounded(opcode, p, q) for p, q in pairs], x.dtype)

    def mul(self, x: Value, y: Operand) -> Value:
        """``x * y``; logical and for bool."""
        y = self.like(x, y)
        kind = x.dtype.kind
        if kind == "f":
            return self.rounded("fmul", x, y)
        if kind in "iu":
            return self.integer("mul", x, y)
        if kind == "b":
            return self.and_(x, y)
        same_type(x, y)
        (a, b), (c, d) = x.parts, y.parts
        real = self.sub(self.mul(a, c), self.mul(b, d))
        imag = self.add(self.mul(a, d), self.mul(b, c))
        return self.join([real, imag], x.dtype)

    def div(self, x: Value, y: Operand) -> Value:
        """True division of floats or complex numbers."""
        y = self.like(x, y)
        same_type(x, y)
        if x.dtype.kind == "f":
            return self.rounded("fdiv", x, y)
        if x.imag is None:
            raise TypeError(f"true division of {x}; convert to float first")
        return self._div_complex(x, y)

    def _div_complex(self, x: Value, y: Value) -> Value:
        """Smith's method, as NumPy: scaled by the larger part of the divisor."""
        (a, b), (c, d) = x.parts, y.parts
        wide = self.cmp("ge", self.fabs(c), self.fabs(d))
        large, small = self.select(wide, c, d), self.select(wide, d, c)
        first, second = self.select(wide, a, b), self.select(wide, b, a)
        ratio = self.div(small, large)
        scale = self.div(
            self.const(c.dtype, 1.0, c.lanes),
            self.add(large, self.mul(small, ratio)),
        )
        real = self.mul(self.add(first, self.mul(second, ratio)), scale)
        plain = self.sub(b, self.mul(a, ratio))
        turned = self.sub(self.mul(b, ratio), a)
        imag = self.mul(self.select(wide, plain, turned), scale)
        zero = self.and_(self.cmp("eq", c, 0.0), self.cmp("eq", d, 0.0))
        magnitude = self.fabs(c)
        real = self.select(zero, self.div(a, magnitude), real)
        imag = self.select(zero, self.div(b, magnitude), imag)
        return self.join([real, imag], x.dtype)

    def neg(self, x: Value) -> Value:
        """``-x``; NumPy defines none for bool."""
        if x.dtype.kind == "b":
            raise TypeError("no negation of bools; use not_")
        if x.dtype.kind in "iu":
            return self.integer("sub", self.zero(x.dtype, x.lanes), x)
        parts = [Value(self.op(f"fneg {p.typed}"), p.dtype, p.lanes) for p in x.parts]
        return self.join(parts, x.dtype)

    def conj(self, x: Value) -> Value:
        """The complex conjugate; a real value is its own."""
        if x.imag is None:
            return x
        real, imag = x.parts
        return self.join([real, self.neg(imag)], x.dtype)

    def abs(self, x: Value) -> Value:
        """``|x|``, real for complex ``x`` and free of overflow; ``MIN`` wraps."""
        kind = x.dtype.kind
        if kind == "f":
            return self.fabs(x)
        if kind == "i":
            negative = self.cmp("lt", x, 0)
            return self.select(negative, self.neg(x), x)
        if kind in "ub":
            return x
        return self.math("hypot", *x.parts)

    def sign(self, x: Value) -> Value:
        """``np.sign``: -1, 0, 1 or NaN; ``x / |x|`` for complex ``x``."""
        if x.imag is not None:
            return self._sign_complex(x)
        if x.dtype.kind == "b":
            raise TypeError("no sign of bools")
        one = self.const(x.dtype, 1, x.lanes)
        result = self.select(self.cmp("gt", x, 0), one, 0)
        if x.dtype.kind == "u":
            return result
        result = self.select(self.cmp("lt", x, 0), self.neg(one), result)
        return result if x.dtype.kind == "i" else self.select(self.is_nan(x), x, result)

    def _sign_complex(self, x: Value) -> Value:
        """Zero stays zero; one infinite part decides alone, two give NaN."""
        size = self.abs(x)
        infinite = self.is_inf(size)
        zero = self.cmp("eq", size, 0.0)
        parts = []
        for p in x.parts:
            limit = self.copysign(self.const(p.dtype, 1.0, p.lanes), p)
            limit = self.select(self.is_inf(p), limit, 0.0)
            plain = self.select(infinite, limit, self.div(p, size))
            parts.append(self.select(zero, 0.0, plain))
        real, imag = x.parts
        bad = self.and_(self.is_inf(real), self.is_inf(imag))
        bad = self.or_(bad, self.is_nan(size))
        parts = [self.select(bad, np.nan, p) for p in parts]
        return self.join(parts, x.dtype)

    def square(self, x: Value) -> Value:
        """``x * x``."""
        return self.mul(x, x)

    def reciprocal(self, x: Value) -> Value:
        """``1 / x``; truncated for integers."""
        one = self.const(x.dtype, 1, x.lanes)
        return self.trunc_div(one, x) if x.dtype.kind in "iu" else self.div(one, x)

    def sqrt(self, x: Value) -> Value:
        """The square root, correctly rounded for floats."""
        if x.imag is not None:
            return self.math("sqrt", x)
        return self.intrinsic("sqrt", x, x)

    def rsqrt(self, x: Value) -> Value:
        """``1 / sqrt(x)``."""
        return self.reciprocal(self.sqrt(x))

    # --- extremes

    def min(self, x: Value, y: Operand) -> Value:
        """``np.minimum``: NaN where either is."""
        return self._extreme(0, x, self.like(x, y), keep_nan=True)

    def max(self, x: Value, y: Operand) -> Value:
        """``np.maximum``: NaN where either is."""
        return self._extreme(1, x, self.like(x, y), keep_nan=True)

    def fmin(self, x: Value, y: Operand) -> Value:
        """``np.fmin``: NaN only where both are."""
        return self._extreme(0, x, self.like(x, y), keep_nan=False)

    def fmax(self, x: Value, y: Operand) -> Value:
        """``np.fmax``: NaN only where both are."""
        return self._extreme(1, x, self.like(x, y), keep_nan=False)

    def _extreme(self, which: int, x: Value, y: Value, *, keep_nan: bool) -> Value:
        same_type(x, y)
        kind = x.dtype.kind
        if kind == "b":
            return self.or_(x, y) if which else self.and_(x, y)
        if kind in "iu":
            return self.intrinsic(_INTEGER_EXTREME[kind][which], x, x, y)
        predicate = "gt" if which else "lt"
        if kind == "c":
            first = self.cmp(predicate[0] + "e", x, y)
        else:
            first = self.cmp(predicate, x, y)
        chosen = self.select(first, x, y)
        return self.select(self.is_nan(x if keep_nan else y), x, chosen)

    # --- over lanes

    def reduce(self, kind: str, v: Value) -> Value:
        """All lanes combined by ``add mul min max and or xor``, as a scalar.

        Halves are combined with each other first, so the order, and with it the
        rounding, depends on the number of lanes alone. Truth values are tested as the
        bits of one integer.
        """
        if v.dtype == BOOL and v.lanes > 1 and kind in ("add", "or", "and"):
            bits = self.op(f"bitcast {v.typed} to i{v.lanes}")
            wanted = "ne" if kind != "and" else "eq"
            against = 0 if kind != "and" else -1
            return Value(self.op(f"icmp {wanted} i{v.lanes} {bits}, {against}"), BOOL)
        combine = {
            "add": self.add,
            "mul": self.mul,
            "min": self.min,
            "max": self.max,
            "and": self.and_,
            "or": self.or_,
            "xor": self.xor,
        }[kind]
        rest: list[Value] = []
        while v.lanes > 1:
            half = v.lanes // 2
            if v.lanes % 2:
                rest.append(self.extract(v, v.lanes - 1))
            low = self.shuffle(v, range(half))
            high = self.shuffle(v, range(half, 2 * half))
            v = combine(low, high)
        for odd in reversed(rest):
            v = combine(v, odd)
        return v
