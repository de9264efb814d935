"""How while is batched: entries that end at different times."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad.core.aval import ShapedArray
from funcgrad.core.jaxpr import Jaxpr, eval_jaxpr
from funcgrad.core.trace import typeof
from funcgrad.ops.arithmetic import add
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.control.inner import (
    Flags,
    batched_jaxpr,
    memoized,
    split,
)
from funcgrad.ops.selection import select_n
from funcgrad.ops.structural import (
    broadcast_in_dim,
    reduce_sum,
)
from funcgrad.transforms.stage import stage_flat


@memoized
def batched_flags(
    cond_jaxpr: Jaxpr,
    body_jaxpr: Jaxpr,
    size: int,
    num_cond_consts: int,
    num_consts: int,
    batched: Flags,
) -> tuple[Flags, bool]:
    """Which operands have a batch axis at any time, and whether the condition has.

    If it has, every carry has: entries end at different times.
    """
    cond_flags, flags, carry = split(batched, num_cond_consts, num_consts)
    none = (False,) * len(body_jaxpr.outvars)
    while True:
        _, (varies,) = batched_jaxpr(cond_jaxpr, size, (*cond_flags, *carry), (False,))
        if varies:
            return (*cond_flags, *flags, *[True] * len(carry)), True
        _, out = batched_jaxpr(body_jaxpr, size, (*flags, *carry), none)
        grown = [a or b for a, b in zip(carry, out[: len(carry)], strict=True)]
        if grown == carry:
            return (*cond_flags, *flags, *carry), False
        carry = grown


@memoized
def varying_loop(
    cond_jaxpr: Jaxpr,
    body_jaxpr: Jaxpr,
    size: int,
    cond_flags: Flags,
    body_flags: Flags,
    num_tapes: int,
) -> tuple[Jaxpr, Jaxpr, Jaxpr]:
    """Condition and body of a loop whose entries end at different times.

    The carry begins with which entries still run and their numbers of trips. The third
    program tells which entries run at the start.
    """
    num_carry = len(body_jaxpr.outvars) - num_tapes
    all_carry = (True,) * num_carry
    test, _ = batched_jaxpr(cond_jaxpr, size, (*cond_flags, *all_carry), (True,))
    step, _ = batched_jaxpr(
        body_jaxpr,
        size,
        (*body_flags, *all_carry),
        (True,) * (num_carry + num_tapes),
    )
    sizes = (len(cond_flags), len(body_flags))
    runs_aval = ShapedArray((size,), test.out_avals[0].dtype)
    count_aval = ShapedArray((size,), np.dtype(np.int64))
    consts = [*test.in_avals[: sizes[0]], *step.in_avals[: sizes[1]]]
    carry = step.in_avals[sizes[1] :]

    def condition(runs: Any, *_: Any) -> list[Any]:
        return [reduce_sum(runs, (0,))]

    def body(*args: Any) -> list[Any]:
        cond_consts, own, (runs, counts), old = split(args, *sizes, 2)
        results = eval_jaxpr(step, (), *own, *old)
        new = [_keep(runs, o, r) for o, r in zip(old, results, strict=False)]
        still = eval_jaxpr(test, (), *cond_consts, *new)[0]
        counts = add(counts, convert_element_type(runs, np.int64))
        return [select_n(runs, runs, still), counts, *new, *results[num_carry:]]

    carried = [runs_aval, count_aval, *carry]
    return (
        stage_flat(condition, carried),
        stage_flat(body, [*consts, *carried]),
        test,
    )


def _keep(runs: Any, old: Any, new: Any) -> Any:
    """Entry by entry, the new value where the loop still runs."""
    which = broadcast_in_dim(runs, typeof(new).shape, (0,))
    return select_n(which, old, new)
