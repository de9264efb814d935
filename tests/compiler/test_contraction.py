"""``dot_general`` gives what ``einsum`` gives, for every layout and way to compute."""

from __future__ import annotations

import itertools
import string

import numpy as np
import pytest

import funcgrad as fg
from tests.compiler.rules import check_rule, numbers


def reference(x, y, dims):
    """Batch axes, free axes of x, free axes of y."""
    (xs, ys), (xb, yb) = dims
    letters = iter(string.ascii_letters)
    of_x: list = [None] * x.ndim
    of_y: list = [None] * y.ndim
    for i, j in [*zip(xb, yb, strict=True), *zip(xs, ys, strict=True)]:
        of_x[i] = of_y[j] = next(letters)
    of_x = [c or next(letters) for c in of_x]
    of_y = [c or next(letters) for c in of_y]
    shared = {*(of_x[i] for i in xs)}
    out = [of_x[i] for i in xb]
    out += [c for c in of_x if c not in shared and c not in out]
    out += [c for c in of_y if c not in shared and c not in out]
    return np.einsum(f"{''.join(of_x)},{''.join(of_y)}->{''.join(out)}", x, y)


def check(x, y, dims, prepare=lambda ctx, node: node):
    def lower(ctx, x, y):
        given = [prepare(ctx, node) for node in (x, y)]
        return ctx.dot_general(*given, dims, x.dtype)

    expected = reference(x, y, dims)
    if expected.dtype != x.dtype:
        expected = expected.astype(x.dtype)
    check_rule(lower, [x, y], expected, tolerance=1e-6)


SIZES = [
    (1, 1, 1),
    (1, 5, 1),
    (2, 3, 4),
    (4, 4, 4),
    (1, 16, 16),
    (16, 16, 1),
    (16, 16, 16),
    (5, 17, 16),
    (16, 3, 17),
    (17, 18, 19),
    (3, 40, 7),
    (1, 40, 50),
    (50, 40, 1),
    (2, 100, 33),
    (33, 100, 2),
    (1, 100, 100),
    (100, 100, 1),
    (100, 20, 3),
    (16, 1000, 16),
    (13, 999, 5),
    (4, 1500, 9),
    (3, 20, 100),
    (40, 40, 40),
    (64, 9, 65),
    (0, 3, 4),
    (20, 0, 30),
    (20, 30, 0),
]


@pytest.mark.parametrize(("m", "k", "n"), SIZES)
@pytest.mark.parametrize("dtype", ["f8", "f4", "c16"])
def test_layouts(m, k, n, dtype):
    for turn_x, turn_y in itertools.product((False, True), repeat=2):
        x = numbers((k, m) if turn_x else (m, k), dtype, 1)
        y = numbers((n, k) if turn_y else (k, n), dtype, 2)
        check(x, y, (((0 if turn_x else 1,), (1 if turn_y else 0,)), ((), ())))


@pytest.mark.parametrize("dtype", ["?", "i4", "u1", "i8", "c8"])
@pytest.mark.parametrize(("m", "k", "n"), [(2, 3, 4), (20, 30, 17), (1, 70, 60)])
def test_other_dtypes(m, k, n, dtype):
    x, y = numbers((m, k), dtype, 1), numbers((k, n), dtype, 2)
    check(x, y, (((1,), (0,)), ((), ())))


@pytest.mark.parametrize("size", [1, 3, 16, 17, 100, 1000])
def test_vectors(size):
    x, y = numbers((size,), seed=1), numbers((size,), seed=2)
    check(x, y, (((0,), (0,)), ((), ())))
    matrix = numbers((size, 30))
    check(x, matrix, (((0,), (0,)), ((), ())))
    check(matrix.T.copy(), y, (((1,), (0,)), ((), ())))
    check(matrix, y, (((0,), (0,)), ((), ())))


@pytest.mark.parametrize(
    ("x_shape", "y_shape", "dims"),
    [
        ((3, 4, 5), (3, 5, 6), (((2,), (1,)), ((0,), (0,)))),
        ((30, 4, 5), (30, 5, 6), (((2,), (1,)), ((0,), (0,)))),
        ((5, 30, 4), (30, 5, 6), (((0,), (1,)), ((1,), (0,)))),
        ((3, 20, 30), (3, 30, 25), (((2,), (1,)), ((0,), (0,)))),
        ((20, 3, 30), (30, 25, 3), (((2,), (0,)), ((1,), (2,)))),
        ((2, 20, 3, 4), (4, 5, 20, 2), (((1, 3), (2, 0)), ((0,), (3,)))),
        ((2, 3, 20, 5), (3, 2, 5, 20), (((3,), (2,)), ((1, 0), (0, 1)))),
        ((20, 20), (20, 20), (((0, 1), (0, 1)), ((), ()))),
        ((20, 30), (30, 20), (((0, 1), (1, 0)), ((), ()))),
        ((3, 4, 20), (20, 5, 6), (((2,), (0,)), ((), ()))),
        ((4, 20, 3), (5, 20, 6), (((1,), (1,)), ((), ()))),
        ((1, 20, 1), (20, 1, 30), (((1,), (0,)), ((), ()))),
    ],
    ids=str,
)
def test_several_axes_and_batches(x_shape, y_shape, dims):
    check(numbers(x_shape, seed=1), numbers(y_shape, seed=2), dims)


@pytest.mark.parametrize("dtype", ["f8", "f4", "c16"])
@pytest.mark.parametrize("length", [2, 9, 40])
def test_batches_that_are_not_one_axis(length, dtype):
    """The heads of an attention layer, between positions and features."""
    q, k = (numbers((2, length, 3, 20), dtype, seed) for seed in (1, 2))
    check(q, k, (((3,), (3,)), ((0, 2), (0, 2))))
    p = numbers((2, 3, length, length), dtype, 3)
    check(p, k, (((3,), (1,)), ((0, 1), (0, 2))))
    check(p, k, (((2,), (1,)), ((1, 0), (2, 0))))


@pytest.mark.parametrize(
    ("x_shape", "y_shape", "batch"),
    [
        ((3, 4), (5, 6), ()),
        ((30,), (40,), ()),
        ((4,), (4,), ()),
        ((20, 3), (20, 4), (0,)),
    ]
    + [((20, 20), (20, 20), (0, 1)), ((), (30,), ()), ((0, 3), (4,), ())],
    ids=str,
)
def test_products_without_a_sum(x_shape, y_shape, batch):
    x, y = numbers(x_shape, seed=1), numbers(y_shape, seed=2)
    check(x, y, (((), ()), (batch, batch)))


@pytest.mark.parametrize("n", [4, 20, 40])
def test_operands_that_are_recipes(n):
    """Turned views and maps as operands, small and large."""
    x, y = numbers((n, n), seed=1), numbers((n, n), seed=2)

    def turned(ctx, node):
        return ctx.view(node, node.shape, lambda idx: [idx[1], idx[0]])

    def doubled(ctx, node):
        return ctx.map(lambda b, u: b.add(u, u), node, dtype=node.dtype)

    def lower(ctx, x, y):
        dims = (((1,), (0,)), ((), ()))
        first = ctx.dot_general(turned(ctx, x), doubled(ctx, y), dims, x.dtype)
        return ctx.dot_general(first, turned(ctx, y), dims, x.dtype)

    check_rule(lower, [x, y], x.T @ (2 * y) @ y.T, tolerance=1e-9)


def test_one_operand_twice():
    x = numbers((30, 40))
    dims = (((1,), (1,)), ((), ()))
    check_rule(lambda ctx, x: ctx.dot_general(x, x, dims, x.dtype), [x], x @ x.T)


def test_large_products_are_accurate():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(3, 500)), rng.normal(size=(500, 700))
    dims = (((1,), (0,)), ((), ()))
    for rows in (1, 2, 3):
        a = x[:rows].copy()
        check_rule(
            lambda ctx, a, y: ctx.dot_general(a, y, dims, a.dtype),
            [a, y],
            a @ y,
            tolerance=1e-11,
        )


def test_sums_of_long_products_keep_nan_and_infinity():
    x = np.ones((2000, 3))
    x[700, 0], x[1300, 1] = np.nan, np.inf
    found = fg.jit(lambda x: x.T @ x)(x)
    assert np.isnan(found[0]).all()
    assert found[1, 1:].tolist() == [np.inf, np.inf]
    assert found[2, 2] == 2000.0


@pytest.mark.parametrize("k", range(1, 17))
@pytest.mark.parametrize("dtype", ["f8", "f4"])
def test_products_in_registers_of_every_length(k, dtype):
    rng = np.random.default_rng(k)
    w, h = rng.normal(size=(16, k)).astype(dtype), rng.normal(size=k).astype(dtype)
    step = fg.jit(
        lambda w, h: fg.lax.fori_loop(0, 2, lambda i, s: s + w @ (h + i), 0 * w[:, 0])
    )
    wanted = w.astype("f8") @ h + w.astype("f8") @ (h + 1.0)
    np.testing.assert_allclose(
        step(w, h), wanted, rtol=0, atol=1e-5 if dtype == "f4" else 1e-13
    )
