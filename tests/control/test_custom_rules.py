"""custom_jvp, custom_vjp, custom_vmap: rules, arguments, zeros, both kinds at once."""

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import custom_batching, custom_derivatives, errors, lax


def marked(kind):
    """sin(x) * y with derivatives 2 cos(x) y and 3 sin(x), by a rule of this kind."""

    def f(x, y):
        return np.sin(x) * y

    if kind == "jvp":
        f = fg.custom_jvp(f)

        @f.defjvp
        def f_jvp(primals, tangents):
            (x, y), (tx, ty) = primals, tangents
            return f(x, y), 2 * np.cos(x) * y * tx + 3 * np.sin(x) * ty

    elif kind == "jvps":
        f = fg.custom_jvp(f)
        f.defjvps(
            lambda t, ans, x, y: 2 * np.cos(x) * y * t,
            lambda t, ans, x, y: 3 * np.sin(x) * t,
        )
    else:
        f = fg.custom_vjp(f)
        f.defvjp(
            lambda x, y: (f(x, y), (x, y)),
            lambda res, ct: (
                2 * np.cos(res[0]) * res[1] * ct,
                3 * np.sin(res[0]) * ct,
            ),
        )
    return f


@pytest.fixture(params=["jvp", "jvps", "vjp"])
def f(request):
    return marked(request.param)


@pytest.mark.parametrize("jit", [lambda f: f, fg.jit])
class TestRules:
    def test_value(self, f, jit):
        assert jit(f)(0.3, 2.0) == np.sin(0.3) * 2.0

    def test_reverse(self, f, jit):
        got = jit(fg.grad(f, (0, 1)))(0.3, 2.0)
        np.testing.assert_allclose(got, (4 * np.cos(0.3), 3 * np.sin(0.3)))

    def test_forward(self, f, jit):
        got = jit(lambda x, y: fg.jvp(f, (x, y), (1.0, 2.0))[1])(0.3, 2.0)
        np.testing.assert_allclose(got, 4 * np.cos(0.3) + 6 * np.sin(0.3))

    def test_second_order_differentiates_the_rule(self, f, jit):
        got = jit(fg.grad(fg.grad(f)))(0.3, 2.0)
        np.testing.assert_allclose(got, -4 * np.sin(0.3))
        mixed = jit(fg.grad(fg.grad(f, 1)))(0.3, 2.0)
        np.testing.assert_allclose(mixed, 3 * np.cos(0.3))

    def test_batches(self, f, jit):
        xs, ys = np.array([0.3, 0.5]), np.array([1.0, 2.0])
        both = jit(fg.vmap(fg.grad(f)))(xs, ys)
        np.testing.assert_allclose(both, 2 * np.cos(xs) * ys)
        one = jit(fg.vmap(fg.grad(f, 1), in_axes=(0, None)))(xs, 2.0)
        np.testing.assert_allclose(one, 3 * np.sin(xs))

    def test_derivative_of_a_batch(self, f, jit):
        xs = np.array([0.3, 0.5])

        def total(xs, y):
            return np.sum(fg.vmap(f, in_axes=(0, None))(xs, y))

        dx, dy = jit(fg.grad(total, (0, 1)))(xs, 2.0)
        np.testing.assert_allclose(dx, 4 * np.cos(xs))
        np.testing.assert_allclose(dy, 3 * np.sin(xs).sum())
        push = fg.jvp(lambda y: total(xs, y), (2.0,), (1.0,))[1]
        np.testing.assert_allclose(push, 3 * np.sin(xs).sum())

    def test_in_loops_and_branches(self, f, jit):
        def looped(x):
            return lax.scan(lambda c, a: (f(c, a), None), x, np.array([1.0, 2.0]))[0]

        def branched(x):
            return lax.cond(x > 0, lambda x: f(x, 2.0), lambda x: x, x)

        want = 2 * np.cos(np.sin(0.3)) * 2.0 * 2 * np.cos(0.3)
        np.testing.assert_allclose(jit(fg.grad(looped))(0.3), want)
        np.testing.assert_allclose(jit(fg.grad(branched))(0.3), 4 * np.cos(0.3))


def test_python_control_flow_on_values():
    @fg.custom_jvp
    def f(x):
        return x if x > 0 else -x

    @f.defjvp
    def f_jvp(primals, tangents):
        (x,), (t,) = primals, tangents
        return f(x), (t if x > 0 else -5.0 * t)

    assert fg.grad(f)(2.0) == 1.0
    assert fg.grad(f)(-2.0) == -5.0


def test_nested_arguments_and_keywords():
    @fg.custom_vjp
    def f(params, scale=2.0):
        return params["w"] * params["b"] * scale

    def f_fwd(params, scale):
        return f(params, scale), (params, scale)

    def f_bwd(res, ct):
        params, scale = res
        return {"w": ct * params["b"] * scale, "b": 7.0 * ct}, None

    f.defvjp(f_fwd, f_bwd)
    gradient = fg.grad(lambda p: f(p, scale=3.0))({"w": 1.0, "b": 4.0})
    assert gradient == {"w": 12.0, "b": 7.0}
    assert fg.grad(f, 1)({"w": 1.0, "b": 4.0}, 2.0) == 0.0


def test_nondiff_argnums():
    def apply(function, x):
        return function(x)

    f = fg.custom_jvp(apply, nondiff_argnums=(0,))

    @f.defjvp
    def f_jvp(function, primals, tangents):
        return function(*primals), 10.0 * tangents[0]

    assert fg.grad(f, 1)(np.sin, 0.3) == 10.0

    g = fg.custom_vjp(apply, nondiff_argnums=(0,))
    g.defvjp(lambda fn, x: (fn(x), x), lambda fn, x, ct: (fn(x) * ct,))
    assert fg.grad(g, 1)(np.exp, 0.3) == np.exp(0.3)


def test_both_kinds_on_one_function():
    f = fg.custom_vjp(lambda x: x * x)
    f.defvjp(lambda x: (x * x, x), lambda x, ct: (10.0 * x * ct,))

    @f.defjvp
    def f_jvp(primals, tangents):
        return primals[0] ** 2, 100.0 * primals[0] * tangents[0]

    assert fg.grad(f)(3.0) == 30.0
    assert fg.jvp(f, (3.0,), (1.0,))[1] == 300.0
    # Linearizing serves reverse mode: it takes the rule that grad takes.
    assert fg.linearize(f, 3.0)[1](1.0) == fg.vjp(f, 3.0)[1](1.0)[0] == 30.0
    assert fg.jacrev(f)(3.0) == 30.0
    assert fg.jit(fg.grad(fg.jit(f)))(3.0) == 30.0


@pytest.mark.parametrize("jit", [lambda g: g, fg.jit])
def test_jacfwd_takes_the_rule_of_forward_mode(jit):
    f = fg.custom_vjp(lambda x: np.sin(x))
    f.defvjp(lambda x: (np.sin(x), x), lambda x, ct: (10.0 * ct,))
    f.defjvp(lambda primals, tangents: (f(*primals), 20.0 * tangents[0]))
    x = np.array([0.5, 1.5])
    for chunk_size in (None, 1):
        jacobian = jit(fg.jacfwd(lambda x: jit(f)(x), chunk_size=chunk_size))
        np.testing.assert_array_equal(jacobian(x), np.diag([20.0, 20.0]))
    np.testing.assert_array_equal(jit(fg.jacrev(f))(x), np.diag([10.0, 10.0]))


def test_rule_that_is_not_linear_serves_reverse_mode_only():
    f = fg.custom_vjp(lambda x: x)
    f.defvjp(lambda x: (x, None), lambda _, ct: (np.clip(ct, -1.0, 1.0),))
    assert fg.grad(lambda x: 5.0 * f(x))(2.0) == 1.0
    assert fg.jit(fg.grad(lambda x: 5.0 * f(x)))(2.0) == 1.0
    looped = fg.grad(lambda x: lax.fori_loop(0, 2, lambda i, c: 3.0 * f(c), x))
    assert looped(2.0) == 1.0
    with pytest.raises(
        errors.DifferentiationError, match="not linear in the cotangent"
    ):
        fg.jvp(f, (2.0,), (1.0,))


def test_symbolic_zeros():
    seen = []

    @fg.custom_jvp
    def f(x, y):
        return x * y

    def f_jvp(primals, tangents):
        (x, y), (tx, ty) = primals, tangents
        seen.append(type(ty) is custom_derivatives.SymbolicZero)
        return x * y, tx * y

    f.defjvp(f_jvp, symbolic_zeros=True)
    assert fg.grad(f)(2.0, 3.0) == 3.0
    assert seen == [True]


def test_symbolic_zeros_of_a_vjp_rule():
    seen = []

    @fg.custom_vjp
    def f(x, y):
        return x * y, x + y

    def f_fwd(x, y):
        seen.append((x.perturbed, y.perturbed))
        return (x.value * y.value, x.value + y.value), y.value

    def f_bwd(y, cts):
        seen.append([type(ct) is custom_derivatives.SymbolicZero for ct in cts])
        return y * cts[0], None

    f.defvjp(f_fwd, f_bwd, symbolic_zeros=True)
    assert fg.grad(lambda x: f(x, 3.0)[0])(2.0) == 3.0
    assert seen == [(True, False), [False, True]]


def test_integer_arguments():
    @fg.custom_vjp
    def f(n, x):
        return n * x

    f.defvjp(lambda n, x: (n * x, n), lambda n, ct: (None, n * ct))
    assert fg.grad(f, 1)(3, 2.0) == 3.0


def test_method():
    class Model:
        def __init__(self, w):
            self.w = w

        @fg.custom_jvp
        def _scaled(self, x):
            return self.w * x

    fg.tree.register_pytree_node(
        Model, lambda m: ((m.w,), None), lambda _, c: Model(*c)
    )
    Model._scaled.defjvp(
        lambda primals, tangents: (primals[0].w * primals[1], 9.0 * tangents[1])
    )
    assert fg.grad(lambda x: Model(2.0)._scaled(x))(3.0) == 9.0


def test_no_rule():
    f = fg.custom_jvp(lambda x: x)
    with pytest.raises(errors.DifferentiationError, match="no derivative rule yet"):
        f(1.0)


def test_wrong_rules_are_named():
    f = fg.custom_vjp(lambda x, y: x * y)
    f.defvjp(lambda x, y: (x * y, None), lambda _, ct: (ct,))
    with pytest.raises(errors.DifferentiationError, match="2 cotangents"):
        fg.grad(f)(1.0, 2.0)
    g = fg.custom_jvp(lambda x: x)
    g.defjvp(lambda p, t: p[0])
    with pytest.raises(errors.DifferentiationError, match=r"\(result, tangent\)"):
        fg.grad(g)(1.0)
    h = fg.custom_vjp(lambda x: x)
    h.defvjp(lambda x: (x, None), lambda _, ct: (np.ones(3),))
    with pytest.raises(errors.DifferentiationError, match="wrong shape"):
        fg.grad(h)(1.0)


def test_closing_over_a_differentiated_value_is_refused_where_it_would_be_lost():
    def outer(y):
        f = fg.custom_jvp(lambda x: x * y)
        f.defjvp(lambda p, t: (p[0] * y, t[0] * y))
        return fg.jit(lambda x: f(x))(2.0)

    with pytest.raises(errors.DifferentiationError, match="closes over"):
        fg.grad(fg.jit(outer))(3.0)


def test_closure_convert_makes_it_an_argument():
    def outer(y):
        converted, consts = fg.closure_convert(lambda x: x * y, 2.0)
        f = fg.custom_vjp(lambda x, *consts: converted(x, *consts))
        f.defvjp(
            lambda x, *c: (converted(x, *c), (x, c)),
            lambda res, ct: (ct * res[1][0], ct * res[0]),
        )
        return f(2.0, *consts)

    assert fg.grad(outer)(3.0) == 2.0


def test_custom_vmap():
    @custom_batching.custom_vmap
    def f(x, y):
        return x + y

    @f.def_vmap
    def rule(axis_size, in_batched, x, y):
        assert axis_size == 3
        assert in_batched == [True, False]
        return x * 10.0 + y, True

    xs = np.arange(3.0)
    assert f(1.0, 2.0) == 3.0
    mapped = fg.vmap(f, in_axes=(0, None))
    np.testing.assert_array_equal(mapped(xs, 1.0), xs * 10 + 1)
    np.testing.assert_array_equal(fg.jit(mapped)(xs, 1.0), xs * 10 + 1)
    np.testing.assert_array_equal(fg.vmap(fg.jit(f), (0, None))(xs, 1.0), xs * 10 + 1)
    assert fg.grad(f)(1.0, 2.0) == 1.0


def test_custom_vmap_without_a_rule():
    f = custom_batching.custom_vmap(lambda x: x)
    with pytest.raises(errors.TreeError, match="no rule for vmap"):
        f(1.0)


@pytest.mark.parametrize("jit", [lambda f: f, fg.jit])
def test_custom_gradient(jit):
    @fg.custom_gradient
    def f(x, y):
        s = np.sin(x)
        return s * y, lambda ct: (2 * np.cos(x) * y * ct, 3 * s * ct)

    np.testing.assert_allclose(jit(f)(0.3, 2.0), np.sin(0.3) * 2)
    got = jit(fg.grad(f, (0, 1)))(0.3, 2.0)
    np.testing.assert_allclose(got, (4 * np.cos(0.3), 3 * np.sin(0.3)))
    np.testing.assert_allclose(jit(fg.grad(fg.grad(f)))(0.3, 2.0), -4 * np.sin(0.3))
    xs = np.array([0.3, 0.5])
    rows = jit(fg.vmap(fg.grad(f), in_axes=(0, None)))(xs, 2.0)
    np.testing.assert_allclose(rows, 4 * np.cos(xs))
    total = jit(fg.grad(lambda xs: np.sum(fg.vmap(f, (0, None))(xs, 2.0))))(xs)
    np.testing.assert_allclose(total, 4 * np.cos(xs))


def test_custom_gradient_wants_a_pair():
    with pytest.raises(errors.DifferentiationError, match="returns a pair"):
        fg.custom_gradient(lambda x: x)(1.0)
