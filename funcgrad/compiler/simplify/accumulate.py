"""Sums with an array that is zero but for a window become updates of that window.

The cotangent of a read ``x[i]`` is such an array. Added as a whole it costs the size of
``x``, which a loop pays in every trip; in place it costs the size of the window.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from funcgrad.compiler.simplify.hoist import append_program
from funcgrad.core.aval import ShapedArray
from funcgrad.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var, dead_code, map_programs


class Accumulation(NamedTuple):
    """How a primitive's result is added to a total in place."""

    zero_operand: int
    """The operand that has to be zero for that."""
    stage: Callable[[ShapedArray, Sequence[ShapedArray], dict[str, Any]], Jaxpr | None]
    """From the types of total and operands, and parameters, the program that takes the
    total and the operands and gives the sum; None where there is none."""


accumulations: dict[str, Accumulation] = {}
"""By name of the primitive; filled by ``ops``."""


def accumulate_in_place(jaxpr: Jaxpr) -> Jaxpr:
    """The program with sums of windows as updates; inner programs too."""
    if not any(eqn.params or eqn.primitive.name in accumulations for eqn in jaxpr.eqns):
        return jaxpr
    made = {var: eqn for eqn in jaxpr.eqns for var in eqn.outvars}
    uses = Counter(
        a for eqn in jaxpr.eqns for a in eqn.invars if not isinstance(a, Literal)
    )
    uses.update(a for a in jaxpr.outvars if not isinstance(a, Literal))
    eqns: list[Eqn] = []
    for eqn in jaxpr.eqns:
        if eqn.primitive.name == "add" and _update(eqn, made, uses, eqns):
            continue
        eqns.append(map_programs(accumulate_in_place, eqn))
    kept, _ = dead_code(eqns, jaxpr.outvars)
    return jaxpr.replace(eqns=tuple(kept))


def _update(
    eqn: Eqn, made: dict[Var, Eqn], uses: Counter[Any], eqns: list[Eqn]
) -> bool:
    """Append the update that a sum is; False where it is none."""
    for total, part in (eqn.invars, eqn.invars[::-1]):
        if isinstance(total, Literal) or isinstance(part, Literal):
            continue
        source = made.get(part)
        if source is None or uses[part] != 1 or not total.aval.same_type(part.aval):
            continue
        rule = accumulations.get(source.primitive.name)
        if rule is None or not _is_zero(source.invars[rule.zero_operand], made):
            continue
        avals = [atom.aval for atom in source.invars]
        program = rule.stage(total.aval, avals, source.params)
        if program is not None:
            operands = (total, *source.invars)
            append_program(program, operands, eqn, eqns, eqn.outvars, has_lines=False)
            return True
    return False


def _is_zero(atom: Atom, made: dict[Var, Eqn]) -> bool:
    while not isinstance(atom, Literal):
        source = made.get(atom)
        if source is None or not source.primitive.repeats:
            return False
        atom = source.invars[0]
    return not np.any(atom.val)
