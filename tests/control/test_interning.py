"""Equal programs are one object, others are not."""

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import lax
from funcgrad.core.aval import ShapedArray
from funcgrad.ops.control.interning import interned
from funcgrad.transforms.stage import stage_flat

F64 = ShapedArray((), np.dtype(float))
F32 = ShapedArray((), np.dtype(np.float32))
WEAK = ShapedArray((), np.dtype(float), True)


def staged(f, *avals):
    return interned(stage_flat(f, avals or [F64]))


def test_equal_programs_are_one():
    assert staged(lambda x: [lax.sin(x) * 2.0]) is staged(lambda y: [lax.sin(y) * 2.0])


OTHERS = [
    (lambda x: [lax.cos(x) * 2.0], F64),
    (lambda x: [lax.sin(x) * 3.0], F64),
    (lambda x: [lax.sin(x) * 2.0, x], F64),
    (lambda x: [lax.sin(x) * 2.0], F32),
    (lambda x: [lax.sin(x) * 2.0], WEAK),
    (lambda x: [2.0 * lax.sin(x)], F64),
]


@pytest.mark.parametrize(("f", "aval"), OTHERS)
def test_others_are_not(f, aval):
    assert staged(f, aval) is not staged(lambda x: [lax.sin(x) * 2.0])


def test_signs_of_zeros_are_told_apart():
    assert staged(lambda x: [x + 0.0]) is not staged(lambda x: [x + -0.0])


def test_inner_programs_are_compared():
    def loop(k):
        return staged(lambda x: [lax.fori_loop(0, 3, lambda i, c: c * k, x)])

    assert loop(2.0) is loop(2.0)
    assert loop(2.0) is not loop(3.0)


def test_programs_that_hold_arrays_stay_apart():
    assert staged(lambda x: [x + np.ones(2)]) is not staged(lambda x: [x + np.ones(2)])


def test_loops_outside_of_jit_compile_once():
    from funcgrad.compiler import program

    made = []

    def counted(jaxpr):
        made.append(jaxpr)
        return before(jaxpr)

    def f(x):
        return lax.fori_loop(0, 5, lambda i, c: np.sin(c) * 1.25 + 0.375, x)

    before, program.compile_jaxpr = program.compile_jaxpr, counted
    try:
        for x in (0.1, 0.2, 0.3):
            fg.grad(f)(x)
    finally:
        program.compile_jaxpr = before
    assert len(made) <= 3
