"""Is a jaxpr well formed: every variable bound once before use, every type right."""

from __future__ import annotations

from funcgrad.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var, subjaxprs
from funcgrad.errors import JaxprError


def check_jaxpr(jaxpr: Jaxpr) -> None:
    """Raise ``JaxprError`` unless scopes, types and effects of the program agree."""
    scope: set[Var] = set()
    for var in (*jaxpr.constvars, *jaxpr.invars):
        _bind(var, scope, jaxpr)
    for eqn in jaxpr.eqns:
        _check_eqn(eqn, scope, jaxpr)
    for atom in jaxpr.outvars:
        _read(atom, scope, jaxpr)
    effects = frozenset().union(*(eqn.effects for eqn in jaxpr.eqns))
    if effects != jaxpr.effects:
        raise JaxprError(
            f"effects {sorted(jaxpr.effects)} are declared, {sorted(effects)} found"
        )


def _bind(var: Var, scope: set[Var], jaxpr: Jaxpr) -> None:
    if var in scope:
        raise JaxprError(f"a variable of type {var.aval} is bound twice in\n{jaxpr}")
    scope.add(var)


def _read(atom: Atom, scope: set[Var], jaxpr: Jaxpr) -> None:
    if isinstance(atom, Literal):
        if atom.aval.shape != ():
            raise JaxprError(f"a literal has shape {atom.aval.shape}, expected ()")
    elif atom not in scope:
        raise JaxprError(f"a variable of type {atom.aval} is not in scope in\n{jaxpr}")


def _check_eqn(eqn: Eqn, scope: set[Var], jaxpr: Jaxpr) -> None:
    for atom in eqn.invars:
        _read(atom, scope, jaxpr)
    for sub in subjaxprs(eqn.params):
        check_jaxpr(sub)
    types = eqn.primitive.abstract_eval(*(a.aval for a in eqn.invars), **eqn.params)
    if not eqn.primitive.multiple_results:
        types = [types]
    if len(types) != len(eqn.outvars):
        raise JaxprError(
            f"{eqn.primitive} gives {len(types)} results, {len(eqn.outvars)} are bound"
        )
    for aval, var in zip(types, eqn.outvars, strict=True):
        if not aval.same_type(var.aval):
            raise JaxprError(f"{eqn.primitive} gives {aval}, bound to {var.aval}")
        _bind(var, scope, jaxpr)
