"""From an operator on functions of one argument to one on functions of several."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

Function = Callable[..., Any]


def replaced(args: Sequence[Any], argnum: Any, x: Any) -> list[Any]:
    """The arguments with another value at one position, or values at several."""
    new = list(args)
    if isinstance(argnum, int):
        new[argnum] = x
    else:
        for position, value in zip(argnum, x, strict=True):
            new[position] = value
    return new


def named_after(fun: Function) -> Callable[[Function], Function]:
    """Decorator: the name and text of ``fun``, which need not be a function."""
    return functools.wraps(fun) if hasattr(fun, "__name__") else lambda new: new


def unary_to_nary(unary_operator: Function) -> Function:
    """An operator ``op(fun, x)`` as ``op(fun, argnum=0)(*args, **kwargs)``.

    Parameters
    ----------
    unary_operator : callable
        Takes a function of one argument, and the argument.

    Returns
    -------
    callable
        Takes a function, and the position of the argument that the operator is for; a
        tuple of positions stands for a tuple of arguments.

    Examples
    --------
    >>> double = unary_to_nary(lambda f, x: 2 * f(x))
    >>> double(lambda x, y: x - y, argnum=1)(5, 3)
    4
    """

    @functools.wraps(unary_operator)
    def nary_operator(fun: Function, argnum: Any = 0, *extra: Any, **named: Any) -> Any:
        @named_after(fun)
        def nary_f(*args: Any, **kwargs: Any) -> Any:
            def unary_f(x: Any) -> Any:
                return fun(*replaced(args, argnum, x), **kwargs)

            several = not isinstance(argnum, int)
            x = tuple(args[i] for i in argnum) if several else args[argnum]
            return unary_operator(unary_f, x, *extra, **named)

        return nary_f

    return nary_operator
