"""Every transform of every transform of each program agrees with differences."""

import numpy as np
import pytest

import funcgrad as fg
from tests.compose.programs import POINT, PROGRAMS

POINTS = np.array([0.8, 0.85, 0.4])


def plain(f):
    return f


def by_grad(f):
    return fg.grad(f)


def by_jvp(f):
    return lambda x: fg.jvp(f, (x,), (1.0,))[1]


def by_linearize(f):
    return lambda x: fg.linearize(f, x)[1](1.0)


def by_jacfwd(f):
    return fg.jacfwd(f)


def by_jacrev(f):
    return fg.jacrev(f)


def difference(f, x, step=1e-5):
    return (f(x + step) - f(x - step)) / (2.0 * step)


def assert_near(got, want, tol=1e-6):
    np.testing.assert_allclose(got, want, rtol=tol, atol=tol)


@pytest.fixture(params=PROGRAMS, ids=lambda f: f.__name__)
def program(request):
    return request.param


@pytest.mark.parametrize("jit", [plain, fg.jit], ids=["plain", "jit"])
def test_value(program, jit):
    want = program(POINT)
    assert np.isfinite(want)
    assert_near(jit(program)(POINT), want, 1e-12)
    assert_near(jit(jit(program))(POINT), want, 1e-12)


DERIVATIVES = [by_grad, by_jvp, by_linearize, by_jacfwd, by_jacrev]


@pytest.mark.parametrize("derivative", DERIVATIVES)
def test_first_order(program, derivative):
    want = difference(program, POINT)
    assert_near(derivative(program)(POINT), want)
    assert_near(fg.jit(derivative(program))(POINT), want)
    assert_near(derivative(fg.jit(program))(POINT), want)


@pytest.mark.parametrize("outer", [by_grad, by_jvp])
@pytest.mark.parametrize("inner", [by_grad, by_jvp])
def test_second_order(program, outer, inner):
    want = difference(fg.grad(program), POINT)
    assert_near(outer(inner(program))(POINT), want)
    assert_near(fg.jit(outer(inner(program)))(POINT), want)
    assert_near(outer(fg.jit(inner(fg.jit(program))))(POINT), want)


def test_third_order(program):
    want = difference(fg.jit(fg.grad(fg.grad(program))), POINT)
    third = fg.grad(fg.grad(fg.grad(program)))
    assert_near(fg.jit(third)(POINT), want, 1e-5)
    assert_near(third(POINT), want, 1e-5)
    mixed = by_jvp(fg.grad(by_jvp(program)))
    assert_near(fg.jit(mixed)(POINT), want, 1e-5)


@pytest.mark.parametrize("jit", [plain, fg.jit], ids=["plain", "jit"])
def test_vmap(program, jit):
    want = [program(x) for x in POINTS]
    assert_near(jit(fg.vmap(program))(POINTS), want, 1e-12)
    assert_near(fg.vmap(jit(program))(POINTS), want, 1e-12)


@pytest.mark.parametrize("derivative", [by_grad, by_jvp])
def test_vmap_of_derivative(program, derivative):
    want = [fg.grad(program)(x) for x in POINTS]
    assert_near(fg.vmap(derivative(program))(POINTS), want, 1e-9)
    assert_near(fg.jit(fg.vmap(derivative(program)))(POINTS), want, 1e-9)


def test_derivative_of_vmap(program):
    want = [fg.grad(program)(x) for x in POINTS]

    def total(points):
        return np.sum(fg.vmap(program)(points))

    assert_near(fg.grad(total)(POINTS), want, 1e-9)
    assert_near(fg.jit(fg.grad(total))(POINTS), want, 1e-9)
    ones = np.ones(3)
    pushed = fg.jvp(fg.vmap(program), (POINTS,), (ones,))[1]
    assert_near(pushed, want, 1e-9)


def test_hessian_of_vmap(program):
    def total(points):
        return np.sum(fg.vmap(program)(points))

    want = np.diag([fg.grad(fg.grad(program))(x) for x in POINTS])
    assert_near(fg.jit(fg.hessian(total))(POINTS), want, 1e-8)


def test_vmap_of_vmap(program):
    grid = np.array([[0.8, 0.85], [0.4, 0.9], [0.7, 0.65]])
    want = [[program(x) for x in row] for row in grid]
    assert_near(fg.vmap(fg.vmap(program))(grid), want, 1e-12)
    assert_near(fg.jit(fg.vmap(fg.vmap(program)))(grid), want, 1e-12)


def test_in_scan(program):
    """A derivative in the body of a loop, and the derivative of that loop."""

    def rolled(x):
        def body(c, a):
            return c + 0.01 * a * fg.grad(program)(c), None

        return fg.lax.scan(body, x, np.array([1.0, 2.0]))[0]

    def unrolled(x):
        for a in (1.0, 2.0):
            x = x + 0.01 * a * fg.grad(program)(x)
        return x

    assert_near(rolled(POINT), unrolled(POINT), 1e-10)
    assert_near(fg.grad(rolled)(POINT), fg.grad(unrolled)(POINT), 1e-8)


def test_jaxpr_is_well_formed(program):
    from funcgrad.core.check import check_jaxpr

    for f in (program, fg.grad(program), fg.grad(fg.grad(program)), by_jvp(program)):
        check_jaxpr(fg.make_jaxpr(f)(POINT).jaxpr)
        check_jaxpr(fg.make_jaxpr(fg.vmap(f))(POINTS).jaxpr)
