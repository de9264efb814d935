"""What JAX's arrays do and funcgrad's do not, for as long as the stand-in is installed.

``x += y`` gives a new array: programs written for JAX count on it that nobody else's
``x`` changes. NumPy's own arrays keep writing in place.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad.api.devices import block_until_ready, devices
from funcgrad.compat.jax.sharding import REPLICATED
from funcgrad.core.array import Array

_OPERATORS = (
    "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift".split()
)


def _new_array(name: str) -> Callable[[Any, Any], Any]:
    """The in-place operator as the operator itself, whose result is a new array."""
    function: Callable[[Any, Any], Any] = getattr(operator, f"__{name}__")

    def method(self: Any, other: Any) -> Any:
        return function(self, other)

    return method


_REDUCTIONS = "sum prod max min mean std var all any".split()


def _reduction(name: str) -> Callable[..., Any]:
    """The method of an ndarray, for which ``where=None`` is no mask, as JAX has it."""
    function: Callable[..., Any] = getattr(np.ndarray, name)

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        if kwargs:
            kwargs = {key: x for key, x in kwargs.items() if x is not None}
        return function(self, *args, **kwargs)

    return method


_ATTRIBUTES: dict[str, Any] = {
    **{f"__i{name}__": _new_array(name) for name in _OPERATORS},
    **{name: _reduction(name) for name in _REDUCTIONS},
    "block_until_ready": block_until_ready,
    "devices": lambda self: set(devices()),
    "is_fully_addressable": True,
    "sharding": REPLICATED,
    "weak_type": False,
}


def behave_as_jax() -> None:
    """Give funcgrad's arrays the operators and attributes of JAX's."""
    for name, value in _ATTRIBUTES.items():
        setattr(Array, name, value)


def behave_as_numpy() -> None:
    """Undo `behave_as_jax`."""
    for name in _ATTRIBUTES:
        delattr(Array, name)
