"""pure_callback, debug.print and debug.callback under every transform."""

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import errors, lax

SCALAR = fg.ShapeDtypeStruct((), np.float64)


def test_pure_callback():
    def f(x):
        return (
            fg.pure_callback(
                lambda x: np.sort(x), fg.ShapeDtypeStruct(x.shape, x.dtype), x
            )
            * 2
        )

    x = np.array([3.0, 1.0, 2.0])
    np.testing.assert_array_equal(f(x), [2.0, 4.0, 6.0])
    np.testing.assert_array_equal(fg.jit(f)(x), [2.0, 4.0, 6.0])


def test_nested_results_and_keywords():
    structs = {"low": SCALAR, "high": (fg.ShapeDtypeStruct((), np.int64),)}

    def f(x):
        return fg.pure_callback(
            lambda a, *, b: {"low": a.min(), "high": (np.int64(b),)}, structs, x, b=7
        )

    got = fg.jit(f)(np.array([3.0, 1.0]))
    assert got == {"low": 1.0, "high": (7,)}


@pytest.mark.parametrize("jit", [lambda f: f, fg.jit])
def test_batches(jit):
    shapes = []

    def host(x):
        shapes.append(np.shape(x))
        return np.sin(x)

    xs = np.arange(3.0)
    one = jit(fg.vmap(lambda x: fg.pure_callback(host, SCALAR, x)))
    np.testing.assert_allclose(one(xs), np.sin(xs))
    assert shapes == [(), (), ()]
    shapes.clear()
    whole = jit(fg.vmap(lambda x: fg.pure_callback(host, SCALAR, x, vectorized=True)))
    np.testing.assert_allclose(whole(xs), np.sin(xs))
    assert shapes == [(3,)]


def test_no_derivative():
    def f(x):
        return fg.pure_callback(np.sin, SCALAR, x)

    with pytest.raises(errors.DifferentiationError, match="no derivative"):
        fg.grad(f)(1.0)
    assert fg.grad(lambda x: x * f(fg.stop_gradient(x)))(1.0) == np.sin(1.0)


def test_derivative_by_a_rule():
    @fg.custom_jvp
    def f(x):
        return fg.pure_callback(np.sin, SCALAR, x)

    f.defjvps(lambda t, ans, x: fg.pure_callback(np.cos, SCALAR, x) * t)
    assert fg.jit(fg.grad(f))(0.3) == np.cos(0.3)


@pytest.mark.parametrize("jit", [lambda f: f, fg.jit])
def test_wrong_result(jit):
    f = jit(lambda x: fg.pure_callback(lambda x: np.zeros(3), SCALAR, x))
    with pytest.raises(errors.ShapeError, match="another type"):
        f(1.0)


@pytest.mark.parametrize("jit", [lambda f: f, fg.jit])
def test_exceptions_reach_the_caller(jit):
    def fail(x):
        raise ZeroDivisionError("in the callback")

    with pytest.raises(ZeroDivisionError, match="in the callback"):
        jit(lambda x: fg.pure_callback(fail, SCALAR, x))(1.0)


@pytest.mark.parametrize("jit", [lambda f: f, fg.jit])
def test_print(jit, capsys):
    def f(x):
        fg.debug.print("x = {} and {y}", x, y=2 * x)
        return x * x

    assert jit(f)(3.0) == 9.0
    assert capsys.readouterr().out == "x = 3.0 and 6.0\n"
    jit(fg.grad(f))(3.0)
    assert capsys.readouterr().out == "x = 3.0 and 6.0\n"
    jit(fg.vmap(f))(np.array([1.0, 2.0]))
    assert capsys.readouterr().out == "x = 1.0 and 2.0\nx = 2.0 and 4.0\n"


def test_callback_in_loops_keeps_the_order():
    seen = []

    def body(c, a):
        fg.debug.callback(lambda c, a: seen.append((float(c), float(a))), c, a)
        return c + a, None

    fg.jit(lambda xs: lax.scan(body, 0.0, xs)[0])(np.array([1.0, 2.0]))
    assert seen == [(0.0, 1.0), (1.0, 2.0)]


def test_callback_survives_when_nothing_reads_its_arguments():
    seen = []

    def f(x):
        fg.debug.callback(seen.append, x * 2)
        return x

    fg.jit(f)(3.0)
    assert seen == [6.0]


def test_print_without_values_waits_for_the_call(capsys):
    @fg.jit
    def f(x):
        lax.scan(lambda c, a: (fg.debug.print("{}", a), (c, None))[1], x, np.arange(2))
        return lax.cond(x > 0, lambda: (fg.debug.print("above"), x)[1], lambda: x)

    f.lower(1.0)
    assert capsys.readouterr().out == ""
    f(1.0)
    assert capsys.readouterr().out == "0\n1\nabove\n"
    f(-1.0)
    assert capsys.readouterr().out == "0\n1\n"
