"""Reverse mode that runs once: operations on tangents are noted down and walked back.

`linearize` gives a program that may be run, printed and transposed again. A gradient
asked for by value needs none of that: here an operation is a few words, and a cotangent
stands at the tangent it belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad.config import modes
from funcgrad.core.aval import ShapedArray
from funcgrad.core.primitive import Primitive
from funcgrad.core.source import BackwardLine, SourceLine, at_line, current_line
from funcgrad.core.trace import PYTHON_SCALARS, Trace, new_trace, typeof
from funcgrad.core.tracer import ArrayTracer
from funcgrad.core.vspace import Zero, add_tangents
from funcgrad.transforms.jvp import jvp
from funcgrad.transforms.transpose import LinearOperand, transpose_rule

Step = tuple[Primitive, Sequence[Any], Any, SourceLine | None]
"""An operation on tangents that is neither a product nor a sum, and its line."""
_STEP: Any = object()


class RecordTrace(Trace):
    """Notes down what is done to tangents, for one backward pass.

    An entry is what comes out, and three words more: for a product with a factor of the
    tangent's type the rule for its cotangent, the tangent and the factor; for a sum
    None and the two tangents; else `_STEP`, the `Step`, and None.
    """

    records_only = True

    def __init__(self) -> None:
        self.entries: list[tuple[Any, Any, Any, Any]] = []

    def record(self, primitive: Primitive, tangent: Any, factor: Any) -> Any:
        if modes.special:
            return self.process(primitive, (tangent, factor), {})
        result = RecordedTangent(self, tangent.aval)
        self.entries.append((result, primitive.scale, tangent, factor))
        return result

    def add(self, x: Any, y: Any) -> Any:
        result = RecordedTangent(self, x.aval)
        self.entries.append((result, None, x, y))
        return result

    def note(
        self, primitive: Primitive, operands: Sequence[Any], params: Any, answer: Any
    ) -> Any:
        if modes.special:
            return self.process(primitive, operands, params)
        if type(answer) is np.ndarray:
            aval = ShapedArray(answer.shape, answer.dtype)
        else:
            aval = typeof(answer)
        result = RecordedTangent(self, aval)
        step: Step = (primitive, operands, params, None)
        self.entries.append((result, _STEP, step, None))
        return result

    def process(
        self, primitive: Primitive, operands: Sequence[Any], params: Any
    ) -> Any:
        aval: Any = None
        if primitive.keeps_type and not modes.special:
            aval = self._kept_type(operands)
        if aval is None:
            aval = primitive.abstract_eval(*map(typeof, operands), **params)
        source = current_line() if modes.special else None
        step: Step = (primitive, operands, params, source)
        if primitive.multiple_results:
            results = [RecordedTangent(self, a) for a in aval]
            self.entries.append((results, _STEP, step, None))
            return results
        result = RecordedTangent(self, aval)
        scale = primitive.scale
        if scale and type(operands[1]) in PYTHON_SCALARS and not modes.special:
            self.entries.append((result, scale, *operands))
        else:
            self.entries.append((result, _STEP, step, None))
        return result

    def _kept_type(self, operands: Sequence[Any]) -> ShapedArray | None:
        """The type of the answer: that of an operand of full shape, if there is one."""
        aval: ShapedArray | None = None
        wide = False
        for x in operands:
            if type(x) is RecordedTangent and x.owner is self:
                if aval is None or not aval.shape:
                    aval = x.aval
            else:
                wide = wide or (type(x) not in PYTHON_SCALARS and x.shape != ())
        return None if wide and aval is not None and not aval.shape else aval


class RecordedTangent(ArrayTracer):
    """A tangent that is noted down, and in the backward pass its cotangent so far."""

    __slots__ = ("aval", "cotangent")
    aval: ShapedArray

    def __init__(self, trace: RecordTrace, aval: ShapedArray) -> None:
        self.owner = trace
        self.aval = aval
        self.cotangent: Any = None

    def concrete(self) -> Any:
        return None


class Recording:
    """The derivative of a function at a point, to be pulled back.

    Attributes
    ----------
    results : list
        What the function gave.
    """

    __slots__ = ("_inputs", "_outputs", "_trace", "results")

    def __init__(
        self, function: Callable[..., Sequence[Any]], primals: Sequence[Any]
    ) -> None:
        with new_trace(RecordTrace()) as trace:
            inputs: list[Any] = []
            for x in primals:
                aval = typeof(x)
                if aval.dtype.kind in "fc":
                    inputs.append(RecordedTangent(trace, aval.strong()))
                else:
                    inputs.append(Zero(aval.tangent()))
            self.results, self._outputs = jvp(function, primals, inputs, linear=trace)
        self._trace = trace
        self._inputs = inputs

    def pull(self, cotangents: Sequence[Any]) -> list[Any]:
        """Cotangents of the inputs, ``Zero`` where none is, from those of results."""
        inputs = [x for x in self._inputs if type(x) is RecordedTangent]
        for x in inputs:
            x.cotangent = None
        with np.errstate(all="ignore"):  # as in jvp
            for x, ct in zip(self._outputs, cotangents):
                self._arrive(x, ct)
            self._walk_back()
        return [
            x.cotangent
            if type(x) is RecordedTangent and x.cotangent is not None
            else Zero(x.aval)
            for x in self._inputs
        ]

    def _walk_back(self) -> None:
        # This runs for every operation: products and sums are done in place.
        for result, rule, x, y in reversed(self._trace.entries):
            if rule is _STEP:
                self._transpose(result, *x)
                continue
            ct = result.cotangent
            if ct is None:
                continue
            result.cotangent = None
            if rule is None:
                self._arrive(x, ct)
                self._arrive(y, ct)
                continue
            ct, before = rule(ct, y), x.cotangent
            x.cotangent = ct if before is None else add_tangents(before, ct)

    def _transpose(
        self,
        result: Any,
        primitive: Primitive,
        operands: Sequence[Any],
        params: Any,
        source: SourceLine | None,
    ) -> None:
        ct = _taken(result) if primitive.multiple_results else result.cotangent
        if ct is None:
            return
        trace = self._trace
        given = []
        for x in operands:
            own = type(x) is RecordedTangent and x.owner is trace
            given.append(LinearOperand(x.aval) if own else x)
        rule = transpose_rule(primitive)
        if source is None:
            parts = rule(ct, *given, **params)
        else:
            with at_line(BackwardLine(*source)):
                parts = rule(ct, *given, **params)
        if not primitive.multiple_results:
            result.cotangent = None
        for x, part in zip(operands, parts, strict=True):
            if part is not None:
                self._arrive(x, part)

    def _arrive(self, tangent: Any, ct: Any) -> None:
        """Add to the cotangent of a value, if it is a tangent of ours."""
        if type(ct) is Zero:
            return
        if type(tangent) is RecordedTangent and tangent.owner is self._trace:
            before = tangent.cotangent
            tangent.cotangent = ct if before is None else add_tangents(before, ct)


def _taken(results: Sequence[RecordedTangent]) -> list[Any] | None:
    """Cotangents of several results, which forget them; None if none has one."""
    cts = [Zero(x.aval) if x.cotangent is None else x.cotangent for x in results]
    for x in results:
        x.cotangent = None
    return None if all(type(ct) is Zero for ct in cts) else cts
