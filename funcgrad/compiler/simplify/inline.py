"""Calls replaced by the equations of what they call."""

from __future__ import annotations

from typing import Any

from funcgrad.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var


def inline_calls(jaxpr: Jaxpr) -> Jaxpr:
    """The program without calls; primitives say what they call by ``called_jaxpr``."""
    env: dict[Var, Atom] = {}
    eqns: list[Eqn] = []
    _inline_into(jaxpr, env, eqns)
    outvars = tuple(_resolve(env, atom) for atom in jaxpr.outvars)
    return Jaxpr(jaxpr.constvars, jaxpr.invars, tuple(eqns), outvars, jaxpr.effects)


def _inline_into(jaxpr: Jaxpr, env: dict[Var, Atom], eqns: list[Eqn]) -> None:
    for eqn in jaxpr.eqns:
        invars = tuple(_resolve(env, atom) for atom in eqn.invars)
        called = _called_jaxpr(eqn)
        if called is None:
            outvars = tuple(_renamed(env, var) for var in eqn.outvars)
            params = {k: _inline_param(v) for k, v in eqn.params.items()}
            eqns.append(Eqn(eqn.primitive, invars, params, outvars, eqn.source))
            continue
        # Each call gets names of its own, since one jaxpr may be called twice.
        inner: dict[Var, Atom] = dict(zip(called.invars, invars, strict=True))
        _inline_into(called, inner, eqns)
        for var, atom in zip(eqn.outvars, called.outvars, strict=True):
            env[var] = _resolve(inner, atom)


def _called_jaxpr(eqn: Eqn) -> Jaxpr | None:
    rule: Any = getattr(eqn.primitive, "called_jaxpr", None)
    found: Jaxpr | None = None if rule is None else rule(**eqn.params)
    return found


def _inline_param(value: Any) -> Any:
    if isinstance(value, Jaxpr):
        return inline_calls(value)
    if isinstance(value, tuple) and any(isinstance(v, Jaxpr) for v in value):
        return tuple(_inline_param(v) for v in value)
    return value


def _resolve(env: dict[Var, Atom], atom: Atom) -> Atom:
    return atom if isinstance(atom, Literal) else env.get(atom, atom)


def _renamed(env: dict[Var, Atom], var: Var) -> Var:
    new = Var(var.aval)
    env[var] = new
    return new
