"""Functions that SciPy writes in Python: zeta, factorials, spherical harmonics."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

import funcgrad.numpy as fnp
from funcgrad import ops
from funcgrad.core.array import as_array
from funcgrad.core.trace import Tracer, typeof
from funcgrad.numpy.dispatch import as_float
from funcgrad.ops.exponential import scipy_special
from funcgrad.ops.special.legendre import legendre_of_angle_p
from funcgrad.ops.special.zeta_functions import polygamma_of_orders, riemann
from funcgrad.ops.special.zeta_functions import zeta as hurwitz_zeta
from funcgrad.scipy.special.elementary import gamma
from funcgrad.scipy.special.families import binom, jv


def polygamma(n: Any, x: Any) -> Any:
    """The ``n``-th derivative of the digamma function.

    Parameters
    ----------
    n : int or array of integers
        Not differentiated. One number that is known, as opposed to an array or a
        traced value, allows ``x`` below zero.
    x : array, real

    Returns
    -------
    array, shape of ``x``

    Examples
    --------
    >>> math.isclose(polygamma(1, 1.0), math.pi**2 / 6)
    True
    """
    y = as_float(x)
    if isinstance(n, Tracer) or np.ndim(n):
        order = ops.stop_gradient(as_float(n))
        return as_array(polygamma_of_orders(order, y))
    return as_array(ops.polygamma(operator.index(n), y))


def multigammaln(a: Any, d: int) -> Any:
    """Logarithm of the multivariate gamma function of dimension ``d``.

    Parameters
    ----------
    a : array, > (d - 1) / 2
    d : int

    Returns
    -------
    array, shape of ``a``

    Examples
    --------
    >>> float(multigammaln(1.0, 1))
    0.0
    """
    y = as_float(a)
    shifts = np.arange(d, dtype=typeof(y).dtype) / 2
    total = fnp.sum(ops.lgamma(y[..., None] - shifts), axis=-1)
    return total + d * (d - 1) / 4 * math.log(math.pi)


def zeta(x: Any, q: Any = None) -> Any:
    """The Riemann or Hurwitz zeta function, differentiable in both operands.

    Parameters
    ----------
    x : array, real
        With ``q`` greater than 1.
    q : array, > 0, optional
        1 by default, and then ``x`` may be any number.

    Returns
    -------
    array, broadcast shape

    Examples
    --------
    >>> round(float(zeta(2.0)), 6)
    1.644934
    """
    with np.errstate(all="ignore"):
        y = as_float(x)
        if q is None:
            return as_array(riemann(y))
        return as_array(hurwitz_zeta(y, as_float(q)))


def factorial(n: Any, exact: bool = False) -> Any:
    """``gamma(n + 1)``, and 0 for negative ``n``.

    Parameters
    ----------
    n : array, real
    exact : bool, optional
        Only False: integers beyond 20! do not fit.

    Returns
    -------
    array, shape of ``n``

    Examples
    --------
    >>> float(factorial(4))
    24.0
    """
    if exact:
        raise NotImplementedError("factorial(exact=True) has no array form")
    y = as_float(n)
    return as_array(ops.where(ops.lt(y, 0.0), 0.0, gamma(ops.add(y, 1.0))))


def comb(N: Any, k: Any, *, exact: bool = False, repetition: bool = False) -> Any:
    """Number of ways to take ``k`` of ``N`` things, for real numbers as well.

    Parameters
    ----------
    N, k : array, real
    exact : bool, optional
        Only False.
    repetition : bool, optional
        Whether a thing may be taken again.

    Returns
    -------
    array, broadcast shape; 0 where ``k > N`` or one is negative

    Examples
    --------
    >>> float(comb(5.0, 2.0))
    10.0
    """
    if exact:
        raise NotImplementedError("comb(exact=True) has no array form")
    n, m = as_float(N), as_float(k)
    if repetition:
        return comb(n + m - 1, m)
    allowed = (m <= n) & (n >= 0) & (m >= 0)
    return as_array(fnp.where(allowed, binom(n, m), 0.0))


def bernoulli(n: int) -> Any:
    """The Bernoulli numbers from B0 to Bn.

    Parameters
    ----------
    n : int

    Returns
    -------
    array, shape (n + 1,)

    Examples
    --------
    >>> bernoulli(2)
    Array([ 1.        , -0.5       ,  0.16666667])
    """
    return as_array(scipy_special("bernoulli")(operator.index(n))[: n + 1])


def bessel_jn(z: Any, *, v: int, n_iter: int = 50) -> Any:
    """Bessel functions of the first kind of the orders from 0 to ``v``.

    Parameters
    ----------
    z : array, real
    v : int
        The highest order.
    n_iter : int, optional
        Accepted as in JAX; the values are SciPy's.

    Returns
    -------
    array, shape (v + 1, *z.shape)

    Examples
    --------
    >>> bessel_jn(0.0, v=1)
    Array([1., 0.])
    """
    del n_iter
    y = as_float(z)
    orders = np.arange(v + 1.0, dtype=typeof(y).dtype)
    return jv(orders.reshape(-1, *[1] * typeof(y).ndim), y)


def diric(x: Any, n: int) -> Any:
    """Dirichlet's kernel ``sin(n x / 2) / (n sin(x / 2))``.

    Parameters
    ----------
    x : array, real
    n : int

    Returns
    -------
    array, shape of ``x``

    Examples
    --------
    >>> round(float(diric(1.0, 2)), 6)
    0.877583
    """
    y = as_float(x)
    # The cosine sum has no pole where the sines vanish.
    order = operator.index(n)
    if order < 1:
        return as_array(y * math.nan)
    multiples = np.arange(-(order - 1) / 2, order / 2)
    return as_array(fnp.mean(fnp.cos(y[..., None] * multiples), axis=-1))


def sph_harm_y(
    n: Any, m: Any, theta: Any, phi: Any, diff_n: Any = None, n_max: Any = None
) -> Any:
    """Spherical harmonics, differentiable in both angles.

    Parameters
    ----------
    n : array of int, >= 0
        Degree.
    m : array of int
        Order, from -n to n.
    theta : array
        Polar angle, from 0 to pi.
    phi : array
        Azimuth.
    diff_n, n_max : optional
        Accepted as in JAX.

    Returns
    -------
    complex array, broadcast shape

    Examples
    --------
    >>> round(float(sph_harm_y(0, 0, 0.3, 0.2).real), 6) == round(0.5 / math.pi**0.5, 6)
    True
    """
    del diff_n, n_max
    degree, order = as_float(n), as_float(m)
    y = legendre_of_angle_p(order, degree, as_float(theta))
    ratio = ops.lgamma(degree - order + 1.0) - ops.lgamma(degree + order + 1.0)
    scale = fnp.sqrt((2.0 * degree + 1.0) / (4.0 * math.pi)) * fnp.exp(0.5 * ratio)
    angle = order * as_float(phi)
    size = y * scale
    return as_array(size * fnp.cos(angle) + 1j * (size * fnp.sin(angle)))
