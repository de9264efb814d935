"""Cholesky factors and triangular systems against SciPy's, with derivatives."""

import functools

import numpy as np
import pytest
import scipy.linalg

import funcgrad as fg
from funcgrad.scipy import linalg

RNG = np.random.default_rng(0)
A = RNG.normal(size=(3, 3))
Z = A + 1j * RNG.normal(size=(3, 3))
B = RNG.normal(size=(3, 2))


def positive(a):
    return a @ np.conj(a.T) + np.eye(3)


@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize(
    "matrix", [A, Z, A.astype(np.float32)], ids=["real", "complex", "single"]
)
def test_cholesky(matrix, lower):
    a = positive(matrix)
    want = scipy.linalg.cholesky(a, lower=lower)
    for f in (linalg.cholesky, fg.jit(linalg.cholesky, static_argnames="lower")):
        got = f(a, lower=lower)
        assert got.dtype == want.dtype
        np.testing.assert_allclose(
            got, want, rtol=1e-5 if got.itemsize == 4 else 1e-10, atol=1e-7
        )


@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("trans", [0, 1, 2, "N", "T", "C"])
@pytest.mark.parametrize(
    "b", [B, B[:, 0], np.arange(3)], ids=["matrix", "vector", "ints"]
)
def test_solve_triangular(lower, trans, b):
    @functools.partial(fg.jit, static_argnames="unit_diagonal")
    def compiled(a, b, unit_diagonal):
        return linalg.solve_triangular(a, b, trans, lower, unit_diagonal)

    for a, unit in [(A, False), (Z, False), (A, True)]:
        want = scipy.linalg.solve_triangular(a, b, trans, lower, unit)
        got = linalg.solve_triangular(a, b, trans, lower, unit)
        np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-12)
        if trans in (0, "C"):
            again = compiled(a, b, unit_diagonal=unit)
            np.testing.assert_allclose(again, want, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("lower", [False, True])
def test_cho_solve(lower):
    for a, b in [(positive(A), B), (positive(Z), B[:, 0])]:
        got = linalg.cho_solve(linalg.cho_factor(a, lower), b)
        np.testing.assert_allclose(a @ got, b, rtol=1e-9)


def test_stacks():
    a = np.stack([A, 2 * A, A.T])
    got = linalg.solve_triangular(a, B)
    for i in range(3):
        np.testing.assert_allclose(got[i], scipy.linalg.solve_triangular(a[i], B))
    np.testing.assert_allclose(fg.vmap(linalg.solve_triangular, (0, None))(a, B), got)


def test_derivatives():
    fg.test_util.check_grads(lambda x: linalg.cholesky(positive(x)), (A,), 2)
    fg.test_util.check_grads(linalg.solve_triangular, (A + 3 * np.eye(3), B), 2)
    solve = lambda x, b: linalg.cho_solve(linalg.cho_factor(positive(x)), b)
    fg.test_util.check_grads(solve, (A, B[:, 0]), 1)


def test_errors():
    with pytest.raises(ValueError, match="another length"):
        linalg.solve_triangular(A, np.ones(2))
    with pytest.raises(np.linalg.LinAlgError, match="not square"):
        linalg.cholesky(A[:2])
    with pytest.raises(ValueError, match="trans is"):
        linalg.solve_triangular(A, B, trans="X")
