"""Linear halves of loops of unknown length: they compute their residuals themselves.

What such a loop leaves for the backward pass are tapes, whose length is known only when
it has ended. Inside one program that is no matter. For each entry of a batch, or each
trip of an outer loop, it would be: there, tapes do not leave the linear
half, which takes the inputs of the loop and runs it again, with tapes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from funcgrad.core.aval import ShapedArray
from funcgrad.core.jaxpr import Jaxpr
from funcgrad.core.trace import Tracer
from funcgrad.ops.control.call import Call
from funcgrad.ops.control.inner import (
    Flags,
    is_nonzero,
    memoized,
    scatter_zeros,
    select,
)
from funcgrad.ops.control.residuals import recomputing
from funcgrad.transforms.batch import BatchTrace
from funcgrad.transforms.stage import stage_flat


class Recomputed(Call):
    """Runs ``jaxpr``, whose own linear half is of the same kind."""

    name = "recomputed"
    linear = True

    def linearize(
        self, primals: Sequence[Any], tangents: Sequence[Any], *, jaxpr: Jaxpr
    ) -> Any:
        nonzero = is_nonzero(tangents)
        rule = recomputing(jaxpr, nonzero)
        count = len(jaxpr.outvars)
        results = self.bind(*primals, jaxpr=jaxpr)
        ts: Sequence[Any] = []
        if any(rule.out_nonzero):
            inputs: dict[Any, Any] = dict(zip(jaxpr.invars, primals, strict=True))
            read = [inputs[v] for v in rule.primal.outvars[count:]]
            ts = self.bind(*read, *select(tangents, nonzero), jaxpr=rule.linear)
        return results, scatter_zeros(ts, rule.out_nonzero, jaxpr.out_avals)

    def called_jaxpr(self, *, jaxpr: Jaxpr) -> Jaxpr:
        """What stands in place of the call inside a compiled program."""
        return jaxpr


recomputed_p = Recomputed()


@memoized
def linear_half(
    owner: Jaxpr,
    linearize: Callable[..., Any],
    avals: tuple[ShapedArray, ...],
    params: tuple[tuple[str, Any], ...],
    nonzero: Flags,
) -> tuple[Jaxpr, Flags]:
    """(operands, their nonzero tangents) -> nonzero tangents of the results.

    ``linearize`` is the rule of a primitive whose parameters are ``params``. The result
    is kept with ``owner``, one of the programs among them.
    """
    found: list[Flags] = []

    def function(*args: Any) -> list[Any]:
        tangents = scatter_zeros(args[len(avals) :], nonzero, avals)
        _, ts = linearize(args[: len(avals)], tangents, **dict(params))
        found.append(is_nonzero(ts))
        return select(ts, found[-1])

    given = [aval.tangent() for aval in select(avals, nonzero)]
    return stage_flat(function, [*avals, *given]), found[-1]


def tapes_end_here(primal: Any) -> bool:
    """Whether tapes would leave the program or the entry of a batch they belong to."""
    if not isinstance(primal, Tracer):
        return False
    return isinstance(primal.owner, BatchTrace) or primal.owner.splits
