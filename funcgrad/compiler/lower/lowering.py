"""Lowering: the equations of a jaxpr to loop nests, by asking each primitive."""

from __future__ import annotations

from collections.abc import Sequence

from funcgrad.compiler.lower.arrays import ArrayLowering
from funcgrad.compiler.lower.entries import by_entries
from funcgrad.compiler.lower.nodes import Buffer, Entries, Node, Register, is_small
from funcgrad.compiler.lower.scope import Scope
from funcgrad.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var

LONG = 64
"""Equations of a program that may well repeat a loop."""


class Lowering(ArrayLowering):
    """A whole program: equations in order, results into the caller's memory."""

    def lower_jaxpr(self, jaxpr: Jaxpr, operands: Sequence[Node]) -> list[Node]:
        """Nodes of the results; loops are emitted where nodes have to be in memory."""
        scope = Scope(jaxpr)
        if self.scopes:
            scope.spilled = self.scopes[-1].spilled
            scope.by_entries = self.scopes[-1].by_entries
        self.scopes.append(scope)
        self.is_long |= len(jaxpr.eqns) >= LONG
        for var, node in zip(jaxpr.invars, operands, strict=True):
            self._bind(scope, var, node)
        for eqn in jaxpr.eqns:
            self._lower_eqn(eqn, scope)
        results = [self._read(atom, scope) for atom in jaxpr.outvars]
        self.scopes.pop()
        return results

    def _bind(self, scope: Scope, var: Var, node: Node) -> None:
        node.uses += scope.remaining[var]
        scope.nodes[var] = node

    def _read(self, atom: Atom, scope: Scope) -> Node:
        if isinstance(atom, Literal):
            return Register(self.number(atom.val, atom.aval.dtype), ())
        return scope.nodes[atom]

    def _lower_eqn(self, eqn: Eqn, scope: Scope) -> None:
        operands = [self._read(atom, scope) for atom in eqn.invars]
        remaining = scope.remaining
        for atom in eqn.invars:
            if type(atom) is Var:
                remaining[atom] -= 1
        if scope.by_entries:
            node = by_entries(self, eqn, operands)
            if node is not None:
                self._bind(scope, eqn.outvars[0], node)
                return
            operands = [
                self.register(x) if isinstance(x, Entries) else x for x in operands
            ]
        scope.operands = operands
        with self.lifetimes.equation():
            result = eqn.primitive.lower(self, *operands, **eqn.params)
        results = result if eqn.primitive.multiple_results else [result]
        for var, node in zip(eqn.outvars, results, strict=True):
            aval = var.aval
            if node.shape != aval.shape or (
                node.dtype is not aval.dtype and node.dtype != aval.dtype
            ):
                raise AssertionError(
                    f"{eqn.primitive} was lowered to {node.dtype}{node.shape}, "
                    f"its type is {var.aval}"
                )
            if is_small(node.shape):
                node = self.register(node)
            elif any(node is operand for operand in operands):
                node = _alias(node)
            self._bind(scope, var, node)


def _alias(node: Node) -> Node:
    """Another node for the same array, with uses of its own."""
    if isinstance(node, Buffer):
        return Buffer(
            node.ptr,
            node.shape,
            node.dtype,
            node.strides,
            node.allocation,
            node.length,
        )
    return node
