"""Learning rates against their formulas, and gradients that are clipped."""

import math

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import optimizers as opt

STEPS = np.arange(0, 40)


def cosine(n):
    return 0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * min(n, 20) / 20))


CASES = {
    "constant": (opt.constant(0.3), lambda n: 0.3),
    "exponential": (opt.exponential_decay(2.0, 5, 0.5), lambda n: 2 * 0.5 ** (n / 5)),
    "staircase": (
        opt.exponential_decay(2.0, 5, 0.5, staircase=True),
        lambda n: 2 * 0.5 ** (n // 5),
    ),
    "inverse": (
        opt.inverse_time_decay(2.0, 5, 0.5),
        lambda n: 2 / (1 + 0.5 * n / 5),
    ),
    "inverse staircase": (
        opt.inverse_time_decay(2.0, 5, 0.5, staircase=True),
        lambda n: 2 / (1 + 0.5 * (n // 5)),
    ),
    "linear": (opt.polynomial_decay(1.0, 10), lambda n: 1 - min(n, 10) / 10),
    "quadratic": (
        opt.polynomial_decay(1.0, 10, 0.5, 2.0),
        lambda n: 0.5 + 0.5 * (1 - min(n, 10) / 10) ** 2,
    ),
    "cosine": (opt.cosine_decay(1.0, 20, 0.1), cosine),
    "warmup": (
        opt.warmup(opt.cosine_decay(1.0, 20, 0.1), 8, start=0.2),
        lambda n: 0.2 + 0.8 * n / 8 if n < 8 else cosine(n - 8),
    ),
    "warmup of a number": (opt.warmup(0.5, 10), lambda n: 0.05 * min(n, 10)),
    "piecewise": (
        opt.piecewise_constant([5, 12], [1.0, 0.5, 0.1]),
        lambda n: 1.0 if n < 5 else 0.5 if n < 12 else 0.1,
    ),
    "joined": (
        opt.joined([opt.constant(1.0), opt.exponential_decay(1.0, 3, 0.5)], [7]),
        lambda n: 1.0 if n < 7 else 0.5 ** ((n - 7) / 3),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_formula(name):
    schedule, formula = CASES[name]
    want = [formula(int(n)) for n in STEPS]
    np.testing.assert_allclose([schedule(int(n)) for n in STEPS], want, rtol=1e-12)
    compiled = fg.jit(schedule)
    np.testing.assert_allclose([compiled(n) for n in STEPS], want, rtol=1e-12)
    batched = fg.vmap(lambda n: schedule(n) + 0.0 * n)(STEPS)
    np.testing.assert_allclose(batched, want, rtol=1e-12)


def test_lengths_of_joined_schedules():
    with pytest.raises(ValueError, match="2 boundaries separate 3 schedules"):
        opt.piecewise_constant([1, 2], [1.0, 2.0])


def test_global_norm():
    tree = {"a": np.array([[3.0, 0.0]]), "b": (4.0, np.array([12j]))}
    np.testing.assert_allclose(opt.global_norm(tree), 13.0)
    assert opt.global_norm([]) == 0


def test_clipping():
    grads = [np.array([3.0, 0.0]), np.float32(4.0)]
    short = opt.clip_by_global_norm(grads, 1.0)
    np.testing.assert_allclose(opt.global_norm(short), 1.0, rtol=1e-7)
    np.testing.assert_allclose(short[0], [0.6, 0.0])
    assert short[1].dtype == np.float32
    np.testing.assert_array_equal(opt.clip_by_global_norm(grads, 10.0)[0], grads[0])
    zeros = opt.clip_by_global_norm(np.zeros(2), 1.0)
    assert zeros.tolist() == [0, 0]


def test_clipping_is_differentiable():
    def f(x):
        return np.sum(opt.clip_by_global_norm(x, 1.0) * np.array([1.0, 2.0]))

    fg.test_util.check_grads(f, (np.array([3.0, 4.0]),), order=2)
    np.testing.assert_array_equal(fg.grad(f)(np.zeros(2)), [1.0, 2.0])


def test_clipped_optimizer():
    plain, clipped = opt.sgd(0.1), opt.clipped(opt.sgd(0.1), 1.0)
    x, g = np.zeros(2), np.array([3.0, 4.0])
    got, _ = clipped.update(g, clipped.init(x), x)
    want, _ = plain.update(g / 5, plain.init(x), x)
    np.testing.assert_allclose(got, want)
