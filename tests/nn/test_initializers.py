"""Initial weights have the variance that they promise."""

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import random
from funcgrad.nn import initializers as init

KEY = random.PRNGKey(5)
SHAPE = (300, 100)
SCALED = {
    "glorot_uniform": 1 / 200,
    "glorot_normal": 1 / 200,
    "lecun_uniform": 1 / 300,
    "lecun_normal": 1 / 300,
    "he_uniform": 2 / 300,
    "he_normal": 2 / 300,
}


@pytest.mark.parametrize("name", SCALED)
def test_variance_suits_the_fans(name):
    w = getattr(init, name)()(KEY, SHAPE)
    assert w.shape == SHAPE
    np.testing.assert_allclose(w.var(), SCALED[name], rtol=0.03)
    np.testing.assert_allclose(w.mean(), 0, atol=1e-3)
    w = getattr(init, name)()(KEY, SHAPE, np.float32)
    assert w.dtype == np.float32


@pytest.mark.parametrize(
    ("mode", "n"), [("fan_in", 400), ("fan_out", 300), ("fan_geo_avg", 346.41)]
)
def test_fans_of_a_convolution(mode, n):
    w = init.variance_scaling(1.0, mode, "normal")(KEY, (2, 5, 40, 30))
    np.testing.assert_allclose(w.var() * n, 1, rtol=0.05)


def test_batch_axes_count_for_nothing():
    make = init.variance_scaling(1.0, "fan_in", "normal", batch_axis=(0,))
    np.testing.assert_allclose(make(KEY, (50, 40, 30)).var() * 40, 1, rtol=0.05)


def test_plain_ones():
    np.testing.assert_array_equal(init.zeros(KEY, (2,)), [0, 0])
    np.testing.assert_array_equal(init.ones(KEY, (2,), np.int8), [1, 1])
    np.testing.assert_array_equal(init.constant(3.0)(KEY, (2,)), [3, 3])
    np.testing.assert_allclose(init.normal(0.5)(KEY, SHAPE).std(), 0.5, rtol=0.02)
    u = init.uniform(0.5)(KEY, SHAPE)
    assert u.min() >= 0
    assert u.max() < 0.5
    assert abs(init.truncated_normal(0.5)(KEY, SHAPE)).max() < 1.0


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (2, 3, 4)])
def test_orthogonal(shape):
    w = init.orthogonal(2.0)(KEY, shape).reshape(-1, shape[-1])
    gram = w.T @ w if w.shape[0] >= w.shape[1] else w @ w.T
    np.testing.assert_allclose(gram, 4 * np.eye(len(gram)), atol=1e-12)


def test_compiled():
    make = init.he_normal()
    got = fg.jit(lambda key: make(key, (3, 4)))(KEY)
    np.testing.assert_allclose(got, make(KEY, (3, 4)), rtol=1e-12)


@pytest.mark.parametrize(
    "call",
    [
        lambda: init.variance_scaling(1.0, "fan", "normal"),
        lambda: init.variance_scaling(1.0, "fan_in", "cauchy"),
        lambda: init.he_normal()(KEY, (3,)),
        lambda: init.orthogonal()(KEY, (3,)),
    ],
)
def test_mistakes(call):
    with pytest.raises(ValueError, match=r"must be|two axes"):
        call()
