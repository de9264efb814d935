"""Gradient descent and its kin as pairs of pure functions on pytrees.

An optimizer has ``init(params) -> state`` and ``update(grads, state, params) ->
(params, state)``. States are pytrees of arrays, the count of steps included, so that an
update can be compiled and be the body of a compiled loop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from funcgrad import ops, tree
from funcgrad.core.array import as_array
from funcgrad.core.trace import typeof
from funcgrad.ops.casting import convert_element_type

Schedule = Callable[[Any], Any]
LearningRate = float | Schedule


class Optimizer(NamedTuple):
    """How parameters move from their gradients.

    Attributes
    ----------
    init : callable
        ``init(params) -> state``.
    update : callable
        ``update(grads, state, params) -> (new_params, new_state)``; all pytrees.
    """

    init: Callable[[Any], Any]
    update: Callable[[Any, Any, Any], tuple[Any, Any]]


class SgdState(NamedTuple):
    """State of ``sgd``: steps taken, and the velocity of every parameter."""

    count: Any
    velocity: Any


class AdamState(NamedTuple):
    """State of ``adam``: steps taken, running means of gradients and their squares."""

    count: Any
    mean: Any
    square: Any


class RmspropState(NamedTuple):
    """State of ``rmsprop``: steps taken, running mean of squares, and velocity."""

    count: Any
    square: Any
    velocity: Any


def _first_count() -> Any:
    return np.zeros((), np.int64)


def _zeros_like(params: Any) -> Any:
    def zeros(leaf: Any) -> Any:
        aval = typeof(leaf)
        zero = np.zeros((), aval.dtype)[()]
        return as_array(ops.broadcast_in_dim(zero, aval.shape, ()))

    return tree.map(zeros, params)


def _rate(learning_rate: LearningRate, count: Any) -> Any:
    return learning_rate(count) if callable(learning_rate) else learning_rate


def _step(param: Any, direction: Any, rate: Any) -> Any:
    """``param - rate * direction``, in the dtype of the parameter."""
    dtype = typeof(param).dtype
    moved = param - rate * direction
    return as_array(convert_element_type(moved, dtype))


def _apply(params: Any, directions: Any, rate: Any) -> Any:
    return tree.map(lambda p, d: _step(p, d, rate), params, directions)


def _average(old: Any, new: Any, decay: float) -> Any:
    """Running mean of every leaf: ``decay * old + (1 - decay) * new``."""
    return tree.map(lambda o, n: decay * o + (1 - decay) * n, old, new)


def _size_squared(gradient: Any) -> Any:
    """``|g|**2``, real for complex gradients as well."""
    if typeof(gradient).dtype.kind == "c":
        return ops.real(gradient) ** 2 + ops.imag(gradient) ** 2
    return gradient * gradient


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
    >>> opt = sgd(0.5)
    >>> params, state = opt.update(np.array([2.0]), opt.init(np.ones(1)), np.ones(1))
    >>> params
    Array([0.])
    """

    def init(params: Any) -> SgdState:
        velocity = _zeros_like(params) if momentum else None
        return SgdState(_first_count(), velocity)

    def update(grads: Any, state: SgdState, params: Any) -> tuple[Any, SgdState]:
        rate = _rate(learning_rate, state.count)
        if not momentum:
            return _apply(params, grads, rate), SgdState(state.count + 1, None)
        velocity = tree.map(lambda v, g: momentum * v + g, state.velocity, grads)
        directions = velocity
        if nesterov:
            directions = tree.map(lambda v, g: momentum * v + g, velocity, grads)
        moved = _apply(params, directions, rate)
        return moved, SgdState(state.count + 1, velocity)

    return Optimizer(init, update)


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
        squares = _zeros_like(tree.map(_size_squared, params))
        return AdamState(_first_count(), _zeros_like(params), squares)

    def update(grads: Any, state: AdamState, params: Any) -> tuple[Any, AdamState]:
        count = state.count + 1
        mean = _average(state.mean, grads, b1)
        square = _average(state.square, tree.map(_size_squared, grads), b2)
        mean_bias, square_bias = 1 - b1**count, 1 - b2**count

        def direction(m: Any, s: Any, param: Any) -> Any:
            step = (m / mean_bias) / (np.sqrt(s / square_bias) + eps)
            return step + weight_decay * param if weight_decay else step

        directions = tree.map(direction, mean, square, params)
        moved = _apply(params, directions, _rate(learning_rate, state.count))
        kept = AdamState(count, _like(mean, state.mean), _like(square, state.square))
        return moved, kept

    return Optimizer(init, update)


def _like(new: Any, old: Any) -> Any:
    """New leaves in the dtypes of the old ones: what a loop carries keeps its type."""
    return tree.map(
        lambda n, o: as_array(convert_element_type(n, typeof(o).dtype)), new, old
    )


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
        squares = _zeros_like(tree.map(_size_squared, params))
        velocity = _zeros_like(params) if momentum else None
        return RmspropState(_first_count(), squares, velocity)

    def update(
        grads: Any, state: RmspropState, params: Any
    ) -> tuple[Any, RmspropState]:
        rate = _rate(learning_rate, state.count)
        square = _average(state.square, tree.map(_size_squared, grads), decay)
        square = _like(square, state.square)
        scaled = tree.map(lambda g, s: g / np.sqrt(s + eps), grads, square)
        count = state.count + 1
        if not momentum:
            return _apply(params, scaled, rate), RmspropState(count, square, None)
        velocity = tree.map(lambda v, d: momentum * v + d, state.velocity, scaled)
        velocity = _like(velocity, state.velocity)
        moved = _apply(params, velocity, rate)
        return moved, RmspropState(count, square, velocity)

    return Optimizer(init, update)
