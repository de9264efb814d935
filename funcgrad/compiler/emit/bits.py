"""Bitwise and integer instructions, comparisons and selection, lane by lane."""

from __future__ import annotations

import operator
from collections.abc import Callable

import numpy as np
from numpy.typing import DTypeLike

from funcgrad.compiler.emit.emitter import Operand, same_type
from funcgrad.compiler.emit.memory import Memory
from funcgrad.compiler.emit.value import BOOL, Value, literal, vector_type

_FLOAT_PREDICATE = {
    "eq": "oeq",
    "ne": "une",
    "lt": "olt",
    "le": "ole",
    "gt": "ogt",
    "ge": "oge",
}
_FOLD: dict[str, Callable[[int, int], int]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
}


class Bits(Memory):
    """Operations whose meaning is in the bits, on top of memory and control."""

    def binary(self, opcode: str, x: Value, y: Value) -> Value:
        """One LLVM instruction on two real values of one type."""
        same_type(x, y)
        return Value(self.op(f"{opcode} {x.typed}, {y.name}"), x.dtype, x.lanes)

    def rounded(self, opcode: str, x: Value, y: Value) -> Value:
        """A sum, product or quotient of floats, with what `fastmath` allows it."""
        return self.binary(
            f"{opcode} {self.fastmath}" if self.fastmath else opcode, x, y
        )

    def integer(self, opcode: str, x: Value, y: Value) -> Value:
        """``add``, ``sub`` or ``mul`` of integers; scalar constants are folded."""
        same_type(x, y)
        left, right = x.constant_int, y.constant_int
        if left is not None and right is not None:
            return Value(literal(x.dtype, _FOLD[opcode](left, right)), x.dtype)
        if right == (1 if opcode == "mul" else 0):
            return x
        if opcode != "sub" and left == (1 if opcode == "mul" else 0):
            return y
        return self.binary(opcode, x, y)

    # --- comparison and choice

    def cmp(self, predicate: str, x: Value, y: Operand) -> Value:
        """``eq ne lt le gt ge`` as NumPy: NaN is unequal to and unordered with all.

        Complex values are ordered by real part, then by imaginary part.
        """
        y = self.like(x, y)
        same_type(x, y)
        if x.imag is not None:
            return self._cmp_complex(predicate, x, y)
        if x.dtype.kind == "f":
            test = f"fcmp {_FLOAT_PREDICATE[predicate]}"
        elif predicate in ("eq", "ne"):
            test = f"icmp {predicate}"
        else:
            test = f"icmp {'s' if x.dtype.kind == 'i' else 'u'}{predicate}"
        return Value(self.op(f"{test} {x.typed}, {y.name}"), BOOL, x.lanes)

    def _cmp_complex(self, predicate: str, x: Value, y: Value) -> Value:
        (a, b), (c, d) = x.parts, y.parts
        if predicate == "eq":
            return self.and_(self.cmp("eq", a, c), self.cmp("eq", b, d))
        if predicate == "ne":
            return self.or_(self.cmp("ne", a, c), self.cmp("ne", b, d))
        # NumPy: a decided real part counts only while no imaginary part is NaN.
        ordered = self.not_(self.is_unordered(b, d))
        strict = self.and_(self.cmp(predicate[0] + "t", a, c), ordered)
        tie = self.and_(self.cmp("eq", a, c), self.cmp(predicate, b, d))
        return self.or_(strict, tie)

    def is_unordered(self, x: Value, y: Value) -> Value:
        """Whether the float ``x`` or ``y`` is NaN."""
        same_type(x, y)
        return Value(self.op(f"fcmp uno {x.typed}, {y.name}"), BOOL, x.lanes)

    def select(self, c: Value, x: Operand, y: Operand) -> Value:
        """``x`` in the lanes where ``c`` holds, else ``y``."""
        if isinstance(x, Value):
            y = self.like(x, y)
        elif isinstance(y, Value):
            x = self.like(y, x)
        else:
            raise TypeError("select between two Python numbers has no dtype")
        same_type(x, y)
        if c.dtype != BOOL or c.lanes not in (1, x.lanes):
            raise TypeError(f"select by {c} between {x} and {y}")
        parts = []
        for p, q in zip(x.parts, y.parts, strict=True):
            name = self.op(f"select {c.typed}, {p.typed}, {q.typed}")
            parts.append(Value(name, p.dtype, p.lanes))
        return self.join(parts, x.dtype)

    def any(self, c: Value) -> Value:
        """Whether the bool ``c`` holds in some lane, as a scalar."""
        if c.lanes == 1:
            return c
        mask = vector_type("i1", c.lanes)
        bits = self.op(f"bitcast {mask} {c.name} to i{c.lanes}")
        return Value(self.op(f"icmp ne i{c.lanes} {bits}, 0"), BOOL)

    # --- bits

    def bitcast(self, v: Value, dtype: DTypeLike) -> Value:
        """The same bits read as ``dtype``, of equal size."""
        dtype = np.dtype(dtype)
        if dtype.itemsize != v.dtype.itemsize or "c" in (dtype.kind, v.dtype.kind):
            raise TypeError(f"bitcast of {v} to {dtype}")
        result = Value(v.name, dtype, v.lanes)
        if result.type != v.type:
            result.name = self.op(f"bitcast {v.typed} to {result.type}")
        return result

    def and_(self, x: Value, y: Operand) -> Value:
        """Bitwise and; logical for bool."""
        return self.binary("and", x, self.like(x, y))

    def or_(self, x: Value, y: Operand) -> Value:
        """Bitwise or; logical for bool."""
        return self.binary("or", x, self.like(x, y))

    def xor(self, x: Value, y: Operand) -> Value:
        """Bitwise exclusive or."""
        return self.binary("xor", x, self.like(x, y))

    def not_(self, x: Value) -> Value:
        """All bits inverted; logical for bool."""
        ones = True if x.dtype.kind == "b" else -1
        return self.xor(x, self.const(x.dtype, ones, x.lanes))

    def shl(self, x: Value, y: Operand) -> Value:
        """``x << y``; zero where ``y`` is negative or at least the width."""
        return self._shift("shl", x, y)

    def lshr(self, x: Value, y: Operand) -> Value:
        """``x >> y`` filling with zeros; zero for ``y`` outside the width."""
        return self._shift("lshr", x, y)

    def ashr(self, x: Value, y: Operand) -> Value:
        """``x >> y`` filling with the sign; all sign for ``y`` outside the width."""
        return self._shift("ashr", x, y)

    def _shift(self, opcode: str, x: Value, y: Operand) -> Value:
        width = 8 * x.dtype.itemsize
        if not isinstance(y, Value):
            if 0 <= int(y) < width:  # type: ignore[arg-type]
                return self.binary(opcode, x, self.like(x, y))
            y = width
        amount = self.like(x, y)
        same_type(x, amount)
        test = f"icmp ult {amount.typed}, {self.const(x.dtype, width, x.lanes).name}"
        inside = Value(self.op(test), BOOL, x.lanes)
        if opcode == "ashr":
            return self.binary(opcode, x, self.select(inside, amount, width - 1))
        return self.select(inside, self.binary(opcode, x, amount), 0)

    def popcount(self, x: Value) -> Value:
        """Number of one bits of each lane."""
        return self.intrinsic("ctpop", x, x)

    def clz(self, x: Value) -> Value:
        """Number of leading zero bits of each lane; the width for zero."""
        full = f"llvm.ctlz.{x.suffix}"
        self.module.intrinsic(full, x.type, [x.type, "i1"])
        name = self.op(f"call {x.type} @{full}({x.typed}, i1 false)")
        return Value(name, x.dtype, x.lanes)
