"""Operands of a contraction as batches of matrices: where they lie, what is copied."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from funcgrad.compiler.lower.layout import axes_of
from funcgrad.compiler.lower.matrix_loops import Matrices
from funcgrad.compiler.lower.nodes import Buffer, Node, Register, View, is_small


class Operand(NamedTuple):
    """Matrices in memory or in registers, and the strides of their axes in entries.

    Attributes
    ----------
    node : Buffer or Register
    batch : tuple of int
        One stride for each axis of the batch.
    rows, columns : int
    """

    node: Buffer | Register
    batch: tuple[int, ...]
    rows: int
    columns: int

    def matrices(self, ctx: Any) -> Matrices:
        """The same with strides as numbers of the program."""
        extent = ctx.table.extent
        batch = tuple(map(extent, self.batch))
        return Matrices(self.node, batch, extent(self.rows), extent(self.columns))


def operand(
    ctx: Any,
    x: Node,
    batch: Sequence[int],
    rows: Sequence[int],
    columns: Sequence[int],
) -> Operand:
    """The array as matrices; copied where rows or columns are not one axis."""
    x, axes = peeled(ctx, x, (batch, rows, columns))
    node = _ready(ctx, x)
    steps = [_merged(x.shape, group) for group in axes[1:]]
    outer = tuple(_stride(x.shape, axis) for axis in axes[0])
    if steps[0] is not None and steps[1] is not None:
        return Operand(node, outer, steps[0], steps[1])
    order = [axis for group in axes for axis in group]
    node = _ready(ctx, permuted(ctx, node, order))
    sizes = [[x.shape[a] for a in group] for group in axes]
    return row_major(node, [*sizes[0], math.prod(sizes[1]), math.prod(sizes[2])])


def row_major(node: Buffer | Register, shape: Sequence[int]) -> Operand:
    """An array in order as matrices, which are its last two axes."""
    *batch, row, column = (_stride(shape, axis) for axis in range(len(shape)))
    return Operand(node, tuple(batch), row, column)


def merged_batch(
    sizes: Sequence[int], x: Operand, y: Operand
) -> tuple[tuple[int, ...], Operand, Operand]:
    """The batch with as few axes as both operands allow, but at least one."""
    axes: list[tuple[int, int, int]] = []
    for size, x_step, y_step in zip(sizes, x.batch, y.batch, strict=True):
        if size == 1:
            continue
        inner = (x_step * size, y_step * size)
        if axes and axes[-1][1:] == inner:
            axes[-1] = (axes[-1][0] * size, x_step, y_step)
        else:
            axes.append((size, x_step, y_step))
    batch, x_steps, y_steps = zip(*(axes or [(1, 0, 0)]), strict=True)
    return batch, x._replace(batch=x_steps), y._replace(batch=y_steps)


def _ready(ctx: Any, x: Node) -> Buffer | Register:
    if is_small(x.shape):
        register: Register = ctx.register(x)
        return register
    buffer: Buffer = ctx.materialize(x)
    return buffer


def _stride(shape: Sequence[int], axis: int) -> int:
    """Entries from one index along an axis of a row-major array to the next."""
    return 0 if shape[axis] == 1 else math.prod(shape[axis + 1 :])


def _merged(shape: Sequence[int], axes: Sequence[int]) -> int | None:
    """The stride of axes taken as one; None where they do not lie side by side."""
    wide = [a for a in axes if shape[a] != 1]
    if not wide:
        return 0
    spread = range(wide[0], wide[-1] + 1)
    between = [a for a in spread if shape[a] != 1]
    if list(wide) != between:
        return None
    return _stride(shape, wide[-1])


def peeled(
    ctx: Any, x: Node, groups: Sequence[Sequence[int]]
) -> tuple[Node, Sequence[Sequence[int]]]:
    """What a view that only permutes axes is of, and the same axes of that."""
    while isinstance(x, View) and x.buffer is None:
        axes = axes_of(ctx, x)
        if sorted(axes) != list(range(x.ndim)):
            break
        groups = [[axes.index(a) for a in group] for group in groups]
        x = x.operands[0]
    return x, groups


def permuted(ctx: Any, x: Node, order: Sequence[int]) -> Node:
    """The array with its axes in another order."""
    inverse = np.argsort(order).tolist()
    shape = tuple(x.shape[a] for a in order)
    return ctx.view(x, shape, lambda idx: [idx[a] for a in inverse])
