"""Makes generated statements shorter: values that are read once go where they are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from funcgrad.export.numba_source import Line

_WORD = re.compile(r"[A-Za-z_]\w*")
_ATOM = re.compile(r"[\w.]+(\([^()]*\)|\[[^\[\]]*\])?")
_WIDTH = 84


def tidy(lines: Sequence[Line]) -> list[Line]:
    """The statements without those that nothing reads, in longer expressions."""
    return _without_idle_comments(_fused(_live(lines)))


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


def _live(lines: Sequence[Line]) -> list[Line]:
    """Without assignments to names that no later statement has."""
    kept: list[Line] = []
    seen: set[str] = set()
    for line in reversed(lines):
        if line.target and line.target not in seen:
            continue
        if not line.text.startswith("#"):
            seen.update(
                _words(line.text.partition("=")[2] if line.target else line.text)
            )
        kept.append(line)
    kept.reverse()
    return kept


def _fused(lines: Sequence[Line]) -> list[Line]:
    """Entrywise expressions that are read once, by an entrywise one, moved there."""
    reads = Counter(
        word
        for line in lines
        if not line.text.startswith("#")
        for word in _words(line.text)
    )
    result: list[Line] = []
    waiting: dict[str, int] = {}
    for line in lines:
        if line.fuses:
            for word in dict.fromkeys(_words(line.text)):
                at = waiting.get(word)
                if at is None or reads[word] != 2:
                    continue
                inner = result[at]
                joined = _inserted(line.text, word, inner.text.partition(" = ")[2])
                if inner.indent == line.indent and len(joined) < _WIDTH:
                    line = line._replace(text=joined)
                    result[at] = inner._replace(text="")
            waiting[line.target] = len(result)
        elif not line.text.startswith("#") and not line.target:
            waiting.clear()
        result.append(line)
    return [line for line in result if line.text]


def _inserted(text: str, word: str, inner: str) -> str:
    """A statement with the only occurrence of a name replaced by an expression."""
    parts = re.split(rf"\b{word}\b", text)
    if len(parts) != 2:
        return text
    before, after = parts
    is_argument = before.endswith(("(", ", ", "= ")) and after[:1] in (")", ",", "")
    is_argument = is_argument and not before.endswith("== ")
    if not is_argument and not _ATOM.fullmatch(inner):
        inner = f"({inner})"
    return f"{before}{inner}{after}"


def _without_idle_comments(lines: Sequence[Line]) -> list[Line]:
    """Without comments that no statement of their block follows."""
    kept: list[Line] = []
    for line in reversed(lines):
        is_comment = line.text.startswith("#")
        follower = kept[-1] if kept else None
        if is_comment and (
            follower is None
            or follower.text.startswith("#")
            or follower.indent < line.indent
        ):
            continue
        kept.append(line)
    kept.reverse()
    return kept
