"""Sums of tapes: the cotangents of one tape that two loops read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad.compiler.lower.nodes import Register
from funcgrad.core.aval import ShapedArray
from funcgrad.core.numpy_protocol import defines_operator
from funcgrad.core.primitive import Primitive
from funcgrad.core.trace import typeof
from funcgrad.core.vspace import zero_like
from funcgrad.ops.arithmetic import add
from funcgrad.ops.control.scan import scan_p
from funcgrad.transforms.stage import stage_flat


class TapeLength(Primitive):
    """The number of entries of a tape."""

    name = "tape_length"

    def evaluate(self, x: Any) -> Any:
        return np.int64(len(x))

    def abstract_eval(self, x: ShapedArray) -> ShapedArray:
        return ShapedArray((), np.dtype(np.int64))

    def jvp(self, primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
        length = self.bind(*primals)
        return length, zero_like(length)

    def batch(
        self, size: int, operands: Sequence[Any], dims: Sequence[Any]
    ) -> tuple[Any, Any]:
        return self.bind(*operands), None  # the batch axis of a tape is the second

    def lower(self, ctx: Any, x: Any) -> Any:
        tape = ctx.materialize(x)
        length = tape.length
        return Register(ctx.b.i64(tape.shape[0]) if length is None else length, ())


tape_length_p = TapeLength()


@defines_operator("add_tapes")
def add_tapes(x: Any, y: Any) -> Any:
    """The sum of two tapes of one length."""
    aval = typeof(x)
    row = ShapedArray(aval.shape[1:], aval.dtype)
    (total,) = scan_p.bind(
        tape_length_p.bind(x),
        x,
        y,
        jaxpr=stage_flat(lambda a, b: [add(a, b)], [row, row]),
        num_consts=0,
        num_carry=0,
        length=None,
        reverse=False,
        unroll=1,
    )
    return total
