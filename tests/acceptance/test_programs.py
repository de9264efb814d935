"""Loops, branches, options of jit, index updates and dtypes, against known values."""

import numpy as np
import pytest

import funcgrad as fg
import funcgrad.numpy as jnp
from funcgrad import lax

X = np.array([1.0, 2.0, 3.0])
BOTH = pytest.mark.parametrize("jit", [lambda f: f, fg.jit])


@BOTH
def test_scan_gives_the_carry_and_the_stack(jit: object) -> None:
    def running(xs: np.ndarray) -> object:
        return lax.scan(lambda c, x: (c * x, c + x), 1.0, xs)

    last, sums = jit(running)(X)
    assert last == 6.0
    np.testing.assert_array_equal(sums, [2.0, 3.0, 5.0])
    gradient = jit(fg.grad(lambda xs: running(xs)[0]))(X)
    np.testing.assert_array_equal(gradient, [6.0, 3.0, 2.0])


@BOTH
def test_loops_end_where_their_conditions_say(jit: object) -> None:
    doubled = jit(lambda x: lax.while_loop(lambda v: v < 100.0, lambda v: 2.0 * v, x))
    assert doubled(3.0) == 192.0
    assert jit(fg.jacfwd(doubled))(3.0) == 64.0
    np.testing.assert_array_equal(fg.vmap(doubled)(X), [128.0, 128.0, 192.0])
    assert jit(lambda n: lax.fori_loop(0, n, lambda i, c: c + i, 0))(5) == 10


@BOTH
def test_branches_and_their_derivatives(jit: object) -> None:
    def f(x: float) -> object:
        return lax.cond(x > 0.0, lambda v: v * v, lambda v: -v, x)

    assert [float(jit(f)(x)) for x in (3.0, -3.0)] == [9.0, 3.0]
    assert [float(jit(fg.grad(f))(x)) for x in (3.0, -3.0)] == [6.0, -1.0]
    branches = [lambda v: v, lambda v: 2.0 * v, lambda v: 3.0 * v]
    chosen = jit(lambda i: lax.switch(i, branches, 5.0))
    assert [float(chosen(i)) for i in (-1, 0, 1, 2, 9)] == [5, 5, 10, 15, 15]


def test_static_arguments_are_part_of_the_program() -> None:
    traced: list[int] = []

    @fg.jit(static_argnames="n")
    def power(x: object, n: int) -> object:
        traced.append(n)
        return x if n == 1 else x * power.__wrapped__(x, n - 1)

    np.testing.assert_array_equal(power(X, n=3), X**3)
    assert traced == [3, 2, 1]
    np.testing.assert_array_equal(power(X + 1.0, n=3), (X + 1.0) ** 3)
    np.testing.assert_array_equal(power(X, n=2), X**2)
    assert traced.count(3) == 1


@BOTH
def test_updates_leave_the_array_as_it_was(jit: object) -> None:
    def at(x: object) -> object:
        return fg.lax.at(x) if isinstance(x, np.ndarray) else x.at

    before = X.copy()
    np.testing.assert_array_equal(jit(lambda x: at(x)[1].set(9.0))(X), [1, 9, 3])
    repeated = np.array([0, 0, 2])
    np.testing.assert_array_equal(jit(lambda x: at(x)[repeated].add(1.0))(X), [3, 2, 4])
    np.testing.assert_array_equal(jit(lambda x: at(x)[:2].mul(10.0))(X), [10, 20, 3])
    np.testing.assert_array_equal(jit(lambda x: at(x)[1:].min(2.5))(X), [1, 2, 2.5])
    np.testing.assert_array_equal(X, before)
    gradient = jit(fg.grad(lambda x: jnp.sum(at(x)[1].set(0.0) ** 2)))(X)
    np.testing.assert_array_equal(gradient, [2.0, 0.0, 6.0])


@BOTH
@pytest.mark.parametrize("char", "?bBhHiIlLfd")
def test_dtypes_are_those_of_numpy(jit: object, char: str) -> None:
    x = np.array([0, 1, 2]).astype(char)
    for f in (
        lambda v: v + 1,
        lambda v: v * 2.5,
        lambda v: np.sin(v),
        lambda v: np.sum(v),
        lambda v: np.mean(v),
        lambda v: v + np.float32(1.0),
    ):
        want, got = f(x), jit(f)(x)
        assert got.dtype == want.dtype
        np.testing.assert_allclose(got, want, rtol=1e-3 if char in "?bB" else 1e-6)


def test_namespaces_hold_functions_that_agree_with_numpy_and_scipy() -> None:
    special = pytest.importorskip("scipy.special")
    np.testing.assert_allclose(fg.nn.sigmoid(X), 1 / (1 + np.exp(-X)), rtol=1e-14)
    np.testing.assert_allclose(
        fg.scipy.special.logsumexp(X), special.logsumexp(X), rtol=1e-14
    )
    np.testing.assert_allclose(jnp.linalg.inv(np.diag(X)), np.diag(1 / X), rtol=1e-14)
    key = fg.random.key(0)
    assert fg.random.normal(key, (2, 3)).shape == (2, 3)
    assert fg.tree.leaves({"a": 1, "b": (2, 3)}) == [1, 2, 3]
