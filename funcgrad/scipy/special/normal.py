"""The normal distribution function in its tails, and its inverse."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from funcgrad import ops

# Wichura 1988, algorithm AS 241 (doi:10.2307/2347330), PPND16: lowest power first.
_CENTER = (
    (
        3.3871328727963666080,
        133.14166789178437745,
        1971.5909503065514427,
        13731.693765509461125,
        45921.953931549871457,
        67265.770927008700853,
        33430.575583588128105,
        2509.0809287301226727,
    ),
    (
        1.0,
        42.313330701600911252,
        687.18700749205790830,
        5394.1960214247511077,
        21213.794301586595867,
        39307.895800092710610,
        28729.085735721942674,
        5226.4952788528545610,
    ),
)
_MIDDLE = (
    (
        1.42343711074968357734,
        4.63033784615654529590,
        5.76949722146069140550,
        3.64784832476320460504,
        1.27045825245236838258,
        0.241780725177450611770,
        2.27238449892691845833e-2,
        7.74545014278341407640e-4,
    ),
    (
        1.0,
        2.05319162663775882187,
        1.67638483018380384940,
        0.689767334985100004550,
        0.148103976427480074590,
        1.51986665636164571966e-2,
        5.47593808499534494600e-4,
        1.05075007164441684324e-9,
    ),
)
_FAR = (
    (
        6.65790464350110377720,
        5.46378491116411436990,
        1.78482653991729133580,
        0.296560571828504891230,
        2.65321895265761230930e-2,
        1.24266094738807843860e-3,
        2.71155556874348757815e-5,
        2.01033439929228813265e-7,
    ),
    (
        1.0,
        0.599832206555887937690,
        0.136929880922735805310,
        1.48753612908506148525e-2,
        7.86869131145613259100e-4,
        1.84631831751005468180e-5,
        1.42151175831644588870e-7,
        2.04426310338993978564e-15,
    ),
)


def _polynomial(coefficients: Sequence[float], x: Any) -> Any:
    y: Any = coefficients[-1]
    for c in coefficients[-2::-1]:
        y = ops.add(ops.mul(y, x), c)
    return y


def _ratio(fraction: Sequence[Sequence[float]], x: Any) -> Any:
    return ops.div(_polynomial(fraction[0], x), _polynomial(fraction[1], x))


def ndtri(p: Any) -> Any:
    """The argument at which the normal distribution function is ``p``."""
    q = ops.sub(p, 0.5)
    central = ops.le(ops.abs(q), 0.425)
    inner = ops.where(central, q, 0.0)
    center = ops.mul(inner, _ratio(_CENTER, ops.sub(0.180625, ops.mul(inner, inner))))
    tail = ops.min(p, ops.sub(1.0, p))
    inside = ops.bitwise_and(ops.gt(tail, 0.0), ops.bitwise_not(central))
    r = ops.sqrt(ops.neg(ops.log(ops.where(inside, tail, 0.25))))
    outer = ops.where(
        ops.le(r, 5.0),
        _ratio(_MIDDLE, ops.sub(r, 1.6)),
        _ratio(_FAR, ops.sub(r, 5.0)),
    )
    outer = ops.where(ops.lt(q, 0.0), ops.neg(outer), outer)
    edge = ops.where(ops.eq(p, 0.0), -math.inf, math.inf)
    known = ops.bitwise_or(ops.eq(p, 0.0), ops.eq(p, 1.0))
    edge = ops.where(known, edge, math.nan)
    return ops.where(central, center, ops.where(inside, outer, edge))


def log_ndtr(x: Any) -> Any:
    """Logarithm of the normal distribution function, accurate in both tails."""
    right = ops.gt(x, -1.0)
    far = ops.lt(x, -10.0)
    upper = ops.mul(0.5, ops.erfc(ops.mul(ops.where(right, x, 0.0), math.sqrt(0.5))))
    middle = ops.where(ops.bitwise_or(right, far), -5.0, x)
    lower = ops.mul(0.5, ops.erfc(ops.mul(middle, -math.sqrt(0.5))))
    tail = _log_tail(ops.where(far, x, -20.0))
    return ops.where(
        right, ops.log1p(ops.neg(upper)), ops.where(far, tail, ops.log(lower))
    )


def _log_tail(x: Any) -> Any:
    """``log_ndtr`` far left: ``-x**2/2 - log(-x) - log(2 pi)/2`` and a series."""
    inverse = ops.div(1.0, ops.mul(x, x))
    # sum of (-1)**k (2k - 1)!! / x**(2k): below x = -10 the terms fall to 1e-16.
    total: Any = 0.0
    for k in range(24, 0, -1):
        total = ops.mul(ops.mul(inverse, -(2.0 * k - 1.0)), ops.add(1.0, total))
    square = ops.mul(-0.5, ops.mul(x, x))
    rest = ops.sub(ops.log1p(total), ops.log(ops.neg(x)))
    return ops.add(square, ops.sub(rest, 0.5 * math.log(2 * math.pi)))
