"""The transpose of scan: the same loop backwards, with cotangents as its carry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from funcgrad.core.aval import ShapedArray
from funcgrad.core.jaxpr import Atom, Jaxpr, eval_jaxpr
from funcgrad.core.primitive import Primitive
from funcgrad.ops.arithmetic import add
from funcgrad.ops.control.inner import (
    Flags,
    is_nonzero,
    memoized,
    select,
    split,
    transpose_jaxpr,
)
from funcgrad.ops.control.residuals import permuted
from funcgrad.ops.iota import instantiate, zeros_of
from funcgrad.transforms.stage import stage_flat
from funcgrad.transforms.transpose import is_linear


def transpose_scan(
    scan: Primitive,
    cts: Sequence[Any],
    operands: Sequence[Any],
    *,
    jaxpr: Jaxpr,
    num_consts: int,
    num_carry: int,
    **params: Any,
) -> list[Any]:
    """Cotangents of the linear operands of a scan, None for the others.

    Constants' cotangents are summed in the carry. A carry that is linear only from the
    second trip on starts from zeros, whose cotangent nobody asks for.
    """
    head_size = 1 if params["length"] is None else 0
    head, operands = operands[:head_size], operands[head_size:]
    given = tuple(is_linear(x) for x in operands)
    linear = _carry_linear(jaxpr, num_consts, num_carry, given)
    program = _Sizes(num_consts, num_carry)
    stacks = _nonlinear_carries(scan, jaxpr, program, linear, head, operands, params)
    consts, _, xs = split(operands, num_consts, num_carry)
    l_consts, l_carry, l_xs = split(linear, num_consts, num_carry)
    ct_carry, ct_ys = split(cts, num_carry)
    ct_carry = select(ct_carry, l_carry)
    rule = _backward_body(
        jaxpr, program, linear, is_nonzero(ct_carry), is_nonzero(ct_ys)
    )
    sums = [zeros_of(a) for a in select(_avals(jaxpr, l_consts), rule.consts)]
    carried = [instantiate(ct) for ct in select(ct_carry, rule.carry)]
    results = scan.bind(
        *head,
        *select(consts, _not(l_consts)),
        *sums,
        *carried,
        *stacks,
        *select(xs, _not(l_xs)),
        *select(ct_ys, is_nonzero(ct_ys)),
        jaxpr=rule.body,
        num_consts=len(consts) - sum(l_consts),
        num_carry=len(sums) + len(carried),
        **{**params, "reverse": not params["reverse"]},
    )
    found = _place(results, rule, linear, program)
    parts = [part if flag else None for part, flag in zip(found, given, strict=True)]
    return [None] * head_size + parts


class _Sizes(NamedTuple):
    consts: int
    carry: int


class _Backward(NamedTuple):
    """The body of a transposed scan, and which cotangents it has.

    ``consts``, ``carry`` and ``xs`` are flags over the linear inputs of each kind.
    """

    body: Jaxpr
    consts: Flags
    carry: Flags
    xs: Flags


def _not(flags: Sequence[bool]) -> list[bool]:
    return [not flag for flag in flags]


def _avals(jaxpr: Jaxpr, l_consts: Sequence[bool]) -> list[ShapedArray]:
    return select(jaxpr.in_avals[: len(l_consts)], l_consts)


@memoized
def _carry_linear(
    jaxpr: Jaxpr, num_consts: int, num_carry: int, linear: Flags
) -> Flags:
    """Which inputs are linear at any time: as given, or through the carry."""
    consts, carry, xs = split(linear, num_consts, num_carry)
    while True:
        flags = (*consts, *carry, *xs)
        depends: set[Atom] = set(select(jaxpr.invars, flags))
        for eqn in jaxpr.eqns:
            if any(v in depends for v in eqn.invars):
                depends.update(eqn.outvars)
        grown = [
            flag or atom in depends
            for flag, atom in zip(carry, jaxpr.outvars[:num_carry], strict=True)
        ]
        if grown == carry:
            return flags
        carry = grown


def _nonlinear_carries(
    scan: Primitive,
    jaxpr: Jaxpr,
    sizes: _Sizes,
    linear: Flags,
    head: Sequence[Any],
    operands: Sequence[Any],
    params: dict[str, Any],
) -> list[Any]:
    """Stacks of the carries that are not linear (counters), by running them alone."""
    l_consts, l_carry, l_xs = split(linear, *sizes)
    if all(l_carry):
        return []
    body = _nonlinear_body(jaxpr, *sizes, linear)
    consts, carry, xs = split(operands, *sizes)
    kept = select(carry, _not(l_carry))
    results: list[Any] = scan.bind(
        *head,
        *select(consts, _not(l_consts)),
        *kept,
        *select(xs, _not(l_xs)),
        jaxpr=body,
        num_consts=len(consts) - sum(l_consts),
        num_carry=len(kept),
        **params,
    )
    return results[len(kept) :]


@memoized
def _nonlinear_body(
    jaxpr: Jaxpr, num_consts: int, num_carry: int, linear: Flags
) -> Jaxpr:
    """The part of a body without linear inputs; it gives its carry as ys too."""
    wanted = [i for i, flag in enumerate(linear) if not flag]
    carry = [i for i in wanted if num_consts <= i < num_consts + num_carry]
    outputs = [i - num_consts for i in carry]
    part = permuted(jaxpr, wanted, outputs)
    outvars = (*part.outvars, *(jaxpr.invars[i] for i in carry))
    return Jaxpr((), part.invars, part.eqns, outvars, part.effects)


@memoized
def _backward_body(
    jaxpr: Jaxpr, sizes: _Sizes, linear: Flags, carry: Flags, ys: Flags
) -> _Backward:
    """The body's transpose, for cotangents of carry and ys that are not zero.

    (constants, sums, cotangents of carry, nonlinear carry, xs, cotangents of ys) ->
    (sums, cotangents of carry, cotangents of xs).
    """
    l_consts, l_carry, l_xs = (sum(f) for f in split(linear, *sizes))
    none = [False] * (l_consts + l_xs)
    while True:
        force = (*none[:l_consts], *carry, *none[l_consts:])
        nonzero = (*_spread(carry, split(linear, *sizes)[1]), *ys)
        transposed, found = transpose_jaxpr(jaxpr, linear, nonzero, force)
        f_consts, f_carry, f_xs = split(found, l_consts, l_carry)
        grown = tuple(a or b for a, b in zip(carry, f_carry, strict=True))
        if grown == carry:
            break
        carry = grown
    num_fixed = sizes.consts - l_consts
    num_residuals = len(linear) - sum(linear)
    num_sums, num_cts = sum(f_consts), sum(carry)

    def function(*args: Any) -> list[Any]:
        fixed, sums, cts, rest, ct_ys = split(
            args, num_fixed, num_sums, num_cts, num_residuals - num_fixed
        )
        results = eval_jaxpr(transposed, (), *fixed, *rest, *cts, *ct_ys)
        parts, others = split(results, num_sums)
        return [*map(add, sums, parts), *others]

    avals = transposed.in_avals
    sum_avals = [a.strong() for a in transposed.out_avals[:num_sums]]
    fixed_avals, rest_avals, ct_avals, y_avals = split(
        avals, num_fixed, num_residuals - num_fixed, num_cts
    )
    body = stage_flat(
        function, [*fixed_avals, *sum_avals, *ct_avals, *rest_avals, *y_avals]
    )
    return _Backward(body, tuple(f_consts), carry, tuple(f_xs))


def _spread(flags: Sequence[bool], places: Sequence[bool]) -> list[bool]:
    """Flags at the places that are set, False elsewhere."""
    given = iter(flags)
    return [next(given) if place else False for place in places]


def _place(
    results: Sequence[Any], rule: _Backward, linear: Flags, sizes: _Sizes
) -> list[Any]:
    """The results of the backward loop as one cotangent for each input."""
    found = iter(_spread_values(results, (*rule.consts, *rule.carry, *rule.xs)))
    return [next(found) if flag else None for flag in linear]


def _spread_values(values: Sequence[Any], flags: Sequence[bool]) -> list[Any]:
    """Values where the flag is set, None elsewhere."""
    given = iter(values)
    return [next(given) if flag else None for flag in flags]
