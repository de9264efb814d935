"""Tapes: memory that grows as a loop of unknown length runs."""

from __future__ import annotations

import math
from typing import Any

from funcgrad.compiler.emit.value import INT64, Value
from funcgrad.compiler.lower.index import Index, Number
from funcgrad.compiler.lower.nodes import Buffer, Node
from funcgrad.core.aval import DYNAMIC, ShapedArray

FIRST_CAPACITY = 64


class Tape:
    """A growing stack of arrays of one type; its memory doubles when it is full.

    Pointer and capacity stand on the stack of the function, which frees the memory
    when it returns (``release_all``).
    """

    def __init__(self, ctx: Any, aval: ShapedArray) -> None:
        self.ctx = ctx
        self.aval = aval
        self.pointer_at, self.capacity_at = ctx.tape_slots()
        self.entry_bytes: Number = ctx.table.extent(
            max(1, math.prod(aval.shape) * aval.dtype.itemsize)
        )

    def push(self, count: Value, node: Node) -> None:
        """Store ``node`` as entry number ``count``."""
        b = self.ctx.b
        capacity = b.load(self.capacity_at, 0, INT64)
        full = b.cmp("ge", count, capacity)
        b.if_else(full, lambda: self._grow(capacity))
        self.ctx.copy_into(node, self._entry(count))

    def _grow(self, capacity: Value) -> list[Value]:
        b = self.ctx.b
        doubled = b.mul(capacity, b.i64(2))
        wanted = b.max(doubled, b.i64(FIRST_CAPACITY))
        self._resize(wanted)
        return []

    def _resize(self, entries: Value) -> None:
        b = self.ctx.b
        nbytes = b.mul(entries, b.index(self.entry_bytes))
        old = b.op(f"load ptr, ptr {self.pointer_at}")
        new = b.call("realloc", [("ptr", old), nbytes], "ptr")
        b.emit(f"store ptr {new}, ptr {self.pointer_at}")
        b.store(entries, self.capacity_at, 0)

    def _entry(self, count: Value) -> Buffer:
        b = self.ctx.b
        base = b.op(f"load ptr, ptr {self.pointer_at}")
        step = self.ctx.table.extent(math.prod(self.aval.shape))
        pointer = b.offset(
            base, b.index((Index(b, count) * step).base), self.aval.dtype
        )
        shape = self.aval.shape
        return Buffer(pointer, shape, self.aval.dtype, self.ctx.strides(shape))

    def finish(self, count: Value) -> Buffer:
        """The tape as an array of ``count`` entries."""
        pointer = self.ctx.b.op(f"load ptr, ptr {self.pointer_at}")
        shape = (DYNAMIC, *self.aval.shape)
        strides = self.ctx.strides(shape)
        return Buffer(pointer, shape, self.aval.dtype, strides, None, count)

    @classmethod
    def of_length(cls, ctx: Any, aval: ShapedArray, trips: Value) -> Buffer:
        """Memory for an entry a trip."""
        tape = cls(ctx, aval)
        b = ctx.b
        capacity = b.load(tape.capacity_at, 0, INT64)
        wanted = b.max(trips, b.i64(1))

        def grow() -> list[Value]:
            tape._resize(wanted)
            return []

        b.if_else(b.cmp("lt", capacity, wanted), grow)
        return tape.finish(trips)


class TapeSlots:
    """Where the tapes of a program keep their pointers."""

    def __init__(self, ctx: Any) -> None:
        self.ctx = ctx
        self.pointers: list[str] = []

    def new(self) -> tuple[str, str]:
        """Slots of a pointer and a capacity, both zero when the program starts."""
        b = self.ctx.b
        pointer, capacity = b.alloca(INT64, 1), b.alloca(INT64, 1)
        self.ctx.prologue.append(f"  store i64 0, ptr {pointer}")
        self.ctx.prologue.append(f"  store i64 0, ptr {capacity}")
        self.pointers.append(pointer)
        return pointer, capacity

    def release_all(self) -> None:
        """Free every tape."""
        b = self.ctx.b
        for slot in self.pointers:
            pointer = b.op(f"load ptr, ptr {slot}")
            b.call("free", [("ptr", pointer)])
