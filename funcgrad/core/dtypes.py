"""Promotion as NumPy does it (NEP 50): from the dtypes of operands to that of a result.

A Python scalar is *weak*: it brings its kind (integer, float, complex) and not its
width. Everything here is decided from dtypes alone, so a traced operation gives the
dtype that NumPy gives for the same operation on values.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad.errors import (
    DTypeError,
    IntegerOverflowError,
    UnsupportedDTypeError,
    message,
)

if TYPE_CHECKING:
    import numpy.typing as npt

DType = np.dtype[Any]

bool_ = np.dtype(np.bool_)
int8 = np.dtype(np.int8)
int16 = np.dtype(np.int16)
int32 = np.dtype(np.int32)
int64 = np.dtype(np.int64)
uint8 = np.dtype(np.uint8)
uint16 = np.dtype(np.uint16)
uint32 = np.dtype(np.uint32)
uint64 = np.dtype(np.uint64)
float16 = np.dtype(np.float16)
float32 = np.dtype(np.float32)
float64 = np.dtype(np.float64)
complex64 = np.dtype(np.complex64)
complex128 = np.dtype(np.complex128)

# The dtype of "no tangent": what the derivative of an integer array is made of.
float0: DType = np.dtype([("float0", np.void, 0)])

SUPPORTED: tuple[DType, ...] = (
    bool_,
    *(int8, int16, int32, int64),
    *(uint8, uint16, uint32, uint64),
    *(float16, float32, float64),
    *(complex64, complex128),
)

# By kind and size, so that aliases (``longlong``, ``>f8``) become one object.
_CANONICAL: dict[tuple[str, int], DType] = {
    (dtype.kind, dtype.itemsize): dtype for dtype in SUPPORTED
}
_FLOAT_OF_COMPLEX: dict[DType, DType] = {complex64: float32, complex128: float64}
_COMPLEX_OF_FLOAT: dict[DType, DType] = {
    float16: complex64,
    float32: complex64,
    float64: complex128,
}
# By item size: NumPy's elementary functions take the smallest float that is exact.
_FLOAT_OF_SMALL_INTEGER: dict[int, DType] = {1: float16, 2: float32}
_WEAK_ZERO: dict[str, bool | int | float | complex] = {
    "b": False,
    "i": 0,
    "u": 0,
    "f": 0.0,
    "c": 0j,
}


def canonical_dtype(dtype: npt.DTypeLike) -> DType:
    """The supported dtype that ``dtype`` means, in the machine's byte order.

    Parameters
    ----------
    dtype : dtype-like
        Whatever ``np.dtype`` accepts; ``None`` means float64, as in NumPy.

    Returns
    -------
    np.dtype
        One of `SUPPORTED`; equal dtypes give the same object.

    Raises
    ------
    UnsupportedDTypeError
        For objects, strings, dates, records and extended precision.

    Examples
    --------
    >>> canonical_dtype(">f4")
    dtype('float32')
    """
    given = np.dtype(dtype)
    try:
        return _CANONICAL[given.kind, given.itemsize]
    except KeyError:
        raise _unsupported(given) from None


def _unsupported(dtype: DType) -> UnsupportedDTypeError:
    fixes = {
        "O": "an array of numbers: np.asarray(data, dtype=float)",
        "U": "numbers in place of the text, for example np.unique's inverse",
        "S": "numbers in place of the text, for example np.unique's inverse",
        "M": 'x.astype("datetime64[s]").astype(np.int64)',
        "m": "x / np.timedelta64(1, 's')",
        "f": "x.astype(np.float64)",
        "c": "x.astype(np.complex128)",
        "V": "one array for each field of the record",
    }
    return UnsupportedDTypeError(
        message(
            f"arrays of dtype {dtype} cannot be computed with.",
            got=str(dtype),
            expected="bool, int8 to int64, uint8 to uint64, float16 to float64, "
            "complex64 or complex128",
            fix=fixes.get(dtype.kind, ""),
        )
    )


def is_supported(dtype: npt.DTypeLike) -> bool:
    """Whether arrays of this dtype can be computed with."""
    given = np.dtype(dtype)
    return (given.kind, given.itemsize) in _CANONICAL


def is_weak(x: object) -> bool:
    """Whether ``x`` is a Python scalar (NumPy's own scalars are not weak)."""
    kind = type(x)
    if kind is float or kind is int or kind is bool or kind is complex:
        return True
    return isinstance(x, (int, float, complex)) and not isinstance(x, np.generic)


def dtype_of(x: Any) -> DType:
    """The dtype that ``x`` has as an array.

    Parameters
    ----------
    x : array, scalar or nested lists of numbers
        An object with a ``dtype`` is asked for it; others are asked as NumPy does.

    Returns
    -------
    np.dtype
        One of `SUPPORTED`.

    Raises
    ------
    UnsupportedDTypeError
        If ``x`` is not made of supported numbers.

    Examples
    --------
    >>> dtype_of(1), dtype_of(2.0), dtype_of(np.float32(3))
    (dtype('int64'), dtype('float64'), dtype('float32'))
    """
    kind = type(x)
    if kind is float:
        return float64
    dtype = getattr(x, "dtype", None)
    if dtype is None or isinstance(x, type):
        dtype = np.asarray(x).dtype
    return canonical_dtype(dtype)


@functools.cache
def result_type(*operands: tuple[DType, bool]) -> DType:
    """The dtype of an operation on operands of these types, as ``np.result_type``.

    Parameters
    ----------
    *operands : tuple of (dtype, weak)
        ``weak`` is True for Python scalars, whose dtype then gives only the kind.

    Returns
    -------
    np.dtype

    Raises
    ------
    DTypeError
        If there are no operands.

    Examples
    --------
    >>> result_type((float32, False), (float64, True))
    dtype('float32')
    >>> result_type((int32, False), (float32, False))
    dtype('float64')
    """
    if not operands:
        raise DTypeError(message("the dtype of a result needs one operand at least."))
    stands_for = [_WEAK_ZERO[d.kind] if weak else d for d, weak in operands]
    return canonical_dtype(np.result_type(*stands_for))


def result_type_of(*operands: Any) -> DType:
    """The dtype of an operation on these arrays and scalars."""
    return result_type(*[(dtype_of(x), has_weak_type(x)) for x in operands])


def has_weak_type(x: Any) -> bool:
    """Whether ``x`` is a Python scalar or a traced one."""
    weak = getattr(x, "weak_type", None)
    return is_weak(x) if weak is None else bool(weak)


def check_integer_fits(value: int, dtype: npt.DTypeLike) -> None:
    """Raise if a Python integer does not fit an integer dtype, as NumPy does.

    Parameters
    ----------
    value : int
    dtype : dtype-like
        Dtypes that are not integers accept every ``value``.

    Raises
    ------
    IntegerOverflowError
        An ``OverflowError``.

    Examples
    --------
    >>> check_integer_fits(127, np.int8)
    """
    target = np.dtype(dtype)
    if target.kind not in "iu":
        return
    info = np.iinfo(target)
    if info.min <= value <= info.max:
        return
    raise IntegerOverflowError(
        message(
            f"Python integer {value} out of bounds for {target}.",
            got=str(value),
            expected=f"{info.min} to {info.max}",
            fix=f"np.{np.min_scalar_type(value)}({value}) if a wider result is meant"
            if np.min_scalar_type(value).kind in "iu"
            else "a float, which has the range but not every digit",
        )
    )


def is_bool(dtype: npt.DTypeLike) -> bool:
    """Whether the dtype is bool."""
    return np.dtype(dtype).kind == "b"


def is_integer(dtype: npt.DTypeLike) -> bool:
    """Whether the dtype is an integer, signed or unsigned (bool is not)."""
    return np.dtype(dtype).kind in "iu"


def is_unsigned(dtype: npt.DTypeLike) -> bool:
    """Whether the dtype is an unsigned integer."""
    return np.dtype(dtype).kind == "u"


def is_float(dtype: npt.DTypeLike) -> bool:
    """Whether the dtype is a real floating-point number."""
    return np.dtype(dtype).kind == "f"


def is_complex(dtype: npt.DTypeLike) -> bool:
    """Whether the dtype is complex."""
    return np.dtype(dtype).kind == "c"


def is_inexact(dtype: npt.DTypeLike) -> bool:
    """Whether the dtype is real or complex floating point: it has derivatives."""
    return np.dtype(dtype).kind in "fc"


def real_dtype(dtype: npt.DTypeLike) -> DType:
    """The dtype of the real part: float for complex, others unchanged."""
    given = canonical_dtype(dtype)
    return _FLOAT_OF_COMPLEX.get(given, given)


def complex_dtype(dtype: npt.DTypeLike) -> DType:
    """The complex dtype of the same precision; complex128 for bool and integers."""
    given = canonical_dtype(dtype)
    if given.kind == "c":
        return given
    return _COMPLEX_OF_FLOAT.get(given, complex128)


def math_dtype(dtype: npt.DTypeLike) -> DType:
    """The dtype of ``np.sin`` of this dtype: the smallest float that holds it.

    Examples
    --------
    >>> math_dtype(np.int64), math_dtype(np.int16), math_dtype(np.complex64)
    (dtype('float64'), dtype('float32'), dtype('complex64'))
    """
    given = canonical_dtype(dtype)
    if given.kind in "fc":
        return given
    return _FLOAT_OF_SMALL_INTEGER.get(given.itemsize, float64)


def divide_dtype(dtype: npt.DTypeLike) -> DType:
    """The dtype of a true division or mean: float64 for bool and integers."""
    given = canonical_dtype(dtype)
    return given if given.kind in "fc" else float64


def sum_dtype(dtype: npt.DTypeLike) -> DType:
    """The dtype of ``np.sum`` of this dtype: integers are summed in 64 bits."""
    given = canonical_dtype(dtype)
    if given.kind in "bi":
        return int64
    return uint64 if given.kind == "u" else given
