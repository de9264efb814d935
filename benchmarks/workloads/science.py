"""Science: particles, likelihoods, options, Jacobians, Hessians, sampling."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.libraries import Library
from benchmarks.workloads.workload import Call, Workload, both_ways, jitted


def lennard_jones(lib: Library, seed: int, *, gradient: bool) -> Call:
    """Energy, or forces, of 100 particles: all pairs."""
    xp = lib.np
    rng = np.random.default_rng(seed)
    upper = lib.arrays(np.triu_indices(100, 1))

    def energy(x: Any) -> Any:
        d = x[upper[0]] - x[upper[1]]
        inverse = 1.0 / xp.sum(d * d, axis=1) ** 3
        return 4.0 * xp.sum(inverse * inverse - inverse)

    grid = np.stack(np.meshgrid(*[np.arange(5.0)] * 3), axis=-1).reshape(-1, 3)[:100]
    x = 1.1 * grid + 0.05 * rng.normal(size=(100, 3))
    return jitted(lib, lib.grad(energy) if gradient else energy, (x,))


def n_body(lib: Library, seed: int, *, steps: int, gradient: bool) -> Call:
    """Leapfrog steps of 8 bodies under softened gravity."""
    api, xp = lib.api, lib.np
    rng = np.random.default_rng(seed)
    mass = lib.array(rng.uniform(0.5, 1.5, size=8))

    def acceleration(q: Any) -> Any:
        d = q[None, :, :] - q[:, None, :]
        r2 = xp.sum(d * d, axis=-1) + 0.1
        return xp.sum(mass[None, :, None] * d / (r2 * xp.sqrt(r2))[:, :, None], axis=1)

    def end(q: Any, v: Any) -> Any:
        def step(s: Any, _: Any) -> Any:
            q, v = s
            v = v + 0.005 * acceleration(q)
            q = q + 0.01 * v
            return (q, v + 0.005 * acceleration(q)), None

        q, v = api.lax.scan(step, (q, v), None, steps)[0]
        return xp.sum(q * q) + xp.sum(v * v)

    args = (rng.normal(size=(8, 3)), 0.1 * rng.normal(size=(8, 3)))
    return jitted(lib, api.grad(end) if gradient else end, args)


def mixture(lib: Library, seed: int, *, gradient: bool) -> Call:
    """Log-likelihood of 2000 points under 8 full Gaussians in 4 dimensions."""
    xp = lib.np
    rng = np.random.default_rng(seed)

    def log_likelihood(params: Any, x: Any) -> Any:
        logits, means, factors = params
        d = x[:, None, :] - means[None, :, :]
        # In the other order XLA's code in single precision gives wrong numbers.
        z = xp.sum(factors[None, :, :, :] * d[:, :, None, :], axis=-1)
        scale = xp.sum(xp.log(xp.abs(xp.diagonal(factors, axis1=-1, axis2=-2))), axis=1)
        terms = logits + scale - 0.5 * xp.sum(z * z, axis=-1)
        high = xp.max(terms, axis=1)
        each = high + xp.log(xp.sum(xp.exp(terms - high[:, None]), axis=1))
        return xp.sum(each) - x.shape[0] * xp.log(xp.sum(xp.exp(logits)))

    params = (
        rng.normal(size=8),
        rng.normal(size=(8, 4)),
        np.eye(4) + 0.1 * np.tril(rng.normal(size=(8, 4, 4))),
    )
    f = lib.api.grad(log_likelihood) if gradient else log_likelihood
    call = jitted(lib, f, (params, rng.normal(size=(2000, 4))))
    return (lambda: call()[2]) if gradient else call


def black_scholes(lib: Library, seed: int, *, greeks: bool) -> Call:
    """Prices of 1e5 options; with the Greeks, five derivatives of each."""
    api, xp = lib.api, lib.np
    erf = api.scipy.special.erf

    def price(s: Any, k: Any, t: Any, r: Any, sigma: Any) -> Any:
        root = sigma * xp.sqrt(t)
        d1 = (xp.log(s / k) + (r + 0.5 * sigma * sigma) * t) / root
        below = lambda x: 0.5 * (1.0 + erf(x / 2.0**0.5))
        return s * below(d1) - k * xp.exp(-r * t) * below(d1 - root)

    rng = np.random.default_rng(seed)
    ranges = ((80.0, 120.0), (80.0, 120.0), (0.2, 2.0), (0.01, 0.05), (0.1, 0.5))
    args = tuple(rng.uniform(low, high, size=100_000) for low, high in ranges)
    f = price
    if greeks:
        f = api.vmap(api.grad(price, argnums=(0, 1, 2, 3, 4)))
    return jitted(lib, f, args)


def bundle_adjustment(lib: Library, seed: int) -> Call:
    """Jacobians of 1000 projections, 2 by 9 camera and 3 point parameters each."""
    api, xp = lib.api, lib.np
    rng = np.random.default_rng(seed)

    def project(camera: Any, point: Any) -> Any:
        rotation, shift, focal = camera[:3], camera[3:6], camera[6]
        angle2 = xp.sum(rotation * rotation)
        angle = xp.sqrt(angle2)
        axis = rotation / angle
        turned = (
            point * xp.cos(angle)
            + xp.cross(axis, point) * xp.sin(angle)
            + axis * xp.sum(axis * point) * (1.0 - xp.cos(angle))
            + shift
        )
        flat = -turned[:2] / turned[2]
        r2 = xp.sum(flat * flat)
        return focal * (1.0 + r2 * (camera[7] + camera[8] * r2)) * flat

    jacobians = api.vmap(api.jacfwd(project, argnums=(0, 1)))
    cameras = np.concatenate(
        [
            0.3 * rng.normal(size=(1000, 3)),
            rng.normal(size=(1000, 3)),
            rng.uniform(1.0, 2.0, size=(1000, 1)),
            0.01 * rng.normal(size=(1000, 2)),
        ],
        axis=1,
    )
    points = rng.normal(size=(1000, 3)) + np.array([0.0, 0.0, 8.0])
    call = jitted(lib, jacobians, (cameras, points))
    return lambda: call()[0]


def _rosenbrock(xp: Any, x: Any) -> Any:
    return xp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def hessian(lib: Library, seed: int) -> Call:
    """Hessian of Rosenbrock's function of 50 variables."""
    x = np.random.default_rng(seed).normal(size=50)
    return jitted(lib, lib.api.hessian(partial(_rosenbrock, lib.np)), (x,))


def hessian_vector(lib: Library, seed: int) -> Call:
    """Hessian of the same of 1e4 variables times a vector, forward over reverse."""
    api = lib.api
    rng = np.random.default_rng(seed)
    slope = api.grad(partial(_rosenbrock, lib.np))
    product: Callable[..., Any] = lambda x, v: api.jvp(slope, (x,), (v,))[1]
    return jitted(lib, product, (rng.normal(size=10_000), rng.normal(size=10_000)))


def hmc(lib: Library, seed: int, *, steps: int) -> Call:
    """Leapfrog trajectories of 100 chains in 20 dimensions, without randomness."""
    api, xp = lib.api, lib.np
    rng = np.random.default_rng(seed)
    scale = lib.array(rng.uniform(0.5, 2.0, size=20))

    def energy(q: Any) -> Any:
        return 0.5 * xp.sum((q / scale) ** 2) + 0.1 * xp.sum(xp.cos(q))

    def trajectory(q: Any, p: Any) -> Any:
        def step(s: Any, _: Any) -> Any:
            q, p = s
            p = p - 0.05 * api.grad(energy)(q)
            q = q + 0.1 * p
            return (q, p - 0.05 * api.grad(energy)(q)), None

        return api.lax.scan(step, (q, p), None, steps)[0][0]

    args = (rng.normal(size=(100, 20)), rng.normal(size=(100, 20)))
    return jitted(lib, api.vmap(trajectory), args)


WORKLOADS = [
    *both_ways("Lennard-Jones, 100 particles", lennard_jones, 1.0),
    *both_ways(
        "N-body, 8 bodies", n_body, 1.0, divisor=1000, steps=1000, single_steps=100
    ),
    *both_ways("Gaussian mixture, 2000 points", mixture, 1.0, tolerance=1e-6),
    Workload(
        "Black-Scholes, 1e5 options",
        partial(black_scholes, greeks=False),
        {"jax": 1.0},
        tolerance=1e-6,
    ),
    Workload(
        "Black-Scholes with Greeks, 1e5 options",
        partial(black_scholes, greeks=True),
        {"jax": 1.0},
        tolerance=1e-6,
    ),
    Workload("Jacobians of 1000 camera projections", bundle_adjustment, {"jax": 1.0}),
    Workload("Hessian of Rosenbrock's function, 50", hessian, {"jax": 1.0}),
    Workload("Hessian-vector product, 1e4", hessian_vector, {"jax": 1.0}),
    Workload(
        "HMC, 100 chains in 20 dimensions, one step",
        partial(hmc, steps=100),
        {"jax": 1.0},
        divisor=100,
    ),
]
