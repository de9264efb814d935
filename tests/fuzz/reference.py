"""Jaxprs run equation by equation with NumPy alone, control flow as Python's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad.core.jaxpr import Eqn, Jaxpr, Literal, Var

Watch = Callable[[np.ndarray], None]


def run(
    jaxpr: Jaxpr, args: Sequence[Any], watch: Watch = lambda x: None
) -> list[np.ndarray]:
    """Results of a jaxpr without constants; ``watch`` sees every value on the way."""
    env: dict[Var, Any] = dict(zip(jaxpr.invars, args, strict=True))
    for eqn in jaxpr.eqns:
        operands = [_read(env, atom) for atom in eqn.invars]
        results = _apply(eqn, operands, watch)
        for var, value in zip(eqn.outvars, results, strict=True):
            array = np.asarray(value)
            assert array.dtype == var.aval.dtype, (eqn.primitive, array.dtype, var.aval)
            assert array.shape == var.aval.shape, (eqn.primitive, array.shape, var.aval)
            watch(array)
            env[var] = array
    return [np.asarray(_read(env, atom)) for atom in jaxpr.outvars]


def _read(env: dict[Var, Any], atom: Any) -> np.ndarray:
    if isinstance(atom, Literal):
        return np.asarray(atom.val, atom.aval.dtype)
    return env[atom]


def _apply(eqn: Eqn, operands: list[Any], watch: Watch) -> Sequence[Any]:
    control = _CONTROL.get(eqn.primitive.name)
    if control is not None:
        return control(operands, watch, **eqn.params)
    called = getattr(eqn.primitive, "called_jaxpr", None)
    if called is not None:
        return run(called(**eqn.params), operands, watch)
    result = eqn.primitive.evaluate(*operands, **eqn.params)
    return result if eqn.primitive.multiple_results else [result]


def _cond(operands: list[Any], watch: Watch, *, branches: Sequence[Jaxpr]) -> Any:
    which = min(max(int(operands[0]), 0), len(branches) - 1)
    return run(branches[which], operands[1:], watch)


def _scan(
    operands: list[Any],
    watch: Watch,
    *,
    jaxpr: Jaxpr,
    num_consts: int,
    num_carry: int,
    length: int,
    reverse: bool,
    **_: Any,
) -> list[Any]:
    consts = operands[:num_consts]
    carry = operands[num_consts : num_consts + num_carry]
    xs = operands[num_consts + num_carry :]
    avals = jaxpr.out_avals[num_carry:]
    stacks = [np.empty((length, *a.shape), a.dtype) for a in avals]
    order = range(length)
    for i in reversed(order) if reverse else order:
        results = run(jaxpr, [*consts, *carry, *[x[i] for x in xs]], watch)
        carry = results[:num_carry]
        for stack, row in zip(stacks, results[num_carry:], strict=True):
            stack[i] = row
    return [*carry, *stacks]


def _while(
    operands: list[Any],
    watch: Watch,
    *,
    cond_jaxpr: Jaxpr,
    body_jaxpr: Jaxpr,
    num_cond_consts: int,
    num_body_consts: int,
    **_: Any,
) -> list[Any]:
    first, split = num_cond_consts, num_cond_consts + num_body_consts
    carry = operands[split:]
    while run(cond_jaxpr, [*operands[:first], *carry], watch)[0]:
        carry = run(body_jaxpr, [*operands[first:split], *carry], watch)
    return carry


_CONTROL: dict[str, Callable[..., Any]] = {
    "cond": _cond,
    "scan": _scan,
    "while": _while,
}
