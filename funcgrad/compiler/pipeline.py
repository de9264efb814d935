"""The passes in order: a jaxpr to LLVM text."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from funcgrad.compiler.build.codegen import lower_to_ir, to_assembly
from funcgrad.compiler.build.executable import vector_bytes
from funcgrad.compiler.lower import buffers
from funcgrad.compiler.lower.carries import CarriedValues
from funcgrad.compiler.lower.control_flow import ControlLowering
from funcgrad.compiler.lower.nodes import Buffer, Node, Register
from funcgrad.compiler.program import Program
from funcgrad.compiler.simplify.inline import fastmath_of
from funcgrad.compiler.simplify.passes import simplify
from funcgrad.config import config
from funcgrad.core.aval import DYNAMIC, ShapedArray
from funcgrad.core.jaxpr import Jaxpr


def lower_program(
    jaxpr: Jaxpr,
    own: Sequence[int] = (),
    homes: Mapping[int, int] | None = None,
    ctx: ControlLowering | None = None,
    fastmath: str = "",
) -> Program:
    """LLVM text of a jaxpr without constants, and the table of its sizes.

    It may overwrite its ``own`` arguments; ``homes`` are those whose memory results
    take, by the result. ``ctx`` is new; by default, the one that adds nothing.
    ``fastmath`` are flags of its arithmetic.
    """
    homes = homes or {}
    ctx = ctx or ControlLowering(vector_bytes())
    ctx.b.fastmath = fastmath
    operands = [
        _argument(ctx, k, aval, own=k in own) for k, aval in enumerate(jaxpr.in_avals)
    ]
    results = ctx.lower_jaxpr(jaxpr, operands)
    others = [x for k, x in enumerate(results) if k not in homes]
    _store_results(ctx, others)
    kept = CarriedValues.of_targets(
        ctx,
        [jaxpr.out_avals[k] for k in homes],
        [operands[place] for place in homes.values()],
    )
    kept.advance([results[k] for k in homes])
    ctx.finish()
    offsets, total = buffers.plan(
        [a for a in ctx.lifetimes.allocations if a.output is None]
    )
    _write_prologue(ctx, offsets, len(operands), len(others))
    table = np.array(ctx.table.words, np.int64)
    return Program(
        ctx.module.text(),
        table,
        total,
        jaxpr.in_avals,
        [a for k, a in enumerate(jaxpr.out_avals) if k not in homes],
        ctx.constants,
        ctx.callbacks,
        ctx.checks,
        ctx.table.is_portable and not (ctx.constants or ctx.callbacks or ctx.checks),
    )


def _argument(ctx: ControlLowering, k: int, aval: ShapedArray, *, own: bool) -> Buffer:
    name, allocation = f"%arg.{k}", None
    if own:
        nbytes = math.prod(aval.shape) * aval.dtype.itemsize
        allocation = buffers.Allocation(name, nbytes, 0)
        allocation.is_argument = True
    return Buffer(name, aval.shape, aval.dtype, ctx.strides(aval.shape), allocation)


def _store_results(ctx: ControlLowering, results: Sequence[Node]) -> None:
    """Results into the caller's arrays; nodes of one shape share a loop nest."""
    pending: dict[tuple[Any, ...], list[tuple[Node, Buffer]]] = {}
    for k, node in enumerate(results):
        if _becomes_output(node, k):
            continue
        if node.shape and node.shape[0] == DYNAMIC:
            _hand_over_tape(ctx, node, f"%out.{k}")
            continue
        target = Buffer(f"%out.{k}", node.shape, node.dtype, ctx.strides(node.shape))
        if isinstance(node, Register) or getattr(node, "buffer", node) is not None:
            ctx.copy_into(node, target)
        else:
            pending.setdefault(node.shape, []).append((node, target))
    for group in pending.values():
        ctx.store_all(group)


def _hand_over_tape(ctx: ControlLowering, node: Node, out: str) -> None:
    """A copy of a tape that the caller frees: pointer and number of entries."""
    b = ctx.b
    tape = ctx.materialize(node)
    assert tape.length is not None
    size = ctx.size(tape.shape, tape.length)
    nbytes = b.mul(b.index(size), b.i64(tape.dtype.itemsize))
    memory = b.call("malloc", [b.add(nbytes, b.i64(1))], "ptr")
    b.memcpy(memory, tape.ptr, nbytes)
    b.emit(f"store ptr {memory}, ptr {out}")
    b.store(tape.length, out, 1)


def _becomes_output(node: Node, k: int) -> bool:
    """Let memory of the program be the caller's array, which saves a copy."""
    source = getattr(node, "buffer", node)
    if not isinstance(source, Buffer) or source.allocation is None:
        return False
    allocation = source.allocation
    whole = source.ptr == allocation.name
    if not whole or allocation.is_argument or allocation.output is not None:
        return False
    allocation.output = k
    return True


def _write_prologue(
    ctx: ControlLowering,
    offsets: dict[buffers.Allocation, int],
    num_args: int,
    num_results: int,
) -> None:
    """Entry-block lines: pointers of arguments, results and the workspace's blocks."""
    lines = []
    for k in range(num_args):
        lines.append(f"  %arg.at.{k} = getelementptr ptr, ptr %args, i64 {k}")
        lines.append(f"  %arg.{k} = load ptr, ptr %arg.at.{k}")
    for k in range(num_results):
        lines.append(f"  %out.at.{k} = getelementptr ptr, ptr %outs, i64 {k}")
        lines.append(f"  %out.{k} = load ptr, ptr %out.at.{k}")
    for allocation in ctx.lifetimes.allocations:
        if allocation.output is not None:
            lines.append(
                f"  {allocation.name} = getelementptr i8, ptr "
                f"%out.{allocation.output}, i64 0"
            )
            continue
        _, offset = ctx.table.fresh(offsets[allocation], "offset")
        lines.append(
            f"  {allocation.name} = getelementptr i8, ptr %workspace, i64 {offset}"
        )
    ctx.b.open_with([*ctx.table.lines, *lines, *ctx.prologue])


_STAGES: dict[str, Callable[[str], str]] = {
    "llvm": str,
    "llvm_optimized": lower_to_ir,
    "asm": to_assembly,
}


def stage_text(jaxpr: Jaxpr, stage: str) -> str:
    """A program as text at one of the stages of compilation."""
    if stage == "jaxpr":
        return str(jaxpr)
    fastmath = fastmath_of(jaxpr, config.fastmath)
    simple = simplify(jaxpr, fastmath)
    if stage == "optimized":
        return str(simple)
    if stage not in _STAGES:
        stages = ", ".join(["jaxpr", "optimized", *_STAGES])
        raise ValueError(f"stage {stage!r} is not one of {stages}")
    return _STAGES[stage](lower_program(simple, fastmath=fastmath).text)
