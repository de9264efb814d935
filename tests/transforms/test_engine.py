"""The engine itself: staging, jvp, linearize, transpose and batch of flat functions."""

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import errors, lax
from funcgrad.core.aval import ShapedArray
from funcgrad.core.check import check_jaxpr
from funcgrad.core.jaxpr import eval_jaxpr
from funcgrad.core.trace import current_traces, new_trace
from funcgrad.core.vspace import Zero
from funcgrad.transforms.batch import batch
from funcgrad.transforms.jvp import jvp
from funcgrad.transforms.linearize import linearize, linearize_jaxpr
from funcgrad.transforms.stage import JaxprTrace, hoist_consts, stage, stage_flat
from funcgrad.transforms.transpose import backward_pass

F64 = ShapedArray((), np.dtype(float))
VEC = ShapedArray((3,), np.dtype(float))


def test_stage_removes_what_nothing_reads():
    def f(x, y):
        lax.exp(y)
        return [lax.sin(x)]

    closed = stage(f, [F64, F64])
    assert [eqn.primitive.name for eqn in closed.eqns] == ["sin"]
    assert len(closed.jaxpr.invars) == 2


def test_operations_on_constants_run_while_staging():
    closed = stage(lambda x: [lax.sin(np.ones(3)) * x], [F64])
    assert [eqn.primitive.name for eqn in closed.eqns] == ["mul"]
    np.testing.assert_allclose(closed.consts[0], np.sin(np.ones(3)))


def test_constants_become_operands():
    table = np.arange(3.0)
    consts, jaxpr = hoist_consts(stage(lambda x: [x + table], [VEC]))
    assert consts[0] is table
    assert jaxpr.constvars == ()
    assert len(jaxpr.invars) == 2


def test_rules_keep_constants_in_the_program():
    jaxpr = stage_flat(lambda x: [x + np.arange(3.0)], [VEC])
    assert len(jaxpr.invars) == 1
    (y,) = eval_jaxpr(jaxpr, (), np.ones(3))
    np.testing.assert_allclose(y, [1.0, 2.0, 3.0])


def test_rules_may_not_capture_traced_values():
    def outer(x):
        return stage_flat(lambda y: [y + x], [F64])

    with pytest.raises(AssertionError, match="operand"):
        stage(lambda x: [outer(x)], [F64])


def test_jvp_knows_zeros():
    results, tangents = jvp(
        lambda x, y: [x * 2.0, y * 2.0], (1.0, 2.0), (1.0, Zero(F64))
    )
    assert results == [2.0, 4.0]
    assert tangents[0] == 2.0
    assert type(tangents[1]) is Zero


def test_linearize_keeps_only_what_the_derivative_reads():
    results, program, nonzero = linearize(
        lambda x, y: [lax.sin(x) * y, lax.floor(x), y], (0.3, 2.0)
    )
    assert nonzero == [True, False, True]
    check_jaxpr(program.jaxpr)
    names = [eqn.primitive.name for eqn in program.eqns]
    assert set(names) <= {"mul", "strong_mul", "add", "add_any"}
    assert results[1] == 0.0


def test_linearize_of_some_arguments():
    _, program, nonzero = linearize(lambda x, y: [x * y], (3.0, 4.0), [False, True])
    assert len(program.jaxpr.invars) == 1
    assert nonzero == [True]
    assert eval_jaxpr(program.jaxpr, program.consts, 1.0) == [3.0]


def test_linearize_jaxpr_splits_a_program():
    jaxpr = stage_flat(lambda x, y: [lax.exp(x) * y], [VEC, VEC])
    rule = linearize_jaxpr(jaxpr, [True, False])
    check_jaxpr(rule.primal)
    check_jaxpr(rule.linear)
    x, y, t = np.arange(3.0), np.ones(3), np.full(3, 2.0)
    out, *residuals = eval_jaxpr(rule.primal, (), x, y)
    np.testing.assert_allclose(out, np.exp(x))
    (pushed,) = eval_jaxpr(rule.linear, (), *residuals, t)
    np.testing.assert_allclose(pushed, 2 * np.exp(x))


def test_backward_pass_sums_and_knows_zeros():
    closed = stage(lambda x, y: [x + x * 3.0, y], [F64, F64])
    ct_x, ct_y = backward_pass(closed.jaxpr, closed.consts, [1.0, Zero(F64)])
    assert ct_x == 4.0
    assert type(ct_y) is Zero


def test_backward_pass_names_the_operation_that_is_not_linear():
    closed = stage(lambda x: [lax.exp(x)], [F64])
    with pytest.raises(errors.DifferentiationError, match="exp"):
        backward_pass(closed.jaxpr, closed.consts, [1.0])


def test_batch_tells_what_varies():
    results, dims = batch(
        lambda x, y: [x * y, y * 2.0], 3, [np.arange(3.0), 2.0], [0, None]
    )
    assert dims == [0, None]
    np.testing.assert_allclose(results[0], [0.0, 2.0, 4.0])
    assert results[1] == 4.0


def test_the_stack_is_restored_after_an_error():
    depth = len(current_traces())

    def fail(x):
        raise ZeroDivisionError

    for transform in (fg.grad, fg.jit, fg.vmap, fg.make_jaxpr):
        with pytest.raises(ZeroDivisionError):
            transform(fail)(np.ones(2))
    assert len(current_traces()) == depth


def test_levels_tell_nested_traces_apart():
    with new_trace(JaxprTrace()) as outer, new_trace(JaxprTrace()) as inner:
        x, y = outer.argument(F64), inner.argument(F64)
        assert (x + x).owner is outer
        assert (x + y).owner is inner
    assert not outer.valid
    with pytest.raises(errors.UnexpectedTracerError):
        x + 1.0


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5, 6])
def test_derivatives_of_high_order(order):
    f = lax.sin
    for _ in range(order):
        f = fg.grad(f)
    want = [np.sin, np.cos, lambda x: -np.sin(x), lambda x: -np.cos(x)][order % 4]
    np.testing.assert_allclose(f(0.3), want(0.3))
    np.testing.assert_allclose(fg.jit(f)(0.3), want(0.3))


@pytest.mark.parametrize("transform", [fg.grad, fg.jit])
def test_long_chains(transform):
    def f(x):
        for _ in range(2000):
            x = x + 0.001 * x
        return x

    want = 1.001**2000 if transform is fg.grad else 1.001**2000 * 2.0
    np.testing.assert_allclose(transform(f)(2.0), want)


def test_a_value_used_often_costs_once():
    """Gradients of x + x, thirty times over, take thirty steps and not 2**30."""

    def f(x):
        for _ in range(30):
            x = x + x
        return x

    assert fg.grad(f)(1.0) == 2.0**30
