"""Large results are written past the caches, whatever their size and address."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.compiler.lower import streaming


@pytest.fixture(autouse=True)
def small_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Caches that hold a hundred bytes: all arrays count as large."""
    monkeypatch.setattr(streaming, "cache_bytes", lambda: 100)


def text(f: Any, *args: Any) -> str:
    return fg.jit(f).lower(*args).as_text("llvm")


@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", "i4", "u1", "?", "c16"])
@pytest.mark.parametrize("size", [17, 31, 32, 33, 64, 100, 1000, 4099])
def test_every_size_and_dtype(dtype: str, size: int) -> None:
    x = np.random.default_rng(size).integers(0, 2, size).astype(dtype)
    f = lambda x: [x * x]
    for shape in (x.shape, (1, size), (size, 1, 1)):
        (result,) = fg.jit(f)(x.reshape(shape))
        np.testing.assert_array_equal(result, (x * x).reshape(shape))
    expected = dtype in ("f8", "f4", "i4")
    assert ("nontemporal" in text(f, x)) == expected


def test_results_at_any_address() -> None:
    """The results of one call lie at addresses that differ."""
    sizes = [17 + k for k in range(40)]
    f = lambda *xs: [fg.numpy.sin(x) for x in xs]
    xs = [np.linspace(0, 1, size) for size in sizes]
    for x, result in zip(xs, fg.jit(f)(*xs), strict=True):
        np.testing.assert_array_equal(result, fg.jit(fg.numpy.sin)(x))


def test_what_is_overwritten_is_not_streamed() -> None:
    def f(x: Any) -> list[Any]:
        y = fg.numpy.sort(x)
        return [y.at[3].set(1.0) * 2.0]

    x = np.linspace(1, 0, 100)
    expected = np.sort(x)
    expected[3] = 1.0
    np.testing.assert_array_equal(fg.jit(f)(x)[0], expected * 2)


@pytest.mark.parametrize("threads", [1, 2])
def test_chunks_of_threads(threads: int) -> None:
    before = fg.config.threads
    fg.config.update("threads", threads)
    try:
        x = np.linspace(0, 1, 400_003)
        result = fg.jit(lambda x: x * x - 0.5)(x)
        np.testing.assert_array_equal(result, x * x - 0.5)
    finally:
        fg.config.update("threads", before)


def test_small_results_stay_in_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "cache_bytes", lambda: 1 << 20)
    x = np.linspace(0, 1, 1000)
    assert "nontemporal" not in text(lambda x: [x * x], x)
