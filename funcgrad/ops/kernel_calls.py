"""Calls of library-like kernels from ``lower`` rules."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from funcgrad.compiler.emit.value import Value
from funcgrad.compiler.lower.index import Index, Number
from funcgrad.compiler.lower.nodes import Buffer
from funcgrad.deferred import deferred_module

if TYPE_CHECKING:
    from funcgrad.compiler.kernels.kernel_text import KernelText
    from funcgrad.compiler.lower import nest
else:
    nest = deferred_module("funcgrad.compiler.lower.nest")


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


def run_in_chunks(
    ctx: Any,
    kernel: KernelText,
    results: Sequence[Any],
    operands: Sequence[Any],
    words: Sequence[int],
    cost: int,
    *,
    cut: int = 0,
    whole: Sequence[int] = (),
) -> None:
    """Call a kernel for chunks of one of its extents, which threads share.

    ``words[cut]`` is this extent, of which arrays have equal parts one after the other,
    but for the operands ``whole``. ``cost`` is the price of a part, in additions.
    """
    extent = words[cut]
    arrays = [*results, *map(ctx.materialize, operands)]
    fixed = [len(results) + k for k in whole]
    sizes = [ctx.extent(n) for n in words]

    def part(begin: Number, end: Number) -> None:
        own = [
            x if k in fixed else _from_part(ctx, x, extent, begin)
            for k, x in enumerate(arrays)
        ]
        given = [*sizes[:cut], Index(ctx.b, end) - begin, *sizes[cut + 1 :]]
        ctx.call_kernel(kernel.text, kernel.symbol, kernel.externs, [*own, *given])

    nest.in_chunks(ctx, part, sizes[cut].base, extent, extent, cost)


def _from_part(ctx: Any, x: Buffer, parts: int, begin: Number) -> Buffer:
    """The array from one of so many parts on."""
    if isinstance(begin, int) and begin == 0:
        return x
    place = Index(ctx.b, begin) * ctx.extent(math.prod(x.shape) // parts)
    pointer = ctx.b.offset(x.ptr, ctx.b.index(place.base), x.dtype)
    return Buffer(pointer, x.shape, x.dtype, x.strides, x.allocation, x.length)
