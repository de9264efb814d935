"""Loop nests: nodes and where their entries go, to loops with explicit vectors."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from funcgrad.compiler.emit.value import INT64, Value
from funcgrad.compiler.lower.index import Flat, Index, Number, Place, indices, place_key
from funcgrad.compiler.lower.nodes import (
    Buffer,
    Compute,
    Lazy,
    Map,
    Node,
    Register,
    Reshaped,
    View,
    is_flat,
    load_at,
    store_at,
)
from funcgrad.compiler.lower.table import LARGEST_STATIC
from funcgrad.core.aval import DYNAMIC

Body = Callable[["Reader", Place], None]

INLINE_COPIES = 8
"""So many copies of one operation in the body of a loop have their instructions in it.

Bodies that long hold more values than there are registers; a call costs them little,
and takes half the time to compile."""


class Reader:
    """Reads nodes at places, each once, inside the body of one loop nest.

    ``kept`` are nodes that the nest stores as it computes them at its own place.
    """

    def __init__(
        self, ctx: Any, lanes: int, own: Place, kept: dict[Lazy, Buffer]
    ) -> None:
        self.ctx = ctx
        self.b = ctx.b
        self.lanes = lanes
        self.own = place_key(own)
        self.kept = kept
        self._memo: dict[Any, Value] = {}
        self._copies: Counter[Any] = Counter()

    def read(self, node: Node, place: Place) -> Value:
        """The entries of a node at a place, one a lane."""
        return self._read(node, place, place_key(place))

    def _read(self, node: Node, place: Place, where: Hashable) -> Value:
        if isinstance(node, Register):
            return self._register(node, place)
        if isinstance(node, Lazy) and node.buffer is not None:
            node = node.buffer
        key = (id(node), where)
        value = self._memo.get(key)
        if value is None:
            value = self._memo[key] = self._compute(node, place, where)
            if node in self.kept and where == self.own:
                self.write(self.kept[node], place, value)
        return value

    def write(self, buffer: Buffer, place: Place, value: Value) -> None:
        """Store the entries of a buffer at a place."""
        self.ctx.lifetimes.touch(buffer.allocation)
        at = place.index if isinstance(place, Flat) else buffer.linear(self.b, place)
        if at.lanes < self.lanes:
            at = Index(self.b, at.base, at.step, self.lanes, at.vector)
        store_at(self.b, buffer.ptr, at, value)

    def _register(self, node: Register, place: Place) -> Value:
        if node.value.lanes == 1:
            key = (id(node), None)
            value = self._memo.get(key)
            if value is None:
                value = self._memo[key] = self.b.splat(node.value, self.lanes)
            return value
        positions = _static_positions(node, place, self.lanes)
        if positions is None:
            return self._load(self.ctx.spill(node), place)
        return self.b.shuffle(node.value, positions)

    def _compute(self, node: Node, place: Place, where: Hashable) -> Value:
        if isinstance(node, Buffer):
            return self._load(node, place)
        if isinstance(node, Map):
            return self._map(node, place, where)
        if isinstance(node, View):
            if isinstance(place, Flat):
                raise TypeError("a view has no flat places")
            source = node.operands[0]
            moved = indices(self.b, list(node.function(place)), self.lanes)
            return self.read(source, moved)
        if isinstance(node, Compute):
            return self._call(node, place)
        if isinstance(node, Reshaped):
            return self.read(node.operands[0], self._flattened(node, place))
        raise AssertionError(f"nothing to read in {node}")

    def _load(self, node: Buffer, place: Place) -> Value:
        self.ctx.lifetimes.touch(node.allocation)
        at = place.index if isinstance(place, Flat) else node.linear(self.b, place)
        if at.lanes < self.lanes:
            at = Index(self.b, at.base, at.step, self.lanes, at.vector)
        return load_at(self.b, node.ptr, at, node.dtype)

    def _map(self, root: Map, place: Place, where: Hashable) -> Value:
        """Evaluate a tree of maps bottom up: deep chains need no deep recursion."""
        stack: list[tuple[Map, bool]] = [(root, False)]
        while stack:
            node, ready = stack.pop()
            key = (id(node), where)
            if not ready:
                if key in self._memo:
                    continue
                stack.append((node, True))
                stack.extend(
                    (x, False)
                    for x in reversed(node.operands)
                    if isinstance(x, Map) and x.buffer is None and x.ndim == node.ndim
                )
                continue
            entries = [
                self._read(x, place, where) if x.shape else self.read(x, [])
                for x in node.operands
            ]
            value = self._apply(node, entries)
            if node is root:
                return value
            self._memo[key] = value
            if node in self.kept and where == self.own:
                self.write(self.kept[node], place, value)
        return self._memo[id(root), where]

    def _apply(self, node: Map, entries: Sequence[Value]) -> Value:
        """The function of a map; in long bodies, what is written often is called."""
        if node.closed:
            self._copies[node.function] += 1
            if self._copies[node.function] > INLINE_COPIES:
                return self.b.call_once_written(node.function, entries)
        return node.function(self.b, *entries)

    def _call(self, node: Compute, place: Place) -> Value:
        if isinstance(place, Flat):
            raise TypeError("a computed node has no flat places")

        block = self.b.current

        def read(k: int, idx: Sequence[Any]) -> Value:
            moved = indices(self.b, list(idx), self.lanes)
            reader = self if self.b.current == block else self._in_branch(before)
            return reader.read(node.operands[k], moved)

        before = self._memo
        return node.function(self.b, list(place), read)

    def _in_branch(self, known: dict[Any, Value]) -> Reader:
        """A reader for a block that does not run always: what it reads is its own."""
        reader = Reader(self.ctx, self.lanes, [], {})
        reader._memo = dict(known)
        return reader

    def _flattened(self, node: Node, place: Place) -> Flat:
        if isinstance(place, Flat):
            return place
        total = Index(self.b, 0, 0, self.lanes)
        for i, stride in zip(place, self.ctx.strides(node.shape), strict=True):
            total = total + i * stride
        return Flat(total)


def _static_positions(node: Register, place: Place, lanes: int) -> list[int] | None:
    """Where in a register the entries are, if that is known now."""
    if isinstance(place, Flat):
        items, strides = [place.index], [1]
    else:
        items = list(place)
        strides = [math.prod(node.shape[k + 1 :]) for k in range(node.ndim)]
    positions = [0] * lanes
    for item, stride in zip(items, strides, strict=True):
        if item.vector is not None:
            return None
        if not isinstance(item.base, int) or not isinstance(item.step, int):
            return None
        positions = [
            p + (item.base + item.step * k) * stride for k, p in enumerate(positions)
        ]
    return positions


def lanes_for(ctx: Any, nodes: Sequence[Node], entry_bytes: int = 0) -> int:
    """Lanes of a loop over these nodes: two registers of its widest dtype.

    Not more than the largest extent that is in the code, so that a longer row holds a
    whole vector.
    """
    widest = max((n.dtype.itemsize for n in nodes), default=entry_bytes)
    if any(n.dtype.kind == "c" for n in nodes):
        widest = max(widest // 2, 4)
    return min(max(2, 2 * ctx.vector_bytes // max(widest, 1)), LARGEST_STATIC)


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
) -> None:
    """Run ``body(reader, place)`` over all places of a shape, ``lanes`` at a time.

    ``again``: the body may run more than once for a place. ``turned``: an axis along
    which operands lie in memory, which is then run through in blocks, innermost.
    """
    kept = kept or {}
    if flat or not shape:
        total = ctx.size(shape, length)

        def run(reader_lanes: int, base: Number) -> None:
            place = Flat(_lane_index(ctx, base, reader_lanes))
            body(Reader(ctx, reader_lanes, place, kept), place)

        strip(ctx, total, lanes, run, again=again and DYNAMIC not in shape)
        return
    last = len(shape) - 1
    outer: dict[int, Index] = {}
    extents = [ctx.axis_extent(shape, axis, length) for axis in range(last + 1)]

    def run_inner(reader_lanes: int, base: Number) -> None:
        here = _lane_index(ctx, base, reader_lanes)
        at = [outer[axis] for axis in range(last)]
        place = [*indices(ctx.b, at, reader_lanes), here]
        body(Reader(ctx, reader_lanes, place, kept), place)

    def rows(run: Callable[[int, Number], None]) -> None:
        strip(ctx, extents[last], lanes, run, again=again and shape[last] != DYNAMIC)

    def blocks(axis: int) -> None:
        with ctx.b.loop(0, extents[axis], BLOCK) as block:
            end = ctx.b.min(
                ctx.b.add(block.index, ctx.b.i64(BLOCK)), ctx.b.index(extents[axis])
            )

            def run_block(reader_lanes: int, base: Number) -> None:
                with ctx.b.loop(block.index, end) as loop:
                    outer[axis] = Index(ctx.b, loop.index)
                    run_inner(reader_lanes, base)

            rows(run_block)

    def nest(axes: Sequence[int]) -> None:
        if not axes:
            rows(run_inner) if turned is None else blocks(turned)
            return
        with ctx.b.loop(0, extents[axes[0]]) as loop:
            outer[axes[0]] = Index(ctx.b, loop.index)
            nest(axes[1:])

    nest([axis for axis in range(last) if axis != turned])


def _lane_index(ctx: Any, base: Number, lanes: int) -> Index:
    return Index(ctx.b, base, 1 if lanes > 1 else 0, lanes)


def strip(
    ctx: Any,
    extent: Number,
    lanes: int,
    run: Callable[[int, Number], None],
    *,
    again: bool,
) -> None:
    """Cover an extent by vectors.

    ``again``: entries may be computed twice, so the last vector reaches back to be
    whole; an extent that is not in the code has ``LARGEST_STATIC`` entries at least.
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
        with b.loop(0, extent, lanes) as loop:
            run(lanes, b.min(loop.index, last))
        return
    whole = vector_part(ctx, extent, lanes)
    with b.loop(0, whole, lanes) as loop:
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
