"""Comparisons: two arrays in, booleans out; they have no derivative."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad.core.numpy_protocol import defines_operator
from funcgrad.core.trace import Tracer
from funcgrad.ops.cases import binary, case, integers, reals
from funcgrad.ops.elementwise import Elementwise
from funcgrad.ops.structural import broadcast_in_dim

_CASES = (*binary(reals), case(integers((4,), 0, 3), integers((4,), 0, 3)))


def _bool(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return np.dtype(bool)


eq_p = Elementwise(
    "eq",
    numpy=np.equal,
    jvp=[None, None],
    lower=lambda b, x, y: b.cmp("eq", x, y),
    out_dtype=_bool,
    cases=_CASES,
)
ne_p = Elementwise(
    "ne",
    numpy=np.not_equal,
    jvp=[None, None],
    lower=lambda b, x, y: b.cmp("ne", x, y),
    out_dtype=_bool,
    cases=_CASES,
)
lt_p = Elementwise(
    "lt",
    numpy=np.less,
    jvp=[None, None],
    lower=lambda b, x, y: b.cmp("lt", x, y),
    out_dtype=_bool,
    cases=_CASES,
)
le_p = Elementwise(
    "le",
    numpy=np.less_equal,
    jvp=[None, None],
    lower=lambda b, x, y: b.cmp("le", x, y),
    out_dtype=_bool,
    cases=_CASES,
)
gt_p = Elementwise(
    "gt",
    numpy=np.greater,
    jvp=[None, None],
    lower=lambda b, x, y: b.cmp("gt", x, y),
    out_dtype=_bool,
    cases=_CASES,
)
ge_p = Elementwise(
    "ge",
    numpy=np.greater_equal,
    jvp=[None, None],
    lower=lambda b, x, y: b.cmp("ge", x, y),
    out_dtype=_bool,
    cases=_CASES,
)


def _compare(
    primitive: Elementwise, test: Callable[[Any, Any], bool], x: Any, y: Any
) -> Any:
    """Apply, minding Python integers that the other operand's dtype can not hold.

    Such a number lies on one side of every value of that dtype, so the answer is one
    for all entries, as in NumPy (``np.uint8(1) < 300``).
    """
    if type(y) is int and isinstance(x, Tracer) and _is_beyond(y, x.aval.dtype):
        return _everywhere(test(0, y), x.aval.shape)
    if type(x) is int and isinstance(y, Tracer) and _is_beyond(x, y.aval.dtype):
        return _everywhere(test(x, 0), y.aval.shape)
    return primitive(x, y)


def _is_beyond(value: int, dtype: np.dtype[Any]) -> bool:
    if dtype.kind not in "iu":
        return False
    info = np.iinfo(dtype)
    return not info.min <= value <= info.max


def _everywhere(value: bool, shape: tuple[Any, ...]) -> Any:
    return broadcast_in_dim(np.bool_(value), shape, ()) if shape else np.bool_(value)


@defines_operator("eq")
def eq(x: Any, y: Any) -> Any:
    """Whether ``x == y``; NaN equals nothing.

    Parameters
    ----------
    x, y : array
        Broadcast and promoted as NumPy does.

    Returns
    -------
    array, bool

    Raises
    ------
    ShapeError
        If the shapes do not broadcast.

    Examples
    --------
    >>> eq(np.array([1.0, np.nan]), np.array([1.0, np.nan]))
    array([ True, False])
    """
    return _compare(eq_p, operator.eq, x, y)


@defines_operator("ne")
def ne(x: Any, y: Any) -> Any:
    """Whether ``x != y``; NaN differs from everything.

    Parameters
    ----------
    x, y : array
        Broadcast and promoted as NumPy does.

    Returns
    -------
    array, bool

    Raises
    ------
    ShapeError
        If the shapes do not broadcast.

    Examples
    --------
    >>> ne(np.array([1.0, np.nan]), np.array([1.0, np.nan]))
    array([False,  True])
    """
    return _compare(ne_p, operator.ne, x, y)


@defines_operator("lt")
def lt(x: Any, y: Any) -> Any:
    """Whether ``x < y``; complex numbers by real part, then by imaginary part.

    Parameters
    ----------
    x, y : array
        Broadcast and promoted as NumPy does.

    Returns
    -------
    array, bool

    Raises
    ------
    ShapeError
        If the shapes do not broadcast.

    Examples
    --------
    >>> lt(np.array([1, 2, 3]), 2)
    array([ True, False, False])
    """
    return _compare(lt_p, operator.lt, x, y)


@defines_operator("le")
def le(x: Any, y: Any) -> Any:
    """Whether ``x <= y``; complex numbers by real part, then by imaginary part.

    Parameters
    ----------
    x, y : array
        Broadcast and promoted as NumPy does.

    Returns
    -------
    array, bool

    Raises
    ------
    ShapeError
        If the shapes do not broadcast.

    Examples
    --------
    >>> le(np.array([1, 2, 3]), 2)
    array([ True,  True, False])
    """
    return _compare(le_p, operator.le, x, y)


@defines_operator("gt")
def gt(x: Any, y: Any) -> Any:
    """Whether ``x > y``; complex numbers by real part, then by imaginary part.

    Parameters
    ----------
    x, y : array
        Broadcast and promoted as NumPy does.

    Returns
    -------
    array, bool

    Raises
    ------
    ShapeError
        If the shapes do not broadcast.

    Examples
    --------
    >>> gt(np.array([1, 2, 3]), 2)
    array([False, False,  True])
    """
    return _compare(gt_p, operator.gt, x, y)


@defines_operator("ge")
def ge(x: Any, y: Any) -> Any:
    """Whether ``x >= y``; complex numbers by real part, then by imaginary part.

    Parameters
    ----------
    x, y : array
        Broadcast and promoted as NumPy does.

    Returns
    -------
    array, bool

    Raises
    ------
    ShapeError
        If the shapes do not broadcast.

    Examples
    --------
    >>> ge(np.array([1, 2, 3]), 2)
    array([False,  True,  True])
    """
    return _compare(ge_p, operator.ge, x, y)


def is_zero(x: Any) -> Any:
    """Whether an entry of the inexact ``x`` is zero."""
    return eq_p.bind(x, 0.0)
