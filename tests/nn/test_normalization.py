"""Softmax and its kin against SciPy and definitions."""

import numpy as np
import pytest
import scipy.special

import funcgrad as fg
from funcgrad import nn
from funcgrad.testing.check_grads import check_grads

rng = np.random.default_rng(0)
X = rng.normal(size=(3, 4))
MASK = np.array([[1, 1, 0, 1], [0, 1, 1, 1], [1, 0, 0, 1]], bool)


@pytest.mark.parametrize("axis", [-1, 0, (0, 1)])
def test_softmax_is_scipys(axis):
    for scale in (1.0, 1e3):
        got = nn.softmax(scale * X, axis=axis)
        np.testing.assert_allclose(got, scipy.special.softmax(scale * X, axis=axis))
        got = nn.log_softmax(scale * X, axis=axis)
        np.testing.assert_allclose(got, scipy.special.log_softmax(scale * X, axis=axis))


def test_masked_softmax():
    got = nn.softmax(X, where=MASK)
    assert (got[~MASK] == 0).all()
    for row, mask, out in zip(X, MASK, got, strict=True):
        np.testing.assert_allclose(out[mask], scipy.special.softmax(row[mask]))
    logs = nn.log_softmax(X, where=MASK)
    np.testing.assert_allclose(np.exp(logs), got, atol=1e-16)


@pytest.mark.parametrize("axis", [None, 0, (0, 1)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_logsumexp_is_scipys(axis, keepdims):
    got = nn.logsumexp(X, axis=axis, keepdims=keepdims)
    want = scipy.special.logsumexp(X, axis=axis, keepdims=keepdims)
    np.testing.assert_allclose(got, want, rtol=1e-14)


def test_logsumexp_with_factors_and_sign():
    b = rng.normal(size=(3, 4))
    got = nn.logsumexp(X, axis=1, b=b, return_sign=True)
    want = scipy.special.logsumexp(X, axis=1, b=b, return_sign=True)
    np.testing.assert_allclose(got, want, rtol=1e-13)


def test_logsumexp_of_nothing_is_minus_infinity():
    assert nn.logsumexp(np.array([-np.inf, -np.inf])) == -np.inf
    gradient = fg.grad(nn.logsumexp)(np.array([-np.inf, -np.inf, 0.0]))
    np.testing.assert_array_equal(gradient, [0.0, 0.0, 1.0])


def test_logmeanexp():
    want = np.log(np.mean(np.exp(X), axis=1))
    np.testing.assert_allclose(nn.logmeanexp(X, axis=1), want, rtol=1e-14)


@pytest.mark.parametrize(
    "function",
    [
        nn.softmax,
        nn.log_softmax,
        nn.logsumexp,
        nn.logmeanexp,
        nn.standardize,
        lambda x: nn.softmax(x, where=MASK),
        lambda x: nn.standardize(x, where=MASK),
    ],
)
def test_derivatives_and_compiled_values(function):
    check_grads(function, (X,), order=2)
    np.testing.assert_allclose(fg.jit(function)(X), function(X), rtol=1e-13)


def test_standardize():
    y = nn.standardize(X, epsilon=0.0)
    np.testing.assert_allclose(y.mean(axis=-1), 0, atol=1e-15)
    np.testing.assert_allclose(y.std(axis=-1), 1)


def test_one_hot():
    got = nn.one_hot(np.array([1, -1, 5, 0]), 3)
    np.testing.assert_array_equal(got, [[0, 1, 0], [0, 0, 0], [0, 0, 0], [1, 0, 0]])
    assert got.dtype == np.float64
    got = nn.one_hot(np.array([[1, 0]]), 3, dtype=np.int8, axis=0)
    assert got.shape == (3, 1, 2)
    assert got.dtype == np.int8
    np.testing.assert_array_equal(got.argmax(axis=0), [[1, 0]])
    np.testing.assert_array_equal(fg.jit(lambda i: nn.one_hot(i, 2))(1), [0, 1])
