"""What the linear half of a loop or branch needs of the other half, and how it gets it.

From ``(inputs) -> outputs, residuals`` to programs that compute no residual twice:
loop constants stay constants, inputs and outputs are used where they are, and the rest
is stored. Residuals of unknown size are not stored but computed again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from funcgrad.core.aval import DYNAMIC, ShapedArray
from funcgrad.core.jaxpr import Atom, Eqn, Jaxpr, Var, dead_code, eval_jaxpr
from funcgrad.ops.control.inner import (
    Flags,
    linearized,
    memoized,
    select,
)
from funcgrad.transforms.linearize import LinearizedJaxpr
from funcgrad.transforms.stage import stage_flat


def is_tape(aval: ShapedArray) -> bool:
    """Whether the number of entries is known only when a loop has ended."""
    return aval.shape[:1] == (DYNAMIC,)


@memoized
def linearized_body(jaxpr: Jaxpr, nonzero: Flags) -> LinearizedJaxpr:
    """As ``linearized``, with residuals of known size.

    A body that contains a loop of unknown length has tapes among its residuals. They
    can not be stored for each iteration, so the linear half runs the body again.
    """
    rule = linearized(jaxpr, nonzero)
    residuals = rule.primal.out_avals[len(jaxpr.outvars) :]
    if not any(is_tape(aval) for aval in residuals):
        return rule
    return recomputing(jaxpr, nonzero)


@memoized
def recomputing(jaxpr: Jaxpr, nonzero: Flags) -> LinearizedJaxpr:
    """A linearization whose residuals are the inputs: it computes the others again."""
    rule = linearized(jaxpr, nonzero)
    count = len(jaxpr.invars)

    def linear(*args: Any) -> list[Any]:
        results = eval_jaxpr(rule.primal, (), *args[:count])
        residuals = results[len(jaxpr.outvars) :]
        return eval_jaxpr(rule.linear, (), *residuals, *args[count:])

    tangents = [aval.tangent() for aval in select(jaxpr.in_avals, nonzero)]
    staged = stage_flat(linear, [*jaxpr.in_avals, *tangents])
    read = {v for eqn in staged.eqns for v in eqn.invars} | set(staged.outvars)
    used = [v in read for v in staged.invars[:count]]
    residual_vars = tuple(select(staged.invars[:count], used))
    invars = (*residual_vars, *staged.invars[count:])
    needed = Jaxpr((), invars, staged.eqns, staged.outvars, staged.effects)
    outvars = (*jaxpr.outvars, *select(jaxpr.invars, used))
    primal = Jaxpr((), jaxpr.invars, jaxpr.eqns, outvars, jaxpr.effects)
    return LinearizedJaxpr(primal, needed, len(residual_vars), rule.out_nonzero)


class LoopResiduals(NamedTuple):
    """A loop body's residuals by where they come from.

    ``places`` has for each residual ``("const", i)``, result i of ``invariant``;
    ``("x", i)``, input i after constants and carry; ``("y", i)``, output i after the
    carry; or ``("new", i)``, the i-th of the outputs that ``body`` has in addition.
    """

    body: Jaxpr
    invariant: Jaxpr
    """constants -> residuals that depend on nothing else."""
    places: tuple[tuple[str, int], ...]
    num_new: int


@memoized
def loop_residuals(
    primal: Jaxpr, num_outputs: int, num_consts: int, num_carry: int
) -> LoopResiduals:
    """Sort the residuals of ``(consts, carry, xs) -> carry, ys, residuals``."""
    constant, eqns = _invariant_part(primal, num_consts)
    start = num_consts + num_carry
    xs: dict[Atom, int] = {v: i for i, v in enumerate(primal.invars[start:])}
    ys: dict[Atom, int] = {}
    for i, atom in enumerate(primal.outvars[num_carry:num_outputs]):
        ys.setdefault(atom, i)
    hoisted: dict[Atom, int] = {}
    new: dict[Atom, int] = {}
    places = []
    for atom in primal.outvars[num_outputs:]:
        if atom in constant or type(atom) is not Var:
            places.append(("const", hoisted.setdefault(atom, len(hoisted))))
        elif atom in xs:
            places.append(("x", xs[atom]))
        elif atom in ys:
            places.append(("y", ys[atom]))
        else:
            places.append(("new", new.setdefault(atom, len(new))))
    outvars = (*primal.outvars[:num_outputs], *new)
    body_eqns, _ = dead_code(primal.eqns, outvars)
    body = Jaxpr((), primal.invars, tuple(body_eqns), outvars, primal.effects)
    kept, _ = dead_code(eqns, tuple(hoisted))
    invariant = Jaxpr((), primal.invars[:num_consts], tuple(kept), tuple(hoisted))
    return LoopResiduals(body, invariant, tuple(places), len(new))


def _invariant_part(primal: Jaxpr, num_consts: int) -> tuple[set[Atom], list[Eqn]]:
    """The variables that depend on constants only, and the equations that give them."""
    constant: set[Atom] = set(primal.invars[:num_consts])
    eqns = []
    for eqn in primal.eqns:
        if not eqn.effects and all(v in constant for v in eqn.invars if type(v) is Var):
            constant.update(eqn.outvars)
            eqns.append(eqn)
    return constant, eqns


def sorted_residuals(
    places: Sequence[tuple[str, int]],
    hoisted: Sequence[Any],
    xs: Sequence[Any],
    ys: Sequence[Any],
    new: Sequence[Any],
) -> tuple[list[Any], list[Any]]:
    """Values of the residuals that are loop constants, and of those that are stacks."""
    tables = {"x": xs, "y": ys, "new": new}
    consts = [hoisted[i] for kind, i in places if kind == "const"]
    stacks = [tables[kind][i] for kind, i in places if kind != "const"]
    return consts, stacks


def permuted(jaxpr: Jaxpr, inputs: Sequence[int], outputs: Sequence[int]) -> Jaxpr:
    """The same program with inputs and outputs in another order, or fewer outputs."""
    outvars = tuple(jaxpr.outvars[i] for i in outputs)
    eqns = jaxpr.eqns
    if len(outvars) < len(jaxpr.outvars):
        eqns = tuple(dead_code(eqns, outvars)[0])
    invars = tuple(jaxpr.invars[i] for i in inputs)
    return Jaxpr((), invars, eqns, outvars, jaxpr.effects)
