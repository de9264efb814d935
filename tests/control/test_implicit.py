"""custom_root and custom_linear_solve: derivatives of solutions in both modes."""

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import errors, lax
from funcgrad.test_util import check_grads

A = np.array([[4.0, 1.0, 0.5], [0.2, 3.0, 0.1], [0.3, 0.4, 5.0]])
B = np.array([1.0, -2.0, 0.5])


def jacobi(matvec, b):
    """Converges for A and its transpose; not differentiable in a useful way."""
    return lax.fori_loop(0, 200, lambda _, x: x + 0.2 * (b - matvec(x)), 0.0 * b)


def solve(a, b):
    return lax.custom_linear_solve(lambda x: a @ x, b, jacobi, jacobi)


@pytest.mark.parametrize("jit", [lambda f: f, fg.jit])
def test_linear_solve(jit):
    np.testing.assert_allclose(jit(solve)(A, B), np.linalg.solve(A, B))
    check_grads(jit(solve), (A, B), order=2)


def test_gradient_of_a_linear_solve_is_exact():
    def loss(a, b):
        return np.sum(solve(a, b) ** 2)

    x = np.linalg.solve(A, B)
    y = np.linalg.solve(A.T, 2 * x)
    da, db = fg.grad(loss, (0, 1))(A, B)
    np.testing.assert_allclose(db, y)
    np.testing.assert_allclose(da, -np.outer(y, x))


def test_batch_of_linear_solves():
    many = np.stack([A, 1.2 * A])
    want = np.stack([np.linalg.solve(a, B) for a in many])
    np.testing.assert_allclose(fg.vmap(solve, (0, None))(many, B), want)
    rows = [fg.grad(lambda a: np.sum(solve(a, B)))(a) for a in many]
    got = fg.vmap(fg.grad(lambda a: np.sum(solve(a, B))))(many)
    np.testing.assert_allclose(got, rows)


def test_symmetric_and_trees():
    def f(d, b):
        return lax.custom_linear_solve(
            lambda x: {"u": d * x["u"]},
            b,
            lambda mv, b: {"u": b["u"] / d},
            symmetric=True,
        )

    d, b = np.array([2.0, 4.0]), {"u": np.array([1.0, 3.0])}
    check_grads(f, (d, b), order=2)


def test_aux_of_a_linear_solve():
    def f(a, b):
        return lax.custom_linear_solve(
            lambda x: a * x,
            b,
            lambda mv, b: (b / a, {"steps": 3}),
            symmetric=True,
            has_aux=True,
        )

    x, aux = f(2.0, 6.0)
    assert (x, aux["steps"]) == (3.0, 3)
    assert fg.grad(lambda a: f(a, 6.0)[0])(2.0) == -1.5
    assert fg.jit(fg.grad(lambda a: f(a, 6.0)[0]))(2.0) == -1.5


def test_reverse_mode_needs_the_transpose():
    def f(a):
        return lax.custom_linear_solve(lambda x: a * x, 1.0, lambda mv, b: b / a)

    assert fg.jvp(f, (2.0,), (1.0,))[1] == -0.25
    with pytest.raises(errors.DifferentiationError, match="transpose_solve"):
        fg.grad(f)(2.0)


def newton(f, x):
    def step(x):
        return x - f(x) / fg.grad(f)(x)

    return lax.while_loop(lambda x: np.abs(f(x)) > 1e-13, step, x)


def cube_root(a):
    return lax.custom_root(lambda x: x**3 - a, 1.0, newton, lambda g, y: y / g(1.0))


@pytest.mark.parametrize("jit", [lambda f: f, fg.jit])
def test_root(jit):
    np.testing.assert_allclose(jit(cube_root)(8.0), 2.0)
    np.testing.assert_allclose(jit(fg.grad(cube_root))(8.0), 1 / 12)
    np.testing.assert_allclose(jit(fg.grad(fg.grad(cube_root)))(8.0), -2 / 9 / 32)
    np.testing.assert_allclose(
        jit(fg.vmap(fg.grad(cube_root)))(np.array([1.0, 8.0])), [1 / 3, 1 / 12]
    )


def test_root_with_aux():
    def f(a):
        return lax.custom_root(
            lambda x: x - a,
            0.0,
            lambda f, x: (x - f(x), {"n": 1}),
            lambda g, y: y,
            has_aux=True,
        )

    root, aux = f(3.0)
    assert (root, aux["n"]) == (3.0, 1)
    assert fg.grad(lambda a: f(a)[0])(3.0) == 1.0


def test_root_of_a_function_of_another_type():
    with pytest.raises(errors.TreeError, match="another type"):
        lax.custom_root(lambda x: (x, x), 1.0, newton, lambda g, y: y)
