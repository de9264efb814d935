"""custom_vmap: a function that brings its own rule for batches."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from funcgrad import errors, tree
from funcgrad.core.aval import ShapedArray
from funcgrad.core.jaxpr import Jaxpr, eval_jaxpr
from funcgrad.core.source import user_frame
from funcgrad.core.trace import find_trace, typeof
from funcgrad.ops.control.call import HigherOrder, execute
from funcgrad.ops.control.staged import name_of
from funcgrad.ops.structural import align_batch, move_axis_to_front
from funcgrad.transforms.jvp import jvp
from funcgrad.transforms.stage import JaxprTrace, hoist_consts, stage

Program = Jaxpr | Callable[..., Sequence[Any]]


class CustomVmapCall(HigherOrder):
    """Runs ``program``; under a batch trace ``rule`` answers instead.

    ``rule(size, batched, operands)`` gives results and which of them are batched.
    """

    name = "custom_vmap_call"

    def bind(self, *operands: Any, **params: Any) -> Any:
        """Apply; where that is staged, the function is staged too."""
        trace = find_trace(operands)
        program = params["program"]
        if isinstance(trace, JaxprTrace) and not isinstance(program, Jaxpr):
            closed = stage(program, [typeof(x) for x in operands])
            consts, jaxpr = hoist_consts(closed)
            operands = (*consts, *operands)
            params = {**params, "program": jaxpr, "num_consts": len(consts)}
            trace = find_trace(operands)
        return trace.process(self, operands, params)

    def asks_batch(self, **params: Any) -> bool:
        return True

    def evaluate(
        self, *operands: Any, program: Program, num_consts: int, rule: Any
    ) -> list[Any]:
        if isinstance(program, Jaxpr):
            return execute(program, operands)
        return list(program(*operands))

    def abstract_eval(
        self, *avals: ShapedArray, program: Program, num_consts: int, rule: Any
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
        rule: Any,
    ) -> Any:
        def run(*xs: Any) -> Sequence[Any]:
            if isinstance(program, Jaxpr):
                return eval_jaxpr(program, (), *xs)
            return program(*xs)

        return jvp(run, primals, tangents)

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        program: Program,
        num_consts: int,
        rule: Any,
    ) -> Any:
        values = [
            x if d is None else move_axis_to_front(x, d)
            for x, d in zip(operands, dims, strict=True)
        ]
        batched = [d is not None for d in dims[num_consts:]]
        results, flags = rule(size, batched, values[num_consts:])
        return [
            align_batch(y, 0, size) if flag else y
            for y, flag in zip(results, flags, strict=True)
        ], [0 if flag else None for flag in flags]

    def lower(
        self,
        ctx: Any,
        *operands: Any,
        program: Program,
        num_consts: int,
        rule: Any,
    ) -> Any:
        return ctx.lower_call(*operands, jaxpr=program)


custom_vmap_call_p = CustomVmapCall()


class custom_vmap:  # noqa: N801
    """A function with its own rule under `vmap`.

    Parameters
    ----------
    fun : callable

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> @fg.custom_batching.custom_vmap
    ... def f(x):
    ...     return x + 1.0
    >>> @f.def_vmap
    ... def rule(axis_size, in_batched, x):
    ...     return x + 10.0, in_batched[0]
    >>> float(f(1.0)), fg.vmap(f)(np.array([1.0, 2.0]))
    (2.0, array([11., 12.]))
    """

    def __init__(self, fun: Callable[..., Any]) -> None:
        functools.update_wrapper(self, fun)
        self.fun = fun
        self.rule: Callable[..., Any] | None = None

    def def_vmap(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """Set the rule.

        Parameters
        ----------
        rule : callable
            ``rule(axis_size, in_batched, *args) -> (result, out_batched)``, where
            batched leaves have the mapped axis in front and ``in_batched`` tells which
            those are.

        Returns
        -------
        callable
            ``rule``, so that this works as a decorator.
        """
        self.rule = rule
        return rule

    def __call__(self, *args: Any) -> Any:
        if self.rule is None:
            raise errors.TreeError(
                errors.message(
                    f"`{name_of(self.fun)}` has no rule for vmap yet.",
                    where=user_frame(),
                    expected="a call of def_vmap before the first use",
                )
            )
        rule = self.rule
        leaves, in_tree = tree.flatten(tuple(args))
        found: list[Any] = []

        def program(*flat: Any) -> list[Any]:
            results, out_tree = tree.flatten(self.fun(*in_tree.unflatten(flat)))
            found[:] = [out_tree]
            return results

        def flat_rule(
            size: int, batched: Sequence[bool], operands: Sequence[Any]
        ) -> tuple[list[Any], list[bool]]:
            result, flags = rule(
                size, list(in_tree.unflatten(batched)), *in_tree.unflatten(operands)
            )
            results, out_tree = tree.flatten(result)
            found[:] = [out_tree]
            return results, tree.broadcast_prefix(flags, result)

        results = custom_vmap_call_p.bind(
            *leaves, program=program, num_consts=0, rule=flat_rule
        )
        return found[0].unflatten(results)
