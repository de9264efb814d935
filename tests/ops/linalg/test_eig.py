"""Eigenvalues of general matrices: against NumPy's, with derivatives, and failures."""

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.test_util import check_grads

RNG = np.random.default_rng(3)
DTYPES = ["float32", "float64", "complex64", "complex128"]


def draw(*shape, dtype="float64"):
    a = RNG.normal(size=shape) + 1j * RNG.normal(size=shape)
    return (a if np.dtype(dtype).kind == "c" else a.real).astype(dtype)


def on_traced(function):
    """The function as it evaluates traced values, not NumPy's own."""
    return lambda a: fg.jvp(function, (a,), (np.zeros_like(a),))[0]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1, 1), (4, 4), (2, 3, 5, 5), (0, 3, 3), (12, 12)])
def test_values_and_vectors_are_numpys(shape, dtype):
    a = draw(*shape, dtype=dtype)
    wanted = np.linalg.eig(a.astype(complex))
    scale = 1e-4 if dtype in ("float32", "complex64") else 1e-9
    for run in (fg.jit, on_traced):
        w, v = run(np.linalg.eig)(a)
        alone = run(np.linalg.eigvals)(a)
        assert w.dtype == v.dtype == alone.dtype == np.result_type(a, np.complex64)
        assert v.shape == a.shape
        np.testing.assert_allclose(a @ v, v * w[..., None, :], atol=20 * scale)
        np.testing.assert_allclose(np.linalg.norm(v, axis=-2), 1, rtol=scale)
        largest = np.take_along_axis(v, np.abs(v).argmax(-2)[..., None, :], -2)
        np.testing.assert_allclose(largest.imag, 0, atol=scale)
        for found in (w, alone):
            gaps = np.abs(found[..., :, None] - wanted.eigenvalues[..., None, :])
            assert np.all(gaps.min(-1, initial=np.inf) < 20 * scale)


def test_batches_are_loops():
    a = draw(5, 4, 4)
    for f in (fg.vmap(np.linalg.eig), fg.jit(fg.vmap(np.linalg.eig))):
        w, v = f(a)
        for i, matrix in enumerate(a):
            one, vectors = fg.jit(np.linalg.eig)(matrix)
            np.testing.assert_allclose(w[i], one, rtol=1e-10)
            np.testing.assert_allclose(v[i], vectors, rtol=1e-10)


def moduli(a):
    w = np.linalg.eigvals(a)
    return np.sum(np.abs(w)), np.sum(np.exp(w)).real


def phases(a):
    w, v = np.linalg.eig(a)
    weights = np.exp(np.abs(w))[..., None, :]
    return np.sum(weights * np.real(v) ** 4), np.sum(weights * np.abs(v.imag))


@pytest.mark.parametrize("f", [moduli, phases])
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_derivatives(f, dtype):
    a = draw(3, 3, dtype=dtype)
    check_grads(f, (a,), order=2, atol=1e-5, rtol=1e-5)


def test_derivative_of_a_power_through_vectors():
    def cube(a):
        w, v = np.linalg.eig(a)
        return np.real(v * w**3 @ np.linalg.inv(v))

    a, t = draw(4, 4), draw(4, 4)
    wanted = t @ a @ a + a @ t @ a + a @ a @ t
    _, got = fg.jit(lambda a: fg.jvp(cube, (a,), (t,)))(a)
    np.testing.assert_allclose(got, wanted, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_is_nan_and_leaves_others_alone(dtype, bad):
    a = draw(3, 4, 4, dtype=dtype)
    a[1, 2, 3] = bad
    for run in (fg.jit, on_traced):
        w, v = run(np.linalg.eig)(a)
        assert np.isnan(w[1]).all()
        assert np.isnan(v[1]).all()
        assert np.isfinite(w[[0, 2]]).all()
        assert np.isfinite(v[[0, 2]]).all()


def test_equal_eigenvalues_have_finite_derivatives():
    a, t = np.diag([2.0, 2.0, 1.0]), draw(3, 3)
    w, tw = fg.jvp(np.linalg.eigvals, (a,), (t,))
    np.testing.assert_allclose(np.sum(tw), np.trace(t))
    assert np.isfinite(fg.jvp(np.linalg.eig, (a,), (t,))[1][1]).all()
    assert w.dtype == np.complex128
