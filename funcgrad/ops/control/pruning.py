"""Results of inner programs that nobody reads: the programs without them.

Each function takes which results are used, and gives the operands and the results that
stay, as flags, and the primitive's new parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from funcgrad.core.jaxpr import Jaxpr, dead_code
from funcgrad.ops.control.inner import Flags, memoized, select, split

Pruned = tuple[Sequence[bool], Sequence[bool], dict[str, Any]]


@memoized
def _needed(jaxpr: Jaxpr, outputs: Flags) -> tuple[tuple[Any, ...], Flags]:
    """The equations that some outputs need, and which inputs those read."""
    outvars = tuple(select(jaxpr.outvars, outputs))
    eqns, live = dead_code(jaxpr.eqns, outvars)
    return tuple(eqns), tuple(v in live for v in jaxpr.invars)


@memoized
def _part(jaxpr: Jaxpr, outputs: Flags, inputs: Flags) -> Jaxpr:
    """The program with some of its outputs and inputs."""
    eqns, _ = _needed(jaxpr, outputs)
    outvars = tuple(select(jaxpr.outvars, outputs))
    effects = frozenset().union(*(eqn.effects for eqn in eqns))
    return Jaxpr((), tuple(select(jaxpr.invars, inputs)), eqns, outvars, effects)


def prune_call(used: Flags, *, jaxpr: Jaxpr, **params: Any) -> Pruned:
    """A call with some of its results."""
    _, inputs = _needed(jaxpr, used)
    return inputs, used, {"jaxpr": _part(jaxpr, used, inputs), **params}


def prune_cond(used: Flags, *, branches: tuple[Jaxpr, ...]) -> Pruned:
    """Branches with some of their results; operands that no branch reads go."""
    each = [_needed(branch, used)[1] for branch in branches]
    inputs = tuple(any(column) for column in zip(*each, strict=True))
    parts = tuple(_part(branch, used, inputs) for branch in branches)
    return [True, *inputs], used, {"branches": parts}


@memoized
def _loop_needs(
    jaxpr: Jaxpr, num_consts: int, num_carry: int, used: Flags, tested: Flags
) -> tuple[Flags, Flags]:
    """Which carries and which inputs of a loop's body the used outputs need.

    ``tested`` are carries that the condition reads.
    """
    carry = [a or b for a, b in zip(used[:num_carry], tested, strict=True)]
    while True:
        _, inputs = _needed(jaxpr, (*carry, *used[num_carry:]))
        read = inputs[num_consts : num_consts + num_carry]
        grown = [a or b for a, b in zip(carry, read, strict=True)]
        if grown == carry:
            consts, _, xs = split(inputs, num_consts, num_carry)
            return tuple(carry), (*consts, *carry, *xs)
        carry = grown


def prune_scan(
    used: Flags, *, jaxpr: Jaxpr, num_consts: int, num_carry: int, **params: Any
) -> Pruned:
    """A loop without carries and ys that only serve results nobody reads."""
    none = (False,) * num_carry
    carry, inputs = _loop_needs(jaxpr, num_consts, num_carry, used, none)
    outputs = (*carry, *used[num_carry:])
    head = [True] if params["length"] is None else []
    changed = {
        "jaxpr": _part(jaxpr, outputs, inputs),
        "num_consts": sum(inputs[:num_consts]),
        "num_carry": sum(carry),
        **params,
    }
    return [*head, *inputs], outputs, changed


def prune_while(
    used: Flags,
    *,
    cond_jaxpr: Jaxpr,
    body_jaxpr: Jaxpr,
    num_cond_consts: int,
    num_body_consts: int,
    num_tapes: int,
) -> Pruned:
    """A loop without carries and tapes that only serve results nobody reads."""
    num_carry = len(body_jaxpr.outvars) - num_tapes
    carry_used, counted, tapes = split(used, num_carry, 1 if num_tapes else 0)
    if any(counted) and not any(tapes):
        tapes = [True, *tapes[1:]]  # without tapes the loop gives no count
    _, read = _needed(cond_jaxpr, (True,))
    cond_inputs, tested = split(read, num_cond_consts)
    carry, inputs = _loop_needs(
        body_jaxpr, num_body_consts, num_carry, (*carry_used, *tapes), tuple(tested)
    )
    changed = {
        "cond_jaxpr": _part(cond_jaxpr, (True,), (*cond_inputs, *carry)),
        "body_jaxpr": _part(body_jaxpr, (*carry, *tapes), inputs),
        "num_cond_consts": sum(cond_inputs),
        "num_body_consts": sum(inputs[:num_body_consts]),
        "num_tapes": sum(tapes),
    }
    count = [any(tapes)] if num_tapes else []
    return [*cond_inputs, *inputs], [*carry, *count, *tapes], changed
