"""Initial weights of one value, or of numbers that do not depend on the shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import funcgrad.numpy as fnp
from funcgrad import random

Initializer = Callable[..., Any]


def zeros(key: Any, shape: Sequence[int], dtype: Any = None) -> Any:
    """Zeros.

    Parameters
    ----------
    key : key
        Not used.
    shape : tuple of int
    dtype : dtype, optional
        float64 by default.

    Returns
    -------
    array

    Examples
    --------
    >>> zeros(None, (2,))
    Array([0., 0.])
    """
    return fnp.zeros(shape, dtype)


def ones(key: Any, shape: Sequence[int], dtype: Any = None) -> Any:
    """Ones.

    Parameters
    ----------
    key : key
        Not used.
    shape : tuple of int
    dtype : dtype, optional
        float64 by default.

    Returns
    -------
    array

    Examples
    --------
    >>> ones(None, (2,))
    Array([1., 1.])
    """
    return fnp.ones(shape, dtype)


def constant(value: Any, dtype: Any = None) -> Initializer:
    """An initializer that gives one value.

    Parameters
    ----------
    value : float or array, broadcast to the shape
    dtype : dtype, optional
        Of the weights, where the call names none; float64 by default.

    Returns
    -------
    callable

    Examples
    --------
    >>> constant(2.0)(None, (2,))
    Array([2., 2.])
    """
    return lambda key, shape, dtype=dtype: fnp.full(shape, value, dtype)


def uniform(scale: Any = 1e-2, dtype: Any = None) -> Initializer:
    """An initializer that gives uniform numbers in ``[0, scale)``.

    Parameters
    ----------
    scale : float, optional
    dtype : dtype, optional
        Of the weights, where the call names none; float64 by default.

    Returns
    -------
    callable

    Examples
    --------
    >>> uniform(0.5)(random.PRNGKey(0), (3,)).max() < 0.5
    np.True_
    """
    return lambda key, shape, dtype=dtype: random.uniform(key, shape, dtype) * scale


def normal(stddev: Any = 1e-2, dtype: Any = None) -> Initializer:
    """An initializer that gives normal numbers.

    Parameters
    ----------
    stddev : float, optional
    dtype : dtype, optional
        Of the weights, where the call names none; float64 by default.

    Returns
    -------
    callable

    Examples
    --------
    >>> normal(1e-3)(random.PRNGKey(0), (2, 3)).shape
    (2, 3)
    """
    return lambda key, shape, dtype=dtype: random.normal(key, shape, dtype) * stddev


def truncated_normal(
    stddev: Any = 1e-2, dtype: Any = None, lower: Any = -2.0, upper: Any = 2.0
) -> Initializer:
    """An initializer that gives normal numbers between bounds.

    Parameters
    ----------
    stddev : float, optional
        Standard deviation before the cut.
    dtype : dtype, optional
        Of the weights, where the call names none; float64 by default.
    lower, upper : float, optional
        Bounds, in standard deviations.

    Returns
    -------
    callable

    Examples
    --------
    >>> abs(truncated_normal(0.1)(random.PRNGKey(0), (9,))).max() < 0.2
    np.True_
    """

    def init(key: Any, shape: Sequence[int], dtype: Any = dtype) -> Any:
        sample = random.truncated_normal(key, lower, upper, tuple(shape), dtype)
        return sample * stddev

    return init
