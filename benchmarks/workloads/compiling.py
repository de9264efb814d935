"""Compile time: a new straight-line program of 50, 200 or 1000 operations each time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.libraries import Library
from benchmarks.workloads.workload import Call, Workload


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


def compile_program(
    lib: Library, seed: int, *, operations: int, gradient: bool
) -> Call:
    """Trace, compile and call once a new function."""
    assert lib.jit is not None
    jit = lib.jit
    program = random_program(lib, seed, operations)
    x = lib.array(np.linspace(0.1, 0.9, 1000))
    f = lib.grad(lambda x: lib.np.sum(program(x))) if gradient else program
    return lambda: lib.ready(jit(f)(x))


def compile_layers(lib: Library, seed: int, *, layers: int) -> Call:
    """Trace, compile and call once the gradient of a network with layers in a row."""
    assert lib.jit is not None
    jit, xp = lib.jit, lib.np
    rng = np.random.default_rng(seed)
    width = 16 + seed % 7
    weights = lib.arrays([0.3 * rng.normal(size=(width, width)) for _ in range(layers)])
    x = lib.array(rng.normal(size=(32, width)))

    def loss(weights: Any) -> Any:
        h = x
        for w in weights:
            h = xp.tanh(h @ w) + h
        return xp.mean(h * h)

    return lambda: lib.ready(jit(lib.grad(loss))(weights))[0]


def new_batch_size(lib: Library, seed: int) -> Call:
    """Call a compiled gradient of a layer on a batch of a size it has not seen."""
    assert lib.jit is not None
    xp = lib.np
    rng = np.random.default_rng(seed)
    w = lib.array(0.2 * rng.normal(size=(20, 20)))

    def loss(w: Any, x: Any) -> Any:
        return xp.mean((xp.tanh(x @ w) - x) ** 2)

    gradient = lib.jit(lib.grad(loss))
    lib.ready(gradient(w, lib.array(rng.normal(size=(64, 20)))))
    x = lib.array(rng.normal(size=(65 + seed, 20)))
    return lambda: lib.ready(gradient(w, x))


def new_batch_size_of_program(lib: Library, seed: int) -> Call:
    """The same for the gradient of a program of 50 operations."""
    assert lib.jit is not None
    program = random_program(lib, 7, 50)
    gradient = lib.jit(lib.grad(lambda x: lib.np.sum(program(x))))
    lib.ready(gradient(lib.array(np.linspace(0.1, 0.9, 1000))))
    x = lib.array(np.linspace(0.1, 0.9, 1001 + seed))
    return lambda: lib.ready(gradient(x))


WORKLOADS = [
    *(
        Workload(
            name=f"compile {text}{n} operations",
            build=partial(compile_program, operations=n, gradient=gradient),
            bars={"jax": 12.0},
            fresh=True,
            needs=("jit",),
            # derivatives of long chains amplify the last digits
            tolerance=1e-5,
        )
        for n in (50, 200, 1000)
        for text, gradient in (("", False), ("the gradient of ", True))
    ),
    Workload(
        name="compile the gradient of 20 layers in a row",
        build=partial(compile_layers, layers=20),
        bars={"jax": 12.0},
        fresh=True,
        needs=("jit",),
    ),
    Workload(
        "new batch size, one layer",
        new_batch_size,
        {"jax": 20.0},
        fresh=True,
        needs=("jit",),
    ),
    Workload(
        "new batch size, the gradient of 50 operations",
        new_batch_size_of_program,
        {"jax": 20.0},
        fresh=True,
        needs=("jit",),
    ),
]
