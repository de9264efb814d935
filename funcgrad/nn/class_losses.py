"""Losses of classes: how unlikely scores make what is the case.

They are not averaged over examples; names and meaning are those of optax.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import funcgrad.numpy as fnp
from funcgrad.core.trace import typeof
from funcgrad.nn.normalization import log_softmax, one_hot
from funcgrad.nn.smooth import as_float, log_sigmoid, sigmoid
from funcgrad.numpy.dispatch import to_array
from funcgrad.scipy.special import logsumexp

Axis = int | tuple[int, ...] | None


def sigmoid_binary_cross_entropy(logits: Any, labels: Any) -> Any:
    """``-labels * log(sigmoid(logits)) - (1 - labels) * log(1 - sigmoid(logits))``.

    Parameters
    ----------
    logits : array
    labels : array
        0 or 1, or probabilities.

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> sigmoid_binary_cross_entropy(np.array([0.0, 1000.0]), np.array([1, 0])).round(3)
    array([6.93e-01, 1.00e+03])
    """
    x, y = as_float(logits), as_float(labels)
    return -y * log_sigmoid(x) - (1.0 - y) * log_sigmoid(-x)


def sigmoid_focal_loss(
    logits: Any, labels: Any, *, alpha: Any = None, gamma: Any = 2.0
) -> Any:
    """Binary cross entropy that counts what is nearly right already for less.

    Parameters
    ----------
    logits, labels : array
        As for `sigmoid_binary_cross_entropy`.
    alpha : float, optional
        Weight of the label 1 against that of 0, ``1 - alpha``.
    gamma : float, optional
        Power of the probability of the wrong label.

    Returns
    -------
    array

    References
    ----------
    Lin et al. 2017, "Focal loss for dense object detection", arXiv:1708.02002.

    Examples
    --------
    >>> import numpy as np
    >>> float(sigmoid_focal_loss(0.0, 1.0, gamma=0.0).round(3))
    0.693
    """
    x, y = as_float(logits), as_float(labels)
    right = sigmoid(x) * y + sigmoid(-x) * (1.0 - y)
    loss = sigmoid_binary_cross_entropy(x, y) * fnp.power(1.0 - right, gamma)
    if alpha is None:
        return loss
    return (alpha * y + (1.0 - alpha) * (1.0 - y)) * loss


def softmax_cross_entropy(
    logits: Any, labels: Any, axis: Axis = -1, where: Any = None
) -> Any:
    """``-sum(labels * log_softmax(logits))``, for labels that are probabilities.

    Parameters
    ----------
    logits, labels : array, shape (..., classes)
    axis : int or tuple of int, optional
        The axes of classes.
    where : bool array, optional
        Which classes take part.

    Returns
    -------
    array, without ``axis``

    Examples
    --------
    >>> import numpy as np
    >>> float(softmax_cross_entropy(np.array([0.0, 1000.0]), np.array([1.0, 0.0])))
    1000.0
    """
    x, y = as_float(logits), as_float(labels)
    parts = y * _log_softmax(x, axis, where)
    return -fnp.sum(parts, axis=axis)


def _log_softmax(x: Any, axis: Axis, where: Any) -> Any:
    """Classes that take no part have 0, so that sums leave them out."""
    if where is None:
        return log_softmax(x, axis)
    return fnp.where(where, log_softmax(fnp.where(where, x, -1e30), axis), 0.0)


def safe_softmax_cross_entropy(logits: Any, labels: Any) -> Any:
    """`softmax_cross_entropy` where scores may be -inf for labels that are 0.

    Parameters
    ----------
    logits, labels : array, shape (..., classes)

    Returns
    -------
    array, shape (...)

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([0.0, -np.inf])
    >>> bool(safe_softmax_cross_entropy(x, np.array([1.0, 0.0])) == 0)
    True
    """
    x, y = as_float(logits), as_float(labels)
    chosen = y == 0
    logs = fnp.where(chosen, 0.0, log_softmax(x))
    return -fnp.sum(y * logs, axis=-1)


def softmax_cross_entropy_with_integer_labels(
    logits: Any, labels: Any, axis: int | tuple[int, ...] = -1, where: Any = None
) -> Any:
    """``-log_softmax(logits)[label]``, for labels that are numbers of classes.

    Parameters
    ----------
    logits : array, shape (..., classes)
    labels : int array, shape (...)
    axis : int or tuple of int, optional
        The axes of classes; several count as one, in row-major order.
    where : bool array, optional
        Which classes take part.

    Returns
    -------
    array, shape of ``labels``

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[0.0, 1000.0], [0.0, 0.0]])
    >>> softmax_cross_entropy_with_integer_labels(x, np.array([0, 1])).round(3)
    array([1.00e+03, 6.93e-01])
    """
    x = _classes_last(as_float(logits), axis)
    if where is not None:
        where = _classes_last(fnp.broadcast_to(where, typeof(logits).shape), axis)
    return logsumexp(x, axis=-1, where=where) - _at(x, labels)


def _classes_last(x: Any, axis: int | tuple[int, ...]) -> Any:
    axes: Sequence[int] = (axis,) if isinstance(axis, int) else axis
    places = list(range(-len(axes), 0))
    moved = fnp.moveaxis(x, axes, places)
    if len(axes) == 1:
        return moved
    shape = typeof(moved).shape
    return fnp.reshape(moved, (*shape[: len(shape) - len(axes)], -1))


def _at(scores: Any, labels: Any) -> Any:
    """The score of each label."""
    return fnp.take_along_axis(scores, to_array(labels)[..., None], axis=-1)[..., 0]


def poly_loss_cross_entropy(
    logits: Any,
    labels: Any,
    *,
    epsilon: Any = 2.0,
    axis: Axis = -1,
    where: Any = None,
) -> Any:
    """Cross entropy plus ``epsilon`` times the probability of being wrong.

    Parameters
    ----------
    logits, labels, axis, where : as for `softmax_cross_entropy`
    epsilon : float, optional

    Returns
    -------
    array, without ``axis``

    References
    ----------
    Leng et al. 2022, "PolyLoss", arXiv:2204.12511.

    Examples
    --------
    >>> import numpy as np
    >>> x, y = np.array([0.0, 0.0]), np.array([1.0, 0.0])
    >>> float(poly_loss_cross_entropy(x, y, epsilon=1.0).round(3))
    1.193
    """
    x, y = as_float(logits), as_float(labels)
    logs = _log_softmax(x, axis, where)
    wrong = y * (1.0 - fnp.exp(logs))
    if where is not None:
        wrong = fnp.where(where, wrong, 0.0)
    return -fnp.sum(y * logs, axis=axis) + epsilon * fnp.sum(wrong, axis=axis)


def hinge_loss(predictor_outputs: Any, targets: Any) -> Any:
    """``max(0, 1 - outputs * targets)``, for targets 1 and -1.

    Parameters
    ----------
    predictor_outputs, targets : array

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> hinge_loss(np.array([0.5, 2.0]), np.array([1.0, 1.0]))
    Array([0.5, 0. ])
    """
    return fnp.maximum(0.0, 1.0 - as_float(predictor_outputs) * as_float(targets))


def perceptron_loss(predictor_outputs: Any, targets: Any) -> Any:
    """``max(0, -outputs * targets)``, for targets 1 and -1.

    Parameters
    ----------
    predictor_outputs, targets : array

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> perceptron_loss(np.array([0.5, 2.0]), np.array([1.0, -1.0]))
    Array([0., 2.])
    """
    return fnp.maximum(0.0, -as_float(predictor_outputs) * as_float(targets))


def multiclass_hinge_loss(scores: Any, labels: Any) -> Any:
    """How much less than 1 the score of the label lies above all others.

    Parameters
    ----------
    scores : array, shape (..., classes)
    labels : int array, shape (...)

    Returns
    -------
    array, shape (...)

    Examples
    --------
    >>> import numpy as np
    >>> float(multiclass_hinge_loss(np.array([1.0, 3.0]), 1))
    0.0
    """
    x = as_float(scores)
    others = 1.0 - one_hot(labels, typeof(x).shape[-1], dtype=typeof(x).dtype)
    return fnp.max(x + others, axis=-1) - _at(x, labels)


def multiclass_perceptron_loss(scores: Any, labels: Any) -> Any:
    """How much the score of the label lies below the highest.

    Parameters
    ----------
    scores : array, shape (..., classes)
    labels : int array, shape (...)

    Returns
    -------
    array, shape (...)

    Examples
    --------
    >>> import numpy as np
    >>> float(multiclass_perceptron_loss(np.array([1.0, 3.0]), 0))
    2.0
    """
    x = as_float(scores)
    return fnp.max(x, axis=-1) - _at(x, labels)


def smooth_labels(
    labels: Any, alpha: Any, *, axis: Axis = -1, where: Any = None
) -> Any:
    """``(1 - alpha) * labels + alpha / classes``.

    Parameters
    ----------
    labels : array, shape (..., classes)
    alpha : float
    axis : int or tuple of int, optional
        The axes of classes.
    where : bool array, optional
        Which classes take part.

    Returns
    -------
    array, shape of ``labels``

    References
    ----------
    Müller et al. 2019, "When does label smoothing help?", arXiv:1906.02629.

    Examples
    --------
    >>> import numpy as np
    >>> smooth_labels(np.array([1.0, 0.0]), 0.5)
    Array([0.75, 0.25])
    """
    y = as_float(labels)
    taken = fnp.broadcast_to(True if where is None else where, typeof(y).shape)
    classes = fnp.sum(taken, axis=axis, keepdims=True)
    return fnp.where(taken, (1.0 - alpha) * y + alpha / classes, 0.0)
