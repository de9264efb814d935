"""Arguments whose memory results take."""

import numpy as np
import pytest

import funcgrad as fg
import funcgrad.numpy as fnp
from funcgrad import lax

N = 1000


def shares(x, y):
    return np.shares_memory(np.asarray(x), np.asarray(y))


def test_an_update_takes_the_memory_of_its_argument():
    def f(i, x, y):
        return fnp.sum(x), x.at[i].set(y[i] + x[i + 1])

    x, y = np.arange(N, dtype=float), np.ones(N)
    total, want = fg.jit(f)(3, x, y)
    donating = fg.jit(f, donate_argnums=1)
    got_total, got = donating(3, x, y)
    assert got_total == total
    np.testing.assert_array_equal(got, want)
    assert shares(got, x)
    for i in range(3):
        _, got = donating(i, got, y)
    assert shares(got, x)


def test_arithmetic_takes_the_memory_of_trees():
    def step(params, grads):
        return {k: params[k] - 0.5 * grads[k] for k in params}

    params = {"w": np.ones((40, 50)), "b": np.ones(50), "scale": np.ones(2)}
    grads = {k: np.full_like(v, 0.25) for k, v in params.items()}
    new = fg.jit(step, donate_argnames="params")(params, grads)
    for k, v in new.items():
        np.testing.assert_array_equal(v, 0.875)
        assert shares(v, params[k]) == (k != "scale")
        np.testing.assert_array_equal(grads[k], 0.25)


def test_results_that_read_each_others_memory():
    def f(x, y):
        return y + x[::-1], x - y[::-1], x * y

    rng = np.random.default_rng(0)
    x, y = rng.normal(size=N), rng.normal(size=N)
    want = f(x, y)
    got = fg.jit(f, donate_argnums=(0, 1))(x, y)
    for a, b in zip(got, want, strict=True):
        np.testing.assert_allclose(a, b)


def test_exchanged_arguments():
    x, y = np.zeros(N), np.ones(N)
    a, b = fg.jit(lambda x, y: (y, x), donate_argnums=(0, 1))(x, y)
    assert np.all(a == 1)
    assert np.all(b == 0)


def test_loops_work_in_the_memory_of_their_start():
    def f(x):
        def step(x, i):
            return x.at[i].add(x[i - 1]), None

        return lax.scan(step, x, fnp.arange(1, N))[0]

    x = np.ones(N)
    got = fg.jit(f, donate_argnums=0)(x)
    np.testing.assert_array_equal(got, np.arange(1.0, N + 1))
    assert shares(got, x)


def read_only(x):
    x.flags.writeable = False
    return x


def part(x):
    return np.concatenate([x, x])[: x.size]


@pytest.mark.parametrize(
    "make", [read_only, part, lambda x: x[::-1], np.ndarray.tolist]
)
def test_what_is_not_free_is_left_as_it_is(make):
    x = make(np.arange(N, dtype=float))
    before = np.array(x)
    f = fg.jit(lambda x: x * 2.0, donate_argnums=0)
    x = x if isinstance(x, np.ndarray) else np.array(x, np.float32)
    np.testing.assert_array_equal(f(x), 2.0 * before)
    if x.dtype == before.dtype and make is not np.ndarray.tolist:
        np.testing.assert_array_equal(x, before)


def test_an_argument_given_twice_is_left_as_it_is():
    x = np.ones(N)
    f = fg.jit(lambda x, y: (x + 1.0, y + 2.0), donate_argnums=(0,))
    a, b = f(x, x)
    assert np.all(a == 2)
    assert np.all(b == 3)
    assert np.all(x == 1)


def test_inside_transforms_donation_means_nothing():
    f = fg.jit(lambda x: fnp.sum(x * x), donate_argnums=0)
    x = np.ones(N)
    np.testing.assert_array_equal(fg.grad(f)(x), 2.0)
    g = fg.jit(lambda x: f(x) + f(2.0 * x))
    assert g(x) == 5 * N
    assert np.all(x == 1)


def test_while_nan_is_watched_for_arguments_stay():
    f = fg.jit(lambda x: x / x, donate_argnums=0)
    x = np.ones(N)
    x[3] = 0.0
    with fg.debug_nans(True), pytest.raises(fg.errors.NonFiniteError):
        f(x)
    assert x[3] == 0.0


def test_static_arguments_and_keywords():
    f = fg.jit(
        lambda n, x, *, y: (x * n, y + 1.0),
        static_argnums=0,
        donate_argnames=("x", "y"),
    )
    x, y = np.ones(N), np.ones(N)
    a, b = f(3, x, y=y)
    assert shares(a, x)
    assert shares(b, y)
    assert a[0] == 3.0
    assert b[0] == 2.0
