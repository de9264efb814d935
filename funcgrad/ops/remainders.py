"""Quotients rounded down, and remainders."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad.core.numpy_protocol import defines_operator
from funcgrad.ops.arithmetic import div, neg, strong_mul, sub
from funcgrad.ops.cases import binary, case, integers, positive, reals
from funcgrad.ops.elementwise import Elementwise

_CASES = (
    *binary(reals, positive),
    case(integers((6,), -7, 8), integers((6,), 1, 4)),
)


@defines_operator("floordiv")
def floor_divide(x: Any, y: Any) -> Any:
    """Largest whole number not above ``x / y``; 0 where the integer ``y`` is 0.

    Parameters
    ----------
    x, y : array
        Broadcast and promoted as NumPy does.

    Returns
    -------
    array, the common dtype

    Raises
    ------
    ShapeError
        If the shapes do not broadcast.

    Examples
    --------
    >>> floor_divide(np.array([7, -7]), 2)
    array([ 3, -4])
    """
    return floor_divide_p(x, y)


@defines_operator("mod")
def mod(x: Any, y: Any) -> Any:
    """Remainder with the sign of ``y``: ``x - y * floor(x / y)``.

    Parameters
    ----------
    x, y : array
        Broadcast and promoted as NumPy does.

    Returns
    -------
    array, the common dtype

    Raises
    ------
    ShapeError
        If the shapes do not broadcast.

    Examples
    --------
    >>> mod(np.array([7, -7]), 2)
    array([1, 1])
    """
    return mod_p(x, y)


@defines_operator("divmod")
def divmod(x: Any, y: Any) -> tuple[Any, Any]:
    """``(x // y, x % y)``."""
    return floor_divide(x, y), mod(x, y)


def rem(x: Any, y: Any) -> Any:
    """Remainder with the sign of ``x``: ``x - y * trunc(x / y)`` (C's ``fmod``).

    Parameters
    ----------
    x, y : array
        Broadcast and promoted as NumPy does.

    Returns
    -------
    array, the common dtype

    Raises
    ------
    ShapeError
        If the shapes do not broadcast.

    Examples
    --------
    >>> rem(np.array([7, -7]), 2)
    array([ 1, -1])
    """
    return rem_p(x, y)


def _whole_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """NumPy does arithmetic that bool has none of in int8."""
    return np.dtype(np.int8) if dtype.kind == "b" else dtype


def _lower_whole(name: str) -> Any:
    def lower(b: Any, x: Any, y: Any) -> Any:
        dtype = _whole_dtype(x.dtype)
        return getattr(b, name)(b.convert(x, dtype), b.convert(y, dtype))

    return lower


floor_divide_p = Elementwise(
    "floor_divide",
    numpy=np.floor_divide,
    jvp=[None, None],
    lower=_lower_whole("floor_divide"),
    out_dtype=_whole_dtype,
    kinds="biuf",
    keeps_weak_type=True,
    cost=12,
    cases=_CASES,
)
mod_p = Elementwise(
    "mod",
    numpy=np.remainder,
    jvp=[
        lambda t, z, x, y: t,
        lambda t, z, x, y: strong_mul(t, neg(floor_divide(x, y))),
    ],
    lower=_lower_whole("mod"),
    out_dtype=_whole_dtype,
    kinds="biuf",
    keeps_weak_type=True,
    cost=12,
    cases=_CASES,
)
rem_p = Elementwise(
    "rem",
    numpy=np.fmod,
    jvp=[
        lambda t, z, x, y: t,
        # The truncated quotient, exact up to rounding.
        lambda t, z, x, y: strong_mul(t, div(sub(z, x), y)),
    ],
    lower=_lower_whole("fmod"),
    out_dtype=_whole_dtype,
    kinds="biuf",
    keeps_weak_type=True,
    cost=12,
    cases=_CASES,
)
