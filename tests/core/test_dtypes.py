"""Promotion against NumPy, exhaustively."""

import itertools

import numpy as np
import pytest

from funcgrad.core import dtypes
from funcgrad.errors import DTypeError, IntegerOverflowError, UnsupportedDTypeError

SUPPORTED = dtypes.SUPPORTED
WEAK = {dtypes.bool_: True, dtypes.int64: 1, dtypes.float64: 1.0}
WEAK[dtypes.complex128] = 1j
OPERANDS = [(d, False) for d in SUPPORTED] + [(d, True) for d in WEAK]
UNSUPPORTED = ["O", "U3", "S3", "M8[s]", "m8[s]", "V4", [("a", "f8")]]


def ids(dtype):
    return str(dtype)


def as_operand(dtype, weak):
    return WEAK[dtype] if weak else np.ones(3, dtype)


@pytest.mark.parametrize("left", OPERANDS, ids=str)
def test_pairs_have_the_dtype_of_numpys_addition(left):
    for right in OPERANDS:
        expected = np.add(as_operand(*left), as_operand(*right)).dtype
        assert dtypes.result_type(left, right) == expected, (left, right)


def test_triples_agree_with_numpys_result_type():
    for triple in itertools.product(OPERANDS, repeat=3):
        stands_for = [WEAK[d] if weak else d for d, weak in triple]
        assert dtypes.result_type(*triple) == np.result_type(*stands_for), triple


def test_result_is_always_one_of_the_supported_objects():
    for pair in itertools.product(OPERANDS, repeat=2):
        assert any(dtypes.result_type(*pair) is d for d in SUPPORTED)


def test_result_type_needs_an_operand():
    with pytest.raises(DTypeError, match="needs one operand"):
        dtypes.result_type()


def test_result_type_of_values():
    assert dtypes.result_type_of(np.float32(1), 2.0) == np.float32
    assert dtypes.result_type_of(np.float32(1), np.float64(2.0)) == np.float64
    assert dtypes.result_type_of(np.ones(2, np.int8), 3, True) == np.int8


class Traced:
    dtype = np.dtype(np.float64)
    weak_type = True


def test_traced_scalars_are_as_weak_as_python_scalars():
    assert dtypes.has_weak_type(Traced())
    assert dtypes.result_type_of(np.float32(1), Traced()) == np.float32


@pytest.mark.parametrize("value", [1, 1.0, 1j, True])
def test_python_scalars_are_weak(value):
    assert dtypes.is_weak(value)
    assert dtypes.dtype_of(value) == np.asarray(value).dtype


@pytest.mark.parametrize(
    "value", [np.float64(1), np.complex128(1), np.int64(1), np.True_, np.ones(2), [1.0]]
)
def test_numpy_scalars_and_arrays_are_not_weak(value):
    assert not dtypes.is_weak(value)
    assert dtypes.dtype_of(value) == np.asarray(value).dtype


def test_dtype_of_large_integers_is_numpys():
    assert dtypes.dtype_of(2**63) == np.uint64
    with pytest.raises(UnsupportedDTypeError):
        dtypes.dtype_of(2**64)


@pytest.mark.parametrize("dtype", SUPPORTED, ids=ids)
def test_canonical_dtype_is_one_object_in_native_order(dtype):
    assert dtypes.canonical_dtype(dtype.newbyteorder(">")) is dtype
    assert dtypes.canonical_dtype(dtype.newbyteorder("<")) is dtype
    assert dtypes.canonical_dtype(dtype.name) is dtype
    assert dtypes.is_supported(dtype)


def test_canonical_dtype_of_aliases():
    assert dtypes.canonical_dtype("longlong") is dtypes.int64
    assert dtypes.canonical_dtype(float) is dtypes.float64
    assert dtypes.canonical_dtype(None) is dtypes.float64


@pytest.mark.parametrize("dtype", UNSUPPORTED, ids=str)
def test_unsupported_dtypes(dtype):
    assert not dtypes.is_supported(dtype)
    with pytest.raises(UnsupportedDTypeError) as caught:
        dtypes.dtype_of(np.zeros(2, dtype))
    assert isinstance(caught.value, TypeError)
    assert f"dtype {np.dtype(dtype)} cannot be computed with" in str(caught.value)
    assert "fix:" in str(caught.value)


@pytest.mark.parametrize("dtype", [np.longdouble, np.clongdouble])
def test_extended_precision_is_unsupported(dtype):
    if np.dtype(dtype).itemsize in {8, 16} and np.dtype(dtype).name.endswith("64"):
        pytest.skip("long double is double on this platform")
    if np.dtype(dtype).kind == "f" and np.finfo(dtype).bits == 64:
        pytest.skip("long double is double on this platform")
    with pytest.raises(UnsupportedDTypeError, match="astype"):
        dtypes.canonical_dtype(dtype)


@pytest.mark.parametrize("dtype", SUPPORTED, ids=ids)
def test_dtypes_of_operations_are_numpys(dtype):
    x = np.ones(2, dtype)
    assert dtypes.math_dtype(dtype) == np.sin(x).dtype
    assert dtypes.divide_dtype(dtype) == np.true_divide(x, x).dtype
    assert dtypes.divide_dtype(dtype) == np.mean(x).dtype
    assert dtypes.sum_dtype(dtype) == np.sum(x).dtype
    assert dtypes.sum_dtype(dtype) == np.cumsum(x).dtype
    assert dtypes.real_dtype(dtype) == np.real(x).dtype


@pytest.mark.parametrize("dtype", SUPPORTED, ids=ids)
def test_complex_dtype_has_the_precision_of_a_quotient(dtype):
    quotient = np.true_divide(np.ones(2, dtype), np.ones(2, dtype))
    assert dtypes.complex_dtype(dtype) == np.result_type(quotient, np.complex64)


@pytest.mark.parametrize("dtype", SUPPORTED, ids=ids)
def test_kinds(dtype):
    assert dtypes.is_bool(dtype) == np.issubdtype(dtype, np.bool_)
    assert dtypes.is_integer(dtype) == np.issubdtype(dtype, np.integer)
    assert dtypes.is_unsigned(dtype) == np.issubdtype(dtype, np.unsignedinteger)
    assert dtypes.is_float(dtype) == np.issubdtype(dtype, np.floating)
    assert dtypes.is_complex(dtype) == np.issubdtype(dtype, np.complexfloating)
    assert dtypes.is_inexact(dtype) == np.issubdtype(dtype, np.inexact)


@pytest.mark.parametrize("dtype", SUPPORTED, ids=ids)
def test_python_integers_fit_where_numpy_takes_them(dtype):
    bounds = [
        0,
        *[
            s * 2**b + d
            for s in (1, -1)
            for b in (7, 8, 31, 63, 64)
            for d in (-1, 0, 1)
        ],
    ]
    for value in bounds:
        if dtype.kind == "b":
            # NumPy's sum of a bool and an integer is an integer: nothing is cast.
            dtypes.check_integer_fits(value, dtype)
            continue
        try:
            with np.errstate(over="ignore"):
                np.ones(1, dtype) + value
            fits = True
        except OverflowError:
            fits = False
        if fits:
            dtypes.check_integer_fits(value, dtype)
        else:
            with pytest.raises(
                IntegerOverflowError, match="out of bounds for"
            ) as caught:
                dtypes.check_integer_fits(value, dtype)
            assert isinstance(caught.value, OverflowError)
