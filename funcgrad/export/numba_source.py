"""A jaxpr written as statements of a Numba function, by a table of templates."""

from __future__ import annotations

import itertools
import keyword
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from funcgrad.core.aval import ShapedArray
from funcgrad.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var
from funcgrad.export.numba_helpers import HELPERS

Template = Callable[["Writer", Eqn], None]
"""Writes the statements of one equation."""

TEMPLATES: dict[str, Template] = {}
"""The template of each primitive, by its name."""

WIDE = frozenset({"float64", "int64", "bool", "complex128"})
"""Types that Numba's arithmetic on scalars gives; others are converted to."""


class NoSourceError(Exception):
    """An equation of a form that has no source; its text says which."""


class Line(NamedTuple):
    """A statement: what it assigns, and whether its right side is entry by entry."""

    indent: int
    text: str
    target: str = ""
    fuses: bool = False


def template(*names: str) -> Callable[[Template], Template]:
    """Enter a function as the template of primitives."""

    def enter(function: Template) -> Template:
        TEMPLATES.update(dict.fromkeys(names, function))
        return function

    return enter


class Writer:
    """The statements of a function while it is written, and the names in it."""

    def __init__(self, reserved: Sequence[str]) -> None:
        self.lines: list[Line] = []
        self.helpers: dict[str, str] = {}
        self.failures: dict[str, None] = {}
        self.entries: dict[str, str] = {}
        """Arrays of one entry by name, each with that entry as an expression."""
        self._texts: dict[Var, str] = {}
        self._reserved = {*reserved, "np", "numba", "math"}
        self._numbers = itertools.count()
        self._indent = 1
        self._source: Any = None

    # --- names and texts of values

    def fresh(self, stem: str = "v") -> str:
        """A name that nothing has yet."""
        for number in self._numbers:
            name = f"{stem}{number}"
            if name not in self._reserved and not keyword.iskeyword(name):
                return name
        raise AssertionError

    def bind(self, var: Var, text: str) -> None:
        """Let a variable be read as ``text``."""
        self._texts[var] = text

    def bind_all(self, variables: Sequence[Var], texts: Sequence[str]) -> None:
        """Let each of these be read as its text."""
        self._texts.update(zip(variables, texts, strict=True))

    def read(self, atom: Atom) -> str:
        """A value as an expression without operators: a name or a literal."""
        if isinstance(atom, Literal):
            return scalar_text(atom.val, atom.aval.dtype)
        return self._texts[atom]

    def reads(self, eqn: Eqn) -> list[str]:
        """The operands of an equation as expressions."""
        return [self.read(a) for a in eqn.invars]

    def helper(self, name: str) -> str:
        """The name of a function of `numba_helpers` that the module will have."""
        self.helpers[name] = HELPERS[name]
        return f"_{name}"

    # --- statements

    def line(self, text: str) -> None:
        """A statement as it is."""
        self.lines.append(Line(self._indent, text))

    def assign(
        self, eqn: Eqn, text: str, *, fuses: bool = False, which: int = 0
    ) -> str:
        """``name = text`` for a result of an equation; the new name."""
        name = self.fresh()
        self.lines.append(Line(self._indent, f"{name} = {text}", name, fuses))
        self.bind(eqn.outvars[which], name)
        return name

    def value(self, text: str) -> str:
        """``name = text`` for a value that is no result; the new name."""
        name = self.fresh()
        self.lines.append(Line(self._indent, f"{name} = {text}", name))
        return name

    @contextmanager
    def block(self, head: str) -> Any:
        """Statements inside of a compound statement."""
        self.line(head)
        self._indent += 1
        start = len(self.lines)
        yield
        if len(self.lines) == start:
            self.line("pass")
        self._indent -= 1

    @contextmanager
    def loops(self, extents: Sequence[int]) -> Any:
        """Statements inside of nested loops; gives the names of the indices."""
        indices = [self.fresh("i") for _ in extents]
        for index, extent in zip(indices, extents, strict=True):
            self.line(f"for {index} in range({extent}):")
            self._indent += 1
        yield indices
        self._indent -= len(indices)

    def program(self, jaxpr: Jaxpr, operands: Sequence[str]) -> list[str]:
        """The statements of a program on these operands; its results' texts."""
        self.bind_all(jaxpr.invars, operands)
        for eqn in jaxpr.eqns:
            self._equation(eqn)
        return [self.read(a) for a in jaxpr.outvars]

    def _equation(self, eqn: Eqn) -> None:
        if eqn.source is not None and eqn.source != self._source:
            self._source = eqn.source
            if eqn.source.text:
                self.line(f"# line {eqn.source.line}: {eqn.source.text}")
        try:
            TEMPLATES.get(eqn.primitive.name, _no_template)(self, eqn)
        except NoSourceError as failure:
            self.failures[str(failure)] = None
            for var in eqn.outvars:
                self.bind(var, "None")

    def owned(self, text: str, aval: ShapedArray) -> str:
        """A value that may be assigned anew: arrays are copied."""
        return f"{text}.copy()" if aval.shape else f"{dtype_text(aval.dtype)}({text})"


def _no_template(w: Writer, eqn: Eqn) -> None:
    raise NoSourceError(eqn.primitive.name)


def dtype_text(dtype: np.dtype[Any]) -> str:
    """A dtype as Numba reads it."""
    return "np.bool_" if dtype.kind == "b" else f"np.{dtype.name}"


def scalar_text(value: Any, dtype: np.dtype[Any]) -> str:
    """A constant as an expression of exactly its type."""
    item = np.asarray(value, dtype).item()
    if isinstance(item, complex):
        text = f"complex({_float_text(item.real)}, {_float_text(item.imag)})"
    elif isinstance(item, float):
        text = _float_text(item)
    else:
        text = repr(item)
    if dtype.name not in WIDE:
        return f"{dtype_text(dtype)}({text})"
    return f"({text})" if text.startswith("-") else text


def _float_text(x: float) -> str:
    if np.isfinite(x):
        return repr(x)
    return "np.nan" if np.isnan(x) else "np.inf" if x > 0 else "(-np.inf)"


def shape_text(shape: Sequence[object]) -> str:
    """A shape, or other expressions, as a tuple."""
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def empty_text(aval: ShapedArray) -> str:
    """A new array without values."""
    return f"np.empty({shape_text(aval.shape)}, {dtype_text(aval.dtype)})"


def full_text(aval: ShapedArray, entry: str) -> str:
    """A new array of one value."""
    return f"np.full({shape_text(aval.shape)}, {entry}, {dtype_text(aval.dtype)})"


def typed(text: str, aval: ShapedArray) -> str:
    """An expression converted to a type that Numba's arithmetic would widen."""
    if aval.dtype.name in WIDE:
        return text
    if aval.shape:
        return f"({text}).astype({dtype_text(aval.dtype)})"
    return f"{dtype_text(aval.dtype)}({text})"
