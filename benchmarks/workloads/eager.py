"""Small programs whose gradient is taken without compilation: a name -> a call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.libraries import Library

Program = Callable[[Library, np.random.Generator], tuple[Callable[[Any], Any], Any]]
"""From a library and a source of numbers: the function and its argument."""


def _elementwise(lib: Library, rng: np.random.Generator) -> Any:
    xp = lib.plain
    return lambda x: xp.sum(x * xp.exp(x) * x + x), rng.uniform(size=10)


def _layers_by_dot(lib: Library, rng: np.random.Generator) -> Any:
    xp = lib.plain
    first = lib.array(0.2 * rng.normal(size=(64, 32)))
    data = lib.array(rng.normal(size=32))

    def loss(last: Any) -> Any:
        hidden = xp.tanh(xp.dot(first, data))
        return xp.sum(xp.tanh(xp.dot(last, hidden)) ** 2)

    return loss, 0.2 * rng.normal(size=(10, 64))


def _layers_of_one_weight(lib: Library, rng: np.random.Generator) -> Any:
    xp = lib.plain
    data = lib.array(rng.normal(size=(8, 16)))
    return (
        lambda w: xp.sum(xp.tanh(xp.tanh(data @ w) @ w) ** 2),
        0.2 * rng.normal(size=(16, 16)),
    )


def _polynomial(lib: Library, rng: np.random.Generator) -> Any:
    del lib
    return lambda x: 3 * x**3 + 2 * x**2 - x + 1.0, float(rng.uniform())


def _chain(xp: Any, x: Any) -> Any:
    for _ in range(20):
        x = xp.tanh(x)
    return x


def _chain_of_floats(lib: Library, rng: np.random.Generator) -> Any:
    xp = lib.plain
    return lambda x: _chain(xp, x), float(rng.uniform())


def _chain_of_arrays(lib: Library, rng: np.random.Generator) -> Any:
    xp = lib.plain
    return lambda x: xp.sum(_chain(xp, x)), rng.uniform(size=10)


def _mixture(lib: Library, rng: np.random.Generator) -> Any:
    xp = lib.plain

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
    function, x = PROGRAMS[name](lib, np.random.default_rng(seed))
    is_float = isinstance(x, float) and lib.takes_floats
    point = x if is_float else lib.array(x)
    gradient = lib.grad(function)
    return lambda: lib.ready(gradient(point))
