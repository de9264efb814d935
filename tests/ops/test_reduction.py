"""Reductions and running operations against NumPy's, and their edge cases."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from funcgrad import errors, ops
from funcgrad.compiler.program import compile_jaxpr
from funcgrad.core.trace import typeof
from funcgrad.transforms.jvp import jvp
from funcgrad.transforms.linearize import linearize
from funcgrad.transforms.stage import stage, stage_flat
from funcgrad.transforms.transpose import backward_pass

X = np.random.default_rng(0).integers(-3, 4, (3, 20, 5)).astype(float)


def native(function: Any, *args: Any) -> Any:
    jaxpr = stage_flat(lambda *xs: [function(*xs)], [typeof(a) for a in args])
    return compile_jaxpr(jaxpr)(*[np.asarray(a) for a in args])[0]


def evaluated(function: Any, *args: Any) -> Any:
    return function(*args)


RUNS = pytest.mark.parametrize("run", [native, evaluated])
AXES = [axes for n in range(4) for axes in itertools.combinations(range(3), n)]


@RUNS
@pytest.mark.parametrize("axes", AXES)
def test_reductions(axes: Any, run: Any) -> None:
    nan = X.copy()
    nan[1, 2, 3] = np.nan
    for name, numpy in {
        "reduce_max": np.max,
        "reduce_min": np.min,
        "reduce_prod": np.prod,
    }.items():
        for x in (X / 2, nan, X.astype(np.int32), X.astype(np.float32)):
            got = run(lambda x, n=name: getattr(ops, n)(x, axes), x)
            assert got.dtype == x.dtype
            np.testing.assert_allclose(
                got,
                numpy(x, axes, dtype=x.dtype) if numpy is np.prod else numpy(x, axes),
                rtol=1e-6,
            )
    for name, ufunc in {
        "reduce_and": np.bitwise_and,
        "reduce_or": np.bitwise_or,
        "reduce_xor": np.bitwise_xor,
    }.items():
        for x in (X > 0, X.astype(np.int16), X.astype(np.uint8)):
            got = run(lambda x, n=name: getattr(ops, n)(x, axes), x)
            np.testing.assert_array_equal(got, ufunc.reduce(x, axes))


@RUNS
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_places_of_extremes(axis: int, run: Any) -> None:
    nan = X.copy()
    nan[1, ::3] = np.nan
    for x in (X, nan, X.astype(int), X > 0, X.astype(np.uint8), X + 1j * X[::-1]):
        got = run(lambda x: ops.argmax(x, axis), x)
        np.testing.assert_array_equal(got, np.argmax(x, axis))
        got = run(lambda x: ops.argmin(x, axis, np.int32), x)
        np.testing.assert_array_equal(got, np.argmin(x, axis))
        assert got.dtype == np.int32


@RUNS
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_running_operations(axis: int, reverse: bool, run: Any) -> None:
    for name, ufunc in {
        "cumsum": np.add,
        "cumprod": np.multiply,
        "cummax": np.maximum,
        "cummin": np.minimum,
        "cumlogsumexp": np.logaddexp,
    }.items():
        got = run(lambda x, n=name: getattr(ops, n)(x, axis, reverse=reverse), X)
        x = np.flip(X, axis) if reverse else X
        want = ufunc.accumulate(x, axis)
        want = np.flip(want, axis) if reverse else want
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)


def gradient(function: Any, x: Any) -> Any:
    _, linear, _ = linearize(lambda x: [function(x)], [x])
    return backward_pass(linear.jaxpr, linear.consts, [np.float64(1.0)])[0]


def test_ties_share_the_derivative() -> None:
    x = np.array([1.0, 3.0, 3.0, 2.0])
    np.testing.assert_array_equal(
        gradient(lambda x: ops.reduce_max(x, (0,)), x), [0, 0.5, 0.5, 0]
    )
    (_,), (t,) = jvp(
        lambda x: [ops.cummax(x, 0)], [x], [np.array([1.0, 2.0, 6.0, 9.0])]
    )
    np.testing.assert_array_equal(t, [1, 2, 4, 4])


def test_products_at_zeros_to_second_order() -> None:
    x = np.array([2.0, 0.0, 5.0])
    np.testing.assert_array_equal(
        gradient(lambda x: ops.reduce_prod(x, (0,)), x), [0, 10, 0]
    )

    def along(x: Any) -> Any:
        return jvp(
            lambda x: [ops.reduce_prod(x, (0,))], [x], [np.array([1.0, 0.0, 0.0])]
        )[1][0]

    np.testing.assert_array_equal(gradient(along, x), [0, 5, 0])
    np.testing.assert_array_equal(
        gradient(lambda x: ops.cumprod(x, 0)[-1], x), [0, 10, 0]
    )


def test_running_logsumexp_has_derivatives_at_minus_infinity() -> None:
    x = np.array([-np.inf, -np.inf, 0.0, 0.0])
    np.testing.assert_array_equal(
        gradient(lambda x: ops.cumlogsumexp(x, 0)[-1], x), [0, 0, 0.5, 0.5]
    )


def test_recurrence() -> None:
    a, b = np.random.default_rng(0).normal(size=(2, 30))
    h = [b[0]]
    for i in range(1, 30):
        h.append(a[i] * h[-1] + b[i])
    for run in (native, evaluated):
        got = run(lambda a, b: ops.linear_recurrence(a, b, 0), a, b)
        np.testing.assert_allclose(got, h)


def test_what_a_recurrence_takes() -> None:
    x = typeof(np.zeros(3))
    with pytest.raises(errors.ShapeError, match="one type"):
        stage(lambda x: [ops.linear_recurrence(x, np.zeros(2), 0)], [x])
    with pytest.raises(errors.DTypeError):
        stage(lambda x: [ops.linear_recurrence(x, x, 0)], [typeof(np.zeros(3, bool))])
    with pytest.raises(errors.DTypeError):
        stage(lambda x: [ops.cumlogsumexp(x, 0)], [typeof(np.zeros(3, int))])


def test_what_has_no_value() -> None:
    for x in (np.zeros((0, 3)), np.zeros(0)):
        with pytest.raises(ValueError, match="no entries"):
            ops.reduce_max(x, (0,))
        with pytest.raises(errors.ShapeError, match="no entries"):
            stage(lambda x: [ops.reduce_max(x, (0,))], [typeof(x)])
        with pytest.raises(errors.ShapeError, match="no entries"):
            stage(lambda x: [ops.argmin(x, 0)], [typeof(x)])
    with pytest.raises(errors.AxisError):
        stage(lambda x: [ops.reduce_prod(x, (1,))], [typeof(np.zeros(2))])
    with pytest.raises(errors.AxisError):
        stage(lambda x: [ops.cumsum(x, 1)], [typeof(np.zeros(2))])
    with pytest.raises(errors.DTypeError):
        stage(lambda x: [ops.reduce_xor(x, (0,))], [typeof(np.zeros(2))])
