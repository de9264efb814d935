"""psum and kin over named axes: nesting, jit, derivatives, errors."""

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import errors, lax

XS = np.array([1.0, 2.0, 3.0, 4.0])
GRID = np.outer(XS, XS[:3])


def mapped(f, jit=False):
    g = fg.vmap(f, axis_name="i")
    return fg.jit(g) if jit else g


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize(
    ("collective", "reduce"),
    [
        (lax.psum, np.sum),
        (lax.pmean, np.mean),
        (lax.pmax, np.max),
        (lax.pmin, np.min),
    ],
)
def test_one_axis(collective, reduce, jit):
    got = mapped(lambda x: x + collective(x * x, "i"), jit)(XS)
    np.testing.assert_allclose(got, XS + reduce(XS * XS))


@pytest.mark.parametrize("jit", [False, True])
def test_nested_axes(jit):
    def f(x):
        return lax.psum(x, "i") + 10 * lax.psum(x, "j") + 100 * lax.psum(x, ("i", "j"))

    g = fg.vmap(fg.vmap(f, axis_name="j"), axis_name="i")
    got = (fg.jit(g) if jit else g)(GRID)
    want = GRID.sum(0) + 10 * GRID.sum(1, keepdims=True) + 100 * GRID.sum()
    np.testing.assert_allclose(got, want)


def test_inner_axis_shadows_the_outer_one():
    f = fg.vmap(fg.vmap(lambda x: lax.psum(x, "i"), axis_name="i"), axis_name="i")
    np.testing.assert_allclose(f(GRID), np.tile(GRID.sum(1, keepdims=True), 3))


def test_values_that_do_not_vary():
    assert mapped(lambda x: lax.psum(1, "i") * x)(XS).tolist() == [4.0, 8.0, 12.0, 16.0]
    y = np.float64(2.0)
    np.testing.assert_allclose(mapped(lambda x: lax.psum(y, "i"))(XS), [8.0] * 4)
    np.testing.assert_allclose(mapped(lambda x: lax.pmax(y, "i"))(XS), [2.0] * 4)


def test_trees():
    got = mapped(lambda x: lax.psum({"a": x, "b": (2 * x,)}, "i"))(XS)
    np.testing.assert_allclose(got["b"][0], [20.0] * 4)


def test_axis_index_and_size():
    got = mapped(lambda x: lax.axis_index("i") * lax.axis_size("i"))(XS)
    np.testing.assert_array_equal(got, [0, 4, 8, 12])


def test_jitted_function_that_names_an_axis_is_traced_for_each_vmap():
    f = fg.jit(lambda x: lax.psum(x, "i"))
    np.testing.assert_allclose(mapped(f)(XS), [10.0] * 4)
    np.testing.assert_allclose(mapped(f)(2 * XS), [20.0] * 4)
    np.testing.assert_allclose(mapped(f)(XS[:2]), [3.0] * 2)


@pytest.mark.parametrize("jit", [False, True])
def test_derivatives(jit):
    def total(xs):
        return np.sum(fg.vmap(lambda x: x * lax.psum(x, "i"), axis_name="i")(xs))

    g = fg.jit(fg.grad(total)) if jit else fg.grad(total)
    np.testing.assert_allclose(g(XS), [2 * XS.sum()] * 4)
    inside = mapped(fg.grad(lambda x: lax.psum(x * x, "i")), jit)
    np.testing.assert_allclose(inside(XS), 4 * 2 * XS)
    largest = mapped(fg.grad(lambda x: lax.pmax(x, "i") * 3.0), jit)
    np.testing.assert_allclose(largest(XS), [0.0, 0.0, 0.0, 12.0])


def test_derivative_of_a_tie_is_shared():
    def total(xs):
        return fg.vmap(lambda x: lax.pmax(x, "i"), axis_name="i", out_axes=None)(xs)

    np.testing.assert_allclose(fg.grad(total)(np.array([1.0, 2.0, 2.0])), [0, 0.5, 0.5])


def test_all_gather_and_ppermute():
    got = mapped(lambda x: lax.all_gather(x, "i"))(XS)
    np.testing.assert_allclose(got, np.tile(XS, (4, 1)))
    tiled = fg.vmap(lambda x: lax.all_gather(x, "i", tiled=True), axis_name="i")(GRID)
    np.testing.assert_allclose(tiled[0], GRID.reshape(-1))
    ring = [(k, (k + 1) % 4) for k in range(4)]
    np.testing.assert_allclose(
        mapped(lambda x: lax.ppermute(x, "i", ring))(XS), np.roll(XS, 1)
    )


def test_in_scan():
    def f(x):
        return lax.scan(lambda c, _: (lax.pmean(c, "i") + x, None), x, None, length=2)[
            0
        ]

    want = XS
    for _ in range(2):
        want = want.mean() + XS
    np.testing.assert_allclose(mapped(f)(XS), want)


def test_unknown_axis():
    with pytest.raises(errors.UnboundAxisNameError) as info:
        mapped(lambda x: lax.psum(x, "k"))(XS)
    assert "'k'" in str(info.value)
    assert "'i'" in str(info.value)
