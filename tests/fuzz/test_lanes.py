"""Random nests of loops and branches: a batch gives what its entries give alone."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
import funcgrad.numpy as fnp
from funcgrad import lax

Function = Callable[[Any, Any], Any]


@pytest.fixture(autouse=True, scope="module")
def quiet() -> Iterator[None]:
    with np.errstate(all="ignore"):
        yield


def random_function(rng: random.Random, depth: int) -> Function:
    """A smooth function of ``x`` whose loops and branches ask ``x`` and ``k``."""
    kind = rng.randrange(8 if depth else 2)
    a, b = rng.uniform(0.3, 0.9), rng.uniform(-0.5, 0.5)
    if kind == 0:
        return lambda x, k: np.sin(x) * a + b
    if kind == 1:
        return lambda x, k: np.tanh(x * a) - x * b * 0.5
    f, g = (random_function(rng, depth - 1) for _ in range(2))
    if kind == 2:
        return lambda x, k: lax.cond(
            fnp.sum(x) > b, lambda x: f(x, k), lambda x: g(x, k), x
        )
    if kind == 3:
        trips = rng.randrange(2, 5)
        return lambda x, k: lax.while_loop(
            lambda c: c[0] < k % trips, lambda c: (c[0] + 1, f(c[1], k)), (0, x)
        )[1]
    if kind == 4:
        return lambda x, k: lax.while_loop(
            lambda c: (fnp.sum(c[1] * c[1]) < 2.0) & (c[0] < 4),
            lambda c: (c[0] + 1, g(c[1], k) * 1.3 + 0.2),
            (0, x),
        )[1]
    if kind == 5:
        return lambda x, k: lax.scan(lambda c, i: (f(c, k + i), None), x, np.arange(3))[
            0
        ]
    if kind == 6:
        bell = lambda x: np.exp(-x * x) + np.sin(np.exp(-x * x))
        return lambda x, k: lax.switch(
            k % 3, [lambda x: f(x, k), lambda x: g(x, k), bell], x
        )
    return lambda x, k: f(g(x, k), k + 1)


@pytest.mark.parametrize("seed", range(8))
def test_batches(seed: int) -> None:
    rng = random.Random(seed)
    f = random_function(rng, 3)
    size = rng.choice([2, 5, 7, 9])
    shape = (size, 3) if rng.random() < 0.4 else (size,)
    numbers = np.random.default_rng(seed)
    xs, ks = numbers.normal(size=shape), numbers.integers(0, 6, size)

    def total(x: Any, k: Any) -> Any:
        return fnp.sum(f(x, k) ** 2)

    gradient = fg.grad(total)
    values = [f(x, k) for x, k in zip(xs, ks, strict=True)]
    slopes = [gradient(x, k) for x, k in zip(xs, ks, strict=True)]
    sum_of_all = lambda x, k: fnp.sum(fg.vmap(total)(x, k))
    for batched, want in (
        (fg.vmap(f), values),
        (fg.jit(fg.vmap(f)), values),
        (fg.vmap(gradient), slopes),
        (fg.vmap(fg.jit(gradient)), slopes),
        (fg.jit(fg.grad(sum_of_all)), slopes),
    ):
        np.testing.assert_allclose(batched(xs, ks), want, rtol=1e-8, atol=1e-9)
