"""What a call costs: compiled functions that do next to nothing, eager gradients."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks.libraries import Library
from benchmarks.workloads.eager import PROGRAMS, eager_program
from benchmarks.workloads.workload import Call, Workload, jitted


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


def scalar_call(lib: Library, seed: int) -> Call:
    """A compiled function of one Python float."""
    assert lib.jit is not None
    compiled = lib.jit(lambda x: x * 2.0 + 1.0)
    return lambda: lib.ready(compiled(1.5 + seed))


def pytree_call(lib: Library, seed: int) -> Call:
    """A compiled function of a nested dict with 100 arrays in it."""
    assert lib.jit is not None
    tree = {f"layer{i}": {"w": np.ones(4), "b": np.zeros(4)} for i in range(50)}

    def scaled(tree: Any) -> Any:
        return {
            name: {key: 2.0 * leaf for key, leaf in layer.items()}
            for name, layer in tree.items()
        }

    compiled, arrays = lib.jit(scaled), lib.arrays(tree)
    return lambda: lib.ready(compiled(arrays))["layer7"]["w"]


WORKLOADS = [
    Workload(
        name="un-jitted grad, one operation",
        build=partial(eager_gradient, operations=100),
        bars={"autograd": 1.0},
        divisor=100,
        needs=("grad",),
    ),
    *(
        Workload(
            name=f"un-jitted grad, {name}",
            build=partial(eager_program, name=name),
            bars={"autograd": 1.0},
            needs=("grad", "plain"),
        )
        for name in PROGRAMS
    ),
    Workload(
        "call of a jitted function, a float", scalar_call, {"jax": 8.0}, needs=("jit",)
    ),
    *(
        Workload(
            name=f"call of a jitted function, {n} array{'s' * (n > 1)}",
            build=partial(call_overhead, arrays=n),
            bars={"jax": 8.0},
            needs=("jit",),
        )
        for n in (1, 2, 3, 5)
    ),
    Workload(
        "call of a jitted function, 100-leaf pytree",
        pytree_call,
        {"jax": 4.0},
        needs=("jit",),
    ),
]
