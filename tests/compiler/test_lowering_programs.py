"""Whole programs: sharing, memory that is overwritten, results that share memory."""

from __future__ import annotations

import re

import numpy as np
import pytest

from funcgrad import ops
from funcgrad.compiler.lower.reader import INLINE_COPIES
from funcgrad.compiler.pipeline import lower_program
from funcgrad.compiler.program import compile_jaxpr
from funcgrad.compiler.simplify.passes import simplify
from funcgrad.core.jaxpr import Jaxpr, Var
from funcgrad.core.trace import typeof
from funcgrad.ops.arithmetic import strong_mul
from funcgrad.ops.contraction import dot_general
from funcgrad.ops.control.cond import cond_p
from funcgrad.ops.control.scan import scan_p
from funcgrad.ops.dynamic_slicing import dynamic_update_slice
from funcgrad.ops.joining import concatenate
from funcgrad.ops.reduction import reduce_max
from funcgrad.ops.slicing import strided_slice
from funcgrad.ops.structural import broadcast_in_dim, reduce_sum, reshape, transpose
from funcgrad.transforms.stage import hoist_consts, stage
from tests.compiler.rules import aval_of, check_rule, numbers


def program(function, *arguments):
    consts, jaxpr = hoist_consts(stage(function, [typeof(a) for a in arguments]))
    assert not consts
    return jaxpr


def check(function, arguments, expected):
    """Native results are the expected ones, twice; arguments stay as they are."""
    before = [np.copy(a) for a in arguments]
    compiled = compile_jaxpr(program(function, *arguments))
    for _ in range(2):
        results = compiled(*arguments)
        for got, want in zip(results, expected, strict=True):
            np.testing.assert_allclose(got, want, 1e-12, 1e-12)
            assert np.asarray(got).dtype == np.asarray(want).dtype
        for i, x in enumerate(results):
            for y in [*results[:i], *arguments]:
                assert not np.shares_memory(x, y)
    for x, old in zip(arguments, before, strict=True):
        np.testing.assert_array_equal(x, old)


def text_of(function, *arguments):
    return lower_program(simplify(program(function, *arguments))).text


def calls_of(text, name):
    return len(re.findall(rf"call fastcc [^@]*@vm\.{name}\.", text))


# --- sharing


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("copies", [INLINE_COPIES, INLINE_COPIES + 5])
def test_an_operation_written_many_times_is_a_function(copies, dtype):
    """Its instructions stand in the text a bounded number of times."""

    def function(x, y):
        for k in range(copies):
            x = strong_mul(x, y if k % 2 else ops.neg(y))
        return [x]

    x, y = np.linspace(-2, 2, 41, dtype=dtype), np.linspace(0.5, 1.5, 41, dtype=dtype)
    y[3], x[3], y[7] = np.inf, 0.0, np.nan
    with np.errstate(invalid="ignore"):
        (want,) = function(x, y)
    (got,) = compile_jaxpr(program(function, x, y))(x, y)
    np.testing.assert_array_equal(got, want)
    text = text_of(function, x, y)
    calls, functions = text.count("@each.0("), text.count("@each.")
    assert text.count(" select ") == INLINE_COPIES + (copies > INLINE_COPIES)
    assert calls == functions == (6 if copies > INLINE_COPIES else 0)


def test_short_operations_are_never_called():
    def function(x, y):
        for _ in range(3 * INLINE_COPIES):
            x = ops.sub(ops.mul(x, y), y)
        return [x]

    x = np.linspace(-1, 1, 100)
    check(function, [x, x], function(x, x))
    assert "@each." not in text_of(function, x, x)


def test_a_dear_node_read_twice_is_computed_once():
    x = numbers((100, 30))

    def softmax(x):
        top = broadcast_in_dim(reduce_max(x, (1,)), x.shape, (0,))
        y = ops.exp(ops.sub(x, top))
        return [ops.div(y, broadcast_in_dim(reduce_sum(y, (1,)), x.shape, (0,)))]

    e = np.exp(x - x.max(1, keepdims=True))
    check(softmax, [x], [e / e.sum(1, keepdims=True)])
    # Once over the vectors of a row, once over what is left of it.
    assert calls_of(text_of(softmax, x), "exp") <= 2


def test_a_dear_node_read_by_two_results_is_computed_once():
    x = numbers((100,))

    def function(x):
        y = ops.tanh(x)
        return [ops.add(y, 1.0), ops.mul(y, y), y]

    y = np.tanh(x)
    check(function, [x], [y + 1, y * y, y])
    assert calls_of(text_of(function, x), "tanh") == 1


def test_a_node_read_in_two_shapes_and_orders():
    x = numbers((20, 30))

    def function(x):
        y = ops.tanh(x)
        turned = transpose(y, (1, 0))
        return [
            turned,
            reduce_sum(ops.mul(turned, turned), (1,)),
            reshape(y, (30, 20)),
            reduce_sum(y, (0,)),
        ]

    y = np.tanh(x)
    expected = [y.T, (y * y).sum(0), y.reshape(30, 20), y.sum(0)]
    check(function, [x], expected)


def test_reductions_of_one_map_along_all_axes():
    x = numbers((40, 50))

    def function(x):
        y = ops.exp(ops.mul(x, 0.1))
        return [reduce_sum(y, axes) for axes in ((0,), (1,), (0, 1))]

    y = np.exp(x * 0.1)
    check(function, [x], [y.sum(0), y.sum(1), y.sum()])


# --- results


def test_arguments_as_results():
    x, s = numbers((40,)), np.float64(3)
    check(lambda x, s: [x, x, s, s], [x, s], [x, x, s, s])


@pytest.mark.parametrize("size", [3, 16, 17, 100])
def test_one_value_as_several_results(size):
    x = numbers((size,))

    def function(x):
        y = ops.add(x, x)
        return [y, y, reshape(y, (size, 1)), y, x]

    check(function, [x], [2 * x, 2 * x, (2 * x)[:, None], 2 * x, x])


@pytest.mark.parametrize("size", [4, 40])
def test_one_array_as_several_arguments(size):
    x = numbers((size,))
    compiled = compile_jaxpr(program(lambda x, y: [ops.sub(x, y), y], x, x))
    difference, same = compiled(x, x)
    np.testing.assert_array_equal(difference, np.zeros(size))
    np.testing.assert_array_equal(same, x)


def test_constants_as_results():
    x = numbers((3,))
    jaxpr = program(lambda x: [ops.add(2.0, 0.0), x], x)
    assert [float(np.asarray(r).ravel()[0]) for r in compile_jaxpr(jaxpr)(x)] == [
        2,
        x[0],
    ]


def test_no_results():
    x = numbers((30,))
    var = Var(aval_of(x))
    assert compile_jaxpr(Jaxpr((), (var,), (), ()))(x) == []


# --- memory that is overwritten


def set_first(x, value):
    return dynamic_update_slice(x, value, [np.int64(0)])


def test_updating_a_value_that_is_still_read():
    x, v = numbers((40,)), numbers((5,), seed=1)

    def function(x, v):
        y = ops.add(x, 1.0)
        changed = set_first(y, v)
        return [changed, y, set_first(changed, ops.mul(v, 2.0)), changed]

    y = x + 1
    first, second = y.copy(), y.copy()
    first[:5], second[:5] = v, 2 * v
    check(function, [x, v], [first, y, second, first])


def test_updating_a_value_that_a_recipe_reads():
    x = numbers((40,))

    def function(x):
        y = reshape(ops.add(x, 1.0), (40,))
        kept = transpose(reshape(y, (8, 5)), (1, 0))
        changed = set_first(y, strided_slice(y, (10,), (30,)))
        return [changed, kept]

    y = x + 1
    changed = y.copy()
    changed[:20] = y[10:30]
    check(function, [x], [changed, y.reshape(8, 5).T])


def test_overlapping_update_of_a_value_by_itself():
    x = numbers((50,))

    def function(x):
        y = set_first(x, strided_slice(x, (0,), (1,)))
        part = ops.mul(strided_slice(y, (0,), (30,)), 2.0)
        return [dynamic_update_slice(y, part, [np.int64(7)])]

    y = x.copy()
    y[7:37] = 2 * x[:30]
    check(function, [x], [y])


def scan(body, consts, carry, xs, length, reverse=False):
    rows = [typeof(x).update(shape=typeof(x).shape[1:]) for x in xs]
    avals = [*map(typeof, consts), *map(typeof, carry), *rows]
    values, jaxpr = hoist_consts(stage(body, avals))
    assert not values
    return scan_p.bind(
        *consts,
        *carry,
        *xs,
        jaxpr=jaxpr,
        num_consts=len(consts),
        num_carry=len(carry),
        length=length,
        reverse=reverse,
        unroll=1,
    )


@pytest.mark.parametrize("size", [3, 16, 17, 100])
@pytest.mark.parametrize("length", [0, 1, 2, 5, 20])
def test_carries_that_change_places(size, length):
    a, b, c = (numbers((size,), seed=k) for k in range(3))

    def function(a, b, c):
        def body(a, b, c):
            return [b, ops.add(c, a), ops.sub(a, 1.0)]

        return scan(body, [], [a, b, c], [], length)

    expected = [a, b, c]
    for _ in range(length):
        expected = [expected[1], expected[2] + expected[0], expected[0] - 1]
    check(function, [a, b, c], expected)


@pytest.mark.parametrize("size", [5, 40])
def test_updates_of_carries_constants_and_rows_in_a_loop(size):
    x, y, rows = numbers((size,)), numbers((size,), seed=1), numbers((6, size), seed=2)

    def function(x, y, rows):
        def body(y, x, row):
            new = set_first(x, strided_slice(row, (1,), (3,)))
            other = set_first(y, strided_slice(x, (0,), (2,)))
            changed = set_first(row, strided_slice(y, (3,), (5,)))
            return [new, ops.add(other, changed), new]

        return [*scan(body, [y], [x], [rows], 6), x, y, rows]

    carry, sums, news = x.copy(), [], []
    for row in rows:
        other, changed = y.copy(), row.copy()
        other[:2], changed[:2] = carry[:2], y[3:5]
        carry = carry.copy()
        carry[:2] = row[1:3]
        sums.append(other + changed)
        news.append(carry)
    expected = [carry, np.array(sums), np.array(news), x, y, rows]
    check(function, [x, y, rows], expected)


def test_one_array_as_constant_carry_and_rows_of_a_loop():
    x = numbers((20, 20))

    def function(x):
        y = ops.add(x, x)

        def body(c, carry, row):
            part = strided_slice(c, (0, 0), (2, 20))
            new = dynamic_update_slice(carry, part, [np.int64(1), np.int64(0)])
            return [ops.add(new, broadcast_in_dim(row, (20, 20), (1,)))]

        return [*scan(body, [y], [y], [y], 20), y]

    y = 2 * x
    carry = y.copy()
    for row in y:
        carry[1:3] = y[:2]
        carry = carry + row
    check(function, [x], [carry, y])


def test_branches_that_update_their_operands():
    x = numbers((40,))

    def function(x, which):
        y = ops.add(x, 1.0)
        branches = tuple(
            stage(f, [typeof(y)]).jaxpr
            for f in (
                lambda y: [set_first(y, strided_slice(y, (20,), (25,))), y],
                lambda y: [y, ops.mul(y, 2.0)],
            )
        )
        return [*cond_p.bind(which, y, branches=branches), y]

    y = x + 1
    changed = y.copy()
    changed[:5] = y[20:25]
    check(function, [x, np.int64(0)], [changed, y, y])
    check(function, [x, np.int64(7)], [y, 2 * y, y])


# --- one text for all sizes


def network(x, w, v):
    y = ops.tanh(dot_general(x, w, (((1,), (0,)), ((), ()))))
    z = dot_general(y, v, (((1,), (0,)), ((), ())))
    top = broadcast_in_dim(reduce_max(z, (1,)), z.shape, (0,))
    return [reduce_sum(ops.exp(ops.sub(z, top)), (0,)), transpose(y, (1, 0))]


def test_other_sizes_have_the_same_text():
    def given(count):
        return numbers((count, 30)), numbers((30, 50)), numbers((50, 10))

    assert text_of(network, *given(100)) == text_of(network, *given(333))

    def joined(x, y):
        return [concatenate([x, ops.mul(y, 0.3)], 0), reduce_sum(x, (0,))]

    texts = {
        text_of(joined, numbers((n,)), numbers((m,))) for n, m in ((20, 90), (77, 18))
    }
    assert len(texts) == 1


def test_other_constants_have_the_same_text():
    x = numbers((30,))
    texts = {text_of(lambda x, c=c: [ops.mul(x, c)], x) for c in (0.1, 123.456)}
    assert len(texts) == 1


# --- recipes that grow


def test_shifted_sums_of_shifted_sums_do_not_multiply():
    x = numbers((200,))

    def function(x):
        for _ in range(40):
            n = x.shape[0]
            left, right = strided_slice(x, (0,), (n - 1,)), strided_slice(x, (1,), (n,))
            x = ops.mul(ops.add(left, right), 0.5)
        return [x]

    y = x
    for _ in range(40):
        y = (y[:-1] + y[1:]) * 0.5
    check(function, [x], [y])
    assert len(text_of(function, x)) < 100_000


def test_long_chains_of_moves():
    x = numbers((30, 20))

    def function(x):
        y = x
        for _ in range(400):
            y = ops.add(transpose(y, (1, 0)), 1.0)
        return [y]

    check(function, [x], [x + 400])


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_reads_in_branches_of_a_computed_entry(sign):
    x, w = numbers((40,)), np.float64(sign)

    def lower(ctx, x, w):
        dear = ctx.map(lambda b, u: b.add(u, 1.0), x, dtype=x.dtype)

        def entry(b, idx, read):
            positive = b.extract(b.cmp("gt", read(1, []), 0.0), 0)
            picked = b.if_else(
                positive,
                lambda: [read(0, idx)],
                lambda: [b.neg(read(0, idx))],
            )
            return b.add(picked[0], read(0, idx))

        made = ctx.compute((40,), x.dtype, entry, [dear, w])
        return ctx.map(lambda b, u, v: b.mul(u, v), made, dear, dtype=x.dtype)

    y = x + 1
    check_rule(lower, [x, w], (sign * y + y) * y)
