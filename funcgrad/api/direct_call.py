"""Calls of compiled code on nested arguments, without a general flattening.

For one structure of arguments and one of results, Python source is written that takes
the containers apart, checks them, calls the native code and builds the result. It
answers None to arguments of any other structure.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

from funcgrad import tree

DirectCall = Callable[..., Any]
_NONE = tree.structure(None)
_KNOWN = (tuple, list, dict)


def direct_call(
    native: DirectCall, consts: tuple[Any, ...], arguments: Any, result: Any
) -> DirectCall | None:
    """A function of the user's positional arguments; None where it can not be written.

    Parameters
    ----------
    native : callable
        Leaves to a tuple of results, to None for other types, or to an int, a failure.
    consts : tuple
        What comes before the leaves.
    arguments, result : PyTreeDef
        Structure of the tuple of arguments, and of the result.
    """
    writer = _Writer()
    lines = writer.take_apart(arguments, "args")
    built = writer.build(result)
    if lines is None or built is None:
        return None
    given = ", ".join(["*consts"] * bool(consts) + writer.leaves)
    source = "\n".join(
        [
            "def call(*args):",
            "    try:",
            *(f"        {line}" for line in lines),
            "    except KeyError:",
            "        return None",
            f"    r = native({given})",
            "    if r is None or type(r) is int:",
            "        return None",
            f"    return {built}",
        ]
    )
    names: dict[str, Any] = {"native": native, "consts": consts, **writer.names}
    exec(source, names)  # noqa: S102  # all of the source is ours
    made: DirectCall = names["call"]
    return made


class _Writer:
    """Writes the source for one structure of arguments and one of results."""

    def __init__(self) -> None:
        self.leaves: list[str] = []
        self.names: dict[str, Any] = {}
        self._counter: Iterator[int] = itertools.count()
        self._results: Iterator[int] = itertools.count()

    def _name(self, value: Any = None) -> str:
        name = f"v{next(self._counter)}"
        if value is not None:
            self.names[name] = value
        return name

    def take_apart(self, treedef: Any, value: str) -> list[str] | None:
        """Lines that check the container ``value`` and name its leaves."""
        if treedef.is_leaf:
            self.leaves.append(value)
            return ["pass"]
        if treedef == _NONE:
            return [f"if {value} is not None: return None"]
        kind = treedef.kind
        children = treedef.children()
        parts = [self._name() for _ in children]
        if not _is_plain(kind):
            lines = self._take_registered(treedef, value, parts)
            return self._take_children(children, parts, lines)
        lines = [
            (
                f"if type({value}) is not {self._name(kind)} or "
                f"len({value}) != {len(children)}: return None"
            )
        ]
        if kind is dict:
            keys = [self._name((key,)) for key in treedef.data]
            lines += [
                f"{part} = {value}[{key}[0]]"
                for part, key in zip(parts, keys, strict=True)
            ]
        elif parts:
            lines.append(f"{', '.join(parts)}, = {value}")
        return self._take_children(children, parts, lines)

    def _take_registered(self, treedef: Any, value: str, parts: list[str]) -> list[str]:
        """The same of a registered class, by its own function."""
        node = treedef.node_type
        items, data = self._name(), self._name()
        flatten, expected = self._name(node.flatten), self._name((treedef.data,))
        return [
            f"if type({value}) is not {self._name(treedef.kind)}: return None",
            f"{items}, {data} = {flatten}({value})",
            f"if len({items}) != {len(parts)} or {data} != {expected}[0]: return None",
            *([f"{', '.join(parts)}, = {items}"] if parts else []),
        ]

    def _take_children(
        self, children: list[Any], parts: list[str], lines: list[str]
    ) -> list[str] | None:
        for child, part in zip(children, parts, strict=True):
            inner = self.take_apart(child, part)
            if inner is None:
                return None
            lines += inner
        return lines

    def build(self, treedef: Any) -> str | None:
        """An expression for a container whose leaves are items of ``r``."""
        if treedef.is_leaf:
            return f"r[{next(self._results)}]"
        if treedef == _NONE:
            return "None"
        parts = []
        for child in treedef.children():
            part = self.build(child)
            if part is None:
                return None
            parts.append(part)
        return self._container(treedef.kind, treedef, parts)

    def _container(self, kind: Any, treedef: Any, parts: list[str]) -> str:
        if kind is tuple:
            return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
        if kind is list:
            return f"[{', '.join(parts)}]"
        if kind is dict:
            keys = [self._name((key,)) for key in treedef.data]
            items = [f"{k}[0]: {part}" for k, part in zip(keys, parts, strict=True)]
            return "{" + ", ".join(items) + "}"
        if _is_plain(kind):
            return f"{self._name(kind)}({', '.join(parts)})"
        unflatten, data = treedef.node_type.unflatten, treedef.data
        return (
            f"{self._name(unflatten)}({self._name((data,))}[0], [{', '.join(parts)}])"
        )


def _is_plain(kind: Any) -> bool:
    """Whether containers of this type are taken apart by unpacking or by keys."""
    return kind in _KNOWN or (issubclass(kind, tuple) and hasattr(kind, "_fields"))
