"""What the user's line calls at this moment: the call stack to a function of NumPy."""

from __future__ import annotations

import linecache
import sys
import types
from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad.core.source import is_internal

if TYPE_CHECKING:
    import ast


class _Nothing:
    """Stands for a name that is not known."""


INDEXED = object()
"""Stands for an array that is indexed."""


def called_by_user() -> Any:
    """The function, type or module member that the user's innermost line calls.

    Returns
    -------
    object or None
        What stands before the parentheses or brackets in the source text, where it is a
        name or a member of a module; `INDEXED` for other things in front of brackets;
        None otherwise, and where there is no source.
    """
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None and is_internal(frame.f_code.co_filename):
        frame = frame.f_back
    if frame is None:
        return None
    import ast

    node = _expression(frame)
    if isinstance(node, ast.Subscript):
        found = _resolve(node.value, frame)
        return INDEXED if found is _Nothing or isinstance(found, np.ndarray) else found
    while isinstance(node, ast.Call):
        node = node.func
        found = _resolve(node, frame)
        if found is not _Nothing:
            return found
    return None


def _expression(frame: types.FrameType) -> ast.expr | None:
    """The expression that the frame evaluates, parsed from its text."""
    import ast

    places = list(frame.f_code.co_positions())
    line, end_line, column, end_column = places[frame.f_lasti // 2]
    if line is None or end_line is None or column is None or end_column is None:
        return None
    filename = frame.f_code.co_filename
    rows = [
        linecache.getline(filename, row, frame.f_globals).encode()
        for row in range(line, end_line + 1)
    ]
    rows[-1] = rows[-1][:end_column]
    rows[0] = rows[0][column:]
    try:
        return ast.parse(b"(" + b"".join(rows) + b")", mode="eval").body
    except (SyntaxError, ValueError):
        return None


def _resolve(node: ast.expr, frame: types.FrameType) -> Any:
    """The value of a name or of a member of a module; `_Nothing` for all else."""
    import ast

    if isinstance(node, ast.Name):
        for names in (frame.f_locals, frame.f_globals):
            if node.id in names:
                return names[node.id]
    if isinstance(node, ast.Attribute):
        owner = _resolve(node.value, frame)
        if isinstance(owner, types.ModuleType):
            return vars(owner).get(node.attr, _Nothing)
    return _Nothing
