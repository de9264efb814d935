"""Forward mode: every value becomes a primal and a tangent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad.core.aval import ShapedArray
from funcgrad.core.primitive import Primitive
from funcgrad.core.trace import Trace, Tracer, new_trace, shape_of, typeof
from funcgrad.core.tracer import ArrayTracer
from funcgrad.core.vspace import Zero, add_tangents, zero_like


class JVPTrace(Trace):
    """Applies jvp rules; where tangents are being staged, ``linearize`` rules."""

    def __init__(self, linear: Trace | None = None) -> None:
        self.linear = linear

    def pair(self, value: Any) -> tuple[Any, Any]:
        """Primal and tangent of any value; a value from outside has tangent zero."""
        if type(value) is JVPTracer and value.owner is self:
            return value.primal, value.tangent
        return value, zero_like(value)

    def process(
        self, primitive: Primitive, operands: Sequence[Any], params: Any
    ) -> Any:
        rules = primitive.rules
        if rules is not None:
            if len(operands) == 1:  # entry by entry, of a value of this trace
                operand = operands[0]
                x = operand.primal
                y = primitive.bind_plain(x)
                rule = rules[0]
                if rule is None:
                    return y
                t = rule(operand.tangent, y, x)
                return y if type(t) is Zero else JVPTracer(self, y, t)
            if len(operands) == 2:
                return self._process_two(primitive, *operands)
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

    def _process_two(self, primitive: Primitive, left: Any, right: Any) -> Any:
        """Entry by entry, of two operands: at least one is a value of this trace."""
        owned = type(left) is JVPTracer and left.owner is self
        x, t = (left.primal, left.tangent) if owned else (left, None)
        owned = type(right) is JVPTracer and right.owner is self
        y, u = (right.primal, right.tangent) if owned else (right, None)
        a, b = shape_of(x), shape_of(y)
        if a != b and ((not a and t is not None) or (not b and u is not None)):
            # A tangent is to be repeated before it is used.
            tangents = [
                zero_like(x) if t is None else t,
                zero_like(y) if u is None else u,
            ]
            return self.wrap(*primitive.jvp((x, y), tangents))
        z = primitive.bind_plain(x, y)
        first, second = primitive.rules  # type: ignore[misc]
        s = None if t is None or first is None else first(t, z, x, y)
        if u is not None and second is not None:
            s = add_tangents(s, second(u, z, x, y))
        return z if s is None or type(s) is Zero else JVPTracer(self, z, s)

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

    @property
    def shape(self) -> tuple[Any, ...]:
        primal = self.primal
        return primal.shape if type(primal) is np.ndarray else self.aval.shape

    @property
    def strong_dtype(self) -> np.dtype[Any] | None:
        primal: Any = self.primal
        known = type(primal) is np.ndarray
        dtype: np.dtype[Any] | None = primal.dtype if known else super().strong_dtype
        return dtype

    def concrete(self) -> Any:
        primal = self.primal
        return primal.concrete() if isinstance(primal, Tracer) else primal


def jvp(
    function: Callable[..., Sequence[Any]],
    primals: Sequence[Any],
    tangents: Sequence[Any],
    *,
    linear: Trace | None = None,
) -> tuple[list[Any], list[Any]]:
    """Results of a flat function and their tangents (``Zero`` where known to be).

    NumPy's floating-point warnings are off: a derivative may have a pole where the
    function has none, and no tangent may reach it.
    """
    with np.errstate(all="ignore"), new_trace(JVPTrace(linear)) as trace:
        arguments = []
        for p, t in zip(primals, tangents, strict=True):
            moves = type(t) is not Zero and typeof(p).dtype.kind in "fc"
            arguments.append(JVPTracer(trace, p, t) if moves else p)
        results = function(*arguments)
        pairs = [trace.pair(result) for result in results]
    return [primal for primal, _ in pairs], [tangent for _, tangent in pairs]
