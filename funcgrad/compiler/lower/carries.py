"""Arrays that loops carry and branches give, and the memory that they keep."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from funcgrad.compiler.emit.value import Value
from funcgrad.compiler.lower.entries import MOST, entries_of
from funcgrad.compiler.lower.nodes import (
    Buffer,
    Entries,
    Lazy,
    Node,
    Register,
    buffers_read,
    is_small,
)
from funcgrad.core.jaxpr import Eqn, Jaxpr, Var


class CarriedValues:
    """The carried arrays of a loop: small ones in registers, others in memory.

    With ``apart`` those of a few entries have a register for each entry.
    """

    def __init__(self, ctx: Any, initial: Sequence[Node], *, apart: bool) -> None:
        self.ctx = ctx
        self.apart = apart
        self.avals = [(x.shape, x.dtype) for x in initial]
        self.values: list[Value] = []
        self.buffers: list[Buffer | None] = []
        for x in initial:
            if is_small(x.shape):
                self.values += self._values(x)
                self.buffers.append(None)
            else:
                self.buffers.append(ctx.mutable(x))

    @classmethod
    def of_targets(
        cls, ctx: Any, avals: Sequence[Any], targets: Sequence[Buffer | None]
    ) -> CarriedValues:
        """Results that are written to memory that exists; small ones have none."""
        made = cls(ctx, (), apart=False)
        made.avals = [(a.shape, a.dtype) for a in avals]
        made.buffers = list(targets)
        return made

    def _is_apart(self, shape: Sequence[Any]) -> bool:
        return self.apart and 1 < math.prod(shape) <= MOST

    def _values(self, x: Node) -> list[Value]:
        """What is carried of a small array."""
        if self._is_apart(x.shape):
            return entries_of(self.ctx, x)
        return [self.ctx.value(x)]

    def nodes(self, values: Sequence[Value]) -> list[Node]:
        """The carried arrays at the start of a trip."""
        given = iter(values)
        nodes: list[Node] = []
        for (shape, _), buffer in zip(self.avals, self.buffers, strict=True):
            if buffer is None and self._is_apart(shape):
                count = math.prod(shape)
                nodes.append(Entries([next(given) for _ in range(count)], shape))
            elif buffer is None:
                nodes.append(Register(next(given), shape))
            else:
                nodes.append(copy_of(buffer))
        return nodes

    def advance(self, results: Sequence[Node]) -> list[Value]:
        """Registers for the next trip; memory is brought up to date.

        An array that only its own successor reads is overwritten at once; others wait
        in memory of their own until all are computed.
        """
        pending = {
            k: node
            for k, (node, buffer) in enumerate(zip(results, self.buffers, strict=True))
            if buffer is not None and not self._is_home(node, buffer)
        }
        values = [
            value
            for node, buffer in zip(results, self.buffers, strict=True)
            if buffer is None
            for value in self._values(node)
        ]
        waiting = []
        for k, node in list(pending.items()):
            target = self.buffers[k]
            assert target is not None
            del pending[k]
            if self._may_overwrite(node, target, pending.values()):
                self.ctx.copy_into(node, target)
            else:
                waiting.append((self._aside(node), target))
        for node, target in waiting:
            self.ctx.copy_into(node, target)
        return values

    def _aside(self, node: Node) -> Buffer:
        """The value in memory that no other carry is going to overwrite."""
        made = self.ctx.buffer(node.shape, node.dtype)
        self.ctx.copy_into(node, made)
        return made

    @staticmethod
    def _is_home(node: Node, buffer: Buffer) -> bool:
        return (
            isinstance(node, Buffer)
            and node.allocation is buffer.allocation
            and node.ptr == buffer.ptr
        )

    @staticmethod
    def _may_overwrite(node: Node, target: Buffer, others: Any) -> bool:
        home = target.allocation
        if home is None or any(home in buffers_read(other) for other in others):
            return False
        if not isinstance(node, Lazy) or node.buffer is not None:
            return home not in buffers_read(node)
        return home not in buffers_read(node) or node.flat

    def results(self, values: Sequence[Value]) -> list[Node]:
        """The carried arrays after the loop."""
        return self.nodes(values)


def copy_of(x: Node) -> Node:
    """The same array as another node, with uses of its own."""
    if isinstance(x, Register):
        return Register(x.value, x.shape)
    if isinstance(x, Entries):
        return Entries(x.values, x.shape)
    assert isinstance(x, Buffer)
    return Buffer(x.ptr, x.shape, x.dtype, x.strides, x.allocation, x.length)


def origin(jaxpr: Jaxpr, result: int) -> int | None:
    """The input that a result is, or is an update of."""
    made: dict[Var, tuple[Eqn, int]] = {
        v: (eqn, k) for eqn in jaxpr.eqns for k, v in enumerate(eqn.outvars)
    }
    atom = jaxpr.outvars[result]
    while type(atom) is Var and atom in made:
        eqn, k = made[atom]
        place = eqn.primitive.overwrites(k, **eqn.params)
        if place is None:
            return None
        atom = eqn.invars[place]
    return next((k for k, v in enumerate(jaxpr.invars) if v is atom), None)
