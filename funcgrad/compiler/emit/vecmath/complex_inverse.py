"""Inverse trigonometric and hyperbolic functions of complex128 as vector code.

The formulas are those of Hull, Fairgrieve and Tang (ACM TOMS 23, 1997), arranged so
that no difference of rounded numbers is left.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from funcgrad.compiler.emit.arithmetic import Arithmetic
from funcgrad.compiler.emit.value import Value
from funcgrad.compiler.emit.vecmath.complex_exponential import log_size

_LARGE = 2.0**100


class _Ellipse(NamedTuple):
    """What asin and acos of ``x + i y`` (both nonnegative) are made of.

    ``asin = atan2(x, across) + i height`` and ``acos = atan2(across, x) - i height``.
    """

    across: Value
    height: Value


def _ellipse(b: Arithmetic, x: Value, y: Value) -> _Ellipse:
    large = b.cmp("gt", b.fmax(x, y), _LARGE)
    far_height = b.add(log_size(b, x, y), math.log(2.0))
    one = b.const(x.dtype, 1.0, x.lanes)
    u, v = b.select(large, one, x), b.select(large, one, y)
    outside = b.cmp("gt", u, 1.0)
    # Distances from the foci, and the mean a = (r + s) / 2.
    r, s = b.math("hypot", b.add(u, 1.0), v), b.math("hypot", b.sub(u, 1.0), v)
    a = b.mul(b.add(r, s), 0.5)
    right = b.add(r, b.add(u, 1.0))
    gap = b.fabs(b.sub(u, 1.0))
    left = b.add(s, gap)
    # (a - |u|) and (a - 1) over v**2, and in their other form.
    inverse = b.add(b.div(one, right), b.div(one, left))
    mixed = b.add(b.div(b.mul(v, v), right), left)
    sum_ = b.add(a, u)
    over = b.mul(v, b.sqrt(b.mul(b.mul(sum_, 0.5), inverse)))
    across = b.select(outside, over, b.sqrt(b.mul(b.mul(sum_, 0.5), mixed)))
    above = b.add(a, 1.0)
    on_axis = b.cmp("lt", u, 1.0)
    excess = b.select(
        on_axis, b.mul(v, b.mul(b.mul(v, 0.5), inverse)), b.mul(mixed, 0.5)
    )
    inner = b.mul(v, b.sqrt(b.mul(b.mul(above, 0.5), inverse)))
    root = b.select(on_axis, inner, b.sqrt(b.mul(excess, above)))
    height = b.math("log1p", b.add(excess, root))
    return _Ellipse(b.select(large, y, across), b.select(large, far_height, height))


def _arcsine(b: Arithmetic, x: Value, y: Value) -> tuple[Value, Value]:
    size = b.fabs(x)
    form = _ellipse(b, size, b.fabs(y))
    angle = b.math("atan2", size, form.across)
    angle = b.select(b.cmp("eq", x, 0.0), x, angle)
    return b.copysign(angle, x), b.copysign(form.height, y)


def asin(b: Arithmetic, z: Value) -> Value:
    """The inverse sine."""
    return b.complex(*_arcsine(b, *z.parts))


def asinh(b: Arithmetic, z: Value) -> Value:
    """The inverse hyperbolic sine: ``-i asin(i z)``."""
    x, y = z.parts
    real, imag = _arcsine(b, y, x)
    return b.complex(imag, real)


def _arccosine(b: Arithmetic, x: Value, y: Value) -> tuple[Value, Value]:
    form = _ellipse(b, b.fabs(x), b.fabs(y))
    angle = b.math("atan2", form.across, x)
    return b.select(b.cmp("eq", x, 0.0), math.pi / 2, angle), form.height


def acos(b: Arithmetic, z: Value) -> Value:
    """The inverse cosine."""
    x, y = z.parts
    angle, height = _arccosine(b, x, y)
    return b.complex(angle, b.copysign(height, b.neg(y)))


def acosh(b: Arithmetic, z: Value) -> Value:
    """The inverse hyperbolic cosine, with nonnegative real part."""
    x, y = z.parts
    angle, height = _arccosine(b, x, y)
    return b.complex(height, b.copysign(angle, y))


def _artanh(b: Arithmetic, x: Value, y: Value) -> tuple[Value, Value]:
    size, height = b.fabs(x), b.fabs(y)
    one = b.const(x.dtype, 1.0, x.lanes)
    log_two = b.const(x.dtype, math.log(2.0), x.lanes)
    large = b.cmp("gt", b.fmax(size, height), _LARGE)
    u, v = b.select(large, one, size), b.select(large, one, height)
    gap = b.sub(one, u)
    distance = b.math("hypot", gap, v)
    # log of (1 + z) / (1 - z), next to the pole as two logarithms.
    ratio = b.mul(b.div(b.add(u, u), distance), b.div(b.add(one, one), distance))
    real = b.mul(b.math("log1p", ratio), 0.25)
    pole = b.mul(b.sub(log_two, b.math("log", distance)), 0.5)
    real = b.select(b.cmp("lt", distance, 2.0**-60), pole, real)
    imag = b.math("atan2", b.add(v, v), b.sub(b.mul(gap, b.add(u, 1.0)), b.mul(v, v)))
    imag = b.mul(imag, 0.5)
    length = b.math("hypot", b.mul(size, 0.5), b.mul(height, 0.5))
    far = b.mul(b.div(b.mul(size, 0.5), length), b.div(b.mul(one, 0.5), length))
    far = b.select(b.cmp("eq", length, math.inf), 0.0, far)
    real = b.select(large, far, real)
    imag = b.select(large, math.pi / 2, imag)
    imag = b.select(b.is_nan(y), y, imag)
    real = b.select(b.cmp("eq", x, 0.0), x, real)
    return b.copysign(real, x), b.copysign(imag, y)


def atanh(b: Arithmetic, z: Value) -> Value:
    """The inverse hyperbolic tangent."""
    return b.complex(*_artanh(b, *z.parts))


def atan(b: Arithmetic, z: Value) -> Value:
    """The inverse tangent: ``-i atanh(i z)``."""
    x, y = z.parts
    real, imag = _artanh(b, y, x)
    return b.complex(imag, real)
