"""Indexing, sorting and random numbers: what NumPy does in C."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks.libraries import Library
from benchmarks.workloads.workload import Call, Workload, both_ways, jitted

MILLION = 1_000_000


def gather(lib: Library, seed: int, *, gradient: bool) -> Call:
    """Weighted sum of 1e5 entries picked from a table of 1e4."""
    rng = np.random.default_rng(seed)
    index, weight = rng.integers(10_000, size=100_000), rng.normal(size=100_000)
    xp = lib.np
    f = lambda x, i, w: xp.sum(xp.sin(x[i]) * w)
    args = (rng.normal(size=10_000), index, weight)
    return jitted(lib, lib.grad(f) if gradient else f, args)


def embedding(lib: Library, seed: int, *, gradient: bool) -> Call:
    """Mean square of 4096 rows of width 64 looked up in a table of 1000."""
    rng = np.random.default_rng(seed)
    xp = lib.np
    f = lambda table, words: xp.mean(xp.tanh(table[words]) ** 2)
    args = (rng.normal(size=(1000, 64)), rng.integers(1000, size=4096))
    return jitted(lib, lib.grad(f) if gradient else f, args)


def segment_sum(lib: Library, seed: int, *, gradient: bool) -> Call:
    """Squares of the sums of 1e5 entries over 1000 segments."""
    rng = np.random.default_rng(seed)
    xp, api = lib.np, lib.api

    def f(x: Any, segments: Any) -> Any:
        return xp.sum(api.ops.segment_sum(x, segments, num_segments=1000) ** 2)

    args = (rng.normal(size=100_000), rng.integers(1000, size=100_000))
    return jitted(lib, lib.grad(f) if gradient else f, args)


def scatter(lib: Library, seed: int) -> Call:
    """Add 1e5 numbers to entries of an array of 1e4, picked at random."""
    rng = np.random.default_rng(seed)
    xp, add_at = lib.np, lib.add_at
    assert add_at is not None
    f = lambda i, v: add_at(xp.zeros(10_000, v.dtype), i, v)
    return jitted(
        lib, f, (rng.integers(10_000, size=100_000), rng.normal(size=100_000))
    )


def scan_with_updates(lib: Library, seed: int, *, size: int) -> Call:
    """A scan that sets one entry of a carried array in every step."""
    api, xp = lib.api, lib.np
    x = np.random.default_rng(seed).normal(size=size)

    def fill(x: Any) -> Any:
        def step(buffer: Any, i: Any) -> Any:
            return buffer.at[i].set(2.0 * x[i] + buffer[i - 1]), None

        return api.lax.scan(step, xp.zeros_like(x), xp.arange(1, x.size))[0]

    return jitted(lib, fill, (x,))


def of_one_array(lib: Library, seed: int, *, function: str, size: int) -> Call:
    """A function of NumPy's namespace on random numbers; its first results."""
    x = np.random.default_rng(seed).normal(size=size)
    return jitted(lib, getattr(lib.np, function), (x,))


def searchsorted(lib: Library, seed: int) -> Call:
    """Places of 1e5 numbers among 1e5 sorted ones."""
    rng = np.random.default_rng(seed)
    args = (np.sort(rng.normal(size=100_000)), rng.normal(size=100_000))
    return jitted(lib, lib.np.searchsorted, args)


def draw(lib: Library, seed: int, *, function: str) -> Call:
    """A million random numbers from a key, or from a generator."""
    if lib.draw is not None:
        return lib.draw(function, seed, MILLION, lib.dtype)
    random = lib.api.random
    key = random.key(seed) if lib.name == "funcgrad" else random.PRNGKey(seed)
    sampler = getattr(random, function)
    assert lib.jit is not None
    dtype = lib.dtype.replace("float", "uint") if function == "bits" else lib.dtype
    compiled = lib.jit(lambda key: sampler(key, shape=(MILLION,), dtype=dtype))
    return lambda: lib.ready(compiled(key))


WORKLOADS = [
    *both_ways("gather 1e5 of 1e4", gather, 1.0),
    *both_ways("embedding, 4096 rows of 64", embedding, 1.0),
    *both_ways("segment sum, 1e5 into 1000", segment_sum, 1.0),
    Workload("scatter-add 1e5 into 1e4", scatter, {"jax": 1.0}, needs=("add_at",)),
    *(
        Workload(
            f"scan with x.at[i].set, {size} entries, one step",
            partial(scan_with_updates, size=size),
            {"jax": 1.0},
            divisor=size,
            needs=("jit",),
        )
        for size in (1000, 100_000)
    ),
    *(
        Workload(
            f"{name}, 1e6",
            partial(of_one_array, function=name, size=MILLION),
            {"numpy": 1.0, "jax": 1.0},
            needs=("plain",),
            comparable=name != "argsort",
        )
        for name in ("sort", "argsort", "median", "cumsum", "argmax")
    ),
    Workload(
        "searchsorted, 1e5 in 1e5",
        searchsorted,
        {"numpy": 1.0, "jax": 1.0},
        needs=("plain",),
    ),
    *(
        Workload(
            f"random {name}, 1e6",
            partial(draw, function=name),
            {"jax": bar},
            needs=(),
            apart=("numpy", "torch"),
        )
        for name, bar in (("bits", 5.0), ("uniform", 1.0), ("normal", 1.0))
    ),
]
