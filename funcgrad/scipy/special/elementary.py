"""Universal functions made of elementary ones: logits, entropies, gamma, normal."""

from __future__ import annotations

import math
from typing import Any

import funcgrad.numpy as fnp
from funcgrad import ops
from funcgrad.numpy.ufunc import SpecialUfunc
from funcgrad.ops.special import bessel_scaled as bessel
from funcgrad.ops.special.small_differences import log_beta
from funcgrad.scipy.special.normal import log_ndtr as _log_ndtr
from funcgrad.scipy.special.normal import ndtri as _ndtri

_LN10 = math.log(10.0)


def _positive_part(x: Any) -> tuple[Any, Any]:
    """Where ``x`` is positive, and ``x`` there, 1 elsewhere."""
    positive = ops.gt(x, 0.0)
    return positive, ops.where(positive, x, 1.0)


def _entr(x: Any) -> Any:
    positive, safe = _positive_part(x)
    inside = ops.neg(ops.mul(safe, ops.log(safe)))
    outside = ops.where(ops.eq(x, 0.0), 0.0, -math.inf)
    return ops.where(ops.is_nan(x), x, ops.where(positive, inside, outside))


def _rel_entr(x: Any, y: Any) -> Any:
    x, y = fnp.broadcast_arrays(x, y)
    both = ops.bitwise_and(ops.gt(x, 0.0), ops.gt(y, 0.0))
    safe_x, safe_y = ops.where(both, x, 1.0), ops.where(both, y, 1.0)
    inside = ops.mul(safe_x, ops.log(ops.div(safe_x, safe_y)))
    zero = ops.bitwise_and(ops.eq(x, 0.0), ops.ge(y, 0.0))
    outside = ops.where(zero, 0.0, math.inf)
    unknown = ops.bitwise_or(ops.is_nan(x), ops.is_nan(y))
    return ops.where(unknown, math.nan, ops.where(both, inside, outside))


def _kl_div(x: Any, y: Any) -> Any:
    x, y = fnp.broadcast_arrays(x, y)
    return ops.add(_rel_entr(x, y), ops.sub(y, ops.where(ops.lt(x, 0.0), 0.0, x)))


def _xlogy(x: Any, y: Any) -> Any:
    x, y = fnp.broadcast_arrays(x, y)
    zero = ops.bitwise_and(ops.eq(x, 0.0), ops.bitwise_not(ops.is_nan(y)))
    return ops.where(zero, 0.0, ops.mul(x, ops.log(ops.where(zero, 1.0, y))))


def _xlog1py(x: Any, y: Any) -> Any:
    x, y = fnp.broadcast_arrays(x, y)
    zero = ops.bitwise_and(ops.eq(x, 0.0), ops.bitwise_not(ops.is_nan(y)))
    return ops.where(zero, 0.0, ops.mul(x, ops.log1p(ops.where(zero, 0.0, y))))


def _gamma(x: Any) -> Any:
    """By ``exp(lgamma(x))``; left of 1/2 by the reflection formula."""
    left = ops.lt(x, 0.5)
    right = ops.exp(ops.lgamma(ops.where(left, 1.0, x)))
    mirrored = ops.sub(1.0, ops.where(left, x, 0.0))
    sine = _sin_pi(ops.where(left, x, 0.5))
    reflected = ops.div(math.pi, ops.mul(sine, ops.exp(ops.lgamma(mirrored))))
    pole = ops.bitwise_and(ops.lt(x, 0.0), ops.eq(x, ops.floor(x)))
    return ops.where(pole, math.nan, ops.where(left, reflected, right))


def _rgamma(x: Any) -> Any:
    """By ``exp(-lgamma(x))``; left of 1/2 by the reflection formula, 0 at poles."""
    left = ops.lt(x, 0.5)
    right = ops.exp(ops.neg(ops.lgamma(ops.where(left, 1.0, x))))
    sine = _sin_pi(ops.where(left, x, 0.5))
    grown = ops.exp(ops.lgamma(ops.sub(1.0, ops.where(left, x, 0.0))))
    reflected = ops.mul(ops.div(sine, math.pi), grown)
    # Far to the left the factor is infinite, at the zeros too.
    far = ops.bitwise_and(ops.eq(x, ops.floor(x)), ops.eq(grown, math.inf))
    return ops.where(left, ops.where(far, 0.0, reflected), right)


def _sin_pi(x: Any) -> Any:
    """``sin(pi x)``, exact at whole and half numbers."""
    whole = ops.round(x)
    odd = ops.ne(ops.mod(whole, 2.0), 0.0)
    value = ops.sin(ops.mul(ops.sub(x, whole), math.pi))
    return ops.where(odd, ops.neg(value), value)


def _log_expit(x: Any) -> Any:
    return ops.neg(ops.logaddexp(ops.neg(x), 0.0))


def _logit(p: Any) -> Any:
    """From the odds, or near 1/2 from ``log1p``, where a difference would cancel."""
    far = ops.bitwise_or(ops.lt(p, 0.3), ops.gt(p, 0.65))
    outer = ops.log(ops.div(p, ops.sub(1.0, p)))
    centered = ops.mul(2.0, ops.sub(ops.where(far, 0.5, p), 0.5))
    inner = ops.sub(ops.log1p(centered), ops.log1p(ops.neg(centered)))
    return ops.where(far, outer, inner)


def _ndtr(x: Any) -> Any:
    return ops.mul(0.5, ops.erfc(ops.mul(x, -math.sqrt(0.5))))


def _erfcinv(x: Any) -> Any:
    return ops.mul(_ndtri(ops.mul(0.5, x)), -math.sqrt(0.5))


def _boxcox(x: Any, lam: Any) -> Any:
    return _power_minus_one(ops.log(x), lam)


def _boxcox1p(x: Any, lam: Any) -> Any:
    return _power_minus_one(ops.log1p(x), lam)


def _power_minus_one(log: Any, lam: Any) -> Any:
    """``(exp(lam * log) - 1) / lam``, and its limit at 0, with derivatives in both."""
    small = ops.lt(ops.abs(lam), 1e-10)
    safe = ops.where(small, 1.0, lam)
    half = ops.mul(0.5, ops.mul(lam, ops.mul(log, log)))
    return ops.where(
        small, ops.add(log, half), ops.div(ops.expm1(ops.mul(safe, log)), safe)
    )


def _inv_boxcox(y: Any, lam: Any) -> Any:
    return ops.exp(_log_of_inverse(y, lam))


def _inv_boxcox1p(y: Any, lam: Any) -> Any:
    return ops.expm1(_log_of_inverse(y, lam))


def _log_of_inverse(y: Any, lam: Any) -> Any:
    zero = ops.eq(lam, 0.0)
    safe = ops.where(zero, 1.0, lam)
    return ops.where(zero, y, ops.div(ops.log1p(ops.mul(safe, y)), safe))


def _huber(delta: Any, r: Any) -> Any:
    size = ops.abs(r)
    quadratic = ops.mul(0.5, ops.mul(r, r))
    linear = ops.mul(delta, ops.sub(size, ops.mul(0.5, delta)))
    loss = ops.where(ops.le(size, delta), quadratic, linear)
    return ops.where(ops.lt(delta, 0.0), math.inf, loss)


def _pseudo_huber(delta: Any, r: Any) -> Any:
    ratio = ops.div(r, ops.where(ops.eq(delta, 0.0), 1.0, delta))
    square = ops.mul(ratio, ratio)
    # sqrt(1 + s) - 1 without cancellation.
    root = ops.div(square, ops.add(1.0, ops.sqrt(ops.add(1.0, square))))
    return ops.mul(ops.mul(delta, delta), root)


expit = SpecialUfunc("expit", ops.logistic)
logit = SpecialUfunc("logit", _logit)
log_expit = SpecialUfunc("log_expit", _log_expit)
erf = SpecialUfunc("erf", ops.erf)
erfc = SpecialUfunc("erfc", ops.erfc)
erfinv = SpecialUfunc("erfinv", ops.erf_inv)
erfcinv = SpecialUfunc("erfcinv", _erfcinv)
gammaln = SpecialUfunc("gammaln", ops.lgamma)
gamma = SpecialUfunc("gamma", _gamma)
rgamma = SpecialUfunc("rgamma", _rgamma)
psi = digamma = SpecialUfunc("psi", ops.digamma)
betaln = SpecialUfunc("betaln", log_beta)
beta = SpecialUfunc("beta", lambda a, b: ops.exp(log_beta(a, b)))
xlogy = SpecialUfunc("xlogy", _xlogy)
xlog1py = SpecialUfunc("xlog1py", _xlog1py)
entr = SpecialUfunc("entr", _entr)
rel_entr = SpecialUfunc("rel_entr", _rel_entr)
kl_div = SpecialUfunc("kl_div", _kl_div)
ndtr = SpecialUfunc("ndtr", _ndtr)
log_ndtr = SpecialUfunc("log_ndtr", _log_ndtr)
ndtri = SpecialUfunc("ndtri", _ndtri)
boxcox = SpecialUfunc("boxcox", _boxcox)
boxcox1p = SpecialUfunc("boxcox1p", _boxcox1p)
inv_boxcox = SpecialUfunc("inv_boxcox", _inv_boxcox)
inv_boxcox1p = SpecialUfunc("inv_boxcox1p", _inv_boxcox1p)
huber = SpecialUfunc("huber", _huber)
pseudo_huber = SpecialUfunc("pseudo_huber", _pseudo_huber)
i0 = SpecialUfunc("i0", bessel.i0)
i0e = SpecialUfunc("i0e", bessel.i0e)
i1 = SpecialUfunc("i1", bessel.i1)
i1e = SpecialUfunc("i1e", bessel.i1e)
cbrt = SpecialUfunc("cbrt", ops.cbrt)
exp2 = SpecialUfunc("exp2", ops.exp2)
exp10 = SpecialUfunc("exp10", lambda x: ops.exp(ops.mul(x, _LN10)))
expm1 = SpecialUfunc("expm1", ops.expm1)
log1p = SpecialUfunc("log1p", ops.log1p)
round = SpecialUfunc("round", ops.round)
