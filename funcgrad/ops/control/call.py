"""Calls: what primitives share that stand for one program, and ``jit`` itself."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad.config import config, modes, override
from funcgrad.core.aval import ShapedArray
from funcgrad.core.finite import bad_value, check_results, is_watched
from funcgrad.core.jaxpr import Eqn, Jaxpr, Literal, Var, eval_jaxpr, subjaxprs
from funcgrad.core.primitive import Primitive
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.deferred import deferred_module
from funcgrad.ops.control.inner import (
    batched_jaxpr,
    find_residuals,
    is_nonzero,
    jvp_jaxpr,
    linearized,
    memoized,
    place_operands,
    residual_sources,
    result_dims,
    scatter_zeros,
    select,
    transpose_jaxpr,
)
from funcgrad.ops.control.lanes import in_blocks, keeps_tapes, lanes_of, width_for
from funcgrad.ops.control.pruning import prune_call
from funcgrad.transforms.stage import stage_flat
from funcgrad.transforms.transpose import is_linear

if TYPE_CHECKING:
    from funcgrad.compiler import donation, program
else:
    program = deferred_module("funcgrad.compiler.program")
    donation = deferred_module("funcgrad.compiler.donation")


def compiled(jaxpr: Jaxpr) -> program.Executable:
    """Native code of a program, made once and kept with it."""
    key = (compiled, config.fastmath)
    found: program.Executable | None = jaxpr.memo.get(key)
    if found is None:
        start = time.perf_counter()
        found = jaxpr.memo.setdefault(key, program.compile_jaxpr(jaxpr))
        if config.log_compiles:
            _log_compilation(jaxpr, time.perf_counter() - start)
    return found


def execute_donating(
    jaxpr: Jaxpr, operands: Sequence[Any], donated: tuple[int, ...]
) -> list[Any]:
    """As ``execute``; results may take the memory of operands at these places."""
    if modes.special:
        return execute(jaxpr, operands)
    key = (execute_donating, donated, config.fastmath)
    program = jaxpr.memo.get(key)
    if program is None:
        made = donation.DonatingExecutable(jaxpr, donated)
        program = jaxpr.memo.setdefault(key, made)
    results: list[Any] = program(*operands)
    return results


def _log_compilation(jaxpr: Jaxpr, seconds: float) -> None:
    """Log what was compiled for which line of the user's, and how long it took."""
    import logging

    types = ", ".join(aval.short() for aval in jaxpr.in_avals)
    logging.getLogger("funcgrad").warning(
        "compiled %d equations for (%s) in %.1f ms, called at %s",
        len(jaxpr.eqns),
        types,
        1e3 * seconds,
        user_frame(),
    )


def execute(
    jaxpr: Jaxpr, operands: Sequence[Any], fastmath: str | None = None
) -> list[Any]:
    """Results of a program on arrays, as NumPy arrays and scalars.

    Its arithmetic has the flags ``fastmath``, if they are not those of the settings.
    """
    if config.disable_jit:
        return interpret(jaxpr, operands)
    if _takes_tapes(jaxpr):
        extents = tuple(len(x) if np.ndim(x) else 0 for x in operands)
        jaxpr = _of_known_extents(jaxpr, extents)
    program = jaxpr if fastmath is None else with_fastmath(jaxpr, fastmath)
    results = compiled(program)(*operands)
    if modes.special and is_watched() and bad_value(results):
        with override("disable_jit", True):
            return interpret(jaxpr, operands)
    return results


def interpret(jaxpr: Jaxpr, operands: Sequence[Any]) -> list[Any]:
    """Results of a program by NumPy, equation by equation.

    While NaN or infinity are watched for, the error names the equation's line.
    """
    if not is_watched():
        return eval_jaxpr(jaxpr, (), *operands)
    env: dict[Any, Any] = dict(zip(jaxpr.invars, operands, strict=True))
    for eqn in jaxpr.eqns:
        values = [a.val if isinstance(a, Literal) else env[a] for a in eqn.invars]
        with np.errstate(all="ignore"):
            result = eqn.primitive.evaluate(*values, **eqn.params)
        results = result if eqn.primitive.multiple_results else [result]
        check_results(eqn.primitive.name, values, results, eqn.source)
        env.update(zip(eqn.outvars, results, strict=True))
    return [a.val if isinstance(a, Literal) else env[a] for a in jaxpr.outvars]


@memoized
def _takes_tapes(jaxpr: Jaxpr) -> bool:
    return any(aval.is_tape for aval in jaxpr.in_avals)


@memoized
def _of_known_extents(jaxpr: Jaxpr, extents: tuple[int, ...]) -> Jaxpr:
    """The program for tapes that a finished loop has left, whose lengths are known."""
    avals = [
        ShapedArray((extent, *a.shape[1:]), a.dtype) if a.is_tape else a
        for a, extent in zip(jaxpr.in_avals, extents, strict=True)
    ]
    return stage_flat(lambda *args: eval_jaxpr(jaxpr, (), *args), avals)


def evaluate_compiled(
    primitive: Primitive, owner: Jaxpr, operands: Sequence[Any], params: dict[str, Any]
) -> list[Any]:
    """One application as a compiled program, which is kept with ``owner``."""
    avals = tuple([typeof(x).strong() for x in operands])
    key = (primitive, avals, *params.values())
    program = owner.memo.get(key)
    if program is None:
        invars = tuple(Var(aval) for aval in avals)
        outvars = tuple(Var(a) for a in primitive.abstract_eval(*avals, **params))
        eqn = Eqn(primitive, invars, params, outvars)
        program = Jaxpr((), invars, (eqn,), outvars, eqn.effects)
        owner.memo[key] = program
    return execute(program, operands)


class HigherOrder(Primitive):
    """A primitive with programs among its parameters; their effects are its own."""

    multiple_results = True

    def effects(self, **params: Any) -> frozenset[str]:
        return frozenset().union(*(jaxpr.effects for jaxpr in subjaxprs(params)))


class Call(HigherOrder):
    """Runs one program, ``jaxpr``, on its operands."""

    prune = staticmethod(prune_call)

    def evaluate(self, *operands: Any, jaxpr: Jaxpr, **params: Any) -> list[Any]:
        return execute(jaxpr, operands)

    def abstract_eval(
        self, *avals: ShapedArray, jaxpr: Jaxpr, **params: Any
    ) -> list[ShapedArray]:
        return jaxpr.out_avals

    def jvp(
        self,
        primals: Sequence[Any],
        tangents: Sequence[Any],
        *,
        jaxpr: Jaxpr,
        **params: Any,
    ) -> Any:
        nonzero = is_nonzero(tangents)
        count = len(jaxpr.outvars)
        rule = jvp_jaxpr(jaxpr, nonzero, (False,) * count)
        results = self.bind(
            *primals, *select(tangents, nonzero), jaxpr=rule.jaxpr, **params
        )
        ts = scatter_zeros(results[count:], rule.out_nonzero, jaxpr.out_avals)
        return results[:count], ts

    def linearize(
        self,
        primals: Sequence[Any],
        tangents: Sequence[Any],
        *,
        jaxpr: Jaxpr,
        **params: Any,
    ) -> Any:
        nonzero = is_nonzero(tangents)
        count = len(jaxpr.outvars)
        rule = linearized(jaxpr, nonzero)
        sources = residual_sources(rule.primal, count)
        results = self.bind(*primals, jaxpr=sources.jaxpr, **params)
        residuals = find_residuals(sources, primals, results, results[count:])
        ts: Sequence[Any] = []
        if any(rule.out_nonzero):
            tangents = select(tangents, nonzero)
            ts = self.bind(*residuals, *tangents, jaxpr=rule.linear, **params)
        return results[:count], scatter_zeros(ts, rule.out_nonzero, jaxpr.out_avals)

    def transpose(
        self, cts: Sequence[Any], *operands: Any, jaxpr: Jaxpr, **params: Any
    ) -> list[Any]:
        linear = tuple(is_linear(x) for x in operands)
        nonzero = is_nonzero(cts)
        force = (False,) * sum(linear)
        transposed, found = transpose_jaxpr(jaxpr, linear, nonzero, force)
        residuals = [x for x in operands if not is_linear(x)]
        given = self.bind(*residuals, *select(cts, nonzero), jaxpr=transposed, **params)
        avals = [x.aval for x in operands if is_linear(x)]
        parts = iter(scatter_zeros(given, found, avals))
        return [next(parts) if flag else None for flag in linear]

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        jaxpr: Jaxpr,
        **params: Any,
    ) -> Any:
        batched = tuple(dim is not None for dim in dims)
        if keeps_tapes(jaxpr):
            facts = lanes_of(jaxpr, batched)
            width = width_for([jaxpr], [facts], size) if facts.apart else None
            if width is not None:
                params["jaxpr"] = jaxpr
                return in_blocks(self, width, size, operands, dims, params)
        return self.batch_block(size, operands, dims, jaxpr=jaxpr, **params)

    def batch_block(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        jaxpr: Jaxpr,
        **params: Any,
    ) -> Any:
        """The whole batch at once."""
        batched = tuple(dim is not None for dim in dims)
        force = (False,) * len(jaxpr.outvars)
        inner, out_batched = batched_jaxpr(jaxpr, size, batched, force)
        values = place_operands(jaxpr, operands, dims)
        results = self.bind(*values, jaxpr=inner, **params)
        return results, result_dims(jaxpr, out_batched)

    def lower(self, ctx: Any, *operands: Any, jaxpr: Jaxpr, **params: Any) -> Any:
        return ctx.lower_call(*operands, jaxpr=jaxpr, **params)


class Jit(Call):
    """A call of a program that is compiled as a whole.

    ``name`` is the user's function; ``inline`` asks for its equations in place of a
    call where it is part of another program. ``fastmath``, where given, are the flags
    of its arithmetic and of its derivatives', wherever it is called.
    """

    name = "jit"
    linear = True

    def evaluate(self, *operands: Any, jaxpr: Jaxpr, **params: Any) -> list[Any]:
        return execute(jaxpr, operands, params.get("fastmath"))

    def called_jaxpr(self, *, jaxpr: Jaxpr, **params: Any) -> Jaxpr:
        """What stands in place of the call inside a compiled program."""
        return jaxpr


jit_p = Jit()


@memoized
def with_fastmath(jaxpr: Jaxpr, fastmath: str, name: str = "") -> Jaxpr:
    """A program that calls this one, whose arithmetic has these flags then."""
    invars = tuple(Var(aval) for aval in jaxpr.in_avals)
    outvars = tuple(Var(aval) for aval in jaxpr.out_avals)
    params = {"jaxpr": jaxpr, "name": name, "inline": False, "fastmath": fastmath}
    eqn = Eqn(jit_p, invars, params, outvars)
    return Jaxpr((), invars, (eqn,), outvars, eqn.effects)


def call_jaxpr(
    jaxpr: Jaxpr, operands: Sequence[Any], *, name: str = "", inline: bool = False
) -> list[Any]:
    """Results of a program, compiled where its operands are arrays."""
    results: list[Any] = jit_p.bind(*operands, jaxpr=jaxpr, name=name, inline=inline)
    return results
