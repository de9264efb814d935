"""Attention: averages of values, weighted by how queries and keys go together."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import funcgrad.numpy as fnp
from funcgrad import errors
from funcgrad.core.array import as_array
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.nn.normalization import softmax
from funcgrad.nn.smooth import as_float
from funcgrad.numpy.dispatch import to_array
from funcgrad.scipy.special import logsumexp

_IMPLEMENTATIONS = (None, "xla", "native")


def dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    *,
    scale: float | None = None,
    is_causal: bool = False,
    query_seq_lengths: Any = None,
    key_value_seq_lengths: Any = None,
    local_window_size: int | tuple[int, int] | None = None,
    implementation: str | None = None,
    return_residual: bool = False,
) -> Any:
    """``softmax(query @ key.T * scale + bias) @ value`` for each head.

    Parameters
    ----------
    query : array, shape (batch, T, heads, H) or (T, heads, H)
    key, value : array, shape (batch, S, key heads, H) or (S, key heads, H)
        Each head of keys and values serves ``heads // key heads`` heads of queries.
    bias : array, optional
        Added to the logits; broadcast to (batch, heads, T, S), or (heads, T, S).
    mask : bool array, optional
        Of the same shape: which keys a query may attend to.
    scale : float, optional
        ``1 / sqrt(H)`` by default.
    is_causal : bool, optional
        Whether a query attends only to keys that do not come after it.
    query_seq_lengths, key_value_seq_lengths : int array, shape (batch,), optional
        How many positions of each example count; queries beyond give zeros.
    local_window_size : int or (int, int), optional
        How many positions before and after its own a query attends to.
    implementation : {None, "xla", "native"}, optional
        Taken for compatibility; there is one.
    return_residual : bool, optional
        Whether to give the logarithms of the sums of exponentials too.

    Returns
    -------
    array, shape of ``query``; with ``return_residual`` also (batch, T, heads)

    Raises
    ------
    ShapeError
        If shapes or numbers of heads do not fit together.
    ConfigError
        For an implementation that is not there, such as "cudnn".

    References
    ----------
    Vaswani et al. 2017, "Attention is all you need", arXiv:1706.03762.
    Ainslie et al. 2023, "GQA", arXiv:2305.13245.

    Examples
    --------
    >>> q = np.ones((5, 2, 8))
    >>> k, v = np.ones((7, 2, 8)), np.full((7, 2, 8), 3.0)
    >>> bool(np.allclose(dot_product_attention(q, k, v), 3.0))
    True
    """
    if implementation not in _IMPLEMENTATIONS:
        raise _unknown(implementation)
    q, k, v = (as_float(x) for x in (query, key, value))
    single = typeof(q).ndim == 3
    if single:
        q, k, v = (x[None] for x in (q, k, v))
    _check(q, k, v)
    batch, rows, heads, size = typeof(q).shape
    columns, groups = typeof(k).shape[1:3]
    factor = 1.0 / math.sqrt(size) if scale is None else scale
    q = fnp.reshape(q, (batch, rows, groups, heads // groups, size))
    logits = fnp.einsum("btkgh,bskh->bkgts", q * factor, k)
    logits = fnp.reshape(logits, (batch, heads, rows, columns))
    if bias is not None:
        logits = logits + _four_axes(bias)
    allowed = _allowed(
        mask,
        (rows, columns),
        is_causal,
        local_window_size,
        (query_seq_lengths, key_value_seq_lengths),
    )
    if allowed is not None:
        dtype = np.dtype(typeof(logits).dtype)
        logits = fnp.where(allowed, logits, dtype.type(-0.7 * np.finfo(dtype).max))
    weights = fnp.reshape(
        softmax(logits), (batch, groups, heads // groups, rows, columns)
    )
    out = fnp.reshape(
        fnp.einsum("bkgts,bskh->btkgh", weights, v), (batch, rows, heads, -1)
    )
    if query_seq_lengths is not None:
        inside = _shorter(rows, query_seq_lengths)
        out = fnp.where(inside[:, :, None, None], out, 0.0)
    out = as_array(out[0] if single else out)
    if not return_residual:
        return out
    sums = fnp.moveaxis(logsumexp(logits, axis=-1), 1, 2)
    return out, as_array(sums[0] if single else sums)


def _four_axes(x: Any) -> Any:
    y = to_array(x)
    return y[None] if typeof(y).ndim == 3 else y


def _shorter(count: int, lengths: Any) -> Any:
    """Which positions of each example count, shape (batch, count)."""
    return np.arange(count) < to_array(lengths)[:, None]


def _allowed(
    mask: Any,
    shape: tuple[int, int],
    causal: bool,
    window: int | tuple[int, int] | None,
    lengths: tuple[Any, Any],
) -> Any:
    """Which keys each query may attend to; None if all."""
    rows, columns = shape
    places, others = np.arange(rows)[:, None], np.arange(columns)
    parts: list[Any] = []
    if mask is not None:
        parts.append(_four_axes(mask))
    if causal:
        parts.append(others <= places)
    if window is not None:
        before, after = (window, window) if isinstance(window, int) else window
        parts.append((others >= places - before) & (others <= places + after))
    if lengths[0] is not None:
        parts.append(_shorter(rows, lengths[0])[:, None, :, None])
    if lengths[1] is not None:
        parts.append(_shorter(columns, lengths[1])[:, None, None, :])
    if not parts:
        return None
    allowed = parts[0]
    for part in parts[1:]:
        allowed = fnp.logical_and(allowed, part)
    return allowed


def _check(q: Any, k: Any, v: Any) -> None:
    shapes = [typeof(x).shape for x in (q, k, v)]
    ranks = [len(shape) for shape in shapes]
    fits = (
        ranks == [4, 4, 4]
        and shapes[1][:3] == shapes[2][:3]
        and shapes[0][0] == shapes[1][0]
        and shapes[0][3] == shapes[1][3]
        and shapes[1][2] > 0
        and shapes[0][2] % shapes[1][2] == 0
    )
    if not fits:
        raise errors.ShapeError(
            errors.message(
                "query, key and value do not fit together.",
                where=user_frame(),
                got=", ".join(str(typeof(x)) for x in (q, k, v)),
                expected="(batch, T, heads, H), and twice (batch, S, key heads, H), "
                "where key heads divide heads",
                see=errors.ShapeError.page,
            )
        )


def _unknown(implementation: Any) -> errors.ConfigError:
    return errors.ConfigError(
        errors.message(
            f"there is no implementation {implementation!r} of attention.",
            where=user_frame(),
            expected=", ".join(map(repr, _IMPLEMENTATIONS)),
            see=errors.ConfigError.page,
        )
    )
