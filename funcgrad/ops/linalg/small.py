"""Native code for stacks of small matrices: factored in registers, without LAPACK.

A call of LAPACK costs 10 to 40 times the arithmetic on such a matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad.compiler.lower.index import Index
from funcgrad.compiler.lower.nodes import Buffer, Node

SMALL = 4
"""Matrices of up to so many rows and columns are factored in registers."""
SMALL_IN_STACKS = 6
"""And in stacks, where it is worth the longer code."""
INT32 = np.dtype(np.int32)

Rows = list[list[Any]]


def is_small_matrix(shape: Sequence[Any]) -> bool:
    """Whether the matrices of a stack of this shape are factored in registers."""
    limit = SMALL if len(shape) == 2 else SMALL_IN_STACKS
    return all(isinstance(n, int) and 1 <= n <= limit for n in shape[-2:])


def _load(b: Any, source: Buffer, place: Sequence[Any]) -> Rows:
    m, n = source.shape[-2:]
    return [[source.load(b, [*place, i, j]) for j in range(n)] for i in range(m)]


def _store(b: Any, out: Buffer, place: Sequence[Any], rows: Rows) -> None:
    for i, row in enumerate(rows):
        for j, value in enumerate(row):
            out.store(b, [*place, i, j], value)


def _nan_unless(b: Any, fine: Any, value: Any) -> Any:
    return b.select(fine, value, b.const(value.dtype, np.nan))


def _both(b: Any, x: Any, y: Any) -> Any:
    return y if x is None else b.and_(x, y)


def _conj(b: Any, x: Any) -> Any:
    return b.conj(x) if x.dtype.kind == "c" else x


def _real(b: Any, x: Any) -> Any:
    return b.real(x) if x.dtype.kind == "c" else x


def lower_small_cholesky(ctx: Any, a: Node) -> Buffer:
    """Lower factors; a matrix with a pivot that is not positive is all NaN."""
    source = ctx.materialize(a)
    out: Buffer = ctx.buffer(a.shape, a.dtype)
    n = a.shape[-1]

    def factor(b: Any, place: Sequence[Any]) -> None:
        rows = _load(b, source, place)
        fine = None
        zero = b.const(a.dtype, 0)
        for j in range(n):
            pivot = _real(b, rows[j][j])
            for k in range(j):
                squared = b.mul(rows[j][k], _conj(b, rows[j][k]))
                pivot = b.sub(pivot, _real(b, squared))
            fine = _both(b, fine, b.cmp("gt", pivot, b.const(pivot.dtype, 0)))
            root = b.convert(b.sqrt(pivot), a.dtype)
            rows[j] = [*rows[j][:j], root, *[zero] * (n - j - 1)]
            for i in range(j + 1, n):
                value = rows[i][j]
                for k in range(j):
                    value = b.sub(value, b.mul(rows[i][k], _conj(b, rows[j][k])))
                rows[i][j] = b.div(value, root)
        rows = [[_nan_unless(b, fine, value) for value in row] for row in rows]
        _store(b, out, place, rows)

    ctx.for_each(a.shape[:-2], factor)
    return out


def _size(b: Any, x: Any) -> Any:
    """What LAPACK compares pivots by."""
    if x.dtype.kind != "c":
        return b.abs(x)
    return b.add(b.abs(b.real(x)), b.abs(b.imag(x)))


def _swapped(b: Any, rows: list[Any], j: int, chosen: Sequence[Any]) -> None:
    """Swap row j with the later row that is chosen, if one is."""
    first = rows[j]
    for i, flag in enumerate(chosen, j + 1):
        other = rows[i]
        rows[i] = [b.select(flag, x, y) for x, y in zip(first, other, strict=True)]
        rows[j] = [b.select(flag, y, x) for x, y in zip(rows[j], other, strict=True)]


def _eliminate(b: Any, rows: Rows) -> tuple[list[Any], list[list[Any]]]:
    """LU factors in place of the rows; pivots, and what was swapped in each step."""
    m, n = len(rows), len(rows[0])
    pivots, swaps = [], []
    for j in range(min(m, n)):
        best, place = _size(b, rows[j][j]), b.const(INT32, j)
        for i in range(j + 1, m):
            size = _size(b, rows[i][j])
            better = b.cmp("gt", size, best)
            best = b.select(better, size, best)
            place = b.select(better, b.const(INT32, i), place)
        chosen = [b.cmp("eq", place, b.const(INT32, i)) for i in range(j + 1, m)]
        _swapped(b, rows, j, chosen)
        pivots.append(place)
        swaps.append(chosen)
        zero = b.const(rows[j][j].dtype, 0)
        empty = b.cmp("eq", rows[j][j], zero)
        for i in range(j + 1, m):
            scaled = b.div(rows[i][j], rows[j][j])
            factor = b.select(empty, rows[i][j], scaled)
            rows[i][j] = factor
            for k in range(j + 1, n):
                rows[i][k] = b.sub(rows[i][k], b.mul(factor, rows[j][k]))
    return pivots, swaps


def lower_small_lu(ctx: Any, a: Node) -> tuple[Buffer, Buffer]:
    """LU factors in one matrix, and pivots."""
    *lead, m, n = a.shape
    source = ctx.materialize(a)
    out = ctx.buffer(a.shape, a.dtype)
    out_pivots = ctx.buffer((*lead, min(m, n)), INT32)

    def factor(b: Any, place: Sequence[Any]) -> None:
        rows = _load(b, source, place)
        pivots, _ = _eliminate(b, rows)
        _store(b, out, place, rows)
        for j, pivot in enumerate(pivots):
            out_pivots.store(b, [*place, j], pivot)

    ctx.for_each(tuple(lead), factor)
    return out, out_pivots


def _for_columns(ctx: Any, count: int, body: Callable[[Any], None]) -> None:
    """Run the body for every column of the right sides."""
    with ctx.b.loop(0, ctx.extent(count).base) as loop:
        body(Index(ctx.b, loop.index))


def _substitute(
    b: Any, rows: Rows, x: list[Any], order: Sequence[int], *, unit: bool
) -> list[Any]:
    """Solve with the triangle whose rows are known in this order."""
    known: list[int] = []
    for i in order:
        for k in known:
            x[i] = b.sub(x[i], b.mul(rows[i][k], x[k]))
        if not unit:
            x[i] = b.div(x[i], rows[i][i])
        known.append(i)
    return x


def lower_small_solve(ctx: Any, a: Node, right: Node) -> Buffer:
    """Solutions of general systems; NaN where a pivot is zero."""
    n, count = right.shape[-2:]
    source, given = ctx.materialize(a), ctx.materialize(right)
    out: Buffer = ctx.buffer(right.shape, right.dtype)

    def solve(b: Any, place: Sequence[Any]) -> None:
        rows = _load(b, source, place)
        _, swaps = _eliminate(b, rows)
        fine = None
        for i in range(n):
            fine = _both(b, fine, b.cmp("ne", rows[i][i], b.const(a.dtype, 0)))

        def column(at: Index) -> None:
            x = [[given.load(b, [*place, i, at])] for i in range(n)]
            for j, chosen in enumerate(swaps):
                _swapped(b, x, j, chosen)
            entries = [row[0] for row in x]
            entries = _substitute(b, rows, entries, range(n), unit=True)
            entries = _substitute(b, rows, entries, range(n)[::-1], unit=False)
            for i, value in enumerate(entries):
                out.store(b, [*place, i, at], _nan_unless(b, fine, value))

        _for_columns(ctx, count, column)

    ctx.for_each(right.shape[:-2], solve)
    return out


def lower_small_triangular_solve(
    ctx: Any, a: Node, right: Node, *, lower: bool, transpose: str, unit: bool
) -> Buffer:
    """Solutions of triangular systems."""
    n, count = right.shape[-2:]
    source, given = ctx.materialize(a), ctx.materialize(right)
    out: Buffer = ctx.buffer(right.shape, right.dtype)

    def solve(b: Any, place: Sequence[Any]) -> None:
        rows = _load(b, source, place)
        if transpose != "N":
            rows = [list(column) for column in zip(*rows, strict=True)]
        if transpose == "C":
            rows = [[_conj(b, value) for value in row] for row in rows]
        forward = lower == (transpose == "N")
        order = range(n) if forward else range(n)[::-1]

        def column(at: Index) -> None:
            x = [given.load(b, [*place, i, at]) for i in range(n)]
            for i, value in enumerate(_substitute(b, rows, x, order, unit=unit)):
                out.store(b, [*place, i, at], value)

        _for_columns(ctx, count, column)

    ctx.for_each(right.shape[:-2], solve)
    return out
