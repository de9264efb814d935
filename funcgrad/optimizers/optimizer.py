"""What an optimizer is, and what all of them do with the leaves of parameters."""

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

    Examples
    --------
    >>> import funcgrad as fg
    >>> import numpy as np
    >>> optimizer = fg.optimizers.sgd(0.5)
    >>> params, state = np.array([1.0, 2.0]), optimizer.init(np.array([1.0, 2.0]))
    >>> params, state = optimizer.update(np.ones(2), state, params)
    >>> params
    Array([0.5, 1.5])
    """

    init: Callable[[Any], Any]
    update: Callable[[Any, Any, Any], tuple[Any, Any]]


def first_count() -> Any:
    """The count of steps before the first."""
    return np.zeros((), np.int64)


def zeros_like(params: Any) -> Any:
    """Zeros with the structure, shapes and dtypes of the parameters."""

    def zeros(leaf: Any) -> Any:
        aval = typeof(leaf)
        zero = np.zeros((), aval.dtype)[()]
        return as_array(ops.broadcast_in_dim(zero, aval.shape, ()))

    return tree.map(zeros, params)


def rate_at(learning_rate: LearningRate, count: Any) -> Any:
    """The rate for a step: a number, or what a schedule gives."""
    return learning_rate(count) if callable(learning_rate) else learning_rate


def _step(param: Any, direction: Any, rate: Any) -> Any:
    """``param - rate * direction``, in the dtype of the parameter."""
    dtype = typeof(param).dtype
    moved = param - rate * direction
    return as_array(convert_element_type(moved, dtype))


def stepped(params: Any, directions: Any, rate: Any) -> Any:
    """Every parameter a step of this rate against its direction."""
    return tree.map(lambda p, d: _step(p, d, rate), params, directions)


def average(old: Any, new: Any, decay: float) -> Any:
    """Running mean of every leaf: ``decay * old + (1 - decay) * new``."""
    return tree.map(lambda o, n: decay * o + (1 - decay) * n, old, new)


def size_squared(gradient: Any) -> Any:
    """``|g|**2``, real for complex gradients as well."""
    if typeof(gradient).dtype.kind == "c":
        return ops.real(gradient) ** 2 + ops.imag(gradient) ** 2
    return gradient * gradient


def in_dtypes_of(new: Any, old: Any) -> Any:
    """New leaves in the dtypes of the old ones: what a loop carries keeps its type."""
    return tree.map(
        lambda n, o: as_array(convert_element_type(n, typeof(o).dtype)), new, old
    )
