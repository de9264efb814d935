"""Sums of rows and what reads them back share one loop over rows."""

from __future__ import annotations

import re

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import ops
from funcgrad.compiler.pipeline import lower_program
from funcgrad.compiler.program import compile_jaxpr
from funcgrad.compiler.simplify.passes import simplify
from funcgrad.core.trace import typeof
from funcgrad.ops.reduction import reduce_max
from funcgrad.ops.structural import broadcast_in_dim, reduce_sum, reshape, transpose
from funcgrad.transforms.stage import hoist_consts, stage
from tests.compiler.rules import numbers

SHAPES = [(2, 17), (30, 40), (17, 17), (3, 5, 100), (1, 1, 18), (20, 1, 33)]


def program(function, *arguments):
    consts, jaxpr = hoist_consts(stage(function, [typeof(a) for a in arguments]))
    assert not consts
    return jaxpr


def check(function, arguments, expected, tolerance=1e-11):
    compiled = compile_jaxpr(program(function, *arguments))
    for _ in range(2):
        for got, want in zip(compiled(*arguments), expected, strict=True):
            np.testing.assert_allclose(got, want, tolerance, tolerance)


def along(y, x):
    """``y`` repeated along the rows of ``x``."""
    shape = typeof(x).shape
    return broadcast_in_dim(y, shape, range(len(shape) - 1))


def total(x):
    return reduce_sum(x, (typeof(x).ndim - 1,))


def top(x):
    return reduce_max(x, (typeof(x).ndim - 1,))


def softmax(x):
    y = ops.exp(ops.sub(x, along(top(x), x)))
    return ops.div(y, along(total(y), y))


def normalised(x):
    count = float(typeof(x).shape[-1])
    centred = ops.sub(x, along(ops.div(total(x), count), x))
    variance = ops.div(total(ops.mul(centred, centred)), count)
    scale = ops.rsqrt(ops.add(variance, 1e-5))
    return ops.mul(centred, along(scale, x))


def numpy_softmax(x):
    y = np.exp(x - x.max(-1, keepdims=True))
    return y / y.sum(-1, keepdims=True)


def numpy_normalised(x):
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", ["f8", "f4"])
def test_softmax_and_normalisation(shape, dtype):
    x = numbers(shape, dtype)
    expected = [numpy_softmax(x), numpy_normalised(x)]
    loose = 1e-11 if dtype == "f8" else 1e-4
    check(lambda x: [softmax(x), normalised(x)], [x], expected, loose)
    check(lambda x: [softmax(x)], [x], expected[:1], loose)
    check(lambda x: [normalised(x)], [x], expected[1:], loose)


def test_a_row_in_between_needs_no_memory_for_all_rows():
    x = numbers((300, 200))
    for function in (softmax, normalised):
        made = lower_program(simplify(program(lambda x, f=function: [f(x)], x)))
        assert made.workspace_bytes < x.nbytes / 10


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_sums_as_results_beside_what_reads_them(shape):
    x = numbers(shape)

    def function(x):
        y = ops.exp(ops.mul(x, 0.1))
        s = total(y)
        return [s, ops.div(y, along(s, y)), ops.log(s), y, top(y)]

    y = np.exp(x * 0.1)
    s = y.sum(-1)
    check(function, [x], [s, y / s[..., None], np.log(s), y, y.max(-1)])


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_sums_that_keep_their_axis(shape):
    x = numbers(shape)

    def function(x):
        column = reshape(total(x), (*shape[:-1], 1))
        mean = ops.div(column, 7.0)
        repeated = broadcast_in_dim(mean, shape, range(len(shape)))
        return [ops.sub(x, repeated), column]

    column = x.sum(-1, keepdims=True)
    check(function, [x], [x - column / 7, column])


def test_sums_read_along_rows_and_columns():
    x = numbers((40, 40))

    def function(x):
        s = total(x)
        across = broadcast_in_dim(s, (40, 40), (1,))
        return [ops.sub(ops.sub(x, along(s, x)), across)]

    s = x.sum(1)
    check(function, [x], [x - s[:, None] - s[None, :]])


def test_sums_of_sums_and_of_other_shapes():
    x = numbers((18, 18, 18))

    def function(x):
        s = total(x)
        shifted = ops.sub(s, along(top(s), s))
        y = ops.mul(x, along(shifted, x))
        return [total(shifted), transpose(y, (2, 0, 1)), reduce_sum(y, (0,))]

    s = x.sum(-1)
    shifted = s - s.max(-1, keepdims=True)
    y = x * shifted[..., None]
    check(function, [x], [shifted.sum(-1), y.transpose(2, 0, 1), y.sum(0)])


def test_rows_of_turned_arrays():
    x, w = numbers((30, 40)), numbers((40, 30), seed=1)

    def function(x, w):
        y = ops.add(x, transpose(w, (1, 0)))
        return [softmax(y), softmax(transpose(y, (1, 0)))]

    y = x + w.T
    check(function, [x, w], [numpy_softmax(y), numpy_softmax(y.T)])


def test_softmax_twice():
    x = numbers((30, 40))
    check(lambda x: [softmax(softmax(x))], [x], [numpy_softmax(numpy_softmax(x))])


def test_a_dear_row_read_by_its_reshaped_self():
    x = numbers((20, 20))

    def function(x):
        y = ops.tanh(x)
        z = ops.mul(y, reshape(reshape(y, (400,)), (20, 20)))
        return [ops.sub(z, along(total(y), y)), y]

    y = np.tanh(x)
    check(function, [x], [y * y - y.sum(1, keepdims=True), y])


@pytest.mark.parametrize("special", [np.nan, np.inf])
def test_special_values_stay_in_their_rows(special):
    x = numbers((20, 30))
    x[3, 5] = special
    with np.errstate(all="ignore"):
        check(lambda x: [softmax(x)], [x], [numpy_softmax(x)])


def nests(function, *arguments):
    """How many loops over all rows a program has."""
    text = lower_program(simplify(program(function, *arguments))).text
    return len(set(re.findall(r"@(part\.\d+)\(", text)))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("op", [reduce_sum, reduce_max])
def test_all_rows_together(shape, op):
    x = numbers(shape)
    everything = range(len(shape))

    def function(x):
        y = softmax(x)
        return [op(ops.mul(ops.mul(y, y), x), everything)]

    y = numpy_softmax(x)
    check(function, [x], [(np.sum if op is reduce_sum else np.max)(y * y * x)])


def test_all_rows_together_and_rows_that_stay():
    x = numbers((30, 40))

    def function(x):
        y = normalised(x)
        z = ops.tanh(y)
        return [reduce_sum(z, (0, 1)), y, reduce_sum(ops.mul(z, y), (0, 1)), z]

    y = numpy_normalised(x)
    z = np.tanh(y)
    check(function, [x], [z.sum(), y, (z * y).sum(), z])


def test_large_sums_and_gradients_are_one_nest():
    x = numbers((4000, 100))

    def loss(x):
        y = softmax(x)
        return reduce_sum(ops.mul(ops.mul(y, y), x), (0, 1))

    assert nests(lambda x: [loss(x)], x) == 1
    lowered = lower_program(simplify(program(lambda x: [loss(x)], x)))
    assert lowered.workspace_bytes < x.nbytes // 10
    assert nests(lambda x: [fg.grad(loss)(x)], x) == 1
    y = numpy_softmax(x)
    slope = 2 * y * x
    inner = (slope * y).sum(-1, keepdims=True)
    check(lambda x: [loss(x)], [x], [(y * y * x).sum()])
    check(lambda x: [fg.grad(loss)(x)], [x], [y * (slope - inner) + y * y])


@pytest.mark.parametrize("shape", [(30, 1), (1, 30, 1), (30,), (1, 1, 30)], ids=str)
def test_axes_of_one_entry_come_and_go(shape):
    x = numbers((30, 40))

    def function(x):
        y = ops.mul(reshape(total(x), shape), 2.0)
        return [ops.add(x, along(reshape(y, (30,)), x)), y]

    y = 2 * x.sum(1)
    check(function, [x], [x + y[:, None], y.reshape(shape)])


def test_totals_do_not_depend_on_threads():
    x = numbers((4000, 100))
    loss = fg.jit(lambda x: reduce_sum(ops.tanh(normalised(x)), (0, 1)))
    before = fg.config.threads
    found = []
    for threads in (1, 2):
        fg.config.update("threads", threads)
        found.append(float(loss(x)))
    fg.config.update("threads", before)
    assert found[0] == found[1]
