"""The kernel for products in registers: every remainder, stride and part of a sum."""

from __future__ import annotations

import ctypes
import functools
import itertools

import numpy as np
import pytest

from funcgrad.compiler.build.executable import compile_kernel, vector_bytes
from funcgrad.compiler.kernels.product import SIZES, STRIDES, product

DTYPES = ["float32", "float64"]


@functools.cache
def kernel(dtype):
    made = product(np.dtype(dtype), vector_bytes())
    head = "define internal void @"
    text = made.module.text().replace(
        f"{head}{made.symbol}(", "define void @FG_KERNEL("
    )
    words = [ctypes.c_int64] * len(SIZES + STRIDES)
    kinds = [ctypes.c_void_p] * 3 + words
    return ctypes.CFUNCTYPE(None, *kinds)(compile_kernel(text)), made.least_columns


def run(a, b, out):
    """``out[...] = a @ b`` for batches of matrices with any strides."""

    def steps(x):
        return [step // x.itemsize for step in x.strides]

    call, least = kernel(a.dtype.name)
    assert b.shape[-1] >= least
    assert out.strides[-1] == out.itemsize
    sizes = (*out.shape, a.shape[-1])
    pointers = [x.ctypes.data for x in (out, a, b)]
    call(*pointers, *sizes, *steps(out)[:2], *steps(a), *steps(b))


def values(shape, dtype, seed):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def turned(x):
    return np.ascontiguousarray(x.swapaxes(-1, -2)).swapaxes(-1, -2)


def close(got, expected):
    eps = np.finfo(got.dtype).eps
    np.testing.assert_allclose(got, expected, rtol=200 * eps, atol=500 * eps)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_remainder_of_rows_and_columns(dtype):
    _, least = kernel(dtype)
    columns = [least, least + 1, 2 * least - 1, *range(2 * least, 4 * least + 1)]
    for m, n in itertools.product([1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 17], columns):
        a, b = values((1, m, 5), dtype, m), values((1, 5, n), dtype, n)
        out = np.full((1, m + 2, n + 3), 9, dtype)
        run(a, b, out[:, 1:-1, 1:-2])
        close(out[:, 1:-1, 1:-2], a @ b)
        out[:, 1:-1, 1:-2] = 9
        assert np.all(out == 9), "wrote beside the answer"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("turn", [(0, 0), (0, 1), (1, 0), (1, 1)])
@pytest.mark.parametrize("k", [1, 255, 256, 257, 700])
def test_strides_and_parts_of_sums(dtype, turn, k):
    turn_a, turn_b = turn
    for m, n in [(4, 16), (9, 19), (40, 33)]:
        a, b = values((3, m, k), dtype, 1), values((3, k, n), dtype, 2)
        out = np.empty((3, m, n), dtype)
        run(turned(a) if turn_a else a, turned(b) if turn_b else b, out)
        close(out / k**0.5, (a @ b) / k**0.5)


@pytest.mark.parametrize("dtype", DTYPES)
def test_entries_apart_and_one_matrix_for_a_batch(dtype):
    a = values((2, 10, 14), dtype, 1)[:, ::3, ::2]
    b = values((1, 21, 60), dtype, 2)[:, ::3, ::3]
    out = np.empty((2, 4, 20), dtype)
    run(a, np.broadcast_to(b, (2, 7, 20)), out)
    close(out, a @ b)


@pytest.mark.parametrize("dtype", DTYPES)
def test_infinities_and_nan_stay_in_their_rows_and_columns(dtype):
    _, least = kernel(dtype)
    n = 2 * least + 1
    a, b = np.ones((1, 5, 600), dtype), np.ones((1, 600, n), dtype)
    a[0, 1, 2] = a[0, 2, 500] = np.inf
    a[0, 3, 3] = np.nan
    b[0, 4, least + 3] = np.nan
    out = np.empty((1, 5, n), dtype)
    run(a, b, out)
    np.testing.assert_array_equal(out, a @ b)


@pytest.mark.parametrize("dtype", DTYPES)
def test_rows_do_not_depend_on_their_neighbours(dtype):
    a, b = values((1, 11, 300), dtype, 1), values((1, 300, 24), dtype, 2)
    whole, alone = np.empty((1, 11, 24), dtype), np.empty((1, 1, 24), dtype)
    run(a, b, whole)
    for row in range(11):
        run(a[:, row : row + 1], b, alone)
        np.testing.assert_array_equal(alone[0, 0], whole[0, row])
