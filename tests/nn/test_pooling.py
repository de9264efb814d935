"""Pooling and attention against loops and formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.special as sp

import funcgrad as fg
from funcgrad import errors, nn
from funcgrad.test_util import check_grads

rng = np.random.default_rng(0)


def windows(x: Any, shape: Any, strides: Any) -> Any:
    """All windows of an array (n, h, w, c) at the end."""
    views = np.lib.stride_tricks.sliding_window_view(x, shape, (1, 2))
    return views[:, :: strides[0], :: strides[1]]


@pytest.mark.parametrize("strides", [(1, 1), (2, 2), (1, 3)])
@pytest.mark.parametrize("name", ["max_pool", "min_pool", "avg_pool"])
def test_pooling(name: str, strides: Any) -> None:
    x = rng.normal(size=(2, 6, 7, 3))
    reduce = {"max_pool": np.max, "min_pool": np.min, "avg_pool": np.mean}[name]
    function = lambda x: getattr(nn, name)(x, (2, 3), strides)
    want = reduce(windows(x, (2, 3), strides), axis=(-1, -2))
    for run in (function, fg.jit(function), fg.vmap(function)):
        np.testing.assert_allclose(run(x), want, rtol=1e-14)
    check_grads(function, (x,), order=2)
    assert function(x.astype(np.float32)).dtype == np.float32


def test_padding() -> None:
    x = rng.normal(size=(5, 4, 2)) - 10.0
    padded = np.pad(x, ((0, 1), (1, 1), (0, 0)), constant_values=-np.inf)
    got = nn.max_pool(x, (2, 3), padding=[(0, 1), (1, 1)])
    np.testing.assert_array_equal(
        got, windows(padded[None], (2, 3), (1, 1))[0].max((-1, -2))
    )
    np.testing.assert_array_equal(got, nn.max_pool(x, (2, 3), padding="SAME"))
    mean = nn.avg_pool(np.ones((5, 4, 2)), (2, 3), padding="SAME")
    assert mean.min() == 1 / 3
    mean = nn.avg_pool(
        np.ones((5, 4, 2)), (2, 3), padding="SAME", count_include_pad=False
    )
    np.testing.assert_array_equal(mean, np.ones((5, 4, 2)))


def test_integers_and_examples() -> None:
    x = rng.integers(-9, 9, (2, 3, 8, 1))
    got = nn.max_pool(x, (4,), strides=(4,))
    assert got.dtype == x.dtype
    np.testing.assert_array_equal(got, x.reshape(2, 3, 2, 4, 1).max(3))


def test_pool_errors() -> None:
    with pytest.raises(errors.ShapeError):
        nn.max_pool(np.ones((4,)), (2,))
    with pytest.raises(errors.ShapeError):
        nn.avg_pool(np.ones((4, 1)), (2,), strides=(1, 1))


def attention(
    q: Any, k: Any, v: Any, logits_of: Any = lambda x: x, scale: Any = None
) -> Any:
    heads, groups = q.shape[2], k.shape[2]
    k, v = (np.repeat(x, heads // groups, 2) for x in (k, v))
    logits = np.einsum("btnh,bsnh->bnts", q, k) * (
        q.shape[-1] ** -0.5 if scale is None else scale
    )
    return np.einsum("bnts,bsnh->btnh", sp.softmax(logits_of(logits), -1), v)


Q, K, V = (
    rng.normal(size=shape) for shape in ((2, 6, 4, 8), (2, 7, 2, 8), (2, 7, 2, 8))
)
BIAS = rng.normal(size=(1, 4, 6, 7))
MASK = rng.random((2, 1, 6, 7)) > 0.3
MASK[..., 0] = True
ROWS, COLUMNS = np.arange(6)[:, None], np.arange(7)
OPTIONS: list[tuple[dict[str, Any], Any]] = [
    ({}, lambda x: x),
    ({"bias": BIAS}, lambda x: x + BIAS),
    ({"mask": MASK}, lambda x: np.where(MASK, x, -np.inf)),
    ({"is_causal": True}, lambda x: np.where(COLUMNS <= ROWS, x, -np.inf)),
    ({"local_window_size": (1, 2)}, lambda x: np.where((COLUMNS >= ROWS - 1) & (COLUMNS <= ROWS + 2), x, -np.inf)),
    ({"local_window_size": 2}, lambda x: np.where(abs(COLUMNS - ROWS) <= 2, x, -np.inf)),
    ({"key_value_seq_lengths": np.array([3, 7])}, lambda x: np.where(np.array([3, 7])[:, None, None, None] > COLUMNS, x, -np.inf)),
    ({"bias": BIAS, "mask": MASK, "is_causal": True}, lambda x: np.where(MASK & (COLUMNS <= ROWS), x + BIAS, -np.inf)),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(OPTIONS)))
def test_attention(number: int) -> None:
    options, logits_of = OPTIONS[number]
    function = lambda q, k, v: nn.dot_product_attention(q, k, v, **options)
    want = attention(Q, K, V, logits_of)
    for run in (function, fg.jit(function)):
        np.testing.assert_allclose(run(Q, K, V), want, rtol=1e-11, atol=1e-13)
    check_grads(fg.jit(function), (Q, K, V), order=1, modes=["rev"])


def test_attention_of_one_example() -> None:
    got = nn.dot_product_attention(Q[0], K[0], V[0], bias=BIAS[0], scale=0.3)
    want = attention(Q[:1], K[:1], V[:1], lambda x: x + BIAS, 0.3)[0]
    np.testing.assert_allclose(got, want, rtol=1e-11)


def test_attention_lengths_and_residual() -> None:
    lengths = np.array([4, 6])
    out, sums = nn.dot_product_attention(
        Q, K, V, query_seq_lengths=lengths, return_residual=True
    )
    np.testing.assert_array_equal(out[0, 4:], 0.0)
    np.testing.assert_allclose(out[0, :4], attention(Q, K, V)[0, :4], rtol=1e-11)
    logits = np.einsum("btnh,bsnh->btns", Q, np.repeat(K, 2, 2)) / np.sqrt(8)
    np.testing.assert_allclose(sums[1], sp.logsumexp(logits, -1)[1], rtol=1e-12)


def test_attention_batched_and_float32() -> None:
    function = lambda q, k, v: nn.dot_product_attention(q, k, v, is_causal=True)
    got = fg.jit(fg.vmap(function))(Q[:, None], K[:, None], V[:, None])
    np.testing.assert_allclose(got[:, 0], function(Q, K, V), rtol=1e-11)
    small = [x.astype(np.float32) for x in (Q, K, V)]
    assert function(*small).dtype == np.float32


def test_attention_errors() -> None:
    with pytest.raises(errors.ShapeError):
        nn.dot_product_attention(Q, K, V[:, :5])
    with pytest.raises(errors.ShapeError):
        nn.dot_product_attention(Q[:, :, :3], K, V)
    with pytest.raises(errors.ConfigError, match="cudnn"):
        nn.dot_product_attention(Q, K, V, implementation="cudnn")


def test_delta_orthogonal_and_dtypes() -> None:
    key = fg.random.PRNGKey(0)
    w = nn.initializers.delta_orthogonal(2.0, dtype=np.float32)(key, (3, 5, 2, 4))
    assert w.dtype == np.float32
    np.testing.assert_allclose(w[1, 2] @ w[1, 2].T, 4 * np.eye(2), atol=1e-5)
    assert np.count_nonzero(w) == np.count_nonzero(w[1, 2])
    with pytest.raises(ValueError, match="no more inputs"):
        nn.initializers.delta_orthogonal()(key, (3, 4, 2))
    for name in ("normal", "uniform", "he_normal", "xavier_uniform", "orthogonal"):
        init = getattr(nn.initializers, name)(dtype=np.float32)
        assert init(key, (3, 4)).dtype == np.float32
        assert init(key, (3, 4), np.float64).dtype == np.float64


def test_sparse_plus() -> None:
    x = np.array([-2.0, -0.5, 0.3, 2.0])
    np.testing.assert_allclose(nn.sparse_plus(x), [0.0, 0.0625, 0.4225, 2.0])
    slopes = fg.vmap(fg.grad(nn.sparse_plus))(x)
    np.testing.assert_allclose(slopes, nn.sparse_sigmoid(x))
