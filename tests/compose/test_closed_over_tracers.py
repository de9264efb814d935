"""Values of outer transforms inside of programs that inner ones stage."""

import numpy as np
import pytest

import funcgrad as fg
import funcgrad.numpy as fnp


def in_scan(v):
    def body(carry, _):
        return carry + (v * np.eye(2)).sum(), None

    return fg.lax.scan(body, 0.0, None, length=3)[0]


def in_cond(v):
    return fg.lax.cond(True, lambda a: (v * np.ones((2, 3))).sum() * a, lambda a: a, v)


@pytest.mark.parametrize(("function", "expected"), [(in_scan, 6.0), (in_cond, 24.0)])
@pytest.mark.parametrize("jit", [False, True])
def test_rules_of_outer_traces_stage_nothing_inside(function, expected, jit):
    gradient = fg.grad(function)
    assert (fg.jit(gradient) if jit else gradient)(2.0) == pytest.approx(expected)
    pushed = fg.jvp(function, (2.0,), (1.0,))[1]
    assert pushed == pytest.approx(expected)
    batched = fg.vmap(gradient)(np.array([2.0, 2.0]))
    np.testing.assert_allclose(batched, expected)


def test_logaddexp_keeps_its_curvature_at_a_tie():
    second = fg.grad(fg.grad(lambda z: fnp.logaddexp(0.0, z)))
    assert second(0.0) == pytest.approx(0.25)
    assert fg.grad(fg.grad(fg.nn.softplus))(0.0) == pytest.approx(0.25)
    slope = fg.grad(lambda z: fnp.logaddexp(z, np.inf))(np.inf)
    assert slope == pytest.approx(0.5)
