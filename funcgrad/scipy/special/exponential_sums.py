"""Sums of exponentials along axes: logsumexp, softmax and its logarithm."""

from __future__ import annotations

from typing import Any

import numpy as np

import funcgrad.numpy as fnp
from funcgrad import ops
from funcgrad.core.trace import typeof
from funcgrad.numpy.axes import canonical_axes
from funcgrad.numpy.dispatch import as_float, promote


def logsumexp(
    a: Any,
    axis: Any = None,
    b: Any = None,
    keepdims: bool = False,
    return_sign: bool = False,
    where: Any = None,
) -> Any:
    """Logarithm of the sum of exponentials, without overflow.

    Parameters
    ----------
    a : array, shape (..., n)
    axis : int or tuple of int, optional
        Axes summed over; all by default.
    b : array, optional
        Factors of the exponentials.
    keepdims : bool, optional
        Whether the axes stay, with extent 1.
    return_sign : bool, optional
        Whether to return the sign of the sum as well, which may then be negative.
    where : bool array, optional
        Which entries take part.

    Returns
    -------
    array, shape of ``a`` without ``axis``; with ``return_sign`` a pair

    Notes
    -----
    Derivative: ``softmax(a)`` (Blanchard, Higham & Higham 2021,
    doi:10.1093/imanum/draa038).

    Examples
    --------
    >>> float(logsumexp(np.array([1000.0, 1000.0])))
    1000.6931471805599
    """
    x = as_float(a)
    if b is not None:
        factor, x = promote([as_float(b), x])
        x, factor = fnp.broadcast_arrays(x, factor)
        x = fnp.where(factor == 0, -np.inf, x)
    if where is not None:
        x = fnp.where(where, x, -np.inf)
    axes = canonical_axes(axis, typeof(x).ndim)
    top = fnp.max(fnp.real(x), axis=axes, keepdims=True, initial=-np.inf)
    top = ops.stop_gradient(fnp.where(fnp.isfinite(top), top, 0.0))
    parts = fnp.exp(x - top)
    if b is not None:
        parts = parts * factor
    total = fnp.sum(parts, axis=axes, keepdims=keepdims)
    top = top if keepdims else fnp.squeeze(top, axis=axes)
    sign = fnp.sign(total)
    with np.errstate(divide="ignore", invalid="ignore"):
        if return_sign:
            return fnp.log(fnp.abs(total)) + top, sign
        return fnp.log(total) + top


def below_top(y: Any, axis: Any, where: Any = None, initial: Any = -np.inf) -> Any:
    """Floats less the greatest along axes; -inf for those that take no part."""
    if where is None:
        top = fnp.max(y, axis=axis, keepdims=True)
    else:
        top = fnp.max(y, axis=axis, keepdims=True, where=where, initial=initial)
        y = fnp.where(where, y, -np.inf)
    return y - ops.stop_gradient(top)


def softmax(x: Any, axis: Any = None) -> Any:
    """``exp(x) / sum(exp(x))`` along axes, without overflow.

    Parameters
    ----------
    x : array
    axis : int or tuple of int, optional
        All axes by default.

    Returns
    -------
    array, shape of ``x``

    Examples
    --------
    >>> softmax(np.array([1000.0, 1000.0]))
    Array([0.5, 0.5])
    """
    parts = fnp.exp(below_top(as_float(x), axis))
    return parts / fnp.sum(parts, axis=axis, keepdims=True)


def log_softmax(x: Any, axis: Any = None) -> Any:
    """Logarithm of ``softmax``, without overflow.

    Parameters
    ----------
    x : array
    axis : int or tuple of int, optional
        All axes by default.

    Returns
    -------
    array, shape of ``x``

    Examples
    --------
    >>> log_softmax(np.array([0.0, 1000.0]))
    Array([-1000.,     0.])
    """
    shifted = below_top(as_float(x), axis)
    return shifted - fnp.log(fnp.sum(fnp.exp(shifted), axis=axis, keepdims=True))
