"""Operations on entries that repeat are done once, before they are repeated."""

from __future__ import annotations

from funcgrad.core.jaxpr import Eqn, Jaxpr, Literal, Var, map_programs


def operate_before_repeating(jaxpr: Jaxpr) -> Jaxpr:
    """The program with such operations first; inner programs too."""
    repeats: dict[Var, Eqn] = {}
    eqns: list[Eqn] = []
    for eqn in jaxpr.eqns:
        if eqn.params:
            eqn = map_programs(operate_before_repeating, eqn)
        elif repeats and eqn.primitive.entrywise and (found := _repeat(eqn, repeats)):
            operation, eqn = found
            eqns.append(operation)
        if eqn.primitive.repeats:
            repeats[eqn.outvars[0]] = eqn
        eqns.append(eqn)
    return jaxpr.replace(eqns=tuple(eqns))


def _repeat(eqn: Eqn, repeats: dict[Var, Eqn]) -> tuple[Eqn, Eqn] | None:
    """The operation on what all operands repeat alike, and its answer repeated."""
    first: Eqn | None = None
    operands = []
    for atom in eqn.invars:
        if not atom.aval.shape:
            operands.append(atom)
            continue
        made = None if isinstance(atom, Literal) else repeats.get(atom)
        if made is None:
            return None
        operands.append(made.invars[0])
        if first is None:
            first = made
        elif first.params != made.params:
            return None
        if first.invars[0].aval.shape != made.invars[0].aval.shape:
            return None
    if first is None:
        return None
    (old,) = eqn.outvars
    new = Var(old.aval.update(shape=first.invars[0].aval.shape))
    operation = Eqn(eqn.primitive, tuple(operands), {}, (new,), eqn.source)
    return operation, Eqn(first.primitive, (new,), first.params, (old,), eqn.source)
