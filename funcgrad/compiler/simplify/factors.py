"""Operations with a number that is known, where less does the same."""

from __future__ import annotations

from typing import Any

from funcgrad.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var, map_programs, resolve


def use_known_factors(jaxpr: Jaxpr) -> Jaxpr:
    """The program with cheaper operations where an operand is one number throughout.

    Primitives say by ``given_factor`` which these are. Inner programs too.
    """
    numbers: dict[Var, Any] = {}
    env: dict[Var, Atom] = {}
    eqns: list[Eqn] = []
    for eqn in jaxpr.eqns:
        if env and not env.keys().isdisjoint(eqn.invars):
            invars = tuple([resolve(env, atom) for atom in eqn.invars])
            eqn = Eqn(eqn.primitive, invars, eqn.params, eqn.outvars, eqn.source)
        if eqn.params:
            eqn = map_programs(use_known_factors, eqn)
            if eqn.primitive.repeats:
                numbers[eqn.outvars[0]] = _number(eqn.invars[0], numbers)
        elif eqn.primitive.given_factor is not None:
            found = _cheaper(eqn, numbers)
            if isinstance(found, Eqn):
                eqn = found
            else:
                env[eqn.outvars[0]] = found
                continue
        eqns.append(eqn)
    outvars = tuple([resolve(env, atom) for atom in jaxpr.outvars])
    return jaxpr.replace(eqns=tuple(eqns), outvars=outvars)


def _number(atom: Atom, numbers: dict[Var, Any]) -> Any:
    """What every entry of an array is, as far as that is known."""
    if isinstance(atom, Literal):
        return None if atom.aval.shape else atom.val
    return numbers.get(atom)


def _cheaper(eqn: Eqn, numbers: dict[Var, Any]) -> Eqn | Atom:
    """An equation of the same result, or what has that already."""
    primitive, aval = eqn.primitive, eqn.outvars[0].aval
    for factor, other in (eqn.invars, eqn.invars[::-1]):
        number = _number(factor, numbers)
        if number is None:
            continue
        cheaper, is_one = primitive.given_factor(number)
        # A complex number times one is not itself where a part is not finite.
        if is_one and aval.dtype.kind != "c" and aval.same_type(other.aval):
            return other
        if cheaper is not primitive:
            return Eqn(cheaper, eqn.invars, {}, eqn.outvars, eqn.source)
    return eqn
