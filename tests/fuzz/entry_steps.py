"""Steps that act entry by entry: values of a pool in, a value out."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad import ops
from funcgrad.core.trace import typeof
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.structural import (
    broadcast_in_dim,
)
from tests.fuzz.writer import Pool, Writer


def unary_step(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool, "?biufc")
    kind = typeof(x).dtype.kind
    if kind == "b":
        return ops.bitwise_not(x)
    choices = [ops.neg, lambda x: ops.add(x, x), ops.stop_gradient]
    if kind in "if":
        choices += [ops.abs, ops.sign]
    return w.rng.choice(choices)(x)


def binary_step(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool)
    y = w.partner(pool, x)
    kind = typeof(x).dtype.kind
    choices: list[Any] = [ops.add, ops.sub, _small_product, ops.max, ops.min]
    if kind == "b":
        choices = [ops.bitwise_and, ops.bitwise_or, ops.bitwise_xor]
    if kind == "c":
        choices = [ops.add, ops.sub, _small_product]
    pair = (x, y) if w.rng.random() < 0.5 else (y, x)
    return w.rng.choice(choices)(*pair)


def _small_product(x: Any, y: Any) -> Any:
    """A product that does not grow from step to step."""
    product = ops.mul(x, y)
    if typeof(product).dtype.kind != "f":
        return product
    return ops.mul(ops.clamp(-8.0, product, 8.0), 0.5)


def smooth_unary_step(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool, "f")
    if x is None:
        return None
    if w.rng.random() < 0.3:
        return ops.log1p(ops.abs(x))
    choices = [ops.tanh, ops.sin, ops.logistic, ops.exp, ops.cos]
    return w.rng.choice(choices)(ops.tanh(x))


def smooth_binary_step(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool, "f")
    if x is None:
        return None
    y = w.partner(pool, x)
    return ops.div(x, ops.add(ops.mul(y, y), 1.0))


def compare_step(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool, "iuf")
    if x is None:
        return None
    return w.rng.choice([ops.lt, ops.ge, ops.eq, ops.ne])(x, w.partner(pool, x))


def where_step(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool)
    shape = typeof(x).shape
    tests = [c for c in pool if typeof(c).dtype == bool and typeof(c).shape == shape]
    if not tests:
        return None
    y = w.partner(pool, x)
    if typeof(x).dtype.kind == "b" or type(y) is int:
        y = x
    return ops.where(
        w.rng.choice(tests),
        x,
        broadcast_in_dim(y, shape, ()) if typeof(y).shape != shape else y,
    )


def convert_step(w: Writer, pool: Pool) -> Any:
    x = w.pick(pool, "?bif")
    if x is None:
        return None
    return convert_element_type(x, np.dtype(w.rng.choice(("f8", "f4", "i8", "?"))))
