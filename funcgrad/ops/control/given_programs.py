"""Programs that JAX hands to its compiler with a note: here they are run as given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def optimization_barrier(operand: Any) -> Any:
    """``operand`` itself: nothing here moves operations in a way that would matter.

    Examples
    --------
    >>> optimization_barrier((1.0, 2.0))
    (1.0, 2.0)
    """
    return operand


def composite(
    decomposition: Callable[..., Any], name: str, version: int = 0
) -> Callable[..., Any]:
    """The function itself; ``name`` and ``version`` tell other compilers what it is.

    Examples
    --------
    >>> composite(lambda x: x + 1.0, name="my.increment")(1.0)
    2.0
    """
    return decomposition


def platform_dependent(
    *args: Any, default: Callable[..., Any] | None = None, **per_platform: Any
) -> Any:
    """What the function named ``cpu``, or else the default one, gives.

    Parameters
    ----------
    *args : any
    default : callable, optional
    **per_platform : callable
        By the platform's name.

    Raises
    ------
    NotImplementedError
        If there is neither.

    Examples
    --------
    >>> platform_dependent(1.0, cpu=lambda x: x, cuda=lambda x: -x)
    1.0
    """
    function = per_platform.get("cpu", default)
    if function is None:
        raise NotImplementedError(
            f"there is no function for the platform 'cpu', only for "
            f"{', '.join(per_platform)}"
        )
    return function(*args)
