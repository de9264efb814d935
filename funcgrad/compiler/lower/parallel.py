"""Large loop nests in chunks that the threads of `build.pool` may run at once.

A chunk is a range of one loop of the nest, chosen by sizes and prices alone, so results
are the same for any number of threads. The nest is written as a function of its range;
what it reads of the program around it is handed over in a frame.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from funcgrad.compiler.build import pool
from funcgrad.compiler.emit.repeats import REGISTER, result_types
from funcgrad.compiler.emit.value import INT64, Value

WORTH = 1 << 20
"""Work, in additions, from which on threads gain more than waking them costs."""
CHUNK = 1 << 17
"""Work of one chunk."""
MEMORY = 4
"""What moving an entry from and to memory costs, in additions."""
_RESULT = re.compile(r"  (%[\w.$-]+) = (.*)")
# What the opening of a program makes, and a part can make again.
_OPENING = re.compile(
    r"%(?:(?:arg|out|buf|constant|n|address|offset)\.\d+|args|outs|table|workspace)"
)
_PROGRAM = ("args", "outs", "table", "workspace")
_MOST_CHUNKS = 64


def chunks_of(entries: int, extent: int, cost: int, lanes: int = 1) -> int:
    """Iterations of a loop of this extent that make a chunk; 0 where one will do.

    ``entries`` is how many the whole nest computes, at this ``cost`` each; the chunk is
    a multiple of ``lanes``.
    """
    work = entries * (cost + MEMORY)
    if work < WORTH or extent < 2 * lanes:
        return 0
    count = min(work // CHUNK, _MOST_CHUNKS, extent // lanes)
    chunk = -(-extent // count)
    chunk = -(-chunk // lanes) * lanes
    return chunk if extent >= 2 * chunk else 0


def chunk_of(ctx: Any, entries: int, extent: int, cost: int, lanes: int = 1) -> int:
    """As `chunks_of` where the program is now: 0 in what threads run already."""
    return 0 if ctx.in_part else chunks_of(entries, extent, cost, lanes)


Body = Callable[[Value, Value, Value, Value], None]


class Parallel:
    """A loop over chunks, written as a function of its own where that can be."""

    def __init__(self, ctx: Any) -> None:
        self.ctx = ctx
        self.b = ctx.b

    def run(self, extent: int, chunk: int, body: Body) -> None:
        """``body(begin, end, number, worker)`` for each chunk of ``range(extent)``.

        Chunk ``number`` is from ``begin`` to ``end``; the last is up to twice as long.
        """
        b, ctx = self.b, self.ctx
        count = extent // chunk
        number = next(ctx.part_numbers)
        names = {k: f"part.{number}.{k}" for k in ("begin", "end", "worker")}
        first, last, worker = (
            Value(f"%{names[k]}", INT64) for k in ("begin", "end", "worker")
        )
        # Loaded, so that the code is the same for other sizes of its kind.
        size, whole, total = (
            Value(ctx.table.fresh(n, "n")[1], INT64) for n in (chunk, extent, count)
        )
        scopes = [(s, dict(s.spilled)) for s in ctx.scopes]
        ctx.in_part = True
        with b.apart(f"part.{number}") as part, b.loop(first, last) as loop:
            begin = b.mul(loop.index, size)
            ahead = b.add(loop.index, b.i64(1))
            is_last = b.cmp("eq", ahead, total)
            end = b.select(is_last, whole, b.mul(ahead, size))
            body(begin, end, loop.index, worker)
        ctx.in_part = False
        for scope, spilled in scopes:
            scope.spilled = spilled
        captured = self._captured(part.lines, [part.label, *names.values()])
        if captured is None:
            self._inline(part, names, total)
        else:
            self._call(part, names, captured, total)

    # --- as a function

    def _captured(
        self, lines: Sequence[str], own: Iterable[str]
    ) -> dict[str, str] | None:
        """Registers of the program that the part reads, with types; None if unknown."""
        made = {m[1] for line in lines if (m := _RESULT.match(line))}
        made.update(f"%{line[:-1]}" for line in lines if line.endswith(":"))
        made.update(f"%{name}" for name in own)
        free = {n for line in lines for n in re.findall(REGISTER, line)} - made
        registers = {n for n in free if re.fullmatch(r"%t\d+", n)}
        types = result_types(self.b.written(), registers) if registers else {}
        if registers - set(types):
            return None
        others = free - registers
        return types if all(map(_OPENING.fullmatch, others)) else None

    def _call(
        self, part: Any, names: dict[str, str], captured: dict[str, str], total: Value
    ) -> None:
        b = self.b
        fields = [("ptr", f"%{n}") for n in _PROGRAM]
        fields += [(kind, name) for name, kind in captured.items()]
        frame = "{ " + ", ".join(kind for kind, _ in fields) + " }"
        slot = b.alloca_type(frame)
        loads = []
        for k, (kind, name) in enumerate(fields):
            at = b.op(f"getelementptr {frame}, ptr {slot}, i32 0, i32 {k}")
            b.emit(f"store {kind} {name}, ptr {at}")
            where = f"%frame.{k}"
            loads.append(
                f"  {where} = getelementptr {frame}, ptr %frame, i32 0, i32 {k}"
            )
            loads.append(f"  {name} = load {kind}, ptr {where}")
        symbol = part.label
        params = ", ".join(f"i64 %{names[k]}" for k in ("begin", "end", "worker"))
        head = f"define internal void @{symbol}(ptr %frame, {params}) #0 {{"
        lines = [*part.allocas, *part.lines]

        def text() -> str:
            given = [name for _, name in fields]
            prologue = needed(b.opening(), lines, given)
            inside = [f"{symbol}:", *loads, *prologue, *lines, "  ret void", "}"]
            return "\n".join([head, *inside])

        b.module.define(symbol, text)
        pool.prepare()
        b.call(
            pool.SYMBOL,
            [("ptr", f"@{symbol}"), ("ptr", slot), total, b.i64(1)],
        )

    def _inline(self, part: Any, names: dict[str, str], total: Value) -> None:
        """The part as a piece of the program: it leaves for a place outside of it."""
        b = self.b
        values = {"begin": "0", "end": total.name, "worker": "0"}
        for key, name in names.items():
            b.emit(f"%{name} = add i64 0, {values[key]}")
        b.splice(part)


def needed(
    opening: Sequence[str], lines: Sequence[str], given: Iterable[str]
) -> list[str]:
    """Lines of the program's opening that make what these lines read."""
    made = {m[1]: line for line in opening if (m := _RESULT.match(line))}
    known = set(given)
    wanted: set[str] = set()
    todo = {n for line in lines for n in re.findall(REGISTER, line)}
    while todo:
        name = todo.pop()
        if name in known or name not in made:
            continue
        known.add(name)
        wanted.add(name)
        todo.update(re.findall(REGISTER, made[name].partition(" = ")[2]))
    return [line for name, line in made.items() if name in wanted]
