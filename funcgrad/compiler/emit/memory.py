"""Loads, stores and local buffers in LLVM text; complex is interleaved, bool a byte."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from funcgrad.compiler.emit.control import Control
from funcgrad.compiler.emit.value import (
    Value,
    memory_type,
    part_dtype,
    vector_type,
)

LINE = 64
"""Bytes of a cache line."""


class Memory(Control):
    """Memory access. A pointer is an operand name; an index counts elements."""

    def param(self, name: str, dtype: DTypeLike) -> Value:
        """The scalar function parameter ``name`` as a value."""
        return Value(f"%{name}", np.dtype(dtype))

    def offset(self, ptr: str, index: Value | int, dtype: DTypeLike) -> str:
        """Pointer to element ``index`` of the ``dtype`` array at ``ptr``."""
        dtype = np.dtype(dtype)
        where = self.index(index)
        if where.constant_int == 0:
            return ptr
        element = memory_type(dtype)
        if dtype.kind == "c":
            element = f"[2 x {element}]"
        return self.op(f"getelementptr {element}, ptr {ptr}, i64 {where.name}")

    def load(
        self, ptr: str, index: Value | int, dtype: DTypeLike, lanes: int = 1
    ) -> Value:
        """``lanes`` neighbouring elements from ``index`` on."""
        dtype = np.dtype(dtype)
        at = self.offset(ptr, index, dtype)
        if dtype.kind == "c":
            pairs = self._load(at, part_dtype(dtype), 2 * lanes)
            even = self.shuffle(pairs, range(0, 2 * lanes, 2))
            odd = self.shuffle(pairs, range(1, 2 * lanes, 2))
            return self.join([even, odd], dtype)
        return self._load(at, dtype, lanes)

    def _load(self, at: str, dtype: np.dtype, lanes: int) -> Value:
        kind = vector_type(memory_type(dtype), lanes)
        raw = self.op(f"load {kind}, ptr {at}, align {dtype.itemsize}")
        if dtype.kind == "b":
            zero = "0" if lanes == 1 else "zeroinitializer"
            raw = self.op(f"icmp ne {kind} {raw}, {zero}")
        return Value(raw, dtype, lanes)

    def store(
        self, value: Value, ptr: str, index: Value | int, *, streamed: bool = False
    ) -> None:
        """Write all lanes of ``value`` to neighbouring elements from ``index`` on.

        ``streamed``: past the caches, to an address that is a multiple of `LINE`;
        others see what is written after a `fence`.
        """
        at = self.offset(ptr, index, value.dtype)
        if value.imag is not None:
            real, imag = value.parts
            order = [i + j * value.lanes for i in range(value.lanes) for j in (0, 1)]
            value = self.shuffle(real, order, imag)
        how = f"align {part_dtype(value.dtype).itemsize}"
        if streamed:
            how = f"align {LINE}, !nontemporal !{{i32 1}}"
        self._store(value, at, how)

    def _store(self, value: Value, at: str, how: str) -> None:
        kind, name = value.type, value.name
        if value.dtype.kind == "b":
            kind = vector_type("i8", value.lanes)
            name = self.op(f"zext {value.typed} to {kind}")
        self.emit(f"store {kind} {name}, ptr {at}, {how}")

    def fence(self) -> None:
        """Let other threads see all that was stored before."""
        self.emit("fence seq_cst")

    def gather(self, ptr: str, index: Value, dtype: DTypeLike) -> Value:
        """Element ``index[i]`` in lane ``i``."""
        return self.concat_lanes(
            [self.load(ptr, self.extract(index, i), dtype) for i in range(index.lanes)]
        )

    def scatter(self, value: Value, ptr: str, index: Value) -> None:
        """Write lane ``i`` to element ``index[i]``, in order of lanes."""
        if value.lanes != index.lanes:
            raise TypeError(f"scatter of {value} at {index}")
        for i in range(index.lanes):
            self.store(self.extract(value, i), ptr, self.extract(index, i))

    def alloca(self, dtype: DTypeLike, count: int) -> str:
        """A buffer of ``count`` elements on the stack, live until the return.

        It is made in the entry block, so a loop does not grow the stack, and is
        aligned to 64 bytes.
        """
        dtype = np.dtype(dtype)
        total = count * (2 if dtype.kind == "c" else 1)
        return self.alloca_type(f"[{max(total, 1)} x {memory_type(dtype)}]")

    def alloca_type(self, kind: str) -> str:
        """Memory on the stack for one value of an LLVM type."""
        self._names += 1
        name = f"%t{self._names}"
        self._allocas.append(f"  {name} = alloca {kind}, align 64")
        return name

    def memcpy(self, dst: str, src: str, nbytes: Value | int) -> None:
        """Copy ``nbytes`` bytes between buffers that do not overlap."""
        name = "llvm.memcpy.p0.p0.i64"
        self.module.intrinsic(name, "void", ["ptr", "ptr", "i64", "i1"])
        self.module.require("memcpy")
        size = self.index(nbytes).name
        self.emit(f"call void @{name}(ptr {dst}, ptr {src}, i64 {size}, i1 false)")

    def memset_zero(self, dst: str, nbytes: Value | int) -> None:
        """Set ``nbytes`` bytes to zero."""
        name = "llvm.memset.p0.i64"
        self.module.intrinsic(name, "void", ["ptr", "i8", "i64", "i1"])
        self.module.require("memset")
        size = self.index(nbytes).name
        self.emit(f"call void @{name}(ptr {dst}, i8 0, i64 {size}, i1 false)")
