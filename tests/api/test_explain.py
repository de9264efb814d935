"""What went wrong, told: the first value that is not finite, why a call compiled again."""

from __future__ import annotations

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.debug import explain_nan


def line_of(found):
    return found.source.text


def test_all_finite_is_none():
    assert explain_nan(lambda x: np.sum(np.log(x)))(np.array([1.0, 2.0])) is None


def test_forward_names_operation_line_and_operands():
    def f(x):
        y = x - 1.0
        z = np.log(y)
        return np.sum(np.exp(z))

    found = explain_nan(f)(np.array([3.0, 1.0]))
    assert (found.phase, found.operation, found.found) == ("forward", "log", "infinity")
    assert line_of(found) == "z = np.log(y)"
    np.testing.assert_array_equal(found.operands[0], [2.0, 0.0])
    assert "log([2. 0.])" in str(found)
    assert "in the forward pass" in str(found)


def test_infinities_can_be_left_out():
    def f(x):
        masked = np.log(x)
        return np.sum(masked - masked)

    x = np.array([1.0, 0.0])
    assert explain_nan(f)(x).operation == "log"
    found = explain_nan(f, infinities=False)(x)
    assert (found.operation, found.found) == ("sub", "NaN")


@pytest.mark.parametrize("wrap", [lambda f: f, fg.jit], ids=["eager", "jit"])
def test_forward_inside_a_loop(wrap):
    def f(xs):
        def step(total, x):
            root = np.sqrt(x)
            return total + root, None

        return fg.lax.scan(step, 0.0, xs)[0]

    found = explain_nan(wrap(f))(np.array([1.0, -4.0, 4.0]))
    assert (found.phase, found.operation) == ("forward", "sqrt")
    assert line_of(found) == "root = np.sqrt(x)"
    assert float(found.operands[0]) == -4.0


@pytest.mark.parametrize("wrap", [lambda f: f, fg.jit], ids=["eager", "jit"])
def test_backward_where_all_values_are_finite(wrap):
    def f(x):
        roots = np.sqrt(x)
        return 3.0 * np.sum(roots)

    found = explain_nan(wrap(f))(np.zeros(2))
    assert found.phase == "backward"
    assert line_of(found) == "roots = np.sqrt(x)"
    assert "all values are finite, a derivative is not" in str(found)


def test_backward_inside_a_loop_names_the_line_of_the_body():
    def f(xs):
        def step(total, x):
            root = np.sqrt(x)
            return 0.5 * total + root, None

        return fg.lax.scan(step, 0.0, xs)[0]

    found = explain_nan(f)(np.array([1.0, 0.0, 4.0]))
    assert (found.phase, line_of(found)) == ("backward", "root = np.sqrt(x)")


def test_a_branch_that_is_not_taken_is_no_fault():
    f = lambda x: np.sum(np.where(x > 0, np.sqrt(x), 0.0))
    assert explain_nan(f)(np.array([0.0, 1.0])) is None


def test_python_branches_and_pytrees_work():
    def f(p, *, power):
        if p["x"] > 0:
            return {"y": p["x"] ** power}
        return {"y": np.log(p["x"])}

    assert explain_nan(f)({"x": 2.0, "n": 3}, power=2.0) is None
    assert explain_nan(f)({"x": -2.0, "n": 3}, power=2.0).found == "NaN"


def test_under_vmap_and_of_a_derivative():
    f = lambda x: x * np.log(x)
    assert explain_nan(fg.vmap(f))(np.array([1.0, 0.0])).operation == "log"
    found = explain_nan(fg.grad(np.sqrt))(0.0)
    assert found.phase == "forward"


def test_integers_have_no_backward_pass():
    assert explain_nan(lambda n: n + 1)(3) is None


def test_settings_are_as_before():
    with pytest.raises(ValueError, match="own"):
        explain_nan(lambda x: (_ for _ in ()).throw(ValueError("own")))(1.0)
    explain_nan(np.log)(0.0)
    assert not fg.config.debug_nans
    assert not fg.config.debug_infs
    assert np.isneginf(fg.jit(np.log)(0.0))


def test_recompiles_are_told_with_line_reason_and_cost():
    scaled = fg.jit(lambda x, p: np.tanh(x) * p["a"])
    with fg.explain_recompiles() as report:
        scaled(np.ones(300), {"a": 1.0})
        scaled(np.ones(300), {"a": 2.0})
        scaled(np.ones(200), {"a": 1.0})
        scaled(np.ones(200, np.float32), {"a": 1.0})
        scaled(np.ones(300), {"a": 1.0, "b": 2.0})
    reasons = [event.reason for event in report]
    assert len(report) == 4
    assert "not been called before" in reasons[0]
    assert reasons[1] == "x is float64[200], was float64[300]"
    assert reasons[2] == "x is float32[200], was float64[200]"
    assert "structure not seen before" in reasons[3]
    assert report[1].machine_code == "reused"
    assert report[2].machine_code in {"compiled", "loaded"}
    assert all(event.source.file == __file__ for event in report)
    assert all(event.trace_seconds > 0.0 for event in report)
    assert str(report).count("\n") == 3
    assert "reused in" in str(report)


def test_recompiles_of_static_values_and_inner_functions():
    inner = fg.jit(lambda x: 2.0 * x)
    power = fg.jit(lambda x, n: inner(x) ** n, static_argnums=1)
    with fg.explain_recompiles() as report:
        power(3.0, 2)
        power(3.0, 3)
    assert [event.machine_code == "inlined" for event in report] == [True, False, False]
    assert report[2].reason == "static argument 1 is 3, was 2"


def test_a_number_of_python_and_of_numpy_are_told_apart():
    double = fg.jit(lambda x: x + x)
    double(1.0)
    with fg.explain_recompiles() as report:
        double(np.float64(1.0))
    assert report[0].reason == "x is float64[] of NumPy, was float64[] of Python"


def test_nothing_is_noted_outside_of_the_block():
    double = fg.jit(lambda x: x + x)
    with fg.explain_recompiles() as report:
        pass
    double(1.0)
    assert str(report) == "nothing was traced again"
    assert len(report) == 0
