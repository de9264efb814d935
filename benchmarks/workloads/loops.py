"""Native loops: differential equations, filters, recurrent networks, small solves."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks.libraries import Library
from benchmarks.workloads.workload import (
    Call,
    Workload,
    both_ways,
    forward_or_gradient,
    fused,
    jitted,
)


def lorenz_scalars(lib: Library, seed: int, *, steps: int, gradient: bool) -> Call:
    """Runge-Kutta steps of the Lorenz system, three scalars carried."""
    dt = 0.01

    def velocity(s: Any, p: Any) -> Any:
        x, y, z = s
        return p[0] * (y - x), x * (p[1] - z) - y, x * y - p[2] * z

    def ahead(s: Any, k: Any, h: float) -> Any:
        return tuple(a + h * b for a, b in zip(s, k, strict=True))

    def end(p: Any, start: Any) -> Any:
        def step(s: Any, _: Any) -> Any:
            k1 = velocity(s, p)
            k2 = velocity(ahead(s, k1, 0.5 * dt), p)
            k3 = velocity(ahead(s, k2, 0.5 * dt), p)
            k4 = velocity(ahead(s, k3, dt), p)
            slopes = zip(k1, k2, k3, k4, strict=True)
            mean = [(a + 2.0 * (b + c) + d) / 6.0 for a, b, c, d in slopes]
            return ahead(s, mean, dt), None

        (x, y, z), _ = lib.api.lax.scan(
            step, (start[0], start[1], start[2]), None, steps
        )
        return x + y + z

    # sigma, rho, beta without chaos, so that all libraries agree after many steps
    args = (np.array([10.0, 20.0, 8.0 / 3.0]), np.array([1.0, 1.0, 1.0 + seed]))
    return forward_or_gradient(lib, end, args, gradient=gradient)


def lorenz_array(lib: Library, seed: int, *, steps: int, gradient: bool) -> Call:
    """The same with one array of three carried."""
    xp, dt = lib.np, 0.01

    def velocity(s: Any, p: Any) -> Any:
        x, y, z = s[0], s[1], s[2]
        return xp.stack([p[0] * (y - x), x * (p[1] - z) - y, x * y - p[2] * z])

    def end(p: Any, start: Any) -> Any:
        def step(s: Any, _: Any) -> Any:
            k1 = velocity(s, p)
            k2 = velocity(s + 0.5 * dt * k1, p)
            k3 = velocity(s + 0.5 * dt * k2, p)
            k4 = velocity(s + dt * k3, p)
            return s + dt / 6.0 * (k1 + 2.0 * (k2 + k3) + k4), None

        return xp.sum(lib.api.lax.scan(step, start, None, steps)[0])

    args = (np.array([10.0, 20.0, 8.0 / 3.0]), np.array([1.0, 1.0, 1.0 + seed]))
    return forward_or_gradient(lib, end, args, gradient=gradient)


def kalman(lib: Library, seed: int, *, steps: int, gradient: bool) -> Call:
    """Negative log-likelihood of a filter: position and velocity, both observed."""
    xp = lib.np
    transition = lib.array(np.array([[1.0, 0.1], [0.0, 1.0]]))
    observed = np.random.default_rng(seed).normal(size=(steps, 2)).cumsum(axis=0)

    def loss(variances: Any, observations: Any) -> Any:
        eye = xp.eye(2, dtype=observations.dtype)

        def step(carry: Any, y: Any) -> Any:
            m, p = carry
            m = transition @ m
            p = transition @ p @ transition.T + variances[0] * eye
            s = p + variances[1] * eye
            det = s[0, 0] * s[1, 1] - s[0, 1] * s[1, 0]
            rows = [xp.stack([s[1, 1], -s[0, 1]]), xp.stack([-s[1, 0], s[0, 0]])]
            inverse = xp.stack(rows) / det
            residual = y - m
            gain = p @ inverse
            cost = residual @ inverse @ residual + xp.log(det)
            return (m + gain @ residual, p - gain @ p), cost

        return 0.5 * xp.sum(
            lib.api.lax.scan(
                step, (xp.zeros(2, observations.dtype), eye), observations
            )[1]
        )

    args = (np.array([0.1, 1.0]), observed)
    return forward_or_gradient(lib, loss, args, gradient=gradient)


def rnn(lib: Library, seed: int, *, steps: int, gradient: bool) -> Call:
    """A recurrent network of width 16 on one sequence of 4 features."""
    xp = lib.np
    rng = np.random.default_rng(seed)
    u, inputs = lib.array(rng.normal(size=(16, 4))), rng.normal(size=(steps, 4))

    def loss(w: Any, inputs: Any) -> Any:
        def step(h: Any, x: Any) -> Any:
            h = xp.tanh(w @ h + u @ x)
            return h, xp.sum(h * h)

        return xp.sum(lib.api.lax.scan(step, xp.zeros(16, inputs.dtype), inputs)[1])

    args = (0.2 * rng.normal(size=(16, 16)), inputs)
    return forward_or_gradient(lib, loss, args, gradient=gradient)


def lstm(lib: Library, seed: int, *, steps: int, gradient: bool) -> Call:
    """A long short-term memory of width 16 on one sequence of 4 features."""
    xp = lib.np
    rng = np.random.default_rng(seed)

    def sigmoid(x: Any) -> Any:
        return 0.5 * (1.0 + xp.tanh(0.5 * x))

    def loss(w: Any, u: Any, inputs: Any) -> Any:
        def step(carry: Any, x: Any) -> Any:
            h, c = carry
            z = w @ h + u @ x
            forget, add, out = (sigmoid(z[16 * i : 16 * i + 16]) for i in range(3))
            c = forget * c + add * xp.tanh(z[48:])
            h = out * xp.tanh(c)
            return (h, c), xp.sum(h * h)

        start = (xp.zeros(16, inputs.dtype), xp.zeros(16, inputs.dtype))
        return xp.sum(lib.api.lax.scan(step, start, inputs)[1])

    args = (
        0.2 * rng.normal(size=(64, 16)),
        rng.normal(size=(64, 4)),
        rng.normal(size=(steps, 4)),
    )
    return forward_or_gradient(lib, loss, args, gradient=gradient)


def kepler(lib: Library, seed: int, *, steps: int, gradient: bool) -> Call:
    """Runge-Kutta steps of a planet's orbit: position and velocity carried."""
    xp, dt = lib.np, 0.001

    def slope(s: Any) -> Any:
        q, v = s
        return v, -q / xp.sqrt(xp.sum(q * q)) ** 3

    def ahead(s: Any, k: Any, h: float) -> Any:
        return s[0] + h * k[0], s[1] + h * k[1]

    def end(start: Any) -> Any:
        def step(s: Any, _: Any) -> Any:
            k1 = slope(s)
            k2 = slope(ahead(s, k1, 0.5 * dt))
            k3 = slope(ahead(s, k2, 0.5 * dt))
            k4 = slope(ahead(s, k3, dt))
            mean = tuple(
                (a + 2.0 * (b + c) + d) / 6.0
                for a, b, c, d in zip(k1, k2, k3, k4, strict=True)
            )
            return ahead(s, mean, dt), None

        s, _ = lib.api.lax.scan(step, (start[:2], start[2:]), None, steps)
        return xp.sum(s[0]) + xp.sum(s[1])

    args = (np.array([1.0, 0.0, 0.0, 0.9 + 0.01 * seed]),)
    return forward_or_gradient(lib, end, args, gradient=gradient)


def small_solve(lib: Library, seed: int, *, steps: int, gradient: bool) -> Call:
    """A linear system of two unknowns in every step."""
    xp = lib.np

    def end(a: Any, b: Any) -> Any:
        def step(x: Any, _: Any) -> Any:
            return xp.linalg.solve(a + 0.1 * xp.outer(x, x), b + 0.5 * x), None

        return xp.sum(lib.api.lax.scan(step, b, None, steps)[0])

    args = (np.array([[3.0, 0.2], [0.1, 2.0 + 0.1 * seed]]), np.array([1.0, -0.5]))
    return forward_or_gradient(lib, end, args, gradient=gradient)


def adaptive(lib: Library, seed: int) -> Call:
    """A stiff oscillator by an embedded pair of orders 2 and 3 that picks its steps."""
    xp, while_loop = lib.np, lib.api.lax.while_loop

    def slope(y: Any, mu: Any) -> Any:
        return y[1], mu * (1.0 - y[0] * y[0]) * y[1] - y[0]

    def step(state: Any) -> Any:
        t, h, y, mu = state
        k1 = slope(y, mu)
        k2 = slope(tuple(a + 0.5 * h * k for a, k in zip(y, k1, strict=True)), mu)
        k3 = slope(tuple(a + 0.75 * h * k for a, k in zip(y, k2, strict=True)), mu)
        rows = zip(y, k1, k2, k3, strict=True)
        new = tuple(a + h * (2.0 * p + 3.0 * q + 4.0 * r) / 9.0 for a, p, q, r in rows)
        k4 = slope(new, mu)
        error = sum(
            abs(h * (-5.0 * p / 72.0 + q / 12.0 + r / 9.0 - s / 8.0))
            for p, q, r, s in zip(k1, k2, k3, k4, strict=True)
        )
        keep = error < 1e-6
        y = tuple(xp.where(keep, n, a) for n, a in zip(new, y, strict=True))
        factor = xp.clip(0.9 * (1e-6 / (error + 1e-30)) ** (1.0 / 3.0), 0.2, 5.0)
        return xp.where(keep, t + h, t), h * factor, y, mu

    def end(mu: Any) -> Any:
        zero = mu * 0.0
        start = (zero, zero + 1e-3, (zero + 2.0, zero), mu)
        return while_loop(lambda s: s[0] < 20.0, step, start)[2][0]

    return forward_or_gradient(lib, end, (np.array(1.0 + 0.1 * seed),), gradient=False)


def newton(lib: Library, seed: int, *, points: int) -> Call:
    """Cube roots of many numbers, each by iterations of its own number."""
    api = lib.api
    close = float(np.finfo(lib.dtype).eps) ** 0.5

    def root(a: Any) -> Any:
        return api.lax.while_loop(
            lambda r: abs(r * r * r - a) > close * a,
            lambda r: r - (r * r * r - a) / (3.0 * r * r),
            a,
        )

    a = np.random.default_rng(seed).lognormal(sigma=3.0, size=points)
    return jitted(lib, api.vmap(root), (a,))


def mandelbrot(lib: Library, seed: int, *, side: int) -> Call:
    """How long each point of a grid stays near the origin: lanes of uneven length."""
    api, xp = lib.api, lib.np

    def count(cx: Any, cy: Any) -> Any:
        def inside(s: Any) -> Any:
            x, y, n = s
            return (x * x + y * y < 4.0) & (n < 500)

        def step(s: Any) -> Any:
            x, y, n = s
            return x * x - y * y + cx, 2.0 * x * y + cy, n + 1

        return api.lax.while_loop(inside, step, (cx * 0.0, cy * 0.0, 0))[2]

    x = np.linspace(-2.0, 0.6, side) + 1e-3 * seed
    y = np.linspace(-1.2, 1.2, side)
    grid = [g.ravel() for g in np.meshgrid(x, y)]
    total = lambda x, y: xp.sum(api.vmap(count)(x, y))
    return jitted(lib, total, tuple(grid))


def uneven_lanes(lib: Library, seed: int) -> Call:
    """Ten thousand lanes, a few of them a thousand times longer than the others."""
    api = lib.api

    def lane(n: Any, x: Any) -> Any:
        return api.lax.while_loop(
            lambda s: s[0] < n, lambda s: (s[0] + 1, s[1] * 0.999 + 0.01), (0, x)
        )[1]

    rng = np.random.default_rng(seed)
    trips = np.where(rng.uniform(size=10_000) < 0.01, 10_000, 10)
    return jitted(lib, api.vmap(lane), (trips, rng.normal(size=10_000)))


def rare_branch(lib: Library, seed: int) -> Call:
    """Ten thousand lanes, of which one in a hundred takes a branch with a long loop."""
    api, xp = lib.api, lib.np

    def heavy(x: Any) -> Any:
        return api.lax.fori_loop(0, 100, lambda i, v: xp.sin(v) + x, x)

    def lane(take: Any, x: Any) -> Any:
        return api.lax.cond(take, heavy, lambda x: x + 1.0, x)

    rng = np.random.default_rng(seed)
    args = (rng.uniform(size=10_000) < 0.01, rng.normal(size=10_000))
    return jitted(lib, api.vmap(lane), args)


SCALAR, MATRIX = (1.5, 10.0), (5.0, 10.0)

LONG: dict[str, Any] = {"divisor": 100_000, "steps": 100_000}
CHAINS = [
    *both_ways("Lorenz RK4, scalars carried", lorenz_scalars, SCALAR, **LONG),
    *both_ways("Lorenz RK4, array carried", lorenz_array, SCALAR, **LONG),
    *both_ways("Kepler RK4", kepler, SCALAR, single_steps=1000, **LONG),
    Workload("adaptive steps of van der Pol", adaptive, {"jax": 1.5}, tolerance=1e-4),
]
"""Loops of numbers, where each operation waits for the last."""

WORKLOADS = [
    *CHAINS,
    *(fused(chain) for chain in CHAINS if "gradient" not in chain.name),
    *both_ways("Kalman 2x2", kalman, MATRIX, divisor=1000, steps=1000),
    *both_ways("solve 2x2", small_solve, MATRIX, divisor=1000, steps=1000),
    *both_ways("RNN width 16", rnn, (1.0, 10.0), divisor=1000, steps=1000),
    *both_ways("LSTM width 16", lstm, (1.0, 1.0), divisor=1000, steps=1000),
    Workload(
        "Newton by vmap of while_loop, 1e4 lanes",
        partial(newton, points=10_000),
        {"jax": 1.0},
        needs=("jit",),
    ),
    Workload(
        "Mandelbrot by vmap of while_loop, 200x200",
        partial(mandelbrot, side=200),
        {"jax": 5.0},
        needs=("jit",),
    ),
    Workload(
        "vmap of while_loop, uneven lanes", uneven_lanes, {"jax": 5.0}, needs=("jit",)
    ),
    Workload(
        "vmap of cond, a rare heavy branch", rare_branch, {"jax": 5.0}, needs=("jit",)
    ),
]
