"""Segment reductions against loops, and scatters by JAX's names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import errors, lax, ops
from funcgrad.test_util import check_grads

REDUCTIONS = {
    "segment_sum": (np.add, 0),
    "segment_prod": (np.multiply, 1),
    "segment_max": (np.maximum, -np.inf),
    "segment_min": (np.minimum, np.inf),
}


def reference(ufunc: Any, start: Any, data: Any, ids: Any, count: int) -> Any:
    out = np.full((count, *data.shape[1:]), start, data.dtype)
    inside = (ids >= 0) & (ids < count)
    ufunc.at(out, ids[inside], data[inside])
    return out


@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("bucket", [None, 1, 7, 100])
@pytest.mark.parametrize("tail", [(), (3,), (2, 20)])
def test_segments(name: str, bucket: int | None, tail: Any) -> None:
    rng = np.random.default_rng(0)
    data, ids = rng.normal(size=(30, *tail)), rng.integers(-1, 9, 30)
    function = lambda data, ids: getattr(ops, name)(data, ids, 7, bucket_size=bucket)
    want = reference(*REDUCTIONS[name], data, ids, 7)
    for run in (function, fg.jit(function)):
        np.testing.assert_allclose(run(data, ids), want, rtol=1e-13)
    if tail == (3,):
        weights = np.isfinite(want)
        safe = lambda d: np.where(weights, function(d, ids), 0.0)
        check_grads(safe, (data,), order=1)


@pytest.mark.parametrize("name", REDUCTIONS)
def test_integers_and_the_number_of_segments(name: str) -> None:
    ids = np.array([3, 0, 3, 1], np.uint8)
    got = getattr(fg.ops, name)(np.array([2, 3, 4, 5], np.int32), ids)
    assert got.dtype == np.int32
    info = np.iinfo(np.int32)
    empty = {
        "segment_sum": 0,
        "segment_prod": 1,
        "segment_max": info.min,
        "segment_min": info.max,
    }
    want = {"segment_sum": 6, "segment_prod": 8, "segment_max": 4, "segment_min": 2}
    np.testing.assert_array_equal(got, [3, 5, empty[name], want[name]])


def test_modes() -> None:
    data, ids = np.array([1.0, 2.0, 4.0]), np.array([-3, 0, 9])
    np.testing.assert_array_equal(ops.segment_sum(data, ids, 2), [2.0, 0.0])
    for bucket in (None, 2):
        got = ops.segment_sum(data, ids, 2, bucket_size=bucket, mode="clip")
        np.testing.assert_array_equal(got, [3.0, 4.0])


def test_batched() -> None:
    rng = np.random.default_rng(0)
    data, ids = rng.normal(size=(4, 10)), rng.integers(0, 3, (4, 10))
    got = fg.jit(fg.vmap(lambda d, i: ops.segment_sum(d, i, 3)))(data, ids)
    for k in range(4):
        np.testing.assert_allclose(got[k], np.bincount(ids[k], data[k], 3))


def test_segment_errors() -> None:
    with pytest.raises(errors.ConcretizationTypeError, match="num_segments"):
        fg.jit(ops.segment_sum)(np.ones(3), np.zeros(3, int))
    with pytest.raises(errors.ShapeError):
        ops.segment_sum(np.ones(3), np.zeros(2, int))
    with pytest.raises(errors.ShapeError):
        ops.segment_sum(np.ones(3), np.zeros(3))


ENTRIES = lax.ScatterDimensionNumbers((), (0,), (0,))
PLACES = np.array([[2], [0], [2], [7]])
UPDATES = np.array([1.0, 2.0, 3.0, 5.0])
START = np.array([1.0, 1.5, 2.5])


@pytest.mark.parametrize(
    ("name", "want"),
    [
        ("scatter", [2.0, 1.5, 3.0]),
        ("scatter_add", [3.0, 1.5, 6.5]),
        ("scatter_sub", [-1.0, 1.5, -1.5]),
        ("scatter_mul", [2.0, 1.5, 7.5]),
        ("scatter_min", [1.0, 1.5, 1.0]),
        ("scatter_max", [2.0, 1.5, 3.0]),
    ],
)
@pytest.mark.parametrize("mode", [None, "drop", lax.GatherScatterMode.FILL_OR_DROP])
def test_scatters_by_name(name: str, want: Any, mode: Any) -> None:
    function = getattr(lax, name)
    got = function(
        operand=START,
        scatter_indices=PLACES,
        updates=UPDATES,
        dimension_numbers=ENTRIES,
        indices_are_sorted=False,
        unique_indices=False,
        mode=mode,
    )
    np.testing.assert_array_equal(got, want)
    options = {"dimension_numbers": ENTRIES, "mode": mode}
    compiled = fg.jit(lambda x, i, u: function(x, i, u, **options))
    np.testing.assert_array_equal(compiled(START, PLACES, UPDATES), want)


def test_scatter_apply() -> None:
    got = lax.scatter_apply(START, PLACES, np.square, ENTRIES, update_shape=(4,))
    np.testing.assert_array_equal(got, [1.0, 1.5, 6.25])


def test_gather_modes() -> None:
    numbers = lax.GatherDimensionNumbers((), (0,), (0,))
    modes = lax.GatherScatterMode
    read = lambda mode: lax.gather(
        START,
        start_indices=PLACES,
        dimension_numbers=numbers,
        slice_sizes=(1,),
        mode=mode,
    )
    np.testing.assert_array_equal(read(modes.CLIP), [2.5, 1.0, 2.5, 2.5])
    np.testing.assert_array_equal(read(modes.FILL_OR_DROP), [2.5, 1.0, 2.5, np.nan])
    np.testing.assert_array_equal(read(None), [2.5, 1.0, 2.5, np.nan])
    with pytest.raises(errors.ConfigError):
        read("wrap")
