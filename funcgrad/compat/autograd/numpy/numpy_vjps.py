"""What rules for functions that broadcast need: sums over the stretched axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad import ops
from funcgrad.core.trace import typeof


def unbroadcast(x: Any, target_meta: Any, broadcast_idx: int = 0) -> Any:
    """The cotangent of an operand from that of its broadcast.

    Parameters
    ----------
    x : array
        Cotangent of the result.
    target_meta : tuple
        Shape of the operand first, as `metadata` gives it.
    broadcast_idx : int, optional
        The axis of ``x`` where the operand lacks axes.

    Returns
    -------
    array

    Examples
    --------
    >>> unbroadcast(np.ones((2, 3)), metadata(np.zeros((3,)))).tolist()
    [2.0, 2.0, 2.0]
    """
    shape, _, _, iscomplex = target_meta
    while np.ndim(x) > len(shape):
        x = np.sum(x, axis=broadcast_idx)
    axes = tuple(i for i, n in enumerate(shape) if n == 1 and np.shape(x)[i] != 1)
    if axes:
        x = np.sum(x, axis=axes, keepdims=True)
    return x if iscomplex or typeof(x).dtype.kind != "c" else ops.real(x)


def unbroadcast_f(target: Any, f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The function ``f`` of a cotangent, summed to the shape of ``target``."""
    meta = metadata(target)
    return lambda g: unbroadcast(f(g), meta)


def metadata(x: Any) -> tuple[tuple[int, ...], int, Any, bool]:
    """Shape, number of axes, dtype, and whether an array is complex."""
    aval = typeof(x)
    return aval.shape, aval.ndim, aval.dtype, aval.dtype.kind == "c"
