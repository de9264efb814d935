"""make_jaxpr, eval_shape, closure_convert, named_call."""

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import errors


def test_make_jaxpr():
    closed = fg.make_jaxpr(lambda x, p: p["a"] * x)(2.0, {"a": np.ones(3)})
    assert [a.shape for a in closed.in_avals] == [(), (3,)]
    (y,) = closed(2.0, np.ones(3))
    np.testing.assert_array_equal(y, [2.0, 2.0, 2.0])


def test_make_jaxpr_of_structs_and_static_arguments():
    struct = fg.ShapeDtypeStruct((2, 3), np.float32)
    closed = fg.make_jaxpr(lambda n, x: x * n, static_argnums=0)(3, struct)
    assert closed.out_avals[0].shape == (2, 3)
    assert closed.out_avals[0].dtype == np.float32
    _, shape = fg.make_jaxpr(lambda x: {"y": x}, return_shape=True)(struct)
    assert shape == {"y": struct}


def test_equations_remember_the_line():
    def f(x):
        y = np.sin(x)
        return y * 2

    source = fg.make_jaxpr(f)(1.0).eqns[0].source
    assert source.text == "y = np.sin(x)"
    assert source.file.endswith("test_staging.py")


def test_large_constants_stay_outside():
    table = np.arange(5.0)
    closed = fg.make_jaxpr(lambda x: x + table)(1.0)
    assert len(closed.consts) == 1
    assert closed.consts[0] is table


def test_eval_shape():
    struct = fg.ShapeDtypeStruct((1000, 1000, 1000), np.float32)
    got = fg.eval_shape(lambda x: {"s": np.sum(x, axis=0), "n": 3}, struct)
    assert got["s"] == fg.ShapeDtypeStruct((1000, 1000), np.float32)
    assert got["n"].dtype == np.int64


def test_shape_dtype_struct():
    struct = fg.ShapeDtypeStruct([2, 3], "float32")
    assert struct == fg.ShapeDtypeStruct((2, 3), np.float32)
    assert hash(struct) == hash(fg.ShapeDtypeStruct((2, 3), np.float32))
    assert (struct.ndim, struct.size, len(struct)) == (2, 6, 2)
    assert struct != fg.ShapeDtypeStruct((2, 3), np.float64)
    with pytest.raises(TypeError):
        len(fg.ShapeDtypeStruct((), float))


def test_closure_convert_under_grad():
    def outer(y):
        converted, consts = fg.closure_convert(lambda x: x * y + 1.0, 2.0)
        assert len(consts) == 1
        return converted(3.0, *consts)

    assert fg.grad(outer)(5.0) == 3.0
    assert fg.jit(outer)(5.0) == 16.0


def test_named_call():
    f = fg.named_call(lambda x: np.sin(x) * 2, name="layer")
    assert "name=layer" in str(fg.make_jaxpr(f)(1.0))
    np.testing.assert_allclose(fg.grad(f)(0.3), 2 * np.cos(0.3))


def test_argument_that_is_not_an_array():
    with pytest.raises(errors.UnsupportedDTypeError, match="`x`"):
        fg.make_jaxpr(lambda x: x)("text")
