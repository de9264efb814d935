"""Sorting and searching agree with NumPy, and order ties as documented."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from funcgrad import errors
from funcgrad.compiler.program import compile_jaxpr
from funcgrad.core.trace import typeof
from funcgrad.ops.searching import searchsorted
from funcgrad.ops.sorting import argsort, sort, sort_key_val, top_k
from funcgrad.transforms.stage import stage, stage_flat

ARRAYS = [
    np.array([3.0, np.nan, -np.inf, 0.0, np.inf, 3.0, np.nan]),
    np.random.default_rng(0).integers(0, 5, (4, 30)),
    np.random.default_rng(1).integers(0, 2, 40).astype(bool),
    np.array([1 + 2j, 1 + 1j, complex(np.nan, 0), -3 + 0j]),
    np.random.default_rng(2).normal(size=(3, 4, 5)).astype(np.float32),
    np.array([200, 3, 255, 0], np.uint8),
]


def native(function: Any, *args: Any) -> Any:
    jaxpr = stage_flat(lambda *xs: list(function(*xs)), [typeof(a) for a in args])
    return compile_jaxpr(jaxpr)(*[np.asarray(a) for a in args])


def evaluated(function: Any, *args: Any) -> Any:
    return list(function(*args))


@pytest.mark.parametrize("run", [native, evaluated])
@pytest.mark.parametrize("x", ARRAYS, ids=lambda x: f"{x.dtype}{x.shape}")
def test_sort_and_argsort(x: Any, run: Any) -> None:
    for axis in range(x.ndim):
        ordered, places = run(lambda x, a=axis: (sort(x, a), argsort(x, a)), x)
        np.testing.assert_array_equal(ordered, np.sort(x, axis))
        assert ordered.dtype == x.dtype
        np.testing.assert_array_equal(places, np.argsort(x, axis, kind="stable"))


@pytest.mark.parametrize("run", [native, evaluated])
def test_several_keys(run: Any) -> None:
    rng = np.random.default_rng(0)
    a, b, c = rng.integers(0, 3, (3, 50))
    got = run(lambda *xs: sort(xs, num_keys=2), a, b, c)
    order = np.lexsort((b, a))
    np.testing.assert_array_equal(got, [a[order], b[order], c[order]])
    keys, values = run(sort_key_val, a, c)
    order = np.argsort(a, kind="stable")
    np.testing.assert_array_equal([keys, values], [a[order], c[order]])


@pytest.mark.parametrize("run", [native, evaluated])
def test_top_k_takes_the_first_of_equal_entries(run: Any) -> None:
    x = np.array([[1.0, 4.0, np.nan, 4.0, 2.0], [0.0, 0.0, 0.0, -1.0, 5.0]])
    values, places = run(lambda x: top_k(x, 3), x)
    np.testing.assert_array_equal(values, [[np.nan, 4, 4], [5, 0, 0]])
    np.testing.assert_array_equal(places, [[2, 1, 3], [4, 0, 1]])


@pytest.mark.parametrize("run", [native, evaluated])
@pytest.mark.parametrize("side", ["left", "right"])
def test_searchsorted(side: Any, run: Any) -> None:
    row = np.array([-2.0, 0.5, 0.5, 3.0, np.nan])
    values = np.array([[0.5, -5.0, np.nan], [np.inf, 0.0, 3.0]])
    (got,) = run(lambda r, v: [searchsorted(r, v, side=side)], row, values)
    np.testing.assert_array_equal(got, np.searchsorted(row, values, side))


def test_what_can_not_be_sorted() -> None:
    x = np.zeros(3)
    with pytest.raises(errors.AxisError):
        sort(x, 1)
    with pytest.raises(errors.ShapeError, match="no 4 largest"):
        top_k(x, 4)
    with pytest.raises(errors.ShapeError, match="one shape"):
        stage(lambda x: list(sort((x, np.zeros(2)))), [typeof(x)])
