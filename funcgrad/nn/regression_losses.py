"""Losses of numbers: how far predictions are from targets, entry by entry.

They are not averaged; names and meaning are those of optax.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import funcgrad.numpy as fnp
from funcgrad.nn.smooth import as_float


def _errors(predictions: Any, targets: Any) -> Any:
    difference = as_float(predictions)
    return difference if targets is None else difference - as_float(targets)


def squared_error(predictions: Any, targets: Any = None) -> Any:
    """``(predictions - targets)**2``.

    Parameters
    ----------
    predictions : array
    targets : array, optional
        Broadcast with ``predictions``; 0 by default.

    Returns
    -------
    array

    Examples
    --------
    >>> squared_error(np.array([1.0, 3.0]), np.array([1.0, 1.0]))
    Array([0., 4.])
    """
    return fnp.square(_errors(predictions, targets))


def l2_loss(predictions: Any, targets: Any = None) -> Any:
    """``(predictions - targets)**2 / 2``, whose derivative is the difference.

    Parameters
    ----------
    predictions : array
    targets : array, optional
        Broadcast with ``predictions``; 0 by default.

    Returns
    -------
    array

    Examples
    --------
    >>> l2_loss(np.array([1.0, 3.0]), np.array([1.0, 1.0]))
    Array([0., 2.])
    """
    return 0.5 * squared_error(predictions, targets)


def absolute_error(predictions: Any, targets: Any = None) -> Any:
    """``abs(predictions - targets)``.

    Parameters
    ----------
    predictions : array
    targets : array, optional
        Broadcast with ``predictions``; 0 by default.

    Returns
    -------
    array

    Examples
    --------
    >>> absolute_error(np.array([1.0, 3.0]), np.array([1.5, 1.0]))
    Array([0.5, 2. ])
    """
    return fnp.abs(_errors(predictions, targets))


def huber_loss(predictions: Any, targets: Any = None, *, delta: Any = 1.0) -> Any:
    """Half the square of a difference up to ``delta``, a straight line beyond.

    Parameters
    ----------
    predictions : array
    targets : array, optional
        Broadcast with ``predictions``; 0 by default.
    delta : float, optional

    Returns
    -------
    array

    References
    ----------
    Huber 1964, "Robust estimation of a location parameter",
    doi:10.1214/aoms/1177703732.

    Examples
    --------
    >>> huber_loss(np.array([0.5, 3.0]))
    Array([0.125, 2.5  ])
    """
    size = fnp.abs(_errors(predictions, targets))
    near = fnp.minimum(size, delta)
    return 0.5 * fnp.square(near) + delta * (size - near)


def log_cosh(predictions: Any, targets: Any = None) -> Any:
    """Logarithm of ``cosh(predictions - targets)``, without overflow.

    Parameters
    ----------
    predictions : array
    targets : array, optional
        Broadcast with ``predictions``; 0 by default.

    Returns
    -------
    array

    References
    ----------
    Chen et al. 2019, "Log hyperbolic cosine loss improves variational auto-encoder".

    Examples
    --------
    >>> np.round(log_cosh(np.array([0.0, 1000.0])), 3).tolist()
    [0.0, 999.307]
    """
    size = fnp.abs(_errors(predictions, targets))
    return size + fnp.log1p(fnp.exp(-2.0 * size)) - math.log(2.0)


def cosine_similarity(
    predictions: Any,
    targets: Any,
    *,
    epsilon: Any = 0.0,
    axis: int | tuple[int, ...] | None = -1,
    where: Any = None,
) -> Any:
    """Cosine of the angle between vectors.

    Parameters
    ----------
    predictions, targets : array
    epsilon : float, optional
        Least length that vectors are divided by.
    axis : int or tuple of int, optional
        Along which the vectors lie.
    where : bool array, optional
        Which entries take part.

    Returns
    -------
    array, shape of the operands without ``axis``

    Examples
    --------
    >>> float(cosine_similarity(np.array([1.0, 0.0]), np.array([3.0, 0.0])))
    1.0
    """
    x, y = as_float(predictions), as_float(targets)
    if where is not None:
        x, y = fnp.where(where, x, 0.0), fnp.where(where, y, 0.0)
    return fnp.sum(_unit(x, axis, epsilon) * _unit(y, axis, epsilon), axis=axis)


def _unit(x: Any, axis: Any, epsilon: Any) -> Any:
    """``x`` divided by its length; the derivative at zero is zero."""
    squares = fnp.sum(fnp.square(x), axis=axis, keepdims=True)
    is_zero = squares == 0
    length = fnp.where(is_zero, 0.0, fnp.sqrt(fnp.where(is_zero, 1.0, squares)))
    return x / fnp.maximum(length, epsilon)


def cosine_distance(
    predictions: Any,
    targets: Any,
    *,
    epsilon: Any = 0.0,
    axis: int | tuple[int, ...] | None = -1,
    where: Any = None,
) -> Any:
    """One minus `cosine_similarity`, whose parameters it takes.

    Examples
    --------
    >>> float(cosine_distance(np.array([1.0, 0.0]), np.array([0.0, 2.0])))
    1.0
    """
    similarity = cosine_similarity(
        predictions, targets, epsilon=epsilon, axis=axis, where=where
    )
    return 1.0 - similarity


def poisson_nll_loss(
    predictions: Any,
    targets: Any,
    *,
    log_input: bool = True,
    full: bool = False,
    epsilon: float = 1e-8,
) -> Any:
    """Negative log-likelihood of counts under Poisson distributions.

    Parameters
    ----------
    predictions : array
        Logarithms of the rates, or with ``log_input=False`` the rates.
    targets : array
        Counts.
    log_input : bool, optional
    full : bool, optional
        Whether to add Stirling's approximation of ``log(targets!)``, for counts above
        1, which does not depend on the predictions.
    epsilon : float, optional
        Added to rates before their logarithm is taken.

    Returns
    -------
    array

    Examples
    --------
    >>> poisson_nll_loss(np.array([0.0, 1.0]), np.array([1.0, 0.0])).round(3)
    array([1.   , 2.718])
    """
    x, y = as_float(predictions), as_float(targets)
    if log_input:
        loss = fnp.exp(x) - y * x
    else:
        loss = x - y * fnp.log(x + epsilon)
    if not full:
        return loss
    many = fnp.where(y > 1, y, 2.0)
    stirling = many * fnp.log(many) - many + 0.5 * fnp.log(2.0 * np.pi * many)
    return loss + fnp.where(y > 1, stirling, 0.0)


def triplet_margin_loss(
    anchors: Any,
    positives: Any,
    negatives: Any,
    axis: int = -1,
    norm_degree: Any = 2,
    margin: Any = 1.0,
    eps: Any = 1e-6,
) -> Any:
    """How much less than ``margin`` farther negatives are from anchors than positives.

    Parameters
    ----------
    anchors, positives, negatives : array, shape (..., features, ...)
    axis : int, optional
        Along which the vectors lie.
    norm_degree : float, optional
        Degree of the norm.
    margin, eps : float, optional
        ``eps`` is added to every difference's power.

    Returns
    -------
    array, shape of the operands without ``axis``

    Examples
    --------
    >>> a, p, n = np.zeros(2), np.array([3.0, 4.0]), np.array([6.0, 8.0])
    >>> float(triplet_margin_loss(a, p, n, margin=7.0, eps=0.0))
    2.0
    """
    x, near, far = (as_float(v) for v in (anchors, positives, negatives))

    def distance(y: Any) -> Any:
        powers = fnp.power(x - y, norm_degree) + eps
        return fnp.power(fnp.sum(powers, axis=axis), 1.0 / norm_degree)

    return fnp.maximum(distance(near) - distance(far) + margin, 0.0)
