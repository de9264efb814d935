"""Staging: a Python function and the types of its arguments to a jaxpr."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad.config import config, modes
from funcgrad.core.aval import ShapedArray
from funcgrad.core.check import check_jaxpr
from funcgrad.core.constant import constant_p
from funcgrad.core.jaxpr import (
    Atom,
    ClosedJaxpr,
    Eqn,
    Jaxpr,
    Var,
    dead_code,
    literal,
)
from funcgrad.core.primitive import Primitive
from funcgrad.core.source import current_line
from funcgrad.core.trace import PYTHON_SCALARS, Trace, Tracer, new_trace, typeof
from funcgrad.core.tracer import ArrayTracer


class JaxprTrace(Trace):
    """Records every primitive it is given; a value from outside becomes a constant.

    ``staging`` traces (of jit, scan, ...) also take creation and random operations;
    the trace of tangents under linearize does not, and keeps no source lines. What is
    linearized inside one that ``splits`` leaves its residuals to another program.
    """

    def __init__(
        self, *, staging: bool = True, name: str = "", splits: bool = False
    ) -> None:
        self.staging = staging
        self.splits = splits
        self.name = name
        self.eqns: list[Eqn] = []
        self.consts: dict[int, tuple[Var, Any]] = {}

    def argument(self, aval: ShapedArray, label: str = "") -> JaxprTracer:
        """A new input of the program; ``label`` names it in messages."""
        return JaxprTracer(self, Var(aval), label)

    def atom(self, value: Any, dtype: Any = None) -> Atom:
        """How the program refers to a value: variable, literal, or a new constant."""
        if type(value) is JaxprTracer and value.owner is self:
            return value.variable
        if type(value) in PYTHON_SCALARS:
            return literal(value, dtype)
        if not isinstance(value, Tracer) and np.ndim(value) == 0:
            return literal(value)
        known = self.consts.get(id(value))
        if known is None:
            known = self.consts[id(value)] = (Var(typeof(value)), value)
        return known[0]

    def process(
        self, primitive: Primitive, operands: Sequence[Any], params: Any
    ) -> Any:
        # This runs for every operation: most operands are values of this trace.
        avals: list[ShapedArray] = []
        atoms: list[Any] = []
        others = False
        for operand in operands:
            if type(operand) is JaxprTracer and operand.owner is self:
                variable = operand.variable
                atoms.append(variable)
                avals.append(variable.aval)
            else:
                others = True
                atoms.append(None)
                avals.append(typeof(operand))
        types = primitive.abstract_eval(*avals, **params)
        if others:
            self._fill_in(primitive, operands, avals, atoms)
        invars = tuple(atoms)
        source = current_line() if self.staging or modes.special else None
        if primitive.multiple_results:
            outvars = tuple(Var(aval) for aval in types)
            self.eqns.append(Eqn(primitive, invars, params, outvars, source))
            return [JaxprTracer(self, var) for var in outvars]
        var = Var(types)
        self.eqns.append(Eqn(primitive, invars, params, (var,), source))
        return JaxprTracer(self, var)

    def _fill_in(
        self, primitive: Primitive, operands: Any, avals: Any, atoms: list[Any]
    ) -> None:
        """The atoms that are None: of operands that are no values of this trace."""
        dtype = None
        if any(type(operand) in PYTHON_SCALARS for operand in operands):
            dtype = primitive.literal_dtype(avals)
        for k, atom in enumerate(atoms):
            if atom is None:
                atoms[k] = self.atom(operands[k], dtype)

    def jaxpr(
        self, arguments: Sequence[JaxprTracer], results: Sequence[Any]
    ) -> ClosedJaxpr:
        """The program from the arguments to the results, without dead equations."""
        outvars = tuple([self.atom(result) for result in results])
        eqns, live = dead_code(self.eqns, outvars)
        consts = [(var, value) for var, value in self.consts.values() if var in live]
        effects = frozenset().union(*(eqn.effects for eqn in eqns))
        jaxpr = Jaxpr(
            tuple(var for var, _ in consts),
            tuple(argument.variable for argument in arguments),
            tuple(eqns),
            outvars,
            effects,
        )
        if config.enable_checks:
            check_jaxpr(jaxpr)
        return ClosedJaxpr(jaxpr, tuple(value for _, value in consts))


class JaxprTracer(ArrayTracer):
    """A variable of a program being staged; it has a type and no value."""

    __slots__ = ("aval", "label", "variable")
    aval: ShapedArray

    def __init__(self, trace: JaxprTrace, var: Var, label: str = "") -> None:
        self.owner = trace
        self.variable = var
        self.aval = var.aval
        self.label = label

    def concrete(self) -> Any:
        return None


def stage(
    function: Callable[..., Sequence[Any]],
    avals: Sequence[ShapedArray],
    *,
    name: str = "",
    labels: Sequence[str] | None = None,
    splits: bool = False,
) -> ClosedJaxpr:
    """The jaxpr of a function of flat arguments that returns a flat sequence."""
    with new_trace(JaxprTrace(name=name, splits=splits)) as trace:
        marks = labels if labels is not None else [""] * len(avals)
        arguments = [trace.argument(a, m) for a, m in zip(avals, marks, strict=True)]
        return trace.jaxpr(arguments, function(*arguments))


def hoist_consts(closed: ClosedJaxpr) -> tuple[list[Any], Jaxpr]:
    """The constants, and the jaxpr that takes them as its first operands."""
    jaxpr = closed.jaxpr
    if not jaxpr.constvars:
        return [], jaxpr
    invars = (*jaxpr.constvars, *jaxpr.invars)
    hoisted = Jaxpr((), invars, jaxpr.eqns, jaxpr.outvars, jaxpr.effects)
    return list(closed.consts), hoisted


def stage_flat(
    function: Callable[..., Sequence[Any]],
    avals: Sequence[ShapedArray],
    *,
    splits: bool = False,
) -> Jaxpr:
    """The jaxpr of a rule's function; arrays that it captures stand in the program.

    It may capture no traced value: that would outlive its trace.
    """
    closed = stage(function, avals, splits=splits)
    if any(isinstance(value, Tracer) for value in closed.consts):
        raise AssertionError("a rule captured a traced value; pass it as an operand")
    jaxpr = closed.jaxpr
    constants = tuple(
        Eqn(constant_p, (), {"value": value}, (var,))
        for var, value in zip(jaxpr.constvars, closed.consts, strict=True)
    )
    eqns = (*constants, *jaxpr.eqns)
    return Jaxpr((), jaxpr.invars, eqns, jaxpr.outvars, jaxpr.effects)
