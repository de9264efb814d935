"""Common subexpressions: equal equations on equal operands are computed once."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from funcgrad.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var


def share_subexpressions(jaxpr: Jaxpr) -> Jaxpr:
    """The program with each pure equation once; inner programs too."""
    env: dict[Var, Var] = {}
    known: dict[Hashable, tuple[Var, ...]] = {}
    eqns: list[Eqn] = []
    for eqn in jaxpr.eqns:
        invars = tuple(_resolve(env, atom) for atom in eqn.invars)
        key = None if eqn.effects else _key(eqn, invars)
        if key is not None and key in known:
            env.update(zip(eqn.outvars, known[key], strict=True))
            continue
        if key is not None:
            known[key] = eqn.outvars
        params = {k: _inner(v) for k, v in eqn.params.items()}
        eqns.append(Eqn(eqn.primitive, invars, params, eqn.outvars, eqn.source))
    outvars = tuple(_resolve(env, atom) for atom in jaxpr.outvars)
    return Jaxpr(jaxpr.constvars, jaxpr.invars, tuple(eqns), outvars, jaxpr.effects)


def _inner(value: Any) -> Any:
    if isinstance(value, Jaxpr):
        return share_subexpressions(value)
    if isinstance(value, tuple) and any(isinstance(v, Jaxpr) for v in value):
        return tuple(_inner(v) for v in value)
    return value


def _resolve(env: dict[Var, Var], atom: Atom) -> Atom:
    return atom if isinstance(atom, Literal) else env.get(atom, atom)


def _key(eqn: Eqn, invars: tuple[Atom, ...]) -> Hashable | None:
    """Equal keys mean equal values; None where parameters can not be compared."""
    params = tuple(sorted(eqn.params.items(), key=lambda item: item[0]))
    key = (eqn.primitive.name, tuple(_atom_key(a) for a in invars), params)
    try:
        hash(key)
    except TypeError:
        return None
    return key


def _atom_key(atom: Atom) -> Hashable:
    if isinstance(atom, Literal):
        value = np.asarray(atom.val)
        return (value.dtype.str, value.tobytes())
    return atom
