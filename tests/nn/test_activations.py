"""Activations against formulas in long double, their derivatives, and extreme arguments."""

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import nn
from funcgrad.testing.check_grads import check_grads

X = np.array([-30.0, -3.7, -1.2, -0.3, 0.4, 1.7, 3.6, 30.0])
L = X.astype(np.longdouble)
EXTREME = np.array([-np.finfo(float).max, -1e4, -700.0, -0.0, 0.0, 700.0, 1e4, 1e100])


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _softplus(x):
    return np.log1p(np.exp(-abs(x))) + np.maximum(x, 0)


FORMULAS = {
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "sigmoid": _sigmoid,
    "log_sigmoid": lambda x: -_softplus(-x),
    "softplus": _softplus,
    "squareplus": lambda x: (x + np.sqrt(x * x + 4)) / 2,
    "soft_sign": lambda x: x / (1 + abs(x)),
    "silu": lambda x: x * _sigmoid(x),
    "swish": lambda x: x * _sigmoid(x),
    "mish": lambda x: x * np.tanh(_softplus(x)),
    "gelu": lambda x: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "celu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "selu": lambda x: 1.0507009873554805 * np.where(
        x > 0, x, 1.6732632423543772 * np.expm1(np.minimum(x, 0))
    ),
    "leaky_relu": lambda x: np.where(x >= 0, x, x / 100),
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "hard_sigmoid": lambda x: np.clip(x + 3, 0, 6) / 6,
    "hard_silu": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "hard_swish": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "identity": lambda x: x,
}  # fmt: skip


@pytest.mark.parametrize("name", FORMULAS)
def test_values(name):
    want = FORMULAS[name](L).astype(float)
    function = getattr(nn, name)
    for got in (function(X), fg.jit(function)(X), fg.vmap(function)(X)):
        np.testing.assert_allclose(got, want, rtol=2e-14, atol=1e-15)


@pytest.mark.parametrize("name", FORMULAS)
def test_dtype_is_kept(name):
    function = getattr(nn, name)
    assert function(X.astype(np.float32)).dtype == np.float32
    assert fg.jit(function)(X.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize("name", FORMULAS)
def test_derivatives(name):
    check_grads(getattr(nn, name), (X[1:-1],), order=2)


@pytest.mark.parametrize("name", FORMULAS)
def test_gradients_are_finite_for_any_argument(name):
    function = getattr(nn, name)
    with np.errstate(all="ignore"):
        gradient = fg.vmap(fg.grad(function))(EXTREME)
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("z", [-700.0, -40.0, -1.0, 0.0, 1.0, 40.0, 700.0])
def test_derivative_of_sigmoid_is_exact(z):
    e = np.exp(-abs(np.longdouble(z)))
    want = float(e / (1 + e) ** 2)
    np.testing.assert_allclose(fg.grad(nn.sigmoid)(z), want, rtol=1e-15)
    np.testing.assert_allclose(fg.jit(fg.grad(nn.sigmoid))(z), want, rtol=1e-14)


@pytest.mark.parametrize(
    ("name", "slope"),
    [("relu", 0.0), ("relu6", 0.0), ("leaky_relu", 1.0), ("elu", 1.0)],
)
def test_derivative_at_the_bend(name, slope):
    assert fg.grad(getattr(nn, name))(0.0) == slope


def test_relu_of_nan_is_nan():
    assert np.isnan(nn.relu(np.nan))


def test_exact_gelu():
    import scipy.special

    want = X * scipy.special.ndtr(X)
    np.testing.assert_allclose(nn.gelu(X, approximate=False), want, rtol=1e-14)


def test_glu_halves_an_axis():
    x = np.arange(12.0).reshape(3, 4)
    want = x[:, :2] / (1 + np.exp(-x[:, 2:]))
    np.testing.assert_allclose(nn.glu(x), want, rtol=1e-15)
    with pytest.raises(ValueError, match="equal division"):
        nn.glu(x, axis=0)


def test_log1mexp():
    x = np.array([1e-300, 1e-10, 0.5, 1.0, 40.0])
    wide = x.astype(np.longdouble)
    with np.errstate(divide="ignore"):
        want = np.where(x < 1, np.log(-np.expm1(-wide)), np.log1p(-np.exp(-wide)))
    want = want.astype(float)
    np.testing.assert_allclose(nn.log1mexp(x), want, rtol=1e-15)
