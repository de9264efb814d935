"""Nested values as one vector."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from funcgrad.compat.autograd.vector_spaces import as_floats
from funcgrad.flatten_util import ravel_pytree


def flatten(value: Any) -> tuple[Any, Callable[[Any], Any]]:
    """All numbers of a nested value in one vector, and the function back.

    Examples
    --------
    >>> vector, unflatten = flatten([1.0, (2.0, 3.0)])
    >>> vector.tolist()
    [1.0, 2.0, 3.0]
    """
    return ravel_pytree(as_floats(value))


def flatten_func(
    func: Callable[..., Any], example: Any
) -> tuple[Callable[..., Any], Callable[[Any], Any], Any]:
    """A function of nested values as one of vectors, for an example of its argument."""
    vector, unflatten = flatten(example)

    def flat(x: Any, *args: Any) -> Any:
        return flatten(func(unflatten(x), *args))[0]

    return flat, unflatten, vector
