"""Linearize: jvp with staged tangents gives a linear jaxpr over residuals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from funcgrad.core.jaxpr import ClosedJaxpr, Jaxpr, eval_jaxpr
from funcgrad.core.trace import new_trace, typeof
from funcgrad.core.vspace import Zero
from funcgrad.transforms.jvp import jvp
from funcgrad.transforms.stage import JaxprTrace, hoist_consts, stage_flat


def linearize(
    function: Callable[..., Sequence[Any]],
    primals: Sequence[Any],
    nonzero: Sequence[bool] | None = None,
) -> tuple[list[Any], ClosedJaxpr, list[bool]]:
    """Results of a flat function, and its derivative there as a linear jaxpr.

    The jaxpr takes the tangents of the inputs that are ``nonzero`` (by default those of
    a differentiable type) and gives the tangents of the results that are not known to
    be zero: the last result tells which. Its constants are the residuals.
    """
    avals = [typeof(p) for p in primals]
    flags = [
        aval.differentiable and (nonzero is None or nonzero[i])
        for i, aval in enumerate(avals)
    ]
    with new_trace(JaxprTrace(staging=False)) as trace:
        tangents = [
            trace.argument(aval.tangent()) if flag else Zero(aval.tangent())
            for aval, flag in zip(avals, flags, strict=True)
        ]
        results, out_tangents = jvp(function, primals, tangents, linear=trace)
        out_flags = [type(t) is not Zero for t in out_tangents]
        arguments: Any = [t for t in tangents if type(t) is not Zero]
        staged = [t for t in out_tangents if type(t) is not Zero]
        program = trace.jaxpr(arguments, staged)
        return results, program, out_flags


class LinearizedJaxpr(NamedTuple):
    """What ``linearize_jaxpr`` gives."""

    primal: Jaxpr
    """inputs -> outputs and then the residuals."""
    linear: Jaxpr
    """residuals, then tangents of the nonzero inputs -> tangents of nonzero outputs."""
    num_residuals: int
    out_nonzero: list[bool]


def linearize_jaxpr(jaxpr: Jaxpr, nonzero: Sequence[bool]) -> LinearizedJaxpr:
    """A jaxpr as one that also returns residuals, and a linear one over them."""
    kept: list[tuple[ClosedJaxpr, list[bool]]] = []

    def primal_function(*args: Any) -> list[Any]:
        results, linear, out_nonzero = linearize(
            lambda *xs: eval_jaxpr(jaxpr, (), *xs), args, nonzero
        )
        kept.append((linear, out_nonzero))
        return [*results, *linear.consts]

    primal = stage_flat(primal_function, [v.aval for v in jaxpr.invars], splits=True)
    linear, out_nonzero = kept[0]
    residuals, hoisted = hoist_consts(linear)
    return LinearizedJaxpr(primal, hoisted, len(residuals), out_nonzero)
