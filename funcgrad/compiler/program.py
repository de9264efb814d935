"""Compiled jaxprs: arrays in, native code, arrays out.

What programs are lowered by loads when one is lowered: a process that finds its own on
disk does without.
"""

from __future__ import annotations

import ctypes
import functools
import math
import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from funcgrad.compiler import records
from funcgrad.compiler.build import pool
from funcgrad.compiler.build.executable import (
    compile_kernel,
    find_kernel,
    kernel_name,
    vector_bytes,
)
from funcgrad.compiler.call.trampoline import make_native_call
from funcgrad.compiler.lower import callbacks
from funcgrad.config import config
from funcgrad.core.array import Array, as_array
from funcgrad.core.aval import DYNAMIC, ShapedArray, float0
from funcgrad.core.dtypes import check_integer_fits
from funcgrad.core.jaxpr import Jaxpr, dead_code
from funcgrad.deferred import deferred_module
from funcgrad.errors import CompilerError

if TYPE_CHECKING:
    from funcgrad.compiler import pipeline
    from funcgrad.compiler.lower import control_flow
    from funcgrad.compiler.lower.control_flow import ControlLowering
    from funcgrad.compiler.simplify import inline, passes
else:
    control_flow = deferred_module("funcgrad.compiler.lower.control_flow")
    inline = deferred_module("funcgrad.compiler.simplify.inline")
    passes = deferred_module("funcgrad.compiler.simplify.passes")
    pipeline = deferred_module("funcgrad.compiler.pipeline")


class Program(NamedTuple):
    """What lowering gives: code that is shared among sizes, and the sizes.

    The text is empty where the code was found on disk.
    """

    text: str
    table: np.ndarray[Any, np.dtype[np.int64]]
    workspace_bytes: int
    in_avals: list[ShapedArray]
    out_avals: list[ShapedArray]
    constants: list[np.ndarray[Any, Any]]
    callbacks: list[int]
    checks: list[Callable[[int], Exception]]
    is_portable: bool = True
    """Whether the table and the code are all there is, good in any process."""


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
        self.program, self._homes, self.kernel_address = self._find(jaxpr)
        self.out_avals = self.program.out_avals
        self._dynamic = [k for k, a in enumerate(self.out_avals) if a.is_tape]
        specs = [(a.dtype, a.shape) for a in self.in_avals]
        self.native_call = self._native_call(specs, single=False)
        for number in self.program.callbacks:
            weakref.finalize(self, callbacks.forget, number)

    def _find(self, jaxpr: Jaxpr) -> tuple[Program, dict[int, int], int]:
        """The program, homes of results and the code's address: from disk, or made."""
        key = None if self.variant is None else records.key_of(jaxpr, self.variant)
        found = None if key is None else _recall(key, jaxpr)
        if found is not None:
            return found
        fastmath = inline.fastmath_of(jaxpr, config.fastmath)
        jaxpr = passes.simplify(jaxpr, fastmath)
        homes = self.choose_homes(jaxpr)
        own = self.own_arguments(jaxpr)
        program = pipeline.lower_program(jaxpr, own, homes, self.lowering(), fastmath)
        address = compile_kernel(program.text, label="program")
        if key is not None and program.is_portable:
            _keep(key, program, homes)
        return program, homes, address

    def lowering(self) -> ControlLowering:
        """What the program is written by."""
        return control_flow.ControlLowering(vector_bytes())

    @property
    def variant(self) -> str | None:
        """What tells this kind of program from others of its jaxpr on disk.

        None where it is not to be found there.
        """
        return ""

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


def _recall(key: str, jaxpr: Jaxpr) -> tuple[Program, dict[int, int], int] | None:
    """The program that a process before has lowered."""
    record = records.recall(key)
    if record is None:
        return None
    if record.is_parallel:
        pool.prepare()
    address = find_kernel(record.kernel)
    if address is None:
        return None
    out_avals = [a for k, a in enumerate(jaxpr.out_avals) if k not in record.homes]
    program = Program(
        "", record.table, record.workspace_bytes, jaxpr.in_avals, out_avals, [], [], []
    )
    return program, record.homes, address


def _keep(key: str, program: Program, homes: dict[int, int]) -> None:
    is_parallel = pool.SYMBOL in program.text
    name, nbytes = kernel_name(program.text), program.workspace_bytes
    records.keep(key, records.Record(name, nbytes, is_parallel, homes, program.table))


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
    number = status >> callbacks.DETAIL_BITS
    if 0 < number <= len(program.checks):
        detail = status & ((1 << callbacks.DETAIL_BITS) - 1)
        negative = detail >> (callbacks.DETAIL_BITS - 1)
        return program.checks[number - 1](detail - (negative << callbacks.DETAIL_BITS))
    failure = callbacks.take_failure() if status == callbacks.FAILED else None
    return failure or CompilerError(f"compiled code failed with status {status}")


def compile_jaxpr(jaxpr: Jaxpr) -> Executable:
    """Native code of a jaxpr without constants."""
    return Executable(jaxpr)


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
