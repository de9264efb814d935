"""Lines of one LLVM function: constants, moves between lanes, intrinsic calls."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import DTypeLike

from funcgrad.compiler.emit.module_text import ModuleText
from funcgrad.compiler.emit.repeats import Stretch, result_types, share_repeats
from funcgrad.compiler.emit.value import (
    INT64,
    Number,
    Value,
    complex_dtype,
    element_type,
    literal,
    part_dtype,
    vector_type,
)

Operand = Value | Number


class Part:
    """Instructions that were written apart: they begin at ``label``."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.lines: list[str] = []
        self.allocas: list[str] = []
        self.end = label


class Emitter(ABC):
    """Appends instructions to one function of ``module``.

    Attributes
    ----------
    module : ModuleText
        Receives declarations and constants.
    current : str
        Label of the block that instructions are appended to.
    fastmath : str
        LLVM's flags of sums, products and quotients of floats; none by default, which
        makes them exactly NumPy's.
    """

    def __init__(self, module: ModuleText) -> None:
        self.module = module
        self.current = "entry"
        self.fastmath = ""
        self._lines: list[str] = []
        self._allocas: list[str] = []
        self._stretches: list[Stretch] = []
        self._names = 0

    @abstractmethod
    def math(self, name: str, *values: Operand) -> Value:
        """The mathematical function ``name`` of ``values``, lane by lane."""

    # --- lines

    def emit(self, instruction: str) -> None:
        """Append an instruction that has no result."""
        self._lines.append("  " + instruction)

    def op(self, instruction: str) -> str:
        """Append an instruction; return the name of its result."""
        self._names += 1
        name = f"%t{self._names}"
        self._lines.append(f"  {name} = {instruction}")
        return name

    @contextmanager
    def allowing(self, fastmath: str) -> Iterator[None]:
        """Append what is written inside with other flags."""
        before, self.fastmath = self.fastmath, fastmath
        yield
        self.fastmath = before

    @contextmanager
    def discarding(self) -> Iterator[None]:
        """Drop the instructions appended inside, which open no blocks."""
        lines, self._lines = self._lines, []
        yield
        self._lines = lines

    @contextmanager
    def apart(self, label: str) -> Iterator[Part]:
        """Write what is appended inside apart, as a function or for `splice`."""
        part = Part(label)
        before = self._lines, self._allocas, self.current, self._stretches
        self._lines, self._allocas, self.current = part.lines, part.allocas, label
        self._stretches = []
        yield part
        part.end = self.current
        self._lines, self._allocas, self.current, self._stretches = before

    def splice(self, part: Part) -> None:
        """Append what was written apart."""
        self.emit(f"br label %{part.label}")
        self._lines.extend([f"{part.label}:", *part.lines])
        self._allocas.extend(part.allocas)
        self.current = part.end

    @property
    def length(self) -> int:
        """How many lines were appended so far."""
        return len(self._lines)

    def since(self, length: int) -> list[str]:
        """The lines that were appended since there were so many."""
        return self._lines[length:]

    def written(self) -> list[str]:
        """The lines of this function so far."""
        return [*self._allocas, *self._lines]

    def opening(self) -> list[str]:
        """The head of the entry block."""
        return self._allocas

    def open_with(self, lines: Sequence[str]) -> None:
        """Put lines at the end of the entry block's head, after the allocas."""
        self._allocas.extend(lines)

    def body(self) -> str:
        """All lines of the function so far, the entry block first."""
        return "\n".join(["entry:", *self._allocas, *self._lines])

    def definition(self, head: str, params: Mapping[str, str]) -> str:
        """The function whole, and before it functions for nests that it repeats.

        Parameters
        ----------
        head : str
            The line that opens it.
        params : mapping of str to str
            Names of its parameters to their types.
        """
        types = {**params, **result_types(self._allocas)}
        lines, functions = share_repeats(self._lines, self._stretches, types)
        own = [head, "entry:", *self._allocas, *lines, "}"]
        return "\n".join([*functions, *own])

    def intrinsic(self, name: str, like: Value, *values: Value) -> Value:
        """Call ``llvm.<name>`` overloaded on ``like``'s type, which it returns."""
        full = f"llvm.{name}.{like.suffix}"
        self.module.intrinsic(full, like.type, [v.type for v in values])
        args = ", ".join(v.typed for v in values)
        return Value(
            self.op(f"call {like.type} @{full}({args})"), like.dtype, like.lanes
        )

    # --- constants

    def const(self, dtype: DTypeLike, value: Number, lanes: int = 1) -> Value:
        """``value`` as ``dtype`` in every lane."""
        dtype = np.dtype(dtype)
        if dtype.kind == "c":
            number = complex(value)
            part = part_dtype(dtype)
            return Value(
                _splat_literal(part, number.real, lanes),
                dtype,
                lanes,
                _splat_literal(part, number.imag, lanes),
            )
        return Value(_splat_literal(dtype, value, lanes), dtype, lanes)

    def vector(self, dtype: DTypeLike, values: Sequence[Number]) -> Value:
        """The constants ``values``, one a lane; ``dtype`` is real."""
        dtype = np.dtype(dtype)
        if len(values) == 1:
            return self.const(dtype, values[0])
        element = element_type(dtype)
        inside = ", ".join(f"{element} {literal(dtype, v)}" for v in values)
        return Value(f"<{inside}>", dtype, len(values))

    def zero(self, dtype: DTypeLike, lanes: int = 1) -> Value:
        """Zero (or False) in every lane."""
        return self.const(dtype, 0, lanes)

    def iota(self, dtype: DTypeLike, lanes: int) -> Value:
        """``0, 1, 2, ...`` over the lanes."""
        return self.vector(dtype, range(lanes))

    def i64(self, value: int) -> Value:
        """An index: a scalar int64 constant."""
        return self.const(INT64, value)

    def like(self, reference: Value, operand: Operand) -> Value:
        """``operand``; a Python number becomes a constant of ``reference``'s type."""
        if isinstance(operand, Value):
            return operand
        return self.const(reference.dtype, operand, reference.lanes)

    def index(self, operand: Value | int) -> Value:
        """``operand`` as an int64 scalar."""
        return operand if isinstance(operand, Value) else self.i64(operand)

    # --- parts of complex values

    def complex(self, real: Value, imag: Value) -> Value:
        """The complex value with these parts."""
        same_type(real, imag)
        return Value(real.name, complex_dtype(real.dtype), real.lanes, imag.name)

    def real(self, x: Value) -> Value:
        """The real part; a real value is its own."""
        return x.parts[0]

    def imag(self, x: Value) -> Value:
        """The imaginary part; zero for a real value."""
        return x.parts[1] if x.imag is not None else self.zero(x.dtype, x.lanes)

    def join(self, parts: Sequence[Value], dtype: np.dtype) -> Value:
        """The value of ``dtype`` whose parts these are: undoes ``Value.parts``."""
        if dtype.kind == "c":
            return Value(parts[0].name, dtype, parts[0].lanes, parts[1].name)
        return parts[0]

    # --- lanes

    def splat(self, v: Value, lanes: int) -> Value:
        """The scalar ``v`` in each of ``lanes`` lanes."""
        if v.lanes == lanes:
            return v
        if v.lanes != 1:
            raise TypeError(f"splat of the vector {v}")
        if lanes == 1:
            return v
        return self.join([self._splat(p, lanes) for p in v.parts], v.dtype)

    def _splat(self, v: Value, lanes: int) -> Value:
        if v.name[0] not in "%@":
            return Value(f"splat ({v.element} {v.name})", v.dtype, lanes)
        kind = vector_type(v.element, lanes)
        one = self.op(f"insertelement {kind} poison, {v.typed}, i64 0")
        mask = f"<{lanes} x i32> zeroinitializer"
        name = self.op(f"shufflevector {kind} {one}, {kind} poison, {mask}")
        return Value(name, v.dtype, lanes)

    def extract(self, v: Value, i: int) -> Value:
        """Lane ``i`` as a scalar."""
        if not 0 <= i < v.lanes:
            raise IndexError(f"lane {i} of {v}")
        if v.lanes == 1:
            return v
        return self.join(
            [
                Value(self.op(f"extractelement {p.typed}, i64 {i}"), p.dtype)
                for p in v.parts
            ],
            v.dtype,
        )

    def insert(self, v: Value, s: Value, i: int) -> Value:
        """``v`` with lane ``i`` replaced by the scalar ``s``."""
        if not 0 <= i < v.lanes:
            raise IndexError(f"lane {i} of {v}")
        if v.lanes == 1:
            return s
        parts = []
        for p, q in zip(v.parts, s.parts, strict=True):
            name = self.op(f"insertelement {p.typed}, {q.typed}, i64 {i}")
            parts.append(Value(name, p.dtype, p.lanes))
        return self.join(parts, v.dtype)

    def shuffle(
        self, v: Value, indices: Sequence[int], other: Value | None = None
    ) -> Value:
        """Lanes ``indices`` of ``v`` followed by ``other``, in that order."""
        lanes = v.lanes * (1 if other is None else 2)
        if not indices or not all(0 <= i < lanes for i in indices):
            raise IndexError(f"lanes {list(indices)} of {v} and {other}")
        if other is not None:
            same_type(v, other)
        if len(indices) == 1:
            i = indices[0]
            source = v if i < v.lanes or other is None else other
            return self.extract(source, i % v.lanes)
        if v.lanes == 1:
            chosen = [v if i == 0 or other is None else other for i in indices]
            return self.concat_lanes(chosen)
        others = v.parts if other is None else other.parts
        mask = ", ".join(f"i32 {i}" for i in indices)
        parts = []
        for p, q in zip(v.parts, others, strict=True):
            second = "poison" if other is None else q.name
            name = self.op(
                f"shufflevector {p.typed}, {p.type} {second},"
                f" <{len(indices)} x i32> <{mask}>"
            )
            parts.append(Value(name, p.dtype, len(indices)))
        return self.join(parts, v.dtype)

    def concat_lanes(self, values: Sequence[Value]) -> Value:
        """One vector with the lanes of all ``values`` in order."""
        if all(v.lanes == 1 for v in values):
            if len(values) == 1:
                return values[0]
            first = values[0]
            kind = vector_type(first.element, len(values))
            poison = "poison" if first.imag is not None else None
            result = Value("poison", first.dtype, len(values), poison)
            for i, v in enumerate(values):
                if v.dtype != first.dtype:
                    raise TypeError(f"lanes of different types: {first}, {v}, {kind}")
                result = self.insert(result, v, i)
            return result
        result = values[0]
        for v in values[1:]:
            result = self._concat_two(result, v)
        return result

    def _concat_two(self, x: Value, y: Value) -> Value:
        if x.dtype != y.dtype:
            raise TypeError(f"lanes of different types: {x}, {y}")
        width = max(x.lanes, y.lanes)
        left, right = self._widen(x, width), self._widen(y, width)
        order = [*range(x.lanes), *range(width, width + y.lanes)]
        return self.shuffle(left, order, right)

    def _widen(self, v: Value, lanes: int) -> Value:
        if v.lanes == lanes:
            return v
        if v.lanes == 1:
            return self.splat(v, lanes)
        return self.shuffle(v, [min(i, v.lanes - 1) for i in range(lanes)])


def same_type(*values: Value) -> None:
    """Raise TypeError unless all values have one dtype and one number of lanes."""
    first = values[0]
    for v in values:
        if v.lanes != first.lanes or (
            v.dtype is not first.dtype and v.dtype != first.dtype
        ):
            raise TypeError(f"operands of different types: {first} and {v}")


def _splat_literal(dtype: np.dtype, value: Number, lanes: int) -> str:
    text = literal(dtype, value)
    return text if lanes == 1 else f"splat ({element_type(dtype)} {text})"
