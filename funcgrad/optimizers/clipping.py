"""Gradients kept from being too long."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from funcgrad import ops, tree
from funcgrad.optimizers.optimizer import Optimizer, in_dtypes_of, size_squared


def global_norm(values: Any) -> Any:
    """The root of the sum of squares of all entries of a pytree.

    Parameters
    ----------
    values : pytree of arrays

    Returns
    -------
    float scalar

    Examples
    --------
    >>> float(global_norm([np.array([3.0]), 4.0]))
    5.0
    """
    squares = [np.sum(size_squared(leaf)) for leaf in tree.leaves(values)]
    return np.sqrt(functools.reduce(lambda x, y: x + y, squares, 0.0))


def clip_by_global_norm(grads: Any, max_norm: float) -> Any:
    """Gradients shortened to a norm, all by one factor, if they are longer.

    Parameters
    ----------
    grads : pytree of arrays
    max_norm : float

    Returns
    -------
    pytree
        Of the same shapes and dtypes.

    Examples
    --------
    >>> clip_by_global_norm([np.array([3.0]), np.array([4.0])], 1.0)
    [Array([0.6]), Array([0.8])]
    """
    norm = global_norm(grads)
    # One where the norm is zero: the factor is finite then, and its derivative too.
    factor = ops.where(norm > max_norm, max_norm / ops.where(norm > 0, norm, 1.0), 1.0)
    return in_dtypes_of(tree.map(lambda g: g * factor, grads), grads)


def clipped(optimizer: Optimizer, max_norm: float) -> Optimizer:
    """An optimizer that shortens gradients first; see `clip_by_global_norm`.

    Parameters
    ----------
    optimizer : Optimizer
    max_norm : float

    Returns
    -------
    Optimizer

    Examples
    --------
    >>> from funcgrad.optimizers import sgd
    >>> opt = clipped(sgd(1.0), max_norm=2.0)
    >>> params, _ = opt.update(np.array([-50.0]), opt.init(np.ones(1)), np.ones(1))
    >>> params
    Array([3.])
    """

    def update(grads: Any, state: Any, params: Any) -> tuple[Any, Any]:
        return optimizer.update(clip_by_global_norm(grads, max_norm), state, params)

    return Optimizer(optimizer.init, update)
