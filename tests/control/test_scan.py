"""scan, fori_loop and map: values, dtypes, derivatives, what is stored, errors."""

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import errors, lax
from funcgrad.test_util import check_grads

XS = np.array([0.3, 0.5, 0.7, 0.2])


def python_scan(f, carry, xs, reverse=False):
    ys = []
    order = range(len(xs))
    for i in reversed(order) if reverse else order:
        carry, y = f(carry, xs[i])
        ys.append(y)
    if reverse:
        ys.reverse()
    return carry, np.array(ys)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("jit", [lambda f: f, fg.jit])
def test_values(reverse, jit):
    def f(c, a):
        return np.sin(c) * a + 1.0, c * a

    want = python_scan(f, 0.4, XS, reverse)
    got = jit(lambda c, xs: lax.scan(f, c, xs, reverse=reverse))(0.4, XS)
    np.testing.assert_allclose(got[0], want[0], rtol=1e-14)
    np.testing.assert_allclose(got[1], want[1], rtol=1e-14)


def test_nested_carry_xs_and_ys():
    def f(carry, x):
        i, state = carry
        y = {"sum": state["u"] + x[0], "index": i}
        return (i + 1, {"u": state["u"] * x[1]["v"]}), y

    xs = (np.arange(3.0), {"v": np.full((3, 2), 2.0)})
    (count, state), ys = lax.scan(f, (0, {"u": np.ones(2)}), xs)
    assert count == 3
    np.testing.assert_array_equal(state["u"], [8.0, 8.0])
    assert ys["sum"].shape == (3, 2)
    np.testing.assert_array_equal(ys["index"], [0, 1, 2])


def test_length_without_xs():
    carry, ys = lax.scan(lambda c, _: (2 * c, c), 1, None, length=5)
    assert carry == 32
    np.testing.assert_array_equal(ys, [1, 2, 4, 8, 16])


def test_no_trips():
    carry, ys = lax.scan(lambda c, x: (c + x, c * np.ones(2)), 1.0, np.zeros(0))
    assert carry == 1.0
    assert ys.shape == (0, 2)
    assert fg.grad(lambda c: lax.scan(lambda c, x: (c * c, None), c, np.zeros(0))[0])(
        3.0
    ) == (1.0)


def test_no_results():
    carry, ys = lax.scan(lambda c, x: (c + x, None), 0.0, XS)
    assert ys is None
    np.testing.assert_allclose(carry, XS.sum())


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, np.complex128])
def test_weak_start_takes_the_dtype_of_the_body(dtype):
    xs = np.arange(4).astype(dtype)
    carry, _ = lax.scan(lambda c, x: (c + x, None), 0, xs)
    assert carry.dtype == dtype
    assert carry == 6


@pytest.mark.parametrize("reverse", [False, True])
def test_derivatives(reverse):
    def f(w, c, xs):
        return lax.scan(
            lambda c, a: (np.tanh(w * c) + a, c * np.sin(a)), c, xs, reverse=reverse
        )

    check_grads(f, (1.3, 0.4, XS), order=2)
    check_grads(fg.jit(f), (1.3, np.array([0.4, 0.1]), XS[:, None]), order=2)


def test_derivative_with_respect_to_constants_is_summed():
    w = np.array([0.5, 1.5])

    def f(w):
        return np.sum(lax.scan(lambda c, a: (c * a + w, None), np.zeros(2), XS)[0])

    want = sum(np.prod(XS[i + 1 :]) for i in range(4))
    np.testing.assert_allclose(fg.grad(f)(w), [want, want])


def test_integer_carry_beside_a_differentiated_one():
    def f(x):
        (_, y), _ = lax.scan(
            lambda c, _: ((c[0] + 1, c[1] * np.sin(x + c[0])), None),
            (0, x),
            None,
            length=3,
        )
        return y

    check_grads(f, (0.7,), order=3)


def scans(f, *args):
    closed = fg.make_jaxpr(f)(*args)
    return [eqn for eqn in closed.eqns if eqn.primitive.name == "scan"]


def test_loop_constants_are_not_stored_for_each_trip():
    def f(c, w, xs):
        return lax.scan(lambda c, a: (np.sin(w) * c + a, None), c, xs)[0]

    forward, backward = scans(fg.value_and_grad(f), 0.4, 1.3, XS)
    assert len(forward.outvars) == 1
    assert backward.params["num_consts"] == 1


def test_xs_are_reused_and_not_copied():
    def f(c, xs):
        return lax.scan(lambda c, a: (a * c, None), c, xs)[0]

    forward, backward = scans(fg.value_and_grad(f), 0.4, XS)
    assert len(forward.outvars) == 1
    assert backward.invars[-1] is forward.invars[-1]


def test_ys_that_are_residuals_are_not_stored_twice():
    def body(c, a):
        y = np.exp(c)
        return y * a, y

    def f(c, xs):
        return np.sum(lax.scan(body, c, xs)[1])

    forward, _ = scans(fg.value_and_grad(f), 0.1, XS)
    assert len(forward.outvars) == 2


def test_the_gradient_of_a_linear_loop_needs_no_loop_at_run_time():
    def f(c, xs):
        return lax.scan(lambda c, a: (2.0 * c + a, None), c, xs)[0]

    assert scans(fg.grad(f, 1), 0.4, XS) == []
    np.testing.assert_array_equal(fg.jit(fg.grad(f, 1))(0.4, XS), [8.0, 4.0, 2.0, 1.0])


def test_linear_transpose_with_a_counter():
    def f(x):
        return lax.fori_loop(0, 3, lambda i, c: c * (1.0 + i), x)

    (ct,) = fg.linear_transpose(f, 1.0)(2.0)
    assert ct == 12.0


@pytest.mark.parametrize("dim", [0, 1])
def test_vmap_over_xs_and_carry(dim):
    xs = np.arange(12.0).reshape(4, 3) / 10

    def f(c, xs):
        return lax.scan(lambda c, a: (c * a + 1.0, c), c, xs)

    batch = xs if dim == 1 else xs.T
    want = [f(0.5, xs[:, i]) for i in range(3)]
    carry, ys = fg.vmap(f, in_axes=(None, dim))(0.5, batch)
    np.testing.assert_allclose(carry, [w[0] for w in want])
    np.testing.assert_allclose(ys, [w[1] for w in want])


def test_vmap_of_a_constant_batches_the_carry():
    ws = np.array([1.0, 2.0])

    def f(w):
        return lax.scan(lambda c, a: (c + w * a, None), 0.0, XS)[0]

    np.testing.assert_allclose(fg.vmap(f)(ws), ws * XS.sum())


def test_closed_over_arrays():
    table = np.arange(6.0).reshape(3, 2)
    carry, _ = fg.jit(
        lambda x: lax.scan(
            lambda c, _: (c + table @ x, None), np.zeros(3), None, length=2
        )
    )(np.ones(2))
    np.testing.assert_allclose(carry, 2 * table.sum(1))


def test_changed_dtype_is_named():
    with pytest.raises(errors.CarryTypeError) as info:
        lax.scan(lambda c, x: ({"a": c["a"] + 1.5}, None), {"a": np.int64(0)}, XS)
    text = str(info.value)
    assert "carry['a']: int64[] became float64[]" in text
    assert "test_scan.py" in text


def test_changed_shape_is_named():
    with pytest.raises(
        errors.CarryTypeError, match=r"float64\[2\] became float64\[4\]"
    ):
        lax.scan(lambda c, x: (np.concatenate([c, c]), None), np.zeros(2), XS)


def test_changed_structure_is_named():
    with pytest.raises(errors.CarryTypeError, match="changes the structure"):
        lax.scan(lambda c, x: ((c, c), None), 0.0, XS)


def test_body_returns_a_pair():
    with pytest.raises(errors.CarryTypeError, match="returns a pair"):
        lax.scan(lambda c, x: c + x, 0.0, XS)


def test_lengths_are_named():
    with pytest.raises(errors.ShapeError, match=r"xs\['b'\]: 3"):
        lax.scan(lambda c, x: (c, None), 0.0, {"a": np.zeros(2), "b": np.zeros(3)})
    with pytest.raises(errors.ShapeError, match="neither xs nor length"):
        lax.scan(lambda c, x: (c, None), 0.0)
    with pytest.raises(errors.ShapeError, match="length: 5"):
        lax.scan(lambda c, x: (c, None), 0.0, XS, length=5)


def test_disable_jit_runs_python():
    seen = []

    def f(c, x):
        seen.append(float(x))
        return c + x, c

    with fg.disable_jit():
        carry, ys = lax.scan(f, 0.0, XS, reverse=True)
    assert seen == XS[::-1].tolist()
    np.testing.assert_allclose(carry, XS.sum())
    np.testing.assert_allclose(ys[-1], 0.0)


@pytest.mark.parametrize("bounds", [(0, 5), (2, 5), (5, 2), (-3, 0)])
def test_fori_loop(bounds):
    low, high = bounds
    want = sum(i * i for i in range(low, high))

    def f(low, high):
        return lax.fori_loop(low, high, lambda i, c: c + i * i, 0)

    assert f(low, high) == want
    assert fg.jit(f)(low, high) == want
    assert fg.jit(lambda: f(low, high))() == want


def test_fori_loop_with_traced_bounds_has_both_derivatives():
    def f(x, n):
        return lax.fori_loop(0, n, lambda i, c: np.sin(c) * x + i, x)

    n = np.int64(4)
    want = fg.grad(lambda x: f(x, 4))(0.7)
    np.testing.assert_allclose(fg.jit(fg.grad(f))(0.7, n), want)
    pushed = fg.jit(lambda x, n: fg.jvp(lambda x: f(x, n), (x,), (1.0,))[1])(0.7, n)
    np.testing.assert_allclose(pushed, want)


def test_fori_loop_wants_integers():
    with pytest.raises(errors.CarryTypeError, match="bounds"):
        lax.fori_loop(0, 2.5, lambda i, c: c, 0.0)


@pytest.mark.parametrize("size", [None, 1, 2, 3, 7, 100])
def test_map(size):
    xs = {"a": np.arange(7.0), "b": np.ones((7, 2))}

    def f(x):
        return np.sin(x["a"]) * x["b"], x["a"] > 2

    want = np.sin(xs["a"])[:, None] * xs["b"]
    got, flags = lax.map(f, xs, batch_size=size)
    np.testing.assert_allclose(got, want)
    np.testing.assert_array_equal(flags, xs["a"] > 2)
    gradient = fg.grad(lambda xs: np.sum(lax.map(f, xs, batch_size=size)[0]))(xs)
    np.testing.assert_allclose(gradient["a"], 2 * np.cos(xs["a"]))


@pytest.mark.parametrize("n", range(9))
def test_associative_scan(n):
    x = np.arange(1.0, n + 1.0)
    product = fg.jit(lambda x: lax.associative_scan(np.multiply, x))(x)
    np.testing.assert_allclose(product, np.cumprod(x))
    total = lax.associative_scan(np.add, x, reverse=True)
    np.testing.assert_allclose(total, np.cumsum(x[::-1])[::-1])


def test_associative_scan_of_a_recurrence():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 3, 5))

    def combine(left, right):
        return left[0] * right[0], left[1] * right[0] + right[1]

    _, got = lax.associative_scan(combine, (a, b), axis=1)
    want, h = [], np.zeros(3)
    for t in range(5):
        h = a[:, t] * h + b[:, t]
        want.append(h)
    np.testing.assert_allclose(got, np.stack(want, 1))
    check_grads(lambda a, b: lax.associative_scan(combine, (a, b), axis=1), (a, b), 2)


def test_associative_scan_wants_equal_lengths():
    with pytest.raises(errors.ShapeError, match="one length"):
        lax.associative_scan(lambda a, b: a, (np.zeros(2), np.zeros(3)))


def test_python_numbers_grow_with_the_carry():
    assert lax.scan(lambda c, x: (c + 1.5, None), 0, np.arange(3))[0] == 4.5
    assert lax.while_loop(lambda c: c < 5, lambda c: c * 1.5 + 1.0, 1) == 8.125
    assert lax.fori_loop(0, 3, lambda i, c: c + i * 0.5, 0) == 1.5


@pytest.mark.parametrize(
    "bounds", [(0, 3), (np.int32(0), np.int32(3)), (0, np.int8(3))]
)
@pytest.mark.parametrize("jit", [lambda f: f, fg.jit])
def test_counter_of_a_fori_loop_does_not_widen_the_carry(bounds, jit):
    f = jit(lambda low, high: lax.fori_loop(low, high, lambda i, c: c + i, np.int32(0)))
    got = f(*bounds)
    assert got == 3
    assert got.dtype == np.int32
