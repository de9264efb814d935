"""Random nests of loops, branches and calls agree with the same nests in Python."""

import random

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import lax

KINDS = ["scan", "while", "cond", "fori", "jit", "checkpoint", "vmap", "mul", "sin"]
ROWS = (0.3, 0.5, 0.9)


class Program:
    """A random function of a value and a parameter, in Python and with lax."""

    def __init__(self, rng, depth):
        self.kind = rng.choice(KINDS if depth else ["sin", "add", "scale"])
        self.limit = rng.uniform(-0.5, 0.5)
        self.trips = rng.randint(0, 3)
        self.parts = [Program(rng, depth - 1) for _ in range(2)] if depth else []

    def step(self, run, v, x):
        return np.tanh(run(self.parts[0], v, x)) * 0.8 + 0.3 * v

    def simple(self, run, v, x):
        if self.kind == "add":
            return v + x
        if self.kind == "scale":
            return v * x * 0.9 + 0.1
        if self.kind == "mul":
            return run(self.parts[0], v, x) * run(self.parts[1], v, x) * 0.7
        inner = run(self.parts[0], v, x) if self.parts else v
        return np.sin(inner)


def in_python(p, v, x):
    def step(v):
        return p.step(in_python, v, x)

    if p.kind == "scan":
        for a in ROWS:
            v = step(v) * a + 0.2
        return v
    if p.kind == "while":
        i = 0
        while i < p.trips and abs(v) < 3.0:
            v, i = step(v), i + 1
        return v
    if p.kind == "fori":
        for i in range(p.trips):
            v = step(v) + i * 0.1
        return v
    if p.kind == "cond":
        return step(v) if v > p.limit else in_python(p.parts[1], v, x)
    if p.kind == "vmap":
        return step(v) + step(v * 0.5)
    if p.kind in ("jit", "checkpoint"):
        return step(v)
    return p.simple(in_python, v, x)


def with_lax(p, v, x):
    def step(v):
        return p.step(with_lax, v, x)

    if p.kind == "scan":
        rows = np.array(ROWS)
        return lax.scan(lambda v, a: (step(v) * a + 0.2, None), v, rows)[0]
    if p.kind == "while":
        return lax.while_loop(
            lambda s: (s[0] < p.trips) & (abs(s[1]) < 3.0),
            lambda s: (s[0] + 1, step(s[1])),
            (0, v),
        )[1]
    if p.kind == "fori":
        return lax.fori_loop(0, p.trips, lambda i, v: step(v) + i * 0.1, v)
    if p.kind == "cond":
        other = p.parts[1]
        return lax.cond(v > p.limit, step, lambda v: with_lax(other, v, x), v)
    if p.kind == "vmap":
        return np.sum(fg.vmap(lambda a: step(v * a))(np.array([1.0, 0.5])))
    if p.kind in ("jit", "checkpoint"):
        return {"jit": fg.jit, "checkpoint": fg.checkpoint}[p.kind](step)(v)
    return p.simple(with_lax, v, x)


@pytest.mark.parametrize("seed", range(16))
def test_values_and_derivatives(seed):
    rng = random.Random(seed)
    program = Program(rng, rng.randint(1, 3))
    x = rng.uniform(0.2, 1.2)

    def want(x):
        return in_python(program, x, x) * 1.0

    def got(x):
        return with_lax(program, x, x) * 1.0

    def near(a, b):
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)

    first, second = fg.grad(want), fg.grad(fg.grad(want))
    near(got(x), want(x))
    near(fg.grad(got)(x), first(x))
    near(fg.jit(fg.grad(got))(x), first(x))
    near(fg.jit(fg.grad(fg.grad(got)))(x), second(x))
    near(fg.jvp(fg.grad(got), (x,), (1.0,))[1], second(x))
    xs = np.array([x, x + 0.05, x * 0.5])
    rows = [first(x) for x in xs]
    near(fg.jit(fg.vmap(fg.grad(got)))(xs), rows)
    near(fg.jit(fg.grad(lambda xs: np.sum(fg.vmap(got)(xs))))(xs), rows)
