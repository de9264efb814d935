"""Jaxprs as text: equal texts have equal programs, in all processes."""

from __future__ import annotations

import enum
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from funcgrad.core.aval import DYNAMIC, ShapedArray
from funcgrad.core.jaxpr import Atom, ClosedJaxpr, Eqn, Jaxpr, Literal, Var
from funcgrad.core.primitive import Primitive

_PLAIN = (bool, int, str, bytes, type(None), type(DYNAMIC))
_OURS, _PRIMITIVES = "funcgrad.", "funcgrad.ops"


class NoTextError(Exception):
    """A program holds what is known in this process only: a function of the user's."""


def canonical_text(jaxpr: Jaxpr) -> str | None:
    """All that a program is, or None where text can not say it.

    Lines of the user's code are left out. Only primitives that modules of the library
    define have a name that says what they do.
    """
    try:
        return "".join(_Writer().jaxpr(jaxpr))
    except NoTextError:
        return None


class _Writer:
    def __init__(self) -> None:
        self.names: dict[Var, int] = {}
        self.programs: dict[int, int] = {}

    def jaxpr(self, jaxpr: Jaxpr) -> Iterator[str]:
        if id(jaxpr) in self.programs:
            yield f"program {self.programs[id(jaxpr)]}"
            return
        self.programs[id(jaxpr)] = len(self.programs)
        yield "{"
        for variables in (jaxpr.constvars, jaxpr.invars):
            yield f"{self.variables(variables)};"
        for eqn in jaxpr.eqns:
            yield from self.equation(eqn)
        yield f"{self.atoms(jaxpr.outvars)};{sorted(jaxpr.effects)}}}"

    def equation(self, eqn: Eqn) -> Iterator[str]:
        yield f"{_primitive(eqn.primitive)}["
        for name, value in eqn.params.items():
            yield f"{name}="
            yield from self.value(value)
        yield f"]{self.atoms(eqn.invars)}:{self.variables(eqn.outvars)}\n"

    def variables(self, variables: tuple[Var, ...]) -> str:
        words = []
        for variable in variables:
            number = self.names.setdefault(variable, len(self.names))
            words.append(f"{number}:{_aval(variable.aval)}")
        return " ".join(words)

    def atoms(self, atoms: tuple[Atom, ...]) -> str:
        return " ".join(
            f"({_number(a.val)}:{_aval(a.aval)})"
            if isinstance(a, Literal)
            else str(self.names[a])
            for a in atoms
        )

    def value(self, x: Any) -> Iterator[str]:
        """A parameter."""
        kind = type(x)
        if kind in _PLAIN:
            yield f"{kind.__name__} {x!r},"
        elif kind is ShapedArray:
            yield f"{_aval(x)},"
        elif kind is Jaxpr:
            yield from self.jaxpr(x)
        elif kind is ClosedJaxpr and not x.consts:
            yield from self.jaxpr(x.jaxpr)
        elif isinstance(x, np.dtype):
            yield f"dtype {_dtype(x)},"
        elif isinstance(x, (float, complex, np.generic)):
            yield f"{_number(x)},"
        elif isinstance(x, enum.Enum):
            yield f"{_class(kind)}.{x.name},"
        elif kind is dict:
            yield from self.items("dict", [part for item in x.items() for part in item])
        elif kind in (tuple, list):
            yield from self.items(kind.__name__, x)
        elif isinstance(x, tuple):
            yield from self.items(_class(kind), x)
        else:
            yield f"{_global(x)},"

    def items(self, kind: str, items: Any) -> Iterator[str]:
        yield f"{kind}("
        for item in items:
            yield from self.value(item)
        yield "),"


def _aval(aval: ShapedArray) -> str:
    return f"{_dtype(aval.dtype)}{aval.shape}{'w' * aval.weak_type}"


def _dtype(dtype: np.dtype[Any]) -> str:
    return f"{dtype.str}{dtype.name}"


def _number(x: Any) -> str:
    """A scalar, bit by bit."""
    array = np.asarray(x)
    if array.ndim or array.dtype.hasobject:
        raise NoTextError
    return f"{type(x).__name__} {_dtype(array.dtype)} {array.tobytes().hex()}"


def _class(kind: type) -> str:
    if not kind.__module__.startswith(_OURS):
        raise NoTextError
    return f"{kind.__module__}.{kind.__qualname__}"


def _global(x: Any) -> str:
    """Something that has a name in a module of ours, or in NumPy."""
    module, name = str(getattr(x, "__module__", "")), getattr(x, "__qualname__", "")
    if isinstance(x, np.ufunc):
        module, name = "numpy", x.__name__
    known = f"{module}.".startswith((_OURS, "numpy."))
    if known and getattr(sys.modules.get(module), str(name), None) is x:
        return f"{module}.{name}"
    raise NoTextError


_ours: set[Primitive] = set()


def _primitive(primitive: Primitive) -> str:
    """The name of a primitive, which says all where a module of ours defines it."""
    if primitive not in _ours:
        for name, module in list(sys.modules.items()):
            if name.startswith(_PRIMITIVES):
                found = list(vars(module).values())
                _ours.update(x for x in found if isinstance(x, Primitive))
    if primitive not in _ours:
        raise NoTextError
    return primitive.name
