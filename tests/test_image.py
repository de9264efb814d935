"""Resized images: exact cases, other libraries' answers, and derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import errors, image
from funcgrad.test_util import check_grads

METHODS = [
    "nearest",
    "linear",
    "cubic",
    "lanczos3",
    "lanczos5",
    "cubic-pytorch",
    "area",
]
rng = np.random.default_rng(0)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(4, 9), (10, 3), (5, 7), (1, 1)])
@pytest.mark.parametrize("antialias", [True, False])
def test_linear_in_the_image_and_constant_on_constants(
    method: str, shape: Any, antialias: bool
) -> None:
    x = rng.normal(size=(5, 7))
    function = lambda x: image.resize(x, shape, method, antialias)
    assert function(x).shape == shape
    np.testing.assert_allclose(function(np.full((5, 7), 3.0)), 3.0, rtol=1e-12)
    np.testing.assert_allclose(fg.jit(function)(x), function(x), atol=1e-13)
    batched = image.resize(np.stack([x, 2 * x]), (2, *shape), method, antialias)
    np.testing.assert_allclose(batched[1], 2 * function(x), atol=1e-13)
    if shape == (5, 7):
        np.testing.assert_allclose(function(x), x)
    check_grads(function, (x,), order=1)


def test_nearest_keeps_the_dtype() -> None:
    x = np.arange(6, dtype=np.uint8)
    got = image.resize(x, (3,), image.ResizeMethod.NEAREST)
    assert got.dtype == np.uint8
    np.testing.assert_array_equal(got, [1, 3, 5])
    np.testing.assert_array_equal(image.resize(x[:2], (5,), "nearest"), [0, 0, 1, 1, 1])


def test_known_values() -> None:
    x = np.array([1.0, 3.0, 2.0, 8.0])
    np.testing.assert_allclose(image.resize(x, (2,), "area"), [2.0, 5.0])
    np.testing.assert_allclose(
        image.resize(x, (2,), "linear", antialias=False), [2.0, 5.0]
    )
    # A triangle of twice the width, cut off at the edges.
    np.testing.assert_allclose(image.resize(x, (2,), "linear"), [2.0, 33 / 7])
    got = image.resize(x, (8,), "linear")
    np.testing.assert_allclose(got, [1.0, 1.5, 2.5, 2.75, 2.25, 3.5, 6.5, 8.0])
    # Keys's cubic with a = -3/4 at three quarters of the way, as PyTorch has it.
    got = image.resize(x, (8,), "cubic-pytorch", antialias=False)
    weights = np.array([-0.03515625, 0.26171875, 0.87890625, -0.10546875])
    np.testing.assert_allclose(got[2], weights @ x[[0, 0, 1, 2]])


@pytest.mark.parametrize("method", METHODS[1:])
def test_scale_and_translate(method: str) -> None:
    """Moved by whole entries, an image is moved; what comes from outside is 0."""
    x = rng.normal(size=(2, 6))
    function = lambda x, s, t: image.scale_and_translate(x, (2, 6), (1,), s, t, method)
    one = np.ones(1)
    np.testing.assert_allclose(function(x, one, 0 * one), x, atol=1e-12)
    got = fg.jit(function)(x, one, 2 * one)
    np.testing.assert_allclose(got[:, 2:], x[:, :4], atol=1e-12)
    np.testing.assert_array_equal(got[:, :2], 0.0)
    if method != "area":  # piecewise linear in the place, with corners everywhere
        args = (x, np.array([1.3]), np.array([0.21]))
        check_grads(lambda *a: function(*a), args, order=1)


def test_errors() -> None:
    x = np.ones((3, 4))
    with pytest.raises(errors.ShapeError):
        image.resize(x, (3,), "linear")
    with pytest.raises(errors.ConfigError, match="best"):
        image.resize(x, (3, 4), "best")
    with pytest.raises(errors.ConfigError, match="nearest"):
        image.scale_and_translate(x, (3, 4), (0,), [1.0], [0.0], "nearest")
    with pytest.raises(errors.ShapeError):
        image.scale_and_translate(x, (3, 5), (0,), [1.0], [0.0], "linear")
