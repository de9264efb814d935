"""Threads of BLAS are raised for large work only; its memory is there from the start."""

from __future__ import annotations

import ctypes
import importlib
import mmap
import sys

import numpy as np
import pytest

from funcgrad.compiler.build import executable, symbols
from funcgrad.compiler.kernels import cholesky, eigh, gemm, kernel_text, lu, qr, svd

KERNELS = [
    (gemm.gemm_text("float32"), (1, 6, 6, 6, 0, 0, 0, 6, 6, 6)),
    (lu.getrf_text("float32"), (1, 6, 6)),
    (lu.solve_text("float32"), (1, 6, 6)),
    (cholesky.potrf_text("float32"), (1, 6)),
    (cholesky.triangular_solve_text("float32"), (1, 6, 6)),
    (eigh.eigh_text("float32"), (1, 6)),
    (svd.svd_text("float32"), (1, 6, 6)),
    (qr.qr_text("float32"), (1, 6, 6)),
]


@pytest.mark.parametrize(("kernel", "words"), KERNELS, ids=lambda x: str(x)[:40])
@pytest.mark.parametrize("threshold", [10, 2**27])
def test_threads(kernel, words, threshold):
    calls = []
    record = ctypes.CFUNCTYPE(None, ctypes.c_int)(calls.append)
    pointer = ctypes.cast(record, ctypes.c_void_p).value
    executable.add_symbol("fg_test_set_threads", pointer)
    text = kernel.standalone().replace("fg_blas_set_threads", "fg_test_set_threads")
    assert f", {kernel_text.BIG_WORK}\n" in text
    text = text.replace(f", {kernel_text.BIG_WORK}\n", f", {threshold}\n")
    operands = [np.eye(6, dtype="f4") for _ in range(kernel.operands)]
    results = [np.empty((6, 6), "f4") for _ in range(kernel.results)]
    table = np.array(words, np.int64)
    before = symbols.blas_threads()
    symbols.set_blas_threads(2)
    try:
        function = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_void_p] * 4)
        run = function(executable.compile_kernel(text))
        pointers = [
            (ctypes.c_void_p * len(arrays))(*[array.ctypes.data for array in arrays])
            for arrays in (operands, results)
        ]
        assert run(*pointers, table.ctypes.data, None) == 0
    finally:
        symbols.set_blas_threads(before)
    assert calls == ([2, 1] if threshold == 10 else [])


@pytest.mark.skipif(sys.platform != "linux", reason="mincore is asked")
def test_memory_in_which_blas_packs_matrices_is_mapped():
    symbols.require("fg_blas_sgemm")
    cython_blas = importlib.import_module("scipy.linalg.cython_blas")
    library = ctypes.CDLL(cython_blas.__file__)
    if not hasattr(library, "blas_memory_alloc"):
        pytest.skip("this BLAS is not OpenBLAS")
    library.blas_memory_alloc.restype = ctypes.c_void_p
    start = library.blas_memory_alloc(0)
    library.blas_memory_free(ctypes.c_void_p(start))
    pages = symbols._PACKED_BYTES // mmap.PAGESIZE
    resident = (ctypes.c_ubyte * pages)()
    first = start + -start % mmap.PAGESIZE
    span = ctypes.c_size_t((pages - 1) * mmap.PAGESIZE)
    assert ctypes.CDLL(None).mincore(ctypes.c_void_p(first), span, resident) == 0
    assert all(flag & 1 for flag in resident[: pages - 1])
