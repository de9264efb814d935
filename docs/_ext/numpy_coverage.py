"""Writes which functions of NumPy and SciPy take traced values, to coverage.rst."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from generated import write_changed

from funcgrad.core.numpy_protocol import find_function, find_ufunc
from funcgrad.core.undispatched import THROUGH_OTHERS, undispatched

if TYPE_CHECKING:
    from sphinx.application import Sphinx

OURS = {
    "numpy": "funcgrad.numpy",
    "numpy.linalg": "funcgrad.numpy.linalg",
    "numpy.fft": "funcgrad.numpy.fft",
    "scipy.special": "funcgrad.scipy.special",
}

INTRODUCTION = """\
Functions that are called on traced values, in `grad`, `vmap` and `jit`, are answered by
funcgrad where the second column says so; the third says whether the namespace of
funcgrad has the name. The tables are read from the code when these pages are built."""


class Row(NamedTuple):
    """A function: whether it takes traced values, our namesake, and why it does not."""

    name: str
    dispatched: str
    ours: bool
    why: str


def public_functions(package: str) -> list[str]:
    """The package's public callables that are not types, in alphabetic order."""
    members = vars(importlib.import_module(package))
    return sorted(
        name
        for name, value in members.items()
        if not name.startswith("_") and callable(value) and not isinstance(value, type)
    )


def is_dispatched(package: str, name: str) -> bool:
    """Whether the function hands traced values over, or all that it calls does."""
    function = getattr(importlib.import_module(package), name)
    known = (
        find_ufunc(function)
        if isinstance(function, np.ufunc)
        else find_function(function)
    )
    return known is not None or f"{package}.{name}" in THROUGH_OTHERS


def rows(package: str) -> Iterator[Row]:
    """The package's table."""
    ours = importlib.import_module(OURS[package])
    for name in public_functions(package):
        reason = undispatched().get(f"{package}.{name}")
        state = "yes" if is_dispatched(package, name) else "no"
        if state == "yes" and reason is not None:
            state = "no" if reason.writes else "with like="
        why = "" if reason is None else f"{reason.why}: {reason.fix_for(name)}"
        yield Row(name, state, hasattr(ours, name), why)


def text_of(package: str) -> list[str]:
    """A section with the package's counts and table."""
    table = list(rows(package))
    taken = sum(row.dispatched != "no" for row in table)
    lines = [package, "-" * len(package), ""]
    lines += [f"{taken} of {len(table)} functions take traced values.", ""]
    lines += [".. list-table::", "   :header-rows: 1", "   :widths: 20 12 12 56", ""]
    lines += ["   * - function", "     - traced", f"     - {OURS[package]}"]
    lines += ["     - why not: what to write", ""]
    for row in table:
        lines += [f"   * - ``{row.name}``", f"     - {row.dispatched}"]
        lines += [f"     - {'yes' if row.ours else 'no'}"]
        lines += [f"     - {_escaped(row.why)}"]
    return [*lines, ""]


def _escaped(text: str) -> str:
    return "".join("\\" + c if c in "*`_|\\" else c for c in text)


def page() -> str:
    """The page, as reStructuredText."""
    title = "NumPy's and SciPy's functions on traced values"
    lines = [title, "=" * len(title), ""]
    lines += [INTRODUCTION, ""]
    for package in OURS:
        lines += text_of(package)
    return "\n".join(lines)


def write_page(app: Sphinx) -> None:
    """Write the page if it changed."""
    write_changed(Path(app.srcdir) / "coverage.rst", page())


def setup(app: Sphinx) -> dict[str, bool]:
    """Sphinx calls this."""
    app.connect("builder-inited", write_page)
    return {"parallel_read_safe": True}
