"""What the linear half of a loop or branch needs of the other half, and how it gets it.

From ``(inputs) -> outputs, residuals`` to programs that compute no residual twice:
loop constants stay constants, inputs and outputs are used where they are, and the rest
is stored. Residuals of unknown size are not stored but computed again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from funcgrad.core.aval import known_size
from funcgrad.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var, dead_code, eval_jaxpr
from funcgrad.ops.control.inner import (
    Flags,
    linearized,
    memoized,
    select,
)
from funcgrad.transforms.linearize import LinearizedJaxpr
from funcgrad.transforms.stage import stage_flat

CHEAP = 10
"""Price, in additions, up to which a residual is computed again and not stored."""
LONG = 8
"""Entries from which on that pays."""


@memoized
def linearized_body(jaxpr: Jaxpr, nonzero: Flags) -> LinearizedJaxpr:
    """As ``linearized``, with residuals of known size.

    A body that contains a loop of unknown length has tapes among its residuals. They
    can not be stored for each iteration, so the linear half runs the body again.
    """
    rule = linearized(jaxpr, nonzero)
    residuals = rule.primal.out_avals[len(jaxpr.outvars) :]
    if not any(aval.is_tape for aval in residuals):
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

    Cheap ones are not stored, but made again from the others.

    ``places`` has for each residual ``("const", i)``, result i of ``invariant``;
    ``("x", i)``, input i after constants and carry; ``("y", i)``, output i after the
    carry; ``("new", i)``, the i-th of the outputs that ``body`` has in addition; or
    ``("again", 0)``, a result of the equations ``again``.
    """

    body: Jaxpr
    invariant: Jaxpr
    """constants -> residuals that depend on nothing else."""
    places: tuple[tuple[str, int], ...]
    num_new: int
    atoms: tuple[Atom, ...]
    """The residuals in the body that was given."""
    again: tuple[Eqn, ...]

    def complete(self, stored: Sequence[Any]) -> list[Any]:
        """All residuals, from the values of those that are stored."""
        kept = iter(stored)
        env: dict[Atom, Any] = {
            atom: next(kept)
            for atom, (kind, _) in zip(self.atoms, self.places, strict=True)
            if kind != "again"
        }
        for eqn in self.again:
            operands = [a.val if isinstance(a, Literal) else env[a] for a in eqn.invars]
            env[eqn.outvars[0]] = eqn.primitive.bind(*operands, **eqn.params)
        return [env[atom] for atom in self.atoms]


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
    residuals = primal.outvars[num_outputs:]
    known = {*constant, *xs, *ys}
    again = _cheap_again(primal.eqns, residuals, known)
    cheap = {v for eqn in again for v in eqn.outvars}
    for atom in residuals:
        if atom in cheap:
            places.append(("again", 0))
        elif atom in constant or type(atom) is not Var:
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
    return LoopResiduals(
        body, invariant, tuple(places), len(new), tuple(residuals), tuple(again)
    )


def _cheap_again(
    eqns: Sequence[Eqn], residuals: Sequence[Atom], known: set[Atom]
) -> list[Eqn]:
    """The equations that make residuals from others for less than storing them costs.

    ``known`` are the residuals that are not stored anyway.
    """
    wanted = {v for v in residuals if type(v) is Var}
    prices: dict[Atom, int] = dict.fromkeys(wanted, 0)
    cheap: list[Var] = []
    for eqn in eqns:
        if not eqn.primitive.entrywise or any(
            a not in prices for a in eqn.invars if type(a) is Var
        ):
            continue
        (result,) = eqn.outvars
        price = getattr(eqn.primitive, "cost", 1)
        price += sum(prices.get(a, 0) for a in eqn.invars)
        if result not in wanted:
            prices[result] = price
        elif price <= CHEAP and result not in known and _is_long(result):
            prices[result] = price
            cheap.append(result)
    stored = wanted.difference(cheap)
    needed: set[Atom] = set(cheap)
    found = []
    for eqn in reversed(eqns):
        if needed.isdisjoint(eqn.outvars) or not stored.isdisjoint(eqn.outvars):
            continue
        needed.update(a for a in eqn.invars if type(a) is Var)
        found.append(eqn)
    return found[::-1]


def _is_long(v: Var) -> bool:
    """Whether an array is worth more than the registers that keep it meanwhile."""
    return known_size(v.aval.shape) >= LONG


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
    stacks = [tables[kind][i] for kind, i in places if kind in tables]
    return consts, stacks


def permuted(jaxpr: Jaxpr, inputs: Sequence[int], outputs: Sequence[int]) -> Jaxpr:
    """The same program with inputs and outputs in another order, or fewer outputs."""
    outvars = tuple(jaxpr.outvars[i] for i in outputs)
    eqns = jaxpr.eqns
    if len(outvars) < len(jaxpr.outvars):
        eqns = tuple(dead_code(eqns, outvars)[0])
    invars = tuple(jaxpr.invars[i] for i in inputs)
    return Jaxpr((), invars, eqns, outvars, jaxpr.effects)
