"""Programs that Numba code may call: shapes of arguments -> a row of numbers.

A jitted function that was called has programs for the shapes it has seen. For code that
calls it from Numba, each program is a row in a table in memory: the sizes it was made
for, the address of its code and of its sizes, the bytes of scratch memory it needs,
addresses of its constants, sizes of its results. Native code looks rows up without
Python; only a shape that has no row yet asks for one.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from funcgrad import errors, tree
from funcgrad.api.staging import ShapeDtypeStruct
from funcgrad.core.aval import DYNAMIC, ShapedArray, float0
from funcgrad.core.trace import Tracer
from funcgrad.ops.control.call import compiled

CAPACITY = 1024
FAILED = -2


class Signature(NamedTuple):
    """What Numba knows of arguments and results: structure, dtypes, numbers of axes."""

    in_tree: Any
    leaves: tuple[tuple[np.dtype[Any], int], ...]
    out_tree: Any
    results: tuple[tuple[np.dtype[Any], int], ...]
    constants: int


class Plans:
    """The rows of one jitted function for one signature.

    Columns: the ``dims`` sizes of the arguments, the address of the code, of its table,
    bytes of scratch memory, addresses of constants, sizes of the results. Row 0 holds
    the number of rows.
    """

    def __init__(self, function: Any, signature: Signature) -> None:
        self.function = function
        self.signature = signature
        self.dims = sum(ndim for _, ndim in signature.leaves)
        sizes = sum(ndim for _, ndim in signature.results)
        width = self.dims + 3 + signature.constants + sizes
        self.rows = np.zeros((CAPACITY + 1, width), np.int64)
        self.kept: list[Any] = []
        self.lock = threading.Lock()
        prototype = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p)
        self.callback = prototype(self._asked)
        address = ctypes.cast(self.callback, ctypes.c_void_p).value
        assert address is not None
        self.callback_address = address

    @property
    def address(self) -> int:
        """Where the rows are."""
        return int(self.rows.ctypes.data)

    def _asked(self, pointer: int) -> int:
        """Native code wants a row: its sizes are at an address. Gives its number."""
        try:
            sizes = (
                (ctypes.c_int64 * self.dims).from_address(pointer) if pointer else ()
            )
            return self.prepare(tuple(sizes))
        except Exception as error:  # noqa: BLE001  # Numba raises one of its own
            import logging

            # Numba's exceptions have texts that are known when code is compiled.
            logging.getLogger("funcgrad").warning("%s", error)
            return FAILED

    def prepare(self, sizes: tuple[int, ...]) -> int:
        """The number of the row for these sizes, made if there is none."""
        with self.lock:
            count = int(self.rows[0, 0])
            for row in range(1, count + 1):
                if tuple(self.rows[row, : self.dims]) == sizes:
                    return row
            if count == CAPACITY:
                raise errors.CompilerError(f"more than {CAPACITY} shapes of arguments")
            self.rows[count + 1] = self._row(sizes)
            self.rows[0, 0] = count + 1  # last: readers take no lock
            return count + 1

    def _row(self, sizes: tuple[int, ...]) -> list[int]:
        in_tree, leaves = self.signature.in_tree, self.signature.leaves
        traced = trace_sizes(self.function, in_tree, leaves, sizes)
        found = describe(traced, in_tree, leaves)
        if found != self.signature:
            raise errors.CompilerError(
                "for these shapes the function gives results of other types: "
                f"{found.results}, was {self.signature.results}"
            )
        program = compiled(traced.jaxpr)
        constants = [np.ascontiguousarray(c) for c in traced.consts]
        self.kept += [program, constants]
        return [
            *sizes,
            program.kernel_address,
            program.program.table.ctypes.data,
            program.program.workspace_bytes,
            *[c.ctypes.data for c in constants],
            *[n for aval in program.out_avals for n in aval.shape],
        ]


def describe(traced: Any, in_tree: Any, leaves: Any) -> Signature:
    """The signature of a traced program."""
    avals: Sequence[ShapedArray] = traced.jaxpr.out_avals
    results = tuple((a.dtype, len(a.shape)) for a in avals)
    return Signature(in_tree, leaves, traced.out_tree, results, len(traced.consts))


def find_signature(function: Any, in_tree: Any, leaves: Any) -> Signature | str:
    """The signature for arguments of these types, or why there is none."""
    sizes = seen_sizes(function, in_tree, leaves)
    if not sizes:
        return "it has not been called with arguments of these types"
    # Numba's numbers are NumPy's: what was called with Python's is traced again.
    traced = trace_sizes(function, in_tree, leaves, sizes[-1])
    if any(isinstance(c, Tracer) for c in traced.consts):
        return "it closes over a traced value"
    for aval in traced.jaxpr.out_avals:
        if DYNAMIC in aval.shape:
            return "its results have sizes that only the loop knows"
        if aval.dtype == float0:
            return "its results have derivatives by integers (float0)"
    if traced.jaxpr.effects or compiled(traced.jaxpr).program.callbacks:
        return "it calls Python (a callback or a print)"
    return describe(traced, in_tree, leaves)


def trace_sizes(function: Any, in_tree: Any, leaves: Any, sizes: Sequence[int]) -> Any:
    """The program for arguments of these dtypes and sizes."""
    left = list(sizes)
    structs = []
    for dtype, ndim in leaves:
        shape, left = tuple(left[:ndim]), left[ndim:]
        structs.append(ShapeDtypeStruct(shape, dtype))
    args, _ = in_tree.unflatten(structs)
    return function.traced_for(*args)


def seen_sizes(function: Any, in_tree: Any, leaves: Any) -> list[tuple[int, ...]]:
    """The sizes of the calls in Python that had arguments of these types."""
    return [
        tuple(n for aval in avals for n in aval.shape)
        for (structure, static, avals, _), _ in function.programs()
        if not static
        and structure == in_tree
        and tuple((a.dtype, len(a.shape)) for a in avals) == leaves
    ]


def structure_of(example: Any) -> Any:
    """The structure of positional arguments as jitted functions key them."""
    return tree.structure((example, {}))
