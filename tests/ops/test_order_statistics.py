"""Entries by rank are those of the sorted array, however they lie."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import numpy as fnp
from funcgrad.ops.order_statistics import order_statistics
from funcgrad.testing import check_grads

DTYPES = ["int32", "uint64", "float32", "float64", "bool"]


def rows_of(kind: str, dtype: str, n: int) -> np.ndarray:
    rng = np.random.default_rng(n)
    values = {
        "normal": 50 * rng.normal(size=n),
        "ties": rng.integers(0, 3, n),
        "one value": np.full(n, 7),
        "rising": np.arange(n),
        "mostly one": np.where(rng.uniform(size=n) < 0.01, rng.normal(size=n), 1.0),
    }[kind]
    if np.dtype(dtype).kind in "bu":
        values = np.abs(values)
    return values.astype(dtype) if dtype != "int8" else (values % 100).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_ranks(dtype: str) -> None:
    kinds = ["normal", "ties", "one value", "rising", "mostly one"]
    for n in (100, 5000, 70_000):
        for start, stop in ((0, 1), (n // 2 - 1, n // 2 + 1), (n // 3, n)):
            select = fg.jit(
                lambda x, a=start, b=stop: order_statistics(x, a, b, axis=0)
            )
            for kind in kinds:
                x = rows_of(kind, dtype, n)
                np.testing.assert_array_equal(select(x), np.sort(x)[start:stop])


def test_nan_comes_last() -> None:
    x = np.random.default_rng(0).normal(size=5000)
    for share in (0.001, 0.4, 0.6, 1.0):
        y = np.where(np.arange(5000) % 1000 < 1000 * share, np.nan, x)
        y[:2] = -np.inf
        for start in (0, 1, 2400, 4998):
            got = fg.jit(lambda y, a=start: order_statistics(y, a, a + 2, axis=0))(y)
            np.testing.assert_array_equal(got, np.sort(y)[start : start + 2])


def test_rows_along_any_axis() -> None:
    x = np.random.default_rng(0).normal(size=(40, 3000))
    expected = np.sort(x, axis=1)[:, 1499:1501]
    for operand, axis in ((x, 1), (x.T, 0), (np.asfortranarray(x), 1)):
        got = fg.jit(lambda x, a=axis: order_statistics(x, 1499, 1501, axis=a))(operand)
        np.testing.assert_array_equal(got, expected if axis else expected.T)
    got = fg.vmap(lambda x: order_statistics(x, 1499, 1501, axis=0))(x)
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("n", [1, 10, 4097])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_median_and_quantiles(n: int, dtype: str) -> None:
    x = (1000 * np.random.default_rng(n).normal(size=(2, n))).astype(dtype)
    got = fg.jit(lambda x: fnp.median(x, axis=1, keepdims=True))(x)
    np.testing.assert_allclose(got, np.median(x, axis=1, keepdims=True), rtol=1e-6)
    for q in (1.0, [0.0, 0.5, 0.9], [0.0, 0.1, 0.2, 0.3, 0.4]):
        for method in ("linear", "inverted_cdf"):
            got = fg.jit(lambda x, q=q, m=method: fnp.quantile(x, q, axis=1, method=m))(
                x
            )
            expected = np.quantile(x, q, axis=1, method=method)
            np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-3)


def test_median_of_nan() -> None:
    x = np.random.default_rng(0).normal(size=(3, 3000))
    x[1, 2000] = np.nan
    got = fg.jit(lambda x: fnp.median(x, axis=1))(x)
    np.testing.assert_array_equal(got, np.median(x, axis=1))


@pytest.mark.parametrize("n", [9, 10])
def test_derivatives(n: int) -> None:
    x = np.random.default_rng(n).permutation(n).astype(float)
    for f in (fnp.median, lambda x: fnp.quantile(x, [0.2, 0.7])):
        check_grads(fg.jit(f), (x,), order=1)
    gradient: Any = fg.jit(fg.grad(fnp.median))(np.arange(float(n)))
    expected = np.zeros(n)
    np.add.at(expected, [(n - 1) // 2, n // 2], 0.5)
    np.testing.assert_array_equal(gradient, expected)
