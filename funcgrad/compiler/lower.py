"""Lowering: the equations of a jaxpr to loop nests, by asking each primitive.

``Lowering`` is what the ``lower`` rules of primitives are given (as ``ctx``).
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from funcgrad.compiler import nest
from funcgrad.compiler.buffers import Allocation, Lifetimes
from funcgrad.compiler.builder import Builder, Module
from funcgrad.compiler.contraction import lower_dot_general
from funcgrad.compiler.index import Index, Number, times
from funcgrad.compiler.kernels.kernel_text import Extern, KernelText
from funcgrad.compiler.layout import turned_views
from funcgrad.compiler.nodes import (
    Buffer,
    Compute,
    Lazy,
    Map,
    Node,
    Register,
    Reshaped,
    View,
    buffers_read,
    is_small,
    price,
)
from funcgrad.compiler.reduction import Reduction, reduce_register
from funcgrad.compiler.table import LARGEST_STATIC, Table
from funcgrad.compiler.tapes import TapeSlots
from funcgrad.compiler.value import INT64, Value
from funcgrad.core.aval import DYNAMIC
from funcgrad.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var

DEEPEST = 32
"""Moves of entries that follow each other in one loop nest."""


class Scope:
    """The nodes of one jaxpr while it is lowered, and who reads them still.

    ``operands`` are those of the equation at hand. Memory that is ``pinned`` is read
    again in other trips of a loop, whoever reads it in this one.
    """

    def __init__(self, jaxpr: Jaxpr | None = None) -> None:
        self.nodes: dict[Var, Node] = {}
        self.remaining: Counter[Var] = Counter()
        self.operands: Sequence[Node] = ()
        self.pinned: set[Allocation] = set()
        self.spilled: dict[int, tuple[Node, Buffer]] = {}
        if jaxpr is None:
            return
        for eqn in jaxpr.eqns:
            self.remaining.update(v for v in eqn.invars if type(v) is Var)
        self.remaining.update(v for v in jaxpr.outvars if type(v) is Var)

    def child(self, pinned: Iterable[Node] = ()) -> Scope:
        """A scope for code that does not run always: it shares what is ready here."""
        made = Scope()
        made.spilled = dict(self.spilled)
        made.pinned.update(*map(buffers_read, pinned))
        return made

    def needs(self, allocation: Allocation) -> bool:
        """Whether an equation to come, or another trip, reads this memory."""
        return allocation in self.pinned or any(
            self.remaining[var] > 0 and allocation in buffers_read(node)
            for var, node in self.nodes.items()
        )


class ArrayLowering:
    """The operations on arrays that ``lower`` rules are made of."""

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
        self._tapes = TapeSlots(self)
        self._fail_label = ""
        self._status_at = ""
        self._names = itertools.count()

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

    def const(self, value: Any) -> Node:
        """An array that stands in the program: its address is data, not code."""
        array = np.asarray(value)
        if array.ndim == 0:
            return Register(self.number(array[()], array.dtype), ())
        array = np.ascontiguousarray(array)
        self.constants.append(array)
        _, address = self.table.fresh(array.ctypes.data, "address")
        pointer = f"%constant.{next(self._names)}"
        self.prologue.append(f"  {pointer} = inttoptr i64 {address} to ptr")
        node = Buffer(pointer, array.shape, array.dtype, self.strides(array.shape))
        return self.register(node) if is_small(array.shape) else node

    # --- entry by entry

    def map(
        self,
        function: Callable[..., Value],
        *operands: Node,
        dtype: Any,
        cost: int = 1,
    ) -> Node:
        """``function(b, *entries)`` of operands of one shape, or 0-d."""
        shape = next((x.shape for x in operands if x.shape), ())
        if is_small(shape):
            lanes = math.prod(shape)
            values = [self.b.splat(self.value(x), lanes) for x in operands]
            return Register(function(self.b, *values), shape)
        ready = [self._outside_loop(x) for x in operands]
        return Map(function, ready, shape, np.dtype(dtype), cost)

    def view(
        self,
        x: Node,
        shape: Sequence[Any],
        function: Callable[[Sequence[Index]], Sequence[Any]],
    ) -> Node:
        """Entries of ``x`` at other places; ``function`` maps indices to indices."""
        shape = tuple(shape)
        if is_small(shape):
            return self._small(
                shape, lambda reader, idx: _moved(reader, x, function, idx)
            )
        if isinstance(x, Lazy) and x.buffer is None:
            repeated = _repeats(x, shape) and x.cost
            elsewhere = x.uses > 1 and x.cost > nest.CHEAP
            if repeated or elsewhere or x.depth > DEEPEST:
                x = self.materialize(x)
        return View(self._outside_loop(x), shape, function)

    def compute(
        self,
        shape: Sequence[Any],
        dtype: Any,
        function: Callable[..., Value],
        operands: Sequence[Node],
        cost: int = 1,
    ) -> Node:
        """``function(b, idx, read)``, with ``read(k, indices)`` of operand k."""
        shape = tuple(shape)
        if is_small(shape):
            node = Compute(shape, np.dtype(dtype), function, operands, cost)
            return self._small(shape, lambda reader, idx: reader.read(node, idx))
        ready = [self._outside_loop(self._cheap_to_repeat(x)) for x in operands]
        return Compute(shape, np.dtype(dtype), function, ready, cost)

    def reshape(self, x: Node, shape: Sequence[Any]) -> Node:
        shape = tuple(shape)
        if isinstance(x, Lazy) and x.buffer is not None:
            x = x.buffer
        if is_small(shape):
            return Register(self.value(x), shape)
        if isinstance(x, Lazy):
            if x.flat and x.depth <= DEEPEST:
                return Reshaped(x, shape)
            x = self.materialize(x)
        assert isinstance(x, Buffer)
        strides = self.strides(shape)
        return Buffer(x.ptr, shape, x.dtype, strides, x.allocation, x.length)

    def _cheap_to_repeat(self, x: Node) -> Node:
        """A node that may be read many times an entry."""
        deep = isinstance(x, Lazy) and x.buffer is None and x.depth > DEEPEST
        return self.materialize(x) if deep or price(x) > nest.CHEAP else x

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
            row = read(nest.Reader(self, lanes, idx, {}), idx)
            rows.append(self.b.splat(row, lanes))
        return Register(self.b.concat_lanes(rows), shape)

    # --- registers and memory

    def value(self, x: Node) -> Value:
        """All entries of a small array as one vector value."""
        return self.register(x).value

    def register(self, x: Node) -> Register:
        """A small array in registers."""
        if isinstance(x, Register):
            return x
        if isinstance(x, Lazy) and x.buffer is not None:
            x = x.buffer
        if isinstance(x, Buffer):
            self.lifetimes.touch(x.allocation)
            lanes = math.prod(x.shape)
            return Register(self.b.load(x.ptr, 0, x.dtype, lanes), x.shape)
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
        if isinstance(x, Register):
            return self.spill(x)
        assert isinstance(x, Lazy)
        if x.buffer is None:
            self.store_all([(x, self.buffer(x.shape, x.dtype))])
        assert x.buffer is not None
        self.lifetimes.touch(x.buffer.allocation)
        return x.buffer

    def store_all(self, targets: Sequence[tuple[Node, Buffer]]) -> None:
        """Compute nodes of one shape into buffers, in one loop nest."""
        roots = [node for node, _ in targets]
        shape = roots[0].shape
        flat = nest.flat_together(roots, shape)
        shared = nest.shared_nodes(roots, flat=flat)
        kept = {n: self.buffer(n.shape, n.dtype) for n in shared}
        lanes = nest.lanes_for(self, nest.widest_tree(roots))

        def body(reader: nest.Reader, place: Any) -> None:
            for node, buffer in targets:
                reader.write(buffer, place, reader.read(node, place))

        reads = set[Allocation]().union(*map(buffers_read, roots))
        again = not any(buffer.allocation in reads for _, buffer in targets)
        length = targets[0][1].length
        turned = None if flat else self._turned_axis(roots)
        nest.over(
            *(self, shape, flat, lanes, body, kept, length), again=again, turned=turned
        )
        for node, buffer in (*targets, *kept.items()):
            if isinstance(node, Lazy):
                node.buffer = buffer
        self.lifetimes.tick()

    def _turned_axis(self, roots: Sequence[Node]) -> int | None:
        """The axis along which operands lie in memory that is not the last one."""
        last = roots[0].shape[-1]
        if isinstance(last, int) and last <= LARGEST_STATIC:
            return None
        return next((axis for _, axis in turned_views(self, roots)), None)

    def copy_into(self, x: Node, target: Buffer) -> None:
        """Write the array into memory that exists."""
        if isinstance(x, Register):
            self.lifetimes.touch(target.allocation)
            self.b.store(x.value, target.ptr, 0)
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
        if isinstance(source, Buffer) and self._dies(source):
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

    def _dies(self, source: Buffer) -> bool:
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

    # --- loops, reductions, kernels

    def reduce(self, op: str, x: Node, axes: Sequence[int]) -> Node:
        """``add mul min max and or xor`` over axes; producers are fused."""
        axes = sorted(axes)
        if not axes:
            return x
        if is_small(x.shape):
            return reduce_register(self, op, self.register(x), axes)
        result = Reduction(self, op, x, axes).run()
        self.lifetimes.tick()
        return self._settled(result)

    def _settled(self, x: Node) -> Node:
        return self.register(x) if is_small(x.shape) else x

    def dot_general(self, x: Node, y: Node, dims: Any, dtype: Any) -> Node:
        """The contraction of two arrays: ``((sum, sum), (batch, batch))`` axes."""
        return lower_dot_general(self, x, y, dims, dtype)

    def for_each(
        self, shape: Sequence[Any], body: Callable[[Builder, list[Index]], None]
    ) -> None:
        """Sequential loops, one entry at a time, in row-major order."""
        self.lifetimes.enter_loop()
        idx: list[Index] = []

        def go(axis: int) -> None:
            if axis == len(shape):
                body(self.b, list(idx))
                return
            with self.b.loop(0, self.axis_extent(shape, axis)) as loop:
                idx.append(Index(self.b, loop.index))
                go(axis + 1)
                idx.pop()

        go(0)
        self.lifetimes.leave_loop()

    def call_kernel(
        self, text: str, symbol: str, externs: Sequence[Extern], args: Sequence[Any]
    ) -> Value:
        """Call an internal function of pointers and integers; its i64 status."""
        kernel = KernelText(symbol, text, tuple(externs), 0, 0, 0)
        kernel.include(self.module)
        pairs: list[tuple[str, str]] = []
        for arg in args:
            if isinstance(arg, Buffer):
                self.lifetimes.touch(arg.allocation)
                pairs.append(("ptr", arg.ptr))
            else:
                at = arg if isinstance(arg, Index) else Index(self.b, arg)
                pairs.append(("i64", at.value(self.b).name))
        self.lifetimes.tick()
        given = ", ".join(f"{kind} {name}" for kind, name in pairs)
        return Value(self.b.op(f"call i64 @{symbol}({given})"), INT64)


def _moved(reader: nest.Reader, x: Node, function: Any, idx: Any) -> Value:
    from_indices = nest.indices(reader.b, list(function(idx)), reader.lanes)
    return reader.read(x, from_indices)


def _repeats(x: Node, shape: Sequence[Any]) -> bool:
    """Whether a view of this shape reads entries of ``x`` more than once."""
    sizes = [math.prod(n for n in s if n != DYNAMIC) for s in (x.shape, shape)]
    return sizes[1] > sizes[0]


class Lowering(ArrayLowering):
    """A whole program: equations in order, results into the caller's memory."""

    def lower_jaxpr(self, jaxpr: Jaxpr, operands: Sequence[Node]) -> list[Node]:
        """Nodes of the results; loops are emitted where nodes have to be in memory."""
        scope = Scope(jaxpr)
        if self.scopes:
            scope.spilled = self.scopes[-1].spilled
        self.scopes.append(scope)
        for var, node in zip(jaxpr.invars, operands, strict=True):
            self._bind(scope, var, node)
        for eqn in jaxpr.eqns:
            self._lower_eqn(eqn, scope)
        results = [self._read(atom, scope) for atom in jaxpr.outvars]
        self.scopes.pop()
        return results

    def _bind(self, scope: Scope, var: Var, node: Node) -> None:
        node.uses += scope.remaining[var]
        scope.nodes[var] = node

    def _read(self, atom: Atom, scope: Scope) -> Node:
        if isinstance(atom, Literal):
            return Register(self.number(atom.val, atom.aval.dtype), ())
        return scope.nodes[atom]

    def _lower_eqn(self, eqn: Eqn, scope: Scope) -> None:
        operands = [self._read(atom, scope) for atom in eqn.invars]
        scope.remaining.subtract(v for v in eqn.invars if type(v) is Var)
        scope.operands = operands
        with self.lifetimes.equation():
            result = eqn.primitive.lower(self, *operands, **eqn.params)
        results = result if eqn.primitive.multiple_results else [result]
        for var, node in zip(eqn.outvars, results, strict=True):
            if node.dtype != var.aval.dtype or node.shape != var.aval.shape:
                raise AssertionError(
                    f"{eqn.primitive} was lowered to {node.dtype}{node.shape}, "
                    f"its type is {var.aval}"
                )
            if is_small(node.shape):
                node = self.register(node)
            elif any(node is operand for operand in operands):
                node = _alias(node)
            self._bind(scope, var, node)


def _alias(node: Node) -> Node:
    """Another node for the same array, with uses of its own."""
    if isinstance(node, Buffer):
        return Buffer(
            node.ptr,
            node.shape,
            node.dtype,
            node.strides,
            node.allocation,
            node.length,
        )
    return node
