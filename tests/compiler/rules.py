"""Runs a single ``lower`` rule: arrays in, what its nodes hold out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad.compiler.program import Executable, compile_jaxpr
from funcgrad.core.aval import ShapedArray
from funcgrad.core.jaxpr import Eqn, Jaxpr, Var
from funcgrad.core.primitive import Primitive

Lower = Callable[..., Any]

SHAPES = [
    *[(), (1,), (3,), (16,), (17,), (100,), (0,)],
    *[(1, 1), (3, 5), (4, 4), (16, 17), (17, 16), (100, 3), (3, 100), (0, 4), (4, 0)],
    *[(2, 3, 2), (2, 3, 20), (20, 3, 2), (17, 1, 18), (3, 0, 5)],
    *[(2, 2, 2, 2), (3, 2, 17, 4), (2, 5, 3, 19)],
]


class Rule(Primitive):
    """A primitive, in no registry, of which only lowering is used."""

    multiple_results = True

    def __init__(self, lower: Lower) -> None:
        self.rule = lower

    def lower(self, ctx: Any, *operands: Any) -> list[Any]:
        result = self.rule(ctx, *operands)
        return result if isinstance(result, list) else [result]


def aval_of(x: np.ndarray) -> ShapedArray:
    return ShapedArray(x.shape, x.dtype)


def compile_rule(
    lower: Lower, arguments: Sequence[np.ndarray], results: Sequence[np.ndarray]
) -> Executable:
    """Native code of one rule, for these types of arguments and results."""
    invars = tuple(Var(aval_of(x)) for x in arguments)
    outvars = tuple(Var(aval_of(x)) for x in results)
    eqn = Eqn(Rule(lower), invars, {}, outvars)
    return compile_jaxpr(Jaxpr((), invars, (eqn,), outvars))


def check_rule(
    lower: Lower,
    arguments: Sequence[np.ndarray],
    *expected: Any,
    tolerance: float = 0.0,
) -> None:
    """The rule gives the expected arrays, twice, and leaves its arguments alone."""
    wanted = [np.asarray(x) for x in expected]
    before = [np.copy(x) for x in arguments]
    compiled = compile_rule(lower, arguments, wanted)
    for _ in range(2):
        results = compiled(*arguments)
        assert len(results) == len(wanted)
        for got, want in zip(results, wanted, strict=True):
            got = np.asarray(got)
            assert got.dtype == want.dtype
            assert got.shape == want.shape
            np.testing.assert_allclose(got, want, tolerance, tolerance)
    for x, old in zip(arguments, before, strict=True):
        np.testing.assert_array_equal(x, old)


def numbers(shape: Sequence[int], dtype: Any = "f8", seed: int = 0) -> np.ndarray:
    """Small dyadic numbers, on which sums and products are exact in any order."""
    rng = np.random.default_rng(seed)
    dtype = np.dtype(dtype)
    values = np.asarray(rng.integers(-3, 4, shape))
    if dtype.kind == "b":
        return np.asarray(values > 0)
    if dtype.kind == "u":
        values = np.abs(values)
    if dtype.kind == "c":
        return np.asarray(values + 1j * rng.integers(-3, 4, shape)).astype(dtype)
    return (values / (2 if dtype.kind == "f" else 1)).astype(dtype)
