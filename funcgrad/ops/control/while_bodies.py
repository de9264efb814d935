"""Conditions and bodies of while loops with tangents or a counter in their carry."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from funcgrad.core.aval import ShapedArray
from funcgrad.core.jaxpr import Jaxpr, eval_jaxpr
from funcgrad.ops.arithmetic import add
from funcgrad.ops.control.inner import Flags, jvp_jaxpr, memoized, select, split
from funcgrad.ops.control.residuals import permuted
from funcgrad.transforms.stage import stage_flat

COUNT = ShapedArray((), np.dtype(np.int64))


class JvpLoop(NamedTuple):
    """What ``jvp_loop`` gives."""

    cond: Jaxpr
    body: Jaxpr
    out_nonzero: Flags
    num_tangent_tapes: int


@memoized
def jvp_loop(
    cond_jaxpr: Jaxpr,
    body_jaxpr: Jaxpr,
    num_cond_consts: int,
    num_consts: int,
    nonzero: Flags,
) -> JvpLoop:
    """Condition and body with the tangents of the carry behind the carry."""
    c_flags, k_flags = split(nonzero, num_consts)
    num_carry = len(k_flags)
    num_tapes = len(body_jaxpr.outvars) - num_carry
    rule = jvp_jaxpr(body_jaxpr, nonzero, (*k_flags, *[False] * num_tapes))
    numbers = list(range(len(rule.jaxpr.invars)))
    consts, carry, t_consts, t_carry = split(
        numbers, num_consts, num_carry, sum(c_flags)
    )
    inputs = [*consts, *t_consts, *carry, *t_carry]
    outs, tapes, t_outs, t_tapes = split(
        list(range(len(rule.jaxpr.outvars))), num_carry, num_tapes, sum(k_flags)
    )
    body = permuted(rule.jaxpr, inputs, [*outs, *t_outs, *tapes, *t_tapes])
    carried = select(cond_jaxpr.in_avals[num_cond_consts:], k_flags)
    cond = stage_flat(
        lambda *args: eval_jaxpr(cond_jaxpr, (), *args[: num_cond_consts + num_carry]),
        [*cond_jaxpr.in_avals, *[a.tangent() for a in carried]],
    )
    return JvpLoop(cond, body, rule.out_nonzero, len(t_tapes))


@memoized
def ignoring_last(jaxpr: Jaxpr) -> Jaxpr:
    """A condition of a carry with a counter behind it."""
    return stage_flat(
        lambda *args: eval_jaxpr(jaxpr, (), *args[:-1]), [*jaxpr.in_avals, COUNT]
    )


@memoized
def counting_body(jaxpr: Jaxpr) -> Jaxpr:
    """A body with a counter behind its carry."""
    return stage_flat(
        lambda *args: [*eval_jaxpr(jaxpr, (), *args[:-1]), add(args[-1], 1)],
        [*jaxpr.in_avals, COUNT],
    )
