"""The gamma sampler: rejection, entry by entry, and the slope of samples in ``a``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from funcgrad import ops
from funcgrad.core.trace import typeof
from funcgrad.ops.control.custom_rules import custom_jvp
from funcgrad.ops.control.loops import while_loop
from funcgrad.random.continuous import normal_of_unit, to_unit
from funcgrad.random.keys import halves, join_words, one_key, split, split_each


def _units(keys: Any, dtype: np.dtype[Any]) -> Any:
    """One number in [0, 1) from each key."""
    first, second = halves(keys)
    high, low = ops.threefry2x32(first, second, np.uint32(0), np.uint32(0))
    return to_unit(join_words(high, low, dtype.itemsize * 8), dtype)


def _select(mask: Any, new: Any, old: Any) -> Any:
    """``new`` where the mask holds; keys have one more axis than it."""
    if typeof(new).ndim > typeof(mask).ndim:
        shape = typeof(new).shape
        mask = ops.broadcast_in_dim(mask, shape, range(len(shape) - 1))
    return ops.where(mask, new, old)


def _positive_cubes(keys: Any, c: Any, dtype: np.dtype[Any]) -> tuple[Any, Any]:
    """Normal numbers x, drawn again until ``1 + c x`` is positive, and that value."""
    size = typeof(c).shape
    axes = tuple(range(len(size)))
    start = (
        keys,
        ops.broadcast_to(dtype.type(0), size),
        ops.broadcast_to(dtype.type(-1), size),
    )

    def pending(state: Any) -> Any:
        return ops.reduce_or(ops.le(state[2], dtype.type(0)), axes)

    def draw(state: Any) -> Any:
        again = ops.le(state[2], dtype.type(0))
        following, subkeys = split_each(state[0], 2)
        x = normal_of_unit(_units(subkeys, dtype), dtype)
        v = ops.add(dtype.type(1), ops.mul(x, c))
        fresh = (following, x, v)
        return tuple(_select(again, n, o) for n, o in zip(fresh, state, strict=True))

    _, x, v = while_loop(pending, draw, start)
    return x, v


def _samples(key: Any, alpha: Any, dtype: np.dtype[Any], log_space: bool) -> Any:
    """Marsaglia & Tsang 2000 (doi:10.1145/358407.358414), a key for each entry."""
    shape = typeof(alpha).shape
    flat = ops.reshape(alpha, (math.prod(shape),))
    one = dtype.type(1)
    large = ops.ge(flat, one)
    boosted = ops.where(large, flat, ops.add(flat, one))
    d = ops.sub(boosted, dtype.type(1 / 3))
    c = ops.div(dtype.type(1 / 3), ops.sqrt(d))
    keys, boost_keys = split_each(split(one_key(key), typeof(flat).size), 2)
    v = _accepted(keys, c, d, dtype)
    u = _units(boost_keys, dtype)
    if log_space:
        logs = ops.log1p(ops.neg(u))
        boost = ops.mul(logs, ops.div(one, flat))
        none = ops.bitwise_or(large, ops.eq(logs, dtype.type(0)))
        boost = ops.where(none, dtype.type(0), boost)
        result = ops.add(ops.add(ops.log(d), ops.log(v)), boost)
    else:
        boost = ops.pow(ops.sub(one, u), ops.div(one, flat))
        result = ops.mul(ops.mul(d, v), ops.where(large, one, boost))
    return ops.reshape(result, shape)


def _accepted(keys: Any, c: Any, d: Any, dtype: np.dtype[Any]) -> Any:
    """The cubes that the rejection test accepts."""
    size = typeof(c).shape
    axes = tuple(range(len(size)))
    one, half = dtype.type(1), dtype.type(0.5)

    def rejected(state: Any) -> Any:
        _, x, v, u = state
        squeeze = ops.sub(one, ops.mul(dtype.type(0.0331), ops.mul(x, x)))
        exact = ops.add(
            ops.mul(x, half), ops.mul(d, ops.add(ops.sub(one, v), ops.log(v)))
        )
        return ops.bitwise_and(ops.ge(u, squeeze), ops.ge(ops.log(u), exact))

    def draw(state: Any) -> Any:
        again = rejected(state)
        following, x_keys, u_keys = split_each(state[0], 3)
        x, v = _positive_cubes(x_keys, c, dtype)
        u = _units(u_keys, dtype)
        fresh = (following, ops.mul(x, x), ops.mul(ops.mul(v, v), v), u)
        return tuple(_select(again, n, o) for n, o in zip(fresh, state, strict=True))

    start = (keys, *(ops.broadcast_to(dtype.type(n), size) for n in (0, 1, 2)))
    with np.errstate(divide="ignore"):
        found = while_loop(lambda s: ops.reduce_or(rejected(s), axes), draw, start)
    return found[2]


@custom_jvp
def gamma_samples(key: Any, alpha: Any) -> Any:
    """Gamma numbers, one for each entry of ``alpha``."""
    return _samples(key, alpha, typeof(alpha).dtype, log_space=False)


@custom_jvp
def log_gamma_samples(key: Any, alpha: Any) -> Any:
    """Their logarithms, finite for the smallest ``alpha``."""
    return _samples(key, alpha, typeof(alpha).dtype, log_space=True)


@gamma_samples.defjvp
def _gamma_jvp(primals: Any, tangents: Any) -> Any:
    z = gamma_samples(*primals)
    with np.errstate(divide="ignore"):
        slope = _log_slope(primals[1], ops.log(z))
    return z, ops.mul(tangents[1], ops.mul(z, slope))


@log_gamma_samples.defjvp
def _log_gamma_jvp(primals: Any, tangents: Any) -> Any:
    log_z = log_gamma_samples(*primals)
    return log_z, ops.mul(tangents[1], _log_slope(primals[1], log_z))


def _log_slope(a: Any, log_z: Any) -> Any:
    """How the logarithm of a sample moves with ``a`` at a fixed quantile.

    From P(a, z) = z**a exp(-z) / gamma(a + 1) * S with S = sum of
    z**n / ((a + 1) ... (a + n)), by d log(z) / da = -dP/da / (z dP/dz)
    (implicit differentiation; Figurnov et al. 2018, arXiv:1805.08498).
    """
    dtype = typeof(a).dtype
    shape = typeof(a).shape
    axes = tuple(range(len(shape)))
    floor = dtype.type(np.log(np.finfo(dtype).tiny))
    log_z = ops.max(log_z, floor)
    z = ops.exp(log_z)
    zero, one = (ops.broadcast_to(dtype.type(x), shape) for x in (0, 1))

    def pending(state: Any) -> Any:
        n, term, _, total, _ = state
        left = ops.gt(term, ops.mul(total, dtype.type(np.finfo(dtype).eps / 8)))
        return ops.reduce_or(ops.bitwise_or(left, ops.lt(ops.add(a, n), z)), axes)

    def add(state: Any) -> Any:
        n, term, harmonic, total, slope = state
        n = ops.add(n, dtype.type(1))
        term = ops.mul(term, ops.div(z, ops.add(a, n)))
        harmonic = ops.add(harmonic, ops.div(dtype.type(1), ops.add(a, n)))
        total = ops.add(total, term)
        return n, term, harmonic, total, ops.sub(slope, ops.mul(term, harmonic))

    start = (zero, one, zero, one, zero)
    _, _, _, total, slope = while_loop(pending, add, start)
    gap = ops.sub(log_z, ops.digamma(ops.add(a, dtype.type(1))))
    return ops.neg(ops.div(ops.add(ops.mul(total, gap), slope), a))
