"""while: a loop that ends when its condition says so, differentiable in both modes.

The primitive and its rules; ``loops`` has the functions users call. Reverse mode runs
the loop with tapes, which keep what each trip leaves for the backward pass, and then
the linear half as a scan over the tapes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad.config import config
from funcgrad.core.aval import DYNAMIC, ShapedArray
from funcgrad.core.jaxpr import Jaxpr, eval_jaxpr
from funcgrad.core.trace import typeof
from funcgrad.core.vspace import zero_like
from funcgrad.ops.control.call import HigherOrder, evaluate_compiled, interpret
from funcgrad.ops.control.inner import (
    Flags,
    batched_jaxpr,
    is_nonzero,
    scatter_zeros,
    select,
    split,
)
from funcgrad.ops.control.invariants import hoist_while
from funcgrad.ops.control.lanes import facts_of_while, in_blocks, width_for
from funcgrad.ops.control.pruning import prune_while
from funcgrad.ops.control.recomputed import (
    linear_half,
    recomputed_p,
    tapes_end_here,
)
from funcgrad.ops.control.residuals import (
    linearized_body,
    loop_residuals,
    sorted_residuals,
)
from funcgrad.ops.control.scan import carry_nonzero, linear_loop
from funcgrad.ops.control.while_batch import batched_flags, varying_loop
from funcgrad.ops.control.while_bodies import (
    COUNT,
    counting_body,
    ignoring_last,
    jvp_loop,
)
from funcgrad.ops.iota import instantiate
from funcgrad.ops.structural import (
    align_batch,
    broadcast_in_dim,
)


class While(HigherOrder):
    """Applies ``body_jaxpr`` to the carry while ``cond_jaxpr`` of it is true.

    Operands are constants of the condition, constants of the body, and the carry. The
    last ``num_tapes`` outputs of the body are not carried but kept for each trip: with
    any, the results are the carry, the number of trips, and the tapes.
    """

    name = "while"
    prune = staticmethod(prune_while)
    hoist = staticmethod(hoist_while)

    def overwrites(self, result: int, **params: Any) -> int | None:
        first = params["num_cond_consts"] + params["num_body_consts"]
        carried = len(params["body_jaxpr"].outvars) - params["num_tapes"]
        return first + result if result < carried else None

    def evaluate(
        self,
        *operands: Any,
        cond_jaxpr: Jaxpr,
        body_jaxpr: Jaxpr,
        num_cond_consts: int,
        num_body_consts: int,
        num_tapes: int,
    ) -> list[Any]:
        if not config.disable_jit:
            params: dict[str, Any] = {
                "cond_jaxpr": cond_jaxpr,
                "body_jaxpr": body_jaxpr,
                "num_cond_consts": num_cond_consts,
                "num_body_consts": num_body_consts,
                "num_tapes": num_tapes,
            }
            return evaluate_compiled(self, body_jaxpr, operands, params)
        cond_consts, consts, carry = split(operands, num_cond_consts, num_body_consts)
        rows: list[list[Any]] = []
        while bool(interpret(cond_jaxpr, [*cond_consts, *carry])[0]):
            results = interpret(body_jaxpr, [*consts, *carry])
            carry, row = split(results, len(carry))
            rows.append(row)
        if not num_tapes:
            return carry
        avals = body_jaxpr.out_avals[len(carry) :]
        tapes = [
            np.array([row[k] for row in rows], aval.dtype).reshape(-1, *aval.shape)
            if rows
            else np.zeros((0, *aval.shape), aval.dtype)
            for k, aval in enumerate(avals)
        ]
        return [*carry, np.int64(len(rows)), *tapes]

    def abstract_eval(
        self,
        *avals: ShapedArray,
        cond_jaxpr: Jaxpr,
        body_jaxpr: Jaxpr,
        num_cond_consts: int,
        num_body_consts: int,
        num_tapes: int,
    ) -> list[ShapedArray]:
        num_carry = len(body_jaxpr.outvars) - num_tapes
        carry, tapes = split(body_jaxpr.out_avals, num_carry)
        results = [a.strong() for a in carry]
        if not num_tapes:
            return results
        stacks = [ShapedArray((DYNAMIC, *a.shape), a.dtype) for a in tapes]
        return [*results, COUNT, *stacks]

    def jvp(
        self,
        primals: Sequence[Any],
        tangents: Sequence[Any],
        *,
        cond_jaxpr: Jaxpr,
        body_jaxpr: Jaxpr,
        num_cond_consts: int,
        num_body_consts: int,
        num_tapes: int,
    ) -> Any:
        cond_consts, consts, carry = split(primals, num_cond_consts, num_body_consts)
        nonzero = carry_nonzero(
            body_jaxpr, len(consts), len(carry), is_nonzero(tangents[num_cond_consts:])
        )
        ts = [
            instantiate(t) if flag else t
            for t, flag in zip(tangents[num_cond_consts:], nonzero, strict=True)
        ]
        rule = jvp_loop(cond_jaxpr, body_jaxpr, len(cond_consts), len(consts), nonzero)
        t_consts = select(ts[: len(consts)], nonzero[: len(consts)])
        t_carry = select(ts[len(consts) :], nonzero[len(consts) :])
        results = self.bind(
            *cond_consts,
            *consts,
            *t_consts,
            *carry,
            *t_carry,
            cond_jaxpr=rule.cond,
            body_jaxpr=rule.body,
            num_cond_consts=num_cond_consts,
            num_body_consts=len(consts) + len(t_consts),
            num_tapes=num_tapes + rule.num_tangent_tapes if num_tapes else 0,
        )
        ys, y_ts, rest = split(results, len(carry), len(t_carry))
        head, tapes, t_tapes = split(rest, 1 if num_tapes else 0, num_tapes)
        outs = [*ys, *head, *tapes]
        out_ts = scatter_zeros(
            [*y_ts, *t_tapes],
            rule.out_nonzero,
            [typeof(y) for y in (*ys, *tapes)],
        )
        carried, taped = split(out_ts, len(carry))
        return outs, [*carried, *map(zero_like, head), *taped]

    def linearize(
        self,
        primals: Sequence[Any],
        tangents: Sequence[Any],
        **params: Any,
    ) -> Any:
        if not params["num_tapes"] and any(map(tapes_end_here, primals)):
            return self._linearize_again(primals, tangents, params)
        return self.linearize_with_tapes(primals, tangents, **params)

    def linearize_with_tapes(
        self,
        primals: Sequence[Any],
        tangents: Sequence[Any],
        *,
        cond_jaxpr: Jaxpr,
        body_jaxpr: Jaxpr,
        num_cond_consts: int,
        num_body_consts: int,
        num_tapes: int,
    ) -> Any:
        """The loop with tapes, and the linear half as a loop over them."""
        _, consts, carry = split(primals, num_cond_consts, num_body_consts)
        sizes = (len(consts), len(carry))
        nonzero = carry_nonzero(
            body_jaxpr, *sizes, is_nonzero(tangents[num_cond_consts:])
        )
        rule = linearized_body(body_jaxpr, nonzero)
        num_outputs = len(body_jaxpr.outvars)
        sources = loop_residuals(rule.primal, num_outputs, *sizes)
        outs, count, tapes = self._run_with_count(
            primals,
            cond_jaxpr=cond_jaxpr,
            body_jaxpr=sources.body,
            num_cond_consts=num_cond_consts,
            num_body_consts=num_body_consts,
            num_tapes=num_tapes + sources.num_new,
        )
        hoisted = eval_jaxpr(sources.invariant, (), *consts)
        fixed, stacks = sorted_residuals(
            sources.places, hoisted, (), tapes[:num_tapes], tapes[num_tapes:]
        )
        filled = [
            instantiate(t) if flag else t
            for t, flag in zip(tangents[num_cond_consts:], nonzero, strict=True)
        ]
        ts, out_nonzero = linear_loop(
            [count],
            filled,
            rule_key=(body_jaxpr, nonzero),
            sizes=sizes,
            residuals=(fixed, stacks),
            params={"length": None, "reverse": False, "unroll": 1},
        )
        tapes = tapes[:num_tapes]
        avals = [typeof(y) for y in (*outs, *tapes)]
        carried, taped = split(scatter_zeros(ts, out_nonzero, avals), len(carry))
        if not num_tapes:
            return outs, carried
        return [*outs, count, *tapes], [*carried, zero_like(count), *taped]

    def _linearize_again(
        self, primals: Sequence[Any], tangents: Sequence[Any], params: dict[str, Any]
    ) -> Any:
        """The loop, and the linear half as a program that runs it again, with tapes."""
        nonzero = is_nonzero(tangents)
        outs = self.bind(*primals, **params)
        avals = [typeof(x) for x in primals]
        linear, out_nonzero = linear_half(
            params["body_jaxpr"],
            self.linearize_with_tapes,
            tuple(avals),
            tuple(params.items()),
            nonzero,
        )
        ts: Sequence[Any] = []
        if any(out_nonzero):
            given = select(tangents, nonzero)
            ts = recomputed_p.bind(*primals, *given, jaxpr=linear)
        return outs, scatter_zeros(ts, out_nonzero, [typeof(y) for y in outs])

    def _run_with_count(
        self, operands: Sequence[Any], *, body_jaxpr: Jaxpr, **params: Any
    ) -> tuple[list[Any], Any, list[Any]]:
        """Carry, number of trips and tapes; counts in the carry if there is no tape."""
        num_tapes = params["num_tapes"]
        num_carry = len(body_jaxpr.outvars) - num_tapes
        if num_tapes:
            results = self.bind(*operands, body_jaxpr=body_jaxpr, **params)
            carry, (count,), tapes = split(results, num_carry, 1)
            return carry, count, tapes
        params["cond_jaxpr"] = ignoring_last(params["cond_jaxpr"])
        counting = counting_body(body_jaxpr)
        results = self.bind(*operands, np.int64(0), body_jaxpr=counting, **params)
        return results[:-1], results[-1], []

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        **params: Any,
    ) -> Any:
        cond_jaxpr, body_jaxpr = params["cond_jaxpr"], params["body_jaxpr"]
        flags = tuple(dim is not None for dim in dims)
        facts = facts_of_while(flags, len(body_jaxpr.outvars), params)
        if facts.apart and not params["num_tapes"]:
            width = width_for([cond_jaxpr, body_jaxpr], [facts], size)
            if width is not None:
                return in_blocks(self, width, size, operands, dims, params)
        return self.batch_block(size, operands, dims, **params)

    def batch_block(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        cond_jaxpr: Jaxpr,
        body_jaxpr: Jaxpr,
        num_cond_consts: int,
        num_body_consts: int,
        num_tapes: int,
    ) -> Any:
        """The whole batch at once, as long as any of its entries goes on."""
        sizes = (num_cond_consts, num_body_consts)
        flags = tuple(dim is not None for dim in dims)
        flags, varies = batched_flags(cond_jaxpr, body_jaxpr, size, *sizes, flags)
        values = [
            align_batch(x, dim, size) if flag else x
            for x, dim, flag in zip(operands, dims, flags, strict=True)
        ]
        if varies:
            return self._batch_varying(
                size, values, flags, cond_jaxpr, body_jaxpr, sizes, num_tapes
            )
        cond_flags, body_flags, carry_flags = split(flags, *sizes)
        num_carry = len(carry_flags)
        cond, _ = batched_jaxpr(cond_jaxpr, size, (*cond_flags, *carry_flags), (False,))
        force = (*carry_flags, *[False] * num_tapes)
        body, out = batched_jaxpr(body_jaxpr, size, (*body_flags, *carry_flags), force)
        results = self.bind(
            *values,
            cond_jaxpr=cond,
            body_jaxpr=body,
            num_cond_consts=num_cond_consts,
            num_body_consts=num_body_consts,
            num_tapes=num_tapes,
        )
        places: list[int | None] = [0 if f else None for f in out[:num_carry]]
        if num_tapes:
            places += [None, *[1 if f else None for f in out[num_carry:]]]
        return results, places

    def _batch_varying(
        self,
        size: int,
        values: Sequence[Any],
        flags: Flags,
        cond_jaxpr: Jaxpr,
        body_jaxpr: Jaxpr,
        sizes: tuple[int, int],
        num_tapes: int,
    ) -> Any:
        """Run until the last entry of the batch has ended; entries that have ended keep
        their carry, and count only their own trips.
        """
        cond_consts, consts, carry = split(values, *sizes)
        cond_flags, body_flags, _ = split(flags, *sizes)
        cond, body, first = varying_loop(
            cond_jaxpr,
            body_jaxpr,
            size,
            tuple(cond_flags),
            tuple(body_flags),
            num_tapes,
        )
        runs = eval_jaxpr(first, (), *cond_consts, *carry)[0]
        counts = broadcast_in_dim(np.int64(0), (size,), ())
        results = self.bind(
            *cond_consts,
            *consts,
            runs,
            counts,
            *carry,
            cond_jaxpr=cond,
            body_jaxpr=body,
            num_cond_consts=0,
            num_body_consts=len(cond_consts) + len(consts),
            num_tapes=num_tapes,
        )
        _, (counts,), ended = split(results, 1, 1)
        if not num_tapes:
            return ended, [0] * len(carry)
        final, _, tapes = split(ended, len(carry), 1)
        places = [0] * (len(carry) + 1) + [1] * num_tapes
        return [*final, counts, *tapes], places

    def lower(self, ctx: Any, *operands: Any, **params: Any) -> Any:
        return ctx.lower_while(*operands, **params)


while_p = While()
