"""Gives back what calls of compiled functions have left in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funcgrad.api.jit import every_function
from funcgrad.deferred import deferred_module

if TYPE_CHECKING:
    from funcgrad.compiler.call import trampoline
else:
    trampoline = deferred_module("funcgrad.compiler.call.trampoline")


def clear_caches() -> None:
    """Forget the traced programs of every jitted function; code on disk stays.

    The scratch memory that is kept for the next call is given back, too.

    Examples
    --------
    >>> import funcgrad as fg
    >>> f = fg.jit(lambda x: 2 * x)
    >>> y = f(1.0)
    >>> clear_caches()
    >>> f.cache_info().currsize
    0
    """
    for function in list(every_function):
        function.clear_cache()
    trampoline.drop_workspace()
