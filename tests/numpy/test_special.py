"""scipy.special on traced values against SciPy, and derivatives to second order."""

import numpy as np
import pytest
import scipy.special

import funcgrad as fg
from funcgrad.scipy import special
from funcgrad.testing.check_grads import check_grads

X = np.array(
    [-40.0, -12.0, -9.5, -5.0, -1.5, -1.0, -0.3, 0.0, 0.2, 1.0, 2.5, 7.0, 40.0]
)
P = np.array(
    [0.0, 1e-300, 1e-20, 1e-3, 0.01, 0.2, 0.31, 0.5, 0.6, 0.7, 0.99, 1 - 1e-10, 1.0]
)
POSITIVE = np.array([0.1, 0.5, 1.0, 2.0, 3.3, 10.0, 100.0])
LAMBDA = np.array([0.0, 1e-12, 0.5, 1.0, 2.0, -1.0, 0.1])
INNER = np.array([-2.2, -0.7, 0.3, 1.4])
BETWEEN = np.array([0.02, 0.2, 0.55, 0.93])

# name: (arguments for values, arguments for derivatives)
CASES = {
    "expit": ((X,), (INNER,)),
    "logit": ((P,), (BETWEEN,)),
    "log_expit": ((X,), (INNER,)),
    "erf": ((X,), (INNER,)),
    "erfc": ((X,), (INNER,)),
    "erfinv": ((2 * P - 1,), (BETWEEN,)),
    "erfcinv": ((2 * P,), (BETWEEN,)),
    "gammaln": ((POSITIVE,), (BETWEEN + 1,)),
    "gamma": ((np.array([-2.5, -0.3, 0.2, 1.0, 4.4, 20.0]),), (INNER,)),
    "rgamma": (
        (
            np.concatenate(
                [POSITIVE, [-0.5, -1.0, -3.5, -4.0, -200.0, -np.inf, np.inf]]
            ),
        ),
        (np.append(BETWEEN + 1, [-0.5, -3.5]),),
    ),
    "psi": ((POSITIVE,), (BETWEEN + 1,)),
    "betaln": ((POSITIVE, POSITIVE[::-1]), (BETWEEN + 1, BETWEEN + 2)),
    "beta": ((POSITIVE, POSITIVE[::-1] / 10), (BETWEEN + 1, BETWEEN + 2)),
    "xlogy": (
        (np.array([0.0, 0.0, 1.0, 2.0]), np.array([0.0, 2.0, 3.0, 0.5])),
        (INNER, BETWEEN),
    ),
    "xlog1py": (
        (np.array([0.0, 0.0, 1.0, 2.0]), np.array([-1.0, 2.0, 3.0, 0.5])),
        (INNER, BETWEEN),
    ),
    "entr": ((np.array([-1.0, 0.0, 0.3, 2.0, np.nan]),), (BETWEEN,)),
    "rel_entr": (
        (np.array([0.0, 1.0, 0.5, -1.0, 1.0]), np.array([1.0, 0.0, 0.2, 1.0, 2.0])),
        (BETWEEN, BETWEEN[::-1]),
    ),
    "kl_div": (
        (np.array([0.0, 1.0, 0.5, 1.0]), np.array([1.0, 0.0, 0.2, 2.0])),
        (BETWEEN, BETWEEN[::-1]),
    ),
    "ndtr": ((X,), (INNER,)),
    "log_ndtr": ((X,), (np.append(INNER, [-8.0, -15.0]),)),
    "ndtri": ((P,), (BETWEEN,)),
    "boxcox": ((POSITIVE, LAMBDA), (BETWEEN + 1, INNER)),
    "boxcox1p": ((POSITIVE, LAMBDA), (BETWEEN, INNER)),
    "inv_boxcox": ((BETWEEN, np.array([0.0, 0.5, 1.0, 2.0])), (BETWEEN, BETWEEN)),
    "inv_boxcox1p": ((BETWEEN, np.array([0.0, 0.5, 1.0, 2.0])), (BETWEEN, BETWEEN)),
    "huber": (
        (np.array([1.0, 1.0, 2.0, -1.0]), np.array([0.5, 3.0, -4.0, 1.0])),
        (np.array([1.0, 1.0]), np.array([0.5, -3.0])),
    ),
    "pseudo_huber": (
        (np.array([1.0, 1.0, 2.0]), np.array([0.5, 1e-9, -4.0])),
        (np.array([1.0, 2.0]), np.array([0.5, -3.0])),
    ),
    "i0": ((np.clip(X, -30, 30),), (np.append(INNER, [0.0, 9.0]),)),
    "i0e": ((X * 10,), (np.append(INNER, 9.0),)),
    "i1": ((np.clip(X, -30, 30),), (np.append(INNER, [0.0, 9.0]),)),
    "i1e": ((X * 10,), (np.append(INNER, 9.0),)),
    "cbrt": ((X,), (INNER,)),
    "exp2": ((X,), (INNER,)),
    "exp10": ((X,), (INNER,)),
    "expm1": ((X,), (INNER,)),
    "log1p": ((POSITIVE,), (BETWEEN,)),
    "round": ((X,), ()),
}


def same(got, want):
    """Close to 1e-12, also in what is not finite."""
    assert got.dtype == want.dtype
    np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("name", CASES)
def test_values(name):
    args, _ = CASES[name]
    scipys, ours = getattr(scipy.special, name), getattr(special, name)
    with np.errstate(all="ignore"):
        want = scipys(*args)
        same(ours(*args), want)
        same(np.asarray(fg.make_jaxpr(scipys)(*args)(*args)[0]), want)
        same(fg.jit(scipys)(*args), want)
        same(fg.vmap(ours)(*args), want)


@pytest.mark.parametrize("name", CASES)
def test_dtypes_are_scipys(name):
    args = [np.abs(x[:1]) for x in CASES[name][0]]
    for dtype in (np.float32, np.float16, np.int64, np.int8):
        cast = [x.astype(dtype) for x in args]
        with np.errstate(all="ignore"):
            want = getattr(scipy.special, name)(*cast).dtype
        avals = fg.eval_shape(getattr(special, name), *cast)
        assert avals.dtype == want


@pytest.mark.parametrize("name", [n for n in CASES if CASES[n][1]])
def test_derivatives(name):
    order = 1 if name == "huber" else 2
    check_grads(
        getattr(special, name), CASES[name][1], order=order, rtol=1e-5, atol=1e-5
    )


def test_polygamma_and_multigammaln():
    for n in range(4):
        same(np.asarray(fg.jit(lambda x, n=n: special.polygamma(n, x))(POSITIVE)),
             scipy.special.polygamma(n, POSITIVE))  # fmt: skip
    want = scipy.special.multigammaln(POSITIVE[2:], 2)
    same(np.asarray(special.multigammaln(POSITIVE[2:], 2)), want)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "logsumexp"])
@pytest.mark.parametrize("axis", [None, 0, (0, 1)])
def test_sums_of_exponentials(name, axis):
    x = np.arange(6.0).reshape(2, 3) * 100
    want = np.asarray(getattr(scipy.special, name)(x, axis=axis))
    got = fg.jit(lambda x: getattr(special, name)(x, axis=axis))(x)
    same(np.asarray(got), want)
    check_grads(lambda x: getattr(special, name)(x, axis=axis), (x / 100,), order=2)


def test_the_reciprocal_gamma_function_has_slopes_at_its_zeros():
    # d/dx 1/gamma(x) at -n is (-1)**n n!.
    x = -np.arange(5.0)
    slopes = fg.jit(fg.vmap(fg.grad(special.rgamma)))(x)
    np.testing.assert_allclose(slopes, [1.0, -1.0, 2.0, -6.0, 24.0], rtol=1e-13)
