"""Sums that a loop would make trip by trip, as one operation after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from funcgrad.compiler.simplify.hoist import append_program
from funcgrad.core.jaxpr import Eqn, Jaxpr, Var, map_programs

T = TypeVar("T")


def postpone_sums(jaxpr: Jaxpr) -> Jaxpr:
    """The program with such sums after loops; inner programs too.

    Primitives say by ``postpone`` which these are.
    """
    eqns: list[Eqn] = []
    for eqn in jaxpr.eqns:
        eqn = map_programs(postpone_sums, eqn)
        rule = eqn.primitive.postpone
        found = None if rule is None else rule(**eqn.params)
        if found is None:
            eqns.append(eqn)
            continue
        invars = _chosen(eqn.invars, found.operands)
        avals = [atom.aval for atom in invars]
        kept = _chosen(eqn.outvars, found.results)
        types = eqn.primitive.abstract_eval(*avals, **found.params)
        stacks = [Var(aval) for aval in types[len(kept) :]]
        outvars = (*kept, *stacks)
        eqns.append(
            Eqn(eqn.primitive, tuple(invars), found.params, outvars, eqn.source)
        )
        sums = _chosen(eqn.outvars, [not stays for stays in found.results])
        read = [*[eqn.invars[k] for k in found.read], *stacks]
        append_program(found.finish, read, eqn, eqns, sums)
    return jaxpr.replace(eqns=tuple(eqns))


def _chosen(values: Sequence[T], flags: Sequence[bool]) -> list[T]:
    return [value for value, flag in zip(values, flags, strict=True) if flag]
