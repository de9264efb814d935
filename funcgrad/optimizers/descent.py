"""Gradient descent along the gradient, or along a velocity."""

from __future__ import annotations

from typing import Any, NamedTuple

from funcgrad import tree
from funcgrad.optimizers.optimizer import (
    LearningRate,
    Optimizer,
    first_count,
    rate_at,
    stepped,
    zeros_like,
)


class SgdState(NamedTuple):
    """State of ``sgd``: steps taken, and the velocity of every parameter.

    Examples
    --------
    >>> import funcgrad as fg
    >>> import numpy as np
    >>> fg.optimizers.sgd(0.1).init(np.ones(2))
    SgdState(count=array(0), velocity=None)
    """

    count: Any
    velocity: Any


def sgd(
    learning_rate: LearningRate, momentum: float = 0.0, nesterov: bool = False
) -> Optimizer:
    """Gradient descent, with momentum if asked.

    Parameters
    ----------
    learning_rate : float or callable
        A callable gets the number of steps taken so far.
    momentum : float, optional
        Share of the velocity that is kept from step to step.
    nesterov : bool, optional
        Whether to step along the velocity that the next step would have.

    Returns
    -------
    Optimizer

    Examples
    --------
    >>> import numpy as np
    >>> opt = sgd(0.5)
    >>> params, state = opt.update(np.array([2.0]), opt.init(np.ones(1)), np.ones(1))
    >>> params
    Array([0.])
    """

    def init(params: Any) -> SgdState:
        velocity = zeros_like(params) if momentum else None
        return SgdState(first_count(), velocity)

    def update(grads: Any, state: SgdState, params: Any) -> tuple[Any, SgdState]:
        rate = rate_at(learning_rate, state.count)
        if not momentum:
            return stepped(params, grads, rate), SgdState(state.count + 1, None)
        velocity = tree.map(lambda v, g: momentum * v + g, state.velocity, grads)
        directions = velocity
        if nesterov:
            directions = tree.map(lambda v, g: momentum * v + g, velocity, grads)
        moved = stepped(params, directions, rate)
        return moved, SgdState(state.count + 1, velocity)

    return Optimizer(init, update)
