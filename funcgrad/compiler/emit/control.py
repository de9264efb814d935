"""Blocks of one LLVM function: branches, phis, counted loops, calls, returns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import DTypeLike

from funcgrad.compiler.emit.emitter import Emitter, same_type
from funcgrad.compiler.emit.repeats import Stretch
from funcgrad.compiler.emit.value import (
    BOOL,
    INT64,
    Value,
    element_type,
    part_dtype,
    vector_type,
)


class Phi:
    """An open phi: ``value`` is usable at once, incoming edges are added later."""

    __slots__ = ("edges", "line", "value")

    def __init__(self, value: Value, line: int) -> None:
        self.value = value
        self.line = line
        self.edges: list[tuple[Value, str]] = []


class Loop:
    """A loop being built.

    Attributes
    ----------
    index : Value
        The counter, an int64 scalar.
    carries : list of Value
        The carried values at the start of this trip.
    next : list of Value
        Set by the body: the carried values for the next trip.
    results : list of Value
        After the loop: the carried values that the last trip left.
    """

    def __init__(self, index: Value, carries: list[Value]) -> None:
        self.index = index
        self.carries = carries
        self.next: list[Value] = list(carries)
        self.results: list[Value] = []


class Control(Emitter):
    """Control flow on top of straight-line emission."""

    _labels = 0
    _loops = 0
    """How many loops are open."""

    # --- blocks

    def label(self, hint: str = "block") -> str:
        """A fresh label; ``place`` puts it."""
        self._labels += 1
        return f"{hint}{self._labels}"

    def place(self, label: str) -> None:
        """Start the block ``label``; the block before must have ended."""
        self._lines.append(f"{label}:")
        self.current = label

    def br(self, label: str) -> None:
        """End the block: go to ``label``."""
        self.emit(f"br label %{label}")

    def cond_br(self, condition: Value, yes: str, no: str) -> None:
        """End the block: go to ``yes`` where the scalar ``condition`` holds."""
        self.emit(f"br i1 {condition.name}, label %{yes}, label %{no}")

    def ret(self, value: Value | None = None) -> None:
        """End the function; a complex ``value`` returns as ``{part, part}``."""
        if value is None:
            self.emit("ret void")
        elif value.imag is None:
            self.emit(f"ret {value.typed}")
        else:
            real, imag = value.parts
            pair = f"{{ {real.type}, {imag.type} }}"
            half = self.op(f"insertvalue {pair} poison, {real.typed}, 0")
            full = self.op(f"insertvalue {pair} {half}, {imag.typed}, 1")
            self.emit(f"ret {pair} {full}")

    # --- phis

    def phi(
        self, dtype: DTypeLike, lanes: int, edges: Sequence[tuple[Value, str]]
    ) -> Value:
        """The value that the edge taken into this block brings."""
        opened = self._open(np.dtype(dtype), lanes)
        for value, label in edges:
            self.phi_close(opened, value, label)
        return opened.value

    def phi_open(
        self, dtype: DTypeLike, lanes: int, init: Value, init_label: str
    ) -> Phi:
        """A phi with its first edge; ``phi_close`` adds the edges built later."""
        opened = self._open(np.dtype(dtype), lanes)
        self.phi_close(opened, init, init_label)
        return opened

    def phi_close(self, phi: Phi, value: Value, label: str) -> None:
        """Add the edge from ``label``, bringing ``value``."""
        same_type(phi.value, value)
        phi.edges.append((value, label))
        for k, part in enumerate(phi.value.parts):
            edges = ", ".join(f"[ {v.parts[k].name}, %{at} ]" for v, at in phi.edges)
            self._lines[phi.line + k] = f"  {part.name} = phi {part.type} {edges}"

    def _open(self, dtype: np.dtype, lanes: int) -> Phi:
        line = len(self._lines)
        part = part_dtype(dtype)
        count = 2 if dtype.kind == "c" else 1
        kind = vector_type(element_type(dtype), lanes)
        parts = [
            Value(self.op(f"phi {kind} poison"), part, lanes) for _ in range(count)
        ]
        return Phi(self.join(parts, dtype), line)

    # --- structured control flow

    @contextmanager
    def loop(
        self,
        start: Value | int,
        stop: Value | int,
        step: Value | int = 1,
        carries: Sequence[Value] = (),
    ) -> Iterator[Loop]:
        """Count from ``start`` towards ``stop`` (excluded) by ``step``.

        The body may hold branches and further loops. Zero trips give the carries
        themselves as results. A step of zero makes no trip.

        Examples
        --------
        >>> from funcgrad.compiler.emit.builder import Module
        >>> b = Module().function("f", [("ptr", "x", ""), ("i64", "n", "")])
        >>> n = b.param("n", "int64")
        >>> with b.loop(0, n, carries=[b.const("float64", 0.0)]) as loop:
        ...     x = b.load("%x", loop.index, "float64")
        ...     loop.next = [b.add(loop.carries[0], x)]
        >>> len(loop.results)
        1
        """
        first, last, by = self.index(start), self.index(stop), self.index(step)
        body, done = self.label("loop"), self.label("done")
        before, start_line = self.current, len(self._lines)
        self._loops += 1
        self.cond_br(self._goes_on(first, last, by), body, done)
        self.place(body)
        counter = self.phi_open(INT64, 1, first, before)
        phis = [self.phi_open(c.dtype, c.lanes, c, before) for c in carries]
        built = Loop(counter.value, [p.value for p in phis])
        yield built
        if len(built.next) != len(phis):
            raise ValueError(f"loop carries {len(phis)}, body set {len(built.next)}")
        following = Value(self.op(f"add i64 {counter.value.name}, {by.name}"), INT64)
        latch = self.current
        again = self._goes_on(following, last, by)
        self.phi_close(counter, following, latch)
        for p, value in zip(phis, built.next, strict=True):
            self.phi_close(p, value, latch)
        self.cond_br(again, body, done)
        self.place(done)
        for c, value in zip(carries, built.next, strict=True):
            edges = [(c, before), (value, latch)]
            built.results.append(self.phi(c.dtype, c.lanes, edges))
        self._loops -= 1
        if not self._loops:
            self._stretches.append(Stretch(start_line, len(self._lines), before))

    def _goes_on(self, index: Value, stop: Value, step: Value) -> Value:
        by = step.constant_int
        if by is not None:
            predicate = "slt" if by > 0 else "sgt"
            both = index.constant_int, stop.constant_int
            if by == 0:
                return self.const(BOOL, False)
            if both[0] is not None and both[1] is not None:
                holds = both[0] < both[1] if by > 0 else both[0] > both[1]
                return self.const(BOOL, holds)
            test = f"icmp {predicate} i64 {index.name}, {stop.name}"
            return Value(self.op(test), BOOL)
        up = self.op(f"icmp sgt i64 {step.name}, 0")
        down = self.op(f"icmp slt i64 {step.name}, 0")
        below = self.op(f"icmp slt i64 {index.name}, {stop.name}")
        above = self.op(f"icmp sgt i64 {index.name}, {stop.name}")
        rising = self.op(f"and i1 {up}, {below}")
        falling = self.op(f"and i1 {down}, {above}")
        return Value(self.op(f"or i1 {rising}, {falling}"), BOOL)

    def if_else(
        self,
        condition: Value,
        then: Callable[[], Sequence[Value]],
        other: Callable[[], Sequence[Value]] = lambda: (),
    ) -> list[Value]:
        """Run ``then`` where the scalar ``condition`` holds, else ``other``.

        Both return equally many values of equal types; so does ``if_else``.
        """
        yes, no, end = self.label("then"), self.label("else"), self.label("end")
        self.cond_br(condition, yes, no)
        arms = []
        for label, build in ((yes, then), (no, other)):
            self.place(label)
            values = list(build())
            arms.append((values, self.current))
            self.br(end)
        (first, first_end), (second, second_end) = arms
        if len(first) != len(second):
            raise ValueError(f"branches give {len(first)} and {len(second)} values")
        self.place(end)
        return [
            self.phi(x.dtype, x.lanes, [(x, first_end), (y, second_end)])
            for x, y in zip(first, second, strict=True)
        ]

    # --- calls

    def call(
        self,
        symbol: str,
        args: Sequence[Value | tuple[str, str]],
        ret: str = "void",
        types: Sequence[str] | None = None,
        attributes: str = "nounwind",
    ) -> str:
        """Call the C function ``symbol``; return the name of its result ("" if void).

        Parameters
        ----------
        args : sequence of Value or (type, name)
            Real scalars, or pairs as ``("ptr", "%x")``.
        types : sequence of str, optional
            Parameter types of the declaration; those of ``args`` by default.
        """
        pairs = [(a.type, a.name) if isinstance(a, Value) else a for a in args]
        types = [kind for kind, _ in pairs] if types is None else types
        self.module.declare(symbol, ret, types, attributes)
        given = ", ".join(f"{kind} {name}" for kind, name in pairs)
        call = f"call {ret} @{symbol}({given})"
        if ret == "void":
            self.emit(call)
            return ""
        return self.op(call)

    def extern(self, symbol: str, *values: Value, dtype: DTypeLike) -> Value:
        """The C function ``symbol`` of the real ``values``, one lane at a time.

        It must be a pure function of its arguments, as those of libm are.
        """
        dtype = np.dtype(dtype)
        lanes = values[0].lanes
        results = []
        for i in range(lanes):
            name = self.call(
                symbol,
                [self.extract(v, i) for v in values],
                element_type(dtype),
                attributes="nounwind willreturn memory(none)",
            )
            results.append(Value(name, dtype))
        return self.concat_lanes(results)
