"""Slices, padding, windows and joins against what NumPy's indexing gives."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from funcgrad import errors, ops
from funcgrad.compiler.program import compile_jaxpr
from funcgrad.core.trace import typeof
from funcgrad.ops.dynamic_slicing import dynamic_update_slice_p
from funcgrad.transforms.stage import stage, stage_flat


def native(function: Any, *args: Any) -> Any:
    jaxpr = stage_flat(lambda *xs: [function(*xs)], [typeof(a) for a in args])
    return compile_jaxpr(jaxpr)(*[np.asarray(a) for a in args])[0]


def evaluated(function: Any, *args: Any) -> Any:
    return function(*args)


RUNS = pytest.mark.parametrize("run", [native, evaluated])


def padded(x: Any, value: float, config: Any) -> Any:
    """Padding by its definition: entries apart, then values around or cut off."""
    for axis, (low, high, interior) in enumerate(config):
        n = x.shape[axis]
        spread = np.full(
            (*x.shape[:axis], n + max(0, n - 1) * interior, *x.shape[axis + 1 :]), value
        )
        spread[(slice(None),) * axis + (slice(None, None, interior + 1),)] = x
        edges = [(0, 0)] * x.ndim
        edges[axis] = (max(low, 0), max(high, 0))
        x = np.pad(spread, edges, constant_values=value)
        stop = x.shape[axis] + min(high, 0)
        x = x[(slice(None),) * axis + (slice(max(-low, 0), max(stop, 0)),)]
    return x


@RUNS
@pytest.mark.parametrize("low", [-2, 0, 3])
@pytest.mark.parametrize("high", [-1, 0, 20])
@pytest.mark.parametrize("interior", [0, 2])
def test_padding(low: int, high: int, interior: int, run: Any) -> None:
    x = np.arange(1.0, 13.0).reshape(3, 4)
    for config in (
        [(0, 0, 0), (low, high, interior)],
        [(low, high, interior), (1, 0, 0)],
    ):
        got = run(lambda x, c=config: ops.pad(x, 9.0, c), x)
        np.testing.assert_array_equal(got, padded(x, 9.0, config))


@RUNS
def test_slices_along_one_axis(run: Any) -> None:
    x = np.arange(40.0).reshape(2, 20)
    for start, stop, step in itertools.product((0, 3, -5), (None, 18, -1), (1, 4)):
        got = run(
            lambda x, a=start, b=stop, s=step: ops.slice_in_dim(x, a, b, s, axis=1), x
        )
        np.testing.assert_array_equal(got, x[:, start:stop:step])
    np.testing.assert_array_equal(
        run(lambda x: ops.index_in_dim(x, -1, 1), x), x[:, -1:]
    )
    with pytest.raises(errors.IndexOutOfBoundsError):
        ops.index_in_dim(x, 20, 1)


@RUNS
def test_dynamic_windows_stay_inside(run: Any) -> None:
    x = np.arange(20.0).reshape(4, 5)
    for i, j in itertools.product((-9, -1, 0, 2, 9), repeat=2):
        starts = np.array([i, j])
        at = [min(max(k + n if k < 0 else k, 0), n - 2) for k, n in ((i, 4), (j, 5))]
        window = tuple(slice(k, k + 2) for k in at)
        got = run(lambda x, s: ops.dynamic_slice(x, s, (2, 2)), x, starts)
        np.testing.assert_array_equal(got, x[window])
        want = x.copy()
        want[window] = 7
        got = run(
            lambda x, s: ops.dynamic_update_slice(x, np.full((2, 2), 7), s), x, starts
        )
        np.testing.assert_array_equal(got, want)
    got = run(lambda x, k: ops.dynamic_index_in_dim(x, k, 1, False), x, np.int32(-2))
    np.testing.assert_array_equal(got, x[:, 3])
    got = run(
        lambda x, k: ops.dynamic_update_index_in_dim(x, np.zeros(4), k, 1),
        x,
        np.uint8(2),
    )
    np.testing.assert_array_equal(got[:, 2], 0)
    got = run(
        lambda x, k: ops.dynamic_update_slice_in_dim(x, x[:2] * 2, k, 0), x, np.int64(1)
    )
    np.testing.assert_array_equal(got, np.concatenate([x[:1], x[:2] * 2, x[3:]]))


@RUNS
@pytest.mark.parametrize("count", [1, 2, 7])
@pytest.mark.parametrize("extent", [1, 3, 18])
def test_joins(count: int, extent: int, run: Any) -> None:
    rng = np.random.default_rng(0)
    for axis in (0, 1):
        parts = [rng.normal(size=(extent, extent)) for _ in range(count)]
        parts.append(rng.normal(size=(0, extent) if axis == 0 else (extent, 0)))
        got = run(lambda *xs, a=axis: ops.concatenate([x * 2 for x in xs], a), *parts)
        np.testing.assert_array_equal(got, np.concatenate([x * 2 for x in parts], axis))
        got = run(lambda *xs, a=axis: ops.stack(xs, a), *parts[:-1])
        np.testing.assert_array_equal(got, np.stack(parts[:-1], axis))


@RUNS
def test_windows_are_written_from_what_they_overwrite(run: Any) -> None:
    def shift(x: Any) -> Any:
        y = x * 2.0
        return ops.update_slice(y, ops.strided_slice(y, (0,), (39,)), (1,))

    x = np.arange(40.0)
    want = 2 * np.concatenate([x[:1], x[:-1]])
    np.testing.assert_array_equal(run(shift, x), want)


@RUNS
def test_an_array_written_into_itself(run: Any) -> None:
    def same(x: Any) -> Any:
        y = ops.mul(x, 2.0)
        return ops.dynamic_update_slice(y, y, [0])

    x = np.arange(40.0)
    np.testing.assert_array_equal(run(same, x), 2 * x)


def test_what_can_not_be_counted() -> None:
    with pytest.raises(errors.AxisError, match="dimension 2"):
        stage(lambda: [ops.broadcasted_iota(int, (2, 3), 2)], [])
    with pytest.raises(errors.DTypeError, match="bool"):
        stage(lambda: [ops.iota(bool, 3)], [])


def test_joining_promotes() -> None:
    joined = ops.concatenate([np.zeros(1, np.int32), np.zeros(1, np.float32)], 0)
    assert joined.dtype == np.float64


def test_what_does_not_fit() -> None:
    x = typeof(np.zeros((2, 3)))
    with pytest.raises(errors.ShapeError, match="inside the array"):
        stage(lambda x: [ops.strided_slice(x, (0, 0), (3, 3))], [x])
    with pytest.raises(errors.ShapeError, match="padding"):
        stage(lambda x: [ops.pad(x, 0.0, [(0, 0, -1), (0, 0, 0)])], [x])
    single = np.zeros((1, 1), np.float32)
    with pytest.raises(errors.DTypeError, match="dtype"):
        stage(lambda x: [dynamic_update_slice_p.bind(x, single, 0, 0)], [x])
    with pytest.raises(errors.ShapeError, match="window"):
        stage(lambda x: [ops.dynamic_slice(x, [0, 0], (3, 1))], [x])
    with pytest.raises(errors.ShapeError, match="do not fit together"):
        stage(lambda x: [ops.concatenate([x, np.zeros((2, 2))], 0)], [x])
    with pytest.raises(errors.AxisError):
        stage(lambda x: [ops.concatenate([x, x], 2)], [x])
    with pytest.raises(errors.ShapeError, match="nothing"):
        ops.concatenate([], 0)
    with pytest.raises(errors.ShapeError, match="inside the array"):
        stage(lambda x: [ops.update_slice(x, np.zeros((2, 2)), (0, 2))], [x])
