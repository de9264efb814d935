"""Large results, written past the caches.

A store to memory that no cache holds first reads the line that it overwrites: a copy
moves half again as much. Vectors that fill whole lines need not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from funcgrad.compiler.build.caches import cache_bytes
from funcgrad.compiler.emit.memory import LINE
from funcgrad.compiler.emit.value import INT64, Value
from funcgrad.compiler.lower.index import Number
from funcgrad.compiler.lower.nodes import Buffer, Lazy, Node
from funcgrad.core.aval import DYNAMIC


def streamed_target(targets: Sequence[Buffer], read: Sequence[Node]) -> Buffer | None:
    """The buffer that a nest had better stream: one that no cache will hold.

    ``read`` is all that the nest reads.
    """
    if len(targets) != 1 or DYNAMIC in targets[0].shape or targets[0].dtype.kind == "c":
        return None
    kept = [x.buffer if isinstance(x, Lazy) else x for x in read]
    buffers = [x for x in kept if isinstance(x, Buffer) and DYNAMIC not in x.shape]
    traffic = sum(map(_nbytes, (*targets, *buffers)))
    large = _nbytes(targets[0]) >= cache_bytes() // 4
    return targets[0] if large and traffic >= cache_bytes() * 3 // 4 else None


def _nbytes(x: Buffer) -> int:
    return math.prod(x.shape) * x.dtype.itemsize


def fills_lines(target: Buffer, lanes: int) -> bool:
    """Whether vectors of so many lanes are whole lines."""
    return lanes * target.dtype.itemsize % LINE == 0


def streamed_strip(
    ctx: Any,
    target: Buffer,
    begin: Number,
    end: Number,
    lanes: int,
    run: Callable[..., None],
) -> None:
    """Cover ``begin .. end`` by vectors of whole lines, ``run(lanes, base, True)``.

    Single entries, ``run(1, base)``, are what lies before and after these.
    """
    b = ctx.b
    begin, end = b.index(begin), b.index(end)
    first = b.offset(target.ptr, begin, target.dtype)
    address = Value(b.op(f"ptrtoint ptr {first} to i64"), INT64)
    shift = target.dtype.itemsize.bit_length() - 1
    ahead = b.lshr(b.and_(b.neg(address), b.i64(LINE - 1)), b.i64(shift))
    start = b.min(b.add(begin, ahead), end)
    length = b.and_(b.sub(end, start), b.i64(-lanes))
    whole = b.add(start, length)
    with b.loop(start, whole, lanes) as loop:
        run(lanes, loop.index, True)
    b.fence()
    before = b.sub(start, begin)
    with b.loop(0, b.sub(b.sub(end, begin), length)) as loop:
        skipped = b.select(b.cmp("lt", loop.index, before), b.i64(0), length)
        run(1, b.add(b.add(begin, loop.index), skipped))
