"""What derivatives are where mathematics leaves a choice, and where a pole is hidden."""

import warnings

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import ops
from funcgrad.testing import check_grads

GUARDED = {
    "sqrt": lambda x: ops.where(x > 0, ops.sqrt(x), 0.0),
    "log": lambda x: ops.where(x > 0, x * ops.log(x), 0.0),
    "quotient": lambda x: ops.where(x > 0, 1.0 / x, 0.0),
    "power": lambda x: ops.where(x > 0, x**-0.3, 0.0),
    "cbrt": lambda x: ops.where(x > 0, ops.cbrt(x), 0.0),
    "acos": lambda x: ops.where(x > 0, ops.acos(x + 1.0), 0.0),
    "hypot": lambda x: ops.where(x > 0, ops.hypot(x, 0.0), 0.0),
    "lgamma": lambda x: ops.where(x > 0, ops.lgamma(x), 0.0),
}


def both(function):
    """The gradient run at once and compiled."""
    gradient = fg.grad(function)
    return lambda *args: [gradient(*args), fg.jit(gradient)(*args)]


@pytest.mark.parametrize("name", GUARDED)
def test_a_branch_not_selected_gives_exact_zero(name):
    f = GUARDED[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(3):
            f = fg.grad(f)
            assert f(0.0) == 0.0
            assert fg.jit(f)(0.0) == 0.0


def test_derivatives_do_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fg.grad(ops.sqrt)(0.0) == np.inf
        assert fg.grad(fg.grad(ops.sqrt))(0.0) == -np.inf
        assert fg.jvp(ops.cbrt, (0.0,), (1.0,))[1] == np.inf


@pytest.mark.parametrize("pick", [ops.max, ops.min])
def test_equal_extremes_share(pick):
    assert fg.grad(pick, argnums=(0, 1))(2.0, 2.0) == (0.5, 0.5)
    assert fg.grad(pick, argnums=(0, 1))(1.0, np.nan) == (0.0, 0.0)


def test_kinks():
    assert both(abs)(0.0) == [0.0, 0.0]
    assert both(ops.sign)(0.0) == [0.0, 0.0]
    assert both(ops.floor)(1.0) == [0.0, 0.0]
    assert both(lambda x: ops.hypot(x, 0.0))(0.0) == [0.0, 0.0]
    assert both(lambda x: ops.clamp(0.0, x, 1.0))(0.5) == [1.0, 1.0]
    assert both(lambda x: ops.clamp(0.0, x, 1.0))(1.5) == [0.0, 0.0]
    assert both(lambda x: ops.logaddexp(x, -np.inf))(-np.inf) == [0.5, 0.5]


@pytest.mark.parametrize(
    ("exponent", "first", "second", "third"),
    [(0, 0, 0, 0), (1, 1, 0, 0), (2, 0, 2, 0), (2.0, 0, 2, 0), (3, 0, 0, 6)],
)
def test_whole_powers_at_zero(exponent, first, second, third):
    f = lambda x: x**exponent
    for expected in (first, second, third):
        f = fg.grad(f)
        assert f(0.0) == expected
        assert fg.jit(f)(0.0) == expected


def test_power_with_a_traced_exponent():
    power = lambda x, y: x**y
    assert fg.grad(power, argnums=(0, 1))(0.0, 2.0) == (0.0, 0.0)
    assert fg.grad(power)(0.0, 0.0) == 0.0
    assert fg.grad(power)(-2.0, 3.0) == 12.0
    check_grads(power, (np.array([0.5, 2.0]), np.array([1.5, -2.0])), 3)


def test_remainders():
    quotients = fg.grad(lambda x, y: x % y, argnums=(0, 1))(-7.0, 2.0)
    assert quotients == (1.0, 4.0)
    assert fg.grad(ops.rem, argnums=(0, 1))(-7.0, 2.0) == (1.0, 3.0)
    assert fg.grad(lambda x: x // 2.0)(5.0) == 0.0


def test_stop_gradient():
    f = lambda x: x * ops.stop_gradient(x)
    assert both(f)(3.0) == [3.0, 3.0]
    assert fg.grad(fg.grad(f))(3.0) == 0.0
    assert fg.grad(fg.jit(f))(3.0) == 3.0


Z = np.complex128(1 + 2j)


@pytest.mark.parametrize(
    ("function", "expected"),
    [  # JAX's values: the conjugate of the gradient of the real function
        (ops.abs, Z.conjugate() / abs(Z)),
        (lambda z: ops.real(ops.sin(z)), np.cos(Z)),
        (ops.imag, -1j),
        (lambda z: ops.real(ops.conj(z) * 1j), -1j),
        (lambda z: ops.real(z * ops.conj(z)), 2 * Z.conjugate()),
    ],
)
def test_gradient_of_a_complex_number(function, expected):
    for gradient in both(function)(Z):
        np.testing.assert_allclose(gradient, expected, rtol=1e-14)


def test_linear_transpose_of_a_number_that_meets_an_array():
    x = np.arange(3.0)
    for f in (lambda s: s * x, lambda s: ops.div(s, x + 1), lambda s: s - s * x):
        (back,) = fg.linear_transpose(f, 1.0)(np.ones(3))
        np.testing.assert_allclose(back, np.sum(f(1.0)))


def test_comparison_with_an_integer_that_does_not_fit():
    x = np.array([0, 255], np.uint8)
    for test in (
        lambda x: x < 300,
        lambda x: x > -1,
        lambda x: ops.eq(300, x),
        lambda x: x != -1,
    ):
        expected = test(x)
        assert fg.jit(test)(x).tolist() == expected.tolist()


def test_negative_power_of_an_integer():
    with pytest.raises(fg.errors.DTypeError, match=r"int64\[2\] \*\* -1"):
        fg.jit(lambda x: x**-1)(np.array([1, 2]))


def test_select_takes_one_or_many():
    x = np.arange(3.0)
    which = np.array([0, 2, 9])
    f = fg.jit(lambda w: ops.select_n(w, x, x + 10, x + 20))
    assert f(which).tolist() == [0.0, 21.0, 22.0]
    assert ops.select_n(np.array([-1, 0, 1]), x, x + 10).tolist() == [0.0, 1.0, 12.0]
    with pytest.raises(fg.errors.DTypeError, match="chooses between two"):
        fg.jit(lambda w: ops.select_n(w, x, x, x))(which > 0)
    with pytest.raises(fg.errors.DTypeError, match="select_n"):
        fg.jit(lambda w: ops.select_n(w, x, x))(x)
