"""What loops keep out of their bodies, and that updates cost what they write."""

import numpy as np
import pytest

import funcgrad as fg
import funcgrad.numpy as fnp
from funcgrad import lax
from funcgrad.compiler.pipeline import lower_program
from funcgrad.compiler.simplify.passes import simplify


def simplified(f, *args):
    return simplify(fg.make_jaxpr(f)(*args).jaxpr)


def names(jaxpr):
    return [eqn.primitive.name for eqn in jaxpr.eqns]


def test_invariant_work_goes_before_the_loop():
    def f(a, x):
        def step(c, _):
            weights = fnp.exp(a) * 2.0
            return c * fnp.sum(weights) + 1.0, None

        return lax.scan(step, x, None, length=5)[0]

    a = np.linspace(0, 1, 40)
    program = simplified(f, a, 0.5)
    (loop,) = [e for e in program.eqns if e.primitive.name == "scan"]
    assert names(loop.params["jaxpr"]) == ["mul", "add"]
    want = 0.5
    for _ in range(5):
        want = want * np.sum(np.exp(a) * 2.0) + 1.0
    np.testing.assert_allclose(fg.jit(f)(a, 0.5), want)
    fg.test_util.check_grads(fg.jit(f), (a, 0.5), order=1, modes=("fwd", "rev"))


def test_invariant_work_leaves_nested_loops_and_loops_of_unknown_length():
    def f(a, x):
        def inner(c, _):
            return c * fnp.sin(a) + fnp.cos(c), None

        def outer(c):
            return c[0] + 1, lax.scan(inner, c[1], None, length=3)[0]

        return lax.while_loop(lambda c: c[0] < 4, outer, (0, x))[1]

    program = simplified(f, 0.3, 0.5)
    assert "sin" in names(program)
    want = 0.5
    for _ in range(12):
        want = want * np.sin(0.3) + np.cos(want)
    np.testing.assert_allclose(fg.jit(f)(0.3, 0.5), want)


def test_wide_and_cheap_invariants_are_not_stored():
    def f(a, x):
        def step(c, _):
            return fnp.sum((a[:, None] + a[None, :]) * c), None

        return lax.scan(step, x, None, length=3)[0]

    program = simplified(f, np.ones(30), 0.5)
    (loop,) = [e for e in program.eqns if e.primitive.name == "scan"]
    assert all(v.aval.shape != (30, 30) for v in loop.invars)


def both(c, i, x):
    a, b = c
    return a.at[i].set(x[i]), b.at[i].set(a[i - 1] + a[i] + 1.0)


def in_a_branch(c, i, x):
    a, b = c
    kept = lax.cond(x[i] > 0.5, lambda a: a.at[i].set(x[i]), lambda a: a, a)
    return kept, b + kept[i]


def in_both_branches(c, i, x):
    a, b = c
    branches = (
        lambda a, b: (a.at[i].add(x[i]), b.at[0].set(x[i])),
        lambda a, b: (a, b.at[i].add(a[i])),
        lambda a, b: (b, a),
    )
    return lax.switch(i % 3, branches, a, b)


def twice(c, i, x):
    a, b = c
    first = a.at[i].set(x[i] + b[0])
    return first.at[i - 1].add(first[i]), b


BODIES = [both, in_a_branch, in_both_branches, twice]


def loop(body, x):
    n = x.shape[0]
    start = (fnp.zeros(n), fnp.ones(n))
    (a, b), _ = lax.scan(lambda c, i: (body(c, i, x), None), start, fnp.arange(n))
    return a + 2.0 * b


@pytest.mark.parametrize("body", BODIES)
def test_updates_equal_those_in_python(body):
    x = np.random.default_rng(0).uniform(size=25)
    with fg.disable_jit():
        want = loop(body, x)
    np.testing.assert_allclose(fg.jit(lambda x: loop(body, x))(x), want)
    fg.test_util.check_grads(
        fg.jit(lambda x: loop(body, x)), (x,), order=1, modes=("fwd", "rev")
    )


@pytest.mark.parametrize("body", [both, in_a_branch, twice])
def test_updates_copy_no_array(body):
    x = np.linspace(0.0, 1.0, 1000)
    text = lower_program(simplified(lambda x: loop(body, x), x)).text
    assert "memcpy" not in text


RNG = np.random.default_rng(1)


def recurrent(w, u, xs):
    def step(h, x):
        h = fnp.tanh(w @ h + u @ x)
        return h, fnp.sum(h * h)

    h, ys = lax.scan(step, fnp.zeros(w.shape[0]), xs)
    return fnp.sum(h) + fnp.sum(ys)


def batched(w, u, xs):
    def step(h, x):
        h = fnp.tanh(h @ w.T + x @ u.T @ w)
        return h, None

    return fnp.sum(lax.scan(step, fnp.zeros((3, w.shape[0])), xs, reverse=True)[0] ** 2)


def outer_products(w, u, xs):
    def step(c, x):
        total, h = c
        return (total + fnp.outer(x, x * h) + fnp.outer(h * x, x), h * 0.9), None

    start = (w[: xs.shape[1], : xs.shape[1]], u[0, 0])
    return fnp.sum(lax.scan(step, start, xs)[0][0] ** 2)


@pytest.mark.parametrize("f", [recurrent, batched, outer_products])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_sums_of_products_are_made_after_the_loop(f, dtype):
    shape = (12, 3, 5) if f is batched else (12, 5)
    args = [0.3 * RNG.normal(size=s) for s in ((8, 8), (8, 5), shape)]
    args = [a.astype(dtype) for a in args]
    gradient = fg.grad(f, (0, 1, 2))
    program = simplified(gradient, *args)
    last = max(k for k, name in enumerate(names(program)) if name == "scan")
    if f is not outer_products:
        assert "dot_general" in names(program)[last:]
    with fg.disable_jit():
        want = gradient(*args)
    rtol = 1e-9 if dtype == np.float64 else 1e-3
    for a, b in zip(fg.jit(gradient)(*args), want, strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol)
        assert a.dtype == dtype
    if dtype == np.float64:
        fg.test_util.check_grads(fg.jit(f), args, order=2, modes=("rev",))


def test_batches_of_sums_of_products():
    w, u = 0.3 * RNG.normal(size=(8, 8)), RNG.normal(size=(8, 5))
    xs = RNG.normal(size=(2, 12, 5))
    gradient = fg.grad(recurrent)
    want = [gradient(w, u, x) for x in xs]
    got = fg.jit(fg.vmap(gradient, (None, None, 0)))(w, u, xs)
    np.testing.assert_allclose(got, want, rtol=1e-10)


def test_sums_that_the_loop_reads_stay_in_it():
    def f(w, xs):
        def step(c, x):
            return c + fnp.outer(x, x), fnp.sum(c)

        return fnp.sum(lax.scan(step, w, xs)[1])

    w, xs = np.ones((5, 5)), RNG.normal(size=(12, 5))
    (loop_,) = [e for e in simplified(f, w, xs).eqns if e.primitive.name == "scan"]
    assert loop_.params["num_carry"] == 1
    total, want = w.copy(), 0.0
    for x in xs:
        want += np.sum(total)
        total += np.outer(x, x)
    np.testing.assert_allclose(fg.jit(f)(w, xs), want)


def gated(w, xs):
    def step(h, x):
        gate = 1.0 / (1.0 + fnp.exp(-(w * h + x)))
        h = gate * fnp.tanh(h * x) + (1.0 - gate) * h
        return h, None

    return fnp.sum(lax.scan(step, fnp.ones(w.shape), xs)[0] ** 2)


def test_cheap_residuals_are_computed_again():
    w, xs = RNG.normal(size=20), RNG.normal(size=(6, 20))
    gradient = fg.grad(gated, (0, 1))
    first = next(
        e for e in simplified(gradient, w, xs).eqns if e.primitive.name == "scan"
    )
    stacks = len(first.outvars) - first.params["num_carry"]
    assert stacks <= 4  # state, exponential, tanh, and one more at most
    with fg.disable_jit():
        want = gradient(w, xs)
    for a, b in zip(fg.jit(gradient)(w, xs), want, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11)
    fg.test_util.check_grads(fg.jit(gated), (w, xs), order=2, modes=("fwd", "rev"))


def test_cheap_residuals_of_loops_of_unknown_length():
    def f(w, x):
        def body(c):
            i, h = c
            gate = 1.0 / (1.0 + w * w * h * h)
            return i + 1, gate * h + (1.0 - gate) * x

        return fnp.sum(lax.while_loop(lambda c: c[0] < 5, body, (0, x))[1] ** 2)

    w, x = RNG.normal(size=20), RNG.normal(size=20)
    fg.test_util.check_grads(fg.jit(f), (w, x), order=2, modes=("fwd", "rev"))


@pytest.mark.parametrize("length", [0, 1, 17, 100])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("shape", [(), (3,), (40,), (5, 20)])
def test_rows_that_are_all_alike(length, reverse, shape):
    def f(row, start):
        xs = {
            "alike": fnp.broadcast_to(row, (length, *shape)),
            "turned": fnp.broadcast_to(row.T, (length, *shape[::-1])),
            "counted": fnp.arange(float(length)),
        }

        def step(c, x):
            c = 0.5 * c + x["alike"] * x["counted"] + x["turned"].T
            return c, fnp.sum(c * x["alike"])

        return fg.lax.scan(step, start, xs, reverse=reverse)

    rng = np.random.default_rng(0)
    row, start = rng.normal(size=shape), rng.normal(size=shape)
    total = lambda *args: sum(map(fnp.sum, f(*args)))
    for function in (f, fg.grad(total, argnums=(0, 1))):
        wanted = function(row, start)  # one scan, of arrays in memory
        for a, b in zip(fg.jit(function)(row, start), wanted, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-11)


def test_rows_that_are_all_alike_are_no_stack():
    def f(row):
        xs = fnp.broadcast_to(row, (1000, 50))
        return fg.lax.scan(lambda c, x: (0.5 * c + x, None), row, xs)[0]

    memory = fg.jit(f).lower(np.ones(50)).compile().memory_analysis()
    assert memory["workspace_bytes"] < 10 * 50 * 8
