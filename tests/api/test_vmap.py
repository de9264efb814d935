"""vmap: axes of arguments and results, sizes, nesting, errors."""

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import errors

X = np.arange(12.0).reshape(3, 4)


def test_axes_of_one_argument():
    np.testing.assert_array_equal(fg.vmap(np.sum)(X), X.sum(1))
    np.testing.assert_array_equal(fg.vmap(np.sum, 1)(X), X.sum(0))
    np.testing.assert_array_equal(fg.vmap(np.sum, -1)(X), X.sum(0))


@pytest.mark.parametrize("out_axis", [0, 1, 2, -1, -2, -3])
def test_out_axes(out_axis):
    got = fg.vmap(lambda r: np.outer(r, r), out_axes=out_axis)(X)
    want = np.moveaxis(np.stack([np.outer(r, r) for r in X]), 0, out_axis)
    np.testing.assert_array_equal(got, want)


def test_trees_of_axes():
    p = {"a": X, "b": (X.T, 2.0)}

    def f(p, y):
        return {"s": p["a"] * p["b"][0] * p["b"][1], "t": y}

    got = fg.vmap(
        f, in_axes=({"a": 0, "b": (1, None)}, None), out_axes={"s": 1, "t": None}
    )(p, 5.0)
    np.testing.assert_array_equal(got["s"], (2 * X * X).T)
    assert got["t"] == 5.0


def test_prefix_of_axes():
    got = fg.vmap(lambda p, x: p[0] * x + p[1], in_axes=(None, 0))((2.0, 1.0), X[:, 0])
    np.testing.assert_array_equal(got, 2 * X[:, 0] + 1)
    both = fg.vmap(lambda p: p[0] + p[1], in_axes=0)((X, X))
    np.testing.assert_array_equal(both, 2 * X)


def test_keyword_arguments_are_mapped_in_front():
    got = fg.vmap(lambda x, *, k: x * k, in_axes=(None,))(2.0, k=X[:, 0])
    np.testing.assert_array_equal(got, 2 * X[:, 0])


def test_results_that_do_not_vary_are_repeated():
    got = fg.vmap(lambda x: 3.0)(X)
    np.testing.assert_array_equal(got, [3.0, 3.0, 3.0])
    y = np.ones(2)
    assert fg.vmap(lambda x: y, out_axes=1)(X).shape == (2, 3)


def test_axis_size():
    got = fg.vmap(lambda: np.ones(2), axis_size=4)()
    assert got.shape == (4, 2)
    got = fg.vmap(lambda x: x, in_axes=None, axis_size=3)(1.0)
    np.testing.assert_array_equal(got, np.ones(3))


def test_empty_batch():
    assert fg.vmap(lambda r: r * 2)(np.zeros((0, 3))).shape == (0, 3)
    assert fg.vmap(np.sum)(np.zeros((0, 3))).shape == (0,)


def test_nesting():
    got = fg.vmap(fg.vmap(lambda a, b: a * b, (None, 0)), (0, None))(X[:, 0], X[0])
    np.testing.assert_array_equal(got, np.outer(X[:, 0], X[0]))


def test_closed_over_values_of_outer_maps():
    got = fg.vmap(lambda r: fg.vmap(lambda a: a * np.sum(r))(r))(X)
    np.testing.assert_array_equal(got, X * X.sum(1, keepdims=True))


def test_dtype_is_kept():
    got = fg.vmap(lambda r: r * 2)(X.astype(np.float32))
    assert got.dtype == np.float32
    assert fg.vmap(lambda r: r > 3)(X).dtype == bool


def test_mixed_ranks_line_up_from_the_right():
    a, b = np.ones((3, 2, 4)), np.arange(12.0).reshape(3, 4)
    got = fg.vmap(lambda a, b: a + b)(a, b)
    np.testing.assert_array_equal(got, a + b[:, None, :])


def test_branching_on_a_mapped_value_is_explained():
    with pytest.raises(errors.TracerBoolConversionError, match="where"):
        fg.vmap(lambda x: x if x > 0 else -x)(X[0])


def test_sizes_that_differ_are_named():
    def f(x, params):
        return x

    with pytest.raises(errors.BatchSizeError) as info:
        fg.vmap(f)(np.ones(3), {"w": np.ones(4)})
    assert "x: 3" in str(info.value)
    assert "params['w']: 4" in str(info.value)


ERRORS = [
    (lambda: fg.vmap(np.sum, 2)(X), errors.BatchSizeError, "axis 2"),
    (lambda: fg.vmap(np.sum)(1.0), errors.BatchSizeError, "axis 0"),
    (lambda: fg.vmap(lambda x: x, None)(X), errors.BatchSizeError, "no argument"),
    (lambda: fg.vmap(lambda x: x, (0, 0))(X), errors.BatchSizeError, "2 entries"),
    (lambda: fg.vmap(lambda x: x, "a")(X), errors.BatchSizeError, "holds axes"),
    (lambda: fg.vmap(lambda x: x, 0, 3)(X), errors.BatchSizeError, "2 axes"),
    (lambda: fg.vmap(lambda x: x, 0, None)(X), errors.BatchSizeError, "varies"),
    (lambda: fg.vmap(lambda x: (x, x), 0, (0, 0, 0))(X), errors.TreeError, "3"),
    (lambda: fg.vmap(lambda x: x, ((0, 0),))(X), errors.TreeError, "args"),
    (lambda: fg.vmap(lambda x: x)("text"), errors.UnsupportedDTypeError, "`x`"),
    (lambda: fg.vmap(lambda x: x, axis_size=4)(X), errors.BatchSizeError, "axis_size"),
]


@pytest.mark.parametrize(("call", "error", "text"), ERRORS)
def test_errors(call, error, text):
    with pytest.raises(error) as info:
        call()
    assert text in str(info.value)
