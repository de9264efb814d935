"""Traced Python scalars promote as Python scalars do (NEP 50)."""

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import ops

PROGRAMS = {
    "int_and_float": lambda n, a, x: x * (n + 0.5),
    "quotient": lambda n, a, x: x * (1 / n),
    "int_power": lambda n, a, x: x * n**2,
    "float_power": lambda n, a, x: x * a**n,
    "negative": lambda n, a, x: x - (-a),
    "remainder": lambda n, a, x: x + (n % 2) + a // 2.0,
    "comparison": lambda n, a, x: x * (a < 1.0),
    "absolute": lambda n, a, x: x * abs(a),
    "choice": lambda n, a, x: x * ops.select_n(np.bool_(True), a, a * 2),
    "ufunc": lambda n, a, x: x * ops.sin(a),
    "bits": lambda n, a, x: x * (n & 3),
}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.int8])
def test_dtype_and_value(name, dtype):
    program, x = PROGRAMS[name], np.arange(1, 4).astype(dtype)
    expected = program(3, 0.5, x)
    traced = fg.jit(program)(3, 0.5, x)
    assert traced.dtype == expected.dtype
    np.testing.assert_allclose(traced, expected, rtol=1e-6)


@pytest.mark.parametrize("name", PROGRAMS)
def test_tangent_keeps_its_dtype(name):
    x = np.arange(1.0, 4.0, dtype=np.float32)
    value, slope = fg.jvp(lambda a: PROGRAMS[name](3, a, x), (0.5,), (1.0,))
    assert slope.dtype == value.dtype
    (back,) = fg.vjp(lambda a: PROGRAMS[name](3, a, x), 0.5)[1](np.ones_like(value))
    np.testing.assert_allclose(back, np.sum(slope), rtol=1e-6)


def test_weak_stays_weak():
    assert fg.make_jaxpr(lambda n: (n + 0.5) * n)(3).out_avals[0].weak_type
