"""Calls replaced by the equations of what they call."""

from __future__ import annotations

from typing import Any

from funcgrad.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var, map_inner


def inline_calls(jaxpr: Jaxpr) -> Jaxpr:
    """The program without calls; primitives say what they call by ``called_jaxpr``."""
    env: dict[Var, Atom] = {}
    eqns: list[Eqn] = []
    _inline_into(jaxpr, env, eqns, called=False)
    outvars = tuple(_resolve(env, atom) for atom in jaxpr.outvars)
    return jaxpr.replace(eqns=tuple(eqns), outvars=outvars)


def _inline_into(
    jaxpr: Jaxpr, env: dict[Var, Atom], eqns: list[Eqn], *, called: bool
) -> None:
    for eqn in jaxpr.eqns:
        invars, outvars = eqn.invars, eqn.outvars
        if env:
            invars = tuple([_resolve(env, atom) for atom in invars])
        program = _called_jaxpr(eqn)
        if program is None:
            # Each call gets names of its own, since one jaxpr may be called twice.
            if called:
                outvars = tuple([_renamed(env, var) for var in outvars])
            params = map_inner(inline_calls, eqn.params) if eqn.params else eqn.params
            if called or env or params is not eqn.params:
                eqn = Eqn(eqn.primitive, invars, params, outvars, eqn.source)
            eqns.append(eqn)
            continue
        inner: dict[Var, Atom] = dict(zip(program.invars, invars, strict=True))
        _inline_into(program, inner, eqns, called=True)
        for var, atom in zip(outvars, program.outvars, strict=True):
            env[var] = _resolve(inner, atom)


def _called_jaxpr(eqn: Eqn) -> Jaxpr | None:
    rule: Any = getattr(eqn.primitive, "called_jaxpr", None)
    found: Jaxpr | None = None if rule is None else rule(**eqn.params)
    return found


def _resolve(env: dict[Var, Atom], atom: Atom) -> Atom:
    return atom if isinstance(atom, Literal) else env.get(atom, atom)


def _renamed(env: dict[Var, Atom], var: Var) -> Var:
    new = Var(var.aval)
    env[var] = new
    return new
