"""Operations on the bits of integers, logical ones for bool."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad.core.numpy_protocol import defines_operator
from funcgrad.core.trace import typeof
from funcgrad.ops.cases import array, booleans, case, integers
from funcgrad.ops.elementwise import Elementwise, wrong_kind

_PAIRS = (
    case(integers((6,)), integers((6,))),
    case(integers(()), integers((4,))),
    case(booleans((6,)), booleans((6,))),
    case(booleans((0,)), booleans((0,))),
)
_BITS = (
    case(array(np.array([0, 1, -1, 5, 2**40], np.int64))),
    case(integers((3,), -128, 128, np.int8)),
    case(integers((2, 3), 0, 2**31, np.uint32)),
    case(integers((0,))),
)
_SHIFTS = (
    case(integers((6,), -50, 50), integers((6,), 0, 8)),
    case(integers((), 0, 200, np.uint8), integers((6,), 0, 12, np.uint8)),
    case(integers((4,), -9, 9, np.int32), array(np.array([31, 32, 40, 1], np.int32))),
)


def _whole_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """NumPy shifts bool in int8."""
    return np.dtype(np.int8) if dtype.kind == "b" else dtype


def _shift_as(kind: str) -> Callable[[Any, Any], Any]:
    """NumPy's right shift of the bits read as signed or unsigned."""

    def shift(x: Any, y: Any) -> Any:
        dtype = _whole_dtype(np.result_type(x, y))
        if dtype.kind not in "iu":
            raise wrong_kind("shift_right", dtype, "biu")
        own = np.dtype(f"{kind}{dtype.itemsize}")
        x, y = [np.asarray(v).astype(dtype).view(own) for v in (x, y)]
        return np.right_shift(x, y).view(dtype)[()]

    return shift


def _population_count(x: Any) -> Any:
    x = np.asarray(x)
    bits = x if x.dtype.kind == "b" else x.view(f"u{x.dtype.itemsize}")
    return np.bitwise_count(bits).astype(_whole_dtype(x.dtype))[()]


def _clz(x: Any) -> Any:
    """Halve the width as often as the upper half is empty."""
    x = np.asarray(x)
    bits, width = x.view(f"u{x.dtype.itemsize}"), 8 * x.dtype.itemsize
    count = np.full(x.shape, width, bits.dtype)
    step = width // 2
    while step:
        upper = bits >> bits.dtype.type(step)
        full = upper != 0
        count = np.where(full, count - bits.dtype.type(step), count)
        bits = np.where(full, upper, bits)
        step //= 2
    return (count - bits).astype(x.dtype)[()]


def _lower_shift(name: str) -> Callable[..., Any]:
    def lower(b: Any, x: Any, y: Any) -> Any:
        dtype = _whole_dtype(x.dtype)
        return getattr(b, name)(b.convert(x, dtype), b.convert(y, dtype))

    return lower


and_p = Elementwise(
    "and",
    numpy=np.bitwise_and,
    jvp=[None, None],
    lower=lambda b, x, y: b.and_(x, y),
    kinds="biu",
    keeps_weak_type=True,
    cases=_PAIRS,
)
or_p = Elementwise(
    "or",
    numpy=np.bitwise_or,
    jvp=[None, None],
    lower=lambda b, x, y: b.or_(x, y),
    kinds="biu",
    keeps_weak_type=True,
    cases=_PAIRS,
)
xor_p = Elementwise(
    "xor",
    numpy=np.bitwise_xor,
    jvp=[None, None],
    lower=lambda b, x, y: b.xor(x, y),
    kinds="biu",
    keeps_weak_type=True,
    cases=_PAIRS,
)
not_p = Elementwise(
    "not",
    numpy=np.invert,
    jvp=[None],
    lower=lambda b, x: b.not_(x),
    kinds="biu",
    keeps_weak_type=True,
    cases=(*_BITS, case(booleans((4,)))),
)
shift_left_p = Elementwise(
    "shift_left",
    numpy=np.left_shift,
    jvp=[None, None],
    lower=_lower_shift("shl"),
    out_dtype=_whole_dtype,
    kinds="biu",
    keeps_weak_type=True,
    cases=_SHIFTS,
)
shift_right_arithmetic_p = Elementwise(
    "shift_right_arithmetic",
    numpy=_shift_as("i"),
    jvp=[None, None],
    lower=_lower_shift("ashr"),
    out_dtype=_whole_dtype,
    kinds="biu",
    keeps_weak_type=True,
    cases=_SHIFTS,
)
shift_right_logical_p = Elementwise(
    "shift_right_logical",
    numpy=_shift_as("u"),
    jvp=[None, None],
    lower=_lower_shift("lshr"),
    out_dtype=_whole_dtype,
    kinds="biu",
    keeps_weak_type=True,
    cases=_SHIFTS,
)
population_count_p = Elementwise(
    "population_count",
    numpy=_population_count,
    jvp=[None],
    lower=lambda b, x: b.popcount(b.convert(x, _whole_dtype(x.dtype))),
    out_dtype=_whole_dtype,
    kinds="biu",
    cases=_BITS,
)
clz_p = Elementwise(
    "clz",
    numpy=_clz,
    jvp=[None],
    lower=lambda b, x: b.clz(x),
    kinds="iu",
    cases=_BITS,
)


@defines_operator("and_")
def bitwise_and(x: Any, y: Any) -> Any:
    """Bits set in both; logical for bool.

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
    DTypeError
        If an operand is not integer or bool.

    Examples
    --------
    >>> bitwise_and(12, 10)
    8
    """
    return and_p(x, y)


@defines_operator("or_")
def bitwise_or(x: Any, y: Any) -> Any:
    """Bits set in either; logical for bool.

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
    DTypeError
        If an operand is not integer or bool.

    Examples
    --------
    >>> bitwise_or(12, 10)
    14
    """
    return or_p(x, y)


@defines_operator("xor")
def bitwise_xor(x: Any, y: Any) -> Any:
    """Bits set in one of the two; logical for bool.

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
    DTypeError
        If an operand is not integer or bool.

    Examples
    --------
    >>> bitwise_xor(12, 10)
    6
    """
    return xor_p(x, y)


@defines_operator("invert")
def bitwise_not(x: Any) -> Any:
    """All bits inverted; logical for bool.

    Parameters
    ----------
    x : array
        Integer or bool.

    Returns
    -------
    array, shape of ``x``, the dtype of ``x``

    Examples
    --------
    >>> bitwise_not(np.array([True, False]))
    array([False,  True])
    """
    return not_p.bind(x)


@defines_operator("lshift")
def shift_left(x: Any, y: Any) -> Any:
    """Bits moved up by ``y``; zero where ``y`` is at least the width.

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
    DTypeError
        If an operand is not integer or bool.

    Examples
    --------
    >>> shift_left(np.array([1, 3]), 2)
    array([ 4, 12])
    """
    return shift_left_p(x, y)


def shift_right_arithmetic(x: Any, y: Any) -> Any:
    """Bits moved down by ``y``, the sign filling up.

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
    DTypeError
        If an operand is not integer or bool.

    Examples
    --------
    >>> shift_right_arithmetic(np.array([-8, 8]), 1)
    array([-4,  4])
    """
    return shift_right_arithmetic_p(x, y)


def shift_right_logical(x: Any, y: Any) -> Any:
    """Bits moved down by ``y``, zeros filling up.

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
    DTypeError
        If an operand is not integer or bool.

    Examples
    --------
    >>> shift_right_logical(np.array([-8, 8], np.int8), 1)
    array([124,   4], dtype=int8)
    """
    return shift_right_logical_p(x, y)


@defines_operator("rshift")
def right_shift(x: Any, y: Any) -> Any:
    """Bits moved down by ``y``: ``floor(x / 2**y)``, signed or not.

    Examples
    --------
    >>> right_shift(np.array([-8, 8]), 1)
    array([-4,  4])
    """
    first, second = typeof(x), typeof(y)
    strong = [a.dtype for a in (first, second) if not a.weak_type]
    if strong and np.result_type(*strong).kind == "u":
        return shift_right_logical(x, y)
    return shift_right_arithmetic(x, y)


def population_count(x: Any) -> Any:
    """Number of one bits.

    Parameters
    ----------
    x : array
        Integer; negative ones in two's complement.

    Returns
    -------
    array, shape of ``x``, the dtype of ``x``

    Examples
    --------
    >>> population_count(np.array([7, 8, -1], np.int8))
    array([3, 1, 8], dtype=int8)
    """
    return population_count_p.bind(x)


def clz(x: Any) -> Any:
    """Number of leading zero bits; the width for zero.

    Examples
    --------
    >>> clz(np.array([0, 1, -1], np.int8))
    array([8, 7, 0], dtype=int8)
    """
    return clz_p.bind(x)
