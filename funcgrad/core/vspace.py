"""The vector space of tangents and cotangents: symbolic zero, sum, instantiation."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad.config import modes
from funcgrad.core import numpy_protocol as protocol
from funcgrad.core.aval import DYNAMIC, ShapedArray, float0
from funcgrad.core.trace import Tracer, typeof


class Zero:
    """A tangent or cotangent known to be zero; ``aval`` is its space.

    Examples
    --------
    >>> import funcgrad as fg
    >>> import numpy as np
    >>> fg.custom_derivatives.SymbolicZero(fg.typeof(np.ones(3))).aval
    ShapedArray(float64[3])
    """

    __slots__ = ("_aval", "_primal")

    def __init__(self, aval: ShapedArray | None, primal: Any = None) -> None:
        self._aval = aval
        self._primal = primal

    @property
    def aval(self) -> ShapedArray:
        # Most zeros are never asked: the type of the primal is found when they are.
        if self._aval is None:
            self._aval = typeof(self._primal).tangent()
            self._primal = None
        return self._aval

    def __repr__(self) -> str:
        return f"Zero({self.aval})"


def zero_like(primal: Any) -> Zero:
    """The zero tangent of a value."""
    return Zero(None, primal)


def add_tangents(x: Any, y: Any) -> Any:
    """The sum of two tangents, either of which may be ``Zero`` or None."""
    if x is None or type(x) is Zero:
        return x if y is None else y
    if y is None or type(y) is Zero:
        return x
    if isinstance(x, Tracer):
        shape = x.aval.shape
        owner = x.owner
        if (
            owner.records_only
            and not modes.special
            and isinstance(y, Tracer)
            and y.owner is owner
            and y.aval.shape == shape
        ):
            return owner.add(x, y)
        if shape and type(shape[0]) is type(DYNAMIC):
            return protocol.operators["add_tapes"](x, y)
    elif type(x) is np.ndarray and x.dtype == float0:
        return x
    return protocol.operators["add_tangents"](x, y)
