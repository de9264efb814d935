"""Compiles small kernels for the tests of the text builder: arrays in, arrays out."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence

import numpy as np

from funcgrad.compiler.build.executable import compile_kernel, has_symbol
from funcgrad.compiler.emit.builder import Builder, Module, Value


def build_kernel(body: Callable[[Builder], None], pointers: int) -> Callable[..., None]:
    """A function of ``pointers`` arrays ``%p0``, ``%p1``, ... and the int64 ``%n``."""
    module = Module()
    params = [("ptr", f"p{i}", "") for i in range(pointers)]
    builder = module.function("FG_KERNEL", [*params, ("i64", "n", "")])
    body(builder)
    builder.ret()
    assert all(map(has_symbol, module.externs))
    types = [ctypes.c_void_p] * pointers + [ctypes.c_int64]
    function = ctypes.CFUNCTYPE(None, *types)(compile_kernel(module.text()))

    def run(*arrays: np.ndarray, n: int = 0) -> None:
        assert all(a.flags.c_contiguous for a in arrays)
        assert len(arrays) == pointers
        function(*(a.ctypes.data for a in arrays), n)

    return run


def map_lanes(
    operation: Callable[..., Value],
    arrays: Sequence[np.ndarray],
    result: np.dtype | type | str,
    lanes: int,
) -> np.ndarray:
    """``operation(builder, *values)`` of the entries, ``lanes`` at a time."""
    size = arrays[0].size
    padded = [np.resize(a, -(-size // lanes) * lanes) for a in arrays]
    out = np.empty(padded[0].size, result)

    def body(b: Builder) -> None:
        with b.loop(0, b.param("n", "int64"), lanes) as loop:
            values = [
                b.load(f"%p{i}", loop.index, a.dtype, lanes)
                for i, a in enumerate(padded)
            ]
            y = operation(b, *values)
            assert y.dtype == out.dtype
            assert y.lanes == lanes
            b.store(y, f"%p{len(padded)}", loop.index)

    build_kernel(body, len(padded) + 1)(*padded, out, n=out.size)
    return out[:size]
