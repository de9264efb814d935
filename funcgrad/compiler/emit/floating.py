"""Floating-point instructions: rounding, signs, classes of numbers, conversions."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from funcgrad.compiler.emit.bits import Bits
from funcgrad.compiler.emit.emitter import Operand
from funcgrad.compiler.emit.value import (
    BOOL,
    FLOAT32,
    Value,
    element_type,
    part_dtype,
    vector_type,
)

_SIGNED: dict[int, np.dtype] = {2: np.dtype("i2"), 4: np.dtype("i4"), 8: np.dtype("i8")}


class Floating(Bits):
    """Operations of IEEE arithmetic that are no sums or products."""

    def _round(self, name: str, x: Value) -> Value:
        return x if x.dtype.kind in "iub" else self.intrinsic(name, x, x)

    def floor(self, x: Value) -> Value:
        """The largest integer at most ``x``."""
        return self._round("floor", x)

    def ceil(self, x: Value) -> Value:
        """The smallest integer at least ``x``."""
        return self._round("ceil", x)

    def trunc(self, x: Value) -> Value:
        """The integer next to ``x`` towards zero."""
        return self._round("trunc", x)

    def round(self, x: Value) -> Value:
        """The nearest integer, ties to even (parts separately where complex)."""
        return self.join([self._round("roundeven", p) for p in x.parts], x.dtype)

    def copysign(self, x: Value, y: Operand) -> Value:
        """The magnitude of ``x`` with the sign of ``y``."""
        return self.intrinsic("copysign", x, x, self.like(x, y))

    def fabs(self, x: Value) -> Value:
        """The float ``x`` without its sign."""
        return self.intrinsic("fabs", x, x)

    def fma(self, a: Value, b: Operand, c: Operand) -> Value:
        """``a * b + c``, rounded once."""
        return self.intrinsic("fma", a, a, self.like(a, b), self.like(a, c))

    # --- classes of numbers

    def is_nan(self, x: Value) -> Value:
        """Whether a lane (a part, where complex) is NaN."""
        if x.imag is not None:
            return self.is_unordered(*x.parts)
        if x.dtype.kind != "f":
            return self.const(BOOL, False, x.lanes)
        return self.is_unordered(x, self.zero(x.dtype, x.lanes))

    def is_inf(self, x: Value) -> Value:
        """Whether a lane (a part, where complex) is infinite."""
        if x.imag is not None:
            real, imag = x.parts
            return self.or_(self.is_inf(real), self.is_inf(imag))
        if x.dtype.kind != "f":
            return self.const(BOOL, False, x.lanes)
        return self.cmp("eq", self.fabs(x), np.inf)

    def is_finite(self, x: Value) -> Value:
        """Whether a lane (both parts, where complex) is finite."""
        if x.imag is not None:
            real, imag = x.parts
            return self.and_(self.is_finite(real), self.is_finite(imag))
        if x.dtype.kind != "f":
            return self.const(BOOL, True, x.lanes)
        return self.cmp("lt", self.fabs(x), np.inf)

    def signbit(self, x: Value) -> Value:
        """Whether the sign of the real ``x`` is set, also for -0.0 and NaN."""
        if x.dtype.kind == "f":
            x = self.bits(x)
        return self.cmp("lt", x, self.zero(x.dtype, x.lanes))

    def bits(self, x: Value) -> Value:
        """The bits of the float ``x`` as a signed integer of its size."""
        return self.bitcast(x, _SIGNED[x.dtype.itemsize])

    def nextafter(self, x: Value, y: Operand) -> Value:
        """The float next to ``x`` in the direction of ``y``."""
        y = self.like(x, y)
        raw = self.bits(x)
        # Floats of one sign are ordered as their bits, taken without the sign.
        outward = self.xor(self.cmp("lt", x, y), self.cmp("lt", x, 0.0))
        step = self.select(outward, self.const(raw.dtype, 1, raw.lanes), -1)
        moved = self.bitcast(self.integer("add", raw, step), x.dtype)
        tiny = np.finfo(x.dtype).smallest_subnormal
        first = self.copysign(self.const(x.dtype, tiny, x.lanes), y)
        moved = self.select(self.cmp("eq", x, 0.0), first, moved)
        moved = self.select(self.cmp("eq", x, y), y, moved)
        nan = self.binary("fadd", x, y)
        return self.select(self.is_unordered(x, y), nan, moved)

    # --- conversions

    def convert(self, v: Value, dtype: DTypeLike) -> Value:
        """``v`` as ``dtype`` in the sense of ``astype``.

        Integers wrap; floats become integers towards zero, those out of range (where
        NumPy's answer depends on the machine) the nearest bound, and NaN zero.
        """
        dtype = np.dtype(dtype)
        if dtype == v.dtype:
            return v
        if dtype.kind == "c":
            part = part_dtype(dtype)
            return self.join(
                [self._convert(p, part) for p in (self.real(v), self.imag(v))], dtype
            )
        if v.imag is not None and dtype.kind == "b":
            return self.cmp("ne", v, 0)
        return self._convert(self.real(v), dtype)

    def _convert(self, v: Value, dtype: np.dtype) -> Value:
        if dtype == v.dtype:
            return v
        if dtype.kind == "b":
            return self.cmp("ne", v, 0)
        constant = v.constant_int
        if constant is not None and dtype.kind in "iu":
            return self.const(dtype, constant)
        to = vector_type(element_type(dtype), v.lanes)
        if v.dtype.kind == "f" and dtype.kind in "iu":
            return self._to_integer(v, dtype, to)
        if v.dtype.char == "d" and dtype.char == "e":
            v = self._odd_single(v)
        return Value(self._cast(v, dtype, to), dtype, v.lanes)

    def _odd_single(self, v: Value) -> Value:
        """A float64 as a float32 that rounds to the same float16.

        No machine rounds from 64 to 16 bits at once, and rounding twice is wrong at
        ties: so the bits that float32 lacks are not rounded but noted in its last one.
        """
        bits = self.bitcast(v, np.int64)
        lost = self.and_(bits, (1 << 29) - 1)
        kept = self.and_(bits, -(1 << 29))
        noted = self.or_(kept, 1 << 29)
        odd = self.select(self.cmp("ne", lost, 0), noted, kept)
        return self._convert(self.bitcast(odd, v.dtype), FLOAT32)

    def _to_integer(self, v: Value, dtype: np.dtype, to: str) -> Value:
        result = Value("", dtype, v.lanes)
        sign = "s" if dtype.kind == "i" else "u"
        full = f"llvm.fpto{sign}i.sat.{result.suffix}.{v.suffix}"
        self.module.intrinsic(full, to, [v.type])
        result.name = self.op(f"call {to} @{full}({v.typed})")
        return result

    def _cast(self, v: Value, dtype: np.dtype, to: str) -> str:
        source, size = v.dtype.kind, v.dtype.itemsize
        if source == "f":
            opcode = "fpext" if dtype.itemsize > size else "fptrunc"
        elif dtype.kind == "f":
            opcode = "sitofp" if source == "i" else "uitofp"
        elif source == "b":
            opcode = "zext"
        elif dtype.itemsize == size:
            return v.name
        elif dtype.itemsize < size:
            opcode = "trunc"
        else:
            opcode = "sext" if source == "i" else "zext"
        return self.op(f"{opcode} {v.typed} to {to}")
