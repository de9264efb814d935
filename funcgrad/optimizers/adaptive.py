"""Steps whose size is adapted entry by entry from the gradients seen before."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from funcgrad import tree
from funcgrad.optimizers.optimizer import (
    LearningRate,
    Optimizer,
    average,
    first_count,
    in_dtypes_of,
    rate_at,
    size_squared,
    stepped,
    zeros_like,
)


class AdamState(NamedTuple):
    """State of ``adam``: steps taken, running means of gradients and their squares.

    Examples
    --------
    >>> import funcgrad as fg
    >>> import numpy as np
    >>> fg.optimizers.adam(0.1).init(np.ones(2))
    AdamState(count=array(0), mean=Array([0., 0.]), square=Array([0., 0.]))
    """

    count: Any
    mean: Any
    square: Any


class RmspropState(NamedTuple):
    """State of ``rmsprop``: steps taken, running mean of squares, and velocity.

    Examples
    --------
    >>> import funcgrad as fg
    >>> import numpy as np
    >>> fg.optimizers.rmsprop(0.1).init(np.ones(2))
    RmspropState(count=array(0), square=Array([0., 0.]), velocity=None)
    """

    count: Any
    square: Any
    velocity: Any


def adam(
    learning_rate: LearningRate,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
) -> Optimizer:
    """Adam: steps of about the learning rate in every entry (Kingma & Ba 2015).

    Parameters
    ----------
    learning_rate : float or callable
        A callable gets the number of steps taken so far.
    b1, b2 : float, optional
        Decay of the running means of gradients and of their squares.
    eps : float, optional
        Added to the root of the mean square.

    Returns
    -------
    Optimizer

    Notes
    -----
    arXiv:1412.6980, algorithm 1.

    Examples
    --------
    >>> opt = adam(0.1)
    >>> params, state = opt.update(np.array([5.0]), opt.init(np.ones(1)), np.ones(1))
    >>> round(float(params[0]), 6)
    0.9
    """
    return adamw(learning_rate, b1, b2, eps, weight_decay=0.0)


def adamw(
    learning_rate: LearningRate,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 1e-4,
) -> Optimizer:
    """Adam with weight decay apart from the gradient (Loshchilov & Hutter 2019).

    Parameters
    ----------
    learning_rate : float or callable
        A callable gets the number of steps taken so far.
    b1, b2 : float, optional
        Decay of the running means of gradients and of their squares.
    eps : float, optional
        Added to the root of the mean square.
    weight_decay : float, optional
        Share of the parameters taken away in each step, times the learning rate.

    Returns
    -------
    Optimizer

    Notes
    -----
    arXiv:1711.05101.

    Examples
    --------
    >>> opt = adamw(0.1, weight_decay=0.5)
    >>> params, state = opt.update(np.zeros(1), opt.init(np.ones(1)), np.ones(1))
    >>> params
    Array([0.95])
    """

    def init(params: Any) -> AdamState:
        squares = zeros_like(tree.map(size_squared, params))
        return AdamState(first_count(), zeros_like(params), squares)

    def update(grads: Any, state: AdamState, params: Any) -> tuple[Any, AdamState]:
        count = state.count + 1
        mean = average(state.mean, grads, b1)
        square = average(state.square, tree.map(size_squared, grads), b2)
        mean_bias, square_bias = 1 - b1**count, 1 - b2**count

        def direction(m: Any, s: Any, param: Any) -> Any:
            step = (m / mean_bias) / (np.sqrt(s / square_bias) + eps)
            return step + weight_decay * param if weight_decay else step

        directions = tree.map(direction, mean, square, params)
        moved = stepped(params, directions, rate_at(learning_rate, state.count))
        kept = AdamState(
            count, in_dtypes_of(mean, state.mean), in_dtypes_of(square, state.square)
        )
        return moved, kept

    return Optimizer(init, update)


def rmsprop(
    learning_rate: LearningRate,
    decay: float = 0.9,
    eps: float = 1e-8,
    momentum: float = 0.0,
) -> Optimizer:
    """Steps divided by the root of the running mean square of gradients (Hinton 2012).

    Parameters
    ----------
    learning_rate : float or callable
        A callable gets the number of steps taken so far.
    decay : float, optional
        Decay of the running mean of squares.
    eps : float, optional
        Added to the mean square, under the root.
    momentum : float, optional
        Share of the velocity that is kept from step to step.

    Returns
    -------
    Optimizer

    Examples
    --------
    >>> opt = rmsprop(0.1, decay=0.75)
    >>> params, state = opt.update(np.array([3.0]), opt.init(np.ones(1)), np.ones(1))
    >>> round(float(params[0]), 6)
    0.8
    """

    def init(params: Any) -> RmspropState:
        squares = zeros_like(tree.map(size_squared, params))
        velocity = zeros_like(params) if momentum else None
        return RmspropState(first_count(), squares, velocity)

    def update(
        grads: Any, state: RmspropState, params: Any
    ) -> tuple[Any, RmspropState]:
        rate = rate_at(learning_rate, state.count)
        square = average(state.square, tree.map(size_squared, grads), decay)
        square = in_dtypes_of(square, state.square)
        scaled = tree.map(lambda g, s: g / np.sqrt(s + eps), grads, square)
        count = state.count + 1
        if not momentum:
            return stepped(params, scaled, rate), RmspropState(count, square, None)
        velocity = tree.map(lambda v, d: momentum * v + d, state.velocity, scaled)
        velocity = in_dtypes_of(velocity, state.velocity)
        moved = stepped(params, velocity, rate)
        return moved, RmspropState(count, square, velocity)

    return Optimizer(init, update)


class AdagradState(NamedTuple):
    """State of ``adagrad``: steps taken, and the sum of squares of gradients.

    Examples
    --------
    >>> import funcgrad as fg
    >>> import numpy as np
    >>> fg.optimizers.adagrad(0.1).init(np.ones(2)).count
    array(0)
    """

    count: Any
    square: Any


def adagrad(
    learning_rate: LearningRate, initial: float = 0.1, eps: float = 1e-7
) -> Optimizer:
    """Steps divided by the root of the sum of squares of gradients (Duchi et al. 2011).

    Parameters
    ----------
    learning_rate : float or callable
        A callable gets the number of steps taken so far.
    initial : float, optional
        Where the sums of squares start.
    eps : float, optional
        Added to the sum, under the root.

    Returns
    -------
    Optimizer

    Notes
    -----
    Journal of Machine Learning Research 12:2121-2159.

    Examples
    --------
    >>> opt = adagrad(0.5, initial=0.0)
    >>> params, state = opt.update(np.array([3.0]), opt.init(np.ones(1)), np.ones(1))
    >>> round(float(params[0]), 6)
    0.5
    """

    def init(params: Any) -> AdagradState:
        squares = zeros_like(tree.map(size_squared, params))
        squares = tree.map(lambda s: s + initial, squares)
        return AdagradState(first_count(), squares)

    def update(
        grads: Any, state: AdagradState, params: Any
    ) -> tuple[Any, AdagradState]:
        square = tree.map(lambda s, g: s + size_squared(g), state.square, grads)
        square = in_dtypes_of(square, state.square)
        directions = tree.map(lambda g, s: g / np.sqrt(s + eps), grads, square)
        moved = stepped(params, directions, rate_at(learning_rate, state.count))
        return moved, AdagradState(state.count + 1, square)

    return Optimizer(init, update)
