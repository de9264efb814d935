"""Convolutions against sums written out, and their derivatives against differences."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import errors, lax
from funcgrad.test_util import check_grads


def reference(
    x: Any,
    w: Any,
    strides: Any,
    pads: Any,
    inner: Any,
    dilation: Any,
    groups: int,
    batches: int,
) -> Any:
    """Axes (examples, features, space) and (new, features, window), entry by entry."""
    n, c, *space = x.shape
    spread = [(0 if e == 0 else (e - 1) * d + 1) for e, d in zip(space, inner)]
    wide = np.zeros((n, c, *spread))
    wide[(..., *(slice(None, None, d) for d in inner))] = x
    for axis, (low, high) in enumerate(pads, 2):
        size = wide.shape[axis]
        wide = np.take(wide, range(max(0, -low), size - max(0, -high)), axis)
        around = [(0, 0)] * wide.ndim
        around[axis] = (max(0, low), max(0, high))
        wide = np.pad(wide, around)
    new, per_group, *window = w.shape
    out_space = [
        max(0, (e - (k - 1) * d - 1) // s + 1)
        for e, k, d, s in zip(wide.shape[2:], window, dilation, strides)
    ]
    out = np.zeros((n // batches, new, *out_space))
    for o in range(new):
        g = o * max(groups, batches) // new
        rows = (
            slice(g * n // batches, (g + 1) * n // batches)
            if batches > 1
            else slice(None)
        )
        features = (
            slice(g * per_group, (g + 1) * per_group) if groups > 1 else slice(None)
        )
        part = wide[rows, features]
        for y in itertools.product(*map(range, out_space)):
            take = [
                slice(i * s, i * s + (k - 1) * d + 1, d)
                for i, s, k, d in zip(y, strides, window, dilation)
            ]
            patch = part[(slice(None), slice(None), *take)]
            out[(slice(None), o, *y)] = (patch * w[o]).reshape(len(out), -1).sum(1)
    return out


def draw(seed: int) -> tuple[Any, Any, dict[str, Any]]:
    rng = np.random.default_rng(seed)
    rank = int(rng.integers(0, 4))
    ints = lambda low, high: tuple(rng.integers(low, high, rank).tolist())
    groups = int(rng.choice([1, 1, 2, 3]))
    batches = 1 if groups > 1 else int(rng.choice([1, 1, 2]))
    features = int(rng.integers(1, 4))
    new = int(rng.integers(1, 4)) * max(groups, batches)
    x = rng.normal(size=(2 * batches, features * groups, *ints(1, 8)))
    w = rng.normal(size=(new, features, *ints(1, 4)))
    given = {
        "window_strides": ints(1, 3),
        "padding": [tuple(rng.integers(-1, 3, 2).tolist()) for _ in range(rank)],
        "lhs_dilation": ints(1, 3),
        "rhs_dilation": ints(1, 3),
        "feature_group_count": groups,
        "batch_group_count": batches,
    }
    return x, w, given


@pytest.mark.parametrize("seed", range(25))
def test_against_sums(seed: int) -> None:
    """Axes in any order, strides, padding of both signs, dilation and groups."""
    x, w, given = draw(seed)
    want = reference(x, w, *given.values())
    rng = np.random.default_rng(seed)
    specs = [tuple(rng.permutation(x.ndim).tolist()) for _ in range(3)]
    move = lambda array, spec: np.ascontiguousarray(array.transpose(np.argsort(spec)))
    function = lambda x, w: lax.conv_general_dilated(
        x, w, dimension_numbers=tuple(specs), **given
    )
    args = move(x, specs[0]), move(w, specs[1])
    for run in (function, fg.jit(function)):
        got = run(*args)
        np.testing.assert_allclose(got.transpose(specs[2]), want, atol=1e-12)


@pytest.mark.parametrize("seed", range(16))
def test_dilated_operand(seed: int) -> None:
    """Steps of one over entries that are apart: convolved in phases."""
    x, w, given = draw(seed + 100)
    rank = x.ndim - 2
    draws = np.random.default_rng(seed)
    given["window_strides"] = given["rhs_dilation"] = (1,) * rank
    given["lhs_dilation"] = tuple(draws.integers(1, 4, rank).tolist())
    given["padding"] = [tuple(draws.integers(-2, 5, 2).tolist()) for _ in range(rank)]
    want = reference(x, w, *given.values())
    function = lambda x, w: lax.conv_general_dilated(x, w, **given)
    np.testing.assert_allclose(function(x, w), want, atol=1e-12)
    np.testing.assert_allclose(fg.jit(function)(x, w), want, atol=1e-12)


@pytest.mark.parametrize("seed", [1, 4, 7, 12])
def test_derivatives(seed: int) -> None:
    x, w, given = draw(seed)
    function = lambda x, w: lax.conv_general_dilated(x, w, **given)
    check_grads(fg.jit(function), (x, w), order=2, modes=["fwd", "rev"])


NHWC = ("NHWC", "HWIO", "NHWC")
SIZES = {
    "features last": ((2, 11, 13, 5), (3, 3, 5, 37), NHWC, 1),
    "features first": ((2, 5, 20, 21), (7, 5, 3, 3), ("NCHW", "OIHW", "NCHW"), 1),
    "one feature": ((3, 28, 28, 1), (3, 3, 1, 16), NHWC, 1),
    "depthwise": ((2, 9, 9, 40), (3, 3, 1, 40), NHWC, 40),
    "depthwise first": ((2, 6, 19, 19), (6, 1, 3, 3), ("NCHW", "OIHW", "NCHW"), 6),
    "mixed": ((2, 9, 30, 3), (8, 3, 2, 3), ("NHWC", "OIHW", "NCHW"), 1),
    "one by one": ((2, 9, 9, 33), (1, 1, 33, 18), NHWC, 1),
    "rows": ((2, 50, 16), (5, 16, 32), ("NWC", "WIO", "NWC"), 1),
}


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize(
    ("dtype", "stride"),
    [(np.float32, 1), (np.float64, 2), (np.complex128, 2), (np.int32, 1)],
)
def test_blocks_and_layouts(name: str, stride: int, dtype: Any) -> None:
    """Extents that leave rests, in every layout: native code is the NumPy evaluation."""
    left, right, numbers, groups = SIZES[name]
    rng = np.random.default_rng(0)
    x, w = ((4 * rng.normal(size=shape)).astype(dtype) for shape in (left, right))
    strides = (stride,) * (len(left) - 2)

    def function(x: Any, w: Any) -> Any:
        return lax.conv_general_dilated(
            x, w, strides, "SAME", dimension_numbers=numbers, feature_group_count=groups
        )

    want = function(x, w)
    got = fg.jit(function)(x, w)
    assert got.dtype == want.dtype == dtype
    tolerance = 1e-5 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=200 * tolerance)
    if np.dtype(dtype).kind != "f":
        return
    back = lambda x, w, ct: fg.vjp(function, x, w)[1](ct)
    ct = rng.normal(size=want.shape).astype(dtype)
    for got, want in zip(fg.jit(back)(x, w, ct), back(x, w, ct), strict=True):
        np.testing.assert_allclose(got, want, rtol=tolerance, atol=2000 * tolerance)


@pytest.mark.parametrize("axes", [(0, None), (None, 0), (0, 0), (1, 3)])
def test_vmap(axes: Any) -> None:
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(3, 3, 3, 9)), rng.normal(size=(3, 3, 3, 3))
    x = x[0] if axes[0] is None else x
    w = w[0] if axes[1] is None else w

    def function(x: Any, w: Any) -> Any:
        return lax.conv(x, w, (2,), "SAME")

    got = fg.jit(fg.vmap(function, axes))(x, w)
    for k in range(3):
        one = x if axes[0] is None else np.take(x, k, axes[0])
        other = w if axes[1] is None else np.take(w, k, axes[1])
        np.testing.assert_allclose(got[k], function(one, other), atol=1e-12)


def test_float16_is_summed_in_float32() -> None:
    x = np.full((1, 1, 3000), 1.0, np.float16)
    w = np.full((1, 1, 3000), 1.0, np.float16)
    got = fg.jit(lambda x, w: lax.conv(x, w, (1,), "VALID"))(x, w)
    assert got.dtype == np.float16
    assert got.item() == 3000.0


def test_preferred_element_type() -> None:
    x = np.full((1, 1, 4), 100, np.int8)
    wide = lax.conv(x, x, (1,), "VALID", preferred_element_type=np.int32)
    assert wide.dtype == np.int32
    assert wide.item() == 40000


@pytest.mark.parametrize("padding", ["SAME", "VALID", [(1, 2), (0, 1)]])
@pytest.mark.parametrize("strides", [(1, 1), (2, 3)])
def test_conv_transpose_is_the_derivative(padding: Any, strides: Any) -> None:
    """With ``transpose_kernel`` it is the pullback of the convolution."""
    rng = np.random.default_rng(0)
    w = rng.normal(size=(3, 2, 4, 5))
    space = (6, 6) if padding == "SAME" else (7, 8)

    def forward(x: Any) -> Any:
        return lax.conv_general_dilated(x, w, strides, padding, dimension_numbers=NHWC)

    x = rng.normal(size=(2, *space, 4))
    y, pullback = fg.vjp(forward, x)
    ct = rng.normal(size=y.shape)
    got = lax.conv_transpose(
        ct,
        w,
        strides,
        padding,
        dimension_numbers=NHWC,
        transpose_kernel=True,
        use_consistent_padding=True,
    )
    want = pullback(ct)[0]
    rows, columns = (min(a, b) for a, b in zip(got.shape[1:3], want.shape[1:3]))
    np.testing.assert_allclose(
        got[:, :rows, :columns], want[:, :rows, :columns], atol=1e-12
    )


@pytest.mark.parametrize(
    ("extent", "window", "stride", "padding", "shape"),
    [
        (4, 3, 2, "SAME", 8),
        (4, 3, 2, "VALID", 9),
        (5, 2, 3, "VALID", 15),
        (5, 2, 3, "SAME", 15),
        (4, 3, 1, [(2, 2)], 6),
    ],
)
def test_conv_transpose_shapes(
    extent: int, window: int, stride: int, padding: Any, shape: int
) -> None:
    x, w = np.ones((1, extent, 2)), np.ones((window, 2, 3))
    assert lax.conv_transpose(x, w, (stride,), padding).shape == (1, shape, 3)


def test_padding_by_name() -> None:
    assert lax.padtype_to_pads((5,), (4,), (1,), "SAME") == [(1, 2)]
    assert lax.padtype_to_pads((5,), (4,), (1,), "SAME_LOWER") == [(2, 1)]
    assert lax.padtype_to_pads((5,), (3,), (2,), "same") == [(1, 1)]


@pytest.mark.parametrize(
    ("left", "right", "given"),
    [
        ((1, 2, 5), (3, 3, 2), {}),
        ((1, 2, 5, 5), (3, 2, 2), {}),
        ((1, 2, 5), (3, 2, 2), {"padding": "SOME"}),
        ((1, 2, 5), (3, 2, 2), {"padding": "SAME", "lhs_dilation": (2,)}),
        ((1, 2, 5), (3, 2, 2), {"window_strides": (1, 1)}),
        ((1, 2, 5), (3, 2, 2), {"window_strides": (0,)}),
        ((1, 4, 5), (3, 2, 2), {"feature_group_count": 2}),
        ((1, 2, 5), (3, 2, 2), {"dimension_numbers": ("NCW", "OIX", "NCW")}),
    ],
)
def test_errors(left: Any, right: Any, given: dict[str, Any]) -> None:
    given = {"window_strides": (1,), "padding": "VALID", **given}
    with pytest.raises(errors.ShapeError):
        lax.conv_general_dilated(np.ones(left), np.ones(right), **given)
