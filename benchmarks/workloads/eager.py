"""Small programs whose gradient is taken without compilation: a name -> a call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.libraries import Library

Program = Callable[[Any, np.random.Generator], tuple[Callable[[Any], Any], Any]]
"""From NumPy's interface and a source of numbers: the function and its argument."""


def _elementwise(xp: Any, rng: np.random.Generator) -> Any:
    return lambda x: xp.sum(x * xp.exp(x) * x + x), rng.uniform(size=10)


def _layers_by_dot(xp: Any, rng: np.random.Generator) -> Any:
    first, data = 0.2 * rng.normal(size=(64, 32)), rng.normal(size=32)

    def loss(last: Any) -> Any:
        hidden = xp.tanh(xp.dot(first, data))
        return xp.sum(xp.tanh(xp.dot(last, hidden)) ** 2)

    return loss, 0.2 * rng.normal(size=(10, 64))


def _layers_of_one_weight(xp: Any, rng: np.random.Generator) -> Any:
    data = rng.normal(size=(8, 16))
    return (
        lambda w: xp.sum(xp.tanh(xp.tanh(data @ w) @ w) ** 2),
        0.2 * rng.normal(size=(16, 16)),
    )


def _polynomial(xp: Any, rng: np.random.Generator) -> Any:
    return lambda x: 3 * x**3 + 2 * x**2 - x + 1.0, float(rng.uniform())


def _chain(xp: Any, x: Any) -> Any:
    for _ in range(20):
        x = xp.tanh(x)
    return x


def _chain_of_floats(xp: Any, rng: np.random.Generator) -> Any:
    return lambda x: _chain(xp, x), float(rng.uniform())


def _chain_of_arrays(xp: Any, rng: np.random.Generator) -> Any:
    return lambda x: xp.sum(_chain(xp, x)), rng.uniform(size=10)


def _mixture(xp: Any, rng: np.random.Generator) -> Any:
    def loss(x: Any) -> Any:
        waves = xp.sin(x) * xp.cos(x)
        return xp.sum(waves + xp.log(x + 2) + xp.sqrt(x + 1) + xp.maximum(x, 0.5))

    return loss, rng.uniform(size=10)


PROGRAMS: dict[str, Program] = {
    "x * exp(x) * x + x": _elementwise,
    "two layers by dot": _layers_by_dot,
    "two layers of one weight by @": _layers_of_one_weight,
    "polynomial of a Python float": _polynomial,
    "20 tanh of a float": _chain_of_floats,
    "20 tanh of an array": _chain_of_arrays,
    "sin, cos, log, sqrt, maximum": _mixture,
}


def eager_program(lib: Library, seed: int, *, name: str) -> Callable[[], Any]:
    """Gradient of one of the programs, on an array of the library or a float."""
    function, x = PROGRAMS[name](lib.plain, np.random.default_rng(seed))
    point = lib.array(x) if isinstance(x, np.ndarray) else x
    gradient = lib.grad(function)
    return lambda: lib.ready(gradient(point))
