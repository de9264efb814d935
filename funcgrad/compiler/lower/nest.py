"""Loop nests: nodes and where their entries go, to loops with explicit vectors."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from funcgrad.compiler.emit.value import INT64, Value
from funcgrad.compiler.lower.index import (
    Flat,
    Index,
    Number,
    Place,
    indices,
    plus,
)
from funcgrad.compiler.lower.nodes import (
    Buffer,
    Lazy,
    Map,
    Node,
    Reshaped,
    is_flat,
)
from funcgrad.compiler.lower.parallel import Parallel, chunk_of
from funcgrad.compiler.lower.reader import Reader
from funcgrad.compiler.lower.streaming import fills_lines, streamed_strip
from funcgrad.compiler.lower.table import LARGEST_STATIC
from funcgrad.core.aval import DYNAMIC, static_size

Body = Callable[[Reader, Place], None]


def lanes_for(ctx: Any, nodes: Sequence[Node], registers: int = 2) -> int:
    """Lanes of a loop over these nodes: some registers of its widest dtype.

    Not more than the largest extent that is in the code, so that a longer row holds a
    whole vector.
    """
    widest = max((n.dtype.itemsize for n in nodes), default=1)
    if any(n.dtype.kind == "c" for n in nodes):
        widest = max(widest // 2, 4)
    lanes = registers * ctx.vector_bytes // max(widest, 1)
    return min(max(2, lanes), LARGEST_STATIC)


def registers_for(tree: Sequence[Node]) -> int:
    """Registers of one value that a loop over these nodes works on.

    Dear functions make the processor wait for what they compute one after the other: it
    is kept busy by more of them. In long bodies that gains a twentieth, and would
    double the time to compile; chains of cheap operations hold too many values for it.
    """
    dear = any(isinstance(x, Lazy) and x.own_cost > CHEAP for x in tree)
    return 4 if dear and len(tree) <= SHORT_BODY else 2


SHORT_BODY = 32
"""Nodes of a loop that counts as short."""


def widest_tree(roots: Sequence[Node]) -> list[Node]:
    """All nodes that a loop over the roots reads."""
    seen: dict[int, Node] = {}
    todo = list(roots)
    while todo:
        node = todo.pop()
        if id(node) in seen:
            continue
        seen[id(node)] = node
        if isinstance(node, Lazy) and node.buffer is None:
            todo.extend(node.operands)
    return list(seen.values())


def shared_nodes(roots: Sequence[Node], *, flat: bool) -> list[Lazy]:
    """Nodes at the roots' own place that are dear, and read elsewhere too."""
    parents: dict[int, int] = {}
    own: dict[int, Lazy] = {}
    todo = [r for r in roots if isinstance(r, Lazy) and r.buffer is None]
    seen = {id(r) for r in todo}
    while todo:
        node = todo.pop()
        for x in node.operands:
            if not isinstance(x, Lazy) or x.buffer is not None:
                continue
            parents[id(x)] = parents.get(id(x), 0) + 1
            same_place = isinstance(node, Map) and x.ndim == node.ndim
            if same_place or (flat and isinstance(node, Reshaped)):
                own[id(x)] = x
                if id(x) not in seen:
                    seen.add(id(x))
                    todo.append(x)
    keep = [x for x in own.values() if x.uses > parents[id(x)] and x.cost > CHEAP]
    return [x for x in keep if id(x) not in {id(r) for r in roots}]


CHEAP = 6
"""Up to this price entries are computed again rather than stored and loaded."""


BLOCK = 32
"""Places along another axis that share what a vector across memory loads."""


def over(
    ctx: Any,
    shape: Sequence[Any],
    flat: bool,
    lanes: int,
    body: Body,
    kept: dict[Lazy, Buffer] | None = None,
    length: Value | None = None,
    *,
    again: bool = True,
    turned: int | None = None,
    cost: int = 0,
    stream: Buffer | None = None,
) -> None:
    """Run ``body(reader, place)`` over all places of a shape, ``lanes`` at a time.

    ``again``: the body may run more than once for a place. ``turned``: an axis along
    which operands lie in memory, which is then run through in blocks, innermost.
    ``cost``: price of a place; large nests are run by several threads. ``stream``: a
    result that a flat nest writes past the caches.
    """
    kept = kept or {}
    again = again and DYNAMIC not in shape
    if flat or not shape:
        total = ctx.size(shape, length)

        def run(width: int, base: Number, past: bool = False) -> None:
            place = Flat(_lane_index(ctx, base, width))
            reader = Reader(ctx, width, place, kept)
            reader.streamed = stream if past else None
            body(reader, place)

        def whole(begin: Number, end: Number) -> None:
            if stream is not None and again and fills_lines(stream, lanes):
                streamed_strip(ctx, stream, begin, end, lanes, run)
            else:
                strip(ctx, end, lanes, run, again=again, start=begin)

        entries = static_size(shape)
        in_chunks(ctx, whole, total, entries, entries, cost, lanes)
        return
    _Nest(ctx, shape, lanes, body, kept, length, again, turned).run(cost)


def in_chunks(
    ctx: Any,
    loop: Callable[[Number, Number], None],
    extent: Number,
    size: int,
    entries: int,
    cost: int,
    lanes: int = 1,
) -> None:
    """``loop(begin, end)`` over an extent, by several threads where that is worth it.

    ``size`` is the extent as a number, ``entries`` how many the nest computes.
    """
    chunk = chunk_of(ctx, entries, size, cost, lanes)
    if not chunk:
        loop(0, extent)
        return
    Parallel(ctx).run(size, chunk, lambda begin, end, *_: loop(begin, end))


class _Nest:
    """Loops over the axes of a shape, the last by vectors."""

    def __init__(
        self,
        ctx: Any,
        shape: Sequence[Any],
        lanes: int,
        body: Body,
        kept: dict[Lazy, Buffer],
        length: Value | None,
        again: bool,
        turned: int | None,
    ) -> None:
        self.ctx = ctx
        self.b = ctx.b
        self.shape = shape
        self.lanes = lanes
        self.body = body
        self.kept = kept
        self.again = again
        self.turned = turned
        self.last = len(shape) - 1
        self.outer: dict[int, Index] = {}
        self.ranges: list[tuple[Number, Number]] = [
            (0, ctx.axis_extent(shape, axis, length)) for axis in range(self.last + 1)
        ]

    def run(self, cost: int) -> None:
        axes = [axis for axis in range(self.last) if axis != self.turned]
        if DYNAMIC in self.shape:
            self._loops(axes)
            return
        axis = max(axes or [self.last], key=lambda k: int(self.shape[k]))

        def loops(begin: Number, end: Number) -> None:
            self.ranges[axis] = begin, end
            self._loops(axes)

        lanes = self.lanes if axis == self.last else 1
        extent, size = self.ranges[axis][1], int(self.shape[axis])
        in_chunks(self.ctx, loops, extent, size, math.prod(self.shape), cost, lanes)

    def _loops(self, axes: Sequence[int]) -> None:
        if not axes:
            if self.turned is None:
                self._row(self._inner)
            else:
                self._blocks(self.turned)
            return
        with self.b.loop(*self.ranges[axes[0]]) as loop:
            self.outer[axes[0]] = Index(self.b, loop.index)
            self._loops(axes[1:])

    def _row(self, run: Callable[[int, Number], None]) -> None:
        begin, end = self.ranges[self.last]
        strip(self.ctx, end, self.lanes, run, again=self.again, start=begin)

    def _inner(self, lanes: int, base: Number) -> None:
        here = _lane_index(self.ctx, base, lanes)
        at = [self.outer[axis] for axis in range(self.last)]
        place = [*indices(self.b, at, lanes), here]
        self.body(Reader(self.ctx, lanes, place, self.kept), place)

    def _blocks(self, axis: int) -> None:
        b = self.b
        begin, end = self.ranges[axis]
        with b.loop(begin, end, BLOCK) as block:
            stop = b.min(b.add(block.index, b.i64(BLOCK)), b.index(end))

            def run_block(lanes: int, base: Number) -> None:
                with b.loop(block.index, stop) as loop:
                    self.outer[axis] = Index(b, loop.index)
                    self._inner(lanes, base)

            self._row(run_block)


def _lane_index(ctx: Any, base: Number, lanes: int) -> Index:
    return Index(ctx.b, base, 1 if lanes > 1 else 0, lanes)


def strip(
    ctx: Any,
    extent: Number,
    lanes: int,
    run: Callable[[int, Number], None],
    *,
    again: bool,
    start: Number = 0,
) -> None:
    """Cover ``start .. extent`` by vectors.

    ``again``: entries may be computed twice, so the last vector reaches back to be
    whole; a range that is not in the code has ``LARGEST_STATIC`` entries at least.
    Otherwise single entries follow the vectors.
    """
    if isinstance(extent, int):
        if extent == 0:
            return
        if extent <= LARGEST_STATIC:
            run(extent, 0)
            return
    b = ctx.b
    if again:
        last = b.sub(b.index(extent), b.i64(lanes))
        with b.loop(start, extent, lanes) as loop:
            run(lanes, b.min(loop.index, last))
        return
    length = extent if isinstance(start, int) else b.sub(b.index(extent), start)
    whole = plus(b, start, vector_part(ctx, length, lanes))
    with b.loop(start, whole, lanes) as loop:
        run(lanes, loop.index)
    with b.loop(whole, extent) as loop:
        run(1, loop.index)


def vector_part(ctx: Any, extent: Number, lanes: int) -> Value:
    """The largest multiple of ``lanes`` (a power of two) up to the extent."""
    b = ctx.b
    return b.and_(b.index(extent), b.const(INT64, -lanes))


def flat_together(nodes: Sequence[Node], shape: Sequence[Any]) -> bool:
    """Whether one flat loop can compute all these nodes of one shape."""
    return all(is_flat(n) for n in nodes) and len(shape) > 0
