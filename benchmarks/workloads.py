"""The workloads: each makes, from a library and a seed, a call to time.

A workload is written once, for all libraries, against `benchmarks.libraries.Library`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from benchmarks.eager import PROGRAMS, eager_program
from benchmarks.libraries import Library

Call = Callable[[], Any]
Build = Callable[[Library, int], Call]


@dataclass(frozen=True)
class Workload:
    """A call to time, and what is asked of it.

    Attributes
    ----------
    name : str
    build : callable
        ``build(library, seed)`` does all that is not timed and returns the timed call.
    bars : dict of str to float
        For each peer, how many times its time funcgrad's must go into.
    divisor : int
        Steps or operations in one call: the table shows the time of one.
    fresh : bool
        Whether each repetition needs a new call, with a new seed (compilation does).
    needs : tuple of str
        Attributes of the library that must not be None.
    """

    name: str
    build: Build
    bars: dict[str, float]
    divisor: int = 1
    fresh: bool = False
    needs: tuple[str, ...] = ("jit", "scan")


def random_program(lib: Library, seed: int, operations: int) -> Callable[[Any], Any]:
    """A straight-line function of that many operations; another seed, another one.

    Every second operation has a bounded answer, so that values stay finite.
    """
    xp = lib.np
    bounded = (xp.sin, xp.cos, xp.tanh, xp.arctan)
    rng = np.random.default_rng(seed)
    plan = [(int(rng.integers(4)), int(rng.integers(1, 6))) for _ in range(operations)]

    def program(x: Any) -> Any:
        values = [x] * 6
        for i, (kind, back) in enumerate(plan):
            a, b = values[-1], values[-back]
            if i % 2:
                values.append(bounded[kind](a))
            elif kind == 0:
                values.append(xp.exp(a))
            elif kind == 1:
                values.append(a * b)
            elif kind == 2:
                values.append(a - b)
            else:
                values.append(a + b)
        return values[-1]

    return program


def compile_program(lib: Library, seed: int, *, gradient: bool) -> Call:
    """Trace, compile and call once a new function of 50 operations."""
    assert lib.jit is not None
    jit = lib.jit
    program = random_program(lib, seed, 50)
    x = lib.array(np.linspace(0.1, 0.9, 1000))
    f = lib.grad(lambda x: lib.np.sum(program(x))) if gradient else program
    return lambda: lib.ready(jit(f)(x))


def jitted(lib: Library, f: Callable[..., Any], args: tuple[Any, ...]) -> Call:
    """A call of the compiled ``f`` on arrays of the library."""
    assert lib.jit is not None
    compiled = lib.jit(f)
    arrays = tuple(lib.array(a) for a in args)
    return lambda: lib.ready(compiled(*arrays))


def forward_or_gradient(
    lib: Library, f: Callable[..., Any], args: tuple[Any, ...], *, gradient: bool
) -> Call:
    """Compile ``f``, a scalar function, or its derivative by the first argument."""
    return jitted(lib, lib.grad(f) if gradient else f, args)


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

        assert lib.scan is not None
        (x, y, z), _ = lib.scan(step, (start[0], start[1], start[2]), None, steps)
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

        assert lib.scan is not None
        return xp.sum(lib.scan(step, start, None, steps)[0])

    args = (np.array([10.0, 20.0, 8.0 / 3.0]), np.array([1.0, 1.0, 1.0 + seed]))
    return forward_or_gradient(lib, end, args, gradient=gradient)


def kalman(lib: Library, seed: int, *, steps: int, gradient: bool) -> Call:
    """Negative log-likelihood of a filter: position and velocity, both observed."""
    xp = lib.np
    transition = np.array([[1.0, 0.1], [0.0, 1.0]])
    observed = np.random.default_rng(seed).normal(size=(steps, 2)).cumsum(axis=0)

    def loss(variances: Any, observations: Any) -> Any:
        eye = xp.eye(2)

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

        assert lib.scan is not None
        return 0.5 * xp.sum(lib.scan(step, (xp.zeros(2), eye), observations)[1])

    args = (np.array([0.1, 1.0]), observed)
    return forward_or_gradient(lib, loss, args, gradient=gradient)


def rnn(lib: Library, seed: int, *, steps: int, gradient: bool) -> Call:
    """A recurrent network of width 16 on one sequence of 4 features."""
    xp = lib.np
    rng = np.random.default_rng(seed)
    u, inputs = rng.normal(size=(16, 4)), rng.normal(size=(steps, 4))

    def loss(w: Any, inputs: Any) -> Any:
        def step(h: Any, x: Any) -> Any:
            h = xp.tanh(w @ h + u @ x)
            return h, xp.sum(h * h)

        assert lib.scan is not None
        return xp.sum(lib.scan(step, xp.zeros(16), inputs)[1])

    args = (0.2 * rng.normal(size=(16, 16)), inputs)
    return forward_or_gradient(lib, loss, args, gradient=gradient)


def eager_gradient(lib: Library, seed: int, *, operations: int) -> Call:
    """Gradient, without compilation, of a chain of operations on a small array."""
    xp = lib.np

    def chain(x: Any) -> Any:
        y = x
        for _ in range(operations // 4):
            y = xp.sin(y) * x + 0.5
            y = xp.tanh(y)
        return xp.sum(y)

    x = lib.array(np.linspace(0.1, 0.9, 4) + seed)
    gradient = lib.grad(chain)
    return lambda: lib.ready(gradient(x))


def call_overhead(lib: Library, seed: int, *, arrays: int) -> Call:
    """A compiled function of so many arrays of four numbers: the call is the cost."""

    def total(*args: Any) -> Any:
        result = args[0] + 1.0
        for a in args[1:]:
            result = result + a
        return result

    return jitted(lib, total, tuple(np.arange(4.0) + i + seed for i in range(arrays)))


def loops() -> list[Workload]:
    """Forward at JAX's speed or better, gradients three times faster."""
    bodies = {
        "Lorenz RK4, scalars carried": (lorenz_scalars, 10_000),
        "Lorenz RK4, array carried": (lorenz_array, 10_000),
        "Kalman 2x2": (kalman, 1_000),
        "RNN width 16": (rnn, 1_000),
    }
    return [
        Workload(
            name=f"{name}: {kind}, one step",
            build=partial(build, steps=steps, gradient=kind == "gradient"),
            bars={"jax": bar},
            divisor=steps,
        )
        for name, (build, steps) in bodies.items()
        for kind, bar in (("forward", 1.0), ("gradient", 3.0))
    ]


WORKLOADS = [
    Workload(
        name="compile 50 operations",
        build=partial(compile_program, gradient=False),
        bars={"jax": 1.0},
        fresh=True,
        needs=("jit",),
    ),
    Workload(
        name="compile the gradient of 50 operations",
        build=partial(compile_program, gradient=True),
        bars={"jax": 1.0},
        fresh=True,
        needs=("jit",),
    ),
    *loops(),
    Workload(
        name="un-jitted grad, one operation",
        build=partial(eager_gradient, operations=100),
        bars={"autograd": 1.0},
        divisor=100,
        needs=(),
    ),
    *(
        Workload(
            name=f"un-jitted grad, {name}",
            build=partial(eager_program, name=name),
            bars={"autograd": 1.0},
            needs=("plain",),
        )
        for name in PROGRAMS
    ),
    *(
        Workload(
            name=f"call of a jitted function, {n} array{'s' * (n > 1)}",
            build=partial(call_overhead, arrays=n),
            bars={"jax": 2.0},
            needs=("jit",),
        )
        for n in (1, 2, 4)
    ),
]
