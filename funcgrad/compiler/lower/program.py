"""One program while it is written: its module, table, clock, and how it ends."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad.compiler.emit.builder import Builder, Module
from funcgrad.compiler.emit.value import INT64, Value
from funcgrad.compiler.lower.buffers import Lifetimes
from funcgrad.compiler.lower.index import Index, Number, times
from funcgrad.compiler.lower.routines import Routines
from funcgrad.compiler.lower.scope import Scope
from funcgrad.compiler.lower.table import Table
from funcgrad.compiler.lower.tapes import TapeSlots
from funcgrad.core.aval import DYNAMIC


class ProgramText:
    """What every part of lowering writes to, and sizes as numbers in it."""

    def __init__(self, vector_bytes: int) -> None:
        self.module = Module()
        self.table = Table()
        self.lifetimes = Lifetimes()
        self.vector_bytes = vector_bytes
        params = [("ptr", name, "noalias") for name in ("args", "outs")]
        params += [("ptr", name, "noalias") for name in ("table", "workspace")]
        self.b: Builder = self.module.function("FG_KERNEL", params, ret="i64")
        self.scopes: list[Scope] = []
        self.prologue: list[str] = []
        self.constants: list[np.ndarray[Any, Any]] = []
        self.callbacks: list[int] = []
        self.routines = Routines(self)
        self._tapes = TapeSlots(self)
        self._fail_label = ""
        self._status_at = ""
        self._names = itertools.count()
        self.part_numbers = itertools.count()
        self.in_part = False
        self.is_long = False
        """Whether equal loops are looked for before they are written."""

    def fail_if_not_zero(self, status: Value) -> None:
        """End the program with this status unless it is zero."""
        if not self._fail_label:
            self._fail_label = self.b.label("fail")
            self._status_at = self.b.alloca(INT64, 1)
        self.b.store(status, self._status_at, 0)
        goes_on = self.b.label("goes_on")
        good = self.b.cmp("eq", status, self.b.i64(0))
        self.b.cond_br(good, goes_on, self._fail_label)
        self.b.place(goes_on)

    def finish(self) -> None:
        """End the program: memory that grew is freed, the status is returned."""
        self._tapes.release_all()
        self.b.ret(self.b.i64(0))
        if self._fail_label:
            self.b.place(self._fail_label)
            self._tapes.release_all()
            self.b.ret(self.b.load(self._status_at, 0, INT64))

    def tape_slots(self) -> tuple[str, str]:
        """Slots for the pointer and the capacity of a growing block."""
        return self._tapes.new()

    # --- sizes and constants

    def extent(self, n: Any) -> Index:
        """A size as an index: part of the code if small, else from the table."""
        return Index(self.b, self.table.extent(n))

    def number(self, value: Any, dtype: Any) -> Value:
        """A scalar constant; from the table unless it is a simple one."""
        dtype = np.dtype(dtype)
        loaded = self.table.number(value, dtype)
        return self.b.const(dtype, value) if loaded is None else loaded

    def axis_extent(
        self, shape: Sequence[Any], axis: int, length: Value | None = None
    ) -> Number:
        if shape[axis] is DYNAMIC or shape[axis] == DYNAMIC:
            if length is None:
                raise AssertionError("a tape is read without its length")
            return length
        return self.table.extent(shape[axis])

    def size(self, shape: Sequence[Any], length: Value | None = None) -> Number:
        if shape and shape[0] == DYNAMIC:
            assert length is not None
            return times(self.b, length, self.size(shape[1:]))
        return self.table.extent(math.prod(shape))

    def strides(self, shape: Sequence[Any]) -> list[Number]:
        """Row-major strides, counted in entries."""
        return [
            self.table.extent(math.prod(shape[axis + 1 :]))
            for axis in range(len(shape))
        ]
