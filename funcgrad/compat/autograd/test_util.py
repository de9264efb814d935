"""Checks of derivatives against differences."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from funcgrad.compat.autograd.vector_spaces import as_floats
from funcgrad.compat.autograd.wrap_util import Function, unary_to_nary
from funcgrad.testing.check_grads import check_grads as check


@unary_to_nary
def check_grads(
    f: Function, x: Any, modes: Sequence[str] = ("fwd", "rev"), order: int = 2
) -> None:
    """Check derivatives in both modes and up to an order: ``check_grads(f)(*args)``.

    Parameters
    ----------
    f : callable
    argnum : int or tuple of int
    modes : sequence of {"fwd", "rev"}
    order : int

    Raises
    ------
    AssertionError
        If a derivative is not what differences say.

    Examples
    --------
    >>> import numpy as np
    >>> check_grads(np.sin, modes=["rev"], order=1)(0.5)
    """
    check(f, (as_floats(x),), order, tuple(modes))


def combo_check(
    fun: Function, argnums: Any, *args: Any, **kwargs: Any
) -> Callable[..., None]:
    """Check derivatives for all combinations of values of each argument."""
    checked = check_grads(fun, argnums, *args, **kwargs)

    def check_all(*values: Sequence[Any], **keywords: Sequence[Any]) -> None:
        for arguments in itertools.product(*values):
            for chosen in itertools.product(*keywords.values()):
                checked(*arguments, **dict(zip(keywords, chosen, strict=True)))

    return check_all
