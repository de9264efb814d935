"""Entry-by-entry functions of NumPy that are not universal functions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad import ops
from funcgrad.core.trace import typeof
from funcgrad.deferred import deferred_module
from funcgrad.numpy.dispatch import as_float, given, promote, to_array, traces
from funcgrad.numpy.indexing import where
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.elementwise import wrong_kind

if TYPE_CHECKING:
    from funcgrad.ops.special import bessel_scaled as bessel
else:
    bessel = deferred_module("funcgrad.ops.special.bessel_scaled")


@traces(np.real)
def real(val: Any) -> Any:
    """Real part; a real array is its own."""
    x = to_array(val)
    return ops.real(x) if typeof(x).dtype.kind == "c" else x


@traces(np.imag)
def imag(val: Any) -> Any:
    """Imaginary part; zeros for a real array."""
    x = to_array(val)
    if typeof(x).dtype.kind == "c":
        return ops.imag(x)
    return ops.broadcast_to(np.zeros((), typeof(x).dtype), typeof(x).shape)


@traces(np.angle)
def angle(z: Any, deg: bool = False) -> Any:
    """Angle of a complex number in the plane, from -pi to pi."""
    x = to_array(z)
    # NumPy's zero is an integer, so that small integers give small floats.
    part = imag(x) if typeof(x).dtype.kind == "c" else 0
    result = np.arctan2(part, real(x))
    return np.degrees(result) if deg else result


@traces(np.iscomplex)
def iscomplex(x: Any) -> Any:
    """Whether the imaginary part is not zero."""
    return imag(x) != 0


@traces(np.isreal)
def isreal(x: Any) -> Any:
    """Whether the imaginary part is zero."""
    return imag(x) == 0


@traces(np.iscomplexobj)
def iscomplexobj(x: Any) -> bool:
    """Whether the dtype is complex."""
    return typeof(to_array(x)).dtype.kind == "c"


@traces(np.isrealobj)
def isrealobj(x: Any) -> bool:
    """Whether the dtype is not complex."""
    return not iscomplexobj(x)


@traces(np.isposinf)
def isposinf(x: Any, out: Any = None) -> Any:
    """Whether an entry is plus infinity."""
    return to_array(x) == math.inf


@traces(np.isneginf)
def isneginf(x: Any, out: Any = None) -> Any:
    """Whether an entry is minus infinity."""
    return to_array(x) == -math.inf


@traces(np.clip)
def clip(
    a: Any,
    a_min: Any = None,
    a_max: Any = None,
    out: Any = None,
    *,
    min: Any = None,
    max: Any = None,
    **kwargs: Any,
) -> Any:
    """Entries moved into the range from ``a_min`` to ``a_max``."""
    low = a_min if given(a_min) else min
    high = a_max if given(a_max) else max
    x = to_array(a)
    if given(low):
        x = np.maximum(x, low)
    return np.minimum(x, high) if given(high) else x


@traces(np.round, np.around)
def round(a: Any, decimals: int = 0, out: Any = None) -> Any:
    """Entries rounded to this many decimals, halves to even."""
    x = to_array(a)
    dtype = typeof(x).dtype
    if dtype.kind == "b":  # NumPy takes it as a float, and for no decimals only
        if decimals != 0:
            raise wrong_kind("round", dtype, "iufc")
        return np.rint(x)
    if dtype.kind in "iu":
        if decimals >= 0:
            return x
        scale = 10**-decimals
        return convert_element_type(np.rint(x / scale), dtype) * dtype.type(scale)
    if dtype.kind == "c":
        parts = round(ops.real(x), decimals), round(ops.imag(x), decimals)
        return ops.complex(*parts)
    if decimals == 0:
        return np.rint(x)
    if decimals > 0:
        scale = dtype.type(10.0**decimals)
        return np.rint(x * scale) / scale
    scale = dtype.type(10.0**-decimals)
    return np.rint(x / scale) * scale


around = round


@traces(np.fix)
def fix(x: Any, out: Any = None) -> Any:
    """Entries rounded towards zero."""
    return np.trunc(to_array(x))


@traces(np.sinc)
def sinc(x: Any) -> Any:
    """``sin(pi x) / (pi x)``, and 1 at 0; all derivatives there are exact."""
    y = to_array(x)
    dtype = typeof(y).dtype
    y = convert_element_type(y, dtype if dtype.kind in "fc" else np.float64) * math.pi
    near = np.abs(y) < 1e-3
    square = y * y
    series = 1 - square / 6 * (1 - square / 20 * (1 - square / 42))
    safe = where(near, 1.0, y)
    return where(near, series, np.sin(safe) / safe)


@traces(np.nan_to_num)
def nan_to_num(
    x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    """NaN and infinities replaced: by 0 and the largest numbers unless told."""
    y = to_array(x)
    dtype = typeof(y).dtype
    if dtype.kind == "c":
        parts = [nan_to_num(p, copy, nan, posinf, neginf) for p in (real(y), imag(y))]
        return ops.complex(*parts)
    if dtype.kind != "f":
        return y
    limits = np.finfo(dtype)
    y = where(np.isnan(y), dtype.type(nan), y)
    high = dtype.type(posinf) if given(posinf) else limits.max
    low = dtype.type(neginf) if given(neginf) else limits.min
    y = where(y == math.inf, high, y)
    return where(y == -math.inf, low, y)


@traces(np.isclose)
def isclose(
    a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: bool = False
) -> Any:
    """Whether ``|a - b| <= atol + rtol * |b|``; equal infinities are close."""
    x, y = promote([to_array(a), to_array(b)])
    if typeof(x).dtype.kind in "biu":
        x, y = (convert_element_type(v, np.float64) for v in (x, y))
    near = (np.abs(x - y) <= atol + rtol * np.abs(y)) & np.isfinite(y)
    near = near | (x == y)
    return near | (np.isnan(x) & np.isnan(y)) if equal_nan else near


@traces(np.allclose)
def allclose(
    a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: bool = False
) -> Any:
    """Whether all entries are close; a traced bool."""
    return np.all(isclose(a, b, rtol, atol, equal_nan))


@traces(np.array_equal)
def array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> Any:
    """Whether the shapes and all entries are equal; a traced bool."""
    x, y = to_array(a1), to_array(a2)
    if typeof(x).shape != typeof(y).shape:
        return np.False_
    same = x == y
    if equal_nan:
        same = same | (np.isnan(x) & np.isnan(y))
    return np.all(same)


@traces(np.array_equiv)
def array_equiv(a1: Any, a2: Any) -> Any:
    """Whether the arrays are equal once broadcast together; a traced bool."""
    try:
        same = to_array(a1) == to_array(a2)
    except ValueError:
        return np.False_
    return np.all(same)


@traces(np.unwrap)
def unwrap(
    p: Any, discont: Any = None, axis: int = -1, *, period: Any = 2 * math.pi
) -> Any:
    """Jumps of more than half a period taken out by adding whole periods."""
    x = as_float(p)
    jump = np.diff(x, axis=axis)
    half = period / 2
    wrapped = np.mod(jump + half, period) - half
    wrapped = where((wrapped == -half) & (jump > 0), half, wrapped)
    correction = wrapped - jump
    limit = half if discont is None else discont
    correction = where(np.abs(jump) < limit, 0.0, correction)
    added = np.cumsum(correction, axis=axis)
    shape = list(typeof(x).shape)
    shape[axis] = 1
    start = ops.broadcast_to(np.zeros((), typeof(x).dtype), tuple(shape))
    return x + np.concatenate([start, added], axis=axis)


@traces(np.i0)
def i0(x: Any) -> Any:
    """Modified Bessel function of the first kind of order 0."""
    return bessel.i0(as_float(x))


@traces(np.real_if_close)
def real_if_close(a: Any, tol: float = 100) -> Any:
    """A traced value keeps its dtype, which may not depend on its entries."""
    return to_array(a)
