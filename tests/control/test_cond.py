"""cond and switch: values, which branch runs, types, derivatives, batches, errors."""

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import errors, lax
from funcgrad.test_util import check_grads


@pytest.mark.parametrize("pred", [True, np.True_, 1, np.float64(0.5), np.array(True)])
def test_true_condition(pred):
    assert lax.cond(pred, lambda x: x + 1, lambda x: x - 1, 3) == 4


@pytest.mark.parametrize("pred", [False, np.False_, 0, 0.0])
def test_false_condition(pred):
    assert lax.cond(pred, lambda x: x + 1, lambda x: x - 1, 3) == 2


def test_nested_operands_and_results():
    def swap(a, b):
        return {"first": b["u"], "second": (a,)}

    def keep(a, b):
        return {"first": a, "second": (b["u"],)}

    result = fg.jit(lambda p: lax.cond(p, swap, keep, 1.0, {"u": 2.0}))(True)
    assert result == {"first": 2.0, "second": (1.0,)}


def test_branches_close_over_traced_values():
    def f(x, y):
        return lax.cond(x > 0, lambda: x * y, lambda: y * y)

    assert fg.grad(f, (0, 1))(2.0, 3.0) == (3.0, 2.0)
    assert fg.jit(fg.grad(f, (0, 1)))(-2.0, 3.0) == (0.0, 6.0)


def test_operand_keyword():
    assert lax.cond(True, lambda x: x + 1, lambda x: x, operand=1) == 2


def test_only_the_chosen_branch_runs():
    seen = []

    def note(x, tag):
        fg.debug.callback(lambda v: seen.append((tag, float(v))), x)
        return x

    f = fg.jit(
        lambda x: lax.cond(x > 0, lambda x: note(x, "+"), lambda x: note(x, "-"), x)
    )
    f(1.0)
    f(-2.0)
    assert seen == [("+", 1.0), ("-", -2.0)]


@pytest.mark.parametrize("index", [-3, 0, 1, 2, 7])
def test_switch_clamps(index):
    branches = [lambda x: x, lambda x: 10 * x, lambda x: 100 * x]
    want = [1, 10, 100][min(max(index, 0), 2)]
    assert lax.switch(index, branches, 1) == want
    assert fg.jit(lambda i: lax.switch(i, branches, 1))(index) == want
    assert fg.jit(lambda i: lax.switch(i, branches, 1))(np.int8(index)) == want


def test_switch_with_one_branch():
    assert lax.switch(5, [lambda x: -x], 2.0) == -2.0


def test_python_scalars_yield_to_arrays():
    x = np.float32(2.0)
    result = fg.jit(lambda x: lax.cond(x > 0, lambda: x, lambda: 0.0))(x)
    assert result.dtype == np.float32
    assert result == 2.0


@pytest.mark.parametrize("x", [0.7, -0.7])
def test_derivatives(x):
    def f(x, y):
        return lax.cond(
            x > 0,
            lambda x, y: (np.sin(x) * y, y),
            lambda x, y: (x * x * y, np.exp(y)),
            x,
            y,
        )

    check_grads(f, (x, np.array([0.3, 0.4])), order=2)
    check_grads(fg.jit(f), (x, np.array([0.3, 0.4])), order=2)


def test_residuals_of_branches_share_places():
    def f(x):
        return lax.cond(x > 0, lambda x: np.sin(x), lambda x: np.exp(np.cos(x)), x)

    closed = fg.make_jaxpr(fg.grad(f))(1.0)
    (first, *_) = [e for e in closed.eqns if e.primitive.name == "cond"]
    assert len(first.outvars) <= 3


def test_batched_condition():
    xs = np.array([-1.0, 2.0, -3.0])

    def f(x):
        return lax.cond(x > 0, lambda x: x * x, lambda x: -x, x)

    np.testing.assert_array_equal(fg.vmap(f)(xs), [1.0, 4.0, 3.0])
    np.testing.assert_array_equal(fg.vmap(fg.grad(f))(xs), [-1.0, 4.0, -1.0])


def test_batched_operand_with_one_condition_keeps_the_branch():
    def f(p, x):
        return lax.cond(p, lambda x: x, lambda x: -x, x)

    jaxpr = fg.make_jaxpr(fg.vmap(f, in_axes=(None, 0)))(True, np.ones(3))
    assert "cond" in str(jaxpr)
    result = fg.vmap(f, in_axes=(None, 0))(False, np.ones(3))
    np.testing.assert_array_equal(result, -np.ones(3))


def test_batched_switch():
    index = np.array([0, 2, 1, 5])

    def f(i, x):
        return lax.switch(i, [np.sin, np.cos, lambda x: x], x)

    result = fg.vmap(f, in_axes=(0, None))(index, 0.5)
    np.testing.assert_allclose(result, [np.sin(0.5), 0.5, np.cos(0.5), 0.5])


def test_effects_of_a_branch_come_from_the_entries_that_take_it(capsys):
    def note(x):
        fg.debug.print("{}", x)
        return x

    def f(x):
        return lax.cond(x > 0, note, lambda x: -x, x)

    for transformed in (fg.vmap(f), fg.jit(fg.vmap(f))):
        result = transformed(np.array([1.0, -2.0, 3.0]))
        np.testing.assert_array_equal(result, [1.0, 2.0, 3.0])
        assert capsys.readouterr().out == "1.0\n3.0\n"


def test_no_derivative_through_where_of_unused_branch():
    def f(x):
        return lax.cond(x > 0, lambda x: np.sqrt(x), lambda x: 0.0 * x, x)

    assert fg.grad(f)(-1.0) == 0.0
    np.testing.assert_allclose(fg.vmap(fg.grad(f))(np.array([-1.0, 4.0])), [0.0, 0.25])


def test_different_types_are_named():
    with pytest.raises(errors.BranchTypeError) as info:
        lax.cond(True, lambda: {"a": np.zeros(2)}, lambda: {"a": np.zeros(3)})
    assert "result['a']" in str(info.value)
    assert "float64[2]" in str(info.value)
    assert "float64[3]" in str(info.value)


def test_different_structures_are_named():
    with pytest.raises(errors.BranchTypeError, match="different structures"):
        lax.cond(True, lambda: (1.0, 2.0), lambda: 1.0)


def test_condition_is_a_scalar():
    with pytest.raises(errors.BranchTypeError, match="one value"):
        lax.cond(np.array([True, False]), lambda: 1, lambda: 2)


def test_switch_wants_an_integer():
    with pytest.raises(errors.BranchTypeError, match="number of a branch"):
        lax.switch(0.5, [lambda: 1, lambda: 2])
    with pytest.raises(errors.BranchTypeError, match="0 branches"):
        lax.switch(0, [])


def test_disable_jit_runs_python():
    seen = []

    def f(x):
        seen.append(x)
        return x

    with fg.disable_jit():
        lax.cond(True, f, lambda x: x, 3.0)
        lax.switch(1, [lambda x: x, f], 4.0)
    assert seen == [3.0, 4.0]
