"""Names of ``lax`` made of other operations; and exchanges along mapped axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import errors, lax
from funcgrad.test_util import check_grads

rng = np.random.default_rng(0)


@pytest.mark.parametrize(
    "dtype", [np.int8, np.uint8, np.int32, np.uint32, np.int64, np.uint64]
)
def test_mulhi(dtype: Any) -> None:
    info = np.iinfo(dtype)
    ends = [info.min, info.min + 1, 0, 1, info.max, info.max - 1]
    drawn = [int(v) for v in rng.integers(info.min, info.max, 20, dtype, endpoint=True)]
    x = np.array([*ends, *drawn], dtype)
    left, right = np.meshgrid(x, x)
    want = [
        (int(a) * int(b)) >> (8 * x.itemsize)
        for a, b in zip(left.ravel(), right.ravel())
    ]
    for run in (lax.mulhi, fg.jit(lax.mulhi)):
        got = run(left, right)
        assert got.dtype == dtype
        assert got.ravel().tolist() == want
    with pytest.raises(errors.DTypeError):
        lax.mulhi(1.0, 2.0)


def test_ragged_dot() -> None:
    x, w = rng.normal(size=(9, 4)), rng.normal(size=(3, 4, 5))
    sizes = np.array([2, 0, 5])
    want = np.concatenate([x[:2] @ w[0], x[2:7] @ w[2], np.zeros((2, 5))])
    function = lambda x, w: lax.ragged_dot(x, w, sizes)
    for run in (function, fg.jit(function)):
        np.testing.assert_allclose(run(x, w), want, rtol=1e-12)
    check_grads(function, (x, w), order=1)
    with pytest.raises(errors.ShapeError):
        lax.ragged_dot(x, w, sizes[:2])


def test_reshaping() -> None:
    x = rng.normal(size=(2, 3))
    np.testing.assert_array_equal(
        fg.jit(lambda x: lax.tile(x, (2, 3)))(x), np.tile(x, (2, 3))
    )
    assert lax.broadcast_to_rank(x, 4).shape == (1, 1, 2, 3)
    np.testing.assert_array_equal(
        lax.broadcast_like(x, np.ones((4, 2, 3))), np.stack([x] * 4)
    )


def test_programs_as_given() -> None:
    assert (
        lax.platform_dependent(3.0, default=lambda x: x + 1.0, tpu=lambda x: x) == 4.0
    )
    with pytest.raises(NotImplementedError, match="cpu"):
        lax.platform_dependent(3.0, tpu=lambda x: x)
    square = lax.composite(lambda x: lax.optimization_barrier(x * x), "a.square")
    assert fg.jit(fg.grad(square))(3.0) == 6.0


def mapped(function: Any, x: Any) -> Any:
    """Over the first axis, at once and compiled, and differentiated."""
    run = fg.vmap(function, axis_name="i")
    want = run(x)
    np.testing.assert_allclose(fg.jit(run)(x), want)
    check_grads(run, (x,), order=1)
    return want


def test_all_to_all() -> None:
    x = rng.normal(size=(3, 3, 2))
    got = mapped(lambda v: lax.all_to_all(v, "i", 0, 0), x)
    np.testing.assert_array_equal(got, x.swapaxes(0, 1))
    np.testing.assert_array_equal(
        mapped(lambda v: lax.pswapaxes(v, "i", 0), x), x.swapaxes(0, 1)
    )
    got = mapped(lambda v: lax.all_to_all(v, "i", 0, 1), x)
    np.testing.assert_array_equal(got, x.transpose(1, 2, 0))
    x = rng.normal(size=(3, 6, 2))
    got = mapped(lambda v: lax.all_to_all(v, "i", 0, 1, tiled=True), x)
    want = x.reshape(3, 3, 2, 2).transpose(1, 2, 0, 3).reshape(3, 2, 6)
    np.testing.assert_array_equal(got, want)
    with pytest.raises(errors.ShapeError):
        fg.vmap(lambda v: lax.all_to_all(v, "i", 1, 0), axis_name="i")(x)


def test_psum_scatter() -> None:
    x = rng.normal(size=(3, 3, 2))
    np.testing.assert_allclose(mapped(lambda v: lax.psum_scatter(v, "i"), x), x.sum(0))
    x = rng.normal(size=(3, 2, 6))
    got = mapped(lambda v: lax.psum_scatter(v, "i", scatter_dimension=1, tiled=True), x)
    np.testing.assert_allclose(got, x.sum(0).reshape(2, 3, 2).swapaxes(0, 1))


def test_orders() -> None:
    x = rng.normal(size=(4, 2))
    np.testing.assert_array_equal(
        mapped(lambda v: lax.pshuffle(v, "i", [3, 1, 0, 2]), x), x[[3, 1, 0, 2]]
    )
    np.testing.assert_array_equal(
        mapped(lambda v: lax.pbroadcast(v, "i", 2), x), x[[2] * 4]
    )
