"""Products of one kind are one function of a program, called with other memory."""

from __future__ import annotations

import re

import numpy as np
import pytest

import funcgrad as fg


def routines(program, *args):
    """Calls of each function of a program that holds loops, and how it is marked."""
    text = fg.jit(program).lower(*args).as_text("llvm")
    calls = re.findall(r"call fastcc void (@routine\.\d+)\(", text)
    heads = dict(re.findall(r"define .*(@routine\.\d+)\(.*\) (alwaysinline )?#0", text))
    assert set(calls) == set(heads)
    return {name: (calls.count(name), bool(mark)) for name, mark in heads.items()}


def matrices(*shapes, dtype=np.float64):
    rng = np.random.default_rng(0)
    return [rng.integers(-4, 5, shape).astype(dtype) for shape in shapes]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128, np.int64])
def test_products_of_one_kind_share_a_function(dtype):
    def program(x, *others):
        for y in others:
            x = x @ y - x
        return x

    x, *others = matrices((3, 19), *3 * [(19, 19)], dtype=dtype)
    assert list(routines(program, x, *others).values()) == [(3, False)]
    np.testing.assert_array_equal(fg.jit(program)(x, *others), program(x, *others))


def test_a_function_of_one_product_is_inlined():
    x, y = matrices((3, 19), (19, 20))
    assert list(routines(np.matmul, x, y).values()) == [(1, True)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (((3, 18), (18, 19)), ((3, 19), (19, 18))),
        (((3, 18), (18, 19)), ((18, 3), (19, 18))),
        (((3, 18), (18, 19)), ((2, 3, 18), (2, 18, 19))),
        (((20, 18), (18,)), ((18,), (18, 19))),
    ],
)
def test_products_of_other_kinds_do_not(first, second):
    def program(a, b, c, d):
        if c.shape == (18, 3):
            c, d = c.T, d.T
        return a @ b, c @ d

    args = matrices(*first, *second)
    assert len(routines(program, *args)) == 2
    for got, want in zip(fg.jit(program)(*args), program(*args), strict=True):
        np.testing.assert_array_equal(got, want)


def test_operands_that_coincide_and_are_not_finite():
    def program(x, y):
        return x @ x, x @ y, y @ y

    x, y = matrices((13, 13), (13, 13))
    x[3, 4], y[5, 6] = np.nan, np.inf
    assert list(routines(program, x, y).values()) == [(3, False)]
    with np.errstate(invalid="ignore"):
        expected = program(x, y)
    for got, want in zip(fg.jit(program)(x, y), expected, strict=True):
        np.testing.assert_array_equal(got, want)


def test_products_in_loops_branches_and_threads():
    def step(x, y):
        x = fg.lax.cond(x[0, 0] > 0, lambda x: x @ y, lambda x: y @ x, x)
        return x / 64, (x @ y)[0]

    def program(x, ys):
        x, rows = fg.lax.scan(step, x, ys)
        batched = fg.vmap(lambda y: np.tanh(x @ y))(ys)
        return x, rows, batched

    x, ys = matrices((13, 13), (40, 13, 13))
    for got, want in zip(fg.jit(program)(x, ys), program(x, ys), strict=True):
        np.testing.assert_allclose(got, want, 1e-12, 1e-12)
