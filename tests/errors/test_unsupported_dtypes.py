"""Objects, text, dates and extended precision are refused, jitted or not."""

import numpy as np
import pytest

import funcgrad as fg
import funcgrad.nn as nn
import funcgrad.numpy as fnp
from funcgrad import lax
from funcgrad.errors import TracerIntegerConversionError, UnsupportedDTypeError

UNSUPPORTED = {
    "text": "a",
    "texts": np.array(["a", "b"]),
    "bytes": b"a",
    "objects": np.array([1.0, None], dtype=object),
    "extended": np.ones(2, np.longdouble),
    "extended scalar": np.longdouble(1),
    "date": np.datetime64("2020-01-01"),
    "record": np.zeros(2, [("a", float)]),
    "list of text": ["a", "b"],
}
UNARY = (
    *("sin", "exp", "log", "tanh", "neg", "abs", "sign", "floor", "is_finite", "erf"),
    *("rsqrt", "logistic", "cbrt", "square", "bitwise_not", "digamma"),
)
BINARY = ("add", "sub", "mul", "div", "max", "min", "pow", "atan2", "lt", "eq", "rem")
ACTIVATIONS = (
    *("relu", "relu6", "leaky_relu", "elu", "celu", "selu", "gelu", "silu", "softplus"),
    *("sigmoid", "log_sigmoid", "soft_sign", "hard_tanh", "hard_sigmoid"),
    *("softmax", "log_softmax", "logsumexp", "standardize", "identity"),
)


@pytest.fixture(params=UNSUPPORTED, ids=str)
def value(request):
    return UNSUPPORTED[request.param]


@pytest.mark.parametrize("name", UNARY)
def test_one_operand(name, value):
    with pytest.raises(UnsupportedDTypeError):
        getattr(lax, name)(value)
    with pytest.raises(UnsupportedDTypeError):
        fg.jit(getattr(lax, name))(value)


@pytest.mark.parametrize("name", BINARY)
def test_two_operands(name, value):
    for pair in [(value, value), (value, 1.0), (np.float64(1.0), value)]:
        with pytest.raises(UnsupportedDTypeError):
            getattr(lax, name)(*pair)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name, value):
    with pytest.raises(UnsupportedDTypeError):
        getattr(nn, name)(value)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i1", ">f8", "longlong"])
def test_supported_ones_pass(dtype):
    x = np.ones(2, dtype)
    np.testing.assert_array_equal(lax.add(x, x), x + x)
    np.testing.assert_array_equal(nn.relu(x), x)


@pytest.mark.parametrize(
    "shape",
    [
        lambda x, n: x.reshape(n),
        lambda x, n: x.reshape(2, n),
        lambda x, n: x.reshape((n, 2)),
        lambda x, n: fnp.reshape(x, n),
        lambda x, n: fnp.reshape(np.ones(4), (2, n)),
        lambda x, n: lax.reshape(x, (n, 2)),
        lambda x, n: fnp.zeros(n),
        lambda x, n: fnp.ones((2, n)),
        lambda x, n: fnp.broadcast_to(x, (n, 4)),
    ],
)
def test_traced_extents(shape):
    with pytest.raises(TracerIntegerConversionError):
        fg.jit(shape)(np.ones(4), 2)
