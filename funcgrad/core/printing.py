"""A jaxpr as text, in JAX's format."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

# Programs print themselves, so `core.jaxpr` imports this module and not the reverse.
Atom = Eqn = Jaxpr = Var = Any


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


def _base26(n: int) -> str:
    name = chr(ord("a") + n % 26)
    while n >= 26:
        n //= 26
        name = chr(ord("a") + n % 26) + name
    return name


def _scalar(value: Any) -> str:
    item = value.item() if isinstance(value, (np.generic, np.ndarray)) else value
    return str(item)


def format_jaxpr(jaxpr: Jaxpr, *, indent: int = 0, lines: bool = False) -> str:
    """The program as text; ``lines`` adds the user's file and line to equations."""
    names = _Names()
    pad = " " * indent
    consts = names.typed(jaxpr.constvars)
    head = f"{pad}{{ lambda {consts + ' ' if consts else ''}; "
    head += f"{names.typed(jaxpr.invars)}. let"
    body = [_format_eqn(eqn, names, indent + 4, lines) for eqn in jaxpr.eqns]
    outs = ", ".join(names(v) for v in jaxpr.outvars)
    comma = "," if len(jaxpr.outvars) == 1 else ""
    return "\n".join([head, *body, f"{pad}  in ({outs}{comma}) }}"])


def _format_eqn(eqn: Eqn, names: _Names, indent: int, lines: bool) -> str:
    operands = " ".join(names(v) for v in eqn.invars)
    params = _format_params(eqn.params, indent)
    left = names.typed(eqn.outvars)
    text = f"{' ' * indent}{left} = {eqn.primitive.name}{params}"
    text += f" {operands}" if operands else ""
    if lines and eqn.source is not None:
        text += f"    # {eqn.source.file}:{eqn.source.line}"
    return text


def _format_params(params: dict[str, Any], indent: int) -> str:
    shown = {k: v for k, v in sorted(params.items()) if v is not None}
    if not shown:
        return ""
    items = [f"{k}={_format_param(v, indent + 2)}" for k, v in shown.items()]
    if any("\n" in item for item in items):
        pad = "\n" + " " * (indent + 2)
        return "[" + pad + pad.join(items) + "\n" + " " * indent + "]"
    return "[" + " ".join(items) + "]"


def _format_param(value: Any, indent: int) -> str:
    value = getattr(value, "jaxpr", value)
    if _is_program(value):
        return format_jaxpr(value, indent=indent + 2).lstrip()
    if isinstance(value, (tuple, list)) and any(map(_is_program, value)):
        return "(" + ", ".join(_format_param(v, indent + 2) for v in value) + ")"
    if isinstance(value, np.dtype):
        return str(value)
    if callable(value) and hasattr(value, "__name__"):
        return str(value.__name__)
    return str(value)


def _is_program(value: Any) -> bool:
    return hasattr(value, "eqns")
