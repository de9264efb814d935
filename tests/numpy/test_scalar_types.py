"""fnp.float32 and its kin are dtypes, types, and conversions of traced values."""

import pickle

import numpy as np
import pytest

import funcgrad as fg
import funcgrad.numpy as fnp

NAMES = (
    *("bool_", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32"),
    *("uint64", "float16", "float32", "float64", "complex64", "complex128"),
)
X = np.array([0.0, 1.5, 2.75])


@pytest.fixture(params=NAMES)
def pair(request):
    return getattr(fnp, request.param), getattr(np, request.param)


def test_stands_for_its_dtype(pair):
    ours, theirs = pair
    assert np.dtype(ours) == np.dtype(theirs)
    assert np.zeros(2, ours).dtype == theirs
    assert X.astype(ours).dtype == theirs
    assert fg.jit(lambda x: x.astype(ours))(X).dtype == theirs
    assert fg.ShapeDtypeStruct((2,), ours).dtype == theirs
    assert np.result_type(ours, np.int8) == np.result_type(theirs, np.int8)


def test_equals_numpys_type(pair):
    ours, theirs = pair
    assert ours == theirs
    assert theirs == ours
    assert np.dtype(theirs) == ours
    assert hash(ours) == hash(theirs)
    assert ours != np.longdouble
    assert ours is not None
    assert pickle.loads(pickle.dumps(ours)) is ours


def test_is_a_class_as_numpys_is(pair):
    ours, theirs = pair
    assert isinstance(theirs(1), ours)
    assert not isinstance(1, ours) or theirs is np.bool_
    assert issubclass(theirs, ours)
    assert issubclass(ours, ours)
    for group in (np.floating, np.integer, np.complexfloating, np.generic):
        assert np.issubdtype(ours, group) == np.issubdtype(theirs, group)
        assert np.issubdtype(theirs, ours)


def test_converts_what_numpys_converts(pair):
    ours, theirs = pair
    assert ours() == theirs()
    assert type(ours(1)) is theirs
    assert type(ours(np.int64(1))) is theirs
    array = ours([0, 1, 2])
    assert array.dtype == theirs
    np.testing.assert_array_equal(array, theirs([0, 1, 2]))


def test_converts_traced_values(pair):
    ours, theirs = pair
    want = X.astype(theirs)
    for convert in (fg.jit(ours), fg.vmap(ours), fg.jit(fg.vmap(ours))):
        got = convert(X)
        assert got.dtype == theirs
        np.testing.assert_array_equal(got, want)
    assert type(fg.jit(ours)(2.5)) is theirs


def test_derivatives_pass_through_floats_and_end_at_integers():
    assert fg.grad(lambda x: fnp.float32(x) * x)(3.0) == 6.0
    assert fg.jit(fg.grad(lambda x: fnp.float32(x) * x))(3.0) == 6.0
    assert fg.grad(lambda x: fnp.int32(x) * x)(3.5) == 3.0


def test_complex_types_take_two_parts():
    assert fnp.complex64(1.0, 2.0) == 1 + 2j
    got = fg.jit(fnp.complex64)(1.0, 2.0)
    assert got.dtype == np.complex64
    assert got == 1 + 2j


def test_aliases():
    assert fnp.single is fnp.float32
    assert fnp.double is fnp.float64
    assert fnp.csingle is fnp.complex64
    assert fnp.cdouble is fnp.complex128
    assert fnp.int_ == np.int64
    assert fnp.uint == np.uint64


def test_one_static_argument_with_numpys_type():
    cast = fg.jit(lambda x, dtype: x.astype(dtype), static_argnums=1)
    assert cast(X, fnp.float32).dtype == np.float32
    assert cast(X, fnp.float64).dtype == np.float64
