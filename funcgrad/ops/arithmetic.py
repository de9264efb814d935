"""Addition, multiplication, division and remainders, entry by entry."""

from __future__ import annotations

import cmath
import operator
import threading
from typing import Any

import numpy as np

from funcgrad.core.dtypes import divide_dtype
from funcgrad.core.numpy_protocol import defines_operator
from funcgrad.core.primitive import Primitive
from funcgrad.core.trace import PYTHON_SCALARS, Tracer, typeof
from funcgrad.ops.cases import binary, case, integers, positive, reals, unary
from funcgrad.ops.elementwise import Elementwise, fit_together, sum_to, wrong_kind
from funcgrad.transforms.transpose import is_linear

_ARRAYS = frozenset({np.ndarray, np.float64})
_PRODUCT_CASES = (*binary(reals), case(integers((4,)), integers((4,))))
_QUOTIENT_CASES = (
    *binary(reals, positive),
    case(integers((6,), -7, 8), integers((6,), 1, 4)),
)


class Additive(Elementwise):
    """Linear in both operands together."""

    linear = True

    def transpose(self, ct: Any, x: Any, y: Any) -> list[Any]:
        parts = []
        for rule, operand in zip(self.rules, (x, y), strict=True):
            if is_linear(operand) and rule is not None:
                parts.append(sum_to(operand, rule(ct, None, x, y)))
            else:
                parts.append(None)
        return parts


def _scaled(ct: Any, d: Any) -> Any:
    """The strong product where the types are known to fit."""
    if _products.plain and type(ct) in _ARRAYS and type(d) in _ARRAYS:
        return ct * d
    return strong_mul(ct, d) if type(d) in PYTHON_SCALARS else strong_mul_p.bind(ct, d)


class Multiplicative(Elementwise):
    """Linear in each operand for itself."""

    linear = True
    scale = staticmethod(_scaled)

    def given_factor(self, number: Any) -> tuple[Primitive, bool]:
        return self, bool(number == 1)

    def transpose(self, ct: Any, x: Any, y: Any) -> list[Any]:
        if is_linear(x):
            part = _scaled(ct, y)
            return [part if x.aval.shape else sum_to(x, part), None]
        part = _scaled(ct, x)
        return [None, part if y.aval.shape else sum_to(y, part)]


class StrongMul(Multiplicative):
    """Product of a tangent and a derivative where zero wins: 0 * inf = 0 * nan = 0.

    A tangent that is exactly zero, such as that of a branch which ``where`` did not
    select, stays exactly zero whatever the local derivative is. Linear in each operand.
    """

    def given_factor(self, number: Any) -> tuple[Primitive, bool]:
        # With a factor that is finite and not zero, any product is a strong one.
        cheaper = mul_p if number != 0 and cmath.isfinite(number) else self
        return cheaper, super().given_factor(number)[1]


class Quotient(Elementwise):
    """Linear in the dividend."""

    linear = True

    def transpose(self, ct: Any, x: Any, y: Any) -> list[Any]:
        return [sum_to(x, div(ct, y)), None]


@defines_operator("add")
def add(x: Any, y: Any) -> Any:
    """Sum, entry by entry.

    Parameters
    ----------
    x, y : array
        Broadcast and promoted as NumPy does.

    Returns
    -------
    array, the common dtype

    Raises
    ------
    ShapeError
        If the shapes do not broadcast.

    Examples
    --------
    >>> add(np.array([1, 2]), 0.5)
    array([1.5, 2.5])
    """
    return add_p(x, y)


@defines_operator("sub")
def sub(x: Any, y: Any) -> Any:
    """Difference, entry by entry.

    Parameters
    ----------
    x, y : array
        Broadcast and promoted as NumPy does.

    Returns
    -------
    array, the common dtype

    Raises
    ------
    ShapeError
        If the shapes do not broadcast.

    Examples
    --------
    >>> sub(np.array([1, 2]), 0.5)
    array([0.5, 1.5])
    """
    return sub_p(x, y)


@defines_operator("mul")
def mul(x: Any, y: Any) -> Any:
    """Product, entry by entry.

    Parameters
    ----------
    x, y : array
        Broadcast and promoted as NumPy does.

    Returns
    -------
    array, the common dtype

    Raises
    ------
    ShapeError
        If the shapes do not broadcast.

    Examples
    --------
    >>> mul(np.array([1.0, 2.0]), 3)
    array([3., 6.])
    """
    return mul_p(x, y)


@defines_operator("neg")
def neg(x: Any) -> Any:
    """Minus ``x``.

    Parameters
    ----------
    x : array

    Returns
    -------
    array, shape of ``x``, the dtype of ``x``

    Examples
    --------
    >>> neg(np.array([1, -2]))
    array([-1,  2])
    """
    return neg_p.bind(x)


@defines_operator("pos")
def pos(x: Any) -> Any:
    """``x`` itself."""
    dtype = typeof(x).dtype
    if dtype.kind == "b":
        raise wrong_kind("positive", dtype, "iufc")
    return x


@defines_operator("truediv")
def div(x: Any, y: Any) -> Any:
    """True quotient, entry by entry; of integers in float64.

    Parameters
    ----------
    x, y : array
        Dividend and divisor; broadcast and promoted as NumPy does.

    Returns
    -------
    array, float or complex dtype

    Raises
    ------
    ShapeError
        If the shapes do not broadcast.

    Examples
    --------
    >>> div(np.array([1, 2, 3]), 2)
    array([0.5, 1. , 1.5])
    """
    return div_p(x, y)


class _Products(threading.local):
    """Whether products of tangents may be plain ones in this thread."""

    plain = False


_products = _Products()


class plain_products:  # noqa: N801  # used as a function
    """Let 0 * inf be nan in tangent rules on arrays, for a caller that looks after it.

    A backward pass whose results are all finite has met no such product: every number
    that is not finite is carried on by all that is linear, or multiplied by a zero that
    makes it nan. So one look at the results replaces one at each product.
    """

    def __enter__(self) -> None:
        self.before = _products.plain
        _products.plain = True

    def __exit__(self, *error: object) -> None:
        _products.plain = self.before


def is_finite(x: Any) -> bool:
    """Whether all entries are finite; may say no where large entries overflow."""
    if isinstance(x, np.ndarray):
        # One number tells: it is not finite if any entry is not.
        entries = x.ravel("K")
        x = entries.dot(entries)
    return cmath.isfinite(x)


def _strong_product(x: Any, y: Any) -> Any:
    # Python's operators: NumPy's own take ten times as long for two numbers. What
    # calls this has switched floating-point warnings off.
    product = x * y
    if _products.plain:
        return product
    if is_finite(product):
        return product
    zero = np.logical_or(np.equal(x, 0), np.equal(y, 0))
    return np.where(zero, np.zeros_like(product), product)[()]


def _quotient(x: Any, y: Any) -> Any:
    try:
        return x / y
    except ZeroDivisionError:  # of two Python numbers
        return np.true_divide(x, y)


def _lower_strong_mul(b: Any, x: Any, y: Any) -> Any:
    zero = b.zero(x.dtype, x.lanes)
    either = b.or_(b.cmp("eq", x, zero), b.cmp("eq", y, zero))
    return b.select(either, zero, b.mul(x, y))


strong_mul_p = StrongMul(
    "strong_mul",
    numpy=_strong_product,
    jvp=[lambda t, z, x, y: strong_mul(t, y), lambda t, z, x, y: strong_mul(t, x)],
    lower=_lower_strong_mul,
    kinds="fc",
    cases=binary(reals),
)


def strong_mul(t: Any, d: Any) -> Any:
    """``t * d``, and zero wherever either is zero; for tangent rules.

    A factor that is a finite number other than zero needs no such care.
    """
    kind = type(d)
    if kind in _ARRAYS and isinstance(t, Tracer) and t.owner.records_only:
        aval = t.aval
        if d.dtype is aval.dtype and d.shape == aval.shape:
            return t.owner.record(strong_mul_p, t, d)
    if kind in PYTHON_SCALARS and d != 0 and cmath.isfinite(d):
        return mul_p.bind(t, d)
    if fit_together(t, d):
        return strong_mul_p.bind(t, d)
    return strong_mul_p(t, d)


add_p = Additive(
    "add",
    numpy=operator.add,
    jvp=[lambda t, z, x, y: t, lambda t, z, x, y: t],
    lower=lambda b, x, y: b.add(x, y),
    keeps_weak_type=True,
    cases=_PRODUCT_CASES,
)
defines_operator("add_tangents")(add_p.bind_plain)
sub_p = Additive(
    "sub",
    numpy=operator.sub,
    jvp=[lambda t, z, x, y: t, lambda t, z, x, y: neg(t)],
    lower=lambda b, x, y: b.sub(x, y),
    kinds="iufc",
    keeps_weak_type=True,
    cases=_PRODUCT_CASES,
)
mul_p = Multiplicative(
    "mul",
    numpy=operator.mul,
    jvp=[lambda t, z, x, y: strong_mul(t, y), lambda t, z, x, y: strong_mul(t, x)],
    lower=lambda b, x, y: b.mul(x, y),
    keeps_weak_type=True,
    cases=_PRODUCT_CASES,
)


class Neg(Elementwise):
    """Minus ``x``."""

    linear = True

    def transpose(self, ct: Any, x: Any) -> list[Any]:
        return [neg(ct)]


neg_p = Neg(
    "neg",
    numpy=operator.neg,
    jvp=[lambda t, y, x: neg(t)],
    lower=lambda b, x: b.neg(x),
    kinds="iufc",
    keeps_weak_type=True,
    cases=(*unary(), case(integers((3,)))),
)


def _lower_div(b: Any, x: Any, y: Any) -> Any:
    dtype = divide_dtype(x.dtype)
    return b.div(b.convert(x, dtype), b.convert(y, dtype))


div_p = Quotient(
    "div",
    numpy=_quotient,
    jvp=[
        lambda t, z, x, y: strong_mul(t, div(1.0, y)),
        lambda t, z, x, y: strong_mul(t, neg(div(z, y))),
    ],
    lower=_lower_div,
    out_dtype=divide_dtype,
    keeps_weak_type=True,
    cost=4,
    cases=_QUOTIENT_CASES,
)
