"""Reads ``x[index]`` agree with NumPy: evaluated, staged, native and batched."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from funcgrad import errors, ops
from funcgrad.compiler.program import compile_jaxpr
from funcgrad.core.trace import typeof
from funcgrad.ops.index_expressions import getitem, read
from funcgrad.transforms.batch import batch
from funcgrad.transforms.jvp import jvp
from funcgrad.transforms.stage import stage, stage_flat

X = np.arange(120.0).reshape(4, 5, 6)
I = np.array([[0, 2], [-1, 1]])
MASK = np.arange(20).reshape(4, 5) % 3 == 0
INDICES: list[Any] = [
    1,
    -1,
    slice(None),
    slice(3, 0, -2),
    slice(10, 2),
    (slice(None, None, 2), 3, slice(-2, None)),
    None,
    (None, 1, None, slice(1, 4), None),
    Ellipsis,
    (..., 2),
    (0, ..., slice(None, None, -1)),
    (),
    (1, 2, 3),
    I,
    [0, 2],
    [],
    (slice(None), I),
    (I, I),
    (0, slice(None), [1, 3]),
    (slice(1, 3), [0, 4], slice(None, None, 2)),
    ([0, 1], slice(None), [1, 3]),
    (slice(None), [0, 1], None, [1, 3]),
    (slice(None), [0, 1], [1, 3]),
    (I, 2, slice(4, 0, -1)),
    (I[:, None], I),
    np.int32(2),
    np.uint8(3),
    (np.array(2), slice(None), np.array(1)),
    True,
    False,
    (True, 1),
    MASK,
    (MASK, 2),
    (1, MASK[0]),
    (slice(None), MASK[0], [1]),
    (slice(None), slice(None), np.array([True, False] * 3)),
]


def native(function: Any, *args: Any) -> Any:
    jaxpr = stage_flat(lambda *xs: [function(*xs)], [typeof(a) for a in args])
    return compile_jaxpr(jaxpr)(*[np.asarray(a) for a in args])[0]


@pytest.mark.parametrize("index", INDICES, ids=repr)
def test_reads_as_numpy(index: Any) -> None:
    want = X[index]
    np.testing.assert_array_equal(getitem(X, index), want)
    got = native(lambda x: getitem(x, index), X)
    assert got.shape == want.shape
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("index", INDICES, ids=repr)
def test_reads_under_batching_and_jvp(index: Any) -> None:
    both = np.stack([X, X * X])
    (value,), (dim,) = batch(lambda x: [getitem(x, index)], 2, [both], [0])
    want = np.stack([X[index], (X * X)[index]])
    np.testing.assert_array_equal(np.moveaxis(value, dim, 0), want)
    (y,), (t,) = jvp(lambda x: [getitem(x, index)], [X], [X * X])
    np.testing.assert_array_equal(y, X[index])
    if np.size(y):
        np.testing.assert_array_equal(t, (X * X)[index])


@pytest.mark.parametrize(
    ("function", "index"),
    [
        (lambda i: i, 2),
        (lambda i: i, -3),
        (lambda i: (slice(None), i), 4),
        (lambda i: (1, i, slice(5, None, -2)), 2),
        (lambda i: (..., i), -1),
        (lambda i: (i, slice(1, 3), i), 1),
        (lambda i: ([0, 1], i), 3),
        (lambda i: ([i, 1], slice(2)), 3),
        (lambda i: i, I),
        (lambda i: (i, 1), I),
        (lambda i: (slice(1, 3), i), I),
        (lambda i: (slice(None, None, -1), i), np.array([1, 0], np.uint8)),
        (lambda i: (None, i, slice(None), 0), np.array([[3]], np.int32)),
    ],
)
def test_traced_integers(function: Any, index: Any) -> None:
    want = X[function(index)]
    got = native(lambda x, i: getitem(x, function(i)), X, index)
    np.testing.assert_array_equal(got, want)
    indices = np.stack([np.asarray(index), np.zeros_like(index)])
    (value,), (dim,) = batch(lambda i: [getitem(X, function(i))], 2, [indices], [0])
    rows = [X[function(i)] for i in indices]
    np.testing.assert_array_equal(np.moveaxis(value, dim, 0), np.stack(rows))


def test_traced_integers_out_of_range_are_clipped_or_filled() -> None:
    x = np.arange(4.0)
    i = np.array([7, -9, 2])
    np.testing.assert_array_equal(native(getitem, x, i), [3, 0, 2])
    for run in (native, lambda f, *a: f(*a)):
        filled = run(lambda x, i: read(x, i, mode="fill"), x, i)
        np.testing.assert_array_equal(filled, [np.nan, np.nan, 2])
        filled = run(lambda x, i: read(x, i, mode="fill", fill_value=5), x, i)
        np.testing.assert_array_equal(filled, [5, 5, 2])
    np.testing.assert_array_equal(native(lambda x: read(x, 9, mode="clip"), x), 3)
    np.testing.assert_array_equal(read(x, 9, mode="fill", fill_value=1), 1)


@pytest.mark.parametrize(
    "index",
    [5, -5, (0, 5), np.array([0, 4]), (slice(None), [[5]]), (0, 0, 0, 0), (..., ...)],
    ids=repr,
)
def test_known_indices_out_of_range(index: Any) -> None:
    with pytest.raises(IndexError):
        X[index]
    for function in (lambda x: [getitem(x, index)],):
        with pytest.raises(errors.IndexOutOfBoundsError):
            function(X)
        with pytest.raises(errors.IndexOutOfBoundsError):
            stage(function, [typeof(X)])


@pytest.mark.parametrize("index", [1.5, np.array([1.0]), "a", (0, 2j)], ids=repr)
def test_what_is_no_index(index: Any) -> None:
    with pytest.raises(IndexError):
        getitem(X, index)


def test_mask_of_another_extent() -> None:
    with pytest.raises(errors.IndexOutOfBoundsError, match="another extent"):
        getitem(X, MASK.T)
    with pytest.raises(errors.IndexOutOfBoundsError, match="broadcast"):
        getitem(X, ([0, 1], [0, 1, 2]))


def test_a_traced_mask_names_the_cure() -> None:
    with pytest.raises(errors.NonConcreteBooleanIndexError, match="where\\(mask"):
        stage(lambda x: [getitem(x, ops.gt(x, 0.0))], [typeof(X)])


def test_an_unknown_mode() -> None:
    with pytest.raises(errors.ConfigError, match="wrap"):
        read(X, 0, mode="wrap")
