"""Softmax and its kin, standardized entries, one-hot codes."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

import funcgrad.numpy as fnp
from funcgrad.core.array import as_array
from funcgrad.core.dtypes import canonical_dtype
from funcgrad.core.trace import typeof
from funcgrad.nn.smooth import as_float
from funcgrad.numpy.dispatch import to_array
from funcgrad.ops.casting import convert_element_type
from funcgrad.scipy.special import logsumexp
from funcgrad.scipy.special.exponential_sums import below_top


def softmax(x: Any, axis: Any = -1, where: Any = None, initial: Any = -np.inf) -> Any:
    """``exp(x) / sum(exp(x))`` along axes, without overflow.

    Parameters
    ----------
    x : array
    axis : int or tuple of int, optional
    where : bool array, optional
        Which entries take part; the others get 0.
    initial : float, optional
        Lower bound of the maximum that is subtracted; needed with ``where``.

    Returns
    -------
    array, entries in [0, 1]

    Examples
    --------
    >>> softmax(np.array([1000.0, 1000.0]))
    Array([0.5, 0.5])
    """
    parts = fnp.exp(below_top(as_float(x), axis, where, initial))
    return parts / fnp.sum(parts, axis=axis, keepdims=True)


def log_softmax(
    x: Any, axis: Any = -1, where: Any = None, initial: Any = -np.inf
) -> Any:
    """Logarithm of ``softmax``, without overflow.

    Parameters
    ----------
    x : array
    axis : int or tuple of int, optional
    where : bool array, optional
        Which entries take part; the others get -inf.
    initial : float, optional
        Lower bound of the maximum that is subtracted; needed with ``where``.

    Returns
    -------
    array, entries <= 0

    Examples
    --------
    >>> log_softmax(np.array([0.0, 1000.0]))
    Array([-1000.,     0.])
    """
    shifted = below_top(as_float(x), axis, where, initial)
    return shifted - fnp.log(fnp.sum(fnp.exp(shifted), axis=axis, keepdims=True))


def logmeanexp(
    x: Any, axis: Any = None, where: Any = None, keepdims: bool = False
) -> Any:
    """Logarithm of the mean of exponentials, without overflow.

    Parameters
    ----------
    x : array
    axis : int or tuple of int, optional
        All axes by default.
    where : bool array, optional
        Which entries take part.
    keepdims : bool, optional

    Returns
    -------
    array

    Examples
    --------
    >>> float(logmeanexp(np.array([1000.0, 1000.0])))
    1000.0
    """
    y = as_float(x)
    total = logsumexp(y, axis=axis, where=where, keepdims=keepdims)
    taken = fnp.broadcast_to(True if where is None else where, typeof(y).shape)
    return total - fnp.log(fnp.sum(taken, axis=axis, keepdims=keepdims))


def standardize(
    x: Any,
    axis: Any = -1,
    mean: Any = None,
    variance: Any = None,
    epsilon: Any = 1e-5,
    where: Any = None,
) -> Any:
    """Entries with their mean taken away, divided by their standard deviation.

    Parameters
    ----------
    x : array
    axis : int or tuple of int, optional
    mean, variance : array, optional
        Computed along ``axis`` by default.
    epsilon : float, optional
        Added to the variance.
    where : bool array, optional
        Which entries take part in mean and variance.

    Returns
    -------
    array, shape of ``x``

    Examples
    --------
    >>> standardize(np.array([1.0, 3.0]), epsilon=0.0)
    Array([-1.,  1.])
    """
    y = as_float(x)
    options = {} if where is None else {"where": where}
    if mean is None:
        mean = fnp.mean(y, axis=axis, keepdims=True, **options)
    if variance is None:
        variance = fnp.mean(fnp.square(y - mean), axis=axis, keepdims=True, **options)
    return (y - mean) / fnp.sqrt(variance + epsilon)


def one_hot(x: Any, num_classes: int, *, dtype: Any = None, axis: int = -1) -> Any:
    """Rows of zeros with a 1 in the place that each entry names.

    Parameters
    ----------
    x : int array
        Entries outside ``[0, num_classes)`` give rows of zeros.
    num_classes : int
    dtype : dtype, optional
        float64 by default.
    axis : int, optional
        Where the new axis goes.

    Returns
    -------
    array, with one more axis than ``x``

    Examples
    --------
    >>> one_hot(np.array([0, 2]), 3)
    Array([[1., 0., 0.],
           [0., 0., 1.]])
    """
    y = to_array(x)
    rank = typeof(y).ndim
    place = operator.index(axis) % (rank + 1)
    classes = [1] * (rank + 1)
    classes[place] = operator.index(num_classes)
    hit = fnp.expand_dims(y, place) == fnp.reshape(fnp.arange(num_classes), classes)
    return as_array(convert_element_type(hit, canonical_dtype(dtype)))
