"""Samples of the gamma distribution and of those made from it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from funcgrad import ops
from funcgrad.core.array import as_array
from funcgrad.core.trace import typeof
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.control.loops import while_loop
from funcgrad.random.continuous import (
    Shape,
    float_dtype,
    normal,
    normal_of_unit,
    parameter,
    sample_shape,
    to_unit,
)
from funcgrad.random.discrete import rademacher
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


def _log_gamma_samples(
    key: Any, alpha: Any, dtype: np.dtype[Any], log_space: bool
) -> Any:
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


def _sampled(key: Any, a: Any, shape: Any, dtype: Any, log_space: bool) -> Any:
    kind = float_dtype(dtype)
    alpha = parameter(a, kind, sample_shape(shape, a))
    alpha = ops.stop_gradient(alpha)
    return as_array(_log_gamma_samples(key, alpha, kind, log_space))


def gamma(key: Any, a: Any, shape: Shape | None = None, dtype: Any = None) -> Any:
    """Numbers of the gamma distribution: density ``x**(a - 1) exp(-x) / gamma(a)``.

    Derivatives take the samples as constants.

    Parameters
    ----------
    key : key
    a : float or array, > 0
    shape : tuple of int, optional
        That of ``a`` by default.
    dtype : float dtype, optional

    Returns
    -------
    array, entries >= 0

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> bool(gamma(PRNGKey(0), 2.0) > 0)
    True
    """
    return _sampled(key, a, shape, dtype, log_space=False)


def loggamma(key: Any, a: Any, shape: Shape | None = None, dtype: Any = None) -> Any:
    """Logarithms of gamma numbers: finite for the smallest ``a``.

    Parameters
    ----------
    key : key
    a : float or array, > 0
    shape : tuple of int, optional
        That of ``a`` by default.
    dtype : float dtype, optional

    Returns
    -------
    array of that shape and dtype

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> bool(np.isfinite(loggamma(PRNGKey(0), 1e-4)))
    True
    """
    return _sampled(key, a, shape, dtype, log_space=True)


def beta(
    key: Any, a: Any, b: Any, shape: Shape | None = None, dtype: Any = None
) -> Any:
    """Numbers of the beta distribution.

    Parameters
    ----------
    key : key
    a, b : float or array, > 0
    shape : tuple of int, optional
        That of the parameters by default.
    dtype : float dtype, optional

    Returns
    -------
    array, entries in [0, 1]

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> bool(0 <= beta(PRNGKey(0), 2.0, 3.0) <= 1)
    True
    """
    kind = float_dtype(dtype)
    extents = sample_shape(shape, a, b)
    keys = split(key)
    logs = [loggamma(k, x, extents, kind) for k, x in zip(keys, (a, b), strict=True)]
    largest = ops.max(*logs)
    parts = [ops.exp(ops.sub(x, largest)) for x in logs]
    return as_array(ops.div(parts[0], ops.add(*parts)))


def dirichlet(
    key: Any, alpha: Any, shape: Shape | None = None, dtype: Any = None
) -> Any:
    """Vectors of the Dirichlet distribution: entries are positive and add up to 1.

    Parameters
    ----------
    key : key
    alpha : array, shape (..., n), > 0
    shape : tuple of int, optional
        Shape in front of n; that of ``alpha`` by default.
    dtype : float dtype, optional

    Returns
    -------
    array, shape (*shape, n)

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> round(float(dirichlet(PRNGKey(0), np.ones(3)).sum()), 12)
    1.0
    """
    kind = float_dtype(dtype)
    own = typeof(alpha).shape
    lead = own[:-1] if shape is None else sample_shape(shape, np.empty(own[:-1]))
    logs = loggamma(key, alpha, (*lead, own[-1]), kind)
    last = len(lead)
    top = ops.broadcast_in_dim(
        ops.reduce_max(logs, (last,)), typeof(logs).shape, range(last)
    )
    parts = ops.exp(ops.sub(logs, top))
    total = ops.reduce_sum(parts, (last,))
    return as_array(
        ops.div(parts, ops.broadcast_in_dim(total, typeof(parts).shape, range(last)))
    )


def chisquare(key: Any, df: Any, shape: Shape | None = None, dtype: Any = None) -> Any:
    """Numbers of the chi-square distribution.

    Parameters
    ----------
    key : key
    df : float or array, > 0
        Degrees of freedom.
    shape : tuple of int, optional
        That of ``df`` by default.
    dtype : float dtype, optional

    Returns
    -------
    array, entries >= 0

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> bool(chisquare(PRNGKey(0), 3.0) > 0)
    True
    """
    kind = float_dtype(dtype)
    half = ops.div(convert_element_type(df, kind), kind.type(2))
    return as_array(ops.mul(ops.exp(loggamma(key, half, shape, kind)), kind.type(2)))


def t(key: Any, df: Any, shape: Shape | None = None, dtype: Any = None) -> Any:
    """Numbers of Student's t distribution.

    Parameters
    ----------
    key : key
    df : float or array, > 0
        Degrees of freedom.
    shape : tuple of int, optional
        That of ``df`` by default.
    dtype : float dtype, optional

    Returns
    -------
    array of that shape and dtype

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> t(PRNGKey(0), 3.0, (2,)).shape
    (2,)
    """
    kind = float_dtype(dtype)
    extents = sample_shape(shape, df)
    keys = split(key)
    half = ops.div(convert_element_type(df, kind), kind.type(2))
    ratio = ops.div(half, gamma(keys[1], half, extents, kind))
    return as_array(ops.mul(normal(keys[0], extents, kind), ops.sqrt(ratio)))


def f(
    key: Any, dfnum: Any, dfden: Any, shape: Shape | None = None, dtype: Any = None
) -> Any:
    """Numbers of the F distribution.

    Parameters
    ----------
    key : key
    dfnum, dfden : float or array, > 0
        Degrees of freedom.
    shape : tuple of int, optional
        That of the parameters by default.
    dtype : float dtype, optional

    Returns
    -------
    array, entries >= 0

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> bool(f(PRNGKey(0), 2.0, 3.0) > 0)
    True
    """
    kind = float_dtype(dtype)
    extents = sample_shape(shape, dfnum, dfden)
    keys = split(key)
    numerator, denominator = (convert_element_type(x, kind) for x in (dfnum, dfden))
    upper = ops.div(chisquare(keys[1], numerator, extents, kind), numerator)
    lower = ops.div(chisquare(keys[0], denominator, extents, kind), denominator)
    return as_array(ops.div(upper, lower))


def generalized_normal(key: Any, p: Any, shape: Shape = (), dtype: Any = None) -> Any:
    """Numbers of density proportional to ``exp(-|x|**p)``.

    Parameters
    ----------
    key : key
    p : float, > 0
    shape : tuple of int, optional
    dtype : float dtype, optional

    Returns
    -------
    array of that shape and dtype

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> generalized_normal(PRNGKey(0), 1.5, (4,)).shape
    (4,)
    """
    kind = float_dtype(dtype)
    keys = split(key)
    size = gamma(keys[0], 1 / p, shape, kind)
    return as_array(rademacher(keys[1], shape, kind) * size ** (1 / p))
