"""Operations that a factor or a repetition makes superfluous are not carried out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.ops.arithmetic import strong_mul_p
from funcgrad.ops.structural import broadcast_in_dim

X = np.linspace(-2.0, 2.0, 40)


def optimized(f: Any, *args: Any) -> str:
    return fg.jit(f).lower(*args).as_text("optimized")


def strong(number: float, x: Any) -> Any:
    """``x`` times an array of one number, where zero wins."""
    return strong_mul_p.bind(broadcast_in_dim(number, x.shape, ()), x)


@pytest.mark.parametrize("turned", [False, True])
def test_products_with_ones_are_left_out(turned: bool) -> None:
    def f(x: Any) -> Any:
        ones = fg.numpy.ones_like(x)
        return x * ones if turned else ones * x

    assert " mul " not in optimized(f, X)
    x = np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324])
    result = fg.jit(f)(np.resize(x, 40))
    assert result.tobytes() == np.resize(x, 40).tobytes()


@pytest.mark.parametrize("number", [1.0, -3.0, 1e300, 5e-324])
def test_zero_need_not_win_over_finite_factors(number: float) -> None:
    text = optimized(lambda x: strong(number, x), X)
    assert "strong_mul" not in text
    x = np.resize([np.nan, np.inf, -np.inf, 0.0, 2.0], 40)
    with np.errstate(over="ignore"):
        expected = np.where(x == 0, 0.0, number * x)
    np.testing.assert_array_equal(fg.jit(lambda x: strong(number, x))(x), expected)


@pytest.mark.parametrize("number", [0.0, -0.0, np.inf, np.nan])
def test_zero_wins_over_other_factors(number: float) -> None:
    x = np.resize([np.nan, np.inf, 0.0, 2.0], 40)
    with np.errstate(invalid="ignore"):
        expected = np.where((x == 0) | (number == 0), 0.0, number * x)
    np.testing.assert_array_equal(fg.jit(lambda x: strong(number, x))(x), expected)


def test_complex_numbers_times_one() -> None:
    x = np.resize([complex(np.inf, np.nan), complex(0, np.inf), 1 - 2j], 40)
    f = lambda x: x * fg.numpy.ones_like(x)
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(fg.jit(f)(x), f(x))


def test_integers_and_other_types_keep_theirs() -> None:
    i = np.arange(40)
    f = lambda x: x * fg.numpy.ones(40, np.int64)
    assert fg.jit(f)(i).dtype == np.int64
    assert fg.jit(f)(i.astype(np.int32)).dtype == np.int64
    assert fg.jit(f)(X).dtype == np.float64


def test_products_in_loops() -> None:
    def f(x: Any) -> Any:
        step = lambda c, _: (strong(1.0, c) * 0.5, None)
        return fg.lax.scan(step, x, None, length=3)[0]

    assert "strong_mul" not in optimized(f, X)
    np.testing.assert_array_equal(fg.jit(f)(X), X / 8)


def test_what_repeats_is_computed_once() -> None:
    def f(x: Any, row: Any) -> Any:
        shape = (20, 40)
        across = fg.numpy.broadcast_to(row, shape)
        return x / fg.numpy.sqrt(across * across + 1.0)

    x = np.resize(X, (20, 40))
    text = optimized(f, x, X)
    assert "f64[40] = sqrt" in text
    assert "f64[20,40] = sqrt" not in text
    np.testing.assert_array_equal(fg.jit(f)(x, X), x / np.sqrt(X * X + 1.0))


def test_what_repeats_otherwise_stays() -> None:
    def f(row: Any, column: Any) -> Any:
        return row[None, :] * column[:, None] + row[None, :]

    text = optimized(f, X, X[:20])
    assert "f64[20,40] = mul" in text
    np.testing.assert_array_equal(fg.jit(f)(X, X[:20]), np.outer(X[:20], X) + X)
