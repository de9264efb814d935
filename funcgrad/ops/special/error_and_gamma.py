"""The error and gamma functions, evaluated by SciPy."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad.core.aval import ShapedArray
from funcgrad.core.primitive import Primitive
from funcgrad.core.vspace import Zero, zero_like
from funcgrad.ops.arithmetic import mul, neg, strong_mul
from funcgrad.ops.cases import between, case, unary
from funcgrad.ops.elementwise import Elementwise, wrong_kind
from funcgrad.ops.exponential import as_float, exp, lower_math, scipy_special
from funcgrad.ops.powers import square

_ERF_SLOPE = 2.0 / math.sqrt(math.pi)
_GAMMA_CASES = unary(lambda shape: between(shape, 0.3, 4.0)) + unary(
    lambda shape: between(shape, -1.8, -1.2)
)
# Euler-Maclaurin: terms summed one by one, and Bernoulli numbers in the tail.
SUMMED = 10
BERNOULLI = (
    *(1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730),
    *(7 / 6, -3617 / 510, 43867 / 798, -174611 / 330),
)


def _scipy(name: str) -> Callable[[Any], Any]:
    """A function of scipy.special in the dtype of its operand."""

    def evaluate(x: Any) -> Any:
        return scipy_special(name)(x)

    return evaluate


erf_p = Elementwise(
    "erf",
    numpy=_scipy("erf"),
    jvp=[lambda t, y, x: strong_mul(t, mul(exp(neg(square(x))), _ERF_SLOPE))],
    lower=lower_math("erf"),
    kinds="f",
    cost=40,
    cases=unary(),
)
erfc_p = Elementwise(
    "erfc",
    numpy=_scipy("erfc"),
    jvp=[lambda t, y, x: strong_mul(t, mul(exp(neg(square(x))), -_ERF_SLOPE))],
    lower=lower_math("erfc"),
    kinds="f",
    cost=50,
    cases=unary(),
)
erf_inv_p = Elementwise(
    "erf_inv",
    numpy=_scipy("erfinv"),
    jvp=[lambda t, y, x: strong_mul(t, mul(exp(square(y)), 1.0 / _ERF_SLOPE))],
    lower=lower_math("erf_inv"),
    kinds="f",
    cost=60,
    cases=unary(lambda shape: between(shape, -0.9, 0.9)),
)
lgamma_p = Elementwise(
    "lgamma",
    numpy=_scipy("gammaln"),
    jvp=[lambda t, y, x: strong_mul(t, digamma(x))],
    lower=lower_math("lgamma"),
    kinds="f",
    cost=80,
    cases=_GAMMA_CASES,
)
digamma_p = Elementwise(
    "digamma",
    numpy=_scipy("digamma"),
    jvp=[lambda t, y, x: strong_mul(t, polygamma(1, x))],
    lower=lower_math("digamma"),
    kinds="f",
    cost=80,
    cases=_GAMMA_CASES,
)


class Polygamma(Primitive):
    """Derivative of order ``n`` of digamma, ``n`` at least 1."""

    name = "polygamma"
    cases = tuple(
        case(between(shape, *ends), n=n)
        for n in (1, 2, 4)
        for shape, ends in (((2, 3), (0.3, 4.0)), ((3,), (-1.8, -1.2)), ((0,), (1, 2)))
    )

    def evaluate(self, x: Any, *, n: int) -> Any:
        x = np.asarray(x)
        return scipy_special("polygamma")(n, x).astype(x.dtype)[()]

    def abstract_eval(self, x: ShapedArray, *, n: int) -> ShapedArray:
        if x.dtype.kind != "f":
            raise wrong_kind(self.name, x.dtype, "f")
        return x.update()

    def jvp(self, primals: Sequence[Any], tangents: Sequence[Any], *, n: int) -> Any:
        (x,), (t,) = primals, tangents
        y = self.bind(x, n=n)
        if type(t) is Zero:
            return y, zero_like(y)
        return y, strong_mul(t, self.bind(x, n=n + 1))

    def batch(
        self, size: int, operands: Sequence[Any], dims: Sequence[Any], *, n: int
    ) -> Any:
        return self.bind(operands[0], n=n), dims[0]

    def lower(self, ctx: Any, x: Any, *, n: int) -> Any:
        def value(b: Any, v: Any) -> Any:
            wide = _lower_polygamma(b, b.convert(v, np.float64), n)
            return b.convert(wide, v.dtype)

        return ctx.map(value, x, dtype=x.dtype, cost=100)


def _lower_polygamma(b: Any, x: Any, n: int) -> Any:
    """By the Hurwitz zeta function; below zero reflected: with c = cot(pi x),
    psi_n(x) = (-1)^n psi_n(1 - x) - pi^(n+1) P_n(c) (DLMF 5.15.6).
    """
    sign = -1.0 if n % 2 == 0 else 1.0
    negative = b.cmp("le", x, 0.0)
    one = b.const(x.dtype, 1.0, x.lanes)
    z = b.select(negative, b.sub(one, x), x)
    direct = b.mul(_lower_zeta(b, z, n + 1), sign * math.factorial(n))
    angle = b.mul(b.sub(x, b.round(x)), math.pi)
    sine = b.math("sin", angle)
    cot = b.div(b.math("cos", angle), sine)
    turned = b.zero(x.dtype, x.lanes)
    for coefficient in reversed(_cotangent_derivative(n)):
        turned = b.add(b.mul(turned, cot), coefficient * math.pi ** (n + 1))
    below = b.sub(b.mul(direct, -sign), turned)
    below = b.select(b.cmp("eq", sine, 0.0), sign * math.inf, below)
    return b.select(negative, below, direct)


def _cotangent_derivative(n: int) -> list[float]:
    """Coefficients of P_n: the n-th derivative of cot is P_n(cot)."""
    c = np.polynomial.Polynomial([0.0, 1.0])
    p = c
    for _ in range(n):
        p = -(1 + c * c) * p.deriv()
    return [float(a) for a in p.coef]


def _lower_zeta(b: Any, z: Any, s: int) -> Any:
    """Sum of ``(z + k) ** -s`` over k from 0, by Euler and Maclaurin (DLMF 25.11.5)."""

    def power(v: Any, exponent: int) -> Any:
        result = v
        for _ in range(exponent - 1):
            result = b.mul(result, v)
        return result

    total = b.zero(z.dtype, z.lanes)
    for k in range(SUMMED):
        total = b.add(total, power(b.reciprocal(b.add(z, float(k))), s))
    inverse = b.reciprocal(b.add(z, float(SUMMED)))
    whole = power(inverse, s - 1)
    term = b.mul(whole, inverse)
    total = b.add(total, b.add(b.mul(whole, 1.0 / (s - 1)), b.mul(term, 0.5)))
    squared, factor = b.mul(inverse, inverse), float(s)
    term = b.mul(term, inverse)
    for j, bernoulli in enumerate(BERNOULLI, 1):
        scale = bernoulli * factor / math.factorial(2 * j)
        total = b.add(total, b.mul(term, scale))
        term = b.mul(term, squared)
        factor *= (s + 2 * j - 1) * (s + 2 * j)
    return total


polygamma_p = Polygamma()


def erf(x: Any) -> Any:
    """Error function.

    Parameters
    ----------
    x : array
        Real; integers are taken as floats.

    Returns
    -------
    array, shape of ``x``, float dtype

    Examples
    --------
    >>> float(erf(0.0))
    0.0
    """
    return erf_p.bind(as_float(x))


def erfc(x: Any) -> Any:
    """``1 - erf(x)``, accurate where it is small.

    Parameters
    ----------
    x : array
        Real; integers are taken as floats.

    Returns
    -------
    array, shape of ``x``, float dtype

    Examples
    --------
    >>> float(erfc(0.0))
    1.0
    """
    return erfc_p.bind(as_float(x))


def erf_inv(x: Any) -> Any:
    """The number whose error function is ``x``, for ``x`` from -1 to 1.

    Parameters
    ----------
    x : array
        Real; integers are taken as floats.

    Returns
    -------
    array, shape of ``x``, float dtype

    Examples
    --------
    >>> erf_inv(np.array([-1.0, 0.0, 1.0]))
    array([-inf,   0.,  inf])
    """
    return erf_inv_p.bind(as_float(x))


def lgamma(x: Any) -> Any:
    """Logarithm of the absolute value of the gamma function.

    Parameters
    ----------
    x : array
        Real; integers are taken as floats.

    Returns
    -------
    array, shape of ``x``, float dtype

    Examples
    --------
    >>> float(lgamma(1.0))
    0.0
    """
    return lgamma_p.bind(as_float(x))


def digamma(x: Any) -> Any:
    """Derivative of ``lgamma``.

    Parameters
    ----------
    x : array
        Real; integers are taken as floats.

    Returns
    -------
    array, shape of ``x``, float dtype

    Examples
    --------
    >>> round(float(digamma(1.0)), 6)  # minus Euler's constant
    -0.577216
    """
    return digamma_p.bind(as_float(x))


def polygamma(n: int, x: Any) -> Any:
    """Derivative of order ``n`` of ``digamma``.

    Parameters
    ----------
    n : int
        At least 0; 0 is ``digamma`` itself.
    x : array, real dtype

    Returns
    -------
    array, shape of ``x``, float dtype

    Examples
    --------
    >>> abs(float(polygamma(1, 1.0)) - np.pi**2 / 6) < 1e-12
    True
    """
    return digamma(x) if n == 0 else polygamma_p.bind(as_float(x), n=int(n))
