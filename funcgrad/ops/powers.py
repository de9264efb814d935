"""Powers and roots."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad import errors
from funcgrad.core.aval import ShapedArray
from funcgrad.core.dtypes import check_integer_fits, math_dtype
from funcgrad.core.numpy_protocol import defines_operator
from funcgrad.core.primitive import Primitive
from funcgrad.core.source import user_frame
from funcgrad.core.trace import PYTHON_SCALARS, typeof
from funcgrad.core.vspace import Zero, zero_like
from funcgrad.ops.arithmetic import add, div, mul, neg, strong_mul, sub
from funcgrad.ops.cases import binary, case, complexes, integers, positive, reals, unary
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.comparison import is_zero
from funcgrad.ops.elementwise import Elementwise
from funcgrad.ops.exponential import as_float, float_operands, log, lower_math

_MULTIPLIED = 32
"""Largest exponent that native code reaches by multiplying; above it calls ``pow``."""
_LARGE = 2.0**31


def _signed_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """NumPy computes powers of bool in int8."""
    return np.dtype(np.int8) if dtype.kind == "b" else dtype


def _where_zero(x: Any, flagged: Any) -> Any:
    """``x`` with 1 added where ``flagged`` is zero: no pole, and no NaN, there."""
    return add(x, convert_element_type(is_zero(flagged), typeof(x).dtype))


def _slope_in_base(t: Any, z: Any, x: Any, y: Any) -> Any:
    # The zero exponent wins over the pole of x ** -1 at 0.
    return strong_mul(t, strong_mul(y, pow(x, sub(y, 1.0))))


def _slope_in_exponent(t: Any, z: Any, x: Any, y: Any) -> Any:
    return strong_mul(t, mul(log(_where_zero(x, x)), z))


def _lower_pow(b: Any, x: Any, y: Any) -> Any:
    dtype = _signed_dtype(x.dtype)
    x, y = b.convert(x, dtype), b.convert(y, dtype)
    return _integer_power(b, x, y) if dtype.kind in "iu" else b.math("pow", x, y)


def _integer_power(b: Any, x: Any, y: Any) -> Any:
    """``x ** y`` in wrapping integers; for negative ``y`` towards zero."""
    one = b.const(x.dtype, 1, x.lanes)
    with b.loop(0, 8 * x.dtype.itemsize, carries=[one, x, y]) as loop:
        result, power, rest = loop.carries
        odd = b.cmp("ne", b.and_(rest, 1), 0)
        loop.next = [
            b.select(odd, b.mul(result, power), result),
            b.mul(power, power),
            b.lshr(rest, 1),
        ]
    result = loop.results[0]
    if x.dtype.kind == "u":
        return result
    # Bits of a negative exponent give the right answer for 1 and -1 alone.
    whole = b.or_(b.cmp("eq", x, 1), b.cmp("eq", x, -1))
    return b.select(b.or_(whole, b.cmp("ge", y, 0)), result, 0)


pow_p = Elementwise(
    "pow",
    numpy=np.power,
    jvp=[_slope_in_base, _slope_in_exponent],
    lower=_lower_pow,
    out_dtype=_signed_dtype,
    keeps_weak_type=True,
    cost=60,
    cases=(
        *binary(positive, reals),
        case(integers((5,)), integers((5,), 0, 5)),
        case(complexes((6,)), complexes((6,))),
    ),
)


class IntegerPow(Primitive):
    """``x`` to a power that is a Python integer."""

    name = "integer_pow"
    entrywise = True
    keeps_weak_type = True
    cases = (
        case((2, 3), y=2),
        case((), y=3),
        case((0,), y=1),
        case((3,), y=0),
        case(positive((3,)), y=-1),
        case(positive((3,)), y=-3),
        case(positive((3,)), y=40),
        case(integers((4,)), y=5),
        case(integers((4,)), y=0),
    )

    def evaluate(self, x: Any, *, y: int) -> Any:
        return np.power(x, y) if type(x) in PYTHON_SCALARS else x**y

    def abstract_eval(self, x: ShapedArray, *, y: int) -> ShapedArray:
        if x.dtype.kind in "iu":
            if y < 0:
                raise _negative_power(x, y)
            check_integer_fits(y, x.dtype)
        return ShapedArray(x.shape, x.dtype, x.weak_type)

    def jvp(self, primals: Sequence[Any], tangents: Sequence[Any], *, y: int) -> Any:
        (x,), (t,) = primals, tangents
        z = self.bind(x, y=y)
        if type(t) is Zero or y == 0:
            return z, zero_like(z)
        return z, strong_mul(t, mul(integer_pow(x, y - 1), float(y)))

    def batch(
        self, size: int, operands: Sequence[Any], dims: Sequence[Any], *, y: int
    ) -> Any:
        return self.bind(operands[0], y=y), dims[0]

    def lower(self, ctx: Any, x: Any, *, y: int) -> Any:
        def power(b: Any, v: Any) -> Any:
            if v.dtype.kind in "fc" and np.abs(y) > _MULTIPLIED:
                return b.math("pow", v, b.const(v.dtype, y, v.lanes))
            result = _multiplied(b, v, np.abs(y))
            return b.reciprocal(result) if y < 0 else result

        return ctx.map(power, x, dtype=x.dtype, cost=max(1, int(y).bit_length()))


def _multiplied(b: Any, x: Any, exponent: int) -> Any:
    """``x ** exponent`` by squaring."""
    result = None
    while exponent:
        if exponent & 1:
            result = x if result is None else b.mul(result, x)
        exponent >>= 1
        if exponent:
            x = b.mul(x, x)
    return b.const(x.dtype, 1, x.lanes) if result is None else result


def _negative_power(x: ShapedArray, y: int) -> errors.DTypeError:
    return errors.DTypeError(
        errors.message(
            "integers to negative integer powers are not allowed.",
            where=user_frame(),
            got=f"{x} ** {y}",
            expected="a float base, or an exponent that is not negative",
            fix=f"x ** {float(y)}",
            see=errors.DTypeError.page,
        )
    )


integer_pow_p = IntegerPow()

square_p = Elementwise(
    "square",
    numpy=np.square,
    jvp=[lambda t, y, x: strong_mul(t, mul(x, 2.0))],
    lower=lambda b, x: b.square(b.convert(x, _signed_dtype(x.dtype))),
    out_dtype=_signed_dtype,
    keeps_weak_type=True,
    cases=(*unary(), case(integers((3,)))),
)
reciprocal_p = Elementwise(
    "reciprocal",
    numpy=np.reciprocal,
    jvp=[lambda t, y, x: strong_mul(t, neg(square(y)))],
    lower=lambda b, x: b.reciprocal(b.convert(x, _signed_dtype(x.dtype))),
    out_dtype=_signed_dtype,
    cost=4,
    cases=(*unary(positive), case(integers((3,), 1, 4))),
)
sqrt_p = Elementwise(
    "sqrt",
    numpy=np.sqrt,
    jvp=[lambda t, y, x: strong_mul(t, div(0.5, y))],
    lower=lambda b, x: b.sqrt(b.convert(x, math_dtype(x.dtype))),
    out_dtype=math_dtype,
    cost=5,
    cases=(*unary(positive), case(complexes((6,))), case(integers((3,), 1, 6))),
)
rsqrt_p = Elementwise(
    "rsqrt",
    numpy=lambda x: np.reciprocal(np.sqrt(x)),
    jvp=[lambda t, y, x: strong_mul(t, mul(div(y, x), -0.5))],
    lower=lambda b, x: b.rsqrt(b.convert(x, math_dtype(x.dtype))),
    out_dtype=math_dtype,
    cost=8,
    cases=unary(positive),
)
cbrt_p = Elementwise(
    "cbrt",
    numpy=np.cbrt,
    jvp=[lambda t, y, x: strong_mul(t, div(1.0 / 3.0, square(y)))],
    lower=lower_math("cbrt"),
    out_dtype=math_dtype,
    kinds="biuf",
    cost=30,
    cases=unary(positive),
)
hypot_p = Elementwise(
    "hypot",
    numpy=np.hypot,
    # At the origin, where there is no derivative, it is taken to be 0.
    jvp=[
        lambda t, z, x, y: strong_mul(t, div(x, _where_zero(z, z))),
        lambda t, z, x, y: strong_mul(t, div(y, _where_zero(z, z))),
    ],
    lower=lower_math("hypot"),
    out_dtype=math_dtype,
    kinds="biuf",
    cost=15,
    cases=(*binary(), case(integers((3,)), integers((3,)))),
)


@defines_operator("pow")
def pow(x: Any, y: Any) -> Any:
    """``x`` to the power ``y``.

    An exponent that is a whole Python number is treated as ``integer_pow`` does, 0.5
    as a square root: their derivatives exist at and below zero.

    Parameters
    ----------
    x, y : array
        Base and exponent; broadcast and promoted as NumPy does.

    Returns
    -------
    array

    Raises
    ------
    DTypeError
        For an integer base and a negative exponent that is a Python integer.

    Examples
    --------
    >>> pow(np.array([1.0, 2.0, 3.0]), 2)
    array([1., 4., 9.])
    """
    if type(y) in (int, float) and -_LARGE < y < _LARGE:
        kind = typeof(x).dtype.kind
        if y == 0.5 and kind in "fc":
            return sqrt(x)
        if (kind in "fc" and y == int(y)) or (kind in "iu" and type(y) is int):
            return integer_pow(x, int(y))
    return pow_p(x, y)


def integer_pow(x: Any, y: int) -> Any:
    """``x`` to the power of a Python integer.

    Examples
    --------
    >>> integer_pow(np.array([2.0, -3.0]), 3)
    array([  8., -27.])
    """
    return x if y == 1 else integer_pow_p.bind(x, y=int(y))


def square(x: Any) -> Any:
    """``x * x``.

    Parameters
    ----------
    x : array

    Returns
    -------
    array, shape of ``x``, the dtype of ``x``

    Examples
    --------
    >>> square(np.array([1, -3]))
    array([1, 9])
    """
    return square_p.bind(x)


def reciprocal(x: Any) -> Any:
    """``1 / x``, truncated for integers.

    Parameters
    ----------
    x : array

    Returns
    -------
    array, shape of ``x``, the dtype of ``x``

    Examples
    --------
    >>> reciprocal(np.array([1.0, 4.0]))
    array([1.  , 0.25])
    """
    return reciprocal_p.bind(x)


def sqrt(x: Any) -> Any:
    """Square root; NaN below zero for real ``x``.

    Parameters
    ----------
    x : array
        Integers are taken as floats, as NumPy does.

    Returns
    -------
    array, shape of ``x``, float or complex dtype

    Examples
    --------
    >>> sqrt(np.array([1, 4]))
    array([1., 2.])
    """
    return sqrt_p.bind(x)


def rsqrt(x: Any) -> Any:
    """``1 / sqrt(x)``.

    Parameters
    ----------
    x : array
        Integers are taken as floats, as NumPy does.

    Returns
    -------
    array, shape of ``x``, float or complex dtype

    Examples
    --------
    >>> rsqrt(np.array([1.0, 4.0]))
    array([1. , 0.5])
    """
    return rsqrt_p.bind(as_float(x))


def cbrt(x: Any) -> Any:
    """Real cube root.

    Parameters
    ----------
    x : array
        Real; integers are taken as floats.

    Returns
    -------
    array, shape of ``x``, float dtype

    Examples
    --------
    >>> cbrt(np.array([-8.0, 27.0]))
    array([-2.,  3.])
    """
    return cbrt_p.bind(x)


def hypot(x: Any, y: Any) -> Any:
    """``sqrt(x**2 + y**2)``, without overflow.

    Parameters
    ----------
    x, y : array
        Broadcast and promoted as NumPy does.

    Returns
    -------
    array, float dtype

    Raises
    ------
    ShapeError
        If the shapes do not broadcast.

    Examples
    --------
    >>> hypot(np.array([3.0, 5.0]), np.array([4.0, 12.0]))
    array([ 5., 13.])
    """
    return hypot_p(*float_operands(x, y))
