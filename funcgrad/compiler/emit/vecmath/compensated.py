"""Sums and products of two floats without rounding error, as a float and its error."""

from __future__ import annotations

from funcgrad.compiler.emit.arithmetic import Arithmetic
from funcgrad.compiler.emit.emitter import Operand
from funcgrad.compiler.emit.value import Value

Pair = tuple[Value, Value]


def fast_two_sum(b: Arithmetic, x: Value, y: Value) -> Pair:
    """``x + y`` as sum and error, where ``|x| >= |y|`` or ``x`` is zero."""
    total = b.add(x, y)
    return total, b.sub(y, b.sub(total, x))


def two_sum(b: Arithmetic, x: Value, y: Value) -> Pair:
    """``x + y`` as sum and error."""
    total = b.add(x, y)
    shadow = b.sub(total, x)
    error = b.add(b.sub(x, b.sub(total, shadow)), b.sub(y, shadow))
    return total, error


def two_product(b: Arithmetic, x: Value, y: Operand) -> Pair:
    """``x * y`` as product and error."""
    y = b.like(x, y)
    product = b.mul(x, y)
    return product, b.fma(x, y, b.neg(product))


def pair_product(b: Arithmetic, x: Pair, y: Pair) -> Pair:
    """The product of two pairs, to twice the precision."""
    high, low = two_product(b, x[0], y[0])
    low = b.fma(x[0], y[1], b.fma(x[1], y[0], low))
    return fast_two_sum(b, high, low)
