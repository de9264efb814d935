"""Lowering of calls, branches and loops: real branches and native loops."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from funcgrad.compiler.emit.value import BOOL, INT64, Value
from funcgrad.compiler.lower import callbacks
from funcgrad.compiler.lower.callbacks import DETAIL_BITS, Callback
from funcgrad.compiler.lower.carries import CarriedValues, copy_of, origin
from funcgrad.compiler.lower.entries import prefers_entries
from funcgrad.compiler.lower.index import Index, Number
from funcgrad.compiler.lower.layout import axes_of
from funcgrad.compiler.lower.lowering import Lowering
from funcgrad.compiler.lower.nodes import (
    Buffer,
    Node,
    Register,
    View,
    is_small,
)
from funcgrad.compiler.lower.tapes import Tape
from funcgrad.core.aval import ShapedArray
from funcgrad.core.jaxpr import Jaxpr


class ControlLowering(Lowering):
    """Adds to ``Lowering`` what primitives that hold jaxprs are lowered by."""

    def __init__(self, vector_bytes: int) -> None:
        super().__init__(vector_bytes)
        self.checks: list[Callable[[int], Exception]] = []

    def fail_if(
        self, failed: Value, detail: Value, error: Callable[[int], Exception]
    ) -> None:
        """End the program where ``failed`` holds: its caller raises ``error(detail)``.

        The status tells which check failed, and ``detail`` as far as 48 bits hold it.
        """
        self.checks.append(error)
        b = self.b
        largest = 1 << (DETAIL_BITS - 1)
        detail = b.max(b.min(detail, b.i64(largest - 1)), b.i64(-largest))
        number = b.i64(len(self.checks) << DETAIL_BITS)
        status = b.or_(number, b.and_(detail, b.i64((1 << DETAIL_BITS) - 1)))
        self.fail_if_not_zero(b.select(failed, status, b.i64(0)))

    def lower_call(
        self, *operands: Node, jaxpr: Jaxpr, fastmath: str | None = None, **_: Any
    ) -> list[Node]:
        """The equations of a called jaxpr in place of the call.

        With flags of its own, arrays are computed where it begins and where it ends.
        """
        if fastmath is None or fastmath == self.b.fastmath:
            return self.lower_jaxpr(jaxpr, operands)
        ready = [self.settle(x) for x in operands]
        scope = self.scopes[-1].child(by_entries=False)
        self.scopes.append(scope)
        with self.b.allowing(fastmath):
            results = self.lower_jaxpr(jaxpr, [copy_of(x) for x in ready])
            settled = [self.settle(x) for x in results]
        self.scopes.pop()
        return settled

    def lower_callback(
        self,
        *operands: Node,
        function: Callable[..., Sequence[Any]],
        out_avals: Sequence[ShapedArray],
        **_: Any,
    ) -> list[Node]:
        """A call of a Python function; an exception in it ends the program."""
        given = [self.materialize(x) for x in operands]
        results = [self.for_aval(a) for a in out_avals]
        in_avals = [ShapedArray(x.shape, x.dtype) for x in operands]
        number = callbacks.register(Callback(function, in_avals, list(out_avals)))
        self.callbacks.append(number)
        entry = self.table.address(callbacks.entry_address(), "entry")[1]
        which = self.table.address(number, "callback")[1]
        self.fail_if_not_zero(self._call_at(entry, [f"i64 {which}"], given, results))
        self.lifetimes.tick()
        return [self._settled(r) for r in results]

    def lower_foreign(
        self,
        *operands: Node,
        address: int,
        out_avals: Sequence[ShapedArray],
        error: Callable[[int], Exception],
    ) -> list[Node]:
        """A call of native code at an address, which is data; its status may end us."""
        b = self.b
        given = [self.materialize(x) for x in operands]
        results = [self.for_aval(a) for a in out_avals]
        entry = self.table.address(address, "foreign")[1]
        status = self._call_at(entry, [], given, results)
        self.fail_if(b.cmp("ne", status, b.i64(0)), status, error)
        self.lifetimes.tick()
        return [self._settled(r) for r in results]

    def _call_at(
        self,
        address: str,
        words: Sequence[str],
        operands: Sequence[Buffer],
        results: Sequence[Buffer],
    ) -> Value:
        """Call what is at an address with words and blocks of pointers; its status."""
        blocks = [f"ptr {self._pointers(nodes)}" for nodes in (operands, results)]
        target = self.b.op(f"inttoptr i64 {address} to ptr")
        given = ", ".join([*words, *blocks])
        return Value(self.b.op(f"call i64 {target}({given})"), INT64)

    def _pointers(self, nodes: Sequence[Buffer]) -> str:
        """Addresses of arrays, side by side on the stack."""
        memory = self.b.alloca(INT64, max(1, len(nodes)))
        for k, node in enumerate(nodes):
            self.lifetimes.touch(node.allocation)
            place = self.b.offset(memory, k, INT64)
            self.b.emit(f"store ptr {node.ptr}, ptr {place}")
        return memory

    # --- branches

    def lower_cond(
        self, index: Node, *operands: Node, branches: Sequence[Jaxpr], **_: Any
    ) -> list[Node]:
        """The branch that ``index`` (clamped) names; only that one runs."""
        ready = [self.settle(x) for x in operands]
        avals = branches[0].out_avals
        homes = self._homes(branches, ready)
        targets = [
            None if is_small(a.shape) else homes.get(k) or self.for_aval(a)
            for k, a in enumerate(avals)
        ]
        results = CarriedValues.of_targets(self, avals, targets)
        chosen = self._branch_number(index, len(branches))
        self.lifetimes.enter_loop()
        values = self._branch(chosen, 0, branches, ready, results)
        self.lifetimes.leave_loop()
        return results.results(values)

    def _homes(
        self, branches: Sequence[Jaxpr], operands: Sequence[Node]
    ) -> dict[int, Buffer]:
        """Operands that nothing reads later, by the result that takes their memory."""
        homes: dict[int, Buffer] = {}
        taken: set[int] = set()
        for k in range(len(branches[0].outvars)):
            for place in [origin(branch, k) for branch in branches]:
                if place is None or place in taken:
                    continue
                x = operands[place]
                if isinstance(x, Buffer) and self.dies(x):
                    homes[k] = x
                    taken.add(place)
                    break
        return homes

    def _branch_number(self, index: Node, count: int) -> Value:
        value = self.value(index)
        if value.dtype.kind == "b":
            return self.b.convert(value, INT64)
        value = self.b.convert(value, INT64)
        low = self.b.max(value, self.b.i64(0))
        return self.b.min(low, self.b.i64(count - 1))

    def _branch(
        self,
        chosen: Value,
        k: int,
        branches: Sequence[Jaxpr],
        operands: Sequence[Node],
        results: CarriedValues,
    ) -> list[Value]:
        def run() -> list[Value]:
            self.scopes.append(self.scopes[-1].child())
            copies = [copy_of(x) for x in operands]
            values = results.advance(self.lower_jaxpr(branches[k], copies))
            self.scopes.pop()
            return values

        if k == len(branches) - 1:
            return run()
        here = self.b.cmp("eq", chosen, self.b.i64(k))
        return self.b.if_else(
            here,
            run,
            lambda: self._branch(chosen, k + 1, branches, operands, results),
        )

    # --- loops

    def settle(self, x: Node) -> Node:
        """The array in registers or in memory, so that loops can read it."""
        return self.register(x) if is_small(x.shape) else self.materialize(x)

    def for_aval(self, aval: ShapedArray) -> Buffer:
        return self.buffer(aval.shape, aval.dtype)

    def lower_scan(
        self,
        *operands: Node,
        jaxpr: Jaxpr,
        num_consts: int,
        num_carry: int,
        length: int | None,
        reverse: bool,
        **_: Any,
    ) -> list[Node]:
        """A native loop; where ``length`` is None the trip count comes first."""
        trips: Number
        if length is None:
            trips = self.value(operands[0])
            operands = operands[1:]
        else:
            trips = self.table.extent(length)
        consts = [self.settle(x) for x in operands[:num_consts]]
        apart = prefers_entries(jaxpr)
        carry = CarriedValues(
            self, operands[num_consts : num_consts + num_carry], apart=apart
        )
        xs = [_Rows(self, x) for x in operands[num_consts + num_carry :]]
        ys = [self._stack(aval, length, trips) for aval in jaxpr.out_avals[num_carry:]]
        self.lifetimes.enter_loop()
        with self.b.loop(0, trips, carries=carry.values) as loop:
            at = Index(self.b, loop.index)
            if reverse:
                at = Index(self.b, trips) - 1 - at
            rows = [x.at(at) for x in xs]
            pinned = [*consts, *(x.node for x in xs)]
            scope = self.scopes[-1].child(pinned=pinned, by_entries=apart)
            self.scopes.append(scope)
            body_operands = [*map(copy_of, consts), *carry.nodes(loop.carries), *rows]
            results = self.lower_jaxpr(jaxpr, body_operands)
            for node, y in zip(results[num_carry:], ys, strict=True):
                self.copy_into(node, self.row(y, at))
            loop.next = carry.advance(results[:num_carry])
            self.scopes.pop()
        self.lifetimes.leave_loop()
        return [*carry.results(loop.results), *ys]

    def _stack(self, aval: ShapedArray, length: int | None, trips: Number) -> Buffer:
        if length is not None:
            return self.buffer((length, *aval.shape), aval.dtype)
        return self.tape_of_length(aval, trips)

    def row(self, x: Buffer, at: Index) -> Buffer:
        """One entry along the first axis, in place."""
        shape = x.shape[1:]
        step = self.table.extent(math.prod(shape))
        pointer = self.b.offset(x.ptr, self.b.index((at * step).base), x.dtype)
        return Buffer(pointer, shape, x.dtype, self.strides(shape), x.allocation)

    def lower_while(
        self,
        *operands: Node,
        cond_jaxpr: Jaxpr,
        body_jaxpr: Jaxpr,
        num_cond_consts: int,
        num_body_consts: int,
        num_tapes: int = 0,
        **_: Any,
    ) -> list[Node]:
        """A native loop; what the body gives last is pushed on tapes, each trip."""
        split = num_cond_consts + num_body_consts
        consts = [self.settle(x) for x in operands[:split]]
        apart = prefers_entries(body_jaxpr)
        carry = CarriedValues(self, operands[split:], apart=apart)
        body_avals = body_jaxpr.out_avals
        tapes = [Tape(self, a) for a in body_avals[len(body_avals) - num_tapes :]]
        self.lifetimes.enter_loop()
        before, head = self.b.current, self.b.label("while")
        body, done = self.b.label("body"), self.b.label("done")
        self.b.br(head)
        self.b.place(head)
        starts = [self.b.i64(0), *carry.values]
        phis = [self.b.phi_open(v.dtype, v.lanes, v, before) for v in starts]
        count, current = phis[0].value, [p.value for p in phis[1:]]
        tested = [*consts[:num_cond_consts], *carry.nodes(current)]
        test = self._in_scope(cond_jaxpr, tested, by_entries=apart)
        self.b.cond_br(self.b.convert(self.value(test[0]), BOOL), body, done)
        self.b.place(body)
        self.scopes.append(self.scopes[-1].child(pinned=consts, by_entries=apart))
        body_operands = [*map(copy_of, consts[num_cond_consts:]), *carry.nodes(current)]
        results = self.lower_jaxpr(body_jaxpr, body_operands)
        for tape, node in zip(tapes, results[len(results) - num_tapes :], strict=True):
            tape.push(count, node)
        following = carry.advance(results[: len(results) - num_tapes])
        self.scopes.pop()
        ahead = [self.b.add(count, self.b.i64(1)), *following]
        for phi, value in zip(phis, ahead, strict=True):
            self.b.phi_close(phi, value, self.b.current)
        self.b.br(head)
        self.b.place(done)
        self.lifetimes.leave_loop()
        finals: list[Node] = carry.results(current)
        if num_tapes:
            finals.append(Register(count, ()))
            finals.extend(tape.finish(count) for tape in tapes)
        return finals

    def _in_scope(
        self, jaxpr: Jaxpr, operands: Sequence[Node], *, by_entries: bool
    ) -> list[Node]:
        scope = self.scopes[-1].child(pinned=operands, by_entries=by_entries)
        self.scopes.append(scope)
        results = self.lower_jaxpr(jaxpr, [copy_of(x) for x in operands])
        results = [self.settle(x) for x in results]
        self.scopes.pop()
        return results

    def tape_of_length(self, aval: ShapedArray, trips: Number) -> Buffer:
        """Memory for one entry a trip, released when the program ends."""
        return Tape.of_length(self, aval, self.b.index(trips))


class _Rows:
    """Rows of a loop's input: from memory, or one for all trips where they are alike.

    Attributes
    ----------
    node : Node
        The array in memory, or that row.
    """

    def __init__(self, ctx: ControlLowering, x: Node) -> None:
        self.ctx = ctx
        row = _only_row(ctx, x)
        self.alike = row is not None
        self.node = ctx.materialize(x) if row is None else ctx.settle(row)

    def at(self, place: Index) -> Node:
        """The row for a trip."""
        if self.alike:
            return copy_of(self.node)
        assert isinstance(self.node, Buffer)
        self.ctx.lifetimes.touch(self.node.allocation)
        row = self.ctx.row(self.node, place)
        return self.ctx.register(row) if is_small(row.shape) else row


def _only_row(ctx: ControlLowering, x: Node) -> Node | None:
    """The row of an array that repeats it along the first axis; None for others."""
    if not isinstance(x, View) or x.buffer is not None:
        return None
    if not all(axis > 0 for axis in axes_of(ctx, x)):
        return None
    function, first = x.function, Index(ctx.b, 0)
    row: Node = ctx.view(x.operands[0], x.shape[1:], lambda i: function([first, *i]))
    return row
