"""Samples that are functions of uniform, normal and exponential ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad import ops
from funcgrad.core.array import as_array
from funcgrad.core.trace import typeof
from funcgrad.ops.casting import convert_element_type
from funcgrad.random.continuous import (
    Shape,
    exponential,
    float_dtype,
    normal,
    parameter,
    sample_shape,
    uniform,
)
from funcgrad.random.discrete import rademacher
from funcgrad.random.keys import as_shape, split


def pareto(key: Any, b: Any, shape: Shape | None = None, dtype: Any = None) -> Any:
    """Numbers of the Pareto distribution: density ``b / x**(b + 1)``, x >= 1.

    Parameters
    ----------
    key : key
    b : float or array, > 0
    shape : tuple of int, optional
        That of ``b`` by default.
    dtype : float dtype, optional

    Returns
    -------
    array, entries >= 1

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> bool(pareto(PRNGKey(0), 2.0) >= 1)
    True
    """
    kind = float_dtype(dtype)
    extents = sample_shape(shape, b)
    b = convert_element_type(b, kind)
    return as_array(ops.exp(ops.div(exponential(key, extents, kind), b)))


def lognormal(
    key: Any, sigma: Any = 1.0, shape: Shape | None = None, dtype: Any = None
) -> Any:
    """Exponentials of normal numbers of standard deviation ``sigma``.

    Parameters
    ----------
    key : key
    sigma : float or array
    shape : tuple of int, optional
        That of ``sigma`` by default.
    dtype : float dtype, optional

    Returns
    -------
    array, entries > 0

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> bool(lognormal(PRNGKey(0)) > 0)
    True
    """
    kind = float_dtype(dtype)
    extents = sample_shape(shape, sigma)
    sigma = convert_element_type(sigma, kind)
    return as_array(ops.exp(ops.mul(normal(key, extents, kind), sigma)))


def rayleigh(
    key: Any, scale: Any, shape: Shape | None = None, dtype: Any = None
) -> Any:
    """Numbers of the Rayleigh distribution.

    Parameters
    ----------
    key : key
    scale : float or array, > 0
    shape : tuple of int, optional
        That of ``scale`` by default.
    dtype : float dtype, optional

    Returns
    -------
    array, entries >= 0

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> bool(rayleigh(PRNGKey(0), 1.0) >= 0)
    True
    """
    kind = float_dtype(dtype)
    extents = sample_shape(shape, scale)
    u = uniform(key, extents, kind)
    root = ops.sqrt(ops.mul(ops.log(u), kind.type(-2.0)))
    return as_array(ops.mul(parameter(scale, kind, extents), root))


def weibull_min(
    key: Any, scale: Any, concentration: Any, shape: Shape = (), dtype: Any = None
) -> Any:
    """Numbers of the Weibull distribution.

    Parameters
    ----------
    key : key
    scale, concentration : float or array, > 0
    shape : tuple of int, optional
    dtype : float dtype, optional

    Returns
    -------
    array, entries >= 0

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> bool(weibull_min(PRNGKey(0), 1.0, 2.0) >= 0)
    True
    """
    e = exponential(key, shape, float_dtype(dtype))
    power = ops.div(1.0, convert_element_type(concentration, typeof(e).dtype))
    return as_array(ops.mul(ops.pow(e, power), scale))


def triangular(
    key: Any,
    left: Any,
    mode: Any,
    right: Any,
    shape: Shape | None = None,
    dtype: Any = None,
) -> Any:
    """Numbers whose density rises from ``left`` to ``mode`` and falls to ``right``.

    Parameters
    ----------
    key : key
    left, mode, right : float or array
    shape : tuple of int, optional
        That of the parameters by default.
    dtype : float dtype, optional

    Returns
    -------
    array of that shape and dtype

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> bool(0 <= triangular(PRNGKey(0), 0.0, 0.5, 1.0) <= 1)
    True
    """
    kind = float_dtype(dtype)
    extents = sample_shape(shape, left, mode, right)
    low, peak, high = (parameter(x, kind, extents) for x in (left, mode, right))
    u = uniform(key, extents, kind)
    below = low + np.sqrt(u * (high - low) * (peak - low))
    above = high - np.sqrt((1 - u) * (high - low) * (high - peak))
    return as_array(ops.where(u < (peak - low) / (high - low), below, above))


def maxwell(key: Any, shape: Shape = (), dtype: Any = None) -> Any:
    """Lengths of normal vectors in three dimensions.

    Parameters
    ----------
    key : key
    shape : tuple of int, optional
    dtype : float dtype, optional

    Returns
    -------
    array, entries >= 0

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> bool(maxwell(PRNGKey(0)) >= 0)
    True
    """
    vectors = normal(key, (*as_shape(shape), 3), float_dtype(dtype))
    last = typeof(vectors).ndim - 1
    return as_array(ops.sqrt(ops.reduce_sum(vectors * vectors, (last,))))


def double_sided_maxwell(
    key: Any, loc: Any, scale: Any, shape: Shape = (), dtype: Any = None
) -> Any:
    """Maxwell numbers of either sign, scaled and moved.

    Parameters
    ----------
    key : key
    loc, scale : float or array
    shape : tuple of int, optional
        Shape in front of that of the parameters.
    dtype : float dtype, optional

    Returns
    -------
    array

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> double_sided_maxwell(PRNGKey(0), 0.0, 1.0, (4,)).shape
    (4,)
    """
    own = sample_shape(None, loc, scale)
    extents = (*(as_shape(shape) or own), *own)
    keys = split(key)
    kind = float_dtype(dtype)
    sign = rademacher(keys[1], extents, kind)
    return as_array(sign * maxwell(keys[0], extents, kind) * scale + loc)


def wald(key: Any, mean: Any, shape: Shape | None = None, dtype: Any = None) -> Any:
    """Numbers of the Wald (inverse Gaussian) distribution of scale 1.

    Parameters
    ----------
    key : key
    mean : float or array, > 0
    shape : tuple of int, optional
        That of ``mean`` by default.
    dtype : float dtype, optional

    Returns
    -------
    array, entries > 0

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> bool(wald(PRNGKey(0), 1.0) > 0)
    True
    """
    kind = float_dtype(dtype)
    extents = sample_shape(shape, mean)
    keys = split(key)
    mu = parameter(mean, kind, extents)
    v, z = normal(keys[0], extents, kind), uniform(keys[1], extents, kind)
    y = v * v
    square = mu * mu
    x = mu + square * y / 2 - mu / 2 * np.sqrt(4 * mu * y + square * y * y)
    return as_array(ops.where(z <= mu / (mu + x), x, square / x))


def multivariate_normal(
    key: Any,
    mean: Any,
    cov: Any,
    shape: Shape | None = None,
    dtype: Any = None,
    method: str = "cholesky",
) -> Any:
    """Normal vectors of a given mean and covariance.

    Parameters
    ----------
    key : key
    mean : array, shape (..., n)
    cov : array, shape (..., n, n)
    shape : tuple of int, optional
        Shape in front of n; that of the parameters by default.
    dtype : float dtype, optional
        That of the parameters by default.
    method : {"cholesky", "eigh", "svd"}
        How the root of the covariance is found.

    Returns
    -------
    array, shape (*shape, n)

    Raises
    ------
    ValueError
        For another method.

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> multivariate_normal(PRNGKey(0), np.zeros(2), np.eye(2), (5,)).shape
    (5, 2)
    """
    given = np.result_type(typeof(mean).dtype, typeof(cov).dtype, np.float32)
    kind = float_dtype(given if dtype is None else dtype)
    mean, cov = (convert_element_type(x, kind) for x in (mean, cov))
    lead = typeof(mean).shape[:-1], typeof(cov).shape[:-2]
    extents = sample_shape(shape, *[np.empty(s) for s in lead])
    if method == "cholesky":
        factor = np.linalg.cholesky(cov)
    elif method == "eigh":
        values, vectors = np.linalg.eigh(cov)
        factor = vectors * np.sqrt(values)[..., None, :]
    elif method == "svd":
        left, values, _ = np.linalg.svd(cov)
        factor = left * np.sqrt(values)[..., None, :]
    else:
        raise ValueError(f"method must be 'cholesky', 'eigh' or 'svd', got {method!r}")
    z = normal(key, (*extents, typeof(mean).shape[-1]), kind)
    return as_array(mean + np.einsum("...ij,...j->...i", factor, z))
