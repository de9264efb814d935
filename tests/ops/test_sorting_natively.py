"""Native sorting and searching give NumPy's results, for sizes and values at the edges."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import numpy as fnp
from funcgrad.config import override

DTYPES = ["int32", "int64", "uint32", "uint64", "float16", "float32", "float64"]


def rows_of(kind: str, dtype: str, n: int) -> np.ndarray:
    """Numbers of one kind: what decides between them lies in other bits each time."""
    rng = np.random.default_rng(n)
    if kind == "ties":
        values = rng.integers(0, 3, n)
    elif kind == "close":  # the leading bits of most of them agree
        values = np.where(np.arange(n) % 7 == 0, -1e3, 1 + 1e-13 * rng.normal(size=n))
    elif kind == "wide":
        values = rng.normal(size=n) * 10.0 ** rng.integers(-3, 4, n)
    else:
        special = [0.0, -0.0, np.inf, -np.inf, np.nan, -np.nan, 1.0, -1.0, 5e-324]
        values = rng.choice(special, n)
    if np.dtype(dtype).kind == "f":
        return values.astype(dtype)
    info = np.iinfo(dtype)
    if kind == "special":
        return rng.choice(np.array([info.min, info.max, 0, 1], dtype), n)
    values = values * (info.max // 4 if kind == "wide" else 1e5)
    return np.clip(values, info.min, info.max / 2).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", ["ties", "close", "wide", "special"])
def test_argsort_is_stable(dtype: str, kind: str) -> None:
    with np.errstate(over="ignore"):
        for n in (33, 4097):
            x = rows_of(kind, dtype, n)
            places = fg.jit(fnp.argsort)(x)
            np.testing.assert_array_equal(places, np.argsort(x, stable=True))
            assert places.dtype == np.int64


def test_argsort_along_an_axis_by_several_threads() -> None:
    x = np.random.default_rng(0).integers(-9, 9, (300, 7, 200)).astype(float)
    for axis in range(3):
        for operand in (x, x[:, :, ::-2], np.asfortranarray(x)):
            places = fg.jit(lambda x, a=axis: fnp.argsort(x, a))(operand)
            expected = np.argsort(operand, axis, stable=True)
            np.testing.assert_array_equal(places, expected)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "uint64", "bool"])
@pytest.mark.parametrize("name", ["argmax", "argmin"])
def test_extremes_of_long_rows(name: str, dtype: str) -> None:
    function, expected = getattr(fnp, name), getattr(np, name)
    for n in (4095, 4096, 9001):
        x = np.random.default_rng(n).integers(0, 2, n).astype(dtype)
        assert fg.jit(function)(x) == expected(x)
        for place in (0, 511, 512, n - 513, n - 512, n - 1):
            y = np.ones(n, dtype)
            y[place] = 0 if name == "argmin" else 2
            assert fg.jit(function)(y) == expected(y)
            y = np.zeros(n, dtype) if name == "argmin" else y
            assert fg.jit(function)(y) == expected(y)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_extremes_of_long_rows_with_nan(dtype: str) -> None:
    x = np.random.default_rng(0).normal(size=(3, 5000)).astype(dtype)
    x[1, [4999, 700]] = np.nan
    x[2, 0] = np.nan
    for name in ("argmax", "argmin"):
        function, expected = getattr(fnp, name), getattr(np, name)
        got = fg.jit(lambda x, f=function: f(x, axis=1))(x)
        np.testing.assert_array_equal(got, expected(x, axis=1))
        doubled = fg.jit(lambda x, f=function: f(2 * x, axis=1))(x[:, ::-1])
        np.testing.assert_array_equal(doubled, expected(2 * x[:, ::-1], axis=1))


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "uint8", "complex64"])
def test_searchsorted(dtype: str, side: str) -> None:
    rng = np.random.default_rng(0)
    search = fg.jit(lambda a, v: fnp.searchsorted(a, v, side=side))
    for n in (0, 1, 3, 1000):
        for shape in ((), (7,), (8,), (3, 11), (0,)):
            row = np.sort(rng.integers(0, 50, n).astype(dtype))
            value = rng.integers(-2, 52, shape).astype(dtype)
            got = search(row, value)
            np.testing.assert_array_equal(got, np.searchsorted(row, value, side=side))
            assert np.shape(got) == shape


def test_searchsorted_with_nan_by_several_threads() -> None:
    rng = np.random.default_rng(0)
    row = np.sort(np.where(rng.uniform(size=5000) < 0.1, np.nan, rng.normal(size=5000)))
    value = np.where(rng.uniform(size=50_001) < 0.1, np.nan, rng.normal(size=50_001))
    for side in ("left", "right"):
        got = fg.jit(lambda a, v, s=side: fnp.searchsorted(a, v, side=s))(row, value)
        np.testing.assert_array_equal(got, np.searchsorted(row, value, side=side))


@pytest.mark.parametrize("axes", [(None, 0), (0, None), (0, 0), (None, 1)])
def test_searchsorted_of_batches(axes: Any) -> None:
    rng = np.random.default_rng(0)
    row = np.sort(rng.normal(size=(4, 30) if axes[0] == 0 else 30))
    values = rng.normal(size=(4, 9) if axes[1] == 0 else (9, 4))
    if axes[1] is None:
        values = values[:, 0]
    got = fg.jit(fg.vmap(fnp.searchsorted, axes))(row, values)
    for k in range(4):
        own = row[k] if axes[0] == 0 else row
        at = values if axes[1] is None else np.moveaxis(values, axes[1], 0)[k]
        np.testing.assert_array_equal(got[k], np.searchsorted(own, at))


@pytest.mark.parametrize("dtype", ["int32", "uint64", "float32", "float64"])
@pytest.mark.parametrize("kind", ["ties", "wide", "special"])
def test_sort_of_a_long_row_in_parts(dtype: str, kind: str) -> None:
    for n in (65_535, 65_536, 100_003):
        x = rows_of(kind, dtype, n)
        np.testing.assert_array_equal(fg.jit(fnp.sort)(x), np.sort(x))
    np.testing.assert_array_equal(fg.jit(fnp.sort)(x[::-1]), np.sort(x))
    for y in (np.sort(x), np.sort(x)[::-1], np.full_like(x, x[0])):
        np.testing.assert_array_equal(fg.jit(fnp.sort)(y), np.sort(y))
    places = fg.jit(fnp.argsort)(x)
    np.testing.assert_array_equal(places, np.argsort(x, stable=True))


def test_sorting_gives_the_same_bits_for_any_number_of_threads() -> None:
    x = np.random.default_rng(0).choice([0.0, -0.0, np.nan, -np.nan, 1.0], 200_000)
    found = []
    for threads in (1, 2, 3):
        with override("threads", threads):
            found.append(fg.jit(fnp.sort)(x).tobytes())
    assert len(set(found)) == 1
