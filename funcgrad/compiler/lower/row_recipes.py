"""Which recipes are made of sums of rows, and what they read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from funcgrad.compiler.lower.nodes import Lazy, Map, Node, RowReduced, View
from funcgrad.compiler.lower.table import LARGEST_STATIC
from funcgrad.core.aval import DYNAMIC


def can_be_rows(shape: Sequence[Any]) -> bool:
    """Whether loops over rows of this shape are long enough to be worth while."""
    if len(shape) < 2 or DYNAMIC in shape:
        return False
    return 0 not in shape and bool(shape[-1] > LARGEST_STATIC)


def holds_row(node: Node) -> bool:
    """Whether entries of a node are made of sums of rows that are not in memory."""
    if not isinstance(node, Lazy) or not node.rows:
        return False
    return any(isinstance(x, RowReduced) for x in recipes(node))


def recipes(root: Node) -> Iterator[Lazy]:
    """Every recipe that reading this node carries out, the dearest first."""
    seen: set[int] = set()
    todo = [root]
    while todo:
        node = todo.pop()
        if isinstance(node, Lazy) and node.buffer is None and id(node) not in seen:
            seen.add(id(node))
            yield node
            todo.extend(node.operands)


def settle_rows(ctx: Any, roots: Sequence[Node]) -> None:
    """Put sums of rows into memory that the roots read, and what repeats them."""
    found: dict[int, Lazy] = {}
    made = [root for root in roots if isinstance(root, Lazy) and root.rows]
    for node in (x for root in made for x in recipes(root)):
        if isinstance(node, RowReduced):
            found[id(node)] = node
        elif isinstance(node, View) and holds_row(node.operands[0]):
            below = node.operands[0]
            if isinstance(below, Lazy) and len(below.shape) < len(node.shape):
                found[id(below)] = below
    for node in sorted(found.values(), key=lambda x: -x.cost):
        ctx.materialize(node)


def at_own_place(root: Node) -> Iterator[Lazy]:
    """Recipes that are read at the root's own place."""
    seen: set[int] = set()
    todo = [root]
    while todo:
        node = todo.pop()
        if id(node) in seen or not isinstance(node, Lazy) or node.buffer is not None:
            continue
        seen.add(id(node))
        yield node
        if isinstance(node, Map):
            todo.extend(x for x in node.operands if x.ndim == node.ndim)
