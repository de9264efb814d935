"""Primitive: an atomic operation and all the rules it has, checked when it is made."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from funcgrad.config import modes
from funcgrad.core.array import Array
from funcgrad.core.aval import ShapedArray
from funcgrad.core.trace import (
    EVALUATION,
    KNOWN_DTYPES,
    Tracer,
    escaped,
    process_outside,
    stack,
    typeof,
)
from funcgrad.errors import PrimitiveDefinitionError

_NO_EFFECTS: frozenset[str] = frozenset()
_ARRAYS = frozenset({np.ndarray, Array, np.float64})


class Primitive:
    """An operation that traces interpret.

    A concrete subclass stands for one operation and gives, in this order:

    ``evaluate(*arrays, **params)``
        the answer, by NumPy;
    ``abstract_eval(*avals, **params)``
        its type; raises every shape and dtype error;
    ``jvp(primals, tangents, **params)``
        answer and tangent; a tangent may be ``Zero``;
    ``transpose(cts, *operands, **params)``
        only where linear: one cotangent (or None) per operand; linear operands come as
        ``LinearOperand``;
    ``batch(size, operands, dims, **params)``
        answer and its batch dimension; a dimension is None where not batched;
    ``lower(b, *operands, **params)``
        native code.

    With ``multiple_results`` answers, types, tangents, dimensions and cotangents are
    lists.
    """

    name: ClassVar[str] = ""
    multiple_results: ClassVar[bool] = False
    linear: ClassVar[bool] = False
    staged_when_constant: ClassVar[bool] = False
    """Whether the call is staged even if no operand is traced (creation, random)."""
    effect: ClassVar[str | None] = None
    is_pure: bool = False
    """Whether no application has effects; found out when the primitive is made."""
    may_overwrite: bool = False
    """Whether ``overwrites`` ever names an operand; found out likewise."""
    keeps_weak_type: ClassVar[bool] = False
    prune: ClassVar[Any] = None
    """``prune(used, **params)`` of primitives that carry programs: which operands and
    results stay where only some results are used, and the parameters then."""
    hoist: ClassVar[Any] = None
    """``hoist(**params)`` of loops: what they compute from their constants alone."""
    postpone: ClassVar[Any] = None
    """``postpone(**params)`` of loops: what they add up that can wait for the end."""
    given_factor: ClassVar[Any] = None
    """``given_factor(number)`` of products of two operands, where one is that number
    throughout: the cheapest primitive that does the same, and whether even that only
    gives the other operand."""
    entrywise: ClassVar[bool] = False
    """Whether each entry of the answer is made of the operands' entries at its place;
    operands of dimension 0 stand for all places."""
    moves_entries: ClassVar[bool] = False
    """Whether the entries of the answer are entries of the operands."""
    repeats: ClassVar[bool] = False
    """Whether the answer is the one operand, repeated as the parameters say, whatever
    its dtype."""
    keeps_type: ClassVar[bool] = False
    """Whether operands of one float type, 0-d ones aside, give an answer of it."""
    scale: ClassVar[Any] = None
    """Of products: ``scale(ct, factor)`` is the cotangent of the first operand, of full
    shape, which the second has multiplied."""
    rules: Sequence[Any] | None = None
    """Where ``jvp`` adds up one term for each operand, and is entry by entry:
    ``rule(t, y, *primals)`` of each, or None where the derivative is zero."""
    cases: ClassVar[Sequence[Any]] = ()

    REQUIRED = ("evaluate", "abstract_eval", "batch", "lower")
    registry: ClassVar[dict[str, Primitive]] = {}

    def __init__(self) -> None:
        _check_rules(self)
        self.is_pure = self.effect is None and not _overridden(self, "effects")
        self.may_overwrite = _overridden(self, "overwrites")
        if self.name in Primitive.registry:
            raise PrimitiveDefinitionError(f"two primitives named {self.name!r}")
        Primitive.registry[self.name] = self

    def bind(self, *operands: Any, **params: Any) -> Any:
        """Apply through the innermost trace among the operands."""
        trace = EVALUATION
        staging = stack.staging
        if staging and (
            self.staged_when_constant or (not self.is_pure and self.effects(**params))
        ):
            trace = staging[-1]
        plain = trace is EVALUATION
        for operand in operands:  # as find_trace, one call less for each operation
            if type(operand) in _ARRAYS:
                plain = plain and id(operand.dtype) in KNOWN_DTYPES
            elif isinstance(operand, Tracer):
                owner = operand.owner
                if not owner.valid:
                    raise escaped(operand)
                if owner.level > trace.level:
                    trace = owner
                plain = False
            else:
                plain = False
        if plain and not modes.special:
            try:
                return self.evaluate(*operands, **params)
            except (ValueError, TypeError, IndexError):
                self.abstract_eval(*map(typeof, operands), **params)  # as EvalTrace
                raise
        if (
            staging
            and staging[-1].level > trace.level
            and not (trace is EVALUATION or trace.records_only)
        ):  # programs of inner traces are being staged while this trace works
            return process_outside(trace, self, operands, params)
        return trace.process(self, operands, params)

    def bind_tangent(self, answer: Any, *operands: Any, **params: Any) -> Any:
        """Apply to a tangent among the operands; ``answer`` has the result's type."""
        trace = EVALUATION
        for operand in operands:
            if isinstance(operand, Tracer) and operand.owner.level > trace.level:
                trace = operand.owner
        if trace.records_only and trace.valid:
            return trace.note(self, operands, params, answer)
        return self.bind(*operands, **params)

    def bind_plain(self, *operands: Any) -> Any:
        """The same without parameters, on what is often arrays of types checked."""
        for operand in operands:
            if type(operand) not in _ARRAYS:
                return self.bind(*operands)
        if modes.special:
            return self.bind(*operands)
        try:
            return self.evaluate(*operands)
        except (ValueError, TypeError, IndexError):
            return self.bind(*operands)  # raises what tells the user more

    def literal_dtype(self, avals: Sequence[ShapedArray]) -> Any:
        """The dtype that Python scalars among operands of these types take on."""
        return None

    def effects(self, **params: Any) -> frozenset[str]:
        """Effects of an application: what keeps it alive and in order."""
        return _NO_EFFECTS if self.effect is None else frozenset({self.effect})

    def overwrites(self, result: int, **params: Any) -> int | None:
        """The place of the operand whose memory a result takes, if it is read last."""
        return None

    def asks_batch(self, **params: Any) -> bool:
        """Whether ``batch`` is to see a whole batch, rather than entries one by one."""
        return False

    def evaluate(self, *operands: Any, **params: Any) -> Any:
        raise NotImplementedError

    def abstract_eval(self, *avals: ShapedArray, **params: Any) -> Any:
        raise NotImplementedError

    def jvp(
        self, primals: Sequence[Any], tangents: Sequence[Any], **params: Any
    ) -> Any:
        raise NotImplementedError

    def batch(
        self, size: int, operands: Sequence[Any], dims: Sequence[Any], **params: Any
    ) -> Any:
        raise NotImplementedError

    def lower(self, b: Any, *operands: Any, **params: Any) -> Any:
        raise NotImplementedError

    def __repr__(self) -> str:
        return self.name


def _overridden(primitive: Primitive, rule: str) -> bool:
    found = getattr(type(primitive), rule, None)
    return found is not None and found is not getattr(Primitive, rule, None)


def _check_rules(primitive: Primitive) -> None:
    name = primitive.name
    if not name:
        raise PrimitiveDefinitionError(f"{type(primitive).__name__} has no name")
    for rule in (*Primitive.REQUIRED, "jvp"):
        if not _overridden(primitive, rule):
            raise PrimitiveDefinitionError(f"primitive {name!r} has no {rule!r} rule")
    if primitive.linear and not _overridden(primitive, "transpose"):
        raise PrimitiveDefinitionError(
            f"primitive {name!r} is linear but has no 'transpose' rule"
        )
    _check_parameters(primitive)


def _check_parameters(primitive: Primitive) -> None:
    """The rules of a primitive take the same keyword parameters."""
    want = _keywords(primitive.abstract_eval)
    for rule in ("evaluate", "jvp", "transpose", "batch", "lower"):
        function = getattr(primitive, rule, None)
        if function is None or want is None:
            continue
        got = _keywords(function)
        if got is not None and got != want:
            raise PrimitiveDefinitionError(
                f"primitive {primitive.name!r}: rule {rule!r} takes parameters "
                f"{sorted(got)}, abstract_eval takes {sorted(want)}"
            )


def _keywords(function: Any) -> set[str] | None:
    """Keyword-only parameters; None where any are taken, or it is not Python's."""
    code = getattr(function, "__code__", None)
    if code is None or code.co_flags & inspect.CO_VARKEYWORDS:
        return None
    start = code.co_argcount
    return set(code.co_varnames[start : start + code.co_kwonlyargcount])
