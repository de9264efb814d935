"""Samples of the Poisson distribution, by one of two methods for each entry."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad import ops
from funcgrad.core.array import as_array
from funcgrad.core.trace import typeof
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.control.loops import while_loop
from funcgrad.random.continuous import Shape, parameter, sample_shape, uniform
from funcgrad.random.discrete import integer_dtype
from funcgrad.random.keys import one_key, split
from funcgrad.random.rejection import first_accepted

_FLOAT = np.dtype(np.float32)


def poisson(key: Any, lam: Any, shape: Shape | None = None, dtype: Any = None) -> Any:
    """Whole numbers of the Poisson distribution.

    Parameters
    ----------
    key : key
    lam : float or array, >= 0
        Mean, taken to single precision.
    shape : tuple of int, optional
        That of ``lam`` by default.
    dtype : integer dtype, optional
        int64 by default.

    Returns
    -------
    array, entries >= 0

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> int(poisson(PRNGKey(0), 0.0))
    0
    """
    kind = integer_dtype(dtype)
    extents = sample_shape(shape, lam)
    mean = ops.stop_gradient(parameter(lam, _FLOAT, extents))
    small = ops.bitwise_or(ops.is_nan(mean), ops.lt(mean, _FLOAT.type(10)))
    key = one_key(key)
    counted = _by_counting(key, ops.where(small, mean, _FLOAT.type(0)), kind)
    rejected = _by_rejection(key, ops.where(small, _FLOAT.type(1e5), mean), kind)
    result = ops.where(small, counted, rejected)
    zero = ops.eq(mean, _FLOAT.type(0))
    return as_array(ops.where(zero, kind.type(0), result))


def _by_counting(key: Any, mean: Any, dtype: np.dtype[Any]) -> Any:
    """Knuth: uniform numbers multiplied until the product falls below exp(-mean)."""
    shape = typeof(mean).shape
    axes = tuple(range(len(shape)))
    start = (
        ops.broadcast_to(dtype.type(0), shape),
        key,
        ops.broadcast_to(_FLOAT.type(0), shape),
    )

    def above(state: Any) -> Any:
        return ops.gt(state[2], ops.neg(mean))

    def draw(state: Any) -> Any:
        count, key, log_product = state
        keys = split(key)
        count = ops.where(above(state), ops.add(count, dtype.type(1)), count)
        u = uniform(keys[1], shape, _FLOAT)
        return count, keys[0], ops.add(log_product, ops.log(u))

    with np.errstate(divide="ignore"):
        found = while_loop(lambda s: ops.reduce_or(above(s), axes), draw, start)
    return ops.sub(found[0], dtype.type(1))


def _by_rejection(key: Any, mean: Any, dtype: np.dtype[Any]) -> Any:
    """Transformed rejection (Hoermann 1993, doi:10.1016/0167-6687(93)90997-4)."""
    log_mean = ops.log(mean)
    b = 0.931 + 2.53 * ops.sqrt(mean)
    a = -0.059 + 0.02483 * b
    inv_alpha = 1.1239 + 1.1328 / (b - 3.4)
    limit = 0.9277 - 3.6224 / (b - 2)

    def propose(u: Any, v: Any) -> tuple[Any, Any]:
        u = u - 0.5
        distance = 0.5 - ops.abs(u)
        k = ops.floor((2 * a / distance + b) * u + mean + 0.43)
        s = ops.log(v * inv_alpha / (a / (distance * distance) + b))
        t = -mean + k * log_mean - ops.lgamma(k + 1)
        inside = (distance >= 0.07) & (v <= limit)
        outside = (k < 0) | ((distance < 0.013) & (v > distance))
        return k, inside | (ops.bitwise_not(outside) & (s <= t))

    found = first_accepted(key, typeof(mean).shape, _FLOAT, propose)
    return convert_element_type(found, dtype)
