"""Batching: a value may carry one more axis, which rules see and users don't."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from funcgrad.core.aval import ShapedArray
from funcgrad.core.jaxpr import Jaxpr, eval_jaxpr
from funcgrad.core.primitive import Primitive
from funcgrad.core.trace import Trace, new_trace, typeof
from funcgrad.core.tracer import ArrayTracer
from funcgrad.transforms.stage import stage_flat

Dim = int | None


class BatchTrace(Trace):
    """Applies batching rules; ``axis_name`` is what collectives call this axis."""

    def __init__(self, size: int, axis_name: Any = None) -> None:
        self.size = size
        self.axis_name = axis_name

    def pair(self, value: Any) -> tuple[Any, Dim]:
        if type(value) is BatchTracer and value.owner is self:
            return value.value, value.dim
        return value, None

    def process(
        self, primitive: Primitive, operands: Sequence[Any], params: Any
    ) -> Any:
        pairs = [self.pair(operand) for operand in operands]
        dims = [dim for _, dim in pairs]
        values = [value for value, _ in pairs]
        if all(dim is None for dim in dims):
            return primitive.bind(*values, **params)
        result, dim = primitive.batch(self.size, values, dims, **params)
        if primitive.multiple_results:
            return [self.wrap(r, d) for r, d in zip(result, dim, strict=True)]
        return self.wrap(result, dim)

    def wrap(self, value: Any, dim: Dim) -> Any:
        return value if dim is None else BatchTracer(self, value, dim)


class BatchTracer(ArrayTracer):
    """A value with one more axis, ``dim``, than its type shows."""

    __slots__ = ("dim", "value")

    def __init__(self, trace: BatchTrace, value: Any, dim: int) -> None:
        self.owner = trace
        self.value = value
        self.dim = dim

    @property
    def aval(self) -> ShapedArray:
        aval = typeof(self.value)
        shape = aval.shape[: self.dim] + aval.shape[self.dim + 1 :]
        return ShapedArray(shape, aval.dtype, aval.weak_type)

    def concrete(self) -> Any:
        return None


def batch(
    function: Callable[..., Sequence[Any]],
    size: int,
    values: Sequence[Any],
    dims: Sequence[Dim],
    *,
    axis_name: Any = None,
) -> tuple[list[Any], list[Dim]]:
    """Results of a flat function over a batch, and the batch dimension of each."""
    with new_trace(BatchTrace(size, axis_name)) as trace:
        arguments = [trace.wrap(v, d) for v, d in zip(values, dims, strict=True)]
        pairs = [trace.pair(result) for result in function(*arguments)]
    return [value for value, _ in pairs], [dim for _, dim in pairs]


def batch_place(aval: ShapedArray) -> int:
    """Where programs have the batch axis: in front, but after the trips of a tape."""
    return 1 if aval.is_tape else 0


def _with_axis(aval: ShapedArray, place: int, size: int) -> ShapedArray:
    shape = (*aval.shape[:place], size, *aval.shape[place:])
    return ShapedArray(shape, aval.dtype)


def batch_jaxpr(
    jaxpr: Jaxpr,
    size: int,
    batched: Sequence[bool],
    force: Sequence[bool],
    align: Callable[[Any, Dim, int], Any],
) -> tuple[Jaxpr, list[bool]]:
    """A jaxpr over operands that have a batch axis where ``batched``.

    ``force`` names outputs that must be batched; ``align(value, dim, size)`` puts the
    batch axis where ``batch_place`` says, broadcasting where there is none. Tells which
    outputs are batched.
    """
    out_batched: list[bool] = []
    places = [batch_place(v.aval) for v in jaxpr.invars]

    def function(*args: Any) -> list[Any]:
        dims = [p if flag else None for p, flag in zip(places, batched, strict=True)]
        values, out_dims = batch(
            lambda *xs: eval_jaxpr(jaxpr, (), *xs), size, args, dims
        )
        flags = [d is not None or f for d, f in zip(out_dims, force, strict=True)]
        out_batched[:] = flags
        return [
            align(v, d, size) if flag else v
            for v, d, flag in zip(values, out_dims, flags, strict=True)
        ]

    avals = [
        _with_axis(v.aval, place, size) if flag else v.aval
        for v, place, flag in zip(jaxpr.invars, places, batched, strict=True)
    ]
    return stage_flat(function, avals), out_batched
