"""L-BFGS: quasi-Newton steps from the last few gradients, with a line search."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from funcgrad import ops
from funcgrad.api.gradient import value_and_grad
from funcgrad.core.array import as_array
from funcgrad.core.trace import typeof
from funcgrad.flatten_util import ravel_pytree
from funcgrad.ops.control.loops import scan
from funcgrad.optimizers.line_search import Point, inner, search_line
from funcgrad.optimizers.optimizer import Optimizer, first_count

_SMALLEST_COSINE = 1e-10


class LbfgsState(NamedTuple):
    """State of ``lbfgs``.

    Attributes
    ----------
    count : int scalar
        Steps taken.
    value : float scalar
        The loss at the parameters.
    gradient : array, shape (n,)
        Its gradient there, flat; conjugated where parameters are complex.
    steps, changes : array, shape (memory_size, n)
        The last steps, oldest first, and how the gradient changed in each.
    weights : array, shape (memory_size,)
        One over the product of each step with its change; 0 where there is none yet.

    Examples
    --------
    >>> import funcgrad as fg
    >>> import numpy as np
    >>> lbfgs = fg.optimizers.lbfgs(lambda x: np.sum(x**2), memory_size=2)
    >>> lbfgs.init(np.ones(3)).steps.shape
    (2, 3)
    """

    count: Any
    value: Any
    gradient: Any
    steps: Any
    changes: Any
    weights: Any


def lbfgs(
    loss: Callable[[Any], Any],
    memory_size: int = 10,
    max_line_search: int = 30,
) -> Optimizer:
    """Quasi-Newton steps that approximate the Hessian by the last few gradients.

    The length of each step is found by a line search on ``loss``, so that no learning
    rate is needed. For smooth functions that are the same in every step, not for
    batches of data.

    Parameters
    ----------
    loss : callable
        Of the parameters; gives a real scalar.
    memory_size : int, optional
        How many steps are remembered.
    max_line_search : int, optional
        How often the loss may be evaluated in one step; a step that finds no lower
        value stays where it is.

    Returns
    -------
    Optimizer
        Its ``update`` takes None for the gradient, which the state has already. The
        state's ``value`` and ``gradient`` belong to the parameters that are returned.

    Notes
    -----
    Nocedal, Mathematics of Computation 35:773-782, 1980 (the two loops); Lewis &
    Overton, Mathematical Programming 141:135-163, 2013 (the line search).

    Examples
    --------
    >>> import funcgrad as fg
    >>> def rosenbrock(x):
    ...     return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2
    >>> opt = lbfgs(rosenbrock)
    >>> def step(carry, _):
    ...     params, state = carry
    ...     params, state = opt.update(None, state, params)
    ...     return (params, state), state.value
    >>> @fg.jit
    ... def minimize(x):
    ...     return fg.lax.scan(step, (x, opt.init(x)), length=40)
    >>> (x, state), values = minimize(np.array([-1.2, 1.0]))
    >>> np.round(x, 6).tolist()
    [1.0, 1.0]
    """

    def evaluate(flat: Any, unravel: Callable[[Any], Any]) -> tuple[Any, Any]:
        value, grads = value_and_grad(loss)(unravel(flat))
        return value, _flat_gradient(grads)

    def init(params: Any) -> LbfgsState:
        flat, unravel = ravel_pytree(params)
        value, gradient = evaluate(flat, unravel)
        memory = ops.full((memory_size, flat.size), 0, typeof(gradient).dtype)
        weights = ops.full((memory_size,), 0, typeof(value).dtype)
        arrays = map(as_array, (value, gradient, memory, memory, weights))
        return LbfgsState(first_count(), *arrays)

    def update(grads: Any, state: LbfgsState, params: Any) -> tuple[Any, LbfgsState]:
        flat, unravel = ravel_pytree(params)
        gradient = state.gradient if grads is None else _flat_gradient(grads)
        direction, length = _direction(gradient, state)
        start = Point(state.value, gradient, np.zeros((), typeof(length).dtype))
        end = search_line(
            lambda t: evaluate(flat + t * direction, unravel),
            start,
            direction,
            length,
            max_line_search,
        )
        kept = _remember(state, end.length * direction, end.gradient - gradient)
        kept = kept._replace(
            count=state.count + 1, value=end.value, gradient=end.gradient
        )
        return unravel(flat + end.length * direction), kept

    return Optimizer(init, update)


def _flat_gradient(grads: Any) -> Any:
    return np.conj(ravel_pytree(grads)[0])


def _direction(gradient: Any, state: LbfgsState) -> tuple[Any, Any]:
    """The direction of the step, and the length to try first."""
    memory = (state.steps, state.changes, state.weights)

    def newest_first(q: Any, pair: Any) -> tuple[Any, Any]:
        step, change, weight = pair
        share = weight * inner(step, q)
        return q - share * change, share

    def oldest_first(r: Any, pair: Any) -> tuple[Any, None]:
        (step, change, weight), share = pair
        return r + step * (share - weight * inner(change, r)), None

    q, shares = scan(newest_first, gradient, memory, reverse=True)
    weight, change = state.weights[-1], state.changes[-1]
    squares = weight * inner(change, change)
    # With nothing remembered the first step is at most as long as 1.
    known = squares > 0
    r = q * ops.where(known, 1 / ops.where(known, squares, 1.0), 1.0)
    r, _ = scan(oldest_first, r, (memory, shares))
    descends = inner(gradient, r) > 0
    direction = -ops.where(descends, r, gradient)
    size = np.sum(np.abs(gradient))
    length = ops.where(known & descends, 1.0, 1 / np.maximum(size, 1.0))
    return direction, length


def _remember(state: LbfgsState, step: Any, change: Any) -> LbfgsState:
    """The state with another pair in place of the oldest, if it has curvature."""
    product = inner(step, change)
    sizes = np.sqrt(inner(step, step) * inner(change, change))
    curved = product > _SMALLEST_COSINE * sizes
    weight = ops.where(curved, 1 / ops.where(curved, product, 1.0), 0.0)

    def pushed(old: Any, new: Any) -> Any:
        new = ops.reshape(new, (1, *typeof(new).shape))
        return ops.where(curved, ops.concatenate([old[1:], new], 0), old)

    return state._replace(
        steps=pushed(state.steps, step),
        changes=pushed(state.changes, change),
        weights=pushed(state.weights, weight),
    )
