"""The sorting kernels give exactly what NumPy gives."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from funcgrad.compiler.kernels import searching, sorting
from tests.compiler.standalone import run_alone

DTYPES = [
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64", "complex64", "complex128"),
]
SHAPES = [(1, 1), (3, 7), (2, 100), (1, 3000), (0, 4), (4, 0)]


def values(dtype: str, *shape: int, seed: int = 0) -> np.ndarray:
    """Values with many ties, the extremes of the dtype, and NaN."""
    random = np.random.default_rng(seed)
    kind = np.dtype(dtype).kind
    if kind == "b":
        pool = np.array([False, True])
    elif kind in "iu":
        info = np.iinfo(dtype)
        pool = np.array([info.min, info.max, 0, 1, 2, 3, 5, info.max - 1], dtype)
    else:
        reals = [-np.inf, -1.5, -0.0, 0.0, 1.0, 2.5, np.inf, np.nan]
        pool = np.array(reals, dtype)
        if kind == "c":
            pairs = itertools.product(reals, reals)
            pool = np.array([complex(*pair) for pair in pairs], dtype)
    return random.choice(pool, shape)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_sort(dtype, shape):
    x = values(dtype, *shape)
    (got,) = run_alone(sorting.sort_text(dtype), [x], [(dtype, shape)], shape)
    np.testing.assert_array_equal(got, np.sort(x))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_argsort_is_stable(dtype, shape):
    x = values(dtype, *shape)
    (got,) = run_alone(sorting.argsort_text(dtype), [x], [("int64", shape)], shape)
    np.testing.assert_array_equal(got, np.argsort(x, stable=True))


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_sort_of_distinct_values(dtype):
    x = (np.random.default_rng(0).normal(size=(2, 5000)) * 1e6).astype(dtype)
    (got,) = run_alone(sorting.sort_text(dtype), [x], [(dtype, x.shape)], x.shape)
    np.testing.assert_array_equal(got, np.sort(x))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("n", [0, 1, 2, 9, 64, 100])
def test_searchsorted(dtype, side, n):
    rows = np.sort(values(dtype, 3, n))
    keys = values(dtype, 3, 90, seed=1)
    kernel = searching.searchsorted_text(dtype, side=side)
    (got,) = run_alone(kernel, [rows, keys], [("int64", (3, 90))], [3, n, 90])
    expected = [np.searchsorted(r, k, side) for r, k in zip(rows, keys, strict=True)]
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("dtype", ["object", "datetime64[s]", "S3", "longdouble"])
def test_dtypes_that_cannot_be_sorted(dtype):
    with pytest.raises(TypeError, match="cannot be sorted"):
        sorting.sort_text(dtype)
