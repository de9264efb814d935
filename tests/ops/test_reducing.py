"""``reduce`` and ``reduce_window`` by operations with and without rules of their own."""

from __future__ import annotations

import functools
import itertools
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import errors, lax
from funcgrad.test_util import check_grads

KNOWN = {
    "add": (np.add, 0.0),
    "mul": (np.multiply, 1.0),
    "max": (np.maximum, -np.inf),
    "min": (np.minimum, np.inf),
}
rng = np.random.default_rng(0)


def both(function: Any, *args: Any) -> Any:
    """The results at once and compiled, which agree."""
    eager, compiled = function(*args), fg.jit(function)(*args)
    for x, y in zip(fg.tree.leaves(eager), fg.tree.leaves(compiled), strict=True):
        assert x.dtype == y.dtype
        np.testing.assert_allclose(x, y, rtol=1e-13, atol=1e-14)
    return eager


@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.parametrize("axes", [(0,), (1, 2), (-1, 0), (0, 1, 2), ()])
def test_reduce_known(name: str, axes: Any) -> None:
    ufunc, neutral = KNOWN[name]
    x = rng.normal(size=(3, 4, 5))
    got = both(lambda x: lax.reduce(x, neutral, ufunc, axes), x)
    np.testing.assert_allclose(got, ufunc.reduce(x, axis=axes), rtol=1e-13)


@pytest.mark.parametrize("name", KNOWN)
def test_reduce_starts_from_the_init_value(name: str) -> None:
    ufunc, _ = KNOWN[name]
    x = rng.normal(size=(3, 7))
    got = both(lambda x: lax.reduce(x, 0.5, ufunc, (1,)), x)
    np.testing.assert_allclose(got, ufunc(0.5, ufunc.reduce(x, axis=1)))


def test_known_operations_are_recognised() -> None:
    x = np.ones((3, 4))
    text = str(fg.make_jaxpr(lambda x: lax.reduce(x, 0.0, lambda a, b: b + a, (0,)))(x))
    assert "reduce_sum" in text
    assert text.count("=") == 2  # the equation and its parameter
    text = str(
        fg.make_jaxpr(lambda x: lax.reduce_window(x, -np.inf, lax.max, (2, 2)))(x)
    )
    assert "reduce_window_max" in text


@pytest.mark.parametrize("length", [1, 2, 3, 7, 16, 21])
def test_reduce_any_in_order(length: int) -> None:
    """Composition of affine maps does not commute."""
    scale, shift = rng.normal(size=(2, length, 3))

    def compose(f: Any, g: Any) -> Any:
        return g["a"] * f["a"], g["a"] * f["b"] + g["b"]

    def function(scale: Any, shift: Any) -> Any:
        def step(f: Any, g: Any) -> Any:
            a, b = compose(f, g)
            return {"a": a, "b": b}

        return lax.reduce({"a": scale, "b": shift}, {"a": 1.0, "b": 0.0}, step, (0,))

    got = both(function, scale, shift)
    value = np.zeros(3)
    for a, b in zip(scale, shift):
        value = a * value + b
    np.testing.assert_allclose(got["b"], value, rtol=1e-10)
    check_grads(function, (scale, shift), order=1)


def test_reduce_of_an_operation_with_branches() -> None:
    """The operation is of entries: it may decide by one."""

    def larger(x: Any, y: Any) -> Any:
        return lax.cond(abs(x) > abs(y), lambda: x, lambda: y)

    x = rng.normal(size=(4, 6))
    got = both(lambda x: lax.reduce(x, 0.0, larger, (1,)), x)
    np.testing.assert_array_equal(
        got, np.take_along_axis(x, np.abs(x).argmax(1)[:, None], 1)[:, 0]
    )


def test_reduce_of_nothing() -> None:
    got = both(lambda x: lax.reduce(x, 7.0, np.add, (1,)), np.ones((2, 0)))
    np.testing.assert_array_equal(got, [7.0, 7.0])


def window_reference(
    x: Any,
    ufunc: Any,
    start: Any,
    window: Any,
    strides: Any,
    pads: Any,
    base: Any,
    dilation: Any,
) -> Any:
    wide = np.full([(n - 1) * d + 1 for n, d in zip(x.shape, base)], start)
    wide[tuple(slice(None, None, d) for d in base)] = x
    wide = np.pad(wide, pads, constant_values=start)
    shape = [
        (n - (w - 1) * d - 1) // s + 1
        for n, w, s, d in zip(wide.shape, window, strides, dilation)
    ]
    out = np.empty(shape)
    for at in itertools.product(*map(range, shape)):
        part = wide[
            tuple(
                slice(i * s, i * s + (w - 1) * d + 1, d)
                for i, s, w, d in zip(at, strides, window, dilation)
            )
        ]
        out[at] = functools.reduce(ufunc, part.ravel(), start)
    return out


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("name", KNOWN)
def test_reduce_window(name: str, seed: int) -> None:
    ufunc, neutral = KNOWN[name]
    draws = np.random.default_rng(seed)
    start = neutral if seed % 2 else 0.25
    rank = 1 + seed % 3
    ints = lambda low, high: tuple(draws.integers(low, high, rank).tolist())
    x = draws.normal(size=ints(4, 9))
    window = (20,) if seed == 3 else ints(1, 4)
    x = draws.normal(size=50) if seed == 3 else x
    window = window if len(window) == x.ndim else ints(1, 4)[: x.ndim]
    rank = x.ndim
    strides, base, dilation = ints(1, 3), ints(1, 3), ints(1, 3)
    pads = [tuple(draws.integers(0, 3, 2).tolist()) for _ in range(rank)]
    function = lambda x: lax.reduce_window(
        x, start, ufunc, window, strides, pads, base, dilation
    )
    want = window_reference(x, ufunc, start, window, strides, pads, base, dilation)
    np.testing.assert_allclose(both(function, x), want, rtol=1e-12, atol=1e-14)
    if seed < 4 and np.isfinite(want).all():
        check_grads(function, (x,), order=2 if seed == 0 else 1)


@pytest.mark.parametrize("window", range(1, 12))
def test_reduce_window_any_in_order(window: int) -> None:
    """Over windows of every length, from runs of powers of two."""
    x = rng.normal(size=(20, 2))
    step = lambda a, b: a + b + a * b
    got = both(lambda x: lax.reduce_window(x, 0.0, step, (window, 1)), x)
    want = [np.prod(1 + x[i : i + window], axis=0) - 1 for i in range(21 - window)]
    np.testing.assert_allclose(got, want, rtol=1e-9)


@pytest.mark.parametrize(("extent", "window"), [(3, 5), (2, 7), (0, 3)])
def test_reduce_window_that_does_not_fit(extent: int, window: int) -> None:
    x = np.ones(extent)
    for name in ("add", "mul"):
        ufunc, neutral = KNOWN[name]
        got = both(lambda x, f=ufunc, s=neutral: lax.reduce_window(x, s, f, window), x)
        assert got.shape == (0,)


def test_max_pool_gives_the_derivative_to_the_first_of_equal_ones() -> None:
    x = np.array([1.0, 2.0, 2.0, 0.0])
    pool = lambda x: lax.reduce_window(x, -np.inf, lax.max, (4,)).sum()
    for grad in (fg.grad(pool), fg.jit(fg.grad(pool))):
        np.testing.assert_array_equal(grad(x), [0.0, 1.0, 0.0, 0.0])


def test_max_pool_beside_padding() -> None:
    """Padding never has the derivative; a window of it alone has none to give."""
    x = np.array([-3.0, -1.0])
    pool = lambda x: lax.reduce_window(x, -np.inf, lax.max, (2,), (1,), [(2, 1)])
    np.testing.assert_array_equal(pool(x), [-np.inf, -3.0, -1.0, -1.0])
    grad = fg.jit(fg.grad(lambda x: pool(x)[1:].sum()))
    np.testing.assert_array_equal(grad(x), [1.0, 2.0])


def test_reduce_window_of_several() -> None:
    """The largest entry and where it is, as one operation on pairs."""
    x = rng.normal(size=12)

    def larger(a: Any, b: Any) -> Any:
        keep = a[0] >= b[0]
        return lax.select(keep, a[0], b[0]), lax.select(keep, a[1], b[1])

    def function(x: Any) -> Any:
        places = np.arange(12)
        return lax.reduce_window((x, places), (-np.inf, -1), larger, (5,), (3,))

    values, places = both(function, x)
    windows = np.lib.stride_tricks.sliding_window_view(x, 5)[::3]
    np.testing.assert_array_equal(values, windows.max(1))
    np.testing.assert_array_equal(places, windows.argmax(1) + 3 * np.arange(3))


@pytest.mark.parametrize("dtype", [np.int32, np.uint8, bool, np.float32])
def test_reduce_window_dtypes(dtype: Any) -> None:
    x = rng.integers(0, 2 if dtype is bool else 9, (5, 6)).astype(dtype)
    lowest = (
        False
        if dtype is bool
        else -np.inf
        if dtype is np.float32
        else np.iinfo(dtype).min
    )
    got = both(lambda x: lax.reduce_window(x, lowest, lax.max, (2, 2), None, "SAME"), x)
    assert got.dtype == dtype
    padded = np.pad(x, ((0, 1), (0, 1)), mode="edge")
    want = np.lib.stride_tricks.sliding_window_view(padded, (2, 2)).max((2, 3))
    np.testing.assert_array_equal(got, want)


def test_reduce_window_batched() -> None:
    x = rng.normal(size=(5, 3, 6))
    pool = lambda x: lax.reduce_window(x, -np.inf, lax.max, (2, 2), (1, 2))
    for axis in range(3):
        moved = np.moveaxis(x, 0, axis)
        pooled = fg.jit(fg.vmap(pool, axis))(moved)
        grads = fg.jit(fg.vmap(fg.grad(lambda x: (pool(x) ** 2).sum()), axis, axis))(
            moved
        )
        for k in range(5):
            np.testing.assert_array_equal(pooled[k], pool(x[k]))
            want = fg.grad(lambda x: (pool(x) ** 2).sum())(x[k])
            np.testing.assert_allclose(np.moveaxis(grads, axis, 0)[k], want)


def test_errors() -> None:
    x = np.ones((2, 3))
    with pytest.raises(errors.AxisError):
        lax.reduce(x, 0.0, np.add, (2,))
    with pytest.raises(errors.AxisError):
        lax.reduce(x, 0.0, np.add, (1, -1))
    with pytest.raises(errors.ShapeError):
        lax.reduce((x, x[0]), (0.0, 0.0), lambda a, b: a, (0,))
    with pytest.raises(errors.ShapeError):
        lax.reduce_window(x, 0.0, np.add, (2,))
    with pytest.raises(errors.ShapeError):
        lax.reduce_window(x, 0.0, np.add, (2, 0))
