"""What a loop would compute anew in every trip goes before it."""

from __future__ import annotations

from collections.abc import Sequence

from funcgrad.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var, map_inner


def hoist_invariants(jaxpr: Jaxpr) -> Jaxpr:
    """The program with invariant equations of loops before them; inner ones first.

    Primitives say by ``hoist`` which these are.
    """
    eqns: list[Eqn] = []
    for eqn in jaxpr.eqns:
        params = map_inner(hoist_invariants, eqn.params)
        rule = eqn.primitive.hoist
        found = None if rule is None else rule(**params)
        invars = eqn.invars
        if found is not None:
            (first, last), outside, params = found
            values = append_program(outside, invars[first:last], eqn, eqns)
            invars = (*invars[:last], *values, *invars[last:])
        if params is not eqn.params:
            eqn = Eqn(eqn.primitive, invars, params, eqn.outvars, eqn.source)
        eqns.append(eqn)
    return jaxpr.replace(eqns=tuple(eqns))


def append_program(
    program: Jaxpr,
    operands: Sequence[Atom],
    origin: Eqn,
    eqns: list[Eqn],
    results: Sequence[Var] = (),
    *,
    has_lines: bool = True,
) -> list[Atom]:
    """Append a program's equations under names of their own; its results.

    ``results`` are names that these must have, given where equations make them all.
    A program that a pass has staged has no lines of the user's: then, and where an
    equation has none, the line is that of ``origin``.
    """
    env: dict[Atom, Atom] = dict(zip(program.invars, operands, strict=True))
    wanted = dict(zip(program.outvars, results, strict=False))
    for eqn in program.eqns:
        invars = tuple(a if isinstance(a, Literal) else env[a] for a in eqn.invars)
        outvars = tuple(wanted.get(v) or Var(v.aval) for v in eqn.outvars)
        env.update(zip(eqn.outvars, outvars, strict=True))
        source = eqn.source if has_lines else None
        eqns.append(
            Eqn(eqn.primitive, invars, eqn.params, outvars, source or origin.source)
        )
    return [env[v] for v in program.outvars]
