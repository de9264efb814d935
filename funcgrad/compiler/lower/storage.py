"""Arrays of a program in registers and memory: copies, and which may be overwritten."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np

from funcgrad.compiler.emit.value import Value
from funcgrad.compiler.lower import nest
from funcgrad.compiler.lower.buffers import Allocation
from funcgrad.compiler.lower.index import Index, times
from funcgrad.compiler.lower.layout import turned_views
from funcgrad.compiler.lower.nodes import (
    Buffer,
    Entries,
    Lazy,
    Node,
    Register,
    RowReduced,
    buffers_read,
    is_small,
    price,
)
from funcgrad.compiler.lower.parallel import chunk_of
from funcgrad.compiler.lower.patterns import pattern_of, renamed
from funcgrad.compiler.lower.program import ProgramText
from funcgrad.compiler.lower.reader import Reader
from funcgrad.compiler.lower.row_nests import RowNest
from funcgrad.compiler.lower.row_recipes import can_be_rows, holds_row, settle_rows
from funcgrad.compiler.lower.streaming import streamed_target
from funcgrad.compiler.lower.table import LARGEST_STATIC
from funcgrad.core.aval import DYNAMIC


class Storage(ProgramText):
    """Moves arrays between recipes, registers and memory."""

    def const(self, value: Any) -> Node:
        """An array that stands in the program: its address is data, not code."""
        array = np.asarray(value)
        if array.ndim == 0:
            return Register(self.number(array[()], array.dtype), ())
        array = np.ascontiguousarray(array)
        self.constants.append(array)
        _, pointer = self.constant_pointer(array.ctypes.data)
        node = Buffer(pointer, array.shape, array.dtype, self.strides(array.shape))
        return self._settled(node)

    def constant_pointer(self, address: int) -> tuple[int, str]:
        """The word of the table that has an address, and the pointer made of it."""
        word, number = self.table.address(address, "address")
        pointer = f"%constant.{next(self._names)}"
        self.prologue.append(f"  {pointer} = inttoptr i64 {number} to ptr")
        return word, pointer

    def _settled(self, x: Node) -> Node:
        """A small array in registers, any other as it is."""
        return self.register(x) if is_small(x.shape) else x

    def value(self, x: Node) -> Value:
        """All entries of a small array as one vector value."""
        return self.register(x).value

    def register(self, x: Node) -> Register:
        """A small array in registers."""
        if isinstance(x, Register):
            return x
        if isinstance(x, Entries):
            return Register(self.b.concat_lanes(list(x.values)), x.shape)
        if isinstance(x, Lazy) and x.buffer is not None:
            x = x.buffer
        if isinstance(x, Buffer):
            self.lifetimes.touch(x.allocation)
            lanes = math.prod(x.shape)
            return Register(self.b.load(x.ptr, 0, x.dtype, lanes), x.shape)
        settle_rows(self, [x])
        return self._small(x.shape, lambda reader, idx: reader.read(x, idx))

    def spill(self, x: Register) -> Buffer:
        """A copy of registers on the stack, for indices that are not known."""
        known = self.scopes[-1].spilled.get(id(x))
        if known is not None:
            return known[1]
        pointer = self.b.alloca(x.dtype, x.value.lanes)
        self.b.store(x.value, pointer, 0)
        made = Buffer(pointer, x.shape, x.dtype, self.strides(x.shape))
        self.scopes[-1].spilled[id(x)] = (x, made)
        return made

    def buffer(self, shape: Sequence[Any], dtype: Any) -> Buffer:
        """New memory, row-major, not initialised."""
        dtype = np.dtype(dtype)
        name = f"%buf.{next(self._names)}"
        nbytes = math.prod(shape) * dtype.itemsize
        allocation = self.lifetimes.allocate(name, nbytes)
        return Buffer(name, shape, dtype, self.strides(shape), allocation)

    def materialize(self, x: Node) -> Buffer:
        """The array in contiguous memory."""
        if isinstance(x, Buffer):
            self.lifetimes.touch(x.allocation)
            return x
        if isinstance(x, Register | Entries):
            return self.spill(self.register(x))
        assert isinstance(x, Lazy)
        if isinstance(x, RowReduced) and x.buffer is None:
            self._by_rows(x.operands[0].shape, [x], [])
        if x.buffer is None:
            self.store_all([(x, self.buffer(x.shape, x.dtype))])
        assert x.buffer is not None
        self.lifetimes.touch(x.buffer.allocation)
        return x.buffer

    def store_all(self, targets: Sequence[tuple[Node, Buffer]]) -> None:
        """Compute nodes of one shape into buffers, in one loop nest."""
        roots = [node for node, _ in targets]
        shape = roots[0].shape
        if self._by_rows(shape, roots, targets):
            return
        settle_rows(self, roots)
        flat = nest.flat_together(roots, shape)
        shared = nest.shared_nodes(roots, flat=flat)
        kept = {n: self.buffer(n.shape, n.dtype) for n in shared}
        tree = nest.widest_tree(roots)
        lanes = nest.lanes_for(self, tree, nest.registers_for(tree))

        def body(reader: Reader, place: Any) -> None:
            for node, buffer in targets:
                reader.write(buffer, place, reader.read(node, place))

        reads = set[Allocation]().union(*map(buffers_read, roots))
        again = not any(buffer.allocation in reads for _, buffer in targets)
        length = targets[0][1].length
        turned = None if flat else self._turned_axis(roots)
        cost = sum(map(price, roots))
        stream = streamed_target([buffer for _, buffer in targets], tree)

        def write() -> None:
            nest.over(
                *(self, shape, flat, lanes, body, kept, length),
                again=again,
                turned=turned,
                cost=cost,
                stream=stream,
            )

        written = [*targets, *kept.items()]
        entries = math.prod(shape)
        split = chunk_of(self, entries, entries, cost, lanes)
        one_loop = flat and length is None and not split
        how = (len(targets), lanes, again, stream is not None)
        if not (one_loop and self._as_routine(written, tree, how, write)):
            write()
        for node, buffer in written:
            if isinstance(node, Lazy):
                node.buffer = buffer
        self.lifetimes.tick()

    def _as_routine(
        self,
        written: Sequence[tuple[Node, Buffer]],
        tree: Sequence[Node],
        how: Hashable,
        write: Callable[[], None],
    ) -> bool:
        """Whether a flat loop of a long program became a function, or calls one."""
        pattern = pattern_of([x for x, _ in written], tree) if self.is_long else None
        targets = [buffer for _, buffer in written]
        if pattern is None or any(x is y for x in pattern.leaves for y in targets):
            return False
        buffers = [*pattern.leaves, *targets]
        for buffer in buffers:
            self.lifetimes.touch(buffer.allocation)

        def write_elsewhere(pointers: Sequence[str]) -> None:
            with renamed(buffers, pointers):
                write()

        key = ("flat", math.prod(targets[0].shape), how, pattern.key)
        self.routines.run(key, [buffer.ptr for buffer in buffers], write_elsewhere)
        return True

    def _by_rows(
        self, shape: Sequence[Any], roots: Sequence[Node], targets: Sequence[Any]
    ) -> bool:
        """Whether sums of rows, and what reads them, could be computed row by row."""
        rows = self._row_nest(shape, roots)
        if rows is not None:
            rows.run(targets)
        return rows is not None

    def total_by_rows(self, op: str, x: Node) -> Value | None:
        """The sum of all entries, row by row, where they are made of sums of rows."""
        stays = x.uses > 1 and price(x) > nest.CHEAP
        if stays or isinstance(x, RowReduced):
            return None
        rows = self._row_nest(x.shape, [x])
        return None if rows is None else rows.total(op)

    def _row_nest(self, shape: Sequence[Any], roots: Sequence[Node]) -> RowNest | None:
        if not can_be_rows(shape) or not any(map(holds_row, roots)):
            return None
        while (rows := RowNest(self, shape, roots)).stages:
            if rows.is_ready():
                settle_rows(self, rows.below())
                return rows
        return None

    def _turned_axis(self, roots: Sequence[Node]) -> int | None:
        """The axis along which operands lie in memory that is not the last one."""
        last = roots[0].shape[-1]
        short = isinstance(last, int) and last <= LARGEST_STATIC
        if short or roots[0].ndim == 1:
            return None
        return next((axis for _, axis in turned_views(self, roots)), None)

    def copy_into(self, x: Node, target: Buffer) -> None:
        """Write the array into memory that exists."""
        if isinstance(x, Register | Entries):
            self.lifetimes.touch(target.allocation)
            self.b.store(self.value(x), target.ptr, 0)
            return
        source = x.buffer if isinstance(x, Lazy) else x
        if source is None:
            self.store_all([(x, target)])
            return
        assert isinstance(source, Buffer)
        self.lifetimes.touch(source.allocation)
        self.lifetimes.touch(target.allocation)
        nbytes = times(self.b, self.size(x.shape, source.length), x.dtype.itemsize)
        self.b.memcpy(target.ptr, source.ptr, nbytes)
        self.lifetimes.tick()

    def mutable(self, x: Node) -> Buffer:
        """Memory that holds ``x`` and may be overwritten: its own where it dies."""
        source = x.buffer if isinstance(x, Lazy) and x.buffer is not None else x
        if isinstance(source, Lazy):
            return self._fresh(source)
        if isinstance(source, Buffer) and self.dies(source):
            self.lifetimes.touch(source.allocation)
            return Buffer(
                source.ptr,
                source.shape,
                source.dtype,
                source.strides,
                source.allocation,
            )
        return self._fresh(source)

    def _fresh(self, x: Node) -> Buffer:
        made = self.buffer(x.shape, x.dtype)
        if isinstance(x, Lazy) and x.uses > 1:
            self.copy_into(self.materialize(x), made)
        else:
            self.copy_into(x, made)
            if isinstance(x, Lazy):
                x.buffer = None
        return made

    def dies(self, source: Buffer) -> bool:
        """Whether no value that is still needed reads this memory.

        Recipes among the operands at hand that read it are carried out first.
        """
        allocation = source.allocation
        if allocation is None:
            return False
        self._carry_out_small_readers(source)
        if any(s.needs(allocation) for s in self.scopes):
            return False
        readers = [x for x in self.scopes[-1].operands if allocation in buffers_read(x)]
        recipes = [x for x in readers if isinstance(x, Lazy) and x.buffer is None]
        if len(readers) - len(recipes) > 1:
            return False
        for recipe in recipes:
            self.materialize(recipe)
        return True

    def _carry_out_small_readers(self, source: Buffer) -> None:
        """Carry out what reads a part of an array, rather than copy all of it."""
        scope = self.scopes[-1]
        readers = {
            id(node): node
            for var, node in scope.nodes.items()
            if scope.remaining[var] > 0 and source.allocation in buffers_read(node)
        }
        recipes = [
            x for x in readers.values() if isinstance(x, Lazy) and x.buffer is None
        ]
        shapes = [x.shape for x in (source, *recipes)]
        if len(recipes) < len(readers) or any(DYNAMIC in s for s in shapes):
            return
        whole, *parts = map(math.prod, shapes)
        if sum(parts) < whole:
            for recipe in recipes:
                self.materialize(recipe)

    def _outside_loop(self, x: Node) -> Node:
        """A node that loops can index: arrays in registers go to memory."""
        if isinstance(x, Register) and x.value.lanes > 1:
            return self.spill(x)
        return x

    def _small(self, shape: tuple[int, ...], read: Callable[..., Value]) -> Register:
        """An array in registers, read row by row."""
        lanes = shape[-1] if shape else 1
        rows = []
        for outer in itertools.product(*map(range, shape[:-1])):
            idx = [Index(self.b, k, 0, lanes) for k in outer]
            if shape:
                idx.append(Index(self.b, 0, 1 if lanes > 1 else 0, lanes))
            row = read(Reader(self, lanes, idx, {}), idx)
            rows.append(self.b.splat(row, lanes))
        return Register(self.b.concat_lanes(rows), shape)
