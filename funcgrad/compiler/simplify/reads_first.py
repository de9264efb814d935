"""Reads of an array before the update that may take its memory.

``b = a.at[i].set(x)`` copies ``a`` where an equation to come reads it, which in a loop
costs the size of ``a`` in every trip. Read first, it can be overwritten.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from funcgrad.core.jaxpr import Eqn, Jaxpr, Var, map_programs


def read_before_update(jaxpr: Jaxpr) -> Jaxpr:
    """The program with such reads moved forward; inner programs too."""
    eqns = [map_programs(read_before_update, eqn) for eqn in jaxpr.eqns]
    if not any(eqn.primitive.may_overwrite for eqn in eqns):
        return jaxpr.replace(eqns=tuple(eqns))
    order = _Order(eqns)
    place = 0
    while place < len(order.eqns):
        early = order.readers(place)
        if early:
            order.move(early, place)
        place += 1 + len(early)
    return jaxpr.replace(eqns=tuple(order.eqns))


class _Order:
    """Equations in the order they will have, and who makes and reads what."""

    def __init__(self, eqns: list[Eqn]) -> None:
        self.eqns = eqns
        self._at = {id(eqn): place for place, eqn in enumerate(eqns)}
        self._made: dict[Any, Eqn] = {v: eqn for eqn in eqns for v in eqn.outvars}
        self._read: dict[Any, list[Eqn]] = {}
        for eqn in eqns:
            for atom in eqn.invars:
                if type(atom) is Var:
                    self._read.setdefault(atom, []).append(eqn)

    def readers(self, place: int) -> list[int]:
        """The equations after one that can go before it, so that it may overwrite."""
        early: set[int] = set()
        found = {
            self._at[id(eqn)]
            for var in _overwritten(self.eqns[place])
            for eqn in self._read[var]
        }
        for k in sorted(found):
            if k <= place or k in early or _overwritten(self.eqns[k]):
                continue
            needed = self._needed(k, place)
            if place not in needed and not any(self.eqns[n].effects for n in needed):
                early |= needed
        return sorted(early)

    def move(self, early: Sequence[int], place: int) -> None:
        """Put equations right before another one."""
        stop = early[-1] + 1
        chosen = set(early)
        rest = [self.eqns[k] for k in range(place, stop) if k not in chosen]
        self.eqns[place:stop] = [*(self.eqns[k] for k in early), *rest]
        self._at.update((id(self.eqns[k]), k) for k in range(place, stop))

    def _needed(self, place: int, start: int) -> set[int]:
        """An equation, and those from ``start`` on that it depends on."""
        found = {place}
        todo = [place]
        while todo:
            for v in self.eqns[todo.pop()].invars:
                made = self._made.get(v) if type(v) is Var else None
                source = -1 if made is None else self._at[id(made)]
                if source >= start and source not in found:
                    found.add(source)
                    todo.append(source)
        return found


def _overwritten(eqn: Eqn) -> set[Any]:
    """The variables whose memory results may take."""
    if not eqn.primitive.may_overwrite:
        return set()
    places = [
        eqn.primitive.overwrites(k, **eqn.params) for k in range(len(eqn.outvars))
    ]
    found = {eqn.invars[place] for place in places if place is not None}
    return {v for v in found if type(v) is Var and v.aval.shape}
