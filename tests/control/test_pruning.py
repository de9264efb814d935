"""Results of inner programs that nobody reads are not computed."""

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import lax
from funcgrad.core.check import check_jaxpr

XS = np.array([0.3, 0.5, 0.7])


def only(f, *args, name):
    closed = fg.make_jaxpr(f)(*args)
    check_jaxpr(closed.jaxpr)
    (eqn,) = [eqn for eqn in closed.eqns if eqn.primitive.name == name]
    return eqn


def test_ys_and_carries_of_a_scan():
    def body(c, a):
        used, unused, feeds = c
        return (used * a + feeds, np.exp(unused), np.sin(feeds)), (used, unused)

    def f(x, xs):
        (used, _, _), (first, _) = lax.scan(body, (x, x, x), xs)
        return used + np.sum(first)

    eqn = only(f, 0.4, XS, name="scan")
    assert eqn.params["num_carry"] == 2
    assert len(eqn.outvars) == 3
    assert "exp" not in str(eqn.params["jaxpr"])
    want = 0.4
    total, feeds = 0.0, 0.4
    for a in XS:
        total += want
        want, feeds = want * a + feeds, np.sin(feeds)
    np.testing.assert_allclose(fg.jit(f)(0.4, XS), want + total)


def test_xs_and_constants_that_become_unused():
    def f(x, w, xs, zs):
        return lax.scan(lambda c, a: (c + a[0], w * a[1]), x, (xs, zs))[0]

    eqn = only(f, 0.4, 2.0, XS, XS, name="scan")
    assert eqn.params["num_consts"] == 0
    assert len(eqn.invars) == 2


def test_carries_of_a_while_loop():
    def step(state):
        i, used, unused = state
        return i + 1, used * 2.0, np.exp(unused)

    def f(x):
        return lax.while_loop(lambda s: s[0] < 3, step, (0, x, x))[1]

    eqn = only(f, 0.4, name="while")
    assert len(eqn.outvars) == 2
    assert fg.jit(f)(0.4) == 3.2
    assert fg.jit(fg.grad(f))(0.4) == 8.0


def test_carry_that_the_condition_needs_stays():
    def f(x):
        step = lambda s: (s[0] * s[2], s[1] + 1.0, s[2] + 0.5)
        return lax.while_loop(lambda s: s[0] < 9.0, step, (x, 0.0, 1.0))[1]

    eqn = only(f, 0.4, name="while")
    assert len(eqn.outvars) == 3
    assert fg.jit(f)(0.4) == f(0.4)


def test_results_of_branches_and_calls():
    def branch(x, y):
        return np.exp(x), np.sin(y)

    def f(p, x, y):
        return lax.cond(p, branch, lambda x, y: (x, y), x, y)[1]

    eqn = only(f, True, 0.3, 0.4, name="cond")
    assert len(eqn.outvars) == 1
    assert len(eqn.invars) == 2
    inner = fg.jit(branch)
    call = only(lambda x, y: inner(x, y)[0], 0.3, 0.4, name="jit")
    assert len(call.invars) == 1
    assert fg.jit(lambda x, y: inner(x, y)[0])(0.3, 0.4) == np.exp(0.3)


def test_effects_keep_what_they_print(capsys):
    def body(c, a):
        fg.debug.print("{}", c[1])
        return (c[0] + a, c[1] * 2.0), None

    f = fg.jit(lambda x: lax.scan(body, (x, x), XS)[0][0])
    f(1.0)
    assert capsys.readouterr().out == "1.0\n2.0\n4.0\n"


@pytest.mark.parametrize("jit", [lambda f: f, fg.jit])
def test_tapes_that_a_second_derivative_does_not_read(jit):
    def f(x, y):
        def step(state):
            a, b = state
            return a * a * x, np.sin(b) * y

        return lax.while_loop(lambda s: s[0] < 9.0, step, (x, y))

    def g(x, y):
        c = [x, y]
        while c[0] < 9.0:
            c = [c[0] * c[0] * x, np.sin(c[1]) * y]
        return c

    for k in (0, 1):
        for argnum in (0, 1):
            want = fg.grad(lambda x, y, k=k: g(x, y)[k] * 1.0, argnum)(1.3, 0.4)
            got = jit(fg.grad(lambda x, y, k=k: f(x, y)[k] * 1.0, argnum))(1.3, 0.4)
            np.testing.assert_allclose(got, want)
    second = fg.hessian(lambda x, y: g(x, y)[1] + g(x, y)[0], (0, 1))(1.3, 0.4)
    got = jit(fg.hessian(lambda x, y: f(x, y)[1] + f(x, y)[0], (0, 1)))(1.3, 0.4)
    np.testing.assert_allclose(got, second)
