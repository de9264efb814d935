"""vectorize: broadcasting, core axes, excluded arguments, derivatives."""

import numpy as np
import pytest

import funcgrad as fg
import funcgrad.numpy as fnp
from funcgrad.errors import ShapeError

rng = np.random.default_rng(3)


def test_scalars_broadcast():
    x, y = rng.normal(size=(3, 1, 4)), rng.normal(size=(2, 1))
    f = fnp.vectorize(lambda a, b: fg.lax.cond(a > b, lambda: a * b, lambda: a - b))
    want = np.where(x > y, x * y, x - y)
    np.testing.assert_allclose(f(x, y), want)
    np.testing.assert_allclose(fg.jit(f)(x, y), want)
    np.testing.assert_allclose(f(x, 0.5), np.where(x > 0.5, x * 0.5, x - 0.5))
    assert f(np.ones((1, 1)), np.ones(1)).shape == (1, 1)


def test_core_axes():
    a, v = rng.normal(size=(5, 1, 3, 4)), rng.normal(size=(2, 4))
    f = fnp.vectorize(lambda a, v: a @ v, signature="(m,n),(n)->(m)")
    np.testing.assert_allclose(f(a, v), np.einsum("bcij,cj->bci", a.repeat(2, 1), v))
    g = fnp.vectorize(lambda v: (v.sum(), v * 2), signature="(n)->(),(n)")
    total, twice = g(v)
    np.testing.assert_allclose(total, v.sum(-1))
    np.testing.assert_allclose(twice, v * 2)


def test_excluded_and_named_arguments():
    f = fnp.vectorize(lambda x, n, *, scale: x**n * scale, excluded={1})
    got = f(np.arange(3.0), 2, scale=np.array([[1.0], [2.0]]))
    np.testing.assert_allclose(got, [[0, 1, 4], [0, 2, 8]])


def test_derivatives():
    f = fnp.vectorize(lambda x, y: np.sin(x) * y)
    x, y = rng.normal(size=3), rng.normal(size=(2, 1))
    gradient = fg.grad(lambda x: np.sum(f(x, y)))(x)
    np.testing.assert_allclose(gradient, np.cos(x) * y.sum())


def test_mistakes():
    f = fnp.vectorize(lambda a, v: a @ v, signature="(m,n),(n)->(m)")
    with pytest.raises(ShapeError, match="does not fit the signature"):
        f(np.ones((2, 3)), np.ones(4))
    with pytest.raises(ShapeError, match="does not fit the signature"):
        f(np.ones(3), np.ones(3))
    with pytest.raises(ValueError, match="2 arguments"):
        f(np.ones((2, 3)))
    with pytest.raises(ValueError, match="not a valid gufunc signature"):
        fnp.vectorize(np.sin, signature="(n),->")
