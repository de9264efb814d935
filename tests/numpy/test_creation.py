"""New arrays: NumPy's values and dtypes, and equations instead of constants when staged."""

import numpy as np
import pytest

import funcgrad as fg
import funcgrad.numpy as fnp
from funcgrad.errors import ShapeError

CALLS = [
    ("zeros", ((2, 3),), {}),
    ("zeros", (3,), {"dtype": np.int8}),
    ("zeros", ((),), {}),
    ("ones", ((2, 3),), {}),
    ("ones", (2, bool), {}),
    ("full", ((2, 2), 3), {}),
    ("full", ((2, 2), 2.5), {"dtype": np.float32}),
    ("full", ((2, 3), np.arange(3)), {}),
    ("eye", (3,), {}),
    ("eye", (3, 4, 1), {"dtype": np.int32}),
    ("eye", (3, 2, -1), {}),
    ("identity", (3,), {}),
    ("tri", (3,), {}),
    ("tri", (3, 4, -1), {"dtype": int}),
    ("arange", (5,), {}),
    ("arange", (2, 9, 3), {}),
    ("arange", (9, 2, -3), {}),
    ("arange", (0.0, 1.0, 0.25), {}),
    ("arange", (3,), {"dtype": np.float32}),
    ("arange", (0,), {}),
    ("arange", (5,), {"dtype": np.uint8}),
    ("zeros_like", (np.ones((2, 3), np.float32),), {}),
    ("ones_like", (np.arange(3),), {"dtype": float}),
    ("zeros_like", (np.arange(3),), {"shape": (2, 2)}),
    ("full_like", (np.arange(3), 2.7), {}),
    ("linspace", (0, 1, 5), {}),
    ("array", ([[1, 2], [3, 4]],), {}),
    ("array", ([1, 2.5],), {"ndmin": 3}),
    ("asarray", ([1, 2],), {"dtype": np.float32}),
]


@pytest.mark.parametrize(("name", "args", "kwargs"), CALLS)
def test_as_numpy(name, args, kwargs):
    want = getattr(np, name)(*args, **kwargs)
    function = getattr(fnp, name)
    for got in (function(*args, **kwargs), fg.jit(lambda: function(*args, **kwargs))()):
        assert got.dtype == want.dtype
        assert got.shape == want.shape
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize(
    "create",
    [
        lambda: fnp.zeros((1000, 1000)),
        lambda: fnp.full((1000, 1000), 7),
        lambda: fnp.ones_like(np.empty((1000, 1000))),
        lambda: fnp.eye(1000),
        lambda: fnp.tri(1000),
        lambda: fnp.arange(1000000),
    ],
)
def test_staged_arrays_are_no_constants(create):
    assert not fg.make_jaxpr(create)().consts


def test_results_have_functional_updates():
    np.testing.assert_array_equal(fnp.zeros(3).at[1].set(2.0), [0, 2, 0])
    np.testing.assert_array_equal(fnp.arange(3).at[:2].add(5), [5, 6, 2])
    np.testing.assert_array_equal((fnp.ones(2) + 1).at[0].set(0), [0, 2])


def test_empty_is_the_same_every_time():
    np.testing.assert_array_equal(fnp.empty((2, 2)), np.zeros((2, 2)))
    np.testing.assert_array_equal(fnp.empty_like(np.ones(3)), np.zeros(3))


def test_lists_of_traced_values_are_stacked():
    def f(x, y):
        return np.sum(fnp.array([[x, y], [1.0, x * y]]) ** 2)

    np.testing.assert_allclose(fg.grad(f, (0, 1))(2.0, 3.0), (2 * 2 + 36, 6 + 24))
    assert fg.jit(lambda x: fnp.sum([x, x, 1]))(2) == 5
    with pytest.raises(ShapeError, match="different shapes"):
        fg.jit(lambda x: fnp.array([x, [x, x]]))(1.0)


def test_full_of_a_traced_value():
    gradient = fg.grad(lambda x: np.sum(fnp.full((2, 3), x)))(1.5)
    assert gradient == 6


def test_arange_of_a_known_traced_bound():
    assert fg.grad(lambda n: n * len(fnp.arange(n)))(3.0) == 3


@pytest.mark.parametrize("f", [fnp.zeros_like, fnp.ones_like, fnp.empty_like])
def test_like_a_type(f):
    like = fg.ShapeDtypeStruct((2, 3), np.float32)
    assert (f(like).shape, f(like).dtype) == ((2, 3), np.float32)
    assert f(like, dtype=int, shape=4).shape == (4,)
    assert fnp.full_like(like, 2.0).sum() == 12
