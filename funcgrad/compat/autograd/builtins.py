"""Python's types, by which traced values count as the values in them."""

from __future__ import annotations

import builtins
from builtins import dict as dict
from builtins import list as list
from builtins import tuple as tuple
from typing import Any

import numpy as np

from funcgrad.core.trace import Tracer, typeof


def type(x: Any) -> Any:
    """The type of a value; of a traced one, that of the value in it.

    Examples
    --------
    >>> type(np.zeros(2)).__name__
    'ndarray'
    """
    if not builtins.isinstance(x, Tracer):
        return builtins.type(x)
    aval = typeof(x)
    if aval.shape:
        return np.ndarray
    return (
        builtins.type(aval.dtype.type().item()) if aval.weak_type else aval.dtype.type
    )


def isinstance(x: Any, kind: Any) -> bool:
    """Whether a value is of a type; a traced one counts as the value in it.

    Examples
    --------
    >>> isinstance(1.0, float)
    True
    """
    return builtins.isinstance(x, kind) or (
        builtins.isinstance(x, Tracer) and issubclass(type(x), kind)
    )
