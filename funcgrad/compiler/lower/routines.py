"""Loops that a program runs at several places: written once, as functions it calls."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from funcgrad.compiler.emit.repeats import REGISTER, result_types


class _Routine:
    """A function of pointers and of numbers of the table; ``calls`` are so far."""

    def __init__(self, symbol: str, params: Sequence[str], lines: list[str]) -> None:
        self.symbol = symbol
        self.params = params
        self.lines = lines
        self.calls = 0

    def text(self) -> str:
        """Its definition; what is called once is part of the program after all."""
        inline = "alwaysinline " if self.calls == 1 else ""
        params = ", ".join(self.params)
        head = f"define internal fastcc void @{self.symbol}({params}) {inline}#0 {{"
        return "\n".join([head, "entry:", *self.lines, "  ret void", "}"])


class Routines:
    """The functions of one program, by what they are written from."""

    def __init__(self, ctx: Any) -> None:
        self._ctx = ctx
        self._known: dict[Hashable, tuple[_Routine, str]] = {}

    def run(
        self,
        key: Hashable,
        pointers: Sequence[str],
        write: Callable[[Sequence[str]], None],
    ) -> None:
        """Do at this place what ``write`` writes.

        Parameters
        ----------
        key : hashable
            Equal for what is written alike.
        pointers : sequence of str
            Memory that the loops work on.
        write : callable
            Given names for the pointers, it writes the loops, which may read them and
            numbers of the program's table, nothing else.
        """
        if key not in self._known:
            self._known[key] = self._written(len(pointers), write)
        routine, numbers = self._known[key]
        routine.calls += 1
        given = ", ".join([f"ptr {name}" for name in pointers])
        self._ctx.b.emit(f"call fastcc void @{routine.symbol}({given}{numbers})")

    def _written(
        self, count: int, write: Callable[[Sequence[str]], None]
    ) -> tuple[_Routine, str]:
        """A new function, and the numbers that it is called with after the pointers."""
        ctx = self._ctx
        symbol = f"routine.{len(self._known)}"
        names = [f"%{symbol}.{k}" for k in range(count)]
        with ctx.b.apart("entry") as part:
            write(names)
        used = set(re.findall(REGISTER, "\n".join(part.lines)))
        types = result_types(ctx.table.lines, used)
        numbers = [f"{types[name]} {name}" for name in sorted(types)]
        params = [*(f"ptr {name}" for name in names), *numbers]
        routine = _Routine(symbol, params, [*part.allocas, *part.lines])
        ctx.module.define(symbol, routine.text)
        return routine, "".join(f", {number}" for number in numbers)
