"""jvp, vjp, linearize, linear_transpose: results, structures, zeros, errors."""

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import errors
from funcgrad import numpy as fnp


def f(p, x):
    return {"y": p["w"] * np.sin(x), "n": 3}


def test_jvp_of_trees():
    primals = ({"w": 2.0}, np.array([0.1, 0.2]))
    tangents = ({"w": 1.0}, np.array([1.0, 0.0]))
    y, t = fg.jvp(f, primals, tangents)
    x = primals[1]
    np.testing.assert_allclose(y["y"], 2 * np.sin(x))
    np.testing.assert_allclose(t["y"], np.sin(x) + 2 * np.cos(x) * tangents[1])
    assert t["n"].dtype == fg.float0


def test_jvp_with_aux():
    y, t, aux = fg.jvp(lambda x: (x * x, "note"), (3.0,), (2.0,), has_aux=True)
    assert (y, t, aux) == (9.0, 12.0, "note")


def test_jvp_of_integers():
    _, t = fg.jvp(lambda n, x: n * x, (3, 2.0), (np.zeros((), fg.float0), 1.0))
    assert t == 3.0


def test_jvp_converts_python_numbers():
    _, t = fg.jvp(lambda x: x * x, (np.float32(3),), (1,))
    assert t.dtype == np.float32


@pytest.mark.parametrize(
    ("tangent", "text"),
    [(np.ones(3), "float64[3]"), (1j, "complex128[]")],
)
def test_jvp_of_a_wrong_tangent(tangent, text):
    with pytest.raises(errors.GradientTypeError) as info:
        fg.jvp(np.sin, (np.float64(1.0),), (np.asarray(tangent),))
    assert text in str(info.value)


def test_jvp_wants_tuples():
    with pytest.raises(errors.GradientTypeError, match="tuples"):
        fg.jvp(np.sin, 1.0, 1.0)
    with pytest.raises(errors.GradientTypeError, match="1 primals and 2 tangents"):
        fg.jvp(np.sin, (1.0,), (1.0, 1.0))


def test_vjp_of_trees():
    y, pull = fg.vjp(f, {"w": 2.0}, np.array([0.1, 0.2]))
    ct = {"y": np.array([1.0, 10.0]), "n": np.zeros((), fg.float0)}
    dp, dx = pull(ct)
    np.testing.assert_allclose(dp["w"], np.sin(0.1) + 10 * np.sin(0.2))
    np.testing.assert_allclose(dx, 2 * np.cos([0.1, 0.2]) * [1.0, 10.0])
    assert y["n"] == 3


def test_vjp_can_be_called_again_and_mapped():
    _, pull = fg.vjp(np.sin, np.array([0.1, 0.2]))
    rows = fg.vmap(lambda ct: pull(ct)[0])(np.eye(2))
    np.testing.assert_allclose(rows, np.diag(np.cos([0.1, 0.2])))
    np.testing.assert_allclose(fg.jit(pull)(np.ones(2))[0], np.cos([0.1, 0.2]))


def test_vjp_with_aux():
    y, pull, aux = fg.vjp(lambda x: (x * x, {"k": x}), 3.0, has_aux=True)
    assert (y, pull(1.0), aux) == (9.0, (6.0,), {"k": 3.0})


def test_vjp_of_a_wrong_cotangent():
    _, pull = fg.vjp(np.sin, np.zeros(2))
    with pytest.raises(errors.GradientTypeError, match=r"float64\[2\]"):
        pull(np.zeros(3))
    with pytest.raises(errors.TreeError, match="cotangent"):
        fg.vjp(lambda x: (x, x), 1.0)[1](1.0)


def test_linearize_does_the_work_once():
    calls = []

    def g(x):
        calls.append(x)
        return np.exp(x) * x

    _y, push = fg.linearize(g, 2.0)
    assert push(1.0) == np.exp(2.0) * 3
    assert push(2.0) == np.exp(2.0) * 6
    assert len(calls) == 1
    names = {eqn.primitive.name for eqn in push.jaxpr.eqns}
    assert "exp" not in names


def test_linearize_of_a_constant():
    y, push = fg.linearize(lambda x: 7.0, np.ones(2))
    assert (y, push(np.ones(2))) == (7.0, 0.0)


def test_linear_transpose():
    a = np.arange(6.0).reshape(2, 3)
    transposed = fg.linear_transpose(
        lambda x, y: a @ x + 2 * y, np.zeros(3), np.zeros(2)
    )
    dx, dy = transposed(np.array([1.0, 10.0]))
    np.testing.assert_allclose(dx, a.T @ [1.0, 10.0])
    np.testing.assert_allclose(dy, [2.0, 20.0])
    struct = fg.ShapeDtypeStruct((3,), np.float64)
    assert fg.linear_transpose(lambda x: x, struct)(np.ones(3))[0].shape == (3,)


def test_linear_transpose_of_a_function_that_is_not_linear():
    with pytest.raises(errors.DifferentiationError, match="sin"):
        fg.linear_transpose(np.sin, 1.0)(1.0)
    with pytest.raises(errors.GradientTypeError, match="floating-point"):
        fg.linear_transpose(lambda n: n, 1)


def test_zero_times_infinity_stays_zero():
    def g(x):
        return fnp.where(x > 0, fnp.sqrt(x), 0.0)

    assert fg.grad(g)(0.0) == 0.0
    assert fg.grad(fg.grad(g))(0.0) == 0.0
    assert fg.jit(fg.grad(g))(0.0) == 0.0
