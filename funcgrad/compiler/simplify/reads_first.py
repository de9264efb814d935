"""Reads of an array before the update that may take its memory.

``b = a.at[i].set(x)`` copies ``a`` where an equation to come reads it, which in a loop
costs the size of ``a`` in every trip. Read first, it can be overwritten.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from funcgrad.core.jaxpr import Eqn, Jaxpr, Var, map_inner


def read_before_update(jaxpr: Jaxpr) -> Jaxpr:
    """The program with such reads moved forward; inner programs too."""
    eqns = [_inside(eqn) for eqn in jaxpr.eqns]
    place = 0
    while place < len(eqns):
        early = _readers(eqns, place)
        if early:
            rest = [e for k, e in enumerate(eqns[place:], place) if k not in early]
            eqns[place:] = [*(eqns[k] for k in early), *rest]
        place += 1 + len(early)
    return Jaxpr(
        jaxpr.constvars, jaxpr.invars, tuple(eqns), jaxpr.outvars, jaxpr.effects
    )


def _inside(eqn: Eqn) -> Eqn:
    params = map_inner(read_before_update, eqn.params)
    if params is eqn.params:
        return eqn
    return Eqn(eqn.primitive, eqn.invars, params, eqn.outvars, eqn.source)


def _readers(eqns: Sequence[Eqn], place: int) -> list[int]:
    """The equations after one that can go before it, so that it may overwrite."""
    taken = _overwritten(eqns[place])
    if not taken:
        return []
    made = {v: k for k in range(place, len(eqns)) for v in eqns[k].outvars}
    early: set[int] = set()
    for k in range(place + 1, len(eqns)):
        if k in early or taken.isdisjoint(eqns[k].invars) or _overwritten(eqns[k]):
            continue
        needed = _needed(eqns, k, made)
        if place not in needed and not any(eqns[n].effects for n in needed):
            early |= needed
    return sorted(early)


def _overwritten(eqn: Eqn) -> set[Any]:
    """The variables whose memory results may take."""
    places = [
        eqn.primitive.overwrites(k, **eqn.params) for k in range(len(eqn.outvars))
    ]
    found = {eqn.invars[place] for place in places if place is not None}
    return {v for v in found if type(v) is Var and v.aval.shape}


def _needed(eqns: Sequence[Eqn], place: int, made: dict[Any, int]) -> set[int]:
    """An equation, and those of the ones in ``made`` that it depends on."""
    found = {place}
    todo = [place]
    while todo:
        for v in eqns[todo.pop()].invars:
            source = made.get(v) if type(v) is Var else None
            if source is not None and source not in found:
                found.add(source)
                todo.append(source)
    return found
