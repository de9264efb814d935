"""Reads nodes at places inside the body of a loop nest, each entry once."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Any

from funcgrad.compiler.emit.value import Value
from funcgrad.compiler.lower.index import (
    Flat,
    Index,
    Number,
    Place,
    indices,
    place_key,
)
from funcgrad.compiler.lower.nodes import (
    Buffer,
    Compute,
    Lazy,
    Map,
    Node,
    Register,
    Reshaped,
    View,
    load_at,
    store_at,
)

INLINE_COPIES = 8
"""So many copies of one operation in the body of a loop have their instructions in it.

Bodies that long hold more values than there are registers; a call costs them little,
and takes half the time to compile."""


class Reader:
    """Reads nodes at places, each once, inside the body of one loop nest.

    ``kept`` are nodes that the nest stores as it computes them at its own place;
    ``streamed`` is a result that is written past the caches.
    """

    def __init__(
        self, ctx: Any, lanes: int, own: Place, kept: dict[Lazy, Buffer]
    ) -> None:
        self.ctx = ctx
        self.b = ctx.b
        self.lanes = lanes
        self.own = place_key(own)
        self.kept = kept
        self.streamed: Buffer | None = None
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
        if self.streamed is not buffer:
            store_at(self.b, buffer.ptr, at, value)
            return
        whole = self.b.splat(value, self.lanes)
        self.b.store(whole, buffer.ptr, at.base, streamed=True)

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

        def read(k: int, idx: Sequence[Any], *, alike: bool = False) -> Value:
            """Entries of operand k; one for all lanes where their indices are alike."""
            if alike and self.lanes > 1:
                first = indices(self.b, [_first(i) for i in idx], 1)
                single = Reader(self.ctx, 1, first, {})
                return single.read(node.operands[k], first)
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


def _first(index: Index | Number) -> Number:
    return index.base if isinstance(index, Index) else index


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
