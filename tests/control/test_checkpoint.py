"""checkpoint: derivatives, what is kept under each policy, loops and batches."""

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import lax
from funcgrad.ad_checkpoint import checkpoint_name, checkpoint_policies, saved_residuals
from funcgrad.test_util import check_grads

W = np.array([[0.2, 0.5], [-0.3, 0.1]])


def layer(x):
    h = checkpoint_name(np.tanh(W @ x), "hidden")
    return np.sum(np.sin(W @ h) * x)


X = np.array([0.3, 0.4])
POLICIES = {
    "nothing": checkpoint_policies.nothing_saveable,
    "everything": checkpoint_policies.everything_saveable,
    "dots": checkpoint_policies.dots_saveable,
    "hidden": checkpoint_policies.save_only_these_names("hidden"),
    "default": None,
}


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_derivatives(policy):
    f = fg.checkpoint(layer, policy=policy)
    np.testing.assert_allclose(fg.grad(f)(X), fg.grad(layer)(X))
    np.testing.assert_allclose(fg.jit(fg.grad(f))(X), fg.grad(layer)(X))
    np.testing.assert_allclose(fg.hessian(f)(X), fg.hessian(layer)(X))
    check_grads(f, (X,), order=2)


def shapes(f, *args):
    return sorted(aval.shape for aval in saved_residuals(f, *args))


def test_what_is_kept():
    kept = {
        name: len(shapes(fg.checkpoint(layer, policy=policy), X))
        for name, policy in POLICIES.items()
    }
    assert kept["nothing"] == kept["default"]
    assert kept["nothing"] < kept["hidden"] < kept["everything"]
    assert kept["nothing"] < kept["dots"]


def test_primitive_runs_again_in_the_backward_pass():
    def f(x):
        return np.sin(np.exp(x))

    plain = str(fg.make_jaxpr(fg.grad(f))(1.0)).count("exp")
    again = str(fg.make_jaxpr(fg.value_and_grad(fg.checkpoint(f)))(1.0)).count("= exp")
    assert again == plain + 1


def test_in_scan_only_the_carry_is_kept():
    def deep(c):
        return np.sin(np.exp(np.cos(c)))

    def loss(f):
        return lambda c, xs: lax.scan(lambda c, a: (f(c) * a, None), c, xs)[0]

    xs = np.array([0.3, 0.5])

    def stored(f):
        closed = fg.make_jaxpr(fg.value_and_grad(loss(f)))(0.4, xs)
        forward = next(e for e in closed.eqns if e.primitive.name == "scan")
        return len(forward.outvars) - 1

    assert stored(fg.checkpoint(deep)) == 1
    assert stored(deep) == 3
    want = fg.grad(loss(deep))(0.4, xs)
    np.testing.assert_allclose(fg.grad(loss(fg.checkpoint(deep)))(0.4, xs), want)


def test_through_jitted_calls():
    inner = fg.jit(lambda x: np.sin(x) * x)
    f = fg.checkpoint(lambda x: np.exp(inner(inner(x))), policy=POLICIES["hidden"])
    check_grads(f, (0.4,), order=2)


def test_batches():
    xs = np.stack([X, 2 * X])
    want = np.stack([fg.grad(layer)(x) for x in xs])
    np.testing.assert_allclose(fg.vmap(fg.grad(fg.checkpoint(layer)))(xs), want)
    total = fg.grad(lambda xs: np.sum(fg.vmap(fg.checkpoint(layer))(xs)))(xs)
    np.testing.assert_allclose(total, want)


def test_static_argnums_and_decorator():
    @fg.checkpoint(static_argnums=(1,))
    def f(x, n):
        for _ in range(n):
            x = np.sin(x)
        return x

    assert fg.remat is fg.checkpoint
    np.testing.assert_allclose(fg.grad(f)(0.3, 2), np.cos(np.sin(0.3)) * np.cos(0.3))


def test_while_loop_inside():
    def f(x):
        return lax.while_loop(lambda c: c < 10.0, lambda c: c * c + x, x)

    np.testing.assert_allclose(fg.grad(fg.checkpoint(f))(1.4), fg.grad(f)(1.4))
    got = fg.jit(fg.grad(fg.checkpoint(f)))(1.4)
    np.testing.assert_allclose(got, fg.grad(f)(1.4))


def test_closes_over_a_differentiated_value():
    def f(x):
        return fg.checkpoint(lambda y: np.sin(x * y))(2.0)

    np.testing.assert_allclose(fg.grad(f)(0.3), 2 * np.cos(0.6))
