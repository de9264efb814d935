"""Transpose: the backward pass over a linear jaxpr."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad.core.jaxpr import Eqn, Jaxpr, Literal, Var
from funcgrad.core.primitive import Primitive
from funcgrad.core.source import BackwardLine, replay
from funcgrad.core.vspace import Zero, add_tangents
from funcgrad.errors import DifferentiationError

LinearOperand = Var
"""Stands for an operand that a program is linear in: a type without a value."""


def is_linear(operand: Any) -> bool:
    """Whether an operand of a transpose rule is one that the program is linear in."""
    return type(operand) is LinearOperand


def transpose_rule(primitive: Primitive) -> Any:
    """How cotangents go back through an operation; an error if it is not linear."""
    rule = getattr(primitive, "transpose", None)
    if rule is None:
        raise DifferentiationError(
            f"{primitive.name} is not linear and can not be transposed"
        )
    return rule


def backward_pass(
    jaxpr: Jaxpr,
    consts: Sequence[Any],
    cotangents: Sequence[Any],
) -> list[Any]:
    """Cotangents of the jaxpr's inputs (``Zero`` where none arrives).

    The jaxpr is linear in ``invars``; ``consts`` are the values of ``constvars``.
    """
    known: dict[Var, Any] = dict(zip(jaxpr.constvars, consts, strict=True))
    linear = set(jaxpr.invars)
    cts: dict[Var, Any] = {}
    with np.errstate(all="ignore"):  # as in jvp
        todo = _forward_residuals(jaxpr, known, linear)
        for atom, ct in zip(jaxpr.outvars, cotangents, strict=True):
            if ct is not None and type(ct) is not Zero and atom in linear:
                cts[atom] = add_tangents(cts[atom], ct) if atom in cts else ct
        outer = replay.line
        line = None
        try:
            for eqn in reversed(todo):
                if eqn.source is not line:
                    line = eqn.source
                    replay.line = BackwardLine(*line) if line else outer
                _transpose_eqn(eqn, known, linear, cts)
        finally:
            replay.line = outer
    return [cts.get(v, Zero(v.aval)) for v in jaxpr.invars]


def _forward_residuals(
    jaxpr: Jaxpr, known: dict[Var, Any], linear: set[Var]
) -> list[Eqn]:
    """Evaluate what depends on residuals only; the rest is to be transposed."""
    todo = []
    for eqn in jaxpr.eqns:
        if not linear.isdisjoint(eqn.invars):
            linear.update(eqn.outvars)
            todo.append(eqn)
            continue
        operands = [a.val if type(a) is Literal else known[a] for a in eqn.invars]  # type: ignore[index]
        result = eqn.primitive.bind(*operands, **eqn.params)
        results = result if eqn.primitive.multiple_results else [result]
        known.update(zip(eqn.outvars, results, strict=True))
    return todo


def _transpose_eqn(
    eqn: Eqn, known: dict[Var, Any], linear: set[Var], cts: dict[Var, Any]
) -> None:
    primitive, invars = eqn.primitive, eqn.invars
    if primitive.multiple_results:
        if not any(v in cts for v in eqn.outvars):
            return
        ct: Any = [cts.pop(v, None) for v in eqn.outvars]
        ct = [
            Zero(v.aval) if c is None else c
            for c, v in zip(ct, eqn.outvars, strict=True)
        ]
    else:
        ct = cts.pop(eqn.outvars[0], None)
        if ct is None:
            return
    operands = [
        a.val if type(a) is Literal else a if a in linear else known[a]  # type: ignore[index]
        for a in invars
    ]
    rule = transpose_rule(primitive)
    parts = rule(ct, *operands, **eqn.params) if eqn.params else rule(ct, *operands)
    for atom, part in zip(invars, parts, strict=True):
        if part is not None and type(part) is not Zero and atom in linear:
            before = cts.get(atom)
            cts[atom] = part if before is None else add_tangents(before, part)
