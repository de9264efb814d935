"""Compiled functions and their gradients inside ``@njit`` code."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import NamedTuple

import numba
import numpy as np
import pytest
from numba.core.errors import NumbaError

import funcgrad as fg

RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 3))
Y = np.tanh(X @ np.array([1.0, -2.0, 0.5]))


def loss(w, x, y):
    return np.mean((np.tanh(x @ w) - y) ** 2)


def test_a_training_loop_in_numba():
    step = fg.jit(fg.value_and_grad(loss))
    step(np.zeros(3), X, Y)

    @numba.njit
    def train(w, x, y, steps):
        value = 0.0
        for _ in range(steps):
            value, slope = step(w, x, y)
            w = w - 0.5 * slope
        return value, w

    w = np.zeros(3)
    for _ in range(50):
        value, slope = step(w, X, Y)
        w = w - 0.5 * slope
    found_value, found_w = train(np.zeros(3), X, Y, 50)
    np.testing.assert_allclose(found_w, w, rtol=1e-12)
    np.testing.assert_allclose(found_value, value, rtol=1e-10)
    # a new batch size is asked for once, and found from then on
    half = train(np.zeros(3), X[:10], Y[:10], 50)[1]
    again = train(np.zeros(3), np.asfortranarray(X[:10]), Y[:10], 50)[1]
    np.testing.assert_array_equal(half, again)
    assert not np.allclose(half, w)


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (lambda a, b: a * np.sin(b), (2.0, 0.5)),
        (lambda a, b: (a + b, a * b), (np.arange(4.0), 3.0)),
        (lambda pair, c: (pair[0] @ pair[1], (c, pair[1])), ((X, X.T.copy()), 2)),
        (lambda n, flag: np.where(flag, n, -n), (np.int32(3), True)),
        (lambda z: np.conj(z) * 2, (X + 1j * X,)),
        (lambda x: np.sum(x.astype(np.float32)), (X.astype(np.float32),)),
        (lambda x: np.linalg.solve(x, x[0]), (X[:3] + 3 * np.eye(3),)),
    ],
    ids=["scalars", "two results", "nested", "integers", "complex", "single", "solve"],
)
def test_types_and_structures(f, args):
    compiled = fg.jit(f)
    expected = compiled(*args)

    @numba.njit
    def caller(args):
        return compiled(*args)

    found = caller(args)
    for a, b in zip(fg.tree.leaves(found), fg.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
        assert np.shape(a) == np.shape(b)
        if np.ndim(a):  # Numba hands numbers out as Python's
            assert a.dtype == b.dtype


def test_named_tuples_and_constants():
    class Params(NamedTuple):
        w: np.ndarray
        b: float

    table = RNG.normal(size=3)
    model = fg.jit(lambda p, x: np.sum(p.w * table * x) + p.b)
    p = Params(np.arange(3.0), 2.0)
    expected = model(p, X[0])
    found = numba.njit(lambda p, x: model(p, x))(p, X[0])
    np.testing.assert_allclose(found, expected)


def test_in_parallel_loops():
    f = fg.jit(fg.grad(lambda x, a: np.sum(np.sin(a * x))))
    f(X[0], 1.0)

    @numba.njit(parallel=True)
    def rows(x):
        out = np.empty_like(x)
        for i in numba.prange(x.shape[0]):
            out[i] = f(x[i], float(i))
        return out

    expected = [f(x, float(i)) for i, x in enumerate(X)]
    np.testing.assert_allclose(rows(X), expected, rtol=1e-12)


def test_loops_of_funcgrad_inside():
    root = fg.jit(
        fg.grad(
            lambda a: fg.lax.while_loop(
                lambda r: abs(r * r - a) > 1e-12, lambda r: 0.5 * (r + a / r), a
            )
        )
    )
    root(2.0)
    total = numba.njit(lambda n: sum([root(float(k)) for k in range(2, n)]))
    expected = sum(0.5 / np.sqrt(k) for k in range(2, 10))
    np.testing.assert_allclose(total(10), expected, rtol=1e-9)


def test_what_has_not_been_called_is_refused():
    compiled = fg.jit(lambda x: x + 1.0)
    with pytest.raises(NumbaError, match="call it once in Python"):
        numba.njit(lambda x: compiled(x))(np.ones(3))
    compiled(np.ones(3))
    with pytest.raises(NumbaError, match="call it once in Python"):
        numba.njit(lambda x: compiled(x))(np.ones(3, np.float32))


def test_what_calls_python_is_refused():
    printing = fg.jit(lambda x: (fg.debug.print("{}", x), x)[1])
    printing(1.0)
    with pytest.raises(NumbaError, match="it calls Python"):
        numba.njit(lambda x: printing(x))(1.0)


def test_results_are_tuples():
    named = fg.jit(lambda x: {"twice": 2.0 * x})
    named(1.0)
    with pytest.raises(NumbaError, match="tuples"):
        numba.njit(lambda x: named(x))(1.0)


def test_shapes_that_do_not_fit_raise():
    product = fg.jit(lambda a, b: a @ b)
    product(np.ones((2, 3)), np.ones(3))
    caller = numba.njit(lambda a, b: product(a, b))
    np.testing.assert_array_equal(caller(np.ones((4, 5)), np.ones(5)), np.full(4, 5.0))
    with pytest.raises(ValueError, match="fails for arguments of these shapes"):
        caller(np.ones((4, 5)), np.ones(4))


def test_numbers_of_python_are_numpys_in_numba():
    scaled = fg.jit(lambda x, s: x * s)
    x = np.ones(3, np.float32)
    scaled(x, 0.5)
    found = numba.njit(lambda x, s: scaled(x, s))(x, 0.5)
    np.testing.assert_array_equal(found, scaled(x, np.float64(0.5)))


def test_derivatives_by_integers_are_refused():
    slopes = fg.jit(fg.grad(lambda n: n * 2.0, allow_int=True))
    slopes(3)
    with pytest.raises(NumbaError, match="float0"):
        numba.njit(lambda n: slopes(n))(3)


def test_code_that_numba_keeps_on_disk_has_no_address_in_it(tmp_path):
    program = tmp_path / "cached.py"
    program.write_text(
        "import sys, numba, numpy as np, funcgrad as fg\n"
        "f = fg.jit(lambda x: np.sum(x * x))\n"
        "f(np.ones(int(sys.argv[1])))\n"
        "junk = [np.ones(1000) for _ in range(int(sys.argv[1]))]\n"
        "@numba.njit(cache=True)\n"
        "def g(x):\n"
        "    return f(x) + 1.0\n"
        "print(g(np.ones(5)))\n"
    )
    for size in ("4", "22"):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", str(program), size],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")},
        )
        assert float(done.stdout) == 6.0
