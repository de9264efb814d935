"""Accuracy of the vector mathematics against mpmath, special values against NumPy."""

from __future__ import annotations

from collections.abc import Callable

import mpmath
import numpy as np
import pytest
import scipy.special

import funcgrad as fg
from funcgrad.compiler.emit import vecmath
from funcgrad.compiler.emit.builder import Builder, Module
from tests.compiler.kernels import build_kernel, map_lanes

Sample = Callable[[np.random.Generator], np.ndarray]
N = 150


def uniform(low: float, high: float) -> Sample:
    return lambda rng: rng.uniform(low, high, N)


def powers(low: float, high: float, sign: bool = False) -> Sample:
    """Magnitudes ``10**low .. 10**high``, of both signs if asked."""
    return lambda rng: (
        10.0 ** rng.uniform(low, high, N) * (rng.choice([-1.0, 1.0], N) if sign else 1)
    )


def below_one(low: float) -> Sample:
    return lambda rng: 1 - 10.0 ** rng.uniform(low, -0.5, N)


def above_one(low: float) -> Sample:
    return lambda rng: 1 + 10.0 ** rng.uniform(low, -0.5, N)


def quarter_turns(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(1, 10**6, N) * (np.pi / 2)


# name: (mpmath's function, bound in ulp, samples)
UNARY = {
    "exp": (mpmath.exp, 1, [uniform(-745, 709), uniform(-2, 2)]),
    "exp2": (lambda x: mpmath.mpf(2) ** x, 1, [uniform(-1074, 1024), uniform(-2, 2)]),
    "expm1": (
        mpmath.expm1,
        1.5,
        [uniform(-40, 700), uniform(-2, 2), powers(-20, 0, True)],
    ),
    "log": (mpmath.log, 1, [powers(-320, 308), powers(-1, 1), above_one(-15)]),
    "log2": (
        lambda x: mpmath.log(x) / mpmath.log(2),
        1,
        [powers(-320, 308), powers(-1, 1), above_one(-15)],
    ),
    "log10": (mpmath.log10, 1, [powers(-320, 308), powers(-1, 1), above_one(-15)]),
    "log1p": (
        mpmath.log1p,
        1,
        [uniform(-1, 3), powers(-20, -0.2, True), powers(0, 300)],
    ),
    "sin": (mpmath.sin, 1, [uniform(-10, 10), powers(-20, 15, True), quarter_turns]),
    "cos": (mpmath.cos, 1, [uniform(-10, 10), powers(-20, 15, True), quarter_turns]),
    "tan": (mpmath.tan, 2, [uniform(-10, 10), powers(-20, 15, True), quarter_turns]),
    "sinh": (
        mpmath.sinh,
        2,
        [uniform(-710, 710), uniform(-2, 2), powers(-20, 0, True)],
    ),
    "cosh": (mpmath.cosh, 2, [uniform(-710, 710), uniform(-2, 2)]),
    "tanh": (mpmath.tanh, 2, [uniform(-22, 22), uniform(-1, 1), powers(-20, 0, True)]),
    "asin": (mpmath.asin, 1.5, [uniform(-1, 1), below_one(-15), powers(-20, 0, True)]),
    "acos": (mpmath.acos, 1.5, [uniform(-1, 1), below_one(-15)]),
    "atan": (mpmath.atan, 1.5, [uniform(-4, 4), powers(-20, 20, True)]),
    "asinh": (mpmath.asinh, 2, [uniform(-4, 4), powers(-20, 300, True)]),
    "acosh": (mpmath.acosh, 2, [uniform(1, 9), above_one(-15), powers(0, 300)]),
    "atanh": (mpmath.atanh, 2, [uniform(-1, 1), below_one(-15), powers(-20, -1, True)]),
    "cbrt": (
        lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)),
        1,
        [uniform(-9, 9), powers(-320, 300, True)],
    ),
    "logistic": (
        lambda x: 1 / (1 + mpmath.exp(-x)),
        2,
        [uniform(-740, 40), uniform(-5, 5)],
    ),
    "erf": (mpmath.erf, 1.5, [uniform(-6, 6), uniform(-1, 1), powers(-20, 0, True)]),
    "erfc": (mpmath.erfc, 4, [uniform(-6, 26.5), uniform(-1, 1), powers(-20, 0, True)]),
    "erf_inv": (
        mpmath.erfinv,
        4,
        [uniform(-1, 1), below_one(-15), powers(-20, 0, True)],
    ),
    "lgamma": (
        mpmath.loggamma,
        4,
        [uniform(2.5, 60), powers(-300, -0.4), powers(1, 300)],
    ),
    "digamma": (
        mpmath.digamma,
        8,
        [uniform(2, 60), powers(-300, -0.4), powers(1, 300)],
    ),
}
BINARY = {
    "atan2": (mpmath.atan2, 1.5, [uniform(-2, 2), powers(-300, 300, True)]),
    "hypot": (mpmath.hypot, 1, [uniform(-2, 2), powers(-300, 300, True)]),
    "logaddexp": (
        lambda x, y: mpmath.log(mpmath.exp(x) + mpmath.exp(y)),
        2,
        [uniform(0, 9), uniform(0, 700)],
    ),
    "logaddexp2": (
        lambda x, y: mpmath.log(mpmath.mpf(2) ** x + mpmath.mpf(2) ** y, 2),
        2,
        [uniform(0, 9), uniform(0, 1000)],
    ),
}

TWO_ARGUMENTS = {*BINARY, "fmod", "pow"}


@pytest.fixture(autouse=True)
def quiet():
    with np.errstate(all="ignore"):
        yield


def worst_error(
    function: Callable[..., mpmath.mpf],
    operands: list[np.ndarray],
    got: np.ndarray,
    floor: float = 0.0,
) -> float:
    """The largest error in ulp (of ``floor``, where the exact value is smaller)."""
    limit = float(np.finfo(got.dtype).max)
    worst = 0.0
    with mpmath.workprec(160):
        for k in range(got.size):
            exact = mpmath.re(function(*(mpmath.mpf(float(v[k])) for v in operands)))
            near = float(exact)
            if abs(near) > limit:
                assert np.isinf(got[k]) or abs(near) < limit * (1 + 1e-6)
                continue
            ulp = float(np.spacing(np.array(max(abs(near), floor), got.dtype)))
            error = float(abs(mpmath.mpf(float(got[k])) - exact)) / ulp
            assert error == error, (operands, got[k])
            worst = max(worst, error)
    return worst


def draw(samples: list[Sample], dtype: str, seed: int) -> np.ndarray:
    """All samples as one array, less what the dtype cannot hold."""
    rng = np.random.default_rng(seed)
    x = np.concatenate([s(rng) for s in samples]).astype(dtype)
    return x[np.isfinite(x) & (x != 0)]


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("name", UNARY)
def test_accuracy_of_one_argument(name, dtype):
    function, bound, samples = UNARY[name]
    x = draw(samples, dtype, 0)
    if name == "atanh":
        x = x[np.abs(x) < 1]
    elif name == "log1p":
        x = x[x > -1]
    elif name == "erf_inv":
        x = x[np.abs(x) < 1]
    elif name in ("log", "log2", "log10", "lgamma", "digamma"):
        x = x[x > 0]
    got = map_lanes(lambda b, v: b.math(name, v), [x], dtype, 4)
    assert worst_error(function, [x], got) <= bound


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("name", BINARY)
def test_accuracy_of_two_arguments(name, dtype):
    function, bound, samples = BINARY[name]
    x, y = draw(samples, dtype, 0), draw(samples, dtype, 1)
    size = min(x.size, y.size)
    x, y = x[:size], y[:size]
    got = map_lanes(lambda b, v, w: b.math(name, v, w), [x, y], dtype, 4)
    assert worst_error(function, [x, y], got) <= bound


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_accuracy_of_pow(dtype):
    rng = np.random.default_rng(0)
    bases = [rng.uniform(0, 3, N), 10.0 ** rng.uniform(-300, 300, N)]
    powers_ = [rng.normal(size=N) * 20, rng.uniform(-2, 2, N)]
    bases.append(1 + rng.choice([-1, 1], N) * 10.0 ** rng.uniform(-7, -1, N))
    powers_.append(rng.choice([-1, 1], N) * 10.0 ** rng.uniform(0, 6, N))
    x, y = np.concatenate(bases).astype(dtype), np.concatenate(powers_).astype(dtype)
    inside = np.isfinite(x) & (x > 0)
    x, y = x[inside], y[inside]
    got = map_lanes(lambda b, v, w: b.math("pow", v, w), [x, y], dtype, 4)
    assert worst_error(mpmath.power, [x, y], got) <= 1


@pytest.mark.parametrize(
    ("name", "function"), [("lgamma", mpmath.loggamma), ("digamma", mpmath.digamma)]
)
def test_gamma_functions_near_their_zeros(name, function):
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.uniform(0.1, 3, 200), rng.uniform(-9, 0, 200)])
    got = map_lanes(lambda b, v: b.math(name, v), [x], "f8", 4)
    # An ulp of 1 / 2 is 1.1e-16; pi cot(pi x) and log(x) cancel to the zeros.
    assert worst_error(function, [x], got, floor=0.5) <= 14


NUMPY = {
    "exp": np.exp,
    "exp2": np.exp2,
    "expm1": np.expm1,
    "log": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "log1p": np.log1p,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "cbrt": np.cbrt,
    "erf": scipy.special.erf,
    "erfc": scipy.special.erfc,
    "erf_inv": scipy.special.erfinv,
    "digamma": scipy.special.psi,
    "atan2": np.arctan2,
    "hypot": np.hypot,
    "pow": np.power,
    "logaddexp": np.logaddexp,
    "logaddexp2": np.logaddexp2,
}


def special_values(dtype: str) -> np.ndarray:
    info = np.finfo(dtype)
    ends = [0, 0.5, 1, 1.5, 2, 2.5, 3, 30, 1e10, np.inf, info.max, info.max / 2]
    ends += [info.tiny, info.smallest_subnormal, info.eps / 4, 1e-5, 2**51 + 1.0]
    return np.array([*ends, *(-e for e in ends), np.nan]).astype(dtype)


def assert_same(
    got: np.ndarray, expected: np.ndarray, *operands: np.ndarray, atol: float = 0.0
) -> None:
    """Equal to a few ulp; infinities, NaNs and signs, also of zeros, exactly."""
    info = np.finfo(expected.dtype)
    np.testing.assert_allclose(
        got, expected, rtol=8 * info.eps, atol=atol or 2 * info.smallest_subnormal
    )
    number = ~np.isnan(expected)
    np.testing.assert_array_equal(
        np.signbit(got[number]),
        np.signbit(expected[number]),
        err_msg=str([v[number] for v in operands]),
    )


@pytest.mark.parametrize("lanes", [1, 4])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("name", NUMPY)
def test_special_values_are_those_of_numpy(name, dtype, lanes):
    operands = [special_values(dtype)]
    if name in TWO_ARGUMENTS:
        operands = [v.ravel() for v in np.meshgrid(operands[0], operands[0])]
    # NumPy's float32 is rounded from its float64, whose last bits are better.
    wide = NUMPY[name](*(v.astype("f8") for v in operands))
    with np.errstate(all="ignore"):
        expected = wide.astype(dtype)
    got = map_lanes(lambda b, *v: b.math(name, *v), operands, dtype, lanes)
    # Near its zeros digamma is right to this, not to some ulp.
    atol = 1e-15 if name == "digamma" else 0.0
    assert_same(got, expected, *operands, atol=atol)


def test_lgamma_at_the_ends():
    x = np.array([0.0, -0.0, -1, -2, np.inf, -np.inf, np.nan, 1, 2, 1e-300, -1e-300])
    got = map_lanes(lambda b, v: b.math("lgamma", v), [x], "f8", 4)
    large = 300 * np.log(10)
    expected = [np.inf] * 6 + [np.nan, 0, 0, large, large]
    np.testing.assert_allclose(got, expected, rtol=1e-15, atol=1e-16)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_logistic_at_the_ends(dtype):
    x = np.array([np.inf, -np.inf, 0, -0.0, np.nan, 1e10, -1e10], dtype)
    got = map_lanes(lambda b, v: b.math("logistic", v), [x], dtype, 4)
    np.testing.assert_array_equal(got, np.array([1, 0, 0.5, 0.5, np.nan, 1, 0], dtype))


def every_function(dtype: str, x: np.ndarray, lanes: int) -> np.ndarray:
    """All functions of the entries of ``x``, one row each, from a single kernel."""
    names = sorted(vecmath.COMPLEX if x.dtype.kind == "c" else vecmath.REAL)

    def body(b: Builder) -> None:
        with b.loop(0, x.size, lanes) as loop:
            v = b.load("%p0", loop.index, dtype, lanes)
            for row, name in enumerate(names):
                y = b.math(name, v, v) if name in TWO_ARGUMENTS else b.math(name, v)
                b.store(y, "%p1", b.add(loop.index, row * x.size))

    out = np.zeros((len(names), x.size), dtype)
    build_kernel(body, 2)(x, out)
    return out


@pytest.mark.parametrize("lanes", [2, 3, 5, 8, 16])
@pytest.mark.parametrize("dtype", ["f4", "f8", "c8", "c16"])
def test_every_number_of_lanes_gives_the_same(dtype, lanes):
    rng = np.random.default_rng(0)
    x = rng.uniform(0.1, 0.9, 240).astype(dtype)
    if x.dtype.kind == "c":
        x = x + np.array(1j, dtype) * x[::-1]
    one, many = every_function(dtype, x, 1), every_function(dtype, x, lanes)
    np.testing.assert_array_equal(many, one)
    assert np.isfinite(one).sum() > 0.95 * one.size  # acosh has values beyond 1 alone


@pytest.mark.parametrize("lane", range(4))
def test_a_huge_angle_does_not_disturb_its_neighbours(lane):
    x = np.array([0.3, -1.2, 2.5, 7.0])
    x[lane] = 1e22
    for name, reference in {"sin": np.sin, "cos": np.cos, "tan": np.tan}.items():
        got = map_lanes(lambda b, v, n=name: b.math(n, v), [x], "f8", 4)
        np.testing.assert_allclose(got, reference(x), rtol=4e-16)


def test_powers_of_two_are_exact():
    k = np.arange(-1074, 1024)
    x = np.ldexp(1.0, k)
    got = map_lanes(lambda b, v: b.math("log2", v), [x], "f8", 4)
    np.testing.assert_array_equal(got, k)
    got = map_lanes(lambda b, v: b.math("exp2", v), [k.astype("f8")], "f8", 4)
    np.testing.assert_array_equal(got, x)


def test_half_precision_is_computed_in_float32():
    x = np.linspace(-3, 3, 20).astype("f2")
    got = map_lanes(lambda b, v: b.math("exp", v), [x], "f2", 4)
    np.testing.assert_array_equal(got, np.exp(x.astype("f4")).astype("f2"))


def test_a_function_is_emitted_once_for_each_type():
    module = Module()
    b = module.function("f", [("ptr", "x", "")])
    x = b.load("%x", 0, "f8", 4)
    y = b.math("tanh", b.math("exp", b.math("exp", x)))
    b.store(y, "%x", 0)
    b.store(b.math("exp", b.load("%x", 9, "f4", 8)), "%x", 0)
    b.ret()
    text = module.text()
    assert text.count("define internal fastcc") == 3
    assert text.count("@vm.exp.float64x4") == 3


def test_unknown_functions_and_dtypes_are_refused():
    b = Module().function("f", [])
    with pytest.raises(TypeError, match="no function 'gamma'"):
        b.math("gamma", b.const("f8", 1.0))
    with pytest.raises(TypeError, match="int64"):
        b.math("exp", b.i64(1))


ALONE = {"exp": np.exp, "log": np.log, "pow": lambda x: x**0.75}


@pytest.mark.parametrize("name", ALONE)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_single_numbers_are_left_to_libm(name, dtype):
    f, x = ALONE[name], dtype(1.375)
    call = f" @{name}(double" if dtype is np.float64 else f" @{name}f(float"
    assert call in fg.jit(f).lower(x).as_text("llvm")
    assert call not in fg.jit(f).lower(np.ones(40, dtype)).as_text("llvm")
    assert fg.jit(f)(x) == pytest.approx(f(x), rel=2 * float(np.finfo(dtype).eps))


@pytest.mark.parametrize("name", ALONE)
def test_single_numbers_of_single_precision(name):
    compiled = fg.jit(ALONE[name])
    rng = np.random.default_rng(0)
    usual = np.exp(rng.uniform(-80.0, 4.4, 200)).astype(np.float32)
    for x in [*usual, *np.float32([0.0, -0.0, np.inf, -np.inf, np.nan, 1e-45, -2.0])]:
        found = compiled(x)
        assert found.dtype == np.float32
        with np.errstate(all="ignore"):
            wanted = np.float32(ALONE[name](np.float64(x)))
        np.testing.assert_allclose(found, wanted, rtol=2**-22)
