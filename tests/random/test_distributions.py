"""Samples follow their laws (Kolmogorov-Smirnov), and have derivatives."""

import numpy as np
import pytest
import scipy.stats

import funcgrad as fg
from funcgrad import random

KEY = random.PRNGKey(11)
SHAPE = (4000,)

CONTINUOUS = {
    "uniform": (lambda: random.uniform(KEY, SHAPE, minval=-1.0, maxval=3.0),
                scipy.stats.uniform(-1, 4)),
    "normal": (lambda: random.normal(KEY, SHAPE), scipy.stats.norm()),
    "truncated_normal": (lambda: random.truncated_normal(KEY, -1.0, 2.0, SHAPE),
                         scipy.stats.truncnorm(-1, 2)),
    "exponential": (lambda: random.exponential(KEY, SHAPE), scipy.stats.expon()),
    "laplace": (lambda: random.laplace(KEY, SHAPE), scipy.stats.laplace()),
    "logistic": (lambda: random.logistic(KEY, SHAPE), scipy.stats.logistic()),
    "gumbel": (lambda: random.gumbel(KEY, SHAPE), scipy.stats.gumbel_r()),
    "gumbel high": (lambda: random.gumbel(KEY, SHAPE, mode="high"),
                    scipy.stats.gumbel_r()),
    "cauchy": (lambda: random.cauchy(KEY, SHAPE), scipy.stats.cauchy()),
    "gamma": (lambda: random.gamma(KEY, 2.5, SHAPE), scipy.stats.gamma(2.5)),
    "small gamma": (lambda: random.gamma(KEY, 0.2, SHAPE), scipy.stats.gamma(0.2)),
    "loggamma": (lambda: np.exp(random.loggamma(KEY, 0.7, SHAPE)),
                 scipy.stats.gamma(0.7)),
    "beta": (lambda: random.beta(KEY, 2.0, 3.0, SHAPE), scipy.stats.beta(2, 3)),
    "chisquare": (lambda: random.chisquare(KEY, 3.0, SHAPE), scipy.stats.chi2(3)),
    "t": (lambda: random.t(KEY, 4.0, SHAPE), scipy.stats.t(4)),
    "f": (lambda: random.f(KEY, 4.0, 7.0, SHAPE), scipy.stats.f(4, 7)),
    "generalized_normal": (lambda: random.generalized_normal(KEY, 1.5, SHAPE),
                           scipy.stats.gennorm(1.5)),
    "pareto": (lambda: random.pareto(KEY, 3.0, SHAPE), scipy.stats.pareto(3)),
    "lognormal": (lambda: random.lognormal(KEY, 0.5, SHAPE), scipy.stats.lognorm(0.5)),
    "rayleigh": (lambda: random.rayleigh(KEY, 2.0, SHAPE), scipy.stats.rayleigh(0, 2)),
    "weibull_min": (lambda: random.weibull_min(KEY, 2.0, 1.5, SHAPE),
                    scipy.stats.weibull_min(1.5, 0, 2)),
    "triangular": (lambda: random.triangular(KEY, 0.0, 0.3, 1.0, SHAPE),
                   scipy.stats.triang(0.3)),
    "maxwell": (lambda: random.maxwell(KEY, SHAPE), scipy.stats.maxwell()),
    "wald": (lambda: random.wald(KEY, 1.0, SHAPE), scipy.stats.invgauss(1)),
}  # fmt: skip

DISCRETE = {
    "randint": (lambda: random.randint(KEY, SHAPE, 0, 5), [0.2] * 5),
    "bernoulli": (lambda: random.bernoulli(KEY, 0.3, SHAPE), [0.7, 0.3]),
    "rademacher": (lambda: (random.rademacher(KEY, SHAPE) + 1) // 2, [0.5, 0.5]),
    "categorical": (lambda: random.categorical(KEY, np.log([0.2, 0.5, 0.3]), shape=SHAPE),
                    [0.2, 0.5, 0.3]),
    "choice": (lambda: random.choice(KEY, 3, SHAPE, p=np.array([0.2, 0.5, 0.3])),
               [0.2, 0.5, 0.3]),
    "geometric": (lambda: np.minimum(random.geometric(KEY, 0.5, SHAPE), 3) - 1,
                  [0.5, 0.25, 0.25]),
}  # fmt: skip


@pytest.mark.parametrize("name", CONTINUOUS)
def test_continuous_laws(name):
    sample, law = CONTINUOUS[name]
    assert scipy.stats.kstest(sample(), law.cdf).pvalue > 1e-3


@pytest.mark.parametrize("name", DISCRETE)
def test_discrete_laws(name):
    sample, probabilities = DISCRETE[name]
    counts = np.bincount(np.asarray(sample()).astype(int), minlength=len(probabilities))
    expected = np.array(probabilities) * SHAPE[0]
    assert scipy.stats.chisquare(counts, expected).pvalue > 1e-3


def test_multivariate_normal():
    cov = np.array([[2.0, 0.5], [0.5, 1.0]])
    for method in ("cholesky", "eigh", "svd"):
        x = random.multivariate_normal(
            KEY, np.array([1.0, -1.0]), cov, SHAPE, method=method
        )
        np.testing.assert_allclose(x.mean(axis=0), [1, -1], atol=0.1)
        np.testing.assert_allclose(np.cov(x.T), cov, atol=0.15)


def test_dirichlet_adds_up():
    x = random.dirichlet(KEY, np.array([1.0, 2.0, 3.0]), (1000,))
    np.testing.assert_allclose(x.sum(axis=-1), 1)
    np.testing.assert_allclose(x.mean(axis=0), [1 / 6, 1 / 3, 1 / 2], atol=0.03)


def test_permutations_move_entries_and_keep_them():
    x = random.permutation(KEY, 100)
    assert sorted(x.tolist()) == list(range(100))
    assert x.tolist() != list(range(100))


def test_choice_without_replacement_repeats_nothing():
    for p in (None, np.arange(1.0, 11.0) / 55):
        x = random.choice(KEY, 10, (7,), replace=False, p=p)
        assert len(set(x.tolist())) == 7


def test_samples_have_derivatives_in_their_parameters():
    def f(low, high, sigma):
        u = random.uniform(KEY, (3,), minval=low, maxval=high)
        return np.sum(u) + np.sum(random.lognormal(KEY, sigma, (3,)))

    from funcgrad.testing.check_grads import check_grads

    check_grads(f, (0.5, 2.0, 0.3), order=2)


@pytest.mark.parametrize("a", [0.05, 0.5, 1.0, 3.0, 50.0, 1e4])
def test_gamma_moves_along_its_quantiles(a):
    import scipy.special

    def sample(a):
        return random.gamma(KEY, a, (20,))

    z, got = fg.jvp(sample, (a,), (1.0,))
    log_z, log_got = fg.jvp(lambda a: random.loggamma(KEY, a, (20,)), (a,), (1.0,))
    np.testing.assert_allclose(log_got * np.exp(log_z), got, rtol=1e-8)
    h = 1e-5 * a
    quantile = scipy.special.gammainc(a, z)
    ends = [scipy.special.gammaincinv(a + s, quantile) for s in (-h, h)]
    certain = (quantile > 1e-6) & (quantile < 1 - 1e-6)
    want = (ends[1] - ends[0]) / (2 * h)
    np.testing.assert_allclose(got[certain], want[certain], rtol=2e-4)
    compiled = fg.jit(fg.grad(lambda a: np.sum(sample(a))))(a)
    np.testing.assert_allclose(compiled, np.sum(got), rtol=1e-8)


def test_seeds_are_independent():
    x = fg.vmap(lambda s: random.normal(random.key(s), (50,)))(np.arange(100))
    assert abs(np.corrcoef(x)[np.triu_indices(100, 1)]).max() < 0.7
    assert scipy.stats.kstest(x.ravel(), scipy.stats.norm().cdf).pvalue > 1e-3
