"""Samples of the gamma distribution and of those made from it."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad import ops
from funcgrad.core.array import as_array
from funcgrad.core.trace import typeof
from funcgrad.ops.casting import convert_element_type
from funcgrad.random.continuous import (
    Shape,
    float_dtype,
    normal,
    parameter,
    sample_shape,
)
from funcgrad.random.discrete import rademacher
from funcgrad.random.gamma_sampler import gamma_samples, log_gamma_samples
from funcgrad.random.keys import one_key, split


def _parameter(a: Any, shape: Any, dtype: Any) -> Any:
    kind = float_dtype(dtype)
    return parameter(a, kind, sample_shape(shape, a))


def gamma(key: Any, a: Any, shape: Shape | None = None, dtype: Any = None) -> Any:
    """Numbers of the gamma distribution: density ``x**(a - 1) exp(-x) / gamma(a)``.

    The derivative with respect to ``a`` moves a sample at a fixed quantile.

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
    return as_array(gamma_samples(one_key(key), _parameter(a, shape, dtype)))


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
    return as_array(log_gamma_samples(one_key(key), _parameter(a, shape, dtype)))


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
