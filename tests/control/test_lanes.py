"""Batches whose entries take branches and run loops of their own."""

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import lax
from funcgrad.test_util import check_grads

RNG = np.random.default_rng(0)
COUNTS = np.array([0, 3, 1, 7, 0, 2, 5, 9, 1, 4, 0])
XS = RNG.normal(size=COUNTS.size)


def repeated(count, x):
    def body(carry):
        i, x = carry
        return i + 1, np.sin(x) + 0.5 * x

    return lax.while_loop(lambda c: c[0] < count, body, (0, x))[1]


def repeated_in_python(count, x):
    for _ in range(count):
        x = np.sin(x) + 0.5 * x
    return x


def slope_in_python(count, x):
    slope = 1.0
    for _ in range(count):
        slope *= np.cos(x) + 0.5
        x = np.sin(x) + 0.5 * x
    return slope


def primitives(f, *args):
    """Names of the primitives in a function, inner programs included."""
    names = []

    def look(jaxpr):
        for eqn in jaxpr.eqns:
            names.append(eqn.primitive.name)
            for value in eqn.params.values():
                for inner in value if isinstance(value, tuple) else (value,):
                    if hasattr(inner, "eqns"):
                        look(inner)

    look(fg.make_jaxpr(f)(*args).jaxpr)
    return names


@pytest.mark.parametrize("size", [0, 1, 3, 4, 5, 8, 11])
@pytest.mark.parametrize("wrap", [lambda f: f, fg.jit], ids=["eager", "jit"])
def test_loops_of_different_lengths(size, wrap):
    counts, xs = COUNTS[:size], XS[:size]
    want = [repeated_in_python(k, x) for k, x in zip(counts, xs, strict=True)]
    got = wrap(fg.vmap(repeated))(counts, xs)
    np.testing.assert_allclose(got, np.reshape(want, size), rtol=1e-14)


@pytest.mark.parametrize(
    "gradient",
    [
        lambda: fg.vmap(fg.grad(repeated, 1)),
        lambda: fg.jit(fg.vmap(fg.grad(repeated, 1))),
        lambda: fg.vmap(fg.jit(fg.grad(repeated, 1))),
        lambda: fg.vmap(fg.grad(fg.jit(repeated), 1)),
        lambda: fg.grad(lambda k, x: np.sum(fg.vmap(repeated)(k, x)), 1),
        lambda: fg.jit(fg.grad(lambda k, x: np.sum(fg.vmap(repeated)(k, x)), 1)),
        lambda: (
            lambda k, x: fg.jvp(lambda x: fg.vmap(repeated)(k, x), (x,), (x**0,))[1]
        ),
        lambda: lambda k, x: np.diag(fg.jacrev(lambda x: fg.vmap(repeated)(k, x))(x)),
    ],
)
def test_derivatives_of_loops_of_different_lengths(gradient):
    want = [slope_in_python(k, x) for k, x in zip(COUNTS, XS, strict=True)]
    np.testing.assert_allclose(gradient()(COUNTS, XS), want, rtol=1e-13)


def test_second_derivatives_of_loops_of_different_lengths():
    def total(x):
        return np.sum(fg.vmap(repeated)(COUNTS[:6], x))

    check_grads(total, (XS[:6],), order=2, modes=("fwd", "rev"))
    second = fg.vmap(fg.grad(fg.grad(repeated, 1), 1))(COUNTS[:6], XS[:6])
    hessian = fg.hessian(total)(XS[:6])
    np.testing.assert_allclose(second, np.diag(hessian), rtol=1e-12)


def test_nested_batches():
    counts = COUNTS[:10].reshape(2, 5)
    xs = XS[:10].reshape(5, 2)
    f = fg.vmap(fg.vmap(repeated), in_axes=(0, 1))
    want = [
        [repeated_in_python(counts[i, j], xs[j, i]) for j in range(5)] for i in range(2)
    ]
    np.testing.assert_allclose(f(counts, xs), want, rtol=1e-14)
    np.testing.assert_allclose(fg.jit(f)(counts, xs), want, rtol=1e-14)


def test_a_loop_that_never_starts_does_not_see_its_neighbours():
    def root(a):
        """Newton's steps, which divide by zero where there is nothing to do."""
        start = np.where(a > 0, 1.0, 0.0)
        return lax.while_loop(
            lambda x: abs(x * x - a) > 1e-12 * abs(a),
            lambda x: 0.5 * (x + a / x),
            start,
        )

    a = np.array([0.0, 4.0, 0.0, 9.0, 2.0, 0.0])
    np.testing.assert_allclose(fg.vmap(root)(a), np.sqrt(a))
    got = fg.vmap(fg.grad(root))(a)
    np.testing.assert_allclose(got[a > 0], 0.5 / np.sqrt(a[a > 0]), rtol=1e-6)
    assert np.all(got[a == 0] == 0)


def test_state_of_several_numbers():
    matrix = np.array([[0.0, 1.0, 0.2], [-0.5, 0.1, 0.0], [0.3, 0.0, -0.2]])

    def settle(x):
        def body(c):
            return c[0] + 1, matrix @ np.tanh(c[1])

        return lax.while_loop(
            lambda c: (np.sum(c[1] ** 2) > 0.05) & (c[0] < 30), body, (0, x)
        )[1]

    xs = RNG.normal(size=(7, 3)) * np.arange(7)[:, None]
    want = [settle(x) for x in xs]
    np.testing.assert_allclose(fg.vmap(settle)(xs), want, rtol=1e-13)
    grads = [fg.jacrev(settle)(x) for x in xs]
    np.testing.assert_allclose(fg.vmap(fg.jacrev(settle))(xs), grads, rtol=1e-12)
    np.testing.assert_allclose(fg.vmap(fg.jacfwd(settle))(xs), grads, rtol=1e-12)


def heavy(x):
    for _ in range(4):
        x = np.sin(x) + np.exp(-x * x)
    return x


def branching(p, x):
    return lax.cond(p, heavy, lambda x: 2.0 * x, x)


FLAGS = np.array([False, False, True, False] * 2 + [False] * 5)
POINTS = RNG.normal(size=FLAGS.size)


@pytest.mark.parametrize("wrap", [lambda f: f, fg.jit], ids=["eager", "jit"])
def test_costly_branches(wrap):
    want = np.where(FLAGS, heavy(POINTS), 2.0 * POINTS)
    got = wrap(fg.vmap(branching))(FLAGS, POINTS)
    np.testing.assert_allclose(got, want, rtol=1e-13)
    slopes = wrap(fg.vmap(fg.grad(branching, 1)))(FLAGS, POINTS)
    want = np.where(FLAGS, fg.vmap(fg.grad(heavy))(POINTS), 2.0)
    np.testing.assert_allclose(slopes, want, rtol=1e-12)
    total = wrap(fg.grad(lambda x: np.sum(fg.vmap(branching)(FLAGS, x))))
    np.testing.assert_allclose(total(POINTS), want, rtol=1e-12)


def test_costly_branches_run_where_they_are_taken():
    names = primitives(fg.vmap(branching), FLAGS, POINTS)
    assert "scan" in names
    assert "cond" in names


def test_cheap_branches_are_selected_from():
    def f(p, x):
        return lax.cond(p, lambda x: x * x, lambda x: -x, x)

    names = primitives(fg.vmap(f), FLAGS, POINTS)
    assert "select_n" in names
    assert "scan" not in names


def test_costly_switch_with_numbers_out_of_range():
    branches = [heavy, lambda x: heavy(x + 1.0), lambda x: x]
    index = np.array([0, 5, 1, -3, 2, 1, 0, 2, 1])
    xs = POINTS[:9]
    got = fg.jit(fg.vmap(lambda i, x: lax.switch(i, branches, x)))(index, xs)
    want = [branches[min(max(i, 0), 2)](x) for i, x in zip(index, xs, strict=True)]
    np.testing.assert_allclose(got, want, rtol=1e-13)


def test_products_with_a_shared_matrix_stay_together():
    weights = RNG.normal(size=(20, 20)) / 10

    def f(count, x):
        return lax.while_loop(
            lambda c: c[0] < count,
            lambda c: (c[0] + 1, np.tanh(weights @ c[1])),
            (0, x),
        )[1]

    counts, xs = COUNTS[:5], RNG.normal(size=(5, 20))
    names = primitives(fg.vmap(f), counts, xs)
    assert "scan" not in names
    want = [f(k, x) for k, x in zip(counts, xs, strict=True)]
    np.testing.assert_allclose(fg.vmap(f)(counts, xs), want, rtol=1e-12)


def test_collectives_see_all_entries():
    def f(count, x):
        def body(c):
            return c[0] + 1, c[1] + lax.psum(c[1], "i")

        return lax.while_loop(lambda c: c[0] < count, body, (0, x))[1]

    got = fg.vmap(f, axis_name="i")(np.array([2, 2, 2, 2, 2]), np.ones(5))
    np.testing.assert_array_equal(got, np.full(5, 36.0))


def test_prints_of_loops_come_from_the_entries_that_run(capsys):
    def f(count):
        def body(i):
            fg.debug.print("{}", i)
            return i + 1

        return lax.while_loop(lambda i: i < count, body, 0)

    np.testing.assert_array_equal(fg.jit(fg.vmap(f))(np.array([1, 0, 2])), [1, 0, 2])
    assert capsys.readouterr().out == "0\n0\n1\n"


def test_residuals_of_a_rare_branch_are_not_kept_for_all():
    def long(x):
        return lax.fori_loop(0, 50, lambda i, c: np.sin(c) + x, x)

    def f(p, x):
        return lax.cond(p, long, lambda x: 2.0 * x, x)

    def total(x):
        return np.sum(fg.vmap(f)(FLAGS, x))

    program = fg.make_jaxpr(fg.grad(total))(POINTS).jaxpr
    largest = max(v.aval.size for eqn in program.eqns for v in eqn.outvars)
    assert largest < 50
    want = np.where(FLAGS, fg.vmap(fg.grad(long))(POINTS), 2.0)
    np.testing.assert_allclose(fg.grad(total)(POINTS), want, rtol=1e-12)
    np.testing.assert_allclose(fg.jit(fg.grad(total))(POINTS), want, rtol=1e-12)
    check_grads(fg.jit(total), (POINTS,), order=2, modes=("fwd", "rev"))
