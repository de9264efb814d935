"""What an array is while a program is lowered: registers, memory, or a recipe."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad.compiler.emit.value import Value
from funcgrad.compiler.lower.buffers import Allocation
from funcgrad.compiler.lower.index import Index, Number

REGISTER_ENTRIES = 16
"""Arrays of up to this many entries live in registers, and their sizes are code."""


class Node:
    """An array of the program: its shape and dtype, and how many equations read it."""

    __slots__ = ("dtype", "ndim", "shape", "uses")

    def __init__(self, shape: Sequence[Any], dtype: np.dtype[Any]) -> None:
        self.shape = tuple(shape)
        self.ndim = len(self.shape)
        self.dtype = np.dtype(dtype)
        self.uses = 0


class Register(Node):
    """An array of few entries as one vector value, in row-major order."""

    __slots__ = ("value",)

    def __init__(self, value: Value, shape: Sequence[int]) -> None:
        super().__init__(shape, value.dtype)
        self.value = value
        if value.lanes != math.prod(self.shape):
            raise AssertionError(f"{value} holds an array of shape {self.shape}")


class Entries(Node):
    """An array of few entries with a scalar for each, in row-major order."""

    __slots__ = ("values",)

    def __init__(self, values: Sequence[Value], shape: Sequence[int]) -> None:
        super().__init__(shape, values[0].dtype)
        self.values = tuple(values)


class Buffer(Node):
    """An array in memory, row-major; ``allocation`` is None where it is not ours."""

    __slots__ = ("allocation", "length", "ptr", "strides")

    def __init__(
        self,
        ptr: str,
        shape: Sequence[Any],
        dtype: np.dtype[Any],
        strides: Sequence[Number],
        allocation: Allocation | None = None,
        length: Value | None = None,
    ) -> None:
        super().__init__(shape, dtype)
        self.ptr = ptr
        self.strides = tuple(strides)
        self.allocation = allocation
        self.length = length

    def linear(self, b: Any, idx: Sequence[Any]) -> Index:
        """Place of an entry, counted in entries."""
        total = Index(b, 0)
        for i, stride in zip(idx, self.strides, strict=True):
            total = total + (i if isinstance(i, Index) else Index(b, i)) * stride
        return total

    def load(self, b: Any, idx: Sequence[Any]) -> Value:
        """The entry at these indices."""
        return load_at(b, self.ptr, self.linear(b, idx), self.dtype)

    def store(self, b: Any, idx: Sequence[Any], value: Value) -> None:
        """Write the entry at these indices."""
        store_at(b, self.ptr, self.linear(b, idx), value)


def load_at(b: Any, ptr: str, at: Index, dtype: np.dtype[Any]) -> Value:
    """One entry a lane, by the cheapest kind of access."""
    if at.vector is not None:
        return b.gather(ptr, at.vector, dtype)
    if at.is_uniform:
        return b.splat(b.load(ptr, at.base, dtype), at.lanes)
    if at.step == 1:
        return b.load(ptr, at.base, dtype, at.lanes)
    if at.step == -1:
        first = (Index(b, at.base) - (at.lanes - 1)).base
        ahead = b.load(ptr, first, dtype, at.lanes)
        return b.shuffle(ahead, list(range(at.lanes))[::-1])
    entries = [Index(b, at.base) + Index(b, at.step) * k for k in range(at.lanes)]
    return b.concat_lanes([b.load(ptr, e.base, dtype) for e in entries])


def store_at(b: Any, ptr: str, at: Index, value: Value) -> None:
    """Write one entry a lane."""
    if value.lanes != at.lanes:
        value = b.splat(value, at.lanes)
    if at.vector is None and (at.lanes == 1 or at.step == 1):
        b.store(value, ptr, at.base)
    else:
        b.scatter(value, ptr, at.value(b))


class Lazy(Node):
    """An array that is computed where it is read; ``buffer`` once it is in memory.

    ``flat``: entries can be read by their place in row-major order.
    ``cost``: price of one entry, in additions, counted from memory and registers;
    ``own_cost``: without that of its operands.
    ``depth``: how many moves of entries follow each other.
    ``rows``: whether it was made of sums of rows that were not in memory.
    """

    __slots__ = ("buffer", "cost", "depth", "flat", "operands", "own_cost", "rows")

    def __init__(
        self,
        shape: Sequence[Any],
        dtype: np.dtype[Any],
        operands: Sequence[Node],
        cost: int,
        *,
        flat: bool,
    ) -> None:
        super().__init__(shape, dtype)
        self.operands = tuple(operands)
        self.flat = flat
        self.cost = self.own_cost = cost
        self.depth = 0 if type(self) is Map else 1
        self.rows = False
        deepest = 0
        for x in operands:
            if isinstance(x, Lazy) and x.buffer is None:
                self.cost += x.cost
                self.rows |= x.rows
                deepest = max(deepest, x.depth)
        self.depth += deepest
        self.buffer: Buffer | None = None


class Map(Lazy):
    """Entry by entry: ``function(b, *entries)`` of operands of one shape or 0-d.

    ``closed``: the function reads nothing else, so copies of it are all alike.
    """

    __slots__ = ("closed", "function")

    def __init__(
        self,
        function: Callable[..., Value],
        operands: Sequence[Node],
        shape: Sequence[Any],
        dtype: np.dtype[Any],
        cost: int,
        *,
        closed: bool = False,
    ) -> None:
        flat = all(is_flat(x) or x.ndim == 0 for x in operands)
        super().__init__(shape, dtype, operands, cost, flat=flat)
        self.function = function
        self.closed = closed


class View(Lazy):
    """Entries of the operand in other places."""

    __slots__ = ("function",)

    def __init__(
        self,
        operand: Node,
        shape: Sequence[Any],
        function: Callable[[Sequence[Index]], Sequence[Any]],
    ) -> None:
        super().__init__(shape, operand.dtype, (operand,), 0, flat=False)
        self.function = function


class Compute(Lazy):
    """Any function of the place: ``function(b, idx, read)``."""

    __slots__ = ("function",)

    def __init__(
        self,
        shape: Sequence[Any],
        dtype: np.dtype[Any],
        function: Callable[..., Value],
        operands: Sequence[Node],
        cost: int,
    ) -> None:
        super().__init__(shape, dtype, operands, cost, flat=False)
        self.function = function


class Reshaped(Lazy):
    """A flat operand under another shape."""

    __slots__ = ()

    def __init__(self, operand: Node, shape: Sequence[Any]) -> None:
        super().__init__(shape, operand.dtype, (operand,), 0, flat=True)


ROW_COST = 1000
"""What computing the sum of a row again would cost."""


class RowReduced(Lazy):
    """Rows of the operand, along its last axis, each combined to an entry by ``op``."""

    __slots__ = ("op",)

    def __init__(self, op: str, operand: Node) -> None:
        shape = operand.shape[:-1]
        super().__init__(shape, operand.dtype, (operand,), ROW_COST, flat=False)
        self.rows = True
        self.op = op


def price(node: Node) -> int:
    """What reading an entry of this node costs."""
    return node.cost if isinstance(node, Lazy) and node.buffer is None else 0


def is_flat(node: Node) -> bool:
    """Whether entries can be read by their place in row-major order."""
    if isinstance(node, Lazy):
        return node.flat or node.buffer is not None
    return isinstance(node, Buffer)


def is_small(shape: Sequence[Any]) -> bool:
    """Whether arrays of this shape live in registers."""
    for n in shape:
        if not isinstance(n, int) or n > REGISTER_ENTRIES:
            # Another extent may be zero, and then it is not small either.
            return False
    return 1 <= math.prod(shape) <= REGISTER_ENTRIES


def buffers_read(node: Node) -> set[Allocation]:
    """The allocations that reading this node touches."""
    found: set[Allocation] = set()
    seen: set[int] = set()
    todo = [node]
    while todo:
        current = todo.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        if isinstance(current, Buffer):
            if current.allocation is not None:
                found.add(current.allocation)
        elif isinstance(current, Lazy):
            todo.extend(
                [current.buffer] if current.buffer is not None else current.operands
            )
    return found
