"""The matrix product kernel gives what NumPy gives."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest

from funcgrad.compiler.build import executable, symbols
from funcgrad.compiler.kernels import gemm
from tests.compiler.standalone import run_alone

DTYPES = ["float32", "float64", "complex64", "complex128"]


def matrices(dtype: str, *shape: int, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    values = random.normal(size=shape)
    if np.dtype(dtype).kind == "c":
        values = values + 1j * random.normal(size=shape)
    return values.astype(dtype)


def apply(op: str, a: np.ndarray) -> np.ndarray:
    return {"N": a, "T": a.swapaxes(-1, -2), "C": a.swapaxes(-1, -2).conj()}[op]


def close(got: np.ndarray, expected: np.ndarray) -> None:
    assert got.dtype == expected.dtype
    tolerance = 100 * np.finfo(got.dtype).eps
    np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("op_a", ["N", "T", "C"])
@pytest.mark.parametrize("op_b", ["N", "T", "C"])
@pytest.mark.parametrize(
    ("m", "n", "k"),
    [(3, 4, 5), (1, 7, 2), (6, 1, 1), (2, 3, 0), (0, 2, 3), (33, 17, 9)],
)
def test_products(dtype, op_a, op_b, m, n, k):
    a = matrices(dtype, 2, *((m, k) if op_a == "N" else (k, m)))
    b = matrices(dtype, 2, *((k, n) if op_b == "N" else (n, k)), seed=1)
    one, zero = np.ones((), dtype), np.zeros((), dtype)
    kernel = gemm.gemm_text(dtype, transpose_a=op_a, transpose_b=op_b)
    rows = [k if op_a == "N" else m, n if op_b == "N" else k, n]
    words = [2, m, n, k, m * k, n * k, m * n, *rows]
    (c,) = run_alone(kernel, [a, b, one, zero], [(dtype, (2, m, n))], words)
    close(c, apply(op_a, a) @ apply(op_b, b))


@pytest.mark.parametrize("dtype", DTYPES)
def test_one_matrix_shared_by_a_batch(dtype):
    a, b = matrices(dtype, 5, 3, 4), matrices(dtype, 4, 2, seed=1)
    scale, zero = np.full((), 2, dtype), np.zeros((), dtype)
    words = [5, 3, 2, 4, 12, 0, 6, 4, 2, 2]
    results = [(dtype, (5, 3, 2))]
    (c,) = run_alone(gemm.gemm_text(dtype), [a, b, scale, zero], results, words)
    close(c, 2 * (a @ b))


@pytest.mark.parametrize("dtype", DTYPES)
def test_accumulation(dtype):
    a, b, c = (matrices(dtype, 3, 3, seed=i) for i in range(3))
    alpha, beta = np.full((), 0.5, dtype), np.full((), -2, dtype)
    expected = alpha * (a @ b) + beta * c
    address = executable.compile_kernel(gemm.gemm_text(dtype).standalone())
    arrays = (ctypes.c_void_p * 4)(*[x.ctypes.data for x in (a, b, alpha, beta)])
    outs = (ctypes.c_void_p * 1)(c.ctypes.data)
    words = np.array([1, 3, 3, 3, 0, 0, 0, 3, 3, 3])
    kernel = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_void_p] * 4)(address)
    assert kernel(arrays, outs, words.ctypes.data, None) == 0
    close(c, expected)


def blas_thread_count() -> int:
    """Threads that SciPy's OpenBLAS uses now."""
    symbols.require("fg_blas_dgemm")
    library = symbols._keep_alive[0]
    for name in ("scipy_openblas_get_num_threads", "openblas_get_num_threads"):
        if hasattr(library, name):
            return getattr(library, name)()
    pytest.skip("SciPy's BLAS is not OpenBLAS")
    raise AssertionError


def run_products(n: int, set_threads: str) -> np.ndarray:
    """C = A @ B for n x n ones, through another function that sets the threads."""
    text = gemm.gemm_text("float32").standalone()
    text = text.replace("@fg_blas_set_threads", "@" + set_threads)
    a, b, c = np.ones((n, n), "f4"), np.ones((n, n), "f4"), np.empty((n, n), "f4")
    one, zero = np.ones((), "f4"), np.zeros((), "f4")
    operands = (ctypes.c_void_p * 4)(*[x.ctypes.data for x in (a, b, one, zero)])
    outs = (ctypes.c_void_p * 1)(c.ctypes.data)
    words = np.array([1, n, n, n, 0, 0, 0, n, n, n])
    kernel = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_void_p] * 4)
    address = executable.compile_kernel(text)
    assert kernel(address)(operands, outs, words.ctypes.data, None) == 0
    return c


def test_only_big_products_use_more_threads():
    calls = []
    record = ctypes.CFUNCTYPE(None, ctypes.c_int)(calls.append)
    executable.add_symbol("fg_test_threads", ctypes.cast(record, ctypes.c_void_p).value)
    before = symbols.blas_threads()
    symbols.set_blas_threads(2)
    try:
        assert np.all(run_products(500, "fg_test_threads") == 500)
        assert calls == []
        assert np.all(run_products(520, "fg_test_threads") == 520)
        assert calls == [2, 1]
        assert np.all(run_products(520, "fg_blas_set_threads") == 520)
    finally:
        symbols.set_blas_threads(before)
    assert blas_thread_count() == 1
