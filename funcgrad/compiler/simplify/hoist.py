"""What a loop would compute anew in every trip goes before it."""

from __future__ import annotations

from typing import Any

from funcgrad.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var


def hoist_invariants(jaxpr: Jaxpr) -> Jaxpr:
    """The program with invariant equations of loops before them; inner ones first.

    Primitives say by ``hoist`` which these are.
    """
    eqns: list[Eqn] = []
    for eqn in jaxpr.eqns:
        params = {k: _inner(v) for k, v in eqn.params.items()}
        invars = eqn.invars
        found = None if eqn.primitive.hoist is None else eqn.primitive.hoist(**params)
        if found is not None:
            (first, last), outside, params = found
            values = _append(outside, invars[first:last], eqn, eqns)
            invars = (*invars[:last], *values, *invars[last:])
        eqns.append(Eqn(eqn.primitive, invars, params, eqn.outvars, eqn.source))
    return Jaxpr(
        jaxpr.constvars, jaxpr.invars, tuple(eqns), jaxpr.outvars, jaxpr.effects
    )


def _inner(value: Any) -> Any:
    if isinstance(value, Jaxpr):
        return hoist_invariants(value)
    if isinstance(value, tuple) and any(isinstance(v, Jaxpr) for v in value):
        return tuple(_inner(v) for v in value)
    return value


def _append(
    program: Jaxpr, operands: tuple[Atom, ...], loop: Eqn, eqns: list[Eqn]
) -> list[Atom]:
    """Append a program's equations under names of their own; its results."""
    env: dict[Atom, Atom] = dict(zip(program.invars, operands, strict=True))
    for eqn in program.eqns:
        invars = tuple(a if isinstance(a, Literal) else env[a] for a in eqn.invars)
        outvars = tuple(Var(v.aval) for v in eqn.outvars)
        env.update(zip(eqn.outvars, outvars, strict=True))
        source = eqn.source or loop.source
        eqns.append(Eqn(eqn.primitive, invars, eqn.params, outvars, source))
    return [env[v] for v in program.outvars]
