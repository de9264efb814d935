"""Chains of elementwise operations and reductions, at 1e2, 1e4 and 1e6 entries."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.libraries import Library
from benchmarks.workloads.workload import Call, Workload, forward_or_gradient

Function = Callable[[Any, Any], Any]


def _chain(xp: Any, x: Any) -> Any:
    y = xp.exp(-0.5 * x * x) * xp.sin(3.0 * x)
    return xp.sum(xp.tanh(y + 0.1 * x) / (1.0 + x * x))


def _polynomial(xp: Any, x: Any) -> Any:
    return xp.sum((((0.3 * x + 0.5) * x - 0.2) * x + 0.1) * x)


def _logs(xp: Any, x: Any) -> Any:
    return xp.sum(xp.log(1.5 + x * x) * xp.sqrt(2.0 + xp.cos(x)))


def _moments(xp: Any, x: Any) -> Any:
    mean = xp.mean(x)
    return xp.mean((x - mean) ** 2) + mean


def _logsumexp(xp: Any, x: Any) -> Any:
    high = xp.max(x)
    return high + xp.log(xp.sum(xp.exp(x - high)))


def _softmax(xp: Any, x: Any) -> Any:
    e = xp.exp(x - _rows(xp, x, xp.max))
    p = e / _rows(xp, e, xp.sum)
    return xp.sum(p * p * x)


def _layer_norm(xp: Any, x: Any) -> Any:
    mean = _rows(xp, x, xp.mean)
    centred = x - mean
    normal = centred / xp.sqrt(_rows(xp, centred * centred, xp.mean) + 1e-5)
    return xp.sum(normal * xp.tanh(normal))


def _columns(xp: Any, x: Any) -> Any:
    means = xp.mean(x * x, 0)
    return xp.sum(means * means)


def _rows(xp: Any, x: Any, reduce: Callable[..., Any]) -> Any:
    """Reduce every row and keep its axis, in NumPy's words and in PyTorch's."""
    if reduce is xp.max:
        return xp.amax(x, -1)[:, None]
    return reduce(x, -1)[:, None]


def build(
    lib: Library, seed: int, *, function: Function, size: int, gradient: bool
) -> Call:
    """The function of so many entries, in rows of 100 where it works on rows."""
    by_rows = function in {_softmax, _layer_norm, _columns}
    x = np.random.default_rng(seed).normal(size=size)
    return forward_or_gradient(
        lib,
        partial(function, lib.np),
        (x.reshape(-1, 100) if by_rows else x,),
        gradient=gradient,
    )


FUNCTIONS: dict[str, Function] = {
    "chain of exp, sin, tanh": _chain,
    "polynomial": _polynomial,
    "log, sqrt, cos": _logs,
    "mean and variance": _moments,
    "logsumexp": _logsumexp,
    "softmax of rows": _softmax,
    "layer norm of rows": _layer_norm,
    "mean over the leading axis": _columns,
}

WORKLOADS = [
    Workload(
        name=f"{name}, {size:.0e}: {kind}".replace("e+0", "e"),
        build=partial(build, function=function, size=size, gradient=kind == "gradient"),
        bars={"jax": 1.3 if size == 1_000_000 else 2.0},
        needs=("grad",) if kind == "gradient" else (),
    )
    for name, function in FUNCTIONS.items()
    for size in (100, 10_000, 1_000_000)
    for kind in ("forward", "gradient")
]
