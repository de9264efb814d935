"""Gradients by a recording: what is unusual in the order and kind of operations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import lax
from funcgrad import numpy as fnp

X = np.array([0.5, -1.5, 2.0])


def test_a_tangent_that_is_an_operand_of_an_inner_gradient() -> None:
    @fg.custom_jvp
    def square(x: Any) -> Any:
        return np.dot(x, x)

    @square.defjvp
    def rule(primals: Any, tangents: Any) -> Any:
        (x,), (t,) = primals, tangents
        inner = fg.grad(lambda s: np.dot(s * t, x) * 2.0 + np.sum(s) * 0.0)
        return np.dot(x, x), np.sum(inner(np.ones(3)))

    np.testing.assert_allclose(fg.grad(square)(X), 2 * X)
    np.testing.assert_allclose(fg.grad(lambda x: square(np.sin(x)))(X), np.sin(2 * X))
    np.testing.assert_allclose(fg.hessian(square)(X), 2 * np.eye(3))


def test_results_and_operands_used_several_times() -> None:
    def f(x: Any) -> Any:
        y = x * x
        a, b, c = fnp.split(y, 3)
        return np.sum(a * b + b * c) + np.sum(y) + np.sum(y @ np.outer(y, y))

    y = X**2
    pairs = np.array([y[1], y[0] + y[2], y[1]])
    expected = (pairs + 1 + y @ y + 2 * y * y.sum()) * 2 * X
    np.testing.assert_allclose(fg.grad(f)(X), expected)
    np.testing.assert_allclose(fg.jit(fg.grad(f))(X), expected)


def test_inputs_that_are_results_or_are_not_used() -> None:
    assert fg.grad(lambda x: x)(3.0) == 1.0
    assert fg.grad(lambda x, y: y)(3.0, 2.0) == 0.0
    value, (a, b) = fg.value_and_grad(lambda x, y: x + x, (0, 1))(3.0, np.ones(2))
    assert value == 6.0
    assert a == 2.0
    np.testing.assert_array_equal(b, np.zeros(2))
    gradient = fg.grad(lambda n: 2.0 * n, allow_int=True)(3)
    assert gradient.dtype == fg.float0


@pytest.mark.parametrize("k", range(4))
def test_gradients_of_gradients(k: int) -> None:
    def f(x: Any) -> Any:
        return np.sum(np.tanh(x) * 3.0 - x / (2.0 + x * x)) * 0.5

    derivative, expected = f, f
    for _ in range(k):
        derivative = lambda x, g=derivative: np.sum(fg.grad(g)(x))
        expected = lambda x, g=expected: np.sum(fg.jvp(g, (x,), (np.ones_like(x),))[1])
    np.testing.assert_allclose(derivative(X), expected(X))
    np.testing.assert_allclose(fg.jit(derivative)(X), expected(X))


def test_a_pole_beside_the_branch_that_is_taken() -> None:
    def f(x: Any) -> Any:
        return np.sum(fnp.where(x > 0, np.sqrt(x), 3.0 * x))

    x = np.array([0.0, 4.0, -1.0])
    np.testing.assert_allclose(fg.grad(f)(x), [3.0, 0.25, 3.0])


def test_several_results_of_one_operation() -> None:
    def f(x: Any) -> Any:
        first, second = lax.sort((x, x * x))
        return first[0] * 2.0 + second[-1]

    np.testing.assert_allclose(fg.grad(f)(X), [0.0, 2.0, 4.0])


def test_an_error_of_evaluation_comes_once() -> None:
    calls = []

    def foreign(x: Any) -> Any:
        calls.append(1)
        raise ValueError("not today")

    with pytest.raises(Exception, match="not today"):
        fg.pure_callback(foreign, fg.ShapeDtypeStruct((), np.float64), np.ones(2))
    assert len(calls) == 1
