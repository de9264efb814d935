"""Keywords that JAX's functions take and funcgrad's do not: dropped, or renamed.

Dropped are those that choose a device, or how exactly one multiplies: there is one
device, and products are exact in their dtype.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection, Iterator
from typing import Any

DROPPED = frozenset(
    "accuracy backend compiler_options device in_shardings out_sharding out_shardings "
    "precision reduce_axes sharding spmd_axis_name".split()
)
RENAMED = {
    "operand": "x",
    "array": "x",
    "broadcast_dimensions": "dims",
    "start_indices": "starts",
    "start_index": "start",
    "limit_indices": "limit",
    "limit_index": "limit",
    "slice_size": "size",
    "new_sizes": "shape",
    "fill_value": "value",
    "padding_value": "value",
    "scatter_indices": "indices",
    "new_val": "enable",
}


def taking_jax_keywords(
    function: Callable[..., Any], known: Collection[str] | None = None
) -> Callable[..., Any]:
    """A function that takes the keywords which JAX's takes.

    Parameters
    ----------
    function : callable
    known : collection of str, optional
        The keywords that it takes itself. By default those of its signature; one with
        ``**kwargs`` is given back as it is.

    Returns
    -------
    callable

    Examples
    --------
    >>> f = taking_jax_keywords(lambda x, start: x + start)
    >>> f(operand=2, start_index=1, precision="highest")
    3
    """
    if known is None:
        parameters = inspect.signature(function).parameters
        if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
            return function
        known = frozenset(parameters)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if any(name not in known for name in kwargs):
            kwargs = dict(_fitted(kwargs, known))
        return function(*args, **kwargs)

    return call


def _fitted(
    kwargs: dict[str, Any], known: Collection[str]
) -> Iterator[tuple[str, Any]]:
    """The arguments by names of the function; an unknown one is left for its error."""
    for name, value in kwargs.items():
        if name in known:
            yield name, value
        elif name not in DROPPED:
            new = RENAMED.get(name, name)
            yield (new if new in known else name), value
