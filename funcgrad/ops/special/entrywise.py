"""Formulas of plain operations, differentiated in each operand to any order."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from funcgrad.compiler.lower.entry_program import call_entry_program
from funcgrad.core.aval import ShapedArray
from funcgrad.core.jaxpr import Jaxpr
from funcgrad.core.primitive import Primitive
from funcgrad.core.trace import shape_of, typeof
from funcgrad.core.vspace import Zero, add_tangents, zero_like
from funcgrad.ops.arithmetic import strong_mul
from funcgrad.ops.cases import give_cases, positive, program
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.control.call import execute
from funcgrad.ops.elementwise import (
    batch_elementwise,
    broadcast_and_promote,
    shapes_differ,
    wrong_kind,
)
from funcgrad.ops.exponential import as_float, log
from funcgrad.ops.iota import instantiate
from funcgrad.ops.structural import broadcast_in_dim
from funcgrad.transforms.jvp import jvp
from funcgrad.transforms.stage import stage_flat

_NUMBER = ShapedArray((), np.dtype(np.float64))
_COST = 1000

Formula = Callable[..., Any]


class Entrywise:
    """A function of real numbers, entry by entry, given by a formula.

    A tangent is multiplied by the partial derivative, which is the formula's forward
    derivative in one operand and again such a function: derivatives of every order
    exist, and a backward pass keeps one number for each entry and operand however long
    the formula is. It is worked out in float64, by a native function of its own.

    Parameters
    ----------
    formula : callable
        Takes and gives numbers, by operations that act entry by entry.
    known : mapping of int to callable, optional
        Partial derivatives, by position of the operand, that have formulas of their
        own; the others are those of ``formula``.
    """

    def __init__(
        self, formula: Formula, known: Mapping[int, Formula] | None = None
    ) -> None:
        functools.update_wrapper(self, formula)
        self.formula = formula
        self.known = dict(known or {})
        self._partials: dict[int, Entrywise] = {}
        self._jaxprs: dict[int, Jaxpr] = {}
        self._programs: dict[Any, Jaxpr] = {}

    def __call__(self, *operands: Any) -> Any:
        """The value in the operands' common float dtype, with broadcasting."""
        operands = tuple(broadcast_and_promote(*map(as_float, operands)))
        avals = [typeof(x) for x in operands]
        wide = [convert_element_type(x, np.float64) for x in operands]
        y = entrywise_p.bind(*wide, function=self)
        return convert_element_type(y, _common(avals))

    def partial(self, position: int) -> Entrywise:
        """The derivative in one operand."""
        if position not in self._partials:
            formula = self.known.get(position)
            if formula is None:
                formula = derivative(self.formula, position)
                known = {k: derivative(f, position) for k, f in self.known.items()}
            else:
                known = {}
            self._partials[position] = Entrywise(formula, known)
        return self._partials[position]

    def jaxpr(self, arity: int) -> Jaxpr:
        """The formula as a program of ``arity`` numbers."""
        if arity not in self._jaxprs:
            with np.errstate(all="ignore"):
                self._jaxprs[arity] = stage_flat(
                    lambda *xs: [self.formula(*xs)], [_NUMBER] * arity
                )
        return self._jaxprs[arity]

    def execute(self, operands: Sequence[Any]) -> Any:
        """The compiled function of arrays."""
        avals = tuple(typeof(x).strong() for x in operands)
        if avals not in self._programs:
            self._programs[avals] = stage_flat(
                lambda *xs: [entrywise_p.bind(*xs, function=self)], avals
            )
        return execute(self._programs[avals], operands)[0]

    def __repr__(self) -> str:
        return self.formula.__name__


def joint_type(name: str, avals: Sequence[ShapedArray]) -> ShapedArray:
    """The type of a result of real operands that are of one shape or 0-d."""
    for aval in avals:
        if aval.dtype.kind != "f":
            raise wrong_kind(name, aval.dtype, "f")
    shapes = {aval.shape for aval in avals if aval.shape}
    if len(shapes) > 1:
        raise shapes_differ(name, avals)
    return ShapedArray(shapes.pop() if shapes else (), avals[0].dtype)


def repeated(tangents: Sequence[Any], y: Any) -> list[Any]:
    """The tangents in the shape of the result."""
    shape = shape_of(y)
    return [
        broadcast_in_dim(t, shape, ())
        if type(t) is not Zero and shape and not shape_of(t)
        else t
        for t in tangents
    ]


class EntrywisePrimitive(Primitive):
    """Applies ``function``, an `Entrywise`, to float64 operands of one shape."""

    name = "entrywise"

    def evaluate(self, *operands: Any, function: Entrywise) -> Any:
        return function.execute(operands)

    def abstract_eval(self, *avals: ShapedArray, function: Entrywise) -> ShapedArray:
        return joint_type(self.name, avals)

    def jvp(
        self, primals: Sequence[Any], tangents: Sequence[Any], *, function: Entrywise
    ) -> Any:
        y = self.bind(*primals, function=function)
        total: Any = None
        for position, t in enumerate(repeated(tangents, y)):
            if type(t) is not Zero:
                slope = self.bind(*primals, function=function.partial(position))
                part = strong_mul(t, slope)
                total = part if total is None else add_tangents(total, part)
        return y, zero_like(y) if total is None else total

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        function: Entrywise,
    ) -> Any:
        return batch_elementwise(self, size, operands, dims, {"function": function})

    def lower(self, ctx: Any, *operands: Any, function: Entrywise) -> Any:
        jaxpr = function.jaxpr(len(operands))
        return ctx.map(
            lambda b, *values: call_entry_program(b, jaxpr, values),
            *operands,
            dtype=np.float64,
            cost=_COST,
        )


entrywise_p = EntrywisePrimitive()


def entrywise(
    known: Mapping[int, Formula] | None = None,
) -> Callable[[Formula], Entrywise]:
    """Decorator: the formula as an `Entrywise` function."""
    return lambda formula: Entrywise(formula, known)


def derivative(formula: Formula, position: int) -> Formula:
    """The forward derivative of a formula in one operand.

    Examples
    --------
    >>> square = lambda x, y: x * x + y
    >>> float(derivative(square, 0)(np.float64(3.0), np.float64(1.0)))
    6.0
    """

    def partial(*operands: Any) -> Any:
        directions: list[Any] = [zero_like(x) for x in operands]
        directions[position] = 1.0
        _, (t,) = jvp(lambda *xs: [formula(*xs)], operands, directions)
        return instantiate(t)

    partial.__name__ = partial.__qualname__ = f"{formula.__name__}_{position}"
    return partial


@entrywise()
def _example(x: Any, y: Any) -> Any:
    return x * x * log(y)


give_cases(
    entrywise_p,
    [
        program(_example, positive(s), positive(z))
        for s, z in (((), ()), ((3,), (3,)), ((0, 2), (0, 2)), ((3,), ()))
    ],
)


def _common(avals: Sequence[ShapedArray]) -> np.dtype[Any]:
    return next((a.dtype for a in avals if not a.weak_type), np.dtype(np.float64))
