"""The values of one jaxpr while it is lowered: where they are and who reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from funcgrad.compiler.lower.buffers import Allocation
from funcgrad.compiler.lower.nodes import Buffer, Node, buffers_read
from funcgrad.core.jaxpr import Jaxpr, Var


class Scope:
    """The nodes of one jaxpr while it is lowered, and who reads them still.

    ``operands`` are those of the equation at hand. Memory that is ``pinned`` is read
    again in other trips of a loop, whoever reads it in this one. ``by_entries`` tells
    that small arrays are kept as one scalar for each entry.
    """

    def __init__(self, jaxpr: Jaxpr | None = None) -> None:
        self.nodes: dict[Var, Node] = {}
        self.remaining: Counter[Var] = Counter()
        self.operands: Sequence[Node] = ()
        self.pinned: set[Allocation] = set()
        self.spilled: dict[int, tuple[Node, Buffer]] = {}
        self.by_entries = False
        if jaxpr is None:
            return
        for eqn in jaxpr.eqns:
            self.remaining.update(v for v in eqn.invars if type(v) is Var)
        self.remaining.update(v for v in jaxpr.outvars if type(v) is Var)

    def child(self, pinned: Iterable[Node] = (), *, by_entries: bool = False) -> Scope:
        """A scope for code that does not run always: it shares what is ready here."""
        made = Scope()
        made.spilled = dict(self.spilled)
        made.by_entries = by_entries
        made.pinned.update(*map(buffers_read, pinned))
        return made

    def needs(self, allocation: Allocation) -> bool:
        """Whether an equation to come, or another trip, reads this memory."""
        return allocation in self.pinned or any(
            self.remaining[var] > 0 and allocation in buffers_read(node)
            for var, node in self.nodes.items()
        )
