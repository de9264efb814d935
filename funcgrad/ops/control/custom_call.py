"""Calls with derivative rules of their own: what custom_jvp and custom_vjp bind.

Called on values (under un-jitted transforms too) the user's functions run as they are;
where a program is being staged the function becomes a program, the rules stay Python.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from funcgrad import errors
from funcgrad.core.aval import ShapedArray
from funcgrad.core.jaxpr import Jaxpr, eval_jaxpr
from funcgrad.core.source import user_frame
from funcgrad.core.trace import find_trace, typeof
from funcgrad.core.vspace import Zero
from funcgrad.ops.control.call import HigherOrder, execute
from funcgrad.ops.control.custom_batch import (
    Program,
    Pullback,
    Rules,
    batched_function,
    batched_pullback,
    batched_rules,
)
from funcgrad.ops.control.inner import is_nonzero, transpose_jaxpr
from funcgrad.ops.iota import instantiate
from funcgrad.transforms.jvp import jvp
from funcgrad.transforms.stage import JaxprTrace, hoist_consts, stage, stage_flat
from funcgrad.transforms.transpose import backward_pass, is_linear


class CustomCall(HigherOrder):
    """Runs ``program``, a jaxpr or a function of flat operands; derivatives by rules.

    The first ``num_consts`` operands are what the program closes over; the rules do not
    see them.
    """

    name = "custom_call"

    def bind(self, *operands: Any, **params: Any) -> Any:
        """Apply; where that is staged, the function is staged too."""
        trace = find_trace(operands)
        program = params["program"]
        if isinstance(trace, JaxprTrace) and not isinstance(program, Jaxpr):
            avals = [typeof(x) for x in operands]
            consts, jaxpr = hoist_consts(stage(program, avals))
            operands = (*consts, *operands)
            params = {**params, "program": jaxpr, "num_consts": len(consts)}
            trace = find_trace(operands)
        return trace.process(self, operands, params)

    def evaluate(
        self, *operands: Any, program: Program, num_consts: int, rules: Rules
    ) -> list[Any]:
        if isinstance(program, Jaxpr):
            return execute(program, operands)
        return list(program(*operands))

    def abstract_eval(
        self, *avals: ShapedArray, program: Program, num_consts: int, rules: Rules
    ) -> list[ShapedArray]:
        assert isinstance(program, Jaxpr)
        return program.out_avals

    def jvp(
        self,
        primals: Sequence[Any],
        tangents: Sequence[Any],
        *,
        program: Program,
        num_consts: int,
        rules: Rules,
    ) -> Any:
        _check_consts(tangents[:num_consts])
        primals, tangents = primals[num_consts:], tangents[num_consts:]
        if rules.jvp is not None:
            return rules.jvp(primals, tangents)
        return _by_pullback(rules, primals, tangents)

    def linearize(
        self,
        primals: Sequence[Any],
        tangents: Sequence[Any],
        *,
        program: Program,
        num_consts: int,
        rules: Rules,
    ) -> Any:
        _check_consts(tangents[:num_consts])
        primals, tangents = primals[num_consts:], tangents[num_consts:]
        if rules.forward is None:
            assert rules.jvp is not None
            return rules.jvp(primals, tangents)
        return _by_pullback(rules, primals, tangents)

    def transpose(
        self,
        cts: Sequence[Any],
        *operands: Any,
        program: Program,
        num_consts: int,
        rules: Rules,
    ) -> list[Any]:
        assert isinstance(program, Jaxpr)
        linear = tuple(is_linear(x) for x in operands)
        nonzero = is_nonzero(cts)
        transposed, found = transpose_jaxpr(
            program, linear, nonzero, (True,) * sum(linear)
        )
        residuals = [x for x in operands if not is_linear(x)]
        given = [ct for ct in cts if type(ct) is not Zero]
        parts = iter(eval_jaxpr(transposed, (), *residuals, *given))
        assert all(found)
        return [next(parts) if flag else None for flag in linear]

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        program: Program,
        num_consts: int,
        rules: Rules,
    ) -> Any:
        batched = batched_function(program, size, dims)
        results = self.bind(
            *operands,
            program=batched,
            num_consts=num_consts,
            rules=batched_rules(rules, size, tuple(dims[num_consts:])),
        )
        return results, [0] * len(results)

    def lower(
        self,
        ctx: Any,
        *operands: Any,
        program: Program,
        num_consts: int,
        rules: Rules,
    ) -> Any:
        return ctx.lower_call(*operands, jaxpr=program)


custom_call_p = CustomCall()


def _check_consts(tangents: Sequence[Any]) -> None:
    if all(type(t) is Zero for t in tangents):
        return
    raise errors.DifferentiationError(
        errors.message(
            "a function with a derivative rule of its own closes over a value that is "
            "being differentiated, which the rule does not see.",
            where=user_frame(),
            expected="the value among the arguments",
            fix="pass it as an argument, or funcgrad.closure_convert(...)",
            see=errors.DifferentiationError.page,
        )
    )


def _by_pullback(rules: Rules, primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """Results, and their tangents as an application that transposes to the pullback."""
    assert rules.forward is not None
    nonzero = is_nonzero(tangents)
    results, residuals, pullback = rules.forward(primals, nonzero)
    given = [t for t in tangents if type(t) is not Zero]
    out_avals = [typeof(y).tangent() for y in results]
    ts = iter(
        custom_linear_p.bind(
            *residuals,
            *given,
            pullback=pullback,
            num_residuals=len(residuals),
            nonzero=nonzero,
            out_avals=tuple(a for a in out_avals if a.differentiable),
        )
    )
    zeros_or_given = [next(ts) if a.differentiable else Zero(a) for a in out_avals]
    return results, zeros_or_given


class CustomLinear(HigherOrder):
    """The linear map whose transpose is ``pullback(residuals, cotangents)``.

    Operands are residuals and the tangents of the inputs that are ``nonzero``. Applied
    in forward direction it transposes the pullback, which must be linear then.
    """

    name = "custom_linear"
    linear = True

    def evaluate(self, *operands: Any, **params: Any) -> list[Any]:
        return self.apply(operands, **params)

    def apply(
        self,
        operands: Sequence[Any],
        *,
        pullback: Pullback,
        num_residuals: int,
        nonzero: Sequence[bool],
        out_avals: Sequence[ShapedArray],
    ) -> list[Any]:
        """The map in forward direction, from operations that transforms can follow."""
        residuals, tangents = operands[:num_residuals], operands[num_residuals:]

        def pull(*cts: Any) -> list[Any]:
            parts = pullback(residuals, cts)
            return [
                instantiate(ct) for ct, flag in zip(parts, nonzero, strict=True) if flag
            ]

        closed = stage(pull, out_avals)
        try:
            found = backward_pass(closed.jaxpr, closed.consts, tangents)
        except errors.DifferentiationError as error:
            raise _not_linear(error) from error
        return [instantiate(t) for t in found]

    def abstract_eval(
        self,
        *avals: ShapedArray,
        pullback: Pullback,
        num_residuals: int,
        nonzero: Sequence[bool],
        out_avals: Sequence[ShapedArray],
    ) -> list[ShapedArray]:
        return list(out_avals)

    def jvp(
        self, primals: Sequence[Any], tangents: Sequence[Any], **params: Any
    ) -> Any:
        return jvp(lambda *xs: self.apply(xs, **params), primals, tangents)

    def transpose(
        self,
        cts: Sequence[Any],
        *operands: Any,
        pullback: Pullback,
        num_residuals: int,
        nonzero: Sequence[bool],
        out_avals: Sequence[ShapedArray],
    ) -> list[Any]:
        parts = pullback(operands[:num_residuals], cts)
        wanted = [ct for ct, flag in zip(parts, nonzero, strict=True) if flag]
        return [None] * num_residuals + [
            ct if is_linear(x) else None
            for ct, x in zip(wanted, operands[num_residuals:], strict=True)
        ]

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        pullback: Pullback,
        num_residuals: int,
        nonzero: Sequence[bool],
        out_avals: Sequence[ShapedArray],
    ) -> Any:
        given = iter(dims[num_residuals:])
        in_dims = [next(given) if flag else None for flag in nonzero]
        results = self.bind(
            *operands,
            pullback=batched_pullback(
                pullback, size, tuple(dims[:num_residuals]), in_dims, nonzero
            ),
            num_residuals=num_residuals,
            nonzero=nonzero,
            out_avals=tuple(ShapedArray((size, *a.shape), a.dtype) for a in out_avals),
        )
        return results, [0] * len(results)

    def lower(self, ctx: Any, *operands: Any, **params: Any) -> Any:
        avals = [ShapedArray(x.shape, x.dtype) for x in operands]
        jaxpr = stage_flat(lambda *xs: self.apply(xs, **params), avals)
        return ctx.lower_call(*operands, jaxpr=jaxpr)


custom_linear_p = CustomLinear()


def _not_linear(error: Exception) -> errors.DifferentiationError:
    return errors.DifferentiationError(
        errors.message(
            "forward mode of a function that has only a vjp rule transposes that rule, "
            "which is not linear in the cotangent.",
            where=user_frame(),
            got=str(error).split("\n", maxsplit=1)[0],
            expected="a linear rule, or a jvp rule too",
            fix="f.defjvp(...) on the same function",
            see=errors.DifferentiationError.page,
        )
    )
