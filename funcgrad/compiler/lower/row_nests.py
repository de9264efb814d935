"""Loops over rows: sums of rows, and what reads them back, in one nest.

In ``x / sum(x, -1)`` each row is summed, then divided, while it is in the cache. Nodes
in, one loop nest out; values of a row that are read again stay in memory for one row.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from funcgrad.compiler.build import pool
from funcgrad.compiler.emit.value import Value
from funcgrad.compiler.lower import nest
from funcgrad.compiler.lower.index import Index, indices, times
from funcgrad.compiler.lower.layout import turned_views
from funcgrad.compiler.lower.nodes import (
    ROW_COST,
    Buffer,
    Lazy,
    Map,
    Node,
    RowReduced,
    View,
    price,
)
from funcgrad.compiler.lower.parallel import Parallel, chunk_of
from funcgrad.compiler.lower.reader import Reader
from funcgrad.compiler.lower.reduction import total_of
from funcgrad.compiler.lower.row_recipes import at_own_place, recipes
from funcgrad.compiler.lower.row_sums import RowSum
from funcgrad.compiler.lower.table import LARGEST_STATIC

Target = tuple[Node, Buffer]


class Stage(NamedTuple):
    """A node with one entry a row, and where: an axis of the row, or a number."""

    node: Lazy
    place: tuple[int, ...]


class RowNest:
    """The loop nest over rows for roots of one shape, or for one sum of rows."""

    def __init__(self, ctx: Any, shape: Sequence[Any], roots: Sequence[Node]) -> None:
        self.ctx = ctx
        self.b = ctx.b
        self.shape = tuple(shape)
        self.roots = list(roots)
        self.axes = len(shape) - 1
        self.marks = [Index(ctx.b, 0) for _ in shape]
        self.stages: list[Stage] = []
        self.row_views: set[int] = set()
        self.worker: Value | None = None
        self._seen: set[int] = set()
        with ctx.b.discarding():
            for root in roots:
                if isinstance(root, RowReduced):
                    self._add(root, self.marks[:-1])
                else:
                    self._visit(root)

    # --- what can be computed row by row

    def _visit(self, root: Node) -> None:
        todo = [root]
        while todo:
            node = todo.pop()
            if id(node) in self._seen or not isinstance(node, Lazy) or node.buffer:
                continue
            self._seen.add(id(node))
            if isinstance(node, Map):
                todo.extend(x for x in node.operands if x.ndim == node.ndim)
            elif isinstance(node, View) and self._visit_row(node):
                self.row_views.add(id(node))

    def _visit_row(self, view: View) -> bool:
        """Whether a view repeats one entry along each row, made of sums of rows."""
        node: Node = view
        place: Sequence[Any] = self.marks
        while isinstance(node, View) and node.buffer is None:
            place, node = list(node.function(place)), node.operands[0]
        if not self._holds(node, place):
            return False
        known = [stage.node for stage in self.stages]
        numbers = self._numbers(place)
        if isinstance(node, Map) and not any(node is x for x in known):
            assert numbers is not None
            self.stages.append(Stage(node, numbers))
        return True

    def _holds(self, node: Node, place: Sequence[Any]) -> bool:
        if not isinstance(node, Lazy) or node.buffer is not None:
            return False
        if self._numbers(place) is None:
            return False
        if isinstance(node, RowReduced):
            return self._add(node, place)
        if isinstance(node, View):
            return self._holds(node.operands[0], list(node.function(place)))
        if isinstance(node, Map):
            parts = [self._holds(x, place if x.ndim else []) for x in node.operands]
            return any(parts)
        return False

    def _numbers(self, place: Sequence[Any]) -> tuple[int, ...] | None:
        """Places as numbers: ``k`` for index k of the row, ``-1 - n`` for n.

        None where a place is anything else, as an index along the row is.
        """
        numbers: list[int] = []
        for i in place:
            known = (k for k in range(self.axes) if self.marks[k] is i)
            number = -1 - i if isinstance(i, int) else next(known, None)
            if number is None:
                return None
            numbers.append(number)
        return tuple(numbers)

    def _add(self, node: RowReduced, place: Sequence[Any]) -> bool:
        if any(node is stage.node for stage in self.stages):
            return True
        own = tuple(range(self.axes))
        if self._numbers(place) != own or node.operands[0].shape != self.shape:
            return False
        self._visit(node.operands[0])
        self.stages.append(Stage(node, own))
        return True

    # --- what has to be in memory before

    def trees(self) -> list[Node]:
        """What loops along rows compute, in order."""
        sums = [s.node for s in self.stages if isinstance(s.node, RowReduced)]
        ends = [r for r in self.roots if not isinstance(r, RowReduced)]
        return [*(s.operands[0] for s in sums), *ends]

    def elsewhere(self) -> list[Lazy]:
        """Recipes that are read at other places, and sums of the rows of others."""
        found: dict[int, Lazy] = {}
        seen: set[tuple[int, bool]] = set()
        todo = [(root, True) for root in self.trees()]
        while todo:
            node, own = todo.pop()
            known = (id(node), own) in seen
            if known or not isinstance(node, Lazy) or node.buffer is not None:
                continue
            seen.add((id(node), own))
            if not own or isinstance(node, RowReduced):
                found[id(node)] = node
            elif id(node) in self.row_views:
                continue
            for x in node.operands:
                same = isinstance(node, Map) and x.ndim == node.ndim
                todo.append((x, own and same))
        return list(found.values())

    def is_ready(self) -> bool:
        """Put into memory what rows can not compute; whether nothing had to be."""
        others = self.elsewhere()
        first: list[Lazy] = [x for x in others if isinstance(x, RowReduced)]
        stages = {id(stage.node) for stage in self.stages}
        first = first or [x for x in others if id(x) in stages]
        first = first or [v for v, _ in turned_views(self.ctx, self.trees())]
        for node in sorted(first, key=lambda x: -x.cost):
            self.ctx.materialize(node)
        return not first

    def below(self) -> list[Node]:
        """Recipes that are read by the nest, and are not of its rows."""
        own = {id(x) for tree in self.trees() for x in at_own_place(tree)}
        return [x for x in self.elsewhere() if id(x) not in own]

    # --- loops

    def run(self, targets: Sequence[Target]) -> None:
        """Emit the loops: every stage, then the targets, for each row."""
        self._run(targets, None)
        for node, buffer in targets:
            if isinstance(node, Lazy):
                node.buffer = buffer

    def total(self, op: str) -> Value:
        """Emit the loops: every stage, then the sum of all rows of the one root."""
        total = self._run((), op)
        assert total is not None
        return total

    def _run(self, targets: Sequence[Target], op: str | None) -> Value | None:
        ctx = self.ctx
        trees = self.trees()
        tree = nest.widest_tree(trees)
        registers = nest.registers_for(tree)
        self.lanes = nest.lanes_for(ctx, tree, registers)
        self.others = {id(x) for x in self.elsewhere()}
        self.answers = [ctx.buffer(s.node.shape, s.node.dtype) for s in self.stages]
        self.kept: dict[Lazy, Buffer] = {}
        self.scratch: list[Lazy] = []
        axis = max(range(self.axes), key=lambda k: int(self.shape[k]))
        cost = sum(price(x) % ROW_COST for x in trees)
        chunk = chunk_of(ctx, math.prod(self.shape), self.shape[axis], cost)
        if chunk:
            total = self._in_chunks(axis, chunk, targets, op)
        else:
            total = self._all({}, targets, op)
        for recipe in self.scratch:
            recipe.buffer = None
        for node, buffer in self.kept.items():
            node.buffer = buffer
        ctx.lifetimes.tick()
        return total

    def _in_chunks(
        self, axis: int, chunk: int, targets: Sequence[Target], op: str | None
    ) -> Value | None:
        """The nest by several threads; chunks are summed apart, then their sums."""
        ctx, extent = self.ctx, self.shape[axis]
        sums = None
        if op is not None:
            sums = ctx.buffer((extent // chunk,), self.roots[0].dtype)

        def part(begin: Value, end: Value, number: Value, worker: Value) -> None:
            self.worker = worker
            total = self._all({axis: (begin, end)}, targets, op)
            if sums is not None:
                ctx.lifetimes.touch(sums.allocation)
                self.b.store(total, sums.ptr, number)

        Parallel(ctx).run(extent, chunk, part)
        ctx.lifetimes.tick()
        return None if sums is None or op is None else total_of(ctx, op, sums)

    def _all(
        self,
        ranges: dict[int, tuple[Value, Value]],
        targets: Sequence[Target],
        op: str | None,
    ) -> Value | None:
        """Loops over all rows, or a range of them."""
        if op is None:
            self._loops(ranges, [], [], lambda outer, _: self._row(outer, targets))
            return None
        (root,) = self.roots
        total = RowSum(self.ctx, op, root, {}, self.lanes)

        def row(outer: list[Index], totals: list[Value]) -> list[Value]:
            self._row(outer, targets)
            total.kept = self._shared([root])
            return total.add_row(outer, totals)

        return total.end(self._loops(ranges, [], total.begin(), row))

    def _loops(
        self,
        ranges: dict[int, tuple[Value, Value]],
        outer: list[Index],
        totals: list[Value],
        row: Callable[[list[Index], list[Value]], list[Value]],
    ) -> list[Value]:
        axis = len(outer)
        if axis == self.axes:
            return row(outer, totals)
        extent = self.ctx.table.extent(self.shape[axis])
        with self.b.loop(*ranges.get(axis, (0, extent)), carries=totals) as loop:
            here = Index(self.b, loop.index)
            loop.next = self._loops(ranges, [*outer, here], loop.carries, row)
        return loop.results

    def _row(self, outer: Sequence[Index], targets: Sequence[Target]) -> list[Value]:
        trees = self.trees()
        for stage, answer in zip(self.stages, self.answers, strict=True):
            node = stage.node
            if isinstance(node, RowReduced):
                tree, *trees = trees
                kept = self._stored(tree, trees)
                total = RowSum(self.ctx, node.op, tree, kept, self.lanes)
                value = total.of_row(outer)
                for x, buffer in kept.items():
                    x.buffer = buffer
            place = [outer[k] if k >= 0 else Index(self.b, -1 - k) for k in stage.place]
            reader = Reader(self.ctx, 1, place, {})
            if not isinstance(node, RowReduced):
                value = reader.read(node, place)
            reader.write(answer, place, value)
            node.buffer = answer
        if targets:
            self._ends(outer, targets)
        return []

    def _ends(self, outer: Sequence[Index], targets: Sequence[Target]) -> None:
        kept = self._shared([node for node, _ in targets])

        def run(lanes: int, base: Any) -> None:
            last = Index(self.b, base, 1 if lanes > 1 else 0, lanes)
            place = [*indices(self.b, outer, lanes), last]
            reader = Reader(self.ctx, lanes, place, kept)
            for node, buffer in targets:
                reader.write(buffer, place, reader.read(node, place))

        extent = self.ctx.table.extent(self.shape[-1])
        nest.strip(self.ctx, extent, self.lanes, run, again=True)

    def _shared(self, roots: Sequence[Node]) -> dict[Lazy, Buffer]:
        """Dear nodes of the roots that no stage has stored, and other nests read."""
        shared = nest.shared_nodes(roots, flat=False)
        kept = {n: self.ctx.buffer(n.shape, n.dtype) for n in shared}
        self.kept.update(kept)
        return kept

    def _stored(self, tree: Node, later: Sequence[Node]) -> dict[Lazy, Buffer]:
        """Dear nodes of a sum that later loops of the row read, or other nests."""
        again = {id(x) for root in later for x in at_own_place(root)}
        parents = self._parents()
        kept: dict[Lazy, Buffer] = {}
        todo = [tree]
        while todo:
            node = todo.pop()
            if not isinstance(node, Lazy) or node.buffer is not None or node in kept:
                continue
            outside = node.uses > parents.get(id(node), 0)
            if id(node) in self.row_views:
                continue
            if node.cost > nest.CHEAP and id(node) not in self.others:
                if outside:
                    kept[node] = self.ctx.buffer(node.shape, node.dtype)
                    self.kept[node] = kept[node]
                elif id(node) in again:
                    kept[node] = self._one_row(node)
                    self.scratch.append(node)
                if node in kept:
                    continue
            if isinstance(node, Map):
                todo.extend(x for x in node.operands if x.ndim == node.ndim)
        return kept

    def _one_row(self, node: Lazy) -> Buffer:
        """Memory for one row, which all rows that a thread computes use in turn."""
        strides = [0] * self.axes + [1]
        if self.worker is None:
            made: Buffer = self.ctx.buffer(node.shape[-1:], node.dtype)
            return Buffer(made.ptr, node.shape, node.dtype, strides, made.allocation)
        # Whole cache lines, so that threads do not write to one of another.
        size = -(-node.shape[-1] // LARGEST_STATIC) * LARGEST_STATIC
        made = self.ctx.buffer((pool.workers(), size), node.dtype)
        own = times(self.b, self.worker, self.ctx.table.extent(size))
        at = self.b.offset(made.ptr, self.b.index(own), node.dtype)
        return Buffer(at, node.shape, node.dtype, strides, made.allocation)

    def _parents(self) -> dict[int, int]:
        """How many recipes of this nest read each node; results are read once more."""
        counts: dict[int, int] = {}
        nodes = {id(x): x for root in self.trees() for x in recipes(root)}
        nodes.update((id(s.node), s.node) for s in self.stages)
        for node in nodes.values():
            for x in node.operands:
                counts[id(x)] = counts.get(id(x), 0) + 1
        for root in self.roots:
            counts[id(root)] = counts.get(id(root), 0) + 1
        return counts
