"""Derivatives in the parameters of special functions, against mpmath."""

import mpmath
import numpy as np
import pytest
import scipy.special

import funcgrad as fg
from funcgrad import lax
from funcgrad.scipy import special
from funcgrad.testing.check_grads import check_grads

GAMMA = [
    (1e-6, 1e-4),
    (0.3, 0.01),
    (0.3, 3.0),
    (2.5, 2.5),
    (2.5, 0.001),
    (2.5, 40.0),
    (30.0, 31.0),
    (900.0, 700.0),
    (1e5, 1.002e5),
]
BETA = [
    (0.3, 0.6, 0.2),
    (0.3, 0.6, 0.999),
    (2.0, 3.0, 0.4),
    (40.0, 2.0, 0.9),
    (1e-3, 3.0, 1e-4),
    (500.0, 700.0, 0.39),
    (3000.0, 2.5, 0.999),
]


def lower_tail(a, x):
    return mpmath.gammainc(a, 0, x, regularized=True)


def beta_tail(a, b, x):
    weight = x**a * (1 - x) ** b / (a * mpmath.beta(a, b))
    return weight * mpmath.hyp2f1(a + b, 1, a + 1, x)


def slopes(function, args, position):
    """First and second derivative of an mpmath function in one argument."""
    step = args[position] * mpmath.mpf(10) ** -13

    def at(k):
        moved = list(args)
        moved[position] += k * step
        return function(*moved)

    low, here, high = at(-1), at(0), at(1)
    return (high - low) / (2 * step), (high - 2 * here + low) / step**2


@pytest.mark.parametrize(("a", "x"), GAMMA)
def test_igamma_in_a(a, x):
    first = fg.grad(lax.igamma)
    with mpmath.workdps(50):
        want = slopes(lower_tail, [mpmath.mpf(a), mpmath.mpf(x)], 0)
    np.testing.assert_allclose(first(a, x), float(want[0]), rtol=2e-13)
    scale = abs(float(want[0])) / a
    error = abs(fg.grad(first)(a, x) - float(want[1]))
    assert error < 1e-11 * max(abs(float(want[1])), scale)


@pytest.mark.parametrize("args", BETA)
@pytest.mark.parametrize("position", [0, 1])
def test_betainc_in_a_and_b(args, position):
    first = fg.grad(lax.betainc, argnums=position)
    with mpmath.workdps(50):
        want = slopes(beta_tail, [mpmath.mpf(z) for z in args], position)
    np.testing.assert_allclose(first(*args), float(want[0]), rtol=1e-12)
    second = fg.grad(first, argnums=position)(*args)
    np.testing.assert_allclose(second, float(want[1]), rtol=1e-8)


def test_third_derivative_under_vmap_and_jit():
    third = fg.grad(fg.grad(fg.grad(lax.igamma)))
    a, x = np.array([0.7, 3.0, 20.0]), np.array([0.4, 5.0, 18.0])
    with mpmath.workdps(40):
        want = [
            float(mpmath.diff(lambda t, y=y: lower_tail(t, y), mpmath.mpf(s), 3))
            for s, y in zip(a, x, strict=True)
        ]
    np.testing.assert_allclose(fg.jit(fg.vmap(third))(a, x), want, rtol=1e-9)


@pytest.mark.parametrize("df", [0.5, 3.0, 25.0, 1e4])
@pytest.mark.parametrize("t", [-20.0, -0.3, 0.7])
def test_students_distribution_in_df(df, t):
    def tail(nu, z):
        half = mpmath.mpf(1) / 2
        return half * beta_tail(nu / 2, half, nu / (nu + z * z))

    with mpmath.workdps(50):
        want = float(slopes(tail, [mpmath.mpf(df), mpmath.mpf(t)], 0)[0])
    got = fg.grad(special.stdtr)(df, t)
    np.testing.assert_allclose(got, want if t < 0 else -want, rtol=1e-8, atol=1e-60)


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("jv", mpmath.besselj),
        ("yv", mpmath.bessely),
        ("iv", mpmath.besseli),
        ("kv", mpmath.besselk),
    ],
)
def test_bessel_functions_in_the_order(name, reference):
    for v, x in ((0.3, 0.5), (1.0, 4.0), (2.5, 20.0), (6.0, 9.0)):
        with mpmath.workdps(40):
            want = float(slopes(reference, [mpmath.mpf(v), mpmath.mpf(x)], 0)[0])
        got = fg.jit(fg.grad(getattr(special, name)))(v, x)
        np.testing.assert_allclose(got, want, rtol=1e-11)


def test_hypergeometric_parameters():
    with mpmath.workdps(40):
        for args in ((0.4, 1.3, 60.0), (0.4, 1.3, -3.0), (2.0, 0.7, 5.0)):
            points = [mpmath.mpf(z) for z in args]
            for position in (0, 1):
                want = float(slopes(mpmath.hyp1f1, points, position)[0])
                got = fg.grad(special.hyp1f1, argnums=position)(*args)
                np.testing.assert_allclose(got, want, rtol=1e-11)


# name: arguments whose values are compared, and differentiated where real
UFUNCS = {
    "gammaincinv": (np.array([0.5, 3.0]), np.array([0.2, 0.9])),
    "gammainccinv": (np.array([0.5, 3.0]), np.array([0.2, 0.9])),
    "betaincinv": (np.array([0.5, 3.0]), np.array([1.5, 2.0]), np.array([0.2, 0.9])),
    "stdtrit": (np.array([2.5, 9.0]), np.array([0.2, 0.9])),
    "chdtr": (np.array([2.5, 9.0]), np.array([1.2, 7.9])),
    "chdtri": (np.array([2.5, 9.0]), np.array([0.2, 0.9])),
    "fdtr": (np.array([2.5, 9.0]), np.array([4.5, 3.0]), np.array([0.2, 1.9])),
    "fdtrc": (np.array([2.5, 9.0]), np.array([4.5, 3.0]), np.array([0.2, 1.9])),
    "fdtri": (np.array([2.5, 9.0]), np.array([4.5, 3.0]), np.array([0.2, 0.9])),
    "gdtr": (np.array([2.5, 0.9]), np.array([4.5, 3.0]), np.array([0.2, 1.9])),
    "poch": (np.array([2.5, 0.9]), np.array([1.5, 3.0])),
    "binom": (np.array([5.5, 7.9]), np.array([1.5, 3.0])),
    "exprel": (np.array([-2.0, 0.0, 1e-9, 0.4, 3.0]),),
    "ellipk": (np.array([-3.0, 0.0, 0.3, 0.9]),),
    "ellipe": (np.array([-3.0, 0.0, 0.3, 0.9]),),
    "ellipkm1": (np.array([1e-9, 0.3, 1.0, 1.4]),),
    "ellipkinc": (np.array([0.3, 1.2, -4.0]), np.array([0.0, 0.9, 0.3])),
    "ellipeinc": (np.array([0.3, 1.2, -4.0]), np.array([0.0, 0.9, 0.3])),
    "spence": (np.array([0.3, 1.0, 2.2]),),
    "k1e": (np.array([0.3, 1.0, 2.2]),),
    "y1": (np.array([0.3, 1.0, 2.2]),),
}


@pytest.mark.parametrize("name", UFUNCS)
def test_scipys_ufuncs_on_traced_values(name):
    args = UFUNCS[name]
    scipys = getattr(scipy.special, name)
    np.testing.assert_allclose(fg.jit(scipys)(*args), scipys(*args), rtol=2e-14)
    if name != "ellipkm1":
        check_grads(scipys, args, order=2, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["sici", "shichi", "fresnel"])
def test_pairs(name):
    x = np.array([0.2, 1.5, 7.0])
    scipys = getattr(scipy.special, name)
    for got, want in zip(fg.jit(scipys)(x), scipys(x), strict=True):
        np.testing.assert_array_equal(got, want)
    check_grads(lambda x: scipys(x)[0] + scipys(x)[1], (x,), order=2)


def test_counts_have_scipys_edges():
    k, n = np.array([0.0, 1.0, 3.0, 4.0]), np.array([4, 4, 4, 4])
    for name in ("bdtr", "bdtrc"):
        scipys = getattr(scipy.special, name)
        np.testing.assert_allclose(
            fg.jit(scipys)(k, n, 0.3), scipys(k, n, 0.3), rtol=1e-14
        )
    for name in ("pdtr", "pdtrc"):
        scipys = getattr(scipy.special, name)
        np.testing.assert_allclose(fg.jit(scipys)(k, 2.2), scipys(k, 2.2), rtol=1e-14)
    for x in ([-2.5, -1.0, -0.0, 0.0, 3.0, np.nan],):
        np.testing.assert_array_equal(
            fg.jit(special.gammasgn)(np.array(x)), scipy.special.gammasgn(x)
        )


def test_functions_that_scipy_writes_in_python():
    s = np.array([-7.5, -2.0, -0.5, 0.0, 0.5, 2.0, 30.0])
    np.testing.assert_allclose(
        special.zeta(s), scipy.special.zeta(s), rtol=1e-13, atol=1e-14
    )
    q = np.array([0.3, 2.0, 1e3])
    np.testing.assert_allclose(
        fg.jit(special.zeta)(3.5, q), scipy.special.zeta(3.5, q), rtol=1e-13
    )
    check_grads(special.zeta, (np.float64(3.5), np.float64(1.4)), order=2)
    n, x = np.arange(4), np.array([0.3, 2.0, 7.0, 20.0])
    want = scipy.special.polygamma(n, x)
    np.testing.assert_allclose(special.polygamma(n, x), want, rtol=1e-13)
    np.testing.assert_allclose(special.comb(5.0, n), scipy.special.comb(5.0, n))
    np.testing.assert_allclose(special.factorial(n), scipy.special.factorial(n))
    np.testing.assert_allclose(special.bernoulli(6), scipy.special.bernoulli(6))
    np.testing.assert_allclose(
        special.bessel_jn(x, v=3), scipy.special.jv(np.arange(4)[:, None], x)
    )
    np.testing.assert_allclose(special.diric(x, 5), scipy.special.diric(x, 5))
    for m in (-2, 0, 3):
        want = scipy.special.sph_harm_y(3, m, x / 7, x)
        np.testing.assert_allclose(special.sph_harm_y(3, m, x / 7, x), want, atol=1e-14)
        check_grads(
            lambda t, p, m=m: special.sph_harm_y(3, m, t, p).real, (x / 7, x), order=2
        )


def test_betaln_of_large_operands():
    a = np.array([1e6, 20.0, 3e5, 0.5, 1e-3])
    b = np.array([2.5, 1e7, 4e5, 14.0, 1e3])
    with mpmath.workdps(40):
        want = [
            float(mpmath.log(mpmath.beta(*pair))) for pair in zip(a, b, strict=True)
        ]
        slope = [
            float(mpmath.psi(0, mpmath.mpf(x)) - mpmath.psi(0, mpmath.mpf(x) + y))
            for x, y in zip(a, b, strict=True)
        ]
    np.testing.assert_allclose(fg.jit(special.betaln)(a, b), want, rtol=3e-15)
    got = fg.grad(lambda a: special.betaln(a, b).sum())(a)
    np.testing.assert_allclose(got, slope, rtol=1e-12)


def test_parameter_derivatives_that_are_not_resolved_are_nan():
    for slope in (fg.grad, lambda f: fg.grad(fg.grad(f))):
        assert np.isnan(slope(special.jv)(1.0, 200.0))
        assert np.isnan(slope(special.iv)(2.0, -1.0))
        assert np.isnan(slope(special.hyp2f1)(0.5, 0.5, 1.5, 0.9))
    assert np.isfinite(fg.grad(special.hyp2f1, argnums=3)(0.5, 0.5, 1.5, 0.9))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_exprel_far_out(dtype):
    x = np.array([-np.inf, -1e30, -40.0, 80.0, 1e30, np.inf, np.nan], dtype)
    with np.errstate(all="ignore"):
        want = scipy.special.exprel(x)
        got = fg.jit(scipy.special.exprel)(x)
    np.testing.assert_allclose(got, want, rtol=50 * np.finfo(dtype).eps)
