"""How scan is batched: which inputs, and numbers of trips that vary along the batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad.core.aval import ShapedArray
from funcgrad.core.jaxpr import Jaxpr, eval_jaxpr
from funcgrad.ops.arithmetic import add, sub
from funcgrad.ops.comparison import lt
from funcgrad.ops.control.inner import (
    Flags,
    batched_jaxpr,
    memoized,
    split,
)
from funcgrad.ops.iota import zeros_of
from funcgrad.ops.reduction import reduce_max
from funcgrad.ops.selection import select_n
from funcgrad.ops.structural import align_batch, move_axis, move_axis_to_front
from funcgrad.transforms.stage import stage_flat


def carry_batched(
    jaxpr: Jaxpr, size: int, num_consts: int, num_carry: int, batched: Flags
) -> Flags:
    """Which inputs have a batch axis at any time: as given, or through the carry."""
    consts, carry, xs = split(batched, num_consts, num_carry)
    none = (False,) * len(jaxpr.outvars)
    while True:
        _, out = batched_jaxpr(jaxpr, size, (*consts, *carry, *xs), none)
        grown = [a or b for a, b in zip(carry, out[:num_carry], strict=True)]
        if grown == carry:
            return (*consts, *carry, *xs)
        carry = grown


def aligned(x: Any, dim: int | None, batched: bool, size: int, is_x: bool) -> Any:
    """An operand with its batch axis in front, or second where it is looped over."""
    if is_x:
        return x if dim in (None, 1) else move_axis(x, dim, 1)
    return align_batch(x, dim, size) if batched else x


def masked(
    size: int,
    operands: Sequence[Any],
    dims: Sequence[Any],
    jaxpr: Jaxpr,
    num_consts: int,
    num_carry: int,
    params: dict[str, Any],
) -> tuple[list[Any], list[Any], dict[str, Any]]:
    """Operands, dims and parameters of a scan whose number of trips is not batched.

    It runs as often as the entry of the batch that runs most; the others keep their
    carry after their own number of trips, which is a constant of the body.
    """
    counts = move_axis_to_front(operands[0], dims[0])
    most = reduce_max(counts, (0,)) if size else np.int64(0)
    start = sub(most, 1) if params["reverse"] else np.int64(0)
    body = _masked_body(jaxpr, num_consts, num_carry, params["reverse"])
    operands = [
        most,
        counts,
        *operands[1 : 1 + num_consts],
        start,
        *operands[1 + num_consts :],
    ]
    moved = [None, 0, *dims[1 : 1 + num_consts], None, *dims[1 + num_consts :]]
    changed = {
        **params,
        "jaxpr": body,
        "num_consts": num_consts + 1,
        "num_carry": num_carry + 1,
    }
    return operands, moved, changed


@memoized
def _masked_body(jaxpr: Jaxpr, num_consts: int, num_carry: int, reverse: bool) -> Jaxpr:
    """A body that counts trips and does nothing where that is not below its limit.

    (limit, constants, trip, carry, xs) -> trip, carry, ys.
    """

    def function(*args: Any) -> list[Any]:
        (limit,), consts, (trip,), carry, xs = split(args, 1, num_consts, 1, num_carry)
        results = eval_jaxpr(jaxpr, (), *consts, *carry, *xs)
        runs = lt(trip, limit)
        following = add(trip, -1 if reverse else 1)
        kept = [
            *carry,
            *[zeros_of(aval) for aval in jaxpr.out_avals[num_carry:]],
        ]
        chosen = [select_n(runs, k, r) for k, r in zip(kept, results, strict=True)]
        return [following, *chosen]

    number = ShapedArray((), np.dtype(np.int64))
    consts, rest = split(jaxpr.in_avals, num_consts)
    return stage_flat(function, [number, *consts, number, *rest])
