"""Universal functions that are distribution functions and their inverses."""

from __future__ import annotations

import math
from typing import Any

from funcgrad import ops
from funcgrad.numpy.ufunc import SpecialUfunc
from funcgrad.ops.exponential import as_float
from funcgrad.ops.special import incomplete_beta as beta
from funcgrad.ops.special import incomplete_gamma as gamma
from funcgrad.ops.special import student
from funcgrad.scipy.special.families import of_primitive

stdtr = of_primitive(student.stdtr_p)
stdtrit = of_primitive(student.stdtrit_p)


def _half(x: Any) -> Any:
    return ops.mul(x, 0.5)


def _whole(k: Any) -> Any:
    """The number of events that a count allows."""
    return ops.floor(as_float(k))


def _fdtr(m: Any, n: Any, x: Any) -> Any:
    scaled = ops.mul(m, x)
    return beta.betainc_p(_half(m), _half(n), ops.div(scaled, ops.add(n, scaled)))


def _fdtrc(m: Any, n: Any, x: Any) -> Any:
    return beta.betainc_p(_half(n), _half(m), ops.div(n, ops.add(n, ops.mul(m, x))))


def _fdtri(m: Any, n: Any, p: Any) -> Any:
    below = beta.betaincinv_p(_half(m), _half(n), p)
    above = beta.betainccinv_p(_half(n), _half(m), p)
    return ops.div(ops.mul(n, below), ops.mul(m, above))


def _bdtr(k: Any, n: Any, p: Any) -> Any:
    """Of at most ``k`` successes in ``n`` trials."""
    k, n = _whole(k), as_float(n)
    all_of_them = ops.ge(k, n)
    inside = ops.where(all_of_them, 0.0, k)
    rest = ops.where(all_of_them, 1.0, ops.sub(n, inside))
    value = beta.betaincc_p(ops.add(inside, 1.0), rest, p)
    value = ops.where(all_of_them, 1.0, value)
    return ops.where(_impossible(k, n), math.nan, value)


def _bdtrc(k: Any, n: Any, p: Any) -> Any:
    k, n = _whole(k), as_float(n)
    all_of_them = ops.ge(k, n)
    negative = ops.lt(k, 0.0)
    inside = ops.where(ops.bitwise_or(all_of_them, negative), 0.0, k)
    rest = ops.where(all_of_them, 1.0, ops.sub(n, inside))
    value = beta.betainc_p(ops.add(inside, 1.0), rest, p)
    value = ops.where(all_of_them, 0.0, ops.where(negative, 1.0, value))
    return ops.where(ops.gt(k, n), math.nan, value)


def _impossible(k: Any, n: Any) -> Any:
    return ops.bitwise_or(ops.lt(k, 0.0), ops.gt(k, n))


def _nbdtr(k: Any, n: Any, p: Any) -> Any:
    return beta.betainc_p(as_float(n), ops.add(_whole(k), 1.0), p)


def _nbdtrc(k: Any, n: Any, p: Any) -> Any:
    return beta.betaincc_p(as_float(n), ops.add(_whole(k), 1.0), p)


chdtr = SpecialUfunc("chdtr", lambda v, x: gamma.gammainc_p(_half(v), _half(x)))
chdtrc = SpecialUfunc("chdtrc", lambda v, x: gamma.gammaincc_p(_half(v), _half(x)))
chdtri = SpecialUfunc(
    "chdtri", lambda v, p: ops.mul(2.0, gamma.gammainccinv_p(_half(v), p))
)
gdtr = SpecialUfunc("gdtr", lambda a, b, x: gamma.gammainc_p(b, ops.mul(a, x)))
gdtrc = SpecialUfunc("gdtrc", lambda a, b, x: gamma.gammaincc_p(b, ops.mul(a, x)))
pdtr = SpecialUfunc("pdtr", lambda k, m: gamma.gammaincc_p(ops.add(_whole(k), 1.0), m))
pdtrc = SpecialUfunc("pdtrc", lambda k, m: gamma.gammainc_p(ops.add(_whole(k), 1.0), m))
fdtr = SpecialUfunc("fdtr", _fdtr)
fdtrc = SpecialUfunc("fdtrc", _fdtrc)
fdtri = SpecialUfunc("fdtri", _fdtri)
bdtr = SpecialUfunc("bdtr", _bdtr)
bdtrc = SpecialUfunc("bdtrc", _bdtrc)
nbdtr = SpecialUfunc("nbdtr", _nbdtr)
nbdtrc = SpecialUfunc("nbdtrc", _nbdtrc)
