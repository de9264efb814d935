"""Reductions over every subset of axes give NumPy's results."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests.compiler.rules import SHAPES, check_rule, numbers

UFUNCS = {
    "add": np.add,
    "mul": np.multiply,
    "min": np.minimum,
    "max": np.maximum,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
}
OPERATIONS = {
    "b": ["and", "or", "xor"],
    "i": list(UFUNCS),
    "u": list(UFUNCS),
    "f": ["add", "mul", "min", "max"],
    "c": ["add", "mul"],
}


def subsets(rank):
    counts = range(1, rank + 1)
    return [c for n in counts for c in itertools.combinations(range(rank), n)]


def reduced(op, x, axes):
    """NumPy's result in the dtype of ``x``."""
    empty = 0 in [x.shape[a] for a in axes]
    if empty and op in ("min", "max"):
        kind = np.finfo if x.dtype.kind == "f" else np.iinfo
        top = np.inf if x.dtype.kind == "f" else kind(x.dtype).max
        bottom = -np.inf if x.dtype.kind == "f" else kind(x.dtype).min
        shape = [n for a, n in enumerate(x.shape) if a not in axes]
        return np.full(shape, top if op == "min" else bottom, x.dtype)
    return UFUNCS[op].reduce(x, axis=axes, dtype=x.dtype)


def tame(shape, dtype, op):
    """Numbers whose product stays exact."""
    x = numbers(shape, dtype)
    if op == "mul" and x.dtype.kind in "fc":
        return np.where(x == 0, x.dtype.type(1), x / np.maximum(np.abs(x), 0.5)).astype(
            dtype
        )
    return x


CASES = [(s, axes) for s in SHAPES if s for axes in subsets(len(s))]


@pytest.mark.parametrize(("shape", "axes"), CASES, ids=str)
def test_sums_of_memory(shape, axes):
    x = numbers(shape)
    check_rule(lambda ctx, x: ctx.reduce("add", x, axes), [x], reduced("add", x, axes))


@pytest.mark.parametrize(("shape", "axes"), CASES, ids=str)
def test_sums_of_views_and_maps(shape, axes):
    """Entries that have no order in memory, so adjacent axes are not one."""
    x, y = numbers(shape), numbers(shape[::-1], seed=1)

    def lower(ctx, x, y):
        turned = ctx.view(y, shape, lambda idx: list(idx)[::-1])
        product = ctx.map(lambda b, u, v: b.mul(u, v), x, turned, dtype=x.dtype)
        return ctx.reduce("add", product, axes)

    check_rule(lower, [x, y], reduced("add", x * y.T, axes))


@pytest.mark.parametrize(
    "dtype", ["?", "i1", "u1", "i4", "u8", "f4", "f8", "c8", "c16"]
)
@pytest.mark.parametrize("shape", [(5,), (40,), (3, 70), (20, 2, 18)], ids=str)
def test_operations_and_dtypes(dtype, shape):
    for op in OPERATIONS[np.dtype(dtype).kind]:
        x = tame(shape, dtype, op)
        for axes in {(0,), (len(shape) - 1,), tuple(range(len(shape)))}:
            expected = reduced(op, x, axes)
            check_rule(
                lambda ctx, x, op=op, axes=axes: ctx.reduce(op, x, axes),
                [x],
                expected,
                tolerance=1e-5 if op == "mul" else 0,
            )


@pytest.mark.parametrize("op", ["min", "max", "add"])
@pytest.mark.parametrize("size", [3, 16, 17, 33, 100])
def test_nan_is_kept(op, size):
    for place in range(size):
        if 5 < place < size - 5 and place % 7:
            continue
        x = numbers((size,))
        x[place] = np.nan
        check_rule(lambda ctx, x: ctx.reduce(op, x, (0,)), [x], np.float64(np.nan))


@pytest.mark.parametrize(
    "size", [15, 16, 17, 18, 23, 24, 25, 31, 32, 33, 47, 49, 127, 1000]
)
@pytest.mark.parametrize("dtype", ["i1", "f4", "f8", "c16"])
def test_every_size(size, dtype):
    x = numbers((size,), dtype)
    square = numbers((3, size), dtype, 2)
    check_rule(lambda ctx, x: ctx.reduce("add", x, (0,)), [x], reduced("add", x, (0,)))
    for axis in (0, 1):
        expected = reduced("add", square, (axis,))
        check_rule(
            lambda ctx, x, a=axis: ctx.reduce("add", x, (a,)), [square], expected
        )


def test_long_sums_are_accurate():
    x = np.random.default_rng(0).normal(size=1_000_000).astype("f4") + 1
    expected = x.astype("f8").sum()

    def lower(ctx, x):
        return ctx.reduce("add", x, (0,))

    check_rule(lower, [x], expected.astype("f4"), tolerance=2e-5)


def test_reduction_over_no_axes_is_the_array():
    x = numbers((40,))
    check_rule(lambda ctx, x: ctx.reduce("add", x, ()), [x], x)


@pytest.mark.parametrize("rows", [17, 18, 20, 203])
@pytest.mark.parametrize("columns", [64, 65, 79, 100, 130])
@pytest.mark.parametrize("op", ["add", "max"])
def test_columns_are_added_row_by_row(rows, columns, op):
    """As NumPy does, so that even rounding is the same."""
    for dtype in ("f8", "f4"):
        x = np.random.default_rng(rows).normal(size=(3, rows, columns)).astype(dtype)
        x[1, 5, columns - 1] = np.nan
        lower = lambda ctx, x: ctx.reduce(op, x, (1,))
        check_rule(lower, [x], UFUNCS[op].reduce(x, axis=1), tolerance=0)


@pytest.mark.parametrize("columns", [100, 300])
def test_columns_in_chunks(columns):
    x = np.random.default_rng(0).normal(size=(4000, columns))
    check_rule(lambda ctx, x: ctx.reduce("add", x, (0,)), [x], x.sum(0), tolerance=0)
