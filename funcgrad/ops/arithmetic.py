"""Addition, multiplication and kin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad.core.aval import ShapedArray
from funcgrad.core.numpy_protocol import defines_operator
from funcgrad.core.primitive import Primitive
from funcgrad.core.trace import PYTHON_SCALARS, typeof
from funcgrad.core.vspace import Zero, add_tangents, zero_like
from funcgrad.ops.elementwise import Elementwise
from funcgrad.ops.structural import broadcast_in_dim
from funcgrad.transforms.transpose import is_linear


class Additive(Elementwise):
    """Linear in both operands together; ``signs`` are their coefficients."""

    linear = True

    def transpose(self, ct: Any, x: Any, y: Any) -> list[Any]:
        parts = []
        for rule, operand in zip(self.rules, (x, y), strict=True):
            if not is_linear(operand) or rule is None:
                parts.append(None)
                continue
            part = rule(ct, None, x, y)
            if operand.aval.shape != typeof(part).shape:
                raise AssertionError("tangents are broadcast before they are added")
            parts.append(part)
        return parts


class Multiplicative(Elementwise):
    """Linear in each operand for itself."""

    linear = True

    def transpose(self, ct: Any, x: Any, y: Any) -> list[Any]:
        if is_linear(x):
            return [strong_mul(ct, y), None]
        return [None, strong_mul(ct, x)]


class StrongMul(Elementwise):
    """Product of a tangent and a derivative where zero wins: 0 * inf = 0 * nan = 0.

    A tangent that is exactly zero, such as that of a branch which ``where`` did not
    select, stays exactly zero whatever the local derivative is. Linear in each operand.
    """

    linear = True

    def transpose(self, ct: Any, x: Any, y: Any) -> list[Any]:
        if is_linear(x):
            return [strong_mul(ct, y), None]
        return [None, strong_mul(ct, x)]


def _strong_product(x: Any, y: Any) -> Any:
    with np.errstate(invalid="ignore"):
        product = np.multiply(x, y)
    if np.isfinite(product).all():
        return product
    zero = np.logical_or(np.equal(x, 0), np.equal(y, 0))
    return np.where(zero, np.zeros((), product.dtype), product)[()]


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
)


def strong_mul(t: Any, d: Any) -> Any:
    """``t * d``, and zero wherever either is zero; for tangent rules.

    A factor that is a finite number other than zero needs no such care.
    """
    if type(d) in PYTHON_SCALARS and d != 0 and np.isfinite(d):
        return mul_p.bind(t, d)
    return strong_mul_p(t, d)


add_p = Additive(
    "add",
    numpy=np.add,
    jvp=[lambda t, z, x, y: t, lambda t, z, x, y: t],
    lower=lambda b, x, y: b.add(x, y),
    keeps_weak_type=True,
)
sub_p = Additive(
    "sub",
    numpy=np.subtract,
    jvp=[lambda t, z, x, y: t, lambda t, z, x, y: neg(t)],
    lower=lambda b, x, y: b.sub(x, y),
    kinds="iufc",
    keeps_weak_type=True,
)
mul_p = Multiplicative(
    "mul",
    numpy=np.multiply,
    jvp=[lambda t, z, x, y: strong_mul(t, y), lambda t, z, x, y: strong_mul(t, x)],
    lower=lambda b, x, y: b.mul(x, y),
    keeps_weak_type=True,
)


class Neg(Elementwise):
    """Minus ``x``."""

    linear = True

    def transpose(self, ct: Any, x: Any) -> list[Any]:
        return [neg(ct)]


neg_p = Neg(
    "neg",
    numpy=np.negative,
    jvp=[lambda t, y, x: neg(t)],
    lower=lambda b, x: b.neg(x),
    kinds="iufc",
    keeps_weak_type=True,
)


@defines_operator("add")
def add(x: Any, y: Any) -> Any:
    """Sum, entry by entry."""
    return add_p(x, y)


@defines_operator("sub")
def sub(x: Any, y: Any) -> Any:
    """Difference, entry by entry."""
    return sub_p(x, y)


@defines_operator("mul")
def mul(x: Any, y: Any) -> Any:
    """Product, entry by entry."""
    return mul_p(x, y)


@defines_operator("neg")
def neg(x: Any) -> Any:
    """Minus ``x``."""
    return neg_p.bind(x)
