"""Universal functions of the gamma, beta, Bessel, elliptic and integral families."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from funcgrad import ops
from funcgrad.numpy.ufunc import SpecialUfunc
from funcgrad.ops.elementwise import Elementwise
from funcgrad.ops.exponential import as_float
from funcgrad.ops.special import (
    bessel,
    elliptic,
    hypergeometric,
    incomplete_beta,
    incomplete_gamma,
    integral_functions,
    legendre,
)


def of_primitive(primitive: Elementwise) -> SpecialUfunc:
    """The universal function that is one primitive; integer orders become floats."""
    return SpecialUfunc(primitive.name, _with_floats(primitive))


def _with_floats(primitive: Callable[..., Any]) -> Callable[..., Any]:
    def operation(*operands: Any) -> Any:
        return primitive(*map(as_float, operands))

    return operation


gammainc = of_primitive(incomplete_gamma.gammainc_p)
gammaincc = of_primitive(incomplete_gamma.gammaincc_p)
gammaincinv = of_primitive(incomplete_gamma.gammaincinv_p)
gammainccinv = of_primitive(incomplete_gamma.gammainccinv_p)
betainc = of_primitive(incomplete_beta.betainc_p)
betaincc = of_primitive(incomplete_beta.betaincc_p)
betaincinv = of_primitive(incomplete_beta.betaincinv_p)
betainccinv = of_primitive(incomplete_beta.betainccinv_p)

erfcx = of_primitive(integral_functions.erfcx_p)
erfi = of_primitive(integral_functions.erfi_p)
dawsn = of_primitive(integral_functions.dawsn_p)
exp1 = of_primitive(integral_functions.exp1_p)
expi = of_primitive(integral_functions.expi_p)
expn = of_primitive(integral_functions.expn_p)
spence = of_primitive(integral_functions.spence_p)
owens_t = of_primitive(integral_functions.owens_t_p)
exprel = SpecialUfunc("exprel", integral_functions.exprel)
sici = SpecialUfunc(
    "sici", lambda x: (integral_functions.si_p(x), integral_functions.ci_p(x))
)
shichi = SpecialUfunc(
    "shichi", lambda x: (integral_functions.shi_p(x), integral_functions.chi_p(x))
)
fresnel = SpecialUfunc(
    "fresnel",
    lambda x: (integral_functions.fresnel_s_p(x), integral_functions.fresnel_c_p(x)),
)

jn = jv = of_primitive(bessel.jv_p)
yv = of_primitive(bessel.yv_p)
iv = of_primitive(bessel.iv_p)
ive = of_primitive(bessel.ive_p)
kv = of_primitive(bessel.kv_p)
kve = of_primitive(bessel.kve_p)
yn = SpecialUfunc("yn", _with_floats(bessel.yv_p))
kn = SpecialUfunc("kn", _with_floats(bessel.kv_p))
j0 = of_primitive(bessel.j0_p)
j1 = of_primitive(bessel.j1_p)
y0 = of_primitive(bessel.y0_p)
y1 = of_primitive(bessel.y1_p)
k0 = of_primitive(bessel.k0_p)
k1 = of_primitive(bessel.k1_p)
k0e = of_primitive(bessel.k0e_p)
k1e = of_primitive(bessel.k1e_p)

ellipk = of_primitive(elliptic.ellipk_p)
ellipkm1 = of_primitive(elliptic.ellipkm1_p)
ellipe = of_primitive(elliptic.ellipe_p)
ellipkinc = of_primitive(elliptic.ellipkinc_p)
ellipeinc = of_primitive(elliptic.ellipeinc_p)
lpmv = of_primitive(legendre.lpmv_p)
hyp1f1 = of_primitive(hypergeometric.hyp1f1_p)
hyp2f1 = of_primitive(hypergeometric.hyp2f1_p)


def _gammasgn(x: Any) -> Any:
    """The sign of the gamma function: by the parity of the floor, NaN at the poles."""
    whole = ops.floor(x)
    odd = ops.ne(ops.mod(whole, 2.0), 0.0)
    left = ops.where(odd, -1.0, 1.0)
    left = ops.where(ops.eq(whole, x), math.nan, left)
    right = ops.where(ops.eq(x, 0.0), ops.div(1.0, x), x)
    value = ops.where(ops.ge(x, 0.0), ops.sign(right), left)
    return ops.stop_gradient(ops.where(ops.is_nan(x), x, value))


def _poch(a: Any, m: Any) -> Any:
    """``gamma(a + m) / gamma(a)``, with the signs of both."""
    size = ops.exp(ops.sub(ops.lgamma(ops.add(a, m)), ops.lgamma(a)))
    return ops.mul(size, ops.mul(_gammasgn(ops.add(a, m)), _gammasgn(a)))


def _binom(n: Any, k: Any) -> Any:
    rest = ops.sub(n, k)
    parts = ops.add(ops.lgamma(ops.add(k, 1.0)), ops.lgamma(ops.add(rest, 1.0)))
    size = ops.exp(ops.sub(ops.lgamma(ops.add(n, 1.0)), parts))
    signs = ops.mul(_gammasgn(ops.add(k, 1.0)), _gammasgn(ops.add(rest, 1.0)))
    zero = ops.bitwise_and(_whole_below_zero(k), ops.bitwise_not(_whole_below_zero(n)))
    zero = ops.bitwise_or(
        zero, ops.bitwise_and(_whole_below_zero(rest), ops.ge(n, 0.0))
    )
    value = ops.mul(size, ops.mul(_gammasgn(ops.add(n, 1.0)), signs))
    return ops.where(zero, 0.0, value)


def _whole_below_zero(x: Any) -> Any:
    return ops.bitwise_and(ops.lt(x, 0.0), ops.eq(ops.floor(x), x))


def _loggamma(x: Any) -> Any:
    return ops.where(ops.lt(x, 0.0), math.nan, ops.lgamma(x))


gammasgn = SpecialUfunc("gammasgn", _gammasgn)
poch = SpecialUfunc("poch", _poch)
binom = SpecialUfunc("binom", _binom)
loggamma = SpecialUfunc("loggamma", _loggamma)
