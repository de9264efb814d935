"""Common subexpressions: equal equations on equal operands are computed once."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from funcgrad.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var, map_inner, resolve


def share_subexpressions(jaxpr: Jaxpr) -> Jaxpr:
    """The program with each pure equation once; inner programs too."""
    env: dict[Var, Var] = {}
    known: dict[Hashable, tuple[Var, ...]] = {}
    eqns: list[Eqn] = []
    for eqn in jaxpr.eqns:
        invars = eqn.invars
        if env and not env.keys().isdisjoint(invars):
            invars = tuple([resolve(env, atom) for atom in invars])
        key = None if eqn.effects else _key(eqn, invars)
        if key is not None:
            first = known.setdefault(key, eqn.outvars)
            if first is not eqn.outvars:
                env.update(zip(eqn.outvars, first, strict=True))
                continue
        params = map_inner(share_subexpressions, eqn.params)
        if invars is not eqn.invars or params is not eqn.params:
            eqn = Eqn(eqn.primitive, invars, params, eqn.outvars, eqn.source)
        eqns.append(eqn)
    outvars = tuple(resolve(env, atom) for atom in jaxpr.outvars)
    return jaxpr.replace(eqns=tuple(eqns), outvars=outvars)


def _key(eqn: Eqn, invars: tuple[Atom, ...]) -> Hashable | None:
    """Equal keys mean equal values; None where parameters can not be compared."""
    atoms = [_literal_key(a) if isinstance(a, Literal) else a for a in invars]
    if not eqn.params:
        return (eqn.primitive.name, *atoms)
    params = tuple(sorted(eqn.params.items(), key=lambda item: item[0]))
    key = (eqn.primitive.name, *atoms, params)
    try:
        hash(key)
    except TypeError:
        return None
    return key


def _literal_key(atom: Literal) -> Hashable:
    value = np.asarray(atom.val)
    return (value.dtype.str, value.tobytes())
