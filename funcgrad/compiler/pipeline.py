"""The passes in order: a jaxpr to a function that runs native code."""

from __future__ import annotations

import ctypes
import functools
import math
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from funcgrad.compiler.build.executable import (
    compile_kernel,
    lower_to_ir,
    to_assembly,
    vector_bytes,
)
from funcgrad.compiler.call.trampoline import make_native_call
from funcgrad.compiler.lower import buffers, callbacks
from funcgrad.compiler.lower.carries import CarriedValues
from funcgrad.compiler.lower.control_flow import DETAIL_BITS, ControlLowering
from funcgrad.compiler.lower.nodes import Buffer, Node, Register
from funcgrad.compiler.simplify.inline import fastmath_of
from funcgrad.compiler.simplify.passes import simplify
from funcgrad.config import config
from funcgrad.core.array import Array, as_array
from funcgrad.core.aval import DYNAMIC, ShapedArray, float0
from funcgrad.core.dtypes import check_integer_fits
from funcgrad.core.jaxpr import Jaxpr, dead_code
from funcgrad.errors import CompilerError


class Program(NamedTuple):
    """What lowering gives: code that is shared among sizes, and the sizes."""

    text: str
    table: np.ndarray[Any, np.dtype[np.int64]]
    workspace_bytes: int
    in_avals: list[ShapedArray]
    out_avals: list[ShapedArray]
    constants: list[np.ndarray[Any, Any]]
    callbacks: list[int]
    checks: list[Callable[[int], Exception]]


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


class Executable:
    """A compiled jaxpr: arrays of the types it was made for in, arrays out."""

    def __init__(self, jaxpr: Jaxpr) -> None:
        # Weak types are the caller's: the simplified program may have lost them.
        self.in_avals = jaxpr.in_avals
        # Arrays of dtype float0 have no bytes: no code makes them.
        self._empty = [
            (k, aval) for k, aval in enumerate(jaxpr.out_avals) if aval.dtype == float0
        ]
        jaxpr = _without_outputs(jaxpr, [k for k, _ in self._empty])
        fastmath = fastmath_of(jaxpr, config.fastmath)
        jaxpr = simplify(jaxpr, fastmath)
        self._homes = self.choose_homes(jaxpr)
        own = self.own_arguments(jaxpr)
        self.program = lower_program(jaxpr, own, self._homes, self.lowering(), fastmath)
        self.out_avals = self.program.out_avals
        self._dynamic = [k for k, a in enumerate(self.out_avals) if a.is_tape]
        self.kernel_address = compile_kernel(self.program.text, label="program")
        specs = [(a.dtype, a.shape) for a in self.in_avals]
        self.native_call = self._native_call(specs, single=False)
        for number in self.program.callbacks:
            weakref.finalize(self, callbacks.forget, number)

    def lowering(self) -> ControlLowering:
        """What the program is written by."""
        return ControlLowering(vector_bytes())

    def own_arguments(self, jaxpr: Jaxpr) -> list[int]:
        """The arguments that the program may overwrite."""
        return []

    def choose_homes(self, jaxpr: Jaxpr) -> dict[int, int]:
        """The argument whose memory each result takes, where one does."""
        return {}

    def _native_call(self, specs: Sequence[Any], *, single: bool) -> Any:
        return make_native_call(
            specs,
            [_result_spec(a) for a in self.out_avals],
            self.kernel_address,
            self.program.table,
            self.program.workspace_bytes,
            single=single,
            release_gil=True,
            scalar_results=True,
            array_type=Array,
        )

    def memory(self) -> dict[str, int]:
        """Bytes of arguments, results and scratch memory."""

        def total(avals: Sequence[ShapedArray]) -> int:
            return sum(
                math.prod(a.shape) * a.dtype.itemsize
                for a in avals
                if DYNAMIC not in a.shape
            )

        return {
            "argument_bytes": total(self.in_avals),
            "output_bytes": total(self.out_avals),
            "workspace_bytes": self.program.workspace_bytes,
        }

    def specialized(self, *, single: bool) -> Any:
        """Native code for operands of exactly these types, weak types included.

        It gives an array (``single``) or a tuple; None for any other operands, and an
        int, the status, if it failed. None where results are of unknown size or of
        dtype float0, and where Python is called back and may raise.
        """
        if self._dynamic or self._empty or self.program.callbacks:
            return None
        specs = [(a.dtype, a.shape, a.weak_type) for a in self.in_avals]
        call = self._native_call(specs, single=single)
        if not self.program.constants:
            return call
        # The code points to arrays that this object owns: it lives with the call.
        return functools.partial(_call_owned, self, call)

    def __call__(self, *arrays: Any) -> list[Any]:
        """Run on concrete operands; other layouts than row-major are copied first."""
        result = self.native_call(*arrays)
        if result is None:
            ready = [
                as_argument(x, aval)
                for x, aval in zip(arrays, self.in_avals, strict=True)
            ]
            result = self.native_call(*ready)
        if type(result) is not tuple:
            raise _failure(result, self.program)
        results = list(result)
        for k in self._dynamic:
            results[k] = _take_tape(results[k], self.out_avals[k])
        for k in sorted(self._homes):
            results.insert(k, as_array(arrays[self._homes[k]]))
        for k, aval in self._empty:
            results.insert(k, np.zeros(aval.shape, float0))
        return results


def _without_outputs(jaxpr: Jaxpr, places: Sequence[int]) -> Jaxpr:
    """The program without the results at these places, and what only they need."""
    if not places:
        return jaxpr
    outvars = [v for k, v in enumerate(jaxpr.outvars) if k not in places]
    eqns, _ = dead_code(jaxpr.eqns, outvars)
    return Jaxpr((), jaxpr.invars, tuple(eqns), tuple(outvars), jaxpr.effects)


def _call_owned(owner: Executable, call: Any, *arrays: Any) -> Any:
    return call(*arrays)


def _failure(status: int, program: Program) -> BaseException:
    """What a program that ended with this status has to say."""
    number = status >> DETAIL_BITS
    if 0 < number <= len(program.checks):
        detail = status & ((1 << DETAIL_BITS) - 1)
        negative = detail >> (DETAIL_BITS - 1)
        return program.checks[number - 1](detail - (negative << DETAIL_BITS))
    failure = callbacks.take_failure() if status == callbacks.FAILED else None
    return failure or CompilerError(f"compiled code failed with status {status}")


def compile_jaxpr(jaxpr: Jaxpr) -> Executable:
    """Native code of a jaxpr without constants."""
    return Executable(jaxpr)


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


def _result_spec(aval: ShapedArray) -> tuple[np.dtype[Any], tuple[int, ...]]:
    if aval.is_tape:
        return np.dtype(np.int64), (2,)
    return aval.dtype, aval.shape


def as_argument(x: Any, aval: ShapedArray) -> np.ndarray[Any, Any]:
    """An operand as a row-major array of the type that the code was made for."""
    if type(x) is int:
        check_integer_fits(x, aval.dtype)
    array = np.require(np.asarray(x, aval.dtype), requirements=["C", "A"])
    array = array.view(np.ndarray)
    if array.dtype is not aval.dtype:
        array = array.view(aval.dtype)
    if array.shape != aval.shape:
        raise CompilerError(f"an operand has shape {array.shape}, expected {aval}")
    return array


def _take_tape(handle: np.ndarray[Any, Any], aval: ShapedArray) -> Any:
    """The entries of a tape; its memory is freed."""
    pointer, count = (int(word) for word in handle)
    shape = (count, *aval.shape[1:])
    nbytes = math.prod(shape) * aval.dtype.itemsize
    data = ctypes.string_at(pointer, nbytes)
    _free(pointer)
    return np.frombuffer(data, aval.dtype).reshape(shape)


@functools.cache
def _libc_free() -> Any:
    free = ctypes.CDLL(None).free
    free.argtypes = [ctypes.c_void_p]
    return free


def _free(pointer: int) -> None:
    _libc_free()(pointer)
