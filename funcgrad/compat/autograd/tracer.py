"""Traced values: what they are an instance of, and the values in them."""

from __future__ import annotations

import functools
from typing import Any

from funcgrad import errors
from funcgrad.compat.autograd.extend import primitive as primitive
from funcgrad.compat.autograd.wrap_util import Function
from funcgrad.core.source import user_frame
from funcgrad.core.trace import Tracer as Box

__all__ = ["Box", "getval", "isbox", "notrace_primitive", "primitive"]


def isbox(x: Any) -> bool:
    """Whether a value is traced."""
    return isinstance(x, Box)


def getval(x: Any) -> Any:
    """The value in a traced value, without its derivative; others as they are.

    Raises
    ------
    ConcretizationTypeError
        If it is not known, since the function is compiled or batched.
    """
    if not isinstance(x, Box):
        return x
    value = x.concrete()
    if value is None:
        raise errors.ConcretizationTypeError(
            errors.message(
                "`getval` needs a value that is not known while the function is "
                "traced.",
                where=user_frame(),
                got=str(x.aval),
                fix="call the function without jit, or use funcgrad.stop_gradient",
                see=errors.ConcretizationTypeError.page,
            )
        )
    return value


def notrace_primitive(f_raw: Function) -> Function:
    """A function that is called with values, and has no derivative.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad.compat.autograd import grad
    >>> count = notrace_primitive(lambda x: len(np.nonzero(x)[0]))
    >>> grad(lambda x: count(x) * x.sum())(np.array([1.0, 0.0, 2.0])).tolist()
    [2.0, 2.0, 2.0]
    """

    @functools.wraps(f_raw)
    def f_wrapped(*args: Any, **kwargs: Any) -> Any:
        return f_raw(*map(getval, args), **kwargs)

    return f_wrapped
