"""What a loop's body computes from its constants alone: the body without it.

Each function gives None, or the places of the loop's constants among its operands, a
program from these constants to values, and the parameters of the loop that takes those
values as further constants.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from funcgrad.compiler.lower.nodes import REGISTER_ENTRIES
from funcgrad.core.aval import known_size
from funcgrad.core.jaxpr import Atom, Eqn, Jaxpr, Var, dead_code, subjaxprs
from funcgrad.ops.contraction import dot_general_p
from funcgrad.ops.control.inner import memoized
from funcgrad.ops.structural import transpose_p

DEAR = 8
"""Price of an entry, in additions, that is worth the memory of an array."""

Hoisted = tuple[tuple[int, int], Jaxpr, dict[str, Any]]


def hoist_scan(*, jaxpr: Jaxpr, num_consts: int, **params: Any) -> Hoisted | None:
    """A scan without invariant work in its body."""
    parts = _parts(jaxpr, num_consts)
    if parts is None:
        return None
    first = 0 if params["length"] is not None else 1
    more = len(parts.outside.outvars)
    changed = {"jaxpr": parts.inside, "num_consts": num_consts + more, **params}
    return (first, first + num_consts), parts.outside, changed


def hoist_while(
    *, body_jaxpr: Jaxpr, num_cond_consts: int, num_body_consts: int, **params: Any
) -> Hoisted | None:
    """A while loop without invariant work in its body."""
    parts = _parts(body_jaxpr, num_body_consts)
    if parts is None:
        return None
    changed = {
        "body_jaxpr": parts.inside,
        "num_cond_consts": num_cond_consts,
        "num_body_consts": num_body_consts + len(parts.outside.outvars),
        **params,
    }
    places = (num_cond_consts, num_cond_consts + num_body_consts)
    return places, parts.outside, changed


class _Parts(NamedTuple):
    outside: Jaxpr
    """constants -> values."""
    inside: Jaxpr
    """The body, with these values behind its constants."""


@memoized
def _parts(jaxpr: Jaxpr, num_consts: int) -> _Parts | None:
    constant: set[Atom] = set(jaxpr.invars[:num_consts])
    outside: list[Eqn] = []
    inside: list[Eqn] = []
    worth: set[Var] = set()
    sources: dict[Atom, int] = {}
    for eqn in jaxpr.eqns:
        fixed = all(a in constant for a in eqn.invars if type(a) is Var)
        if not fixed or eqn.effects or subjaxprs(eqn.params):
            turned = _by_columns(eqn, constant)
            if turned is not None:
                turn, eqn = turned
                outside.append(turn)
                worth.update(turn.outvars)
            inside.append(eqn)
            continue
        constant.update(eqn.outvars)
        outside.append(eqn)
        read = [sources.get(a, _entries(a)) for a in eqn.invars if type(a) is Var]
        if _is_worth(eqn, read):
            worth.update(eqn.outvars)
            continue
        inside.append(eqn)
        if eqn.primitive.moves_entries:
            sources[eqn.outvars[0]] = max(read, default=0)
    kept, live = dead_code(inside, jaxpr.outvars)
    values = tuple(v for eqn in outside for v in eqn.outvars if v in worth & live)
    if not values:
        return None
    needed, _ = dead_code(outside, values)
    consts = jaxpr.invars[:num_consts]
    invars = (*consts, *values, *jaxpr.invars[num_consts:])
    return _Parts(
        Jaxpr((), consts, tuple(needed), values),
        Jaxpr((), invars, tuple(kept), jaxpr.outvars, jaxpr.effects),
    )


def _by_columns(eqn: Eqn, constant: set[Atom]) -> tuple[Eqn, Eqn] | None:
    """A constant matrix, transposed, and its product with a vector that varies.

    A vector of sums that fits registers is made of the matrix's columns.
    """
    if eqn.primitive is not dot_general_p:
        return None
    (contracted, _), batch = eqn.params["dimension_numbers"]
    matrix, vector = eqn.invars
    fits = _entries(eqn.outvars[0]) <= REGISTER_ENTRIES < _entries(matrix)
    is_product = contracted == (1,) and batch == ((), ()) and vector.aval.ndim == 1
    if not (fits and is_product and matrix in constant and matrix.aval.ndim == 2):
        return None
    rows, columns = matrix.aval.shape
    columns_first = Var(matrix.aval.update(shape=(columns, rows)))
    params = eqn.params | {"dimension_numbers": (((0,), (0,)), batch)}
    turn = Eqn(transpose_p, (matrix,), {"permutation": (1, 0)}, (columns_first,))
    invars = (columns_first, vector)
    return turn, Eqn(eqn.primitive, invars, params, eqn.outvars, eqn.source)


def _is_worth(eqn: Eqn, read: Sequence[int]) -> bool:
    """Whether reading the result costs less than computing it in every trip.

    ``read`` are the entries of what the operands are views of.
    """
    if not any(read):
        return False
    most = max(read)
    result = max(_entries(v) for v in eqn.outvars)
    if eqn.primitive.moves_entries:
        return 1 < most <= REGISTER_ENTRIES >= result
    dear = getattr(eqn.primitive, "cost", DEAR) >= DEAR
    return dear or result <= max(most, REGISTER_ENTRIES)


def _entries(atom: Atom) -> int:
    return known_size(atom.aval.shape)
