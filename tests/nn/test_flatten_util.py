"""Pytrees as vectors and back."""

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.errors import ShapeError
from funcgrad.flatten_util import ravel_pytree

TREE = {"a": np.arange(3), "b": (np.ones((2, 2), np.float32), 2.5), "c": []}


def test_round_trip_keeps_shapes_and_dtypes():
    flat, unravel = ravel_pytree(TREE)
    assert flat.dtype == np.float64
    np.testing.assert_array_equal(flat, [0, 1, 2, 1, 1, 1, 1, 2.5])
    back = unravel(2 * flat)
    assert fg.tree.structure(back) == fg.tree.structure(TREE)
    assert back["a"].dtype == np.int64
    assert back["b"][0].dtype == np.float32
    np.testing.assert_array_equal(back["a"], [0, 2, 4])
    assert back["b"][1] == 5.0


def test_traced():
    def loss(tree):
        flat, unravel = ravel_pytree(tree)
        return np.sum(ravel_pytree(unravel(flat**2))[0])

    tree = {"x": np.ones(2), "y": np.array([[3.0]])}
    for function in (fg.grad(loss), fg.jit(fg.grad(loss))):
        gradient = function(tree)
        np.testing.assert_array_equal(gradient["x"], [2.0, 2.0])
        np.testing.assert_array_equal(gradient["y"], [[6.0]])


def test_no_leaves():
    flat, unravel = ravel_pytree([])
    assert flat.shape == (0,)
    assert unravel(flat) == []


def test_wrong_length():
    _, unravel = ravel_pytree(np.ones(3))
    with pytest.raises(ShapeError, match="length of the pytree"):
        unravel(np.ones(2))
