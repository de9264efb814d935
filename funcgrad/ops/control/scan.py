"""scan: a loop of known length, or over the tapes of one whose length became known.

The primitive and its rules; ``loops`` has the functions users call.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from funcgrad.config import config
from funcgrad.core.aval import DYNAMIC, ShapedArray
from funcgrad.core.jaxpr import Jaxpr, eval_jaxpr
from funcgrad.core.trace import typeof
from funcgrad.ops.control.call import HigherOrder, evaluate_compiled, interpret
from funcgrad.ops.control.inner import (
    Flags,
    batched_jaxpr,
    is_nonzero,
    jvp_jaxpr,
    memoized,
    scatter_zeros,
    select,
    split,
)
from funcgrad.ops.control.invariants import hoist_scan
from funcgrad.ops.control.outer_sums import postpone_scan
from funcgrad.ops.control.pruning import prune_scan
from funcgrad.ops.control.residuals import (
    linearized_body,
    loop_residuals,
    permuted,
    sorted_residuals,
)
from funcgrad.ops.control.scan_batch import aligned, carry_batched, masked
from funcgrad.ops.control.scan_transpose import transpose_scan
from funcgrad.ops.iota import instantiate
from funcgrad.transforms.stage import stage_flat


class Scan(HigherOrder):
    """Carries values through ``length`` applications of ``jaxpr``.

    ``jaxpr`` takes constants, carry and one entry of each of the xs, and gives the
    next carry and one entry of each of the ys. With ``reverse`` it begins at the last
    entry. A ``length`` of None means that the number of trips is the first operand, a
    0-d int64, and that xs and ys are tapes.
    """

    name = "scan"
    prune = staticmethod(prune_scan)
    hoist = staticmethod(hoist_scan)
    postpone = staticmethod(postpone_scan)
    linear = True

    def overwrites(self, result: int, **params: Any) -> int | None:
        first = params["num_consts"] + (params["length"] is None)
        return first + result if result < params["num_carry"] else None

    def evaluate(
        self,
        *operands: Any,
        jaxpr: Jaxpr,
        num_consts: int,
        num_carry: int,
        length: int | None,
        reverse: bool,
        unroll: int,
    ) -> list[Any]:
        if length is None:
            length, operands = int(operands[0]), operands[1:]
        if not config.disable_jit:
            params = {
                "jaxpr": jaxpr,
                "num_consts": num_consts,
                "num_carry": num_carry,
                "length": length,
                "reverse": reverse,
                "unroll": unroll,
            }
            return evaluate_compiled(self, jaxpr, operands, params)
        consts, carry, xs = split(operands, num_consts, num_carry)
        rows: list[list[Any]] = []
        order = range(length)
        for i in reversed(order) if reverse else order:
            results = interpret(jaxpr, [*consts, *carry, *[x[i] for x in xs]])
            carry = results[:num_carry]
            rows.append(results[num_carry:])
        if reverse:
            rows.reverse()
        avals = jaxpr.out_avals[num_carry:]
        ys = [_stacked([row[k] for row in rows], aval) for k, aval in enumerate(avals)]
        return [*carry, *ys]

    def abstract_eval(
        self,
        *avals: ShapedArray,
        jaxpr: Jaxpr,
        num_consts: int,
        num_carry: int,
        length: int | None,
        reverse: bool,
        unroll: int,
    ) -> list[ShapedArray]:
        extent = DYNAMIC if length is None else length
        carry, ys = split(jaxpr.out_avals, num_carry)
        return [a.strong() for a in carry] + [
            ShapedArray((extent, *a.shape), a.dtype) for a in ys
        ]

    def jvp(
        self,
        primals: Sequence[Any],
        tangents: Sequence[Any],
        *,
        jaxpr: Jaxpr,
        num_consts: int,
        num_carry: int,
        **params: Any,
    ) -> Any:
        head, primals, tangents = _without_count(primals, tangents, params)
        nonzero = carry_nonzero(jaxpr, num_consts, num_carry, is_nonzero(tangents))
        rule = _jvp_body(jaxpr, num_consts, num_carry, nonzero)
        ps = split(primals, num_consts, num_carry)
        ts = split(_filled(tangents, nonzero), num_consts, num_carry)
        flags = split(nonzero, num_consts, num_carry)
        parts = [[*p, *select(t, f)] for p, t, f in zip(ps, ts, flags, strict=True)]
        results = self.bind(
            *head,
            *parts[0],
            *parts[1],
            *parts[2],
            jaxpr=rule.jaxpr,
            num_consts=len(parts[0]),
            num_carry=len(parts[1]),
            **params,
        )
        num_ys = len(jaxpr.outvars) - num_carry
        carry, t_carry, ys, t_ys = split(results, num_carry, sum(flags[1]), num_ys)
        avals = [typeof(y) for y in (*carry, *ys)]
        return [*carry, *ys], scatter_zeros([*t_carry, *t_ys], rule.out_nonzero, avals)

    def linearize(
        self,
        primals: Sequence[Any],
        tangents: Sequence[Any],
        *,
        jaxpr: Jaxpr,
        num_consts: int,
        num_carry: int,
        **params: Any,
    ) -> Any:
        head, primals, tangents = _without_count(primals, tangents, params)
        nonzero = carry_nonzero(jaxpr, num_consts, num_carry, is_nonzero(tangents))
        rule = linearized_body(jaxpr, nonzero)
        num_outputs = len(jaxpr.outvars)
        sources = loop_residuals(rule.primal, num_outputs, num_consts, num_carry)
        results = self.bind(
            *head,
            *primals,
            jaxpr=sources.body,
            num_consts=num_consts,
            num_carry=num_carry,
            **params,
        )
        consts, _, xs = split(primals, num_consts, num_carry)
        hoisted = eval_jaxpr(sources.invariant, (), *consts)
        ys = results[num_carry:num_outputs]
        fixed, stacks = sorted_residuals(
            sources.places, hoisted, xs, ys, results[num_outputs:]
        )
        ts, out_nonzero = linear_loop(
            head,
            _filled(tangents, nonzero),
            rule_key=(jaxpr, nonzero),
            sizes=(num_consts, num_carry),
            residuals=(fixed, stacks),
            params=params,
        )
        avals = [typeof(y) for y in results[:num_outputs]]
        return results[:num_outputs], scatter_zeros(ts, out_nonzero, avals)

    def transpose(self, cts: Sequence[Any], *operands: Any, **params: Any) -> list[Any]:
        return transpose_scan(self, cts, operands, **params)

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        jaxpr: Jaxpr,
        num_consts: int,
        num_carry: int,
        **params: Any,
    ) -> Any:
        if params["length"] is None and dims[0] is not None:
            operands, moved, changed = masked(
                size, operands, dims, jaxpr, num_consts, num_carry, params
            )
            results, places = self.batch(size, operands, moved, **changed)
            return results[1:], places[1:]
        head = 1 if params["length"] is None else 0
        first, operands = operands[:head], operands[head:]
        flags = tuple(dim is not None for dim in dims[head:])
        flags = carry_batched(jaxpr, size, num_consts, num_carry, flags)
        force = (*flags[num_consts : num_consts + num_carry],)
        force += (False,) * (len(jaxpr.outvars) - num_carry)
        inner, out = batched_jaxpr(jaxpr, size, flags, force)
        start = num_consts + num_carry
        values = [
            aligned(x, dim, flag, size, k >= start)
            for k, (x, dim, flag) in enumerate(
                zip(operands, dims[head:], flags, strict=True)
            )
        ]
        results = self.bind(
            *first,
            *values,
            jaxpr=inner,
            num_consts=num_consts,
            num_carry=num_carry,
            **params,
        )
        places = [0] * num_carry + [1] * (len(out) - num_carry)
        return results, [p if f else None for p, f in zip(places, out, strict=True)]

    def lower(self, ctx: Any, *operands: Any, **params: Any) -> Any:
        return ctx.lower_scan(*operands, **params)


def _stacked(rows: Sequence[Any], aval: ShapedArray) -> Any:
    if rows:
        return np.stack([np.asarray(row, aval.dtype) for row in rows])
    return np.zeros((0, *aval.shape), aval.dtype)


def _without_count(
    primals: Sequence[Any], tangents: Sequence[Any], params: dict[str, Any]
) -> tuple[Sequence[Any], Sequence[Any], Sequence[Any]]:
    """The number of trips, where it is an operand, and the other operands."""
    head = 1 if params["length"] is None else 0
    return primals[:head], primals[head:], tangents[head:]


def _filled(tangents: Sequence[Any], nonzero: Flags) -> list[Any]:
    """Tangents, with arrays of zeros for those that become nonzero on the way."""
    return [
        instantiate(t) if flag else t for t, flag in zip(tangents, nonzero, strict=True)
    ]


@memoized
def carry_nonzero(
    jaxpr: Jaxpr, num_consts: int, num_carry: int, nonzero: Flags
) -> Flags:
    """Which inputs have a tangent at any time: as given, or through the carry."""
    consts, carry, xs = split(nonzero, num_consts, num_carry)
    none = (False,) * len(jaxpr.outvars)
    while True:
        out = jvp_jaxpr(jaxpr, (*consts, *carry, *xs), none).out_nonzero
        grown = [a or b for a, b in zip(carry, out[:num_carry], strict=True)]
        if grown == carry:
            return (*consts, *carry, *xs)
        carry = grown


class _JvpBody(NamedTuple):
    jaxpr: Jaxpr
    out_nonzero: Flags


@memoized
def _jvp_body(
    jaxpr: Jaxpr, num_consts: int, num_carry: int, nonzero: Flags
) -> _JvpBody:
    """The body with tangents next to the values they belong to."""
    num_ys = len(jaxpr.outvars) - num_carry
    flags = split(nonzero, num_consts, num_carry)
    force = (*flags[1], *[False] * num_ys)
    rule = jvp_jaxpr(jaxpr, nonzero, force)
    numbers = list(range(len(rule.jaxpr.invars)))
    sizes = [sum(f) for f in flags]
    consts, carry, xs, t_consts, t_carry, t_xs = split(
        numbers, num_consts, num_carry, len(flags[2]), sizes[0], sizes[1]
    )
    inputs = [*consts, *t_consts, *carry, *t_carry, *xs, *t_xs]
    out_carry, ys, t_out_carry, t_ys = split(
        list(range(len(rule.jaxpr.outvars))), num_carry, num_ys, sizes[1]
    )
    outputs = [*out_carry, *t_out_carry, *ys, *t_ys]
    return _JvpBody(permuted(rule.jaxpr, inputs, outputs), rule.out_nonzero)


def linear_loop(
    head: Sequence[Any],
    tangents: Sequence[Any],
    *,
    rule_key: tuple[Jaxpr, Flags],
    sizes: tuple[int, int],
    residuals: tuple[Sequence[Any], Sequence[Any]],
    params: dict[str, Any],
) -> tuple[list[Any], Flags]:
    """The linear half of a loop, applied; and which results it gives tangents for."""
    jaxpr, nonzero = rule_key
    body, out_nonzero = _linear_body(jaxpr, nonzero, *sizes)
    if not any(out_nonzero):
        return [], out_nonzero
    fixed, stacks = residuals
    parts = split(tangents, *sizes)
    flags = split(nonzero, *sizes)
    consts, carry, xs = [select(t, f) for t, f in zip(parts, flags, strict=True)]
    results = scan_p.bind(
        *head,
        *fixed,
        *consts,
        *carry,
        *stacks,
        *xs,
        jaxpr=body,
        num_consts=len(fixed) + len(consts),
        num_carry=len(carry),
        **params,
    )
    return results, out_nonzero


@memoized
def _linear_body(
    jaxpr: Jaxpr,
    nonzero: Flags,
    num_consts: int,
    num_carry: int,
) -> tuple[Jaxpr, Flags]:
    """(constant residuals, t_consts, t_carry, stacked residuals, t_xs) -> tangents."""
    rule = linearized_body(jaxpr, nonzero)
    sources = loop_residuals(rule.primal, len(jaxpr.outvars), num_consts, num_carry)
    flags = split(nonzero, num_consts, num_carry)
    carry = flags[1]
    out_nonzero = (*carry, *rule.out_nonzero[num_carry:])
    is_stored = [kind != "again" for kind, _ in sources.places]
    is_const = [kind == "const" for kind, _ in sources.places if kind != "again"]
    num_fixed = sum(is_const)
    num_stacks = len(is_const) - num_fixed
    sizes = [sum(f) for f in flags]

    def function(*args: Any) -> list[Any]:
        fixed, t_consts, t_carry, stacks, t_xs = split(
            args, num_fixed, sizes[0], sizes[1], num_stacks
        )
        constant, stacked = iter(fixed), iter(stacks)
        stored = [next(constant) if f else next(stacked) for f in is_const]
        residuals = sources.complete(stored)
        found = eval_jaxpr(rule.linear, (), *residuals, *t_consts, *t_carry, *t_xs)
        ts = scatter_zeros(found, rule.out_nonzero, jaxpr.out_avals)
        return [instantiate(t) for t in select(ts, out_nonzero)]

    avals = rule.linear.in_avals
    residual_avals = select(avals[: rule.num_residuals], is_stored)
    t_consts, t_carry, t_xs = split(avals[rule.num_residuals :], *sizes[:2])
    fixed_avals = select(residual_avals, is_const)
    stack_avals = select(residual_avals, [not f for f in is_const])
    staged = stage_flat(
        function, [*fixed_avals, *t_consts, *t_carry, *stack_avals, *t_xs]
    )
    return staged, out_nonzero


scan_p = Scan()
