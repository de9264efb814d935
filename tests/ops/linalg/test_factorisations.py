"""Factorisations and solutions: what they satisfy, natively and batched, and failures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.linalg

import funcgrad as fg
from funcgrad import errors, lax
from funcgrad.compiler.program import compile_jaxpr
from funcgrad.core.trace import typeof
from funcgrad.ops import linalg
from funcgrad.transforms.jvp import jvp
from funcgrad.transforms.stage import stage, stage_flat

DTYPES = ["float32", "float64", "complex64", "complex128"]
SHAPES = [(1, 1), (4, 4), (6, 3), (3, 6), (2, 3, 5, 5), (0, 3, 3), (20, 20)]
SHAPES += [(3, 2, 4), (2, 4, 3), (40, 6, 6), (5, 7, 7)]


def native(function: Any, *args: Any) -> Any:
    jaxpr = stage_flat(lambda *xs: list(function(*xs)), [typeof(a) for a in args])
    return compile_jaxpr(jaxpr)(*[np.asarray(a) for a in args])


def evaluated(function: Any, *args: Any) -> Any:
    return list(function(*args))


RUNS = pytest.mark.parametrize("run", [native, evaluated])


def draw(shape: Any, dtype: str) -> Any:
    rng = np.random.default_rng(len(shape) * 100 + shape[-1])
    a = rng.normal(size=shape) + 1j * rng.normal(size=shape)
    return (a if np.dtype(dtype).kind == "c" else a.real).astype(dtype)


def adjoint(a: Any) -> Any:
    return np.swapaxes(a.conj(), -1, -2)


def close(x: Any, y: Any) -> None:
    single = np.asarray(x).dtype.name in ("float32", "complex64")
    np.testing.assert_allclose(x, y, atol=3e-4 if single else 1e-11)


@RUNS
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_products_give_the_matrix_back(shape: Any, dtype: str, run: Any) -> None:
    a = draw(shape, dtype)
    for full in (False, True):
        q, r = run(lambda a, f=full: linalg.qr(a, full_matrices=f), a)
        close(q @ r, a)
        close(
            adjoint(q) @ q,
            np.broadcast_to(np.eye(q.shape[-1]), r.shape[:-1] + q.shape[-1:]),
        )
        u, s, vh = run(lambda a, f=full: linalg.svd(a, full_matrices=f), a)
        k = s.shape[-1]
        close((u[..., :k] * s[..., None, :]) @ vh[..., :k, :], a)
        assert np.all(np.diff(s) <= 0)
    factors, _, permutation = run(linalg.lu, a)
    k = min(shape[-2:])
    lower = np.tril(factors[..., :k], -1) + np.eye(shape[-2], k, dtype=dtype)
    rows = np.take_along_axis(a, permutation[..., None].astype(int), -2)
    close(lower @ np.triu(factors[..., :k, :]), rows)
    for part in (q, factors, u, vh):
        assert part.dtype == dtype


@RUNS
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [s for s in SHAPES if s[-1] == s[-2]])
def test_hermitian_matrices_and_systems(shape: Any, dtype: str, run: Any) -> None:
    a = draw(shape, dtype)
    h = a @ adjoint(a) + np.eye(shape[-1], dtype=dtype)
    junk = np.triu(np.full(shape, 7.0, dtype), 1)
    (lower,) = run(lambda h: [linalg.cholesky(h)], np.tril(h) + junk)
    close(lower @ adjoint(lower), h)
    w, v = run(linalg.eigh, np.tril(h) + junk)
    close((v * w[..., None, :]) @ adjoint(v), h)
    w, v = run(lambda h: linalg.eigh(h, lower=False), np.triu(h) + adjoint(junk))
    close((v * w[..., None, :]) @ adjoint(v), h)
    b = draw((*shape[:-1], 2), dtype)
    (x,) = run(lambda h, b: [linalg.solve(h, b)], h, b)
    close(h @ x, b)
    (x,) = run(lambda h, b: [linalg.lu_solve(*linalg.lu(h)[::2], b)], h, b)
    close(h @ x, b)


@RUNS
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("unit", [True, False])
def test_triangular_systems(lower: bool, unit: bool, dtype: str, run: Any) -> None:
    a = draw((3, 3), dtype) + 2 * np.eye(3)
    part = np.tril(a) if lower else np.triu(a)
    if unit:
        part = part - np.diag(np.diag(part)) + np.eye(3)
    for left in (True, False):
        b = draw((3, 2) if left else (2, 3), dtype)
        for operation, (flip, conj) in {
            "N": (False, False),
            "T": (True, False),
            "C": (True, True),
            "conj": (False, True),
        }.items():
            (x,) = run(
                lambda a, b, left=left, flip=flip, conj=conj: [
                    linalg.triangular_solve(
                        a,
                        b,
                        left_side=left,
                        lower=lower,
                        transpose_a=flip,
                        conjugate_a=conj,
                        unit_diagonal=unit,
                    )
                ],
                a,
                b,
            )
            op = part.T if flip else part
            op = op.conj() if conj else op
            np.testing.assert_allclose(op @ x if left else x @ op, b, err_msg=operation)


@RUNS
def test_failures_are_nan_and_leave_other_matrices_alone(run: Any) -> None:
    a = np.stack([np.eye(2), -np.eye(2)])
    (lower,) = run(lambda a: [linalg.cholesky(a)], a)
    np.testing.assert_array_equal(lower, [np.eye(2), np.full((2, 2), np.nan)])
    a = np.stack([np.zeros((2, 2)), np.eye(2)])
    (x,) = run(lambda a: [linalg.solve(a, np.ones((2, 2, 1)))], a)
    np.testing.assert_array_equal(x[..., 0], [[np.nan, np.nan], [1, 1]])


def slope(function: Any, a: Any, t: Any, h: float = 1e-5) -> Any:
    return (function(a + h * t) - function(a - h * t)) / (2 * h)


def by_eigh(a: Any) -> Any:
    """A function of a Hermitian matrix, whatever the phases of its eigenvectors."""
    w, v = linalg.eigh(a)
    return linalg.matrices.matmul(
        v * (w * w * w)[..., None, :], linalg.matrices.adjoint(v)
    )


def by_svd(a: Any) -> Any:
    u, s, vh = linalg.svd(a, full_matrices=False)
    return linalg.matrices.matmul(u * (s * s * s)[..., None, :], vh)


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize(
    ("function", "shape"),
    [(by_eigh, (3, 3)), (by_svd, (3, 3)), (by_svd, (4, 2)), (by_svd, (2, 3))],
)
def test_derivatives_of_what_has_no_phase(
    function: Any, shape: Any, dtype: str
) -> None:
    a, t, s = (draw((*shape[:-2], *shape), dtype) for _ in range(3))
    t, s = t[::-1].copy(), s * 0.5
    if function is by_eigh:
        a, t, s = (x + adjoint(x) for x in (a, t, s))

    def tangent(a: Any) -> Any:
        return jvp(lambda a: [function(a)], [a], [t])[1][0]

    np.testing.assert_allclose(tangent(a), slope(function, a, t), rtol=1e-6, atol=1e-6)
    (_,), (second,) = jvp(lambda a: [tangent(a)], [a], [s])
    np.testing.assert_allclose(second, slope(tangent, a, s), rtol=1e-5, atol=1e-5)


def test_full_factors_have_no_derivative() -> None:
    a = draw((3, 2), "float64")
    for function in (linalg.qr, linalg.svd):
        with pytest.raises(errors.DifferentiationError, match="full_matrices=False"):
            jvp(lambda a, f=function: list(f(a)), [a], [a])


def test_what_is_no_matrix() -> None:
    with pytest.raises(errors.ShapeError, match="square"):
        linalg.cholesky(np.zeros((2, 3)))
    with pytest.raises(errors.DTypeError, match="float32, float64"):
        linalg.eigh(np.zeros((2, 2), int))
    with pytest.raises(errors.ShapeError, match="right side"):
        linalg.solve(np.eye(2), np.zeros((3, 1)))
    with pytest.raises(errors.ShapeError, match="right side"):
        stage(lambda a: [linalg.solve(a, a[0])], [typeof(np.eye(2))])


def test_names_and_sides_are_those_of_jax() -> None:
    a, b = np.array([[2.0, 1.0], [5.0, 4.0]]), np.array([[2.0, 3.0]])
    np.testing.assert_array_equal(lax.triangular_solve(a, b), [[1.0, 0.5]])
    assert lax.linalg.triangular_solve is lax.triangular_solve
    x = lax.triangular_solve(a, b.T, left_side=True, lower=True, transpose_a=True)
    np.testing.assert_array_equal(np.tril(a).T @ x, b.T)
    factor = lax.linalg.cholesky(a.T @ a)
    np.testing.assert_allclose(factor @ factor.T, a.T @ a, rtol=1e-14)


@pytest.mark.parametrize("diagonal", [(1, 1, 1), (2, 2, 1)])
@pytest.mark.parametrize("kind", [float, complex])
def test_products_of_vectors_at_equal_singular_values(diagonal, kind):
    """``u @ vh`` is the polar factor, smooth where the vectors alone are not."""
    rng = np.random.default_rng(8)
    a = np.diag(diagonal).astype(kind)
    t = rng.normal(size=(3, 3)) + (
        1j * rng.normal(size=(3, 3)) if kind is complex else 0
    )

    def polar_factor(a):
        u, _, vh = np.linalg.svd(a, full_matrices=False)
        return u @ vh

    h = 1e-5
    ahead, behind = (scipy.linalg.polar(a + s * t)[0] for s in (h, -h))
    for f in (polar_factor, fg.jit(polar_factor)):
        _, got = fg.jvp(f, (a,), (t,))
        np.testing.assert_allclose(got, (ahead - behind) / (2 * h), atol=1e-8)
