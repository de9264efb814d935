"""Calls of library-like kernels from ``lower`` rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from funcgrad.compiler.emit.value import Value
from funcgrad.compiler.kernels.kernel_text import KernelText


def run_kernel(
    ctx: Any,
    kernel: KernelText,
    results: Sequence[Any],
    operands: Sequence[Any],
    words: Sequence[int],
) -> Value:
    """Emit a call; results are buffers, operands any nodes. Gives the status."""
    sources = [ctx.materialize(x) for x in operands]
    sizes = [ctx.extent(n) for n in words]
    status: Value = ctx.call_kernel(
        kernel.text, kernel.symbol, kernel.externs, [*results, *sources, *sizes]
    )
    return status
