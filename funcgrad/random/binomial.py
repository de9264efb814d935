"""Samples of the binomial and multinomial distributions, by one of two methods."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad import ops
from funcgrad.core.array import as_array
from funcgrad.core.dtypes import math_dtype
from funcgrad.core.trace import typeof
from funcgrad.numpy import clip, moveaxis, take
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.control.loops import scan, while_loop
from funcgrad.random.continuous import Shape, float_dtype, sample_shape, uniform
from funcgrad.random.keys import one_key, split
from funcgrad.random.rejection import first_accepted

# Logarithms of k! minus Stirling's formula, for k from 0 to 9.
_TAILS = np.array(
    [
        0.0810614667953272,
        0.0413406959554092,
        0.0276779256849983,
        0.02079067210376509,
        0.0166446911898211,
        0.0138761288230707,
        0.0118967099458917,
        0.0104112652619720,
        0.00925546218271273,
        0.00833056343336287,
    ]
)


def binomial(
    key: Any, n: Any, p: Any, shape: Shape | None = None, dtype: Any = None
) -> Any:
    """How many of ``n`` trials succeed, each with probability ``p``.

    Parameters
    ----------
    key : key
    n : float or array, >= 0
        Trials.
    p : float or array, in [0, 1]
        Probability of success.
    shape : tuple of int, optional
        That of ``n`` and ``p`` together by default.
    dtype : float dtype, optional
        float64 by default.

    Returns
    -------
    array, whole numbers
        NaN where ``n`` or ``p`` is negative or NaN.

    Raises
    ------
    DTypeError
        If ``dtype`` is not a float.

    References
    ----------
    Hormann, Journal of Statistical Computation and Simulation 46:101-110, 1993.

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> float(binomial(PRNGKey(0), 10, 1.0)), float(binomial(PRNGKey(0), 10, 0.0))
    (10.0, 0.0)
    """
    kind = float_dtype(dtype)
    extents = sample_shape(shape, n, p)
    own = math_dtype(typeof(p).dtype)
    key = one_key(key)
    prob = ops.stop_gradient(ops.broadcast_to(convert_element_type(p, own), extents))
    count = ops.stop_gradient(ops.broadcast_to(convert_element_type(n, own), extents))
    rare = ops.lt(prob, own.type(0.5))
    q = ops.where(rare, prob, own.type(1) - prob)
    no_count = ops.is_nan(count) | (count < 0)
    endless = ops.eq(count, own.type(np.inf))
    no_prob = ops.is_nan(q) | (q < 0)
    q = ops.where(no_prob, own.type(0.01), q)
    few = no_count | (count * q <= 10)
    count = ops.floor(count)
    with np.errstate(divide="ignore", invalid="ignore"):
        counted = _by_counting(key, ops.where(few, count, own.type(0)), q, kind)
        rejected = _by_rejection(
            key,
            ops.where(few, own.type(1e4), count),
            ops.where(few, own.type(0.5), q),
            kind,
        )
    result = ops.where(few, counted, rejected)
    invalid = no_prob | no_count
    result = ops.where(invalid, kind.type(np.nan), result)
    result = ops.where(endless & ops.bitwise_not(invalid), kind.type(np.inf), result)
    as_is = rare | no_count | ops.is_nan(prob) | endless
    trials = convert_element_type(ops.where(endless, own.type(0), count), kind)
    return as_array(ops.where(as_is, result, trials - result))


def _by_counting(key: Any, count: Any, prob: Any, dtype: np.dtype[Any]) -> Any:
    """Failures between successes are geometric: add them up beyond ``count``."""
    shape, kind = typeof(count).shape, typeof(count).dtype
    log_failure = ops.log1p(-prob)
    zero = ops.broadcast_to(kind.type(0), shape)

    def more(state: Any) -> Any:
        return ops.reduce_or(state[1] <= count, tuple(range(len(shape))))

    def draw(state: Any) -> Any:
        successes, passed, key = state
        keys = split(key)
        successes = ops.where(passed <= count, successes + 1, successes)
        u = uniform(keys[0], shape, kind)
        return successes, passed + ops.ceil(ops.log(u) / log_failure), keys[1]

    successes = while_loop(more, draw, (zero, zero, key))[0]
    return convert_element_type(successes - 1, dtype)


def _tail(k: Any) -> Any:
    """The logarithm of k! minus Stirling's formula."""
    kind = typeof(k).dtype
    near = ops.clamp(kind.type(0), k, kind.type(9))
    square = (near + 1) * (near + 1)
    series = (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / square) / square) / (near + 1)
    index = convert_element_type(ops.floor(near), np.int64)
    table = take(_TAILS.astype(kind), index, mode="clip")
    return ops.where(k <= 9, table, series)


def _by_rejection(key: Any, count: Any, prob: Any, dtype: np.dtype[Any]) -> Any:
    """Transformed rejection with squeeze."""
    spread = ops.sqrt(count * prob * (1 - prob))
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * prob
    c = count * prob + 0.5
    limit = 0.92 - 4.2 / b
    odds = prob / (1 - prob)
    alpha = (2.83 + 5.1 / b) * spread
    mode = ops.floor((count + 1) * prob)

    def propose(u: Any, v: Any) -> tuple[Any, Any]:
        u = u - 0.5
        distance = 0.5 - ops.abs(u)
        inside = (distance >= 0.07) & (v <= limit)
        k = ops.floor((2 * a / distance + b) * u + c)
        outside = (k < 0) | (k > count)
        v = ops.log(v * alpha / (a / (distance * distance) + b))
        bound = (
            (mode + 0.5) * ops.log((mode + 1) / (odds * (count - mode + 1)))
            + (count + 1) * ops.log((count - mode + 1) / (count - k + 1))
            + (k + 0.5) * ops.log(odds * (count - k + 1) / (k + 1))
            + _tail(mode)
            + _tail(count - mode)
            - _tail(k)
            - _tail(count - k)
        )
        return k, inside | (ops.bitwise_not(outside) & (v <= bound))

    found = first_accepted(key, typeof(count).shape, typeof(count).dtype, propose)
    return convert_element_type(found, dtype)


def multinomial(
    key: Any, n: Any, p: Any, *, shape: Shape | None = None, dtype: Any = None
) -> Any:
    """How many of ``n`` trials have each outcome.

    Parameters
    ----------
    key : key
    n : float or array, >= 0, broadcast to ``p.shape[:-1]``
        Trials.
    p : array, shape (..., k)
        Probabilities of the outcomes.
    shape : tuple of int, optional
        That of the result, the outcomes last; that of ``p`` by default.
    dtype : float dtype, optional
        float64 by default.

    Returns
    -------
    array, whole numbers that add up to ``n``

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> counts = multinomial(PRNGKey(0), 100, np.array([0.2, 0.3, 0.5]))
    >>> float(counts.sum())
    100.0
    """
    kind = float_dtype(dtype)
    own = math_dtype(np.result_type(typeof(p).dtype, np.float32))
    extents = sample_shape(typeof(p).shape if shape is None else shape, p)
    probabilities = moveaxis(
        ops.broadcast_to(convert_element_type(p, own), extents), -1, 0
    )
    trials = ops.broadcast_to(convert_element_type(n, own), extents[:-1])
    left = ops.cumsum(probabilities, axis=0, reverse=True)
    ratios = clip(probabilities / ops.where(ops.eq(left, 0), own.type(1), left), 0, 1)

    def draw(left: Any, row: Any) -> tuple[Any, Any]:
        ratio, key = row
        count = binomial(key, left, ratio, dtype=own)
        return left - count, count

    keys = split(one_key(key), extents[-1])
    _, counts = scan(draw, trials, (ratios, keys))
    return as_array(convert_element_type(moveaxis(counts, 0, -1), kind))
