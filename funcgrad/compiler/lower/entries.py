"""Arrays of two to four entries in loops: one register for each entry.

A vector register is ready when its slowest entry is. Where a loop takes arrays apart
and joins what it computes from the parts, as the right-hand side of a differential
equation does, each entry then waits for all others, at every stage. Kept apart, it
waits for what it is made of, and taking apart and joining cost nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad.compiler.emit.value import Value
from funcgrad.compiler.lower.nodes import Entries, Node, Register
from funcgrad.core.jaxpr import Eqn, Jaxpr

MOST = 4
"""Entries of an array that are worth a register each."""
DEAR = 8
"""Price of an operation, in additions, from which it is done on all entries at once."""


def prefers_entries(jaxpr: Jaxpr) -> bool:
    """Whether a loop's body joins small arrays, and does no more with them than that
    and operations entry by entry.
    """
    joins = False
    for eqn in jaxpr.eqns:
        if not any(_few(a.aval.shape) for a in (*eqn.invars, *eqn.outvars)):
            continue
        primitive = eqn.primitive
        if not (primitive.entrywise or primitive.moves_entries or _sums(eqn)):
            return False
        if primitive.moves_entries and len(eqn.invars) > 1:
            joins = True
    return joins


def _few(shape: Sequence[Any]) -> bool:
    return all(isinstance(n, int) for n in shape) and 1 < math.prod(shape) <= MOST


def _sums(eqn: Eqn) -> bool:
    return eqn.primitive.name == "reduce_sum"


def by_entries(ctx: Any, eqn: Eqn, operands: Sequence[Node]) -> Node | None:
    """The result of an equation, entry by entry; None where it is not done so."""
    primitive = eqn.primitive
    if primitive.moves_entries:
        return _moved(ctx, eqn, operands)
    if primitive.entrywise and getattr(primitive, "cost", 1) < DEAR:
        return _mapped(ctx, eqn, operands)
    return None


def _moved(ctx: Any, eqn: Eqn, operands: Sequence[Node]) -> Node | None:
    """What moves entries says which goes where when it is given their numbers."""
    shape = eqn.outvars[0].aval.shape
    sizes = [_size(x) for x in operands]
    if (not _few(shape) and shape and math.prod(shape) != 1) or max(sizes) > MOST:
        return None
    numbers = []
    values: list[Value] = []
    for x, size in zip(operands, sizes, strict=True):
        first = len(values)
        numbers.append(np.arange(first, first + size).reshape(x.shape))
        values += entries_of(ctx, x)
    order = np.asarray(eqn.primitive.evaluate(*numbers, **eqn.params)).ravel().tolist()
    return _node([values[k] for k in order], shape)


def _size(x: Node) -> int:
    known = isinstance(x, Register | Entries)
    return math.prod(x.shape) if known else MOST + 1


def _mapped(ctx: Any, eqn: Eqn, operands: Sequence[Node]) -> Node | None:
    if not any(isinstance(x, Entries) for x in operands):
        return None
    shape = eqn.outvars[0].aval.shape
    columns = []
    for x in operands:
        values = entries_of(ctx, x)
        columns.append(values if x.shape else values * math.prod(shape))
    found = []
    for row in zip(*columns, strict=True):
        scalars = [Register(value, ()) for value in row]
        found.append(ctx.value(eqn.primitive.lower(ctx, *scalars, **eqn.params)))
    return _node(found, shape)


def _node(values: Sequence[Value], shape: Sequence[int]) -> Node:
    if len(values) == 1:
        return Register(values[0], shape)
    return Entries(values, shape)


def entries_of(ctx: Any, x: Node) -> list[Value]:
    """Every entry of a small array as a scalar."""
    if isinstance(x, Entries):
        return list(x.values)
    value = ctx.value(x)
    return [ctx.b.extract(value, k) for k in range(value.lanes)]
