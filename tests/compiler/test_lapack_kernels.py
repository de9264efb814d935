"""The LAPACK kernels give what NumPy and SciPy give, batch by batch."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg

from funcgrad.compiler.build import executable
from funcgrad.compiler.call.trampoline import make_native_call
from funcgrad.compiler.emit.module_text import ModuleText
from funcgrad.compiler.kernels import cholesky, eigh, lu, qr, svd
from funcgrad.compiler.kernels.kernel_text import NO_MEMORY
from tests.compiler.standalone import run_alone

DTYPES = ["float32", "float64", "complex64", "complex128"]


def matrices(dtype: str, *shape: int, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    values = random.normal(size=shape)
    if np.dtype(dtype).kind == "c":
        values = values + 1j * random.normal(size=shape)
    return values.astype(dtype)


def close(got: np.ndarray, expected: np.ndarray, factor: float = 1.0) -> None:
    assert got.dtype == expected.dtype
    scale = np.max(np.abs(expected), initial=1.0)
    tolerance = 200 * np.finfo(got.dtype).eps * scale * factor
    np.testing.assert_allclose(got, expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("m", "n"), [(4, 4), (3, 5), (5, 3), (1, 1), (0, 3), (17, 20)])
def test_getrf(dtype, m, n):
    a = matrices(dtype, 3, m, n)
    k = min(m, n)
    results = [(dtype, (3, m, n)), ("int32", (3, k))]
    factors, pivots = run_alone(lu.getrf_text(dtype), [a], results, [3, m, n])
    for one, packed, swaps in zip(a, factors, pivots, strict=True):
        lower = np.tril(packed[:, :k], -1) + np.eye(m, k, dtype=dtype)
        permuted = one.copy()
        for i, j in enumerate(swaps):
            permuted[[i, j]] = permuted[[j, i]]
        close(lower @ np.triu(packed[:k]), permuted)
        assert np.all(np.abs(lower) < 1.5)
        if m == n and m > 0:
            expected, expected_swaps = scipy.linalg.lu_factor(one)
            close(packed, expected, 10)
            np.testing.assert_array_equal(swaps, expected_swaps)


def test_getrf_of_a_singular_matrix_has_a_zero_in_u():
    a = np.array([[[1.0, 2.0], [2.0, 4.0]]])
    results = [("float64", (1, 2, 2)), ("int32", (1, 2))]
    factors, pivots = run_alone(lu.getrf_text("float64"), [a], results, [1, 2, 2])
    np.testing.assert_array_equal(factors, [[[2.0, 4.0], [0.5, 0.0]]])
    np.testing.assert_array_equal(pivots, [[1, 1]])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("transpose", ["N", "T", "C"])
@pytest.mark.parametrize(("n", "k"), [(4, 1), (3, 5), (9, 2), (1, 1), (2, 0), (0, 2)])
def test_getrs(dtype, transpose, n, k):
    a = matrices(dtype, 2, n, n)
    rhs = matrices(dtype, 2, n, k, seed=1)
    results = [(dtype, (2, n, n)), ("int32", (2, n))]
    factors, pivots = run_alone(lu.getrf_text(dtype), [a], results, [2, n, n])
    kernel = lu.getrs_text(dtype, transpose=transpose)
    (x,) = run_alone(kernel, [factors, pivots, rhs], [(dtype, rhs.shape)], [2, n, k])
    op = {"N": a, "T": a.swapaxes(1, 2), "C": a.swapaxes(1, 2).conj()}[transpose]
    close(x, np.linalg.solve(op, rhs), 20)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("n", "k"), [(4, 1), (3, 5), (30, 2), (1, 1), (2, 0), (0, 2)])
def test_solve(dtype, n, k):
    a, rhs = matrices(dtype, 3, n, n), matrices(dtype, 3, n, k, seed=1)
    (x,) = run_alone(lu.solve_text(dtype), [a, rhs], [(dtype, rhs.shape)], [3, n, k])
    close(x, np.linalg.solve(a, rhs), 20)


@pytest.mark.parametrize("dtype", DTYPES)
def test_solve_with_a_singular_matrix_is_nan_there_only(dtype):
    a = np.stack([np.eye(2), np.ones((2, 2)), np.eye(2)]).astype(dtype)
    rhs = matrices(dtype, 3, 2, 2)
    (x,) = run_alone(lu.solve_text(dtype), [a, rhs], [(dtype, rhs.shape)], [3, 2, 2])
    np.testing.assert_array_equal(x[0], rhs[0])
    np.testing.assert_array_equal(x[2], rhs[2])
    assert np.all(np.isnan(x[1].real))
    if x.dtype.kind == "c":
        assert np.all(np.isnan(x[1].imag))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [0, 1, 2, 5, 40])
def test_potrf(dtype, n):
    root = matrices(dtype, 3, n, n)
    a = (root @ root.swapaxes(1, 2).conj() + n * np.eye(n)).astype(dtype)
    given = a + np.triu(np.full((n, n), 7.0, dtype), 1)  # above the diagonal: not read
    (factor,) = run_alone(
        cholesky.potrf_text(dtype), [given], [(dtype, a.shape)], [3, n]
    )
    close(factor, np.linalg.cholesky(a))
    assert not np.any(np.triu(factor, 1))


@pytest.mark.parametrize("dtype", DTYPES)
def test_potrf_of_an_indefinite_matrix_is_nan_there_only(dtype):
    a = np.stack([np.eye(3), np.diag([1, -1, 1]), 4 * np.eye(3)]).astype(dtype)
    (factor,) = run_alone(cholesky.potrf_text(dtype), [a], [(dtype, a.shape)], [3, 3])
    np.testing.assert_array_equal(factor[0], np.eye(3))
    np.testing.assert_array_equal(factor[2], 2 * np.eye(3))
    assert np.all(np.isnan(factor[1]))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("transpose", ["N", "T", "C"])
@pytest.mark.parametrize("unit", [True, False])
@pytest.mark.parametrize(("n", "k"), [(4, 3), (1, 1), (0, 2), (3, 0)])
def test_triangular_solve(dtype, lower, transpose, unit, n, k):
    a = matrices(dtype, 2, n, n) + 3 * np.eye(n, dtype=dtype)
    rhs = matrices(dtype, 2, n, k, seed=1)
    kernel = cholesky.triangular_solve_text(
        dtype, lower=lower, transpose=transpose, unit_diagonal=unit
    )
    (x,) = run_alone(kernel, [a, rhs], [(dtype, rhs.shape)], [2, n, k])
    part = np.tril(a) if lower else np.triu(a)
    if unit:
        one = np.eye(n, dtype=dtype)
        part = part - part * one + one
    op = {"N": part, "T": part.swapaxes(1, 2), "C": part.swapaxes(1, 2).conj()}
    close(op[transpose] @ x, rhs, 20 * np.max(np.abs(x), initial=1))


def test_triangular_solve_with_a_zero_on_the_diagonal():
    a = np.array([[[0.0, 0.0], [0.0, 1.0]]])
    rhs = np.array([[[1.0], [2.0]]])
    kernel = cholesky.triangular_solve_text("float64")
    (x,) = run_alone(kernel, [a, rhs], [("float64", (1, 2, 1))], [1, 2, 1])
    assert not np.isfinite(x[0, 0, 0])


def hermitian(dtype: str, count: int, n: int) -> np.ndarray:
    a = matrices(dtype, count, n, n)
    return (a + a.swapaxes(1, 2).conj()).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("n", [0, 1, 2, 5, 30])
def test_eigh(dtype, lower, n):
    a = hermitian(dtype, 3, n)
    real = a.real.dtype
    garbage = np.full((n, n), 7.0, dtype)
    given = a + (np.triu(garbage, 1) if lower else np.tril(garbage, -1))
    kernel = eigh.eigh_text(dtype, lower=lower)
    results = [(real, (3, n)), (dtype, (3, n, n))]
    w, v = run_alone(kernel, [given], results, [3, n])
    close(w, np.linalg.eigvalsh(a))
    close(a @ v, (v * w[:, None, :]).astype(dtype), 5)
    close(
        v.swapaxes(1, 2).conj() @ v, np.broadcast_to(np.eye(n), a.shape).astype(dtype)
    )
    kernel = eigh.eigh_text(dtype, vectors=False, lower=lower)
    (alone,) = run_alone(kernel, [given], [(real, (3, n))], [3, n])
    close(alone, w)


def test_eigh_has_the_signs_of_numpy():
    a = hermitian("float64", 2, 6)
    results = [("float64", (2, 6)), ("float64", (2, 6, 6))]
    _, v = run_alone(eigh.eigh_text("float64"), [a], results, [2, 6])
    close(v, np.linalg.eigh(a).eigenvectors, 10)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("job", ["reduced", "full", "values"])
@pytest.mark.parametrize(("m", "n"), [(4, 4), (3, 5), (5, 3), (1, 1), (30, 12)])
def test_svd(dtype, job, m, n):
    a = matrices(dtype, 3, m, n)
    real, k = a.real.dtype, min(m, n)
    columns, rows = (m, n) if job == "full" else (k, k)
    results = [(real, (3, k)), (dtype, (3, m, columns)), (dtype, (3, rows, n))]
    if job == "values":
        results = results[:1]
    s, *vectors = run_alone(svd.svd_text(dtype, job=job), [a], results, [3, m, n])
    close(s, np.linalg.svd(a, compute_uv=False))
    if vectors:
        u, vh = vectors
        close((u[:, :, :k] * s[:, None, :]).astype(dtype) @ vh[:, :k], a)
        for basis in (u.swapaxes(1, 2).conj() @ u, vh @ vh.swapaxes(1, 2).conj()):
            one = np.broadcast_to(np.eye(basis.shape[1]), basis.shape)
            close(basis, one.astype(dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("job", ["reduced", "full"])
def test_svd_of_no_rows(dtype, job):
    a = np.zeros((2, 0, 3), dtype)
    real, rows = a.real.dtype, 3 if job == "full" else 0
    results = [(real, (2, 0)), (dtype, (2, 0, 0)), (dtype, (2, rows, 3))]
    s, u, vh = run_alone(svd.svd_text(dtype, job=job), [a], results, [2, 0, 3])
    expected = np.linalg.svd(a, full_matrices=job == "full")
    assert s.size == u.size == 0
    np.testing.assert_array_equal(vh, expected.Vh)


def test_svd_of_nan_is_nan_there_only():
    a = np.stack([np.eye(3), np.full((3, 3), np.nan), np.eye(3)])
    results = [("float64", (3, 3))] + [("float64", (3, 3, 3))] * 2
    for array in run_alone(svd.svd_text("float64"), [a], results, [3, 3, 3]):
        assert np.all(np.isnan(array[1]))
        assert np.all(np.isfinite(array[[0, 2]]))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize(
    ("m", "n"), [(4, 4), (3, 5), (5, 3), (1, 1), (40, 12), (3, 0), (0, 3)]
)
def test_qr(dtype, full, m, n):
    a = matrices(dtype, 3, m, n)
    columns = m if full else min(m, n)
    results = [(dtype, (3, m, columns)), (dtype, (3, columns, n))]
    q, r = run_alone(qr.qr_text(dtype, full=full), [a], results, [3, m, n])
    for one, own_q, own_r in zip(a, q, r, strict=True):
        expected = np.linalg.qr(one, mode="complete" if full else "reduced")
        close(own_q, expected.Q, 10)
        close(own_r, expected.R, 10)
        assert not np.any(np.tril(own_r, -1))


def test_dtypes_that_lapack_does_not_know():
    with pytest.raises(TypeError, match="int64"):
        lu.getrf_text("int64")


def test_a_module_includes_a_kernel_once():
    module = ModuleText()
    kernel = lu.solve_text("float64")
    for _ in range(2):
        assert kernel.include(module) == kernel.symbol
    text = module.text()
    assert text.count(f"define internal i64 @{kernel.symbol}(") == 1
    assert text.count("declare void @fg_lapack_dgetrf(") == 1
    assert {"fg_blas_dtrsm", "fg_lapack_dgetrf"} <= module.externs


def test_a_program_calls_a_kernel_as_a_library():
    module = ModuleText()
    kernel = cholesky.potrf_text("float64")
    symbol = kernel.declare(module)
    program = f"""
define i64 @FG_KERNEL(ptr %args, ptr %outs, ptr %table, ptr %work) {{
  %a = load ptr, ptr %args
  %l = load ptr, ptr %outs
  %status = call i64 @{symbol}(ptr %l, ptr %a, i64 2, i64 3)
  ret i64 %status
}}
"""
    text = program + module.text()
    address = executable.compile_kernel(text, [kernel.library()])
    specs = [("float64", (2, 3, 3))]
    table = np.zeros(0, np.int64)
    call = make_native_call(specs, specs, address, table, 0, True, False)
    root = matrices("float64", 2, 3, 3)
    a = root @ root.swapaxes(1, 2)
    close(call(a), np.linalg.cholesky(a))


def test_sizes_that_no_memory_holds_are_reported():
    n = 2**30
    a = np.zeros((1, 1, 1))
    kernel = lu.getrf_text("float64")
    address = executable.compile_kernel(kernel.standalone())
    specs = [("float64", (1, 1, 1))], [("float64", (1, 1, 1)), ("int32", (1, 1))]
    table = np.array([1, n, n], np.int64)
    call = make_native_call(*specs, address, table, 0, False, False)
    assert call(a) == NO_MEMORY
