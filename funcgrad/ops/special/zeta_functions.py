"""The Hurwitz zeta function, differentiable in both operands, and polygamma by it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from funcgrad.ops.arithmetic import neg
from funcgrad.ops.comparison import eq, gt, lt
from funcgrad.ops.exponential import exp, log
from funcgrad.ops.rounding import floor
from funcgrad.ops.rounding import round as round_even
from funcgrad.ops.selection import where
from funcgrad.ops.special.entrywise import Entrywise
from funcgrad.ops.special.error_and_gamma import BERNOULLI, SUMMED, digamma, lgamma
from funcgrad.ops.trigonometric import sin


def _hurwitz(s: Any, q: Any) -> Any:
    """Sum of ``(q + k)**-s`` over k from 0, by Euler and Maclaurin (DLMF 25.11.5)."""
    inside = gt(q, 0.0) & lt(q, np.inf)
    z = where(inside, q, 1.0)
    total: Any = 0.0
    for k in range(SUMMED):
        total = total + exp(-s * log(z + float(k)))
    far = z + float(SUMMED)
    power = exp(-s * log(far))
    pole = eq(s, 1.0)
    total = total + power * (far / where(pole, 1.0, s - 1.0) + 0.5)
    inverse = 1.0 / far
    term = power * s * inverse
    for j, bernoulli in enumerate(BERNOULLI, 1):
        total = total + (bernoulli / math.factorial(2 * j)) * term
        term = term * (s + (2.0 * j - 1.0)) * (s + 2.0 * j) * (inverse * inverse)
    outside = where(eq(q, floor(q)), np.inf, np.nan)
    outside = where(eq(q, np.inf), 0.0, outside)
    return where(inside, where(pole, np.inf, total), outside)


hurwitz = Entrywise(_hurwitz)


def zeta(s: Any, q: Any) -> Any:
    """Hurwitz's zeta function, the sum of ``(q + k)**-s`` over k from 0.

    Derivatives of every order exist in both operands.

    Parameters
    ----------
    s : array, > 1
    q : array, > 0
        They are broadcast together.

    Returns
    -------
    array, broadcast shape

    Examples
    --------
    >>> abs(float(zeta(2.0, 1.0)) - math.pi**2 / 6) < 1e-14
    True
    """
    y = hurwitz(s, q)
    return where(lt(s, 1.0), np.nan, y)


def _riemann(s: Any) -> Any:
    """Left of 0 by ``zeta(1 - s)`` (DLMF 25.4.1)."""
    left = lt(s, 0.0)
    low = where(left, s, -1.0)
    power = exp(low * math.log(2 * math.pi) + lgamma(1.0 - low))
    whole = round_even(low * 0.5)
    sign = 1.0 - 2.0 * (whole - 2.0 * floor(whole * 0.5))
    sine = sign * sin(math.pi * (low * 0.5 - whole))
    reflected = power * sine / math.pi * _hurwitz(1.0 - low, low * 0.0 + 1.0)
    return where(left, reflected, _hurwitz(where(left, 2.0, s), s * 0.0 + 1.0))


riemann = Entrywise(_riemann)


def polygamma_of_orders(n: Any, x: Any) -> Any:
    """Derivatives of ``digamma`` of orders that are an array, for positive ``x``."""
    order = where(eq(n, 0.0), 1.0, n)
    odd = eq(order - 2.0 * floor(order * 0.5), 1.0)
    size = exp(lgamma(order + 1.0)) * hurwitz(order + 1.0, x)
    return where(eq(n, 0.0), digamma(x), where(odd, size, neg(size)))
