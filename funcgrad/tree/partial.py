"""`functools.partial` as a container, so that functions with data can be arguments."""

import functools
from collections.abc import Callable
from typing import Any, Self

from funcgrad.tree.registry import register_pytree_node


class _Opaque:
    """A partial function that ``functools.partial`` does not merge with another."""

    def __init__(self, partial: "functools.partial[Any]") -> None:
        self.partial = partial

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.partial(*args, **kwargs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Opaque) and self.partial == other.partial

    def __hash__(self) -> int:
        return hash(self.partial)

    def __repr__(self) -> str:
        return repr(self.partial)


class Partial(functools.partial[Any]):
    """A partial function whose arguments are leaves and whose function is structure.

    Parameters
    ----------
    func : callable
        A partial function is kept whole: its own arguments stay part of the structure.
    *args, **keywords
        Arguments given beforehand; they may be traced and differentiated.

    Examples
    --------
    >>> from funcgrad import tree
    >>> scale = Partial(pow, 3)
    >>> scale(2)
    9
    >>> tree.map(lambda x: x + 1, scale)(2)
    16
    """

    def __new__(cls, func: Callable[..., Any], /, *args: Any, **kw: Any) -> Self:
        """Keep a partial function whole."""
        if isinstance(func, functools.partial):
            func = _Opaque(func)
        return super().__new__(cls, func, *args, **kw)


def _flatten(value: Partial) -> tuple[tuple[Any, ...], Any]:
    return (value.args, value.keywords), value.func


def _unflatten(func: Any, children: tuple[Any, ...]) -> Partial:
    args, keywords = children
    return Partial(func, *args, **keywords)


register_pytree_node(Partial, _flatten, _unflatten)
