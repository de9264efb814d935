"""Programs written for Autograd: its operators, and rules of one's own."""

import autograd.extend as ext
import autograd.numpy as np
import autograd.numpy.random as npr
import autograd.scipy.stats.multivariate_normal as multivariate_normal
import autograd.scipy.stats.norm as norm_distribution
import numpy as onp  # noqa: ICN001  # as programs for Autograd have it
from autograd import (
    checkpoint,
    deriv,
    elementwise_grad,
    grad,
    grad_and_aux,
    grad_named,
    hessian,
    hessian_vector_product,
    holomorphic_grad,
    jacobian,
    make_ggnvp,
    make_hvp,
    make_jvp,
    make_vjp,
    tensor_jacobian_product,
    value_and_grad,
    vector_jacobian_product,
)
from autograd.extend import defjvp, defvjp, defvjp_argnum, primitive, vspace
from autograd.misc.fixed_points import fixed_point
from autograd.misc.flatten import flatten
from autograd.numpy.linalg import inv, norm
from autograd.numpy.numpy_vjps import unbroadcast_f
from autograd.scipy import stats
from autograd.test_util import check_grads
from autograd.tracer import getval, isbox

A = npr.RandomState(0).randn(3, 3)
V = npr.RandomState(1).randn(3)


def f(x, y=2.0, scale=1.0):
    return scale * np.sum(np.sin(x) * y + np.dot(A, x) ** 2)


def gradients():
    nested = {"a": V, "b": [1.5, (V[:2], 2.0)]}
    return (
        grad(f)(V),
        grad(f, 1)(V, 3.0),
        grad(f, (0, 1))(V, 3.0, scale=2.0),
        grad(f)(V, scale=3.0),
        value_and_grad(f, argnum=1)(V, 3.0),
        grad(lambda p: np.sum(p["a"]) * p["b"][0] ** 2 * p["b"][1][1])(nested),
        grad_named(f, "y")(V, 3.0),
        grad_and_aux(lambda x: (np.sum(x**2), {"a": 5.0}))(V),
        grad(lambda x: x**2)(3.0),
    )


def jacobians():
    def g(x):
        return np.outer(np.sin(x), x)

    return (
        jacobian(g)(V),
        jacobian(lambda x, y: x * y, 1)(V, 2.0),
        hessian(f)(V),
        elementwise_grad(np.tanh)(V),
        deriv(lambda x: x**3)(2.0),
        tensor_jacobian_product(g)(V, A),
        vector_jacobian_product(lambda x: np.dot(A, x))(V, V),
        hessian_vector_product(f)(V, 2 * V),
    )


def products():
    pullback, value = make_vjp(lambda x: np.dot(A, np.exp(x)))(V)
    times_hessian, gradient = make_hvp(lambda x: np.sum(x**4))(V)
    return (
        pullback(V),
        value,
        make_jvp(lambda x: np.dot(A, np.exp(x)))(V)(V),
        times_hessian(V),
        gradient,
        make_ggnvp(lambda x: np.tanh(np.dot(A, x)))(V)(V),
    )


def complex_numbers():
    z = 1.3 - 0.7j
    Z = V + 1j * V[::-1]
    return (
        grad(lambda z: np.abs(z) ** 2)(z),
        grad(lambda z: np.real(z**3) + np.imag(z))(z),
        holomorphic_grad(lambda z: np.sum(z**2 * np.exp(z)))(Z),
        grad(lambda x: np.real(np.exp(1j * x)))(0.3),
    )


def own_rules():
    @primitive
    def logsumexp(x):
        largest = onp.max(x)
        return largest + onp.log(onp.sum(onp.exp(x - largest)))

    defvjp(
        logsumexp,
        lambda ans, x: (
            lambda g: np.full(x.shape, g) * np.exp(x - np.full(x.shape, ans))
        ),
    )

    @primitive
    def scaled(x, y, power=1):
        assert not isbox(x)
        return onp.asarray(x) * onp.asarray(y) ** power

    defvjp(
        scaled,
        lambda ans, x, y, power=1: unbroadcast_f(x, lambda g: g * y**power),
        lambda ans, x, y, power=1: unbroadcast_f(
            y, lambda g: g * x * power * y ** (power - 1)
        ),
    )
    defjvp(
        scaled, "same", lambda g, ans, x, y, power=1: g * x * power * y ** (power - 1)
    )

    @primitive
    def total(*args):
        return sum(onp.sum(x) for x in args)

    defvjp_argnum(total, lambda n, ans, args, kw: lambda g: g * np.ones_like(args[n]))

    @primitive
    def constant(x, y):
        return x * y

    defvjp(constant, None, lambda ans, x, y: lambda g: g * x)
    check_grads(logsumexp, modes=["rev"])(V)
    return (
        grad(logsumexp)(V),
        hessian(logsumexp)(V),
        grad(lambda x: logsumexp(x) ** 2 + np.sum(x))(V),
        grad(lambda x, y: np.sum(scaled(x, y, power=3)), (0, 1))(V, 2.0),
        make_jvp(lambda x: scaled(x, x + 1, power=2))(V)(V),
        grad(lambda x: total(x, 2 * x, V))(V),
        grad(lambda x: constant(x, x))(3.0),
        logsumexp(V),
    )


def fixed_points():
    def newton(a):
        return lambda x: 0.5 * (x + a / x)

    def root(a):
        return fixed_point(newton, a, 1.0, lambda x, y: np.abs(x - y), 1e-10)

    return root(2.0), grad(root)(2.0)


def spaces():
    space = vspace(A)
    nested = vspace([1.0, V])
    vector, unflatten = flatten({"b": V, "a": [1.0, 2.0]})
    return (
        space.zeros(),
        space.ones(),
        list(vspace(V).standard_basis()),
        onp.array([space.size, nested.size, vspace(1j * V).size]),
        space.inner_prod(A, A),
        nested.scalar_mul([1.0, V], 3.0),
        vector,
        unflatten(2 * vector),
    )


def tracing():
    seen = []

    def f(x):
        seen.append((isbox(x), isinstance(x, ext.Box), float(getval(x))))
        return x * getval(x) if x > 1 else x

    return grad(f)(3.0), grad(f)(0.5), onp.array(seen)


def numpy_functions():
    def g(x):
        rows = np.array([[x[0], 1.0], [2.0, x[1]]])
        split = np.split(np.concatenate([x, x**2]), 3)
        parts = [
            np.trace(inv(rows)),
            norm(x),
            np.sum(np.where(x > 0, x, 0.1 * x)),
            np.sum(np.cumsum(x)),
            np.einsum("i,ij,j", x, A, x),
            np.max(x) - np.min(x),
            np.sum(np.sort(x) * np.arange(3)),
            np.sum(np.tile(x, (2, 2)) ** 2),
            np.sum(np.linalg.cholesky(np.dot(A, A.T) + np.diag(x**2))),
            np.var(x),
            np.prod(split[1]),
            np.sum(np.pad(np.diff(x), 1, "constant") ** 3),
            np.sum(np.clip(x, -0.5, 0.5)),
            np.linalg.det(A + np.outer(x, x)),
            np.sum(np.linalg.eigh(np.outer(x, x) + np.diag(V + np.arange(3)))[0] ** 2),
            np.mean(np.swapaxes(np.reshape(np.repeat(x, 4), (3, 2, 2)), 0, 2)[0] ** 2),
        ]
        return np.sum(np.stack([p + 0.0 * x[0] for p in parts]))

    return g(V), grad(g)(V), checkpoint(g)(V), grad(checkpoint(g))(V)


def distributions():
    x = np.array([0.2, 0.5, 0.3])
    cases = [
        (norm_distribution.logpdf, (V, 0.3, 1.2)),
        (norm_distribution.logcdf, (V, 0.3, 1.2)),
        (norm_distribution.pdf, (V, 0.3, 1.2)),
        (norm_distribution.cdf, (V, 0.3, 1.2)),
        (multivariate_normal.logpdf, (V, x, np.dot(A, A.T) + np.eye(3))),
        (stats.t.logpdf, (V, 4.0, 0.1, 1.3)),
        (stats.beta.logpdf, (x, 2.0, 3.0)),
        (stats.dirichlet.logpdf, (x, np.array([1.5, 2.0, 0.7]))),
    ]
    # Autograd has the derivatives of these in their first argument.
    first = [(stats.gamma.logpdf, (x, 2.5)), (stats.chi2.logpdf, (x, 3.0))]

    def total(f):
        return lambda *args: np.sum(f(*args))

    return (
        [
            (f(*args), grad(total(f), tuple(range(len(args))))(*args))
            for f, args in cases
        ],
        [(f(*args), grad(total(f))(*args)) for f, args in first],
        stats.poisson.logpmf(np.arange(4), 2.5),
    )


def variational_inference():
    def log_posterior(z):
        return np.sum(
            norm_distribution.logpdf(z, 0.5, 1.5)
        ) + multivariate_normal.logpdf(z, np.zeros(3), np.eye(3) + 0.5)

    noise = npr.RandomState(3).randn(20, 3)

    def bound(params):
        mean, log_std = params[:3], params[3:]
        samples = mean + np.exp(log_std) * noise
        return np.mean(np.array([log_posterior(z) for z in samples])) + np.sum(log_std)

    params = np.zeros(6)
    for _ in range(10):
        params = params + 0.1 * grad(bound)(params)
    return params, bound(params)


PROGRAMS = {
    f.__name__: f
    for f in [
        gradients,
        jacobians,
        products,
        complex_numbers,
        own_rules,
        fixed_points,
        spaces,
        tracing,
        numpy_functions,
        distributions,
        variational_inference,
    ]
}
