"""check_grads accepts right derivatives and rejects wrong ones, in both modes."""

import numpy as np
import pytest

from funcgrad import ops
from funcgrad.core.primitive import Primitive
from funcgrad.ops.arithmetic import strong_mul
from funcgrad.ops.elementwise import Elementwise
from funcgrad.testing import check_grads, check_jvp, check_vjp


@pytest.fixture
def wrong():
    """``exp`` whose derivative is a little off."""
    primitive = Elementwise(
        "slightly_wrong",
        numpy=np.exp,
        jvp=[lambda t, y, x: strong_mul(t, y * 1.01)],
        lower=lambda b, x: b.math("exp", x),
    )
    yield primitive
    del Primitive.registry["slightly_wrong"]


def f(tree, z):
    y = ops.sin(tree["a"]) * ops.exp(tree["b"][0] * z)
    return {"y": y, "n": tree["n"] + 1}


ARGS = ({"a": np.arange(3.0), "b": (np.float64(0.3),), "n": 2}, np.linspace(0, 1, 3))


@pytest.mark.parametrize("modes", [("fwd",), ("rev",), ("fwd", "rev")])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_trees_and_integers(order, modes):
    check_grads(f, ARGS, order, modes)


def test_complex():
    check_grads(lambda z: ops.abs(ops.exp(z) * z), (np.array([1 + 2j, -1j]),), 2)


def test_single_precision():
    check_grads(ops.tanh, (np.linspace(-1, 1, 5, dtype=np.float32),), 2)


@pytest.mark.parametrize("modes", [("fwd",), ("rev",)])
def test_wrong_derivative(wrong, modes):
    with pytest.raises(AssertionError, match="JVP" if modes == ("fwd",) else "VJP"):
        check_grads(wrong.bind, (np.arange(3.0),), 1, modes)


def test_tolerance_is_the_callers(wrong):
    check_grads(wrong.bind, (np.arange(3.0),), 1, atol=0.1, rtol=0.1)


def test_unknown_mode():
    with pytest.raises(ValueError, match="fwd"):
        check_grads(ops.sin, (1.0,), 1, modes=("reverse",))


def test_check_jvp():
    def cube(x):
        return x * x * x

    check_jvp(cube, lambda p, t: (cube(*p), 3 * p[0] ** 2 * t[0]), (np.arange(3.0),))
    with pytest.raises(AssertionError, match="own jvp"):
        check_jvp(
            cube,
            lambda p, t: (cube(*p), 2 * p[0] ** 2 * t[0]),
            (np.arange(3.0),),
            err_msg="own",
        )


def test_check_vjp():
    def cube(x):
        return x * x * x

    check_vjp(cube, lambda x: (cube(x), lambda ct: (3 * x**2 * ct,)), (np.arange(3.0),))
    with pytest.raises(AssertionError, match="vjp"):
        check_vjp(cube, lambda x: (cube(x), lambda ct: (x**2 * ct,)), (np.arange(3.0),))
