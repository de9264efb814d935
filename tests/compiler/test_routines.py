"""Loops of one kind are one function of a program, called with other memory."""

from __future__ import annotations

import re

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.compiler.lower.lowering import LONG


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


# --- loops over entries


def rolled(x):
    """A view that the next loop cannot look through, so that ``x`` goes to memory."""
    return np.sort(x)


def repeated(step, count=LONG):
    """A program of so many loops, each after the last."""

    def program(x, *others):
        for k in range(count):
            x = rolled(step(x, others[k % len(others)] if others else None, k))
        return x

    return program


def vectors(count, size=101):
    rng = np.random.default_rng(1)
    return [rng.normal(size=size) for _ in range(count)]


def test_loops_of_one_kind_share_a_function_in_long_programs():
    def step(x, y, k):
        return np.tanh(x) * y + 0.3

    args = vectors(4)
    found = routines(repeated(step), *args)
    assert max(calls for calls, _ in found.values()) >= LONG - 4
    assert len(found) <= 4
    few = repeated(step, 3)
    assert routines(few, *args) == {}
    for program in (repeated(step), few):
        np.testing.assert_allclose(fg.jit(program)(*args), program(*args), 1e-13)


@pytest.mark.parametrize("size", [0, 1, 16, 17, 101])
@pytest.mark.parametrize("dtype", ["f4", "f8", "c16", "i8", "?"])
def test_sizes_and_types(size, dtype):
    def step(x, y, k):
        return (x & y) | x if dtype in ("i8", "?") else x * y + y

    args = [v.astype(dtype) for v in vectors(3, size)]
    if dtype == "f8" and size > 1:
        args[0][1], args[1][0] = np.nan, np.inf
    program = repeated(step)
    with np.errstate(all="ignore"):
        expected = program(*args)
    for got, want in zip(fg.jit(program)(*args), expected, strict=True):
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize(
    "step",
    [
        lambda x, y, k: x - (y if k % 2 else x * 1.5),
        lambda x, y, k: x * (0.3 if k % 3 else 0.7) + y,
        lambda x, y, k: x * y[k] + y.sum(),
        lambda x, y, k: np.where(x > y, x, y) if k % 2 else np.minimum(x, y),
        lambda x, y, k: (x.reshape(1, 101) * y + x)[0],
    ],
)
def test_loops_of_other_kinds_do_not(step):
    args = vectors(3)
    program = repeated(step)
    np.testing.assert_allclose(fg.jit(program)(*args), program(*args), 1e-12)


def test_memory_that_one_loop_reads_twice_and_another_once():
    def program(x, y):
        for _ in range(LONG // 2):
            a = rolled(x * y - y)
            b = rolled(y * y - y)
            x, y = rolled(a * b - b), rolled(a * a - a)
            x, y = x / (1 + abs(x).max()), y / (1 + abs(y).max())
        return x, y

    args = vectors(2)
    for got, want in zip(fg.jit(program)(*args), program(*args), strict=True):
        np.testing.assert_allclose(got, want, 1e-12)


def test_what_a_loop_keeps_and_updates_in_place():
    def loss(weights, x):
        h = x
        for w in weights:
            h = np.tanh(h @ w) + h
            h = h.at[0].add(1.0)
        return (h * h).mean()

    weights = matrices(*12 * [(9, 9)])
    weights = [w / 10 for w in weights]
    x = vectors(1, (7, 9))[0]
    gradient = fg.grad(loss)
    for got, want in zip(
        fg.jit(gradient)(weights, x), gradient(weights, x), strict=True
    ):
        np.testing.assert_allclose(got, want, 1e-11, 1e-12)


def test_loops_inside_loops():
    def step(x, y):
        return repeated(lambda x, y, k: np.tanh(x) + y)(x, y), x[:3]

    x, *ys = vectors(5)
    ys = np.stack(ys)
    for got, want in zip(
        fg.jit(lambda x: fg.lax.scan(step, x, ys))(x),
        fg.lax.scan(step, x, ys),
        strict=True,
    ):
        np.testing.assert_allclose(got, want, 1e-12)
