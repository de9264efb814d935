"""Jaxprs: typed programs as frozen data, and their evaluation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from funcgrad.core.aval import ShapedArray
from funcgrad.core.dtypes import check_integer_fits
from funcgrad.core.primitive import Primitive
from funcgrad.core.printing import format_jaxpr
from funcgrad.core.source import SourceLine, replay
from funcgrad.core.trace import typeof


class Var:
    """The name of a value in a jaxpr; two variables are equal only if they are one."""

    __slots__ = ("aval",)

    def __init__(self, aval: ShapedArray) -> None:
        self.aval = aval


class Literal:
    """A scalar constant in place; any constant in a program that is run once."""

    __slots__ = ("_aval", "val")

    def __init__(self, val: Any, aval: ShapedArray | None = None) -> None:
        self.val = val
        self._aval = aval

    @property
    def aval(self) -> ShapedArray:
        if self._aval is None:
            self._aval = typeof(self.val)
        return self._aval


Atom = Var | Literal


_NO_EFFECTS: frozenset[str] = frozenset()


class Eqn:
    """``outvars = primitive[params] invars``, and the line it came from.

    Never changed once made; no frozen dataclass only because one is made for every
    operation that is differentiated.
    """

    __slots__ = ("invars", "outvars", "params", "primitive", "source")

    def __init__(
        self,
        primitive: Primitive,
        invars: tuple[Atom, ...],
        params: dict[str, Any],
        outvars: tuple[Var, ...],
        source: SourceLine | None = None,
    ) -> None:
        self.primitive = primitive
        self.invars = invars
        self.params = params
        self.outvars = outvars
        self.source = source

    @property
    def effects(self) -> frozenset[str]:
        if self.primitive.is_pure:
            return _NO_EFFECTS
        return self.primitive.effects(**self.params)


class Jaxpr:
    """A program: ``lambda constvars ; invars . let eqns in outvars``.

    Never changed once made. ``memo`` holds what was derived from it (derivatives,
    compiled code), by kind.
    """

    __slots__ = ("constvars", "effects", "eqns", "invars", "memo", "outvars")

    def __init__(
        self,
        constvars: tuple[Var, ...],
        invars: tuple[Var, ...],
        eqns: tuple[Eqn, ...],
        outvars: tuple[Atom, ...],
        effects: frozenset[str] = _NO_EFFECTS,
    ) -> None:
        self.constvars = constvars
        self.invars = invars
        self.eqns = eqns
        self.outvars = outvars
        self.effects = effects
        self.memo: dict[Any, Any] = {}

    def replace(self, **changes: Any) -> Jaxpr:
        """The program with some of its parts, by name, exchanged."""
        names = ("constvars", "invars", "eqns", "outvars", "effects")
        return Jaxpr(**{name: getattr(self, name) for name in names} | changes)

    @property
    def in_avals(self) -> list[ShapedArray]:
        return [v.aval for v in self.invars]

    @property
    def out_avals(self) -> list[ShapedArray]:
        return [v.aval for v in self.outvars]

    def pretty_print(self, *, source_info: bool = False) -> str:
        """The program as text, with the lines it came from where asked for."""
        return format_jaxpr(self, lines=source_info)

    def __str__(self) -> str:
        return format_jaxpr(self)

    __repr__ = __str__


class ClosedJaxpr:
    """A jaxpr with the values of its constants."""

    __slots__ = ("consts", "jaxpr")

    def __init__(self, jaxpr: Jaxpr, consts: tuple[Any, ...]) -> None:
        self.jaxpr = jaxpr
        self.consts = consts

    @property
    def in_avals(self) -> list[ShapedArray]:
        return self.jaxpr.in_avals

    @property
    def out_avals(self) -> list[ShapedArray]:
        return self.jaxpr.out_avals

    @property
    def eqns(self) -> tuple[Eqn, ...]:
        return self.jaxpr.eqns

    @property
    def effects(self) -> frozenset[str]:
        return self.jaxpr.effects

    def __call__(self, *args: Any) -> list[Any]:
        return eval_jaxpr(self.jaxpr, self.consts, *args)

    def pretty_print(self, *, source_info: bool = False) -> str:
        """The program as text, with the lines it came from where asked for."""
        return self.jaxpr.pretty_print(source_info=source_info)

    def __str__(self) -> str:
        return str(self.jaxpr)

    __repr__ = __str__


def subjaxprs(params: dict[str, Any]) -> list[Jaxpr]:
    """The jaxprs among an equation's parameters."""
    found: list[Jaxpr] = []
    for value in params.values():
        items = value if isinstance(value, (tuple, list)) else (value,)
        for item in items:
            if isinstance(item, Jaxpr):
                found.append(item)
            elif isinstance(item, ClosedJaxpr):
                found.append(item.jaxpr)
    return found


def map_inner(
    function: Callable[[Jaxpr], Jaxpr], params: dict[str, Any]
) -> dict[str, Any]:
    """Parameters with each program in them replaced; the same ones if there is none."""
    changed: dict[str, Any] = {}
    for name, value in params.items() if params else ():
        if isinstance(value, Jaxpr):
            changed[name] = function(value)
        elif type(value) is tuple and any(isinstance(v, Jaxpr) for v in value):
            changed[name] = tuple(
                function(v) if isinstance(v, Jaxpr) else v for v in value
            )
    return params | changed if changed else params


def map_programs(function: Callable[[Jaxpr], Jaxpr], eqn: Eqn) -> Eqn:
    """An equation with each program in it replaced; the same one if there is none."""
    params = map_inner(function, eqn.params)
    if params is eqn.params:
        return eqn
    return Eqn(eqn.primitive, eqn.invars, params, eqn.outvars, eqn.source)


def resolve(env: Mapping[Var, Atom], atom: Atom) -> Atom:
    """What stands for an operand by now; itself if nothing does."""
    return atom if isinstance(atom, Literal) else env.get(atom, atom)


def eval_jaxpr(jaxpr: Jaxpr, consts: Sequence[Any], *args: Any) -> list[Any]:
    """Run a jaxpr on values, traced or not, equation by equation."""
    env: dict[Var, Any] = dict(zip(jaxpr.constvars, consts, strict=True))
    env.update(zip(jaxpr.invars, args, strict=True))
    outer = replay.line
    try:
        for eqn in jaxpr.eqns:
            replay.line = eqn.source or outer
            operands = [a.val if type(a) is Literal else env[a] for a in eqn.invars]  # type: ignore[index]
            result = eqn.primitive.bind(*operands, **eqn.params)
            if eqn.primitive.multiple_results:
                env.update(zip(eqn.outvars, result, strict=True))
            else:
                env[eqn.outvars[0]] = result
    finally:
        replay.line = outer
    return [a.val if type(a) is Literal else env[a] for a in jaxpr.outvars]  # type: ignore[index]


def literal(value: Any, dtype: Any = None) -> Literal:
    """A concrete scalar as a literal; Python's are weak or take on ``dtype``."""
    aval = typeof(value)
    if dtype is not None and dtype != aval.dtype:
        if type(value) is int and dtype.kind in "iu":
            check_integer_fits(value, dtype)
        return Literal(np.asarray(value).astype(dtype)[()], ShapedArray((), dtype))
    return Literal(np.asarray(value, aval.dtype)[()], aval)


def dead_code(
    eqns: Sequence[Eqn], outvars: Sequence[Atom]
) -> tuple[list[Eqn], set[Var]]:
    """The equations that outputs or effects need, and the variables they read."""
    live = {v for v in outvars if type(v) is Var}
    kept: list[Eqn] = []
    for eqn in reversed(eqns):
        outvars = eqn.outvars
        if len(outvars) != 1:
            if live.isdisjoint(outvars) and not eqn.effects:
                continue
            eqn = _without_dead_results(eqn, live)
        elif outvars[0] not in live:
            if not eqn.effects:
                continue
            eqn = _without_dead_results(eqn, live)
        kept.append(eqn)
        for atom in eqn.invars:
            if type(atom) is Var:
                live.add(atom)
    kept.reverse()
    return kept, live


def _without_dead_results(eqn: Eqn, live: set[Var]) -> Eqn:
    """An application of an inner program without the results that nobody reads."""
    prune = getattr(eqn.primitive, "prune", None)
    used = tuple([v in live for v in eqn.outvars])
    if prune is None or all(used):
        return eqn
    operands, results, params = prune(used, **eqn.params)
    return Eqn(
        eqn.primitive,
        tuple(a for a, stays in zip(eqn.invars, operands, strict=True) if stays),
        params,
        tuple(v for v, stays in zip(eqn.outvars, results, strict=True) if stays),
        eqn.source,
    )
