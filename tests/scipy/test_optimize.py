"""Minima and roots: found, and differentiated by the implicit function theorem."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.optimize as so

import funcgrad as fg
from funcgrad import errors
from funcgrad.scipy import optimize
from funcgrad.test_util import check_grads

START = np.array([1.3, 0.7, 0.8, 1.9])


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


@pytest.mark.parametrize("method", ["BFGS", "L-BFGS"])
def test_minimum_is_found_compiled_and_batched(method):
    def best(x):
        return optimize.minimize(rosenbrock, x, method=method, tol=1e-8)

    expected = so.minimize(rosenbrock, START, jac=fg.grad(rosenbrock), tol=1e-9).x
    for found in (best(START), fg.jit(best)(START)):
        assert found.success
        assert found.status == 0
        assert np.max(np.abs(found.jac)) <= 1e-8
        np.testing.assert_allclose(found.x, expected, atol=1e-7)
        assert found.nit < 100
    many = fg.jit(fg.vmap(lambda x: best(x).x))(np.stack([START, np.zeros(4)]))
    np.testing.assert_allclose(many, [expected, np.ones(4)], atol=1e-6)


@pytest.mark.parametrize("method", ["BFGS", "L-BFGS"])
def test_minimum_has_derivatives_in_arguments_and_closures(method):
    scale = np.array([1.0, 2.0, 3.0])

    def best(a, s):
        def loss(p, a):
            far = p["x"] - a
            return np.sum(s * far**4) + np.sum((p["x"] - 2.0 * a) ** 2)

        start = {"x": np.zeros(3)}
        return optimize.minimize(loss, start, (a,), method=method, tol=1e-10).x["x"]

    # the solver is accurate to 1e-10, and second differences ask for more
    check_grads(best, (scale, scale), order=1, rtol=1e-4, atol=1e-4)
    squared = lambda a: (
        optimize.minimize(
            lambda x: (x - a**2) ** 2 + (x - a**2) ** 4, 0.0, method=method, tol=1e-10
        ).x
    )
    np.testing.assert_allclose(fg.grad(fg.grad(squared))(1.5), 2.0, rtol=1e-6)


def test_minimize_says_when_it_did_not_arrive():
    found = optimize.minimize(rosenbrock, START, options={"maxiter": 3})
    assert (bool(found.success), int(found.status), int(found.nit)) == (False, 1, 3)
    with pytest.raises(errors.StaticArgumentError, match="BFGS, L-BFGS"):
        optimize.minimize(rosenbrock, START, method="magic")
    with pytest.raises(errors.StaticArgumentError, match="ftolerance"):
        optimize.minimize(rosenbrock, START, options={"ftolerance": 1})


def test_root_of_a_system():
    def f(p, a):
        return {"u": p["x"] ** 2 + p["y"] ** 2 - a, "v": p["x"] - 2.0 * p["y"]}

    def side(a):
        return optimize.root(f, {"x": 1.0, "y": 1.0}, (a,)).x["x"]

    found = optimize.root(f, {"x": 1.0, "y": 1.0}, (5.0,))
    assert found.success
    np.testing.assert_allclose([found.x["x"], found.x["y"]], [2.0, 1.0])
    assert set(found.fun) == {"u", "v"}
    check_grads(side, (5.0,), order=2)
    check_grads(fg.jit(side), (5.0,), order=2)


def test_newton_far_from_the_root_needs_shorter_steps():
    # full steps diverge from there
    found = optimize.root(np.arctan, np.array([3.0]))
    assert found.success
    np.testing.assert_allclose(found.x, [0.0], atol=1e-9)
    assert not optimize.root(lambda x: x * x + 1.0, np.array([0.7])).success


@pytest.mark.parametrize(
    ("f", "a", "b"),
    [
        (lambda x: x**3 - 2.0, 0.0, 5.0),
        (lambda x: np.cos(x) - x, 0.0, 1.0),
        (lambda x: np.exp(x) - 1e5, -5.0, 20.0),
        (lambda x: x, -1.0, 1.0),
        (lambda x: np.tanh(50.0 * (x - 0.3)), -1.0, 10.0),
    ],
)
def test_brentq_is_scipys(f, a, b):
    expected = so.brentq(f, a, b)
    np.testing.assert_allclose(optimize.brentq(f, a, b), expected, rtol=1e-11)
    compiled = fg.jit(lambda a, b: optimize.brentq(f, a, b))(a, b)
    np.testing.assert_allclose(compiled, expected, rtol=1e-11)


def test_scalar_roots_have_derivatives():
    cube = lambda a: optimize.brentq(lambda x: x**3 - a, 0.0, 10.0)
    check_grads(cube, (8.0,), order=2)
    square = lambda a: optimize.newton(lambda x: x**2 - a, 1.0)
    check_grads(square, (2.0,), order=2)
    assert np.isnan(optimize.brentq(lambda x: x**2 + 1.0, 0.0, 1.0))


def test_fixed_point_of_a_tree():
    def attract(a):
        x = optimize.fixed_point(
            lambda p: {"x": np.cos(a * p["y"]), "y": 0.5 * p["x"]}, {"x": 1.0, "y": 1}
        )
        return x["x"] + x["y"]

    check_grads(attract, (0.8,), order=1)
    x = optimize.fixed_point(np.cos, 1.0)
    np.testing.assert_allclose(np.cos(x), x, rtol=1e-9)


@pytest.mark.parametrize(
    "method", [None, "L-BFGS-B", "Newton-CG", "trust-ncg", "Nelder-Mead", "SLSQP"]
)
def test_scipys_solvers_get_compiled_derivatives(method):
    found = optimize.scipy_minimize(rosenbrock, START, method=method, tol=1e-9)
    expected = so.minimize(rosenbrock, START, jac=fg.grad(rosenbrock), tol=1e-9).x
    np.testing.assert_allclose(found.x, expected, atol=1e-4)


def test_scipys_constraints_get_a_jacobian():
    start = {"x": np.array([2.0, 0.0])}
    circle = {"type": "eq", "fun": lambda p: np.sum(p["x"] ** 2) - 1.0}
    found = optimize.scipy_minimize(
        lambda p: p["x"][0] + p["x"][1], start, method="SLSQP", constraints=circle
    )
    np.testing.assert_allclose(found.x["x"], [-(0.5**0.5)] * 2, atol=1e-6)


def test_scipys_root_and_least_squares():
    for method in ("hybr", "lm", "krylov"):
        found = optimize.scipy_root(
            lambda x, a: x**2 - a, np.ones(2), (4.0,), method=method
        )
        np.testing.assert_allclose(found.x, [2.0, 2.0], rtol=1e-5)
    t = np.linspace(0.0, 1.0, 20)
    fit = optimize.scipy_least_squares(
        lambda p, t: p[0] * np.exp(-p[1] * t) - 2.0 * np.exp(-3.0 * t),
        np.ones(2),
        (t,),
        bounds=(0.0, 10.0),
    )
    np.testing.assert_allclose(fit.x, [2.0, 3.0], rtol=1e-5)
