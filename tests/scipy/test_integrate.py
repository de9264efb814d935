"""Integrals of samples, and solutions of differential equations with derivatives."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.integrate as si

import funcgrad as fg
from funcgrad import errors
from funcgrad.scipy import integrate
from funcgrad.test_util import check_grads

T = np.linspace(0.0, 3.0, 7)
Y0 = np.array([2.0, 0.0])


def oscillator(y, t, a, b):
    return np.stack([y[1], a * (1 - y[0] ** 2) * y[1] - b * y[0] + 0.1 * np.sin(t)])


def solve(y0, t, a, b, **options):
    return integrate.odeint(oscillator, y0, t, a, b, **options)


@pytest.mark.parametrize("tolerance", [1e-5, 1e-9])
@pytest.mark.parametrize("jit", [lambda f: f, fg.jit], ids=["eager", "jit"])
def test_odeint_is_as_exact_as_asked_for(jit, tolerance):
    exact = si.solve_ivp(
        lambda t, y: oscillator(y, t, 1.5, 1.0),
        (0.0, 3.0),
        Y0,
        method="DOP853",
        t_eval=T,
        rtol=1e-12,
        atol=1e-12,
    ).y.T
    found = jit(lambda y0, t: solve(y0, t, 1.5, 1.0, rtol=tolerance, atol=tolerance))
    assert np.max(np.abs(found(Y0, T) - exact)) < 50.0 * tolerance


def test_odeint_has_derivatives_in_everything():
    loose = {"rtol": 1e-10, "atol": 1e-10}
    f = fg.jit(lambda y0, t, a: np.sum(np.sin(solve(y0, t, a, 1.0, **loose))))
    check_grads(f, (Y0, T, 1.5), order=1, rtol=1e-4, atol=1e-5)
    slope = fg.jit(fg.grad(lambda a: f(Y0, T, a)))
    second = fg.jit(fg.grad(slope))(1.5)
    step = 1e-4
    expected = (slope(1.5 + step) - slope(1.5 - step)) / (2.0 * step)
    np.testing.assert_allclose(second, expected, rtol=1e-3)


def test_batches_of_solutions_have_their_own_steps():
    rates = np.array([0.1, 1.5, 5.0])
    many = fg.jit(fg.vmap(lambda a: solve(Y0, T, a, 1.0)[-1]))(rates)
    each = [solve(Y0, T, a, 1.0)[-1] for a in rates]
    np.testing.assert_allclose(many, each, rtol=1e-6, atol=1e-8)


def test_trees_and_limits():
    def decay(y, t):
        return {"a": -y["a"], "b": [y["a"]]}

    found = integrate.odeint(decay, {"a": 1.0, "b": [0.0]}, np.array([0.0, 1.0]))
    np.testing.assert_allclose(found["a"], [1.0, np.exp(-1.0)], rtol=1e-7)
    np.testing.assert_allclose(found["b"][0], [0.0, 1.0 - np.exp(-1.0)], rtol=1e-7)
    few = solve(Y0, T, 1.5, 1.0, mxstep=2)
    assert np.isnan(few[1:]).all()
    np.testing.assert_array_equal(few[0], Y0)
    short = solve(Y0, T, 1.5, 1.0, rtol=1e-3, atol=1e-3, hmax=0.01)
    np.testing.assert_allclose(short, solve(Y0, T, 1.5, 1.0), atol=1e-7)


def test_an_explosion_ends():
    found = integrate.odeint(lambda y, t: y * y, 1.0, np.array([0.0, 0.5, 2.0]))
    np.testing.assert_allclose(found[1], 2.0, rtol=1e-6)
    assert not np.isfinite(found[2]) or found[2] > 1e6


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("places", [None, "one", "all"])
def test_samples_are_scipys(axis, places):
    rng = np.random.default_rng(1)
    y = rng.normal(size=(5, 7))
    x = None
    if places is not None:
        x = np.sort(rng.uniform(size=y.shape if places == "all" else y.shape[axis]))
        x = np.sort(x, axis=axis) if places == "all" else x
    for name in ("trapezoid", "simpson", "cumulative_trapezoid"):
        ours, theirs = getattr(integrate, name), getattr(si, name)
        expected = theirs(y, x=x, dx=0.3, axis=axis)
        np.testing.assert_allclose(ours(y, x=x, dx=0.3, axis=axis), expected)
        compiled = fg.jit(lambda y, f=ours: f(y, x=x, dx=0.3, axis=axis))(y)
        np.testing.assert_allclose(compiled, expected)
        check_grads(lambda y, f=ours: f(y, x=x, axis=axis), (y,), order=1)
    whole = integrate.cumulative_trapezoid(y, initial=0, axis=axis)
    np.testing.assert_allclose(
        whole, si.cumulative_trapezoid(y, initial=0, axis=axis), atol=1e-15
    )


def test_simpson_refuses_an_even_number_of_samples():
    with pytest.raises(errors.ShapeError, match="4 samples"):
        integrate.simpson(np.ones(4))
