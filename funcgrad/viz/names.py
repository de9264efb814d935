"""The user's names for values: from a place in the source to a variable's name."""

from __future__ import annotations

import ast
import functools
import itertools
import linecache
import sys
from types import CodeType, FrameType
from typing import Any, NamedTuple

from funcgrad.core.source import SourceLine, user_frame

Span = tuple[int, int, int, int]


class Site(NamedTuple):
    """Where an operation was asked for.

    Operations with equal sites come from one evaluation of one expression: the last
    of them has its value.
    """

    key: tuple[Any, ...]
    line: SourceLine | None
    variable: str | None
    text: str


def site_of_frame(outer: FrameType) -> Site:
    """The expression of the user's that runs now, inside of the frame ``outer``."""
    line = user_frame()
    if line is None:
        return Site((object(),), None, None, "")
    inner: FrameType | None = None
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame is not outer and not _is_at(frame, line):
        inner, frame = frame, frame.f_back
    if frame is None or frame is outer:
        # The function is a library's: no line of the user's is in it.
        return Site((object(),), None, None, "")
    variable, text = _named_expression(frame.f_code, frame.f_lasti)
    # The frame that the expression called is new for each evaluation of it.
    return Site((frame, frame.f_lasti, inner), line, variable, text)


def site_of_line(line: SourceLine, run: int) -> Site:
    """The statement of a line of a staged program; ``run`` numbers its evaluations."""
    # A line has a statement for each lambda on it as well; which is not recorded.
    inside = line.function.endswith("<lambda>")
    variable, text = (None, "") if inside else _statement(line.file, line.line)
    return Site((line, run), line, variable, text)


def _is_at(frame: FrameType, line: SourceLine) -> bool:
    code = frame.f_code
    return (
        code.co_filename == line.file
        and frame.f_lineno == line.line
        and code.co_qualname == line.function
    )


@functools.lru_cache(maxsize=4096)
def _named_expression(code: CodeType, instruction: int) -> tuple[str | None, str]:
    """Variable that takes the value of the instruction's expression, and its text."""
    place = next(itertools.islice(code.co_positions(), instruction // 2, None))
    if None in place:
        return None, ""
    first, last, start, end = place
    span: Any = (first, start, last, end)
    source = _source(code.co_filename, _version(code.co_filename))
    return source.variables.get(span), source.texts.get(span, "")


def _statement(file: str, number: int) -> tuple[str | None, str]:
    """Variable that a line assigns, and the expression it takes the value of."""
    return _source(file, _version(file)).statements.get(number, (None, ""))


def _version(file: str) -> str:
    return "".join(linecache.getlines(file))


class _Source(NamedTuple):
    texts: dict[Span, str]
    variables: dict[Span, str]
    statements: dict[int, tuple[str | None, str]]


@functools.lru_cache(maxsize=64)
def _source(file: str, text: str) -> _Source:
    """Expressions and assignments of a file by their place."""
    found = _Source({}, {}, {})
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError):
        return found
    node: Any
    for node in ast.walk(module):
        if isinstance(node, ast.expr):
            found.texts[_span(node)] = ast.unparse(node)
        target, value = _assignment(node)
        if value is None:
            continue
        pairs = _pairs(target, value)
        for name, part in pairs:
            if name is not None:
                found.variables[_span(part)] = name
        if isinstance(node, ast.AugAssign) and pairs[0][0] is not None:
            # The operation of `x += y` has the place of the whole statement.
            operation = ast.BinOp(_loaded(node.target), node.op, node.value)
            found.variables[_span(node)] = pairs[0][0]
            found.texts[_span(node)] = ast.unparse(operation)
        name = pairs[0][0] if len(pairs) == 1 else None
        for number in range(node.lineno, (node.end_lineno or node.lineno) + 1):
            found.statements.setdefault(number, (name, ast.unparse(value)))
    return found


def _assignment(node: Any) -> tuple[ast.expr | None, Any]:
    """Target and value of a statement that has them; a returned value has no target."""
    if isinstance(node, ast.Assign):
        return node.targets[0], node.value
    if isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr):
        return node.target, node.value
    if isinstance(node, ast.Return):
        return None, node.value
    return None, None


def _pairs(
    target: ast.expr | None, value: ast.expr
) -> list[tuple[str | None, ast.expr]]:
    """Names with what they take on, through tuples on both sides."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        if len(target.elts) == len(value.elts):
            return [
                pair
                for t, v in zip(target.elts, value.elts, strict=True)
                for pair in _pairs(t, v)
            ]
        return [(None, value)]
    if isinstance(target, ast.Name | ast.Attribute | ast.Subscript):
        return [(ast.unparse(target), value)]
    return [(None, value)]


def _loaded(target: ast.expr) -> ast.expr:
    """A target as an expression that is read."""
    return ast.parse(ast.unparse(target), mode="eval").body


def _span(node: Any) -> Span:
    return (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
