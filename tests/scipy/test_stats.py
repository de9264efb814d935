"""Distributions against SciPy, and derivatives in every parameter."""

import numpy as np
import pytest
import scipy.stats

import funcgrad as fg
from funcgrad.errors import TracerArrayConversionError
from funcgrad.scipy import stats
from funcgrad.testing.check_grads import check_grads

METHODS = ["logpdf", "pdf", "cdf", "sf", "logcdf", "logsf"]
# name: shape parameters
CONTINUOUS = {
    "norm": (),
    "uniform": (),
    "expon": (),
    "laplace": (),
    "logistic": (),
    "cauchy": (),
    "gumbel_l": (),
    "gumbel_r": (),
    "halfnorm": (),
    "pareto": (1.3,),
    "lognorm": (0.8,),
    "weibull_min": (1.7,),
    "vonmises": (0.7,),
    "wrapcauchy": (0.4,),
    "truncnorm": (-0.7, 2.1),
    "gamma": (2.3,),
    "chi2": (3.2,),
    "invgamma": (2.1,),
    "gennorm": (1.4,),
    "beta": (1.3, 2.4),
    "t": (4.5,),
    "f": (3.0, 7.5),
}
WITHOUT_CDF = {"vonmises", "wrapcauchy"}
DISCRETE = {
    "bernoulli": (0.3,),
    "binom": (7.0, 0.4),
    "nbinom": (3.5, 0.4),
    "geom": (0.3,),
    "poisson": (2.7,),
    "betabinom": (6.0, 1.4, 2.2),
}
X = np.array([-30.0, -2.0, -0.4, 0.0, 0.3, 0.7, 1.0, 1.6, 4.0, 50.0, np.nan])
K = np.array([-1.0, 0.0, 1.0, 2.0, 2.5, 4.0, 7.0, 12.0])
Q = np.array([0.0, 1e-5, 0.2, 0.5, 0.9, 1.0, 1.5])


def close(got, want):
    np.testing.assert_allclose(got, want, rtol=3e-10, atol=1e-15)


def of(name):
    return getattr(stats, name), getattr(scipy.stats, name)


@pytest.mark.parametrize("name", CONTINUOUS)
def test_continuous_values(name):
    shapes = CONTINUOUS[name]
    ours, scipys = of(name)
    for method in METHODS[:2] if name in WITHOUT_CDF else METHODS:
        with np.errstate(all="ignore"):
            want = getattr(scipys, method)(X, *shapes, loc=0.1, scale=1.5)
        close(getattr(ours, method)(X, *shapes, loc=0.1, scale=1.5), want)
        close(fg.jit(getattr(ours, method))(X, *shapes, 0.1, 1.5), want)
    assert np.isnan(ours.logpdf(0.5, *shapes, 0.0, -1.0))
    narrow = fg.eval_shape(lambda x: ours.logpdf(x, *shapes), X.astype("f4"))
    assert narrow.dtype == np.float32


@pytest.mark.parametrize("name", [n for n in CONTINUOUS if n not in WITHOUT_CDF])
def test_quantiles(name):
    shapes = CONTINUOUS[name]
    ours, scipys = of(name)
    for method in ("ppf", "isf"):
        want = getattr(scipys, method)(Q, *shapes, loc=0.1, scale=1.5)
        np.testing.assert_allclose(
            fg.jit(getattr(ours, method))(Q, *shapes, 0.1, 1.5),
            want,
            rtol=1e-9,
            atol=1e-13,
        )


@pytest.mark.parametrize("name", CONTINUOUS)
def test_derivatives_in_every_parameter(name):
    ours, _ = of(name)
    x = 1.2 if name == "pareto" else 0.6
    parameters = [np.float64(p) for p in (x, *CONTINUOUS[name], 0.1, 0.9)]
    methods = ["logpdf"] if name in WITHOUT_CDF else ["logpdf", "logcdf", "sf"]
    for method in methods:
        check_grads(getattr(ours, method), parameters, order=1, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", CONTINUOUS)
def test_derivatives_are_finite_outside_of_the_support_and_on_its_edges(name):
    ours, _ = of(name)
    shapes = CONTINUOUS[name]
    low, high = getattr(scipy.stats, name).support(*shapes)
    arguments = tuple(range(3 + len(shapes)))
    outside = [x for x in (low - 1, high + 1) if np.isfinite(x)]
    for x in outside:
        slopes = fg.grad(ours.logpdf, argnums=arguments)(x, *shapes, 0.0, 1.0)
        assert np.all(np.array(slopes) == 0.0)
        slopes = fg.grad(ours.pdf, argnums=arguments)(x, *shapes, 0.0, 1.0)
        assert np.all(np.array(slopes) == 0.0)


@pytest.mark.parametrize("name", DISCRETE)
def test_discrete(name):
    shapes = DISCRETE[name]
    ours, scipys = of(name)
    methods = ["logpmf", "pmf"]
    if name != "betabinom":
        methods += ["cdf", "sf", "logcdf", "logsf"]
    for method in methods:
        with np.errstate(all="ignore"):
            want = getattr(scipys, method)(K, *shapes)
        close(getattr(ours, method)(K, *shapes), want)
        close(fg.jit(getattr(ours, method))(K, *shapes), want)
    real = [i + 1 for i, p in enumerate(shapes) if p != np.floor(p)]
    for method in ("logpmf", "sf")[: 1 + (name != "betabinom")]:
        function = getattr(ours, method)

        def of_parameters(*p, function=function, real=real):
            full = [1.0, *shapes]
            for i, value in zip(real, p, strict=True):
                full[i] = value
            return function(*full)

        at = [np.float64(shapes[i - 1]) for i in real]
        check_grads(of_parameters, at, order=2, rtol=1e-5, atol=1e-6)
    got = fg.grad(ours.logpmf, argnums=1)(-3.0, *shapes)
    assert got == 0.0


def test_quantile_and_entropy_of_discrete_ones():
    q = np.array([0.0, 0.3, 0.69, 0.71, 1.0])
    close(stats.bernoulli.ppf(q, 0.3), scipy.stats.bernoulli.ppf(q, 0.3))
    mu = np.array([0.2, 3.0, 80.0, 150.0])
    np.testing.assert_allclose(
        stats.poisson.entropy(mu), scipy.stats.poisson.entropy(mu), rtol=1e-7
    )


def test_multivariate():
    rng = np.random.default_rng(0)
    cov = np.cov(rng.normal(size=(3, 9)))
    mean, x = rng.normal(size=3), rng.normal(size=(5, 3))
    want = scipy.stats.multivariate_normal(mean, cov).logpdf(x)
    close(stats.multivariate_normal.logpdf(x, mean, cov), want)
    close(fg.jit(stats.multivariate_normal.logpdf)(x, mean, cov), want)
    close(
        fg.vmap(stats.multivariate_normal.logpdf, (0, None, None))(x, mean, cov), want
    )
    close(stats.multivariate_normal.pdf(1.0), scipy.stats.multivariate_normal.pdf(1.0))
    alpha, p = np.array([0.7, 1.2, 2.0]), np.array([0.2, 0.5, 0.3])
    close(stats.dirichlet.logpdf(p, alpha), scipy.stats.dirichlet.logpdf(p, alpha))
    close(stats.dirichlet.pdf(p[:2], alpha), scipy.stats.dirichlet.pdf(p[:2], alpha))
    counts = np.array([2, 1, 3])
    want = scipy.stats.multinomial.logpmf(counts, 6, p)
    close(stats.multinomial.logpmf(counts, 6, p), want)
    assert stats.multinomial.logpmf(counts, 7, p) == -np.inf
    check_grads(
        lambda m, c: stats.multivariate_normal.logpdf(x, m, c @ c.T),
        (mean, cov),
        order=1,
    )
    check_grads(lambda a: stats.dirichlet.logpdf(p, a), (alpha,), order=2)


@pytest.mark.parametrize("method", ["average", "min", "max", "dense", "ordinal"])
def test_ranks(method):
    a = np.array([[3.0, 1.0, 3.0, 2.0], [0.0, 0.0, np.nan, 1.0]])
    for axis in (None, 0, 1):
        want = scipy.stats.rankdata(a, method, axis=axis)
        close(stats.rankdata(a, method, axis=axis), want)
        close(
            fg.jit(lambda a, axis=axis: stats.rankdata(a, method, axis=axis))(a), want
        )


def test_mode_and_standard_error():
    a = np.array([[3, 1, 3, 2], [0, 0, 1, 1], [3, 0, 3, 2]])
    for axis in (None, 0, 1):
        want = scipy.stats.mode(a, axis=axis)
        got = fg.jit(lambda a, axis=axis: tuple(stats.mode(a, axis=axis)))(a)
        np.testing.assert_array_equal(got[0], want.mode)
        np.testing.assert_array_equal(got[1], want.count)
        close(stats.sem(a * 1.5, axis=axis), scipy.stats.sem(a * 1.5, axis=axis))
    with pytest.raises(ValueError, match="nan_policy"):
        stats.mode(a, nan_policy="raise")


def test_kernel_density():
    rng = np.random.default_rng(1)
    data, points = rng.normal(size=(2, 12)), rng.normal(size=(2, 4))
    weights = rng.uniform(size=12)
    for method, w in ((None, None), ("silverman", weights), (0.5, weights)):
        ours = stats.gaussian_kde(data, method, w)
        scipys = scipy.stats.gaussian_kde(data, method, w)
        close(ours.logpdf(points), scipys.logpdf(points))
        close(ours(points), scipys(points))
        close(ours.integrate_kde(ours), scipys.integrate_kde(scipys))
        mean, cov = np.zeros(2), np.eye(2)
        close(ours.integrate_gaussian(mean, cov), scipys.integrate_gaussian(mean, cov))
    one = stats.gaussian_kde(data[0])
    want = scipy.stats.gaussian_kde(data[0]).integrate_box_1d(-1, 0.5)
    close(one.integrate_box_1d(-1, 0.5), want)
    check_grads(lambda d: stats.gaussian_kde(d).logpdf(points), (data,), order=1)


@pytest.mark.parametrize("transform", [fg.grad, fg.jit])
@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda x: scipy.stats.norm.logpdf(x), "norm.logpdf"),
        (lambda x: scipy.stats.gamma(x).cdf(1.0), "gamma"),
        (lambda x: scipy.stats.poisson.logpmf(2, x), "poisson.logpmf"),
        (
            lambda x: scipy.stats.multivariate_normal.logpdf(x, 0.0, 1.0),
            "multivariate_normal.logpdf",
        ),
    ],
)
def test_scipys_own_distributions_name_their_replacement(transform, call, name):
    with pytest.raises(
        TracerArrayConversionError, match=f"funcgrad.scipy.stats.{name}"
    ):
        transform(call)(1.0)
