"""What reductions do at each step, and reductions of arrays in registers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad.compiler.emit.value import Value
from funcgrad.compiler.lower.nodes import Register


def combine(b: Any, op: str, x: Value, y: Value) -> Value:
    """One step of a reduction."""
    name = {"and": "and_", "or": "or_", "xor": "xor"}.get(op, op)
    result: Value = getattr(b, name)(x, y)
    return result


def identity(op: str, dtype: np.dtype[Any]) -> Any:
    """The value that a reduction starts from."""
    if op in ("add", "or", "xor"):
        return 0
    if op == "mul":
        return 1
    if op == "and":
        return True if dtype.kind == "b" else -1 if dtype.kind == "i" else _top(dtype)
    lowest = op == "max"
    if dtype.kind == "b":
        return not lowest
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return info.min if lowest else info.max
    value = -math.inf if lowest else math.inf
    return complex(value, value) if dtype.kind == "c" else value


def _top(dtype: np.dtype[Any]) -> int:
    return int(np.iinfo(dtype).max)


def reduce_register(ctx: Any, op: str, x: Register, axes: Sequence[int]) -> Register:
    """Reduce an array that is in registers, by shuffles."""
    kept = [axis for axis in range(x.ndim) if axis not in axes]
    order = np.arange(math.prod(x.shape)).reshape(x.shape)
    count = math.prod(x.shape[axis] for axis in kept)
    order = order.transpose([*axes, *kept]).reshape(-1, count)
    shape = tuple(x.shape[axis] for axis in kept)
    if count == 1:
        return Register(ctx.b.reduce(op, x.value), shape)
    total = None
    for row in order.tolist():
        part = ctx.b.shuffle(x.value, row)
        total = part if total is None else combine(ctx.b, op, total, part)
    assert total is not None
    return Register(total, shape)
