"""L-BFGS: minima that are known, the memory, the line search, and types."""

import numpy as np
import pytest
from scipy import optimize as scipy_optimize

import funcgrad as fg
from funcgrad import optimizers as opt
from funcgrad.optimizers.line_search import Point, search_line


def minimize(loss, start, steps, **options):
    optimizer = opt.lbfgs(loss, **options)

    def step(carry, _):
        params, state = carry
        params, state = optimizer.update(None, state, params)
        return (params, state), state.value

    @fg.jit
    def run(params):
        return fg.lax.scan(step, (params, optimizer.init(params)), length=steps)

    (params, state), values = run(start)
    return params, state, values


def rosenbrock(x):
    return fg.numpy.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


@pytest.mark.parametrize("memory", [1, 4, 10])
def test_rosenbrock(memory):
    start = np.array([-1.2, 1.0, -0.5, 0.8, 1.5, -1.0])
    x, state, values = minimize(rosenbrock, start, 150, memory_size=memory)
    np.testing.assert_allclose(x, 1.0, rtol=1e-6)
    assert np.all(np.diff(values) <= 0)
    assert state.count == 150
    assert state.value < 1e-12


def test_as_many_steps_as_scipy():
    start = np.array([-1.2, 1.0, -0.5, 0.8])
    theirs = scipy_optimize.minimize(
        rosenbrock, start, jac=fg.grad(rosenbrock), method="L-BFGS-B", tol=1e-10
    )
    _, _, values = minimize(rosenbrock, start, 2 * theirs.nit)
    assert values[-1] < 1e-10


def test_a_quadratic_over_a_pytree():
    curvature = np.array([1.0, 10.0, 100.0])

    def loss(p):
        return 0.5 * np.sum(curvature * (p["a"] - 2.0) ** 2) + (p["b"] + 1.0) ** 2

    p, state, _ = minimize(loss, {"a": np.zeros(3), "b": 0.0}, 30)
    np.testing.assert_allclose(p["a"], 2.0, rtol=1e-8)
    np.testing.assert_allclose(p["b"], -1.0, rtol=1e-8)
    assert state.steps.shape == (10, 4)


def test_complex_parameters():
    target = np.array([1.0 + 2.0j, -0.5j])

    def loss(z):
        d = (z - target) * np.array([1.0, 3.0])
        return np.sum(np.real(d) ** 2 + np.imag(d) ** 2) ** 2

    z, _, _ = minimize(loss, np.zeros(2, complex), 60)
    np.testing.assert_allclose(z, target, atol=1e-4)


def test_single_precision_stays():
    x, state, values = minimize(rosenbrock, np.zeros(3, np.float32), 60)
    assert x.dtype == state.gradient.dtype == state.weights.dtype == np.float32
    assert values.dtype == np.float32
    np.testing.assert_allclose(x, 1.0, atol=2e-3)


def test_a_loss_that_is_undefined_beyond_the_minimum():
    x, _, _ = minimize(lambda x: x - np.log(x), 30.0, 30)
    np.testing.assert_allclose(x, 1.0, rtol=1e-7)


def test_at_the_minimum_nothing_moves():
    optimizer = opt.lbfgs(lambda x: np.sum(x**2))
    x, state = optimizer.update(None, optimizer.init(np.zeros(2)), np.zeros(2))
    assert x.tolist() == [0, 0]
    assert not state.weights.any()
    assert np.isfinite(state.value)


def test_given_gradients_are_used():
    def loss(x):
        return np.sum(x**2)

    x, optimizer = np.array([3.0, -4.0]), opt.lbfgs(loss)
    state = optimizer.init(x)
    given, _ = optimizer.update(2 * x, state, x)
    kept, _ = optimizer.update(None, state, x)
    np.testing.assert_array_equal(given, kept)


def test_over_a_batch_of_starts():
    optimizer = opt.lbfgs(lambda x: np.sum(np.cosh(x - 1.0)))

    def run(x):
        carry = (x, optimizer.init(x))
        body = lambda _, c: optimizer.update(None, c[1], c[0])
        return fg.lax.fori_loop(0, 15, body, carry)[0]

    starts = np.array([[0.0, 0.0], [3.0, -2.0], [1.0, 1.0]])
    np.testing.assert_allclose(fg.jit(fg.vmap(run))(starts), 1.0, rtol=1e-6)


def test_without_a_lower_point_the_search_stays():
    def evaluate(t):
        return 1.0 + t, np.array([1.0])

    start = Point(np.float64(1.0), np.array([-1.0]), np.float64(0.0))
    end = search_line(evaluate, start, np.array([1.0]), np.float64(1.0), 5)
    assert (end.value, end.length) == (1.0, 0.0)


@pytest.mark.parametrize("first", [1e-6, 1.0, 1e6])
def test_the_search_meets_its_conditions(first):
    def evaluate(t):
        return np.cos(t), np.stack([-np.sin(t)])

    start = Point(np.cos(0.5), np.array([-np.sin(0.5)]), np.float64(0.0))

    def moved(t):
        return evaluate(0.5 + t)

    end = search_line(moved, start, np.array([1.0]), np.float64(first), 60)
    slope = -np.sin(0.5)
    assert end.value <= start.value + 1e-4 * end.length * slope
    assert end.gradient[0] >= 0.9 * slope


def test_the_search_goes_on_where_values_differ_by_rounding_only():
    # Of a value of 1e9, the decrease of this bowl near its minimum is rounded away.
    def evaluate(t):
        return 1e9 + 0.5 * (t - 1e-5) ** 2, np.stack([t - 1e-5])

    start = Point(np.float64(1e9), np.array([-1e-5]), np.float64(0.0))
    end = search_line(evaluate, start, np.array([1.0]), np.float64(1e-5), 20)
    assert end.value == start.value
    np.testing.assert_allclose(end.length, 1e-5)
