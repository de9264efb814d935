"""What a computation graph is made of: nodes, edges and groups as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from funcgrad.core.source import SourceLine


@dataclass(slots=True)
class Node:
    """An input or an operation, with its value and the derivative of the loss.

    Attributes
    ----------
    id : int
        Place in the order of computation.
    kind : str
        ``"input"`` or ``"operation"``.
    name : str
        Unique in the graph: the user's variable, else the operation with a number.
    label : str
        What the node is titled: the user's variable, else the expression.
    expression : str
        The user's text for the operation, such as ``2 * b``.
    operation : str
        Name of the primitive.
    value : array
    derivative : array or None
        Derivative of the loss with respect to this value; None where there is none.
    group : int
        The group it stands in.
    line : SourceLine or None
    marks : list of str
        Warnings: NaN, infinities, dead rectifiers.
    """

    id: int
    kind: str
    name: str
    label: str
    expression: str
    operation: str
    value: Any
    group: int
    line: SourceLine | None = None
    derivative: Any = None
    marks: list[str] = field(default_factory=list)
    is_variable: bool = False
    """Whether the user gave it a name."""


@dataclass(slots=True)
class Edge:
    """A value that an operation reads, and what comes back along it.

    Attributes
    ----------
    source, target : int
        Nodes; data flows from source to target.
    local : array or None
        Derivative of the target with respect to the source: a number, for an
        elementwise operation the diagonal of the Jacobian, else None.
    flow : array or None
        Derivative of the loss that flows back along the edge.
    jacobian : tuple of int or None
        Shape of the full Jacobian.
    """

    source: int
    target: int
    local: Any = None
    flow: Any = None
    jacobian: tuple[int, ...] | None = None


@dataclass(slots=True)
class Group:
    """Operations that fold into one box.

    Attributes
    ----------
    id : int
    name : str
    kind : str
        ``"root"``, ``"call"``, ``"loop"``, ``"trip"``, ``"branch"`` or ``"range"``.
    parent : int
        The group around it; -1 for the root.
    trips : int or None
        How often a loop ran.
    """

    id: int
    name: str
    kind: str
    parent: int
    trips: int | None = None

    @property
    def title(self) -> str:
        """The name, with the trip count of a loop."""
        return self.name if self.trips is None else f"{self.name} × {self.trips}"


@dataclass(slots=True)
class Program:
    """A recorded computation: nodes in order, edges, groups, and its result."""

    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)
    loss: int | None = None
    """The node all derivatives are of; None where the result is no real scalar."""

    def ancestors(self, group: int) -> Iterator[int]:
        """The group itself, then those around it, the root last."""
        while group >= 0:
            yield group
            group = self.groups[group].parent

    def incoming(self) -> list[list[Edge]]:
        """Edges by the node they lead to."""
        return self._by([e.target for e in self.edges])

    def outgoing(self) -> list[list[Edge]]:
        """Edges by the node they come from."""
        return self._by([e.source for e in self.edges])

    def _by(self, ends: Sequence[int]) -> list[list[Edge]]:
        found: list[list[Edge]] = [[] for _ in self.nodes]
        for edge, end in zip(self.edges, ends, strict=True):
            found[end].append(edge)
        return found

    @property
    def loss_name(self) -> str:
        return "L" if self.loss is None else self.nodes[self.loss].name
