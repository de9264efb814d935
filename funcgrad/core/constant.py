"""The primitive of an array that stands in a program: what rules may capture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from funcgrad.core.aval import ShapedArray
from funcgrad.core.primitive import Primitive
from funcgrad.core.trace import typeof


class Constant(Primitive):
    """The array ``value``, which is a parameter: an equation without operands."""

    name = "constant"

    def evaluate(self, *, value: Any) -> Any:
        return value

    def abstract_eval(self, *, value: Any) -> ShapedArray:
        return typeof(value)

    def jvp(
        self, primals: Sequence[Any], tangents: Sequence[Any], *, value: Any
    ) -> Any:
        raise AssertionError("an equation without operands has no tangents")

    def batch(
        self, size: int, operands: Sequence[Any], dims: Sequence[Any], *, value: Any
    ) -> Any:
        return value, None

    def lower(self, ctx: Any, *, value: Any) -> Any:
        return ctx.const(value)


constant_p = Constant()
