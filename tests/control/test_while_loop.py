"""while_loop: values, both modes to third order, tapes, batches with uneven ends."""

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import errors, lax
from funcgrad.test_util import check_grads


def collatz(n):
    def step(state):
        n, count = state
        return lax.cond(n % 2 == 0, lambda: n // 2, lambda: 3 * n + 1), count + 1

    return lax.while_loop(lambda s: s[0] != 1, step, (n, 0))[1]


@pytest.mark.parametrize(("n", "want"), [(1, 0), (6, 8), (27, 111)])
def test_values(n, want):
    assert collatz(n) == want
    assert fg.jit(collatz)(n) == want


def test_batch_with_uneven_ends():
    n = np.array([1, 6, 27, 2])
    np.testing.assert_array_equal(fg.vmap(collatz)(n), [0, 8, 111, 1])
    np.testing.assert_array_equal(fg.jit(fg.vmap(collatz))(n), [0, 8, 111, 1])


def grow(x):
    return lax.while_loop(lambda c: c < 10.0, lambda c: c * c + x, x)


def grow_in_python(x):
    c = x
    while c < 10.0:
        c = c * c + x
    return c


@pytest.mark.parametrize("x", [1.4, 20.0])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_derivatives(x, order):
    f, g = grow, grow_in_python
    for _ in range(order):
        f, g = fg.grad(f), fg.grad(g)
    np.testing.assert_allclose(f(x), g(x), rtol=1e-12)
    np.testing.assert_allclose(fg.jit(f)(x), g(x), rtol=1e-12)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_derivatives_of_a_batch_with_uneven_ends(order):
    xs = np.array([1.4, 1.1, 20.0, 3.0])
    f, g = grow, grow_in_python
    for _ in range(order):
        f, g = fg.grad(f), fg.grad(g)
    want = [g(x) for x in xs]
    np.testing.assert_allclose(fg.vmap(f)(xs), want, rtol=1e-10)
    np.testing.assert_allclose(fg.jit(fg.vmap(f))(xs), want, rtol=1e-10)


def test_all_modes():
    def f(x, w):
        def step(state):
            i, v = state
            return i + 1, np.tanh(w @ v) + x * v

        return lax.while_loop(lambda s: s[0] < 3, step, (0, np.array([0.3, 0.4])))[1]

    w = np.array([[0.2, 0.5], [-0.3, 0.1]])
    check_grads(f, (0.7, w), order=2)
    check_grads(fg.jit(f), (0.7, w), order=2)


def test_condition_closes_over_a_differentiated_value():
    def f(x):
        return lax.while_loop(lambda c: c < 4.0 * x, lambda c: c * 2.0, x)

    assert fg.grad(f)(1.5) == 4.0
    np.testing.assert_array_equal(fg.vmap(fg.grad(f))(np.array([1.5, 2.0])), [4.0, 4.0])


def test_linear_body_keeps_no_tape():
    def f(x):
        return lax.while_loop(
            lambda s: s[0] < 3, lambda s: (s[0] + 1, 2.0 * s[1]), (0, x)
        )[1]

    loops = [
        e for e in fg.make_jaxpr(fg.grad(f))(1.0).eqns if e.primitive.name == "while"
    ]
    assert [e.params["num_tapes"] for e in loops] == [0]
    assert fg.grad(f)(1.0) == 8.0


def test_loop_constants_are_not_taped():
    def f(x, w):
        return lax.while_loop(lambda c: c < 9.0, lambda c: c * np.exp(w), x)

    (loop,) = [
        e
        for e in fg.make_jaxpr(fg.grad(f))(1.0, 0.5).eqns
        if e.primitive.name == "while"
    ]
    assert loop.params["num_tapes"] == 0


@pytest.mark.parametrize("jit", [lambda f: f, fg.jit])
def test_loop_in_loop_in_loop(jit):
    def f(x):
        def inner(c):
            return lax.while_loop(lambda d: d < c + 1.0, lambda d: 1.4 * d + 0.1 * x, c)

        def middle(c):
            return lax.while_loop(lambda d: d < 4.0, lambda d: np.sqrt(d) + inner(d), c)

        return lax.fori_loop(0, 2, lambda i, c: np.sin(c) + middle(c), x)

    def in_python(x):
        c = x
        for _ in range(2):
            m = c
            while m < 4.0:
                d = m
                while d < m + 1.0:
                    d = 1.4 * d + 0.1 * x
                m = np.sqrt(m) + d
            c = np.sin(c) + m
        return c

    np.testing.assert_allclose(jit(f)(0.8), in_python(0.8))
    np.testing.assert_allclose(jit(fg.grad(f))(0.8), fg.grad(in_python)(0.8))
    second = fg.grad(fg.grad(in_python))(0.8)
    np.testing.assert_allclose(jit(fg.grad(fg.grad(f)))(0.8), second)
    xs = np.array([0.8, 1.9])
    np.testing.assert_allclose(
        jit(fg.vmap(fg.grad(f)))(xs), [fg.grad(in_python)(x) for x in xs]
    )


def test_many_trips_grow_the_tape():
    def f(x):
        return lax.while_loop(
            lambda s: s[0] < 1000, lambda s: (s[0] + 1, np.sin(s[1]) + x), (0, x)
        )[1]

    def scanned(x):
        return lax.fori_loop(0, 1000, lambda i, c: np.sin(c) + x, x)

    np.testing.assert_allclose(fg.grad(f)(0.3), fg.grad(scanned)(0.3))
    np.testing.assert_allclose(fg.jit(fg.grad(f))(0.3), fg.grad(scanned)(0.3))


def test_no_trip():
    def f(x):
        return lax.while_loop(lambda c: c < 0.0, lambda c: c * c, x)

    assert fg.grad(f)(2.0) == 1.0
    assert fg.jit(fg.grad(f))(2.0) == 1.0


def test_vector_carry_in_vmap():
    def f(x):
        return lax.while_loop(lambda v: np.sum(v) < 10.0, lambda v: v * 2.0 + x, x)

    xs = np.array([[0.1, 0.2], [3.0, 4.0], [8.0, 9.0]])
    want = np.stack([f(x) for x in xs])
    np.testing.assert_allclose(fg.vmap(f)(xs), want)
    total = fg.grad(lambda xs: np.sum(fg.vmap(f)(xs) ** 2))(xs)
    rows = np.stack([fg.grad(lambda x: np.sum(f(x) ** 2))(x) for x in xs])
    np.testing.assert_allclose(total, rows)


def test_changed_carry_is_named():
    with pytest.raises(errors.CarryTypeError, match=r"carry\[1\]"):
        lax.while_loop(
            lambda s: s[0] < 3,
            lambda s: (s[0] + 1, s[1].astype(np.float32)),
            (0, np.zeros(2)),
        )


def test_condition_is_one_bool():
    with pytest.raises(errors.CarryTypeError, match="gives one bool"):
        lax.while_loop(lambda v: v < 3.0, lambda v: v + 1.0, np.zeros(2))


def test_number_as_condition():
    assert lax.while_loop(lambda n: n, lambda n: n - 1, 3) == 0


def test_disable_jit_runs_python():
    seen = []

    def body(x):
        seen.append(x)
        return 2 * x

    with fg.disable_jit():
        assert lax.while_loop(lambda x: x < 5, body, 1) == 8
    assert seen == [1, 2, 4]
