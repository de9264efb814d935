"""Runs a kernel alone: arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from funcgrad.compiler.build.executable import compile_kernel
from funcgrad.compiler.call.trampoline import make_native_call
from funcgrad.compiler.kernels.kernel_text import KernelText


def run_alone(
    kernel: KernelText,
    operands: Sequence[np.ndarray],
    results: Sequence[tuple[str, tuple[int, ...]]],
    words: Sequence[int],
) -> tuple[np.ndarray, ...]:
    assert (len(results), len(operands), len(words)) == kernel[3:]
    operands = [np.ascontiguousarray(x).reshape(np.shape(x)) for x in operands]
    specs = [(x.dtype, x.shape) for x in operands]
    address = compile_kernel(kernel.standalone())
    table = np.array(words, np.int64)
    call = make_native_call(specs, results, address, table, 0, False, True)
    arrays = call(*operands)
    assert isinstance(arrays, tuple)
    return arrays
