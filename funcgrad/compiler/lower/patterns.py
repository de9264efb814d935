"""What a flat loop computes, apart from the memory that it reads and writes."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from funcgrad.compiler.emit.value import Value
from funcgrad.compiler.lower.nodes import Buffer, Lazy, Map, Node, Register


class Pattern(NamedTuple):
    """A key, equal for loops that are written alike, and the memory that is read."""

    key: Hashable
    leaves: list[Buffer]


def pattern_of(roots: Sequence[Node], tree: Sequence[Node]) -> Pattern | None:
    """The pattern of a loop over these roots; None where it has no key.

    Parameters
    ----------
    roots : sequence of Node
    tree : sequence of Node
        All nodes that the loop reads, in an order that depends on their links alone.
    """
    numbers = {id(node): k for k, node in enumerate(tree)}
    leaves: list[Buffer] = []
    places: dict[int, int] = {}
    parts: list[Hashable] = []
    for node in tree:
        if isinstance(node, Lazy) and node.buffer is not None:
            node = node.buffer
        if isinstance(node, Buffer):
            place = places.setdefault(id(node), len(leaves))
            if place == len(leaves):
                leaves.append(node)
            parts.append((node.dtype, node.ndim == 0, place))
        elif isinstance(node, Register) and _is_of_table(node.value):
            parts.append((node.value.name, node.value.imag, node.dtype))
        elif isinstance(node, Map) and node.closed:
            links = [numbers[id(x)] for x in node.operands]
            parts.append((node.function, node.dtype, node.ndim, *links))
        else:
            return None
    return Pattern((*parts, *(numbers[id(root)] for root in roots)), leaves)


def _is_of_table(value: Value) -> bool:
    """Whether a scalar is a number of the table, or stands in the code itself."""
    names = [part.name for part in value.parts]
    return value.lanes == 1 and all(n[0] != "%" or n.startswith("%n.") for n in names)


@contextmanager
def renamed(buffers: Sequence[Buffer], pointers: Sequence[str]) -> Iterator[None]:
    """Let the buffers lie at other pointers for a while."""
    before = [buffer.ptr for buffer in buffers]
    for buffer, pointer in zip(buffers, pointers, strict=True):
        buffer.ptr = pointer
    yield
    for buffer, pointer in zip(buffers, before, strict=True):
        buffer.ptr = pointer
