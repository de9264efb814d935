"""``@njit`` and ``@vectorize`` functions as operations of traced programs."""

from __future__ import annotations

import numba
import numpy as np
import pytest

import funcgrad as fg
from funcgrad import errors
from funcgrad.test_util import check_grads


@numba.njit
def cube(x):
    return x * x * x


@numba.njit
def smooth(x, k):
    out = np.empty_like(x)
    for i in range(x.size):
        low, high = max(0, i - k), min(x.size, i + k + 1)
        out[i] = x[low:high].mean()
    return out


@numba.njit
def mixed(pair, n):
    return pair[0] + pair[1] * n, n * 2


@numba.vectorize
def hinge(x, y):
    return max(x, 0.0) ** 2 + y


X = np.linspace(-2.0, 2.0, 7)


@pytest.mark.parametrize("wrap", [lambda f: f, fg.jit], ids=["eager", "jit"])
def test_values_are_those_of_numba(wrap):
    own = fg.wrap_njit(cube)
    assert own.__name__ == "cube"
    assert wrap(lambda x: own(x) + 1.0)(2.0) == 9.0
    rows = fg.wrap_njit(smooth, result=lambda x, k: x)
    f = wrap(lambda x: 2.0 * rows(np.sin(x), 2))
    np.testing.assert_allclose(f(X), 2.0 * smooth(np.sin(X), 2), rtol=1e-14)
    assert wrap(lambda a, n: fg.wrap_njit(mixed)((a, 2.0), n))(1.0, 3) == (7.0, 6)
    struct = fg.ShapeDtypeStruct(X.shape, X.dtype)
    fixed = fg.wrap_njit(smooth, result=struct)
    np.testing.assert_array_equal(wrap(lambda x: fixed(x, 1))(X), smooth(X, 1))


def test_it_is_batched_and_looped():
    own = fg.wrap_njit(cube)
    np.testing.assert_allclose(fg.jit(fg.vmap(own))(X), X**3)
    np.testing.assert_allclose(fg.vmap(own)(X), X**3)
    rows = fg.wrap_njit(smooth, result=lambda x, k: x)
    many = np.stack([X, 2 * X])
    found = fg.jit(fg.vmap(rows, (0, None)))(many, 1)
    np.testing.assert_allclose(found, [smooth(x, 1) for x in many])
    total = fg.jit(lambda x: fg.lax.fori_loop(0, 3, lambda i, s: own(s) / 4.0, x))(1.5)
    np.testing.assert_allclose(total, ((1.5**3 / 4) ** 3 / 4) ** 3 / 4)


def test_a_rule_gives_it_derivatives():
    @fg.custom_jvp
    def f(x):
        return fg.wrap_njit(cube)(x)

    @f.defjvp
    def rule(primals, tangents):
        (x,), (t,) = primals, tangents
        return f(x), 3.0 * x * x * t

    check_grads(f, (1.3,), order=2)
    np.testing.assert_allclose(fg.jit(fg.vmap(fg.grad(f)))(X), 3.0 * X**2)


def test_without_a_rule_the_error_says_so():
    with pytest.raises(errors.DifferentiationError, match="custom_jvp") as caught:
        fg.grad(lambda x: fg.wrap_njit(cube)(x))(2.0)
    assert __file__ in str(caught.value)
    constant = lambda x: x * fg.wrap_njit(cube)(fg.stop_gradient(x))
    assert fg.grad(constant)(2.0) == 8.0


@pytest.mark.parametrize("wrap", [lambda f: f, fg.jit], ids=["eager", "jit"])
def test_ufuncs_broadcast(wrap):
    own = fg.wrap_njit(hinge)
    np.testing.assert_allclose(wrap(lambda x: own(x, 1.0))(X), hinge(X, 1.0))
    grid = wrap(lambda x: own(x[:, None], x))(X)
    np.testing.assert_allclose(grid, hinge(X[:, None], X))


def test_arrays_need_a_shape():
    with pytest.raises(errors.ShapeError, match="result="):
        fg.jit(lambda x: fg.wrap_njit(smooth)(x, 2))(X)
    wrong = fg.wrap_njit(smooth, result=fg.ShapeDtypeStruct((3,), np.float64))
    with pytest.raises(errors.ShapeError, match="other shapes"):
        fg.jit(lambda x: wrong(x, 2))(X)


def test_exceptions_end_the_program():
    @numba.njit
    def fails(x):
        if x > 1.0:
            raise ValueError("too large")
        return x

    f = fg.jit(fg.wrap_njit(fails))
    assert f(0.5) == 0.5
    with pytest.raises(RuntimeError, match="fails"):
        f(2.0)


def test_a_plain_call_says_what_to_write():
    with pytest.raises(errors.TracerArrayConversionError, match="wrap_njit") as caught:
        fg.jit(lambda x: cube(x))(2.0)
    assert __file__ in str(caught.value)
    with pytest.raises(errors.TracerArrayConversionError, match="wrap_njit") as caught:
        fg.jit(lambda x: hinge(x, 1.0))(X)
    assert __file__ in str(caught.value)


def test_only_numbas_functions_are_wrapped():
    with pytest.raises(errors.StaticArgumentError, match=r"numba\.njit"):
        fg.wrap_njit(lambda x: x)


def test_explicit_signatures():
    @numba.njit("float64(float64[::1])")
    def total(x):
        return x.sum()

    np.testing.assert_allclose(fg.jit(fg.wrap_njit(total))(X), X.sum(), atol=1e-15)
