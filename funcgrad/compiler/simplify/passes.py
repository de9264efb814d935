"""The simplifications, in order."""

from __future__ import annotations

from funcgrad.compiler.simplify.accumulate import accumulate_in_place
from funcgrad.compiler.simplify.cse import share_subexpressions
from funcgrad.compiler.simplify.dce import drop_dead_code
from funcgrad.compiler.simplify.factors import use_known_factors
from funcgrad.compiler.simplify.hoist import hoist_invariants
from funcgrad.compiler.simplify.inline import inline_calls
from funcgrad.compiler.simplify.postpone import postpone_sums
from funcgrad.compiler.simplify.reads_first import read_before_update
from funcgrad.compiler.simplify.repeated import operate_before_repeating
from funcgrad.core.jaxpr import Jaxpr

PASSES = (
    use_known_factors,
    share_subexpressions,
    operate_before_repeating,
    hoist_invariants,
    postpone_sums,
    accumulate_in_place,
    drop_dead_code,
    read_before_update,
)
"""What follows when calls are inlined."""


def simplify(jaxpr: Jaxpr, fastmath: str | None = None) -> Jaxpr:
    """A smaller program of the same meaning.

    Calls with other flags than ``fastmath`` stay calls; None: there are no others.
    """
    jaxpr = inline_calls(jaxpr, fastmath)
    for run in PASSES:
        jaxpr = run(jaxpr)
    return jaxpr
