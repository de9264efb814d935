"""``dot_general`` against einsum, over random axes."""

from __future__ import annotations

import string
from typing import Any

import numpy as np
import pytest

from funcgrad import errors, ops
from funcgrad.compiler.program import compile_jaxpr
from funcgrad.core.trace import typeof
from funcgrad.transforms.batch import batch
from funcgrad.transforms.linearize import linearize
from funcgrad.transforms.stage import stage, stage_flat
from funcgrad.transforms.transpose import backward_pass


def native(function: Any, *args: Any) -> Any:
    jaxpr = stage_flat(lambda *xs: [function(*xs)], [typeof(a) for a in args])
    return compile_jaxpr(jaxpr)(*[np.asarray(a) for a in args])[0]


def draw(seed: int) -> Any:
    """Random operands and axes, and the same contraction as an einsum."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 3, 4)  # batch, contracted, free of lhs, free of rhs
    names = iter(string.ascii_letters)
    batch, inner, rows, cols = ([next(names) for _ in range(n)] for n in counts)
    high = 4 if sum(counts) > 5 else 20
    size = {n: int(rng.integers(1, high)) for n in (*batch, *inner, *rows, *cols)}
    left = rng.permutation([*batch, *inner, *rows]).tolist()
    right = rng.permutation([*batch, *inner, *cols]).tolist()
    numbers = (
        (tuple(map(left.index, inner)), tuple(map(right.index, inner))),
        (tuple(map(left.index, batch)), tuple(map(right.index, batch))),
    )
    rows.sort(key=left.index)
    cols.sort(key=right.index)
    text = f"{''.join(left)},{''.join(right)}->{''.join([*batch, *rows, *cols])}"
    x, y = (rng.normal(size=[size[n] for n in side]) for side in (left, right))
    return x, y, numbers, text


@pytest.mark.parametrize("seed", range(40))
def test_against_einsum(seed: int) -> None:
    x, y, numbers, text = draw(seed)
    want = np.einsum(text, x, y)

    def dot(x: Any, y: Any) -> Any:
        return ops.dot_general(x, y, numbers)

    np.testing.assert_allclose(dot(x, y), want, atol=1e-11)
    np.testing.assert_allclose(native(dot, x, y), want, atol=1e-11)
    _, linear, _ = linearize(lambda x, y: [dot(x, y)], [x, y])
    ct = np.random.default_rng(1).normal(size=want.shape)
    ct_x, ct_y = backward_pass(linear.jaxpr, linear.consts, [ct])
    left, right, out = text.replace("->", ",").split(",")
    np.testing.assert_allclose(
        ct_x, np.einsum(f"{out},{right}->{left}", ct, y), atol=1e-10
    )
    np.testing.assert_allclose(
        ct_y, np.einsum(f"{out},{left}->{right}", ct, x), atol=1e-10
    )
    for dims in ((0, None), (None, 0), (0, 0)):
        args = [
            a if d is None else np.stack([a, 2 * a])
            for a, d in zip((x, y), dims, strict=True)
        ]
        (got,), (dim,) = batch(lambda *xs: [dot(*xs)], 2, args, dims)
        scale = 4 if None not in dims else 2
        np.testing.assert_allclose(
            np.moveaxis(got, dim, 0), [want, scale * want], atol=1e-10
        )


@pytest.mark.parametrize("dtype", ["int32", "uint8", "bool", "float32", "complex64"])
def test_dtypes(dtype: str) -> None:
    rng = np.random.default_rng(0)
    x, y = (rng.integers(0, 3, s).astype(dtype) for s in ((4, 30), (30, 5)))
    numbers = (((1,), (0,)), ((), ()))
    got = native(lambda x, y: ops.dot_general(x, y, numbers), x, y)
    assert got.dtype == dtype
    np.testing.assert_array_equal(got, x @ y)


def test_wider_sums_where_asked_for() -> None:
    x = np.full(300, 100, np.int8)
    numbers = (((0,), (0,)), ((), ()))
    for run in (native, lambda f, *a: f(*a)):
        got = run(
            lambda x: ops.dot_general(x, x, numbers, preferred_element_type=np.int64), x
        )
        assert got == 3_000_000
    single = np.ones(3, np.float32)
    _, linear, _ = linearize(
        lambda x: [ops.dot_general(x, x, numbers, preferred_element_type=np.float64)],
        [single],
    )
    (ct,) = backward_pass(linear.jaxpr, linear.consts, [np.float64(1)])
    assert ct.dtype == np.float32
    np.testing.assert_array_equal(ct, [2, 2, 2])


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ((((0,), (0,)), ((), ())), "differ in extent"),
        ((((0, 1), (0,)), ((), ())), "different numbers"),
        ((((2,), (0,)), ((), ())), "does not exist"),
        ((((0,), (1,)), ((0,), (1,))), "named twice"),
    ],
)
def test_what_does_not_fit(numbers: Any, message: str) -> None:
    x, y = typeof(np.zeros((2, 3))), typeof(np.zeros((3, 2)))
    with pytest.raises(errors.ShapeError, match=message):
        stage(lambda x, y: [ops.dot_general(x, y, numbers)], [x, y])
