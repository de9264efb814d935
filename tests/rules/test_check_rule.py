"""The rule checks find mistakes in every kind of rule."""

import numpy as np
import pytest

from funcgrad.core.primitive import Primitive
from funcgrad.ops.arithmetic import Neg, add, mul, strong_mul
from funcgrad.ops.cases import case, positive, unary
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.elementwise import Elementwise
from funcgrad.ops.selection import stop_gradient
from funcgrad.ops.trigonometric import cos
from funcgrad.testing import check_rule

SINE = {
    "numpy": np.sin,
    "jvp": [lambda t, y, x: strong_mul(t, cos(x))],
    "lower": lambda b, x: b.math("sin", x),
    "kinds": "fc",
    "cases": unary(),
}


@pytest.fixture
def define():
    """Makes primitives that are forgotten after the test."""
    made = []

    def make(kind=Elementwise, **facts):
        primitive = kind("wrong", **{**SINE, **facts})
        made.append(primitive.name)
        return primitive

    yield make
    for name in made:
        del Primitive.registry[name]


def notes(error):
    return " ".join(getattr(error.value, "__notes__", []))


def test_right_rules_pass(define):
    check_rule(define())


def test_no_cases(define):
    with pytest.raises(AssertionError, match="has no cases"):
        check_rule(define(cases=()))


def test_wrong_dtype(define):
    with pytest.raises(AssertionError, match="abstract_eval promises"):
        check_rule(define(out_dtype=lambda dtype: np.dtype(np.float32)))


def test_wrong_tangent(define):
    wrong = define(jvp=[lambda t, y, x: strong_mul(t, y)])
    with pytest.raises(AssertionError, match="jvp") as error:
        check_rule(wrong)
    assert "case 0, float64" in notes(error)


def test_tangent_of_the_wrong_dtype(define):
    def rule(t, y, x):
        return convert_element_type(strong_mul(t, cos(x)), np.float64)

    with pytest.raises(AssertionError, match="float64 for float32"):
        check_rule(define(jvp=[rule], kinds="f"))


def test_tangent_that_is_right_at_first_order_only(define):
    wrong = define(jvp=[lambda t, y, x: strong_mul(t, stop_gradient(cos(x)))])
    with pytest.raises(AssertionError) as error:
        check_rule(wrong)
    assert "second order" in notes(error)


def test_tangent_that_is_not_linear(define):
    wrong = define(
        jvp=[lambda t, y, x: add(strong_mul(t, cos(x)), mul(t, mul(t, 1e-3)))]
    )
    with pytest.raises(AssertionError):
        check_rule(wrong)


def test_wrong_transpose(define):
    class Wrong(Neg):
        def transpose(self, ct, x):
            return [ct]

    facts = {"numpy": np.negative, "lower": lambda b, x: b.neg(x)}
    primitive = define(Wrong, jvp=[lambda t, y, x: primitive.bind(t)], **facts)
    with pytest.raises(AssertionError, match="transpose") as error:
        check_rule(primitive)
    assert "linearize and transpose" in notes(error)


def test_wrong_batch(define):
    class Wrong(Elementwise):
        def batch(self, size, operands, dims):
            return self.bind(operands[0]), 0

    with pytest.raises((AssertionError, IndexError)) as error:
        check_rule(define(Wrong, cases=[case((2, 3))]))
    assert "batch" in notes(error)


def test_wrong_native_code(define):
    with pytest.raises(AssertionError, match="native code") as error:
        check_rule(define(lower=lambda b, x: b.add(x, x)))
    assert "lower" in notes(error)


def test_rule_that_needs_values(define):
    def rule(t, y, x):
        return strong_mul(t, cos(x)) if np.all(x > -100) else t

    with pytest.raises(TypeError) as error:
        check_rule(define(jvp=[rule], cases=[case(positive())]))
    assert "wrong, case 0, float64" in notes(error)
