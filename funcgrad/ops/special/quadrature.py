"""Integrals by fixed rules, differentiable in what the integrand depends on."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad.compiler.lower.entry_program import inlined, loop_over_nodes
from funcgrad.core.aval import ShapedArray
from funcgrad.core.jaxpr import Jaxpr
from funcgrad.core.primitive import Primitive
from funcgrad.core.trace import typeof
from funcgrad.core.vspace import zero_like
from funcgrad.ops.arithmetic import strong_mul
from funcgrad.ops.cases import give_cases, positive, program
from funcgrad.ops.control.call import execute
from funcgrad.ops.control.inner import is_nonzero, jvp_jaxpr, memoized, select
from funcgrad.ops.elementwise import batch_elementwise, sum_to
from funcgrad.ops.exponential import exp
from funcgrad.ops.selection import stop_gradient
from funcgrad.ops.special.entrywise import joint_type, repeated
from funcgrad.transforms.stage import stage_flat
from funcgrad.transforms.transpose import is_linear

# exp(-END) is less than the rounding error of an integral of what starts at 1.
END = 39.0
_NEWTON_STEPS = 4
_NUMBER = ShapedArray((), np.dtype(np.float64))


@functools.cache
def _table(rule: str) -> Any:
    """Nodes and weights on the interval from 0 to 1, of a rule such as ``gauss32``."""
    if rule.startswith("gauss"):
        nodes, weights = np.polynomial.legendre.leggauss(int(rule[len("gauss") :]))
        return np.stack([(nodes + 1) / 2, weights / 2], axis=1)
    steps = int(rule[len("trapezoid") :])
    weights = np.full(steps, 1.0 / steps)
    weights[0] /= 2
    return np.stack([np.arange(steps) / steps, weights], axis=1)


class Integral(Primitive):
    """The integral of ``body`` from 0 to the first operand, entry by entry.

    ``body`` is a program of numbers: the variable of integration and the other
    operands. The end is not differentiated: the integrand vanishes there. It is a part
    of the formulas of `Entrywise` functions.
    """

    name = "integral"
    linear = True

    def evaluate(self, end: Any, *operands: Any, body: Jaxpr, rule: str) -> Any:
        avals = tuple(typeof(x).strong() for x in (end, *operands))
        key = (self, avals, rule)
        if key not in body.memo:
            body.memo[key] = stage_flat(
                lambda *xs: [self.bind(*xs, body=body, rule=rule)], avals
            )
        return execute(body.memo[key], (end, *operands))[0]

    def abstract_eval(self, *avals: ShapedArray, body: Jaxpr, rule: str) -> ShapedArray:
        return joint_type(self.name, avals)

    def jvp(
        self, primals: Sequence[Any], tangents: Sequence[Any], *, body: Jaxpr, rule: str
    ) -> Any:
        y = self.bind(*primals, body=body, rule=rule)
        flags = is_nonzero(tangents[1:])
        if not any(flags):
            return y, zero_like(y)
        given = select(repeated(tangents[1:], y), flags)
        return y, self.bind(
            *primals, *given, body=_tangent_body(body, flags), rule=rule
        )

    def transpose(self, ct: Any, *operands: Any, body: Jaxpr, rule: str) -> list[Any]:
        """Of tangents: the integrand is linear in them."""
        cts: list[Any] = []
        for operand in operands:
            if not is_linear(operand):
                cts.append(None)
                continue
            units = [np.float64(x is operand) if is_linear(x) else x for x in operands]
            slope = self.bind(*units, body=body, rule=rule)
            cts.append(sum_to(operand, strong_mul(ct, slope)))
        return cts

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        body: Jaxpr,
        rule: str,
    ) -> Any:
        return batch_elementwise(
            self, size, operands, dims, {"body": body, "rule": rule}
        )

    def lower(self, ctx: Any, *operands: Any, body: Jaxpr, rule: str) -> Any:
        def emit(b: Any, *given: Any) -> Any:
            end, *values = (b.convert(value, np.float64) for value in given)

            def term(node: Any, weight: Any) -> Any:
                u = b.mul(node, end)
                return b.mul(weight, inlined(b, body, [u, *values]))

            zero = b.zero(end.dtype, end.lanes)
            total = loop_over_nodes(b, rule, _table(rule), term, zero)
            return b.convert(b.mul(total, end), given[0].dtype)

        return ctx.map(emit, *operands, dtype=operands[0].dtype, cost=1000)


integral_p = Integral()


@memoized
def _tangent_body(body: Jaxpr, flags: tuple[bool, ...]) -> Jaxpr:
    """The tangent of the integrand."""
    both = jvp_jaxpr(body, (False, *flags), (True,)).jaxpr
    return Jaxpr((), both.invars, both.eqns, both.outvars[1:], both.effects)


def integral_of_tail(
    fall: Callable[..., Any],
    rough: Callable[..., tuple[Any, Any]],
    start: Any,
    *operands: Any,
) -> Any:
    """The integral of ``exp(-fall(u, *operands))`` from 0 to infinity, entry by entry.

    Parameters
    ----------
    fall : callable
        Convex and growing in ``u``, zero at zero; one function object for all calls.
    rough : callable
        The same to a few digits, and its derivative in ``u``.
    start : array
        Where Newton's method looks first for ``fall(u) = END``.
    *operands : array
        Of one shape; the integral is differentiable in them.
    """
    end = stop_gradient(start)
    fixed = [stop_gradient(x) for x in operands]
    for _ in range(_NEWTON_STEPS):
        value, slope = rough(end, *fixed)
        end = end + (END - value) / slope
    body = _integrand(fall, len(operands))
    return integral_p.bind(end, *operands, body=body, rule="gauss32")


def integral(integrand: Callable[..., Any], end: Any, *operands: Any, rule: str) -> Any:
    """The integral of ``integrand(u, *operands)`` from 0 to ``end``, entry by entry.

    Parameters
    ----------
    integrand : callable
        One function object for all calls.
    end : array
        Not differentiated.
    *operands : array
        Of one shape; the integral is differentiable in them.
    rule : str
        ``gauss<n>``, or ``trapezoid<n>`` for an even integrand that vanishes at the
        end with all its derivatives, or one that is periodic.
    """
    body = _staged(integrand, len(operands))
    return integral_p.bind(stop_gradient(end), *operands, body=body, rule=rule)


@functools.lru_cache(maxsize=64)
def _staged(integrand: Callable[..., Any], arity: int) -> Jaxpr:
    return stage_flat(lambda u, *xs: [integrand(u, *xs)], [_NUMBER] * (arity + 1))


@functools.lru_cache(maxsize=64)
def _integrand(fall: Callable[..., Any], arity: int) -> Jaxpr:
    return stage_flat(lambda u, *xs: [exp(-fall(u, *xs))], [_NUMBER] * (arity + 1))


def _exponential_fall(u: Any, a: Any) -> Any:
    return a * u


def _example(a: Any) -> Any:
    """``1 / a``."""
    return integral_of_tail(_exponential_fall, lambda u, a: (a * u, a), END / a, a)


give_cases(integral_p, [program(_example, positive(shape)) for shape in ((), (3,))])
