"""Branches that were not selected, and rules of both kinds on one function."""

import numpy as np

import funcgrad as fg
import funcgrad.numpy as jnp


def test_a_branch_that_was_not_selected_adds_exact_zeros() -> None:
    def f(a: object) -> object:
        return jnp.sum(jnp.where(a > 0, jnp.sqrt(a), 0.0))

    x = np.array([0.0, 4.0])
    for g in (fg.grad(f), fg.jit(fg.grad(f))):
        np.testing.assert_array_equal(g(x), [0.0, 0.25])
    for h in (fg.hessian(f), fg.jit(fg.hessian(f))):
        np.testing.assert_array_equal(h(x), np.diag([0.0, -1 / 32]))


def test_one_function_carries_rules_of_both_kinds() -> None:
    both = fg.custom_vjp(lambda a: jnp.sin(a))
    both.defvjp(lambda a: (jnp.sin(a), a), lambda a, ct: (10.0 * ct,))
    both.defjvp(lambda primals, tangents: (both(*primals), 20.0 * tangents[0]))
    assert fg.grad(both)(1.0) == 10.0
    assert fg.jit(fg.grad(both))(1.0) == 10.0
    assert fg.jvp(both, (1.0,), (1.0,))[1] == 20.0
