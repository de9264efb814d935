"""A jaxpr as text, in JAX's format."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np

# Programs print themselves, so `core.jaxpr` imports this module and not the reverse.
Atom: TypeAlias = Any
Eqn: TypeAlias = Any
Jaxpr: TypeAlias = Any
Var: TypeAlias = Any

WIDTH = 80
"""What fits in so many columns goes on one line, as in JAX."""


class _Names:
    """Short names in order of appearance: a, b, ..., z, ba, bb, ..."""

    def __init__(self) -> None:
        self._names: dict[Var, str] = {}
        self._counter: Iterator[int] = itertools.count()

    def __call__(self, atom: Atom) -> str:
        if hasattr(atom, "val"):
            return f"{_scalar(atom.val)}:{atom.aval.short()}"
        if atom not in self._names:
            self._names[atom] = _base26(next(self._counter))
        return self._names[atom]

    def typed(self, variables: Sequence[Var]) -> str:
        return " ".join(f"{self(v)}:{v.aval.short()}" for v in variables)

    def results(self, variables: Sequence[Var], read: set[Var]) -> str:
        """Results with their types; an underscore for those that nothing reads."""
        return " ".join(
            f"{self(v) if v in read else '_'}:{v.aval.short()}" for v in variables
        )


def _base26(n: int) -> str:
    name = chr(ord("a") + n % 26)
    while n >= 26:
        n //= 26
        name = chr(ord("a") + n % 26) + name
    return name


def _scalar(value: Any) -> str:
    item = value.item() if isinstance(value, (np.generic, np.ndarray)) else value
    return str(item)


def format_jaxpr(jaxpr: Jaxpr, *, lines: bool = False) -> str:
    """The program as text; ``lines`` adds the user's file and line to equations.

    Names are unique in the whole text, those of inner programs included.
    """
    return _format_program(jaxpr, _Names(), 0, 0, lines)


def _format_program(
    jaxpr: Jaxpr, names: _Names, indent: int, column: int, lines: bool
) -> str:
    """A program that starts at ``column`` of a line that is indented by ``indent``."""
    consts = names.typed(jaxpr.constvars)
    head = f"{{ lambda {consts}; {names.typed(jaxpr.invars)}. let"
    read = {v for v in jaxpr.outvars if not hasattr(v, "val")}
    read |= {v for e in jaxpr.eqns for v in e.invars if not hasattr(v, "val")}
    body = [_format_eqn(eqn, names, read, indent + 4, lines) for eqn in jaxpr.eqns]
    outs = ", ".join(names(v) for v in jaxpr.outvars)
    comma = "," if len(jaxpr.outvars) == 1 else ""
    tail = f"in ({outs}{comma}) }}"
    flat = f"{head} {'; '.join(body)} {tail}"
    if not lines and "\n" not in flat and column + len(flat) <= WIDTH:
        return flat
    pad = "\n" + " " * (indent + 4)
    return "".join([head, *(pad + text for text in body), f"\n{pad[1:-2]}{tail}"])


def _format_eqn(
    eqn: Eqn, names: _Names, read: set[Var], indent: int, lines: bool
) -> str:
    operands = "".join(" " + names(v) for v in eqn.invars)
    left = f"{names.results(eqn.outvars, read)} = {eqn.primitive.name}"
    taken = indent + len(left) + len(operands)
    text = left + _format_params(eqn.params, names, indent, taken, lines) + operands
    if lines and eqn.source is not None:
        text += f"    # {eqn.source.file}:{eqn.source.line}"
    return text


def _format_params(
    params: dict[str, Any], names: _Names, indent: int, taken: int, lines: bool
) -> str:
    """Parameters by name, on lines of their own where one line is too narrow."""
    keys = sorted(params, key=lambda key: (key != "name", key))
    shown = [(key, params[key]) for key in keys if params[key] is not None]
    if not shown:
        return ""
    inner = indent + 2
    items = [
        f"{key}=" + _format_param(value, names, inner, inner + len(key) + 1, lines)
        for key, value in shown
    ]
    flat = f"[{' '.join(items)}]"
    if "\n" not in flat and (taken + len(flat) <= WIDTH or len(items) == 1):
        return flat
    pad = "\n" + " " * inner
    return "[" + "".join(pad + item for item in items) + "\n" + " " * indent + "]"


def _format_param(
    value: Any, names: _Names, indent: int, column: int, lines: bool
) -> str:
    value = getattr(value, "jaxpr", value)
    if _is_program(value):
        return _format_program(value, names, indent, column, lines)
    if isinstance(value, (tuple, list)):
        parts = [getattr(v, "jaxpr", v) for v in value]
        if parts and all(map(_is_program, parts)):
            inner = indent + 2
            pad = "\n" + " " * inner
            texts = [_format_program(p, names, inner, inner, lines) for p in parts]
            return "(" + "".join(pad + t for t in texts) + "\n" + " " * indent + ")"
    if isinstance(value, np.dtype):
        return str(value)
    if callable(value) and hasattr(value, "__name__"):
        return str(value.__name__)
    return str(value)


def _is_program(value: Any) -> bool:
    return hasattr(value, "eqns")
