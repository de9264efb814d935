"""How windows are added to arrays in place: for the compiler, by primitive."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from funcgrad.compiler.simplify.accumulate import Accumulation, accumulations
from funcgrad.core.aval import ShapedArray
from funcgrad.core.jaxpr import Jaxpr, Var
from funcgrad.core.primitive import Primitive
from funcgrad.core.trace import typeof
from funcgrad.ops.arithmetic import add
from funcgrad.ops.dynamic_slicing import dynamic_slice_p, dynamic_update_slice_p
from funcgrad.ops.indexing import scatter_add_p
from funcgrad.ops.slicing import pad_p, strided_slice
from funcgrad.ops.window_update import update_slice
from funcgrad.transforms.stage import stage_flat


def _accumulates(
    primitive: Primitive, *, zero_operand: int
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: ``rule(total, *operands, **params)`` is total plus the result."""

    def register(rule: Callable[..., Any]) -> Callable[..., Any]:
        def stage(
            total: ShapedArray, avals: Sequence[ShapedArray], params: dict[str, Any]
        ) -> Jaxpr | None:
            program = stage_flat(lambda *xs: [rule(*xs, **params)], [total, *avals])
            # A rule that finds no update gives the total back.
            first = program.outvars[0]
            return program if isinstance(first, Var) and program.eqns else None

        accumulations[primitive.name] = Accumulation(zero_operand, stage)
        return rule

    return register


@_accumulates(dynamic_update_slice_p, zero_operand=0)
def _add_window(total: Any, x: Any, update: Any, *starts: Any) -> Any:
    sizes = typeof(update).shape
    old = dynamic_slice_p.bind(total, *starts, slice_sizes=sizes)
    return dynamic_update_slice_p.bind(total, add(old, update), *starts)


@_accumulates(scatter_add_p, zero_operand=0)
def _add_scattered(
    total: Any, x: Any, indices: Any, updates: Any, **params: Any
) -> Any:
    return scatter_add_p.bind(total, indices, updates, **params)


@_accumulates(pad_p, zero_operand=1)
def _add_padded(total: Any, x: Any, value: Any, *, padding_config: Any) -> Any:
    if any(low < 0 or high < 0 for low, high, _ in padding_config):
        return total
    start = [low for low, _, _ in padding_config]
    strides = [interior + 1 for _, _, interior in padding_config]
    limit = [
        low + (n - 1) * step + 1 if n else low
        for low, n, step in zip(start, typeof(x).shape, strides, strict=True)
    ]
    old = strided_slice(total, start, limit, strides)
    return update_slice(total, add(old, x), start, strides)
