"""Complex vector mathematics: accuracy against mpmath, special values against NumPy."""

from __future__ import annotations

from collections.abc import Callable

import mpmath
import numpy as np
import pytest

from tests.compiler.kernels import map_lanes

NUMPY = {
    "exp": np.exp,
    "log": np.log,
    "log1p": np.log1p,
    "sqrt": np.sqrt,
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
}
EXACT: dict[str, Callable[..., mpmath.mpc]] = {
    **{name: getattr(mpmath, name) for name in NUMPY if name != "log1p"},
    "log1p": lambda z: mpmath.log(1 + z),
    "expm1": lambda z: mpmath.exp(z) - 1,
    "logistic": lambda z: 1 / (1 + mpmath.exp(-z)),
}


@pytest.fixture(autouse=True)
def quiet():
    with np.errstate(all="ignore"):
        yield


def points() -> np.ndarray:
    """Of all magnitudes, on and next to the unit circle, next to 1 and -1."""
    rng = np.random.default_rng(0)

    def spread(low: float, high: float) -> np.ndarray:
        return 10.0 ** rng.uniform(low, high, 40) * rng.choice([-1.0, 1.0], 40)

    return np.concatenate(
        [
            spread(-1, 0.5) + 1j * spread(-1, 0.5),
            spread(-30, 1) + 1j * spread(-30, 1),
            np.exp(1j * rng.uniform(-3, 3, 40)),
            1 + spread(-12, -1) + 1j * spread(-12, -1),
            -1 + spread(-12, -1) + 1j * spread(-12, -1),
            spread(-1, 2) + 1j * spread(-1, 2),
        ]
    )


def relative_error(exact: Callable, got: np.ndarray, *operands: np.ndarray) -> float:
    """The largest distance from the exact value, in units of the last place of it."""
    eps, limit = np.finfo(got.dtype).eps, np.finfo(got.dtype).max
    worst = 0.0
    with mpmath.workprec(500):
        for k in range(got.size):
            value = exact(*(mpmath.mpmathify(complex(v[k])) for v in operands))
            if value == 0 or abs(value) > limit:
                continue
            distance = abs(mpmath.mpmathify(complex(got[k])) - value)
            worst = max(worst, float(distance / abs(value) / eps))
    return worst


@pytest.mark.parametrize("dtype", ["c8", "c16"])
@pytest.mark.parametrize("name", EXACT)
def test_accuracy(name, dtype):
    z = points().astype(dtype)
    if name == "logistic":  # its relative error grows next to the poles
        z = z[np.abs(z.imag) < 3]
    got = map_lanes(lambda b, v: b.math(name, v), [z], dtype, 4)
    assert relative_error(EXACT[name], got, z) <= 3


@pytest.mark.parametrize("lanes", [1, 3])
def test_accuracy_of_pow(lanes):
    z = points()
    z = z[(np.abs(z) > 1e-3) & (np.abs(z) < 1e3)]
    w = np.random.default_rng(1).normal(size=(2, z.size)) * 2
    w = w[0] + 1j * w[1]
    got = map_lanes(lambda b, v, u: b.math("pow", v, u), [z, w], "c16", lanes)
    assert relative_error(mpmath.power, got, z, w) <= 40  # |w log z| times the rounding


def test_pow_of_zero_is_that_of_numpy():
    w = np.array([0, 1, 2.5, -1, 1j, 1 + 1j])
    z = np.zeros_like(w)
    got = map_lanes(lambda b, v, u: b.math("pow", v, u), [z, w], "c16", 3)
    np.testing.assert_array_equal(got, np.power(z, w))


@pytest.mark.parametrize("lanes", [1, 4])
@pytest.mark.parametrize("dtype", ["c8", "c16"])
@pytest.mark.parametrize("name", NUMPY)
def test_special_values_are_those_of_numpy(name, dtype, lanes):
    ends = [0.0, -0.0, 1, -1, 0.5, -2, np.inf, -np.inf, np.nan, 80, -80, 800, -800]
    z = np.array([complex(a, b) for a in ends for b in ends], dtype)
    expected = NUMPY[name](z.astype("c16")).astype(dtype)
    got = map_lanes(lambda b, v: b.math(name, v), [z], dtype, lanes)
    tiny = np.finfo(dtype).tiny
    for ours, theirs in ((got.real, expected.real), (got.imag, expected.imag)):
        np.testing.assert_allclose(
            np.abs(ours),
            np.abs(theirs),
            rtol=1e-12 if dtype == "c16" else 1e-6,
            atol=tiny,
        )
        # C leaves signs open where the other part or an angle is no number.
        known = np.isfinite(z) & np.isfinite(expected)
        known |= np.isfinite(z.imag) & ~np.isnan(expected)
        np.testing.assert_array_equal(
            np.signbit(ours[known]), np.signbit(theirs[known]), err_msg=str(z[known])
        )


@pytest.mark.parametrize("dtype", ["c8", "c16"])
def test_magnitude_neither_overflows_nor_underflows(dtype):
    top, low = np.finfo(dtype).max / 2, np.finfo(dtype).tiny
    z = np.array([3 + 4j, top * (1 + 1j), low * (3 - 4j), 1j, 0, complex(np.inf, 1)])
    z = np.append(z, complex(np.nan, -np.inf)).astype(dtype)
    part = "f4" if dtype == "c8" else "f8"
    got = map_lanes(lambda b, v: b.abs(v), [z], part, 4)
    np.testing.assert_allclose(got, np.abs(z), rtol=2 * np.finfo(dtype).eps)


@pytest.mark.parametrize("name", ["exp", "sinh", "cosh", "expm1"])
def test_growth_beyond_the_range_of_exp(name):
    # exp(709.9) overflows, exp(709.9) cos(1.5) does not.
    z = np.array([709.9 + 1.5j, 710.0 + 1.55j, 712.0 + 1.57j])
    got = map_lanes(lambda b, v: b.math(name, v), [z], "c16", 3)
    with mpmath.workprec(200):
        exact = [complex(EXACT[name](mpmath.mpmathify(complex(v))).real) for v in z]
    np.testing.assert_allclose(got.real, np.real(exact), rtol=1e-13)
