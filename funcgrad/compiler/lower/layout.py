"""Which way memory lies: recipes and places in, the axis that runs along memory out.

A loop that steps through an operand by whole rows reads a line of the cache for each
entry; such operands are read in blocks instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from funcgrad.compiler.lower.index import Index, Number, indices
from funcgrad.compiler.lower.nodes import Buffer, Lazy, Map, Node, View

_LANES = 2


def turned_views(ctx: Any, roots: Sequence[Node]) -> list[tuple[View, int]]:
    """Views that a loop over the last axis reads across their memory.

    Each with the axis along which its entries are neighbours.
    """
    found = []
    with ctx.b.discarding():
        for view in _views(roots):
            axis = _axis_along_memory(ctx, view)
            if axis is not None:
                found.append((view, axis))
    return found


def axes_of(ctx: Any, view: View) -> list[int]:
    """For each axis of what a view is of, that of the view which runs along it.

    -1 where none does.
    """
    marks = [Index(ctx.b, 0) for _ in view.shape]
    moved = view.function(marks)
    return [next((k for k, m in enumerate(marks) if m is i), -1) for i in moved]


def _views(roots: Sequence[Node]) -> Iterator[View]:
    """The views read at the roots' own place."""
    seen: set[int] = set()
    todo = list(roots)
    while todo:
        node = todo.pop()
        if id(node) in seen or (isinstance(node, Lazy) and node.buffer is not None):
            continue
        seen.add(id(node))
        if isinstance(node, View):
            yield node
        elif isinstance(node, Map):
            todo.extend(x for x in node.operands if x.ndim == node.ndim)


def _axis_along_memory(ctx: Any, view: View) -> int | None:
    last = view.ndim - 1
    if _is_near(_step(ctx, view, last)):
        return None
    for axis in range(last):
        if view.shape[axis] != 1 and _is_near(_step(ctx, view, axis), least=1):
            return axis
    return None


def _is_near(step: Number | None, least: int = 0) -> bool:
    return step is None or (isinstance(step, int) and least <= abs(step) <= 1)


def _step(ctx: Any, view: View, axis: int) -> Number | None:
    """Entries in memory from one index along ``axis`` to the next; None if unknown."""
    place: Sequence[Index] = [
        Index(ctx.b, 0, 1 if a == axis else 0, _LANES) for a in range(view.ndim)
    ]
    node: Node = view
    while not isinstance(node, Buffer):
        if isinstance(node, Lazy) and node.buffer is not None:
            node = node.buffer
        elif isinstance(node, View):
            place = indices(ctx.b, list(node.function(place)), _LANES)
            node = node.operands[0]
        elif isinstance(node, Map):
            whole = [x for x in node.operands if x.ndim == node.ndim]
            if not whole:
                return None
            node = whole[0]
        else:
            return None
    at = node.linear(ctx.b, place)
    return at.step if at.vector is None else None
