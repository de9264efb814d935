"""What is exported: a function and example arguments -> a program, and names for it."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

from funcgrad import tree
from funcgrad.api.arguments import leaf_labels, name_of
from funcgrad.api.staging import stage_call
from funcgrad.compiler.simplify.passes import simplify
from funcgrad.core.jaxpr import Jaxpr
from funcgrad.transforms.stage import hoist_consts


class ExportedProgram(NamedTuple):
    """A function as others are to have it.

    Attributes
    ----------
    title : str
        Its name, in letters, digits and underscores.
    jaxpr : Jaxpr
        The simplified program; its first arguments are ``constants``.
    constants : list of array
        What the function closes over.
    labels : list of str
        What the user calls each leaf of the arguments.
    paths : list of str
        Where each result stands in what the function returns; empty for the whole.
    """

    title: str
    jaxpr: Jaxpr
    constants: list[Any]
    labels: Sequence[str]
    paths: list[str]


def program_of(
    function: Callable[..., Any], args: Sequence[Any], name: str | None
) -> ExportedProgram:
    """Trace and simplify a function, compiled or not, for arguments of these types."""
    closed, flat = stage_call(function, args, {})
    constants, jaxpr = hoist_consts(closed)
    result = flat.unflatten(range(len(jaxpr.outvars)))
    return ExportedProgram(
        name or _title(function),
        simplify(jaxpr),
        constants,
        leaf_labels(function, args, {}),
        [tree.keystr(path) for path, _ in tree.leaves_with_path(result)],
    )


def _title(function: Any) -> str:
    """A name for a function in another language."""
    name = re.sub(r"\W+", "_", name_of(function)).strip("_")
    return f"function_{name}" if not name or keyword.iskeyword(name) else name


def identifiers(
    labels: Sequence[str], taken: Collection[str], reserved: Collection[str]
) -> list[str]:
    """A name of its own for each label: ``params['w'][0]`` is ``params_w_0``.

    A name in ``taken`` or given before gets a number; words that are ``reserved`` in
    the other language, Python's keywords and what begins with a digit an underscore.
    """
    names: list[str] = []
    for label in labels:
        base = re.sub(r"\W+", "_", label).strip("_") or "argument"
        if keyword.iskeyword(base) or base[0].isdigit() or base in reserved:
            base = f"{base}_"
        name, number = base, 2
        while name in names or name in taken:
            name, number = f"{base}_{number}", number + 1
        names.append(name)
    return names
