"""The operations on arrays that ``lower`` rules are made of (``ctx`` in the rules)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad.compiler.emit.builder import Builder
from funcgrad.compiler.emit.value import INT64, Value
from funcgrad.compiler.kernels.kernel_text import Extern, KernelText
from funcgrad.compiler.lower import nest
from funcgrad.compiler.lower.combining import reduce_register
from funcgrad.compiler.lower.contraction import lower_dot_general
from funcgrad.compiler.lower.index import Index, indices
from funcgrad.compiler.lower.nodes import (
    Buffer,
    Compute,
    Lazy,
    Map,
    Node,
    Register,
    Reshaped,
    RowReduced,
    View,
    is_small,
    price,
)
from funcgrad.compiler.lower.reader import Reader
from funcgrad.compiler.lower.reduction import Reduction
from funcgrad.compiler.lower.row_recipes import can_be_rows, holds_row, settle_rows
from funcgrad.compiler.lower.storage import Storage
from funcgrad.core.aval import known_size

DEEPEST = 32
"""Moves of entries that follow each other in one loop nest."""


class ArrayLowering(Storage):
    """Recipes, loops and calls; arrays of few entries are computed at once."""

    # --- entry by entry

    def map(
        self,
        function: Callable[..., Value],
        *operands: Node,
        dtype: Any,
        cost: int = 1,
        closed: bool = False,
    ) -> Node:
        """``function(b, *entries)`` of operands of one shape, or 0-d.

        ``closed``: it reads nothing else, and is the same object for each such map.
        """
        shape = next((x.shape for x in operands if x.shape), ())
        if is_small(shape):
            lanes = math.prod(shape)
            values = [self.b.splat(self.value(x), lanes) for x in operands]
            self.b.alone = not shape
            result = function(self.b, *values)
            self.b.alone = False
            return Register(result, shape)
        ready = [self._outside_loop(x) for x in operands]
        return Map(function, ready, shape, np.dtype(dtype), cost, closed=closed)

    def view(
        self,
        x: Node,
        shape: Sequence[Any],
        function: Callable[[Sequence[Index]], Sequence[Any]],
    ) -> Node:
        """Entries of ``x`` at other places; ``function`` maps indices to indices."""
        shape = tuple(shape)
        if is_small(shape):
            settle_rows(self, [x])
            return self._small(
                shape, lambda reader, idx: _moved(reader, x, function, idx)
            )
        if isinstance(x, Lazy) and x.buffer is None and not self._is_along(x, shape):
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
            settle_rows(self, operands)
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
            if holds_row(x) and (axes := _same_axes(x.shape, shape)) is not None:
                return View(
                    x, shape, lambda idx: [idx[a] if a >= 0 else 0 for a in axes]
                )
            x = self.materialize(x)
        assert isinstance(x, Buffer)
        strides = self.strides(shape)
        return Buffer(x.ptr, shape, x.dtype, strides, x.allocation, x.length)

    def _is_along(self, x: Lazy, shape: Sequence[Any]) -> bool:
        """Whether a view may repeat sums of rows along the rows of this shape."""
        return can_be_rows(shape) and x.depth <= DEEPEST and holds_row(x)

    def _cheap_to_repeat(self, x: Node) -> Node:
        """A node that may be read many times an entry."""
        deep = isinstance(x, Lazy) and x.buffer is None and x.depth > DEEPEST
        return self.materialize(x) if deep or price(x) > nest.CHEAP else x

    def read_at(self, x: Node, idx: Sequence[Any]) -> Value:
        """One entry of an array, where the program is now."""
        place = indices(self.b, idx, 1)
        return Reader(self, 1, place, {}).read(x, place)

    # --- loops, reductions, kernels

    def reduce(self, op: str, x: Node, axes: Sequence[int]) -> Node:
        """``add mul min max and or xor`` over axes; producers are fused."""
        axes = sorted(axes)
        if not axes:
            return x
        if is_small(x.shape):
            return reduce_register(self, op, self.register(x), axes)
        if axes == [x.ndim - 1] and can_be_rows(x.shape) and not is_small(x.shape[:-1]):
            return RowReduced(op, self._outside_loop(x))
        if len(axes) == x.ndim:
            total = self.total_by_rows(op, x)
            if total is not None:
                return Register(total, ())
        settle_rows(self, [x])
        result = Reduction(self, op, x, axes).run()
        self.lifetimes.tick()
        return self._settled(result)

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


def _moved(reader: Reader, x: Node, function: Any, idx: Any) -> Value:
    from_indices = indices(reader.b, list(function(idx)), reader.lanes)
    return reader.read(x, from_indices)


def _same_axes(shape: Sequence[Any], other: Sequence[Any]) -> list[int] | None:
    """For each axis of ``shape`` the one of ``other`` that it is, -1 for extent 1.

    None where the shapes differ in more than axes of extent 1.
    """
    long = [axis for axis, extent in enumerate(other) if extent != 1]
    if [other[axis] for axis in long] != [extent for extent in shape if extent != 1]:
        return None
    found = iter(long)
    return [-1 if extent == 1 else next(found) for extent in shape]


def _repeats(x: Node, shape: Sequence[Any]) -> bool:
    """Whether a view of this shape reads entries of ``x`` more than once."""
    return known_size(shape) > known_size(x.shape)
