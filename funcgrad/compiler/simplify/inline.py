"""Calls replaced by the equations of what they call."""

from __future__ import annotations

from functools import partial
from typing import Any

from funcgrad.core.jaxpr import Atom, Eqn, Jaxpr, Var, map_inner, resolve


def inline_calls(jaxpr: Jaxpr, fastmath: str | None = None) -> Jaxpr:
    """The program without calls; primitives say what they call by ``called_jaxpr``.

    Those whose arithmetic has other flags than the program's stay: of None, none do.
    """
    env: dict[Var, Atom] = {}
    eqns: list[Eqn] = []
    _inline_into(jaxpr, env, eqns, fastmath, called=False)
    outvars = tuple(resolve(env, atom) for atom in jaxpr.outvars)
    return jaxpr.replace(eqns=tuple(eqns), outvars=outvars)


def fastmath_of(jaxpr: Jaxpr, default: str) -> str:
    """The flags of a program's arithmetic: a call's, where it is no more than that."""
    while len(jaxpr.eqns) == 1:
        (eqn,) = jaxpr.eqns
        program = _called_jaxpr(eqn)
        if program is None:
            break
        if "fastmath" in eqn.params:
            return str(eqn.params["fastmath"])
        jaxpr = program
    return default


def _inline_into(
    jaxpr: Jaxpr,
    env: dict[Var, Atom],
    eqns: list[Eqn],
    fastmath: str | None,
    *,
    called: bool,
) -> None:
    for eqn in jaxpr.eqns:
        invars, outvars = eqn.invars, eqn.outvars
        if env:
            invars = tuple([resolve(env, atom) for atom in invars])
        own = None if fastmath is None else eqn.params.get("fastmath", fastmath)
        program = _called_jaxpr(eqn) if own == fastmath else None
        if program is None:
            # Each call gets names of its own, since one jaxpr may be called twice.
            if called:
                outvars = tuple([_renamed(env, var) for var in outvars])
            params = eqn.params
            if params:
                params = map_inner(partial(inline_calls, fastmath=own), params)
            if called or env or params is not eqn.params:
                eqn = Eqn(eqn.primitive, invars, params, outvars, eqn.source)
            eqns.append(eqn)
            continue
        inner: dict[Var, Atom] = dict(zip(program.invars, invars, strict=True))
        _inline_into(program, inner, eqns, fastmath, called=True)
        for var, atom in zip(outvars, program.outvars, strict=True):
            env[var] = resolve(inner, atom)


def _called_jaxpr(eqn: Eqn) -> Jaxpr | None:
    rule: Any = getattr(eqn.primitive, "called_jaxpr", None)
    found: Jaxpr | None = None if rule is None else rule(**eqn.params)
    return found


def _renamed(env: dict[Var, Atom], var: Var) -> Var:
    new = Var(var.aval)
    env[var] = new
    return new
