"""Bits read as other dtypes, formats of fewer bits, windows as features, largest few."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import errors, lax
from funcgrad.test_util import check_grads

rng = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("f4", "i4"),
        ("f8", "u8"),
        ("f2", "i2"),
        ("i8", "u1"),
        ("f8", "u4"),
        ("i2", "f8"),
    ],
)
def test_bitcast(old: str, new: str) -> None:
    x = rng.integers(0, 255, (6, 4, np.dtype(old).itemsize), np.uint8).view(old)[..., 0]
    want = x.view(new)
    if np.dtype(old).itemsize > np.dtype(new).itemsize:
        want = want.reshape(6, 4, -1)
    elif np.dtype(old).itemsize < np.dtype(new).itemsize:
        want = want.reshape(6)
    function = lambda x: lax.bitcast_convert_type(x, new)
    for run in (function, fg.jit(function)):
        got = np.ascontiguousarray(run(x))
        assert got.dtype == want.dtype
        np.testing.assert_array_equal(
            got.view(np.uint8), np.ascontiguousarray(want).view(np.uint8)
        )
        back = lax.bitcast_convert_type(got, old)
        np.testing.assert_array_equal(back.view(np.uint8), x.view(np.uint8))
    if want.shape == x.shape:
        np.testing.assert_array_equal(fg.jit(fg.vmap(function, 1, 1))(x), want)


def test_bitcast_errors() -> None:
    with pytest.raises(errors.DTypeError):
        lax.bitcast_convert_type(np.ones(2, complex), np.int64)
    with pytest.raises(errors.ShapeError):
        lax.bitcast_convert_type(np.ones((2, 3), np.float32), np.int64)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_reduce_precision_is_float16(dtype: Any) -> None:
    """Normal numbers, and what is too large; smaller ones become zero."""
    x = np.concatenate([rng.normal(size=500), 10.0 ** rng.uniform(-6, 6, 500)])
    x = np.concatenate(
        [x, [0.0, -0.0, np.inf, -np.inf, np.nan, 65519.0, 65520.0, -7e4]]
    ).astype(dtype)
    with np.errstate(over="ignore", under="ignore"):
        half = x.astype(np.float16).astype(dtype)
    want = np.where(abs(half) < 2.0**-14, np.copysign(0, x).astype(dtype), half)
    function = lambda x: lax.reduce_precision(x, 5, 10)
    for run in (function, fg.jit(function)):
        got = run(x)
        assert got.dtype == dtype
        np.testing.assert_array_equal(got, want)
        np.testing.assert_array_equal(np.signbit(got), np.signbit(want))
    np.testing.assert_array_equal(
        fg.grad(lambda x: function(x).sum())(x), np.ones(len(x))
    )


def test_reduce_precision_of_its_own_format() -> None:
    x = rng.normal(size=20)
    np.testing.assert_array_equal(lax.reduce_precision(x, 11, 52), x)
    with pytest.raises(errors.ConfigError):
        lax.reduce_precision(x, 0, 3)
    with pytest.raises(errors.DTypeError):
        lax.reduce_precision(np.arange(3), 5, 10)


NHWC = ("NHWC", "HWIO", "NHWC")


@pytest.mark.parametrize("numbers", [None, NHWC])
@pytest.mark.parametrize("padding", ["SAME", [(1, 0), (2, 1)]])
def test_patches_are_what_a_convolution_sums(numbers: Any, padding: Any) -> None:
    x = (
        rng.normal(size=(2, 3, 7, 6))
        if numbers is None
        else rng.normal(size=(2, 7, 6, 3))
    )
    w = rng.normal(size=(4, 3, 3, 2))
    given = {"rhs_dilation": (1, 2), "dimension_numbers": numbers}
    function = lambda x: lax.conv_general_dilated_patches(
        x, (3, 2), (2, 1), padding, **given
    )
    patches = fg.jit(function)(x)
    np.testing.assert_array_equal(patches, function(x))
    own = w if numbers is None else w.transpose(2, 3, 1, 0)
    want = lax.conv_general_dilated(x, own, (2, 1), padding, None, (1, 2), numbers)
    flat = w.reshape(4, -1)
    got = np.einsum(
        "nkhw,ok->nohw" if numbers is None else "nhwk,ok->nhwo", patches, flat
    )
    np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)
    check_grads(function, (x,), order=1)


def test_local_convolution() -> None:
    """With the same weights everywhere it is a convolution."""
    x, w = rng.normal(size=(2, 3, 8)), rng.normal(size=(4, 3, 3))
    everywhere = np.repeat(w.reshape(4, 9, 1), 4, 2)
    function = lambda x, w: lax.conv_general_dilated_local(x, w, (2,), "SAME", (3,))
    want = lax.conv(x, w, (2,), "SAME")
    np.testing.assert_allclose(fg.jit(function)(x, everywhere), want, rtol=1e-12)
    check_grads(function, (x, rng.normal(size=everywhere.shape)), order=1)
    with pytest.raises(errors.ShapeError):
        function(x, everywhere[:, :, :3])


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_largest_few(axis: int) -> None:
    x = rng.normal(size=(5, 6, 4))
    want = -np.sort(-x, axis)[
        tuple([slice(3) if k == axis % 3 else slice(None) for k in range(3)])
    ]
    for name, sign in (("top_k", 1), ("approx_max_k", 1), ("approx_min_k", -1)):
        options = {"axis": axis} if name == "top_k" else {"reduction_dimension": axis}
        function = lambda x, name=name, options=options: getattr(lax, name)(
            x, 3, **options
        )
        for run in (function, fg.jit(lambda x, f=function: f(x))):
            values, places = run(sign * x)
            np.testing.assert_array_equal(values, sign * want)
            np.testing.assert_array_equal(
                np.take_along_axis(sign * x, places, axis), values
            )


@pytest.mark.parametrize(("window", "stride"), [(2, 3), (3, 2), (1, 2), (4, 4), (5, 1)])
@pytest.mark.parametrize("padding", ["SAME", "VALID"])
def test_shape_of_a_transposed_convolution(
    window: int, stride: int, padding: str
) -> None:
    names = ("NWC", "WIO", "NWC")
    want = lax.conv_transpose(
        np.ones((1, 6, 2)), np.ones((window, 2, 3)), (stride,), padding
    ).shape
    got = lax.conv_transpose_shape_tuple(
        (1, 6, 2), (window, 2, 3), (stride,), padding, names
    )
    assert got == want
    assert got[1] == (
        6 * stride if padding == "SAME" else 6 * stride + max(window - stride, 0)
    )
