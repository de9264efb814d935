"""NumPy's Generator on keys: moments, shapes, transforms, and no silent repetition."""

from __future__ import annotations

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import errors

N = 20_000

# method, arguments, mean, variance
MOMENTS = [
    ("random", (), 0.5, 1 / 12),
    ("uniform", (-1.0, 3.0), 1.0, 16 / 12),
    ("integers", (0, 10), 4.5, 99 / 12),
    ("standard_normal", (), 0.0, 1.0),
    ("normal", (2.0, 3.0), 2.0, 9.0),
    ("lognormal", (0.0, 0.5), np.exp(0.125), (np.exp(0.25) - 1) * np.exp(0.25)),
    ("exponential", (2.0,), 2.0, 4.0),
    ("gamma", (3.0, 2.0), 6.0, 12.0),
    ("beta", (2.0, 3.0), 0.4, 0.04),
    ("chisquare", (4.0,), 4.0, 8.0),
    ("standard_t", (10.0,), 0.0, 1.25),
    ("f", (5.0, 20.0), 20 / 18, None),
    ("laplace", (1.0, 2.0), 1.0, 8.0),
    ("logistic", (0.0, 1.0), 0.0, np.pi**2 / 3),
    ("gumbel", (0.0, 1.0), 0.5772156649, np.pi**2 / 6),
    ("rayleigh", (2.0,), 2.0 * np.sqrt(np.pi / 2), (2 - np.pi / 2) * 4),
    ("weibull", (2.0,), 0.8862269255, 1 - np.pi / 4),
    ("pareto", (5.0,), 0.25, None),
    ("triangular", (0.0, 1.0, 2.0), 1.0, 1 / 6),
    ("poisson", (4.0,), 4.0, 4.0),
    ("binomial", (20, 0.3), 6.0, 4.2),
    ("geometric", (0.25,), 4.0, 12.0),
]


@pytest.mark.parametrize(("name", "args", "mean", "variance"), MOMENTS)
def test_moments_shapes_and_kinds_are_numpys(name, args, mean, variance):
    drawn = getattr(fg.random.default_rng(1), name)(*args, size=(N, 2))
    theirs = getattr(np.random.default_rng(1), name)(*args, size=2)
    assert drawn.shape == (N, 2)
    assert drawn.dtype == theirs.dtype
    spread = np.sqrt(np.var(drawn) / drawn.size)
    assert abs(np.mean(drawn) - mean) < 5.0 * spread
    if variance is not None:
        assert abs(np.var(drawn) / variance - 1.0) < 0.1
    assert np.shape(getattr(fg.random.default_rng(1), name)(*args)) == ()


def test_parameters_broadcast_and_have_derivatives():
    rng = fg.random.default_rng(0)
    assert rng.normal(np.zeros(3), np.ones((2, 1))).shape == (2, 3)
    slope = fg.grad(lambda s: np.mean(fg.random.default_rng(0).normal(0.0, s, 9) ** 2))
    values = fg.random.default_rng(0).normal(0.0, 1.0, 9)
    np.testing.assert_allclose(slope(2.0), 4.0 * np.mean(values**2))


def test_each_draw_moves_it_on_and_a_seed_repeats():
    rng = fg.random.default_rng(7)
    first, second = rng.random(5), rng.random(5)
    assert not np.any(first == second)
    np.testing.assert_array_equal(fg.random.default_rng(7).random(5), first)
    assert fg.random.default_rng(rng) is rng
    assert fg.random.default_rng().random() != fg.random.default_rng().random()
    key = fg.random.key(7)
    np.testing.assert_array_equal(fg.random.default_rng(key).random(5), first)


def test_it_goes_through_jit_scan_and_vmap():
    def walk(rng):
        def step(carry, _):
            rng, place = carry
            place = place + rng.normal()
            return (rng, place), place

        (rng, _), places = fg.lax.scan(step, (rng, 0.0), length=10)
        return rng, places

    rng, places = fg.jit(walk)(fg.random.default_rng(3))
    plain, expected = walk(fg.random.default_rng(3))
    np.testing.assert_allclose(places, expected, rtol=1e-14)
    np.testing.assert_array_equal(rng.key, plain.key)
    _, many = fg.vmap(walk)(fg.random.default_rng(3).batch(4))
    assert many.shape == (4, 10)
    assert np.unique(many[:, 0]).size == 4


def test_a_generator_from_outside_is_refused_while_tracing():
    rng = fg.random.default_rng(0)
    with pytest.raises(errors.UnexpectedTracerError, match="pass the generator"):
        fg.jit(lambda x: x + rng.normal())(1.0)
    rng.normal()  # and is as it was


def test_vectors_choices_and_permutations():
    rng = fg.random.default_rng(5)
    cov = np.array([[2.0, 0.6], [0.6, 1.0]])
    drawn = rng.multivariate_normal(np.array([1.0, -1.0]), cov, N)
    np.testing.assert_allclose(np.cov(drawn.T), cov, atol=0.1)
    np.testing.assert_allclose(rng.dirichlet([1.0, 2.0], 4).sum(axis=1), np.ones(4))
    counts = rng.multinomial(50, [0.2, 0.3, 0.5], size=3)
    assert counts.dtype == np.int64
    np.testing.assert_array_equal(counts.sum(axis=1), [50, 50, 50])
    x = np.arange(12.0).reshape(3, 4)
    assert sorted(rng.permutation(5)) == list(range(5))
    assert rng.permutation(x, axis=1).shape == (3, 4)
    np.testing.assert_array_equal(np.sort(rng.permuted(x).ravel()), x.ravel())
    np.testing.assert_array_equal(np.sort(rng.permuted(x, axis=1), axis=1), x)
    assert set(rng.choice(4, 4, replace=False)) == {0, 1, 2, 3}
    assert (rng.integers(1, 2, 5, endpoint=True) <= 2).all()
    assert rng.integers(3, size=5, dtype=np.int32).dtype == np.int32
    assert np.isfinite(rng.standard_cauchy(3)).all()
    one, two = rng.spawn(2)
    assert one.random() != two.random()
    assert repr(one).startswith("Generator(")
