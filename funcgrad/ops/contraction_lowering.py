"""Native code of contractions: unrolled, as a reduction, or by BLAS.

Short sums are unrolled and fuse into whoever reads them; products with a vector and of
integers are reductions of a product; the rest is a matrix product.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from funcgrad.compiler.index import Index
from funcgrad.compiler.kernels.gemm import gemm_text
from funcgrad.compiler.nodes import Lazy, Node, Register, View
from funcgrad.compiler.value import Value
from funcgrad.ops.kernel_calls import run_kernel

_UNROLLED = 16
"""Sums of up to so many products are written out."""
_ALWAYS_UNROLLED = 4
"""And whatever the sizes of the matrices, sums of up to so many."""
_BLAS_DTYPES = frozenset({"float32", "float64", "complex64", "complex128"})


@dataclass(frozen=True)
class Side:
    """An operand, and its axes by role; contracted axes are in one order on both."""

    node: Node
    batch: tuple[int, ...]
    free: tuple[int, ...]
    contract: tuple[int, ...]

    def extents(self, axes: Sequence[int]) -> list[int]:
        return [self.node.shape[axis] for axis in axes]

    def place(
        self, batch: Sequence[Any], free: Sequence[Any], contract: Sequence[Any]
    ) -> list[Any]:
        """Indices of roles as indices of the operand's axes."""
        where: list[Any] = [0] * self.node.ndim
        for axes, items in (
            (self.batch, batch),
            (self.free, free),
            (self.contract, contract),
        ):
            for axis, item in zip(axes, items, strict=True):
                where[axis] = item
        return where


def lower_contraction(ctx: Any, lhs: Node, rhs: Node, numbers: Any) -> Node:
    """The node of ``dot_general``."""
    (lc, rc), (lb, rb) = numbers
    left, right = _side(ctx, lhs, lc, lb), _side(ctx, rhs, rc, rb)
    m, n = (math.prod(s.extents(s.free)) for s in (left, right))
    k = math.prod(left.extents(left.contract))
    if 0 in _shape(left, right) or k == 0:
        return _zeros(ctx, left, right)
    if not _shape(left, right) and isinstance(left.node, Register) and k > 1:
        return _dot_in_registers(ctx, left, right)
    if k <= _ALWAYS_UNROLLED or (k <= _UNROLLED and max(m, n) <= _UNROLLED):
        return _unrolled(ctx, left, right)
    if m == 1 or n == 1 or lhs.dtype.name not in _BLAS_DTYPES:
        return _by_reduction(ctx, left, right)
    return _by_blas(ctx, left, right)


def _side(ctx: Any, node: Node, contract: Sequence[int], batch: Sequence[int]) -> Side:
    free = [a for a in range(node.ndim) if a not in contract and a not in batch]
    side = Side(node, tuple(batch), tuple(free), tuple(contract))
    while isinstance(side.node, View) and side.node.buffer is None:
        order = _permutation(ctx, side.node)
        if order is None:
            break
        side = Side(
            side.node.operands[0],
            tuple(order[axis] for axis in side.batch),
            tuple(order[axis] for axis in side.free),
            tuple(order[axis] for axis in side.contract),
        )
    if isinstance(side.node, Lazy) and side.node.buffer is not None:
        side = replace(side, node=side.node.buffer)
    return side


def _permutation(ctx: Any, view: View) -> list[int] | None:
    """For each axis of a view its operand's axis, if it only permutes axes."""
    marks = [Index(ctx.b, 0) for _ in view.shape]
    moved = list(view.function(marks))
    axes = [next((k for k, m in enumerate(marks) if m is x), None) for x in moved]
    if None in axes or sorted(axes) != list(range(view.ndim)):  # type: ignore[type-var]
        return None
    return [axes.index(k) for k in range(view.ndim)]


def _shape(left: Side, right: Side) -> list[int]:
    return [
        *left.extents(left.batch),
        *left.extents(left.free),
        *right.extents(right.free),
    ]


def _zeros(ctx: Any, left: Side, right: Side) -> Node:
    dtype = left.node.dtype
    return ctx.compute(
        _shape(left, right), dtype, lambda b, idx, read: b.const(dtype, 0), []
    )


def _product(b: Any, x: Value, y: Value) -> Value:
    return b.and_(x, y) if x.dtype.kind == "b" else b.mul(x, y)


def _sum(b: Any, x: Value, y: Value) -> Value:
    return b.or_(x, y) if x.dtype.kind == "b" else b.add(x, y)


def _dot_in_registers(ctx: Any, left: Side, right: Side) -> Node:
    b = ctx.b
    values = []
    for side in (left, right):
        order = np.arange(math.prod(side.node.shape)).reshape(side.node.shape)
        order = order.transpose(side.contract).ravel()
        values.append(b.shuffle(ctx.value(side.node), order.tolist()))
    product = _product(b, *values)
    return Register(b.reduce("or" if product.dtype.kind == "b" else "add", product), ())


def _unrolled(ctx: Any, left: Side, right: Side) -> Node:
    batch, rows = len(left.batch), len(left.free)
    places = list(itertools.product(*(range(n) for n in left.extents(left.contract))))

    def entry(b: Any, idx: Sequence[Any], read: Any) -> Value:
        shared, row, col = idx[:batch], idx[batch : batch + rows], idx[batch + rows :]
        total = None
        for place in places:
            x = read(0, left.place(shared, row, place))
            y = read(1, right.place(shared, col, place))
            product = _product(b, x, y)
            total = product if total is None else _sum(b, total, product)
        assert total is not None
        return total

    cost = 2 * len(places) - 1
    operands = [left.node, right.node]
    return ctx.compute(_shape(left, right), left.node.dtype, entry, operands, cost)


def _by_reduction(ctx: Any, left: Side, right: Side) -> Node:
    """Sum the products over a nest whose innermost axis runs along memory."""
    left, right = _contract_in_order(left, right, np.argsort(left.contract).tolist())
    batch = left.extents(left.batch)
    rows, cols = left.extents(left.free), right.extents(right.free)
    inner = left.extents(left.contract)
    cols_run = _runs_along(right, right.free) and math.prod(cols) > 1
    rows_run = _runs_along(left, left.free) and math.prod(cols) == 1
    if cols_run:
        order = ("batch", "rows", "inner", "cols")
    elif rows_run:
        order = ("batch", "cols", "inner", "rows")
    else:
        order = ("batch", "rows", "cols", "inner")
    extents = {"batch": batch, "rows": rows, "cols": cols, "inner": inner}
    starts = {}
    shape: list[int] = []
    for role in order:
        starts[role] = len(shape)
        shape += extents[role]

    def entry(b: Any, idx: Sequence[Any], read: Any) -> Value:
        at = {
            role: idx[starts[role] : starts[role] + len(extents[role])]
            for role in order
        }
        x = read(0, left.place(at["batch"], at["rows"], at["inner"]))
        y = read(1, right.place(at["batch"], at["cols"], at["inner"]))
        return _product(b, x, y)

    dtype = left.node.dtype
    products = ctx.compute(shape, dtype, entry, [left.node, right.node])
    axes = range(starts["inner"], starts["inner"] + len(inner))
    total = ctx.reduce("or" if dtype.kind == "b" else "add", products, tuple(axes))
    return ctx.reshape(total, (*batch, *rows, *cols))


def _runs_along(side: Side, axes: Sequence[int]) -> bool:
    """Whether neighbours in memory are neighbours along the last of these axes."""
    long = [axis for axis in range(side.node.ndim) if side.node.shape[axis] > 1]
    return bool(long) and long[-1] in axes


def _contract_in_order(
    left: Side, right: Side, order: Sequence[int]
) -> tuple[Side, Side]:
    return (
        replace(left, contract=tuple(left.contract[k] for k in order)),
        replace(right, contract=tuple(right.contract[k] for k in order)),
    )


def _fits(side: Side) -> str:
    """How BLAS can take the operand as it lies: N rows first, T inner axes first."""
    everything = tuple(range(side.node.ndim))
    if side.batch + side.free + side.contract == everything:
        return "N"
    if side.batch + side.contract + side.free == everything:
        return "T"
    return ""


def _by_blas(ctx: Any, left: Side, right: Side) -> Node:
    choices = [
        _contract_in_order(left, right, np.argsort(side.contract).tolist())
        for side in (left, right)
    ]
    left, right = max(choices, key=lambda sides: sum(bool(_fits(s)) for s in sides))
    if not _fits(left):
        left = _rearranged(ctx, left)
    if not _fits(right):
        right = _rearranged(ctx, right)
    dtype = left.node.dtype
    out = ctx.buffer(_shape(left, right), dtype)
    batch = math.prod(left.extents(left.batch))
    m, n = (math.prod(s.extents(s.free)) for s in (left, right))
    k = math.prod(left.extents(left.contract))
    # Rows of the second factor are its inner axes: transposed if they come last.
    flipped = {"N": "T", "T": "N"}
    kernel = gemm_text(
        dtype,
        transpose_a=_fits(left),  # type: ignore[arg-type]
        transpose_b=flipped[_fits(right)],  # type: ignore[arg-type]
    )
    one, zero = (Register(ctx.b.const(dtype, v), ()) for v in (1, 0))
    operands = [left.node, right.node, one, zero]
    run_kernel(ctx, kernel, [out], operands, [batch, m, n, k, m * k, k * n])
    return out


def _rearranged(ctx: Any, side: Side) -> Side:
    """A copy with batch, free and contracted axes in this order."""
    order = (*side.batch, *side.free, *side.contract)
    back = np.argsort(order).tolist()
    shape = side.extents(order)
    node = ctx.materialize(
        ctx.view(side.node, shape, lambda idx: [idx[k] for k in back])
    )
    first, second = len(side.batch), len(side.batch) + len(side.free)
    axes = tuple(range(len(order)))
    return Side(node, axes[:first], axes[first:second], axes[second:])
