"""Any associative operation on entries, over axes and over windows, step by step.

An operation is a function of two entries, or of two trees of entries. It is applied to
whole arrays at a time, neighbours with neighbours, so that ``n`` entries take
``log(n)`` steps; all of them are traced, so derivatives need no rules.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from funcgrad import errors, tree
from funcgrad.core.aval import ShapedArray
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.joining import concatenate
from funcgrad.ops.slicing_one_axis import slice_in_dim
from funcgrad.ops.structural import align_batch, reshape, without
from funcgrad.transforms.batch import batch
from funcgrad.transforms.stage import stage

Combine = Callable[[Sequence[Any], Sequence[Any]], list[Any]]
KNOWN = frozenset({"add", "mul", "max", "min", "and", "or", "xor"})
"""Operations that have reductions of their own, by the names of their primitives."""


def known_operation(computation: Callable[..., Any], aval: ShapedArray) -> str | None:
    """The primitive that the operation is, of entries of one array, if it is one."""
    entry = ShapedArray((), aval.dtype)
    program = stage(lambda x, y: [computation(x, y)], [entry, entry]).jaxpr
    if len(program.eqns) != 1 or program.constvars:
        return None
    (eqn,) = program.eqns
    same = set(map(id, eqn.invars)) == set(map(id, program.invars))
    is_it = eqn.primitive.name in KNOWN and eqn.outvars == program.outvars
    return eqn.primitive.name if same and is_it and len(eqn.invars) == 2 else None


def on_arrays(computation: Callable[..., Any], structure: Any) -> Combine:
    """The operation on lists of arrays of one shape, entry by entry."""

    def entries(*leaves: Any) -> list[Any]:
        half = len(leaves) // 2
        result = computation(
            structure.unflatten(leaves[:half]), structure.unflatten(leaves[half:])
        )
        return structure.flatten_up_to(result, "the result of the operation")

    def combine(xs: Sequence[Any], ys: Sequence[Any]) -> list[Any]:
        shape = typeof(xs[0]).shape
        size = math.prod(shape)
        flat = [reshape(x, (size,)) for x in (*xs, *ys)]
        values, dims = batch(entries, size, flat, [0] * len(flat))
        return [
            reshape(
                convert_element_type(align_batch(v, d, size), typeof(x).dtype), shape
            )
            for v, d, x in zip(values, dims, xs, strict=True)
        ]

    return combine


def fold(combine: Combine, xs: Sequence[Any], axis: int) -> list[Any]:
    """All entries along an axis of extent 1 or more combined, in order."""
    while (extent := typeof(xs[0]).shape[axis]) > 1:
        even = extent - extent % 2
        left = [slice_in_dim(x, 0, even, 2, axis) for x in xs]
        right = [slice_in_dim(x, 1, even, 2, axis) for x in xs]
        pairs = combine(left, right)
        if extent % 2:
            rest = [slice_in_dim(x, even, None, axis=axis) for x in xs]
            pairs = [
                concatenate([pair, one], axis)
                for pair, one in zip(pairs, rest, strict=True)
            ]
        xs = pairs
    return [reshape(x, without(typeof(x).shape, (axis,))) for x in xs]


def fold_windows(
    combine: Combine,
    xs: Sequence[Any],
    axis: int,
    window: int,
    stride: int,
    dilation: int,
) -> list[Any]:
    """Entries of every window along an axis combined, from runs of 1, 2, 4, ..."""
    extent = typeof(xs[0]).shape[axis]
    last = extent - (window - 1) * dilation
    done: list[Any] | None = None
    offset, length, runs = 0, 1, list(xs)
    while True:
        if window & length:
            first = offset * dilation
            stop = max(first, first + last)
            part = [slice_in_dim(x, first, stop, stride, axis) for x in runs]
            done = part if done is None else combine(done, part)
            offset += length
        if offset == window:
            return done or []
        step = length * dilation
        end = typeof(runs[0]).shape[axis]
        runs = combine(
            [slice_in_dim(x, 0, max(0, end - step), axis=axis) for x in runs],
            [slice_in_dim(x, step, None, axis=axis) for x in runs],
        )
        length *= 2


def entries_of(
    name: str, operands: Any, inits: Any
) -> tuple[list[Any], list[Any], Any]:
    """Leaves of both trees, arrays and what their entries start from, in one dtype."""
    xs, structure = tree.flatten(operands)
    starts = structure.flatten_up_to(inits, "init_values")
    shapes = {typeof(x).shape for x in xs}
    if len(shapes) != 1 or any(typeof(start).shape for start in starts):
        raise errors.ShapeError(
            errors.message(
                f"`{name}` takes arrays of one shape and one scalar for each.",
                where=user_frame(),
                got=", ".join(str(typeof(x)) for x in (*xs, *starts)),
                see=errors.ShapeError.page,
            )
        )
    starts = [
        convert_element_type(start, typeof(x).dtype)
        for x, start in zip(xs, starts, strict=True)
    ]
    return xs, starts, structure
