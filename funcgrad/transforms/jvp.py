"""Forward mode: every value becomes a primal and a tangent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad.core.aval import ShapedArray
from funcgrad.core.primitive import Primitive
from funcgrad.core.trace import Trace, Tracer, new_trace, typeof
from funcgrad.core.tracer import ArrayTracer
from funcgrad.core.vspace import Zero, zero_like
from funcgrad.transforms.stage import JaxprTrace


class JVPTrace(Trace):
    """Applies jvp rules; where tangents are being staged, ``linearize`` rules."""

    def __init__(self, linear: JaxprTrace | None = None) -> None:
        self.linear = linear

    def pair(self, value: Any) -> tuple[Any, Any]:
        """Primal and tangent of any value; a value from outside has tangent zero."""
        if type(value) is JVPTracer and value.owner is self:
            return value.primal, value.tangent
        return value, zero_like(value)

    def process(
        self, primitive: Primitive, operands: Sequence[Any], params: Any
    ) -> Any:
        primals, tangents = [], []
        nonzero = False
        for operand in operands:
            if type(operand) is JVPTracer and operand.owner is self:
                primals.append(operand.primal)
                tangents.append(operand.tangent)
                nonzero = True
            else:
                primals.append(operand)
                tangents.append(Zero(None, operand))
        if not nonzero:
            return primitive.bind(*primals, **params)
        rule = primitive.jvp
        if self.linear is not None:
            rule = getattr(primitive, "linearize", rule)
        result, tangent = rule(primals, tangents, **params)
        if primitive.multiple_results:
            return [self.wrap(r, t) for r, t in zip(result, tangent, strict=True)]
        return result if type(tangent) is Zero else JVPTracer(self, result, tangent)

    def wrap(self, primal: Any, tangent: Any) -> Any:
        if type(tangent) is Zero:
            return primal
        return JVPTracer(self, primal, tangent)


class JVPTracer(ArrayTracer):
    """A primal value and its tangent."""

    __slots__ = ("_aval", "primal", "tangent")

    def __init__(self, trace: JVPTrace, primal: Any, tangent: Any) -> None:
        self.owner = trace
        self.primal = primal
        self.tangent = tangent
        self._aval: ShapedArray | None = None

    @property
    def aval(self) -> ShapedArray:
        aval = self._aval
        if aval is None:
            aval = self._aval = typeof(self.primal)
        return aval

    def concrete(self) -> Any:
        primal = self.primal
        return primal.concrete() if isinstance(primal, Tracer) else primal


def jvp(
    function: Callable[..., Sequence[Any]],
    primals: Sequence[Any],
    tangents: Sequence[Any],
    *,
    linear: JaxprTrace | None = None,
) -> tuple[list[Any], list[Any]]:
    """Results of a flat function and their tangents (``Zero`` where known to be).

    NumPy's floating-point warnings are off: a derivative may have a pole where the
    function has none, and no tangent may reach it.
    """
    with np.errstate(all="ignore"), new_trace(JVPTrace(linear)) as trace:
        results = function(
            *[
                trace.wrap(p, t) if typeof(p).differentiable else p
                for p, t in zip(primals, tangents, strict=True)
            ]
        )
        pairs = [trace.pair(result) for result in results]
    return [primal for primal, _ in pairs], [tangent for _, tangent in pairs]
