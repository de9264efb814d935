"""Derivative rules of flat functions, and those of the same functions over a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from funcgrad.core.aval import ShapedArray
from funcgrad.core.jaxpr import Jaxpr, eval_jaxpr
from funcgrad.core.trace import typeof
from funcgrad.core.vspace import Zero
from funcgrad.ops.structural import align_batch, move_axis, reduce_sum
from funcgrad.transforms.batch import batch

Program = Jaxpr | Callable[..., Sequence[Any]]


Pullback = Callable[[Sequence[Any], Sequence[Any]], list[Any]]


class Rules(NamedTuple):
    """Derivatives of a flat function.

    ``jvp(primals, tangents)`` gives results and tangents. ``forward(primals, nonzero)``
    gives results, residuals and ``pullback(residuals, cotangents)``, which gives a
    cotangent for each primal. Tangents and cotangents may be ``Zero``.
    """

    jvp: Callable[..., tuple[list[Any], list[Any]]] | None = None
    forward: Callable[..., tuple[list[Any], list[Any], Pullback]] | None = None


def batched_function(
    program: Program, size: int, dims: Sequence[Any]
) -> Callable[..., list[Any]]:
    """The program over a batch; every result has the batch axis in front."""

    def run(*xs: Any) -> Sequence[Any]:
        if isinstance(program, Jaxpr):
            return eval_jaxpr(program, (), *xs)
        return program(*xs)

    def batched(*operands: Any) -> list[Any]:
        results, out_dims = batch(run, size, operands, dims)
        return [align_batch(y, d, size) for y, d in zip(results, out_dims, strict=True)]

    return batched


def batched_rules(rules: Rules, size: int, dims: Sequence[Any]) -> Rules:
    """Rules of the function over a batch, whose operands are batched along ``dims``."""
    jvp_rule, forward_rule = rules.jvp, rules.forward

    def jvp_batched(
        primals: Sequence[Any], tangents: Sequence[Any]
    ) -> tuple[list[Any], list[Any]]:
        assert jvp_rule is not None
        zero: list[bool] = []
        given = [t for t in tangents if type(t) is not Zero]
        t_dims = [d for d, t in zip(dims, tangents, strict=True) if type(t) is not Zero]

        def run(*xs: Any) -> list[Any]:
            ps, rest = xs[: len(primals)], iter(xs[len(primals) :])
            ts = [
                Zero(typeof(p).tangent()) if type(t) is Zero else next(rest)
                for p, t in zip(ps, tangents, strict=True)
            ]
            ys, out_ts = jvp_rule(ps, ts)
            zero[:] = [type(t) is Zero for t in out_ts]
            return [*ys, *[t for t in out_ts if type(t) is not Zero]]

        batched = batched_function(run, size, (*dims, *t_dims))
        results = batched(*primals, *given)
        ys, rest = results[: len(zero)], iter(results[len(zero) :])
        return ys, [
            Zero(typeof(y).tangent()) if flag else next(rest)
            for y, flag in zip(ys, zero, strict=True)
        ]

    def forward_batched(
        primals: Sequence[Any], nonzero: Sequence[bool]
    ) -> tuple[list[Any], list[Any], Pullback]:
        assert forward_rule is not None
        kept: list[Any] = []

        def run(*xs: Any) -> list[Any]:
            ys, residuals, pullback = forward_rule(xs, nonzero)
            kept[:] = [len(ys), pullback]
            return [*ys, *residuals]

        results = batched_function(run, size, dims)(*primals)
        count, pullback = kept
        residuals = results[count:]
        res_dims = (0,) * len(residuals)
        return (
            results[:count],
            residuals,
            batched_pullback(pullback, size, res_dims, dims, nonzero),
        )

    return Rules(
        None if jvp_rule is None else jvp_batched,
        None if forward_rule is None else forward_batched,
    )


def batched_pullback(
    pullback: Pullback,
    size: int,
    res_dims: Sequence[Any],
    in_dims: Sequence[Any],
    nonzero: Sequence[bool],
) -> Pullback:
    """A pullback over a batch: cotangents come and go with the axes of the values.

    The cotangent of an input without the batch axis is summed along it.
    """

    def batched(residuals: Sequence[Any], cts: Sequence[Any]) -> list[Any]:
        given = [ct for ct in cts if type(ct) is not Zero]
        zero: list[Any] = []

        def run(*xs: Any) -> list[Any]:
            rest = iter(xs[len(residuals) :])
            full = [_unbatched(ct) if type(ct) is Zero else next(rest) for ct in cts]
            parts = pullback(xs[: len(residuals)], full)
            zero[:] = [
                ct if type(ct) is Zero or not flag else None
                for ct, flag in zip(parts, nonzero, strict=True)
            ]
            return [ct for ct, z in zip(parts, zero, strict=True) if z is None]

        dims = (*res_dims, *[0] * len(given))
        found = iter(batched_function(run, size, dims)(*residuals, *given))
        return [
            ct if ct is not None else _placed(next(found), dim)
            for ct, dim in zip(zero, in_dims, strict=True)
        ]

    return batched


def _unbatched(ct: Zero) -> Zero:
    return Zero(ShapedArray(ct.aval.shape[1:], ct.aval.dtype))


def _placed(ct: Any, dim: int | None) -> Any:
    """A cotangent batched in front, as that of an input batched along ``dim``."""
    return reduce_sum(ct, (0,)) if dim is None else move_axis(ct, 0, dim)
