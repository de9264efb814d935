"""Smooth activations, with values and derivatives free of overflow."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import funcgrad.numpy as fnp
from funcgrad import ops
from funcgrad.core.array import as_array
from funcgrad.core.trace import PYTHON_SCALARS
from funcgrad.numpy import dispatch
from funcgrad.numpy.dispatch import to_array

_SQRT_HALF = math.sqrt(0.5)


def as_float(x: Any) -> Any:
    """An array with a float dtype; integers become float64."""
    return dispatch.as_float(np.float64(x) if type(x) in PYTHON_SCALARS else x)


def sigmoid(x: Any) -> Any:
    """``1 / (1 + exp(-x))``, exact to the last bits for any ``x``.

    Parameters
    ----------
    x : array

    Returns
    -------
    array, entries in (0, 1)

    Notes
    -----
    Derivative: ``sigmoid(x) * sigmoid(-x)``.

    Examples
    --------
    >>> sigmoid(np.array([0.0, -700.0]))
    Array([5.00000000e-001, 9.85967654e-305])
    """
    return as_array(ops.logistic(as_float(x)))


def log_sigmoid(x: Any) -> Any:
    """Logarithm of the sigmoid, ``-log(1 + exp(-x))``.

    Parameters
    ----------
    x : array

    Returns
    -------
    array, entries < 0

    Examples
    --------
    >>> log_sigmoid(np.array([-1000.0]))
    Array([-1000.])
    """
    return fnp.negative(softplus(fnp.negative(as_float(x))))


def softplus(x: Any) -> Any:
    """``log(1 + exp(x))``, a smooth ``relu``.

    Parameters
    ----------
    x : array

    Returns
    -------
    array, entries > 0

    Examples
    --------
    >>> softplus(np.array([1000.0]))
    Array([1000.])
    """
    return fnp.logaddexp(as_float(x), 0.0)


def squareplus(x: Any, b: Any = 4.0) -> Any:
    """``(x + sqrt(x**2 + b)) / 2``, a smooth ``relu`` without exponentials.

    Parameters
    ----------
    x : array
    b : float, optional
        How far from 0 the bend is felt.

    Returns
    -------
    array, entries > 0

    Examples
    --------
    >>> squareplus(np.array([0.0]))
    Array([1.])
    """
    y = as_float(x)
    return 0.5 * (y + fnp.sqrt(fnp.square(y) + b))


def soft_sign(x: Any) -> Any:
    """``x / (1 + |x|)``.

    Parameters
    ----------
    x : array

    Returns
    -------
    array, entries in (-1, 1)

    Examples
    --------
    >>> soft_sign(np.array([-1.0, 3.0]))
    Array([-0.5 ,  0.75])
    """
    y = as_float(x)
    # |y| as max(y, -y) shares the slope at 0, so that the derivative there is 1.
    return y / (1 + fnp.abs(y))


def silu(x: Any) -> Any:
    """``x * sigmoid(x)``, also called swish.

    Parameters
    ----------
    x : array

    Returns
    -------
    array

    Examples
    --------
    >>> silu(np.array([0.0, 800.0]))
    Array([  0., 800.])
    """
    y = as_float(x)
    return y * sigmoid(y)


swish = silu


def mish(x: Any) -> Any:
    """``x * tanh(softplus(x))``.

    Parameters
    ----------
    x : array

    Returns
    -------
    array

    Examples
    --------
    >>> mish(np.array([0.0]))
    Array([0.])
    """
    y = as_float(x)
    return y * fnp.tanh(softplus(y))


def gelu(x: Any, approximate: bool = True) -> Any:
    """``x`` times the normal distribution function of ``x``.

    Parameters
    ----------
    x : array
    approximate : bool, optional
        By a ``tanh`` (Hendrycks & Gimpel 2016, arXiv:1606.08415), as in most models.

    Returns
    -------
    array

    Examples
    --------
    >>> gelu(np.array([0.0, 10.0]), approximate=False)
    Array([ 0., 10.])
    """
    y = as_float(x)
    if approximate:
        inner = math.sqrt(2 / math.pi) * (y + 0.044715 * y * y * y)
        return y * (0.5 * (1.0 + fnp.tanh(inner)))
    return 0.5 * y * as_array(ops.erfc(-y * _SQRT_HALF))


def glu(x: Any, axis: int = -1) -> Any:
    """The first half of an axis times the sigmoid of the second.

    Parameters
    ----------
    x : array
    axis : int, optional
        An axis of even extent.

    Returns
    -------
    array, half as long along ``axis``

    Raises
    ------
    ValueError
        If the extent is odd.

    Examples
    --------
    >>> glu(np.array([2.0, 0.0]))
    Array([1.])
    """
    first, second = fnp.split(as_float(x), 2, axis)
    return first * sigmoid(second)


def log1mexp(x: Any) -> Any:
    """``log(1 - exp(-x))`` for positive ``x`` (Maechler 2012).

    Parameters
    ----------
    x : array, > 0

    Returns
    -------
    array, entries < 0

    Examples
    --------
    >>> float(log1mexp(1e-20)) == float(np.log(1e-20))
    True
    """
    y = as_float(x)
    small = y < math.log(2)
    near = fnp.log(-fnp.expm1(-fnp.where(small, y, 1.0)))
    far = fnp.log1p(-fnp.exp(-fnp.where(small, 1.0, y)))
    return fnp.where(small, near, far)


def identity(x: Any) -> Any:
    """The argument.

    Parameters
    ----------
    x : array

    Returns
    -------
    array

    Examples
    --------
    >>> identity(np.array([1.0]))
    Array([1.])
    """
    return as_array(to_array(x))
