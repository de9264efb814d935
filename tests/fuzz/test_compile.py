"""Random programs give natively what they give with NumPy, and stay well formed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from funcgrad.compiler.program import compile_jaxpr
from funcgrad.compiler.simplify.inline import inline_calls
from funcgrad.compiler.simplify.passes import PASSES
from funcgrad.core.check import check_jaxpr
from funcgrad.core.jaxpr import Jaxpr
from tests.fuzz.programs import TooLargeError, random_program, stay_small
from tests.fuzz.reference import run

few = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(autouse=True, scope="module")
def quiet() -> Iterator[None]:
    with np.errstate(all="ignore"):
        yield


def compare(results: Sequence[object], expected: Sequence[np.ndarray]) -> None:
    for got, wanted in zip(results, expected, strict=True):
        array = np.asarray(got)
        assert array.dtype == wanted.dtype
        assert array.shape == wanted.shape
        single = wanted.dtype.char in "fF"
        tolerance = 1e-4 if single else 1e-9
        np.testing.assert_allclose(array, wanted, tolerance, tolerance)


def program_and_results(
    rng: random.Random, *, rows: bool = False
) -> tuple[Jaxpr, list[np.ndarray], list[np.ndarray]]:
    """A random program, its arguments, and what NumPy computes."""
    while True:
        jaxpr, arguments = random_program(rng, rows=rows)
        try:
            return jaxpr, arguments, run(jaxpr, arguments, stay_small)
        except TooLargeError:
            continue


def check(rng: random.Random, *, rows: bool = False) -> None:
    """Native results equal NumPy's, twice, and arguments are left as they were."""
    jaxpr, arguments, expected = program_and_results(rng, rows=rows)
    check_jaxpr(jaxpr)
    before = [x.copy() for x in arguments]
    compiled = compile_jaxpr(jaxpr)
    for _ in range(2):
        compare(compiled(*arguments), expected)
    for x, old in zip(arguments, before, strict=True):
        np.testing.assert_array_equal(x, old)


@few
@given(st.randoms(use_true_random=False))
def test_native_code_computes_what_numpy_computes(rng):
    check(rng)


@few
@given(st.randoms(use_true_random=False))
def test_sums_of_rows_and_what_reads_them(rng):
    check(rng, rows=True)


@pytest.mark.parametrize("seed", range(40))
def test_fixed_programs(seed):
    check(random.Random(seed))


@few
@given(st.randoms(use_true_random=False))
def test_simplified_programs_are_well_formed_and_equal(rng):
    jaxpr, arguments, expected = program_and_results(rng)
    for simplify in (inline_calls, *PASSES):
        jaxpr = simplify(jaxpr)
        check_jaxpr(jaxpr)
        compare(run(jaxpr, arguments), expected)
