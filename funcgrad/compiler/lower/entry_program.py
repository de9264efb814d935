"""Programs of one entry, lowered to a function of the module that many places call.

A formula of hundreds of operations, written into each loop nest that uses it, would be
slow to compile; here it is compiled once, for each number of lanes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad.compiler.emit.builder import Builder, Module, Routine
from funcgrad.compiler.emit.value import Value
from funcgrad.compiler.simplify.passes import simplify
from funcgrad.core.jaxpr import Atom, Jaxpr, Literal, Var


class Entry:
    """One number (a vector of lanes of it) where rules expect an array of no axes."""

    __slots__ = ("dtype", "value")
    shape = ()
    ndim = 0

    def __init__(self, value: Value) -> None:
        self.value = value
        self.dtype = value.dtype


class EntryLowering:
    """What lowering rules of entry-by-entry primitives ask for, without loops."""

    def __init__(self, builder: Builder, lanes: int) -> None:
        self.b = builder
        self.lanes = lanes

    def map(
        self,
        function: Callable[..., Value],
        *operands: Entry,
        dtype: Any,
        cost: int = 1,
        closed: bool = False,
    ) -> Entry:
        """``function`` of the operands' values."""
        return Entry(function(self.b, *[x.value for x in operands]))

    def lower_scan(
        self,
        *operands: Entry,
        jaxpr: Jaxpr,
        num_consts: int,
        num_carry: int,
        length: int,
        **_: Any,
    ) -> list[Entry]:
        """A loop over numbers that it carries, without inputs or outputs per trip."""
        assert len(operands) == num_consts + num_carry == len(jaxpr.invars)
        values = [x.value for x in operands]
        with self.b.loop(0, length, carries=values[num_consts:]) as loop:
            loop.next = self.run(jaxpr, [*values[:num_consts], *loop.carries])
        return [Entry(value) for value in loop.results]

    def run(self, jaxpr: Jaxpr, values: Sequence[Value]) -> list[Value]:
        """The program's results."""
        env: dict[Var, Entry] = {
            var: Entry(value) for var, value in zip(jaxpr.invars, values, strict=True)
        }

        def read(atom: Atom) -> Entry:
            if isinstance(atom, Literal):
                return Entry(self.b.const(atom.aval.dtype, atom.val, self.lanes))
            return env[atom]

        for eqn in jaxpr.eqns:
            operands = [read(atom) for atom in eqn.invars]
            result: Any = eqn.primitive.lower(self, *operands, **eqn.params)
            results = result if eqn.primitive.multiple_results else [result]
            env.update(zip(eqn.outvars, results, strict=True))
        return [read(atom).value for atom in jaxpr.outvars]


def call_entry_program(b: Builder, jaxpr: Jaxpr, values: Sequence[Value]) -> Value:
    """Apply a program of numbers to values, by a function of the builder's module.

    Parameters
    ----------
    b : Builder
    jaxpr : Jaxpr
        Takes and gives numbers (arrays of no axes); one result.
    values : sequence of Value
        Of one number of lanes.
    """
    lanes = values[0].lanes
    key = ("entry_program", lanes)
    if key not in jaxpr.memo:
        jaxpr.memo[key] = _emit(jaxpr, lanes)
    routine, text = jaxpr.memo[key]
    b.module.absorb(text)
    return routine.call(b, values)


def inlined(b: Builder, jaxpr: Jaxpr, values: Sequence[Value]) -> Value:
    """As `call_entry_program`, but written in place."""
    return EntryLowering(b, values[0].lanes).run(simplify(jaxpr), values)[0]


def _emit(jaxpr: Jaxpr, lanes: int) -> tuple[Routine, Module]:
    import hashlib

    module = Module()
    builder = Builder(module)
    operands = [
        Value(f"%x{i}", aval.dtype, lanes) for i, aval in enumerate(jaxpr.in_avals)
    ]
    (result,) = EntryLowering(builder, lanes).run(simplify(jaxpr), operands)
    builder.ret(result)
    params = ", ".join(v.typed for v in operands)
    body = f"({params}) noinline #0 {{\n{builder.body()}\n}}"
    # Equal programs get equal names, in every process: the name is part of what the
    # disk cache looks programs up by.
    digest = hashlib.blake2b(
        f"{result.type}{body}".encode(), digest_size=12
    ).hexdigest()
    symbol = f"entry.{digest}"
    text = f"define internal fastcc {result.type} @{symbol}{body}"
    module.define(symbol, lambda: text)
    return Routine(symbol, np.dtype(result.dtype), result.type), module


def loop_over_nodes(
    b: Builder,
    name: str,
    table: Any,
    body: Callable[[Value, Value], Value],
    zero: Value,
) -> Value:
    """The sum of ``body(node, weight)`` over the rows of a table.

    Parameters
    ----------
    name : str
        The table's name in the module.
    table : array, shape (n, 2), float64
    body : callable
        Takes two values with as many lanes as ``zero``.
    zero : Value
        What the sum starts at.
    """
    pointer = b.module.table(name, table)
    with b.loop(0, len(table), carries=[zero]) as loop:
        row = b.mul(loop.index, 2)
        node = b.load(pointer, row, np.float64)
        weight = b.load(pointer, b.add(row, 1), np.float64)
        term = body(b.splat(node, zero.lanes), b.splat(weight, zero.lanes))
        loop.next = [b.add(loop.carries[0], term)]
    return loop.results[0]
