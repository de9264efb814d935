"""Equal programs are one: bodies staged anew in each call reuse earlier work.

A loop outside of ``jit`` stages its body in every call. The program is compared with
those of earlier calls, whose compiled code and derivatives are kept with them.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

from funcgrad.core.jaxpr import Atom, Jaxpr, Literal, Var

_CAPACITY = 512
_programs: OrderedDict[Any, Jaxpr] = OrderedDict()
_lock = threading.Lock()


def interned(jaxpr: Jaxpr) -> Jaxpr:
    """An equal program that was given before, or this one."""
    try:
        key = _key(jaxpr)
        hash(key)
    except TypeError:
        return jaxpr  # a parameter is not hashable, such as an array
    with _lock:
        known = _programs.setdefault(key, jaxpr)
        _programs.move_to_end(key)
        if len(_programs) > _CAPACITY:
            _programs.popitem(last=False)
    return known


def _key(jaxpr: Jaxpr) -> Any:
    """What two programs have in common if and only if they do the same."""
    numbers: dict[Var, int] = {}
    for var in (*jaxpr.constvars, *jaxpr.invars):
        numbers[var] = len(numbers)
    parts: list[Any] = [len(jaxpr.constvars), *(v.aval for v in numbers)]
    for eqn in jaxpr.eqns:
        operands = [_atom_key(a, numbers) for a in eqn.invars]
        params = [(name, _param_key(value)) for name, value in eqn.params.items()]
        for var in eqn.outvars:
            numbers[var] = len(numbers)
        avals = [v.aval for v in eqn.outvars]
        parts.append((eqn.primitive, *operands, *params, *avals))
    return (*parts, *[_atom_key(a, numbers) for a in jaxpr.outvars])


def _atom_key(atom: Atom, numbers: dict[Var, int]) -> Any:
    if isinstance(atom, Literal):
        return atom.aval, atom.val.tobytes()
    return numbers[atom]


def _param_key(value: Any) -> Any:
    if isinstance(value, Jaxpr):
        return _key(value)
    if isinstance(value, tuple):
        return tuple([_param_key(item) for item in value])
    if isinstance(value, float):
        return float, value.hex()  # 0.0 == -0.0
    return type(value), value
