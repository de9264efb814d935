"""Keys: what they are made of, and what random functions make of wrong ones."""

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import random
from funcgrad.errors import DTypeError, ShapeError

KEY = random.PRNGKey(3)


def test_one_key_gives_the_same_numbers_compiled_or_not():
    want = random.normal(KEY, (5,))
    np.testing.assert_array_equal(random.normal(KEY, (5,)), want)
    got = fg.jit(lambda key: random.normal(key, (5,)))(KEY)
    np.testing.assert_allclose(got, want, rtol=1e-14)


def test_batched_keys_give_what_single_ones_give():
    keys = random.split(KEY, 3)
    got = fg.vmap(lambda key: random.uniform(key, (2,)))(keys)
    want = [random.uniform(key, (2,)) for key in keys]
    np.testing.assert_array_equal(got, want)
    got = fg.vmap(random.split)(keys)
    np.testing.assert_array_equal(got, [random.split(key) for key in keys])


def test_inside_a_compiled_loop():
    def body(i, total):
        return total + random.uniform(random.fold_in(KEY, i))

    got = fg.jit(lambda: fg.lax.fori_loop(0, 10, body, 0.0))()
    want = sum(random.uniform(random.fold_in(KEY, i)) for i in range(10))
    np.testing.assert_allclose(got, want, rtol=1e-14)


def test_walk_of_split_keys_in_scan():
    def step(key, _):
        key, sub = random.split(key)
        return key, random.normal(sub)

    _, got = fg.jit(lambda key: fg.lax.scan(step, key, None, length=4))(KEY)
    key, want = KEY, []
    for _ in range(4):
        key, sub = random.split(key)
        want.append(random.normal(sub))
    np.testing.assert_allclose(got, want, rtol=1e-14)


def test_random_arrays_are_no_constants_of_a_program():
    """A key that is known would else put every number into the program."""
    closed = fg.make_jaxpr(lambda: random.uniform(KEY, (1000, 1000)))()
    assert not any(np.size(c) > 2 for c in closed.consts)


def test_seeds_of_every_integer_type():
    for seed in (7, np.int64(7), np.uint32(7), np.int8(7), np.array(7)):
        np.testing.assert_array_equal(random.key(seed), [0, 7])
        np.testing.assert_array_equal(fg.jit(random.key)(seed), [0, 7])
    np.testing.assert_array_equal(random.key(-1), [2**32 - 1] * 2)
    np.testing.assert_array_equal(fg.jit(random.key)(np.int64(-1)), [2**32 - 1] * 2)
    np.testing.assert_array_equal(random.key(np.int32(-1)), [0, 2**32 - 1])
    np.testing.assert_array_equal(fg.jit(random.key)(np.int32(-1)), [0, 2**32 - 1])


def test_fold_in_of_a_traced_number():
    for number in (0, 5, -1, 2**31):
        want = random.fold_in(KEY, number)
        got = fg.jit(random.fold_in)(KEY, np.int64(number))
        np.testing.assert_array_equal(got, want)


def test_key_data_round_trip():
    keys = random.split(KEY, (2, 3))
    assert keys.shape == (2, 3, 2)
    np.testing.assert_array_equal(random.wrap_key_data(random.key_data(keys)), keys)
    np.testing.assert_array_equal(random.clone(KEY), KEY)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: random.key(1.5), DTypeError, "seed is an integer"),
        (lambda: random.key(np.arange(2)), ShapeError, "one seed"),
        (lambda: random.uniform(7), DTypeError, "not a random key"),
        (lambda: random.uniform(np.zeros(2)), DTypeError, "not a random key"),
        (lambda: random.normal(random.split(KEY)), ShapeError, "one key"),
        (lambda: random.uniform(KEY, (2,), int), DTypeError, "floats"),
        (lambda: random.randint(KEY, (2,), 0, 3, float), DTypeError, "integers"),
        (lambda: random.bits(KEY, (), np.int32), DTypeError, "unsigned"),
        (lambda: random.bernoulli(KEY, 1), DTypeError, "probability"),
        (
            lambda: random.uniform(KEY, (2,), minval=np.zeros(3)),
            ShapeError,
            "broadcast",
        ),
        (lambda: random.gumbel(KEY, mode="wibble"), ValueError, "mode"),
        (lambda: random.bernoulli(KEY, 0.5, mode="wibble"), ValueError, "mode"),
        (lambda: random.choice(KEY, 3, (4,), replace=False), ValueError, "larger"),
        (lambda: random.choice(KEY, 0, (4,)), ValueError, "greater than 0"),
        (lambda: random.choice(KEY, 3, (1,), p=np.ones(2)), ValueError, "same size"),
        (
            lambda: random.categorical(KEY, np.zeros(2), shape=(3,), replace=False),
            ValueError,
            "exceed",
        ),
        (
            lambda: random.multivariate_normal(KEY, np.zeros(1), np.eye(1), method="x"),
            ValueError,
            "method",
        ),
    ],
)
def test_mistakes(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_the_generator_may_be_named():
    np.testing.assert_array_equal(random.key(7, impl="threefry2x32"), random.key(7))
    with pytest.raises(ValueError, match=r"'rbg'(.|\n)*'threefry2x32'"):
        random.key(7, impl="rbg")
