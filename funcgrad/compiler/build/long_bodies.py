"""Tells programs that spend their time in functions of libraries from all others.

What stands between the calls of a long body takes little of its time, and most of the
time to compile it: LLVM's register allocator tries hard for values that have to be in
memory during each call anyway. Such programs are compiled without it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

LEAST_CALLS = 16
"""Fewer calls are compiled soon enough."""
MOST_WORK = 12
"""Instructions on floats and vectors for each call that a loop may have."""
# Text: `re` compiles it when it is first used, not at import.
_TARGET = r"label %([\w.$-]+)"


class _Stretch(NamedTuple):
    """Calls of libraries, and other instructions, in a piece of a function."""

    calls: int
    work: int

    @property
    def is_mostly_calls(self) -> bool:
        return self.work <= MOST_WORK * self.calls


def is_mostly_calls(text: str) -> bool:
    """Whether a program is long, and its loops do little but call libraries.

    Parameters
    ----------
    text : str
        LLVM assembly whose libraries were taken out.
    """
    if text.count(" @fg_") < LEAST_CALLS:
        return False
    functions = dict(_functions(text))
    # Functions without loops count where they are called.
    lengths = {
        name: sum(map(_is_work, lines))
        for name, lines in functions.items()
        if not any(map(_is_label, lines[1:]))
    }
    stretches = [
        _counted(stretch, lengths)
        for lines in functions.values()
        for stretch in _innermost_loops(lines)
    ]
    calls = sum(stretch.calls for stretch in stretches)
    return calls >= LEAST_CALLS and all(s.is_mostly_calls for s in stretches)


def _functions(text: str) -> Iterator[tuple[str, list[str]]]:
    """Names of the functions that the text defines, and their lines."""
    for part in text.split("\ndefine ")[1 if text[:7] != "define " else 0 :]:
        head, _, body = part.partition("\n")
        name = head.partition("@")[2].partition("(")[0]
        yield name, body.partition("\n}")[0].split("\n")


def _is_label(line: str) -> bool:
    return line[:1] not in (" ", "")


def _is_work(line: str) -> bool:
    """Whether an instruction is one on vectors or floats."""
    return " x " in line or "double" in line or "float" in line


def _counted(lines: list[str], lengths: dict[str, int]) -> _Stretch:
    calls = work = 0
    for line in lines:
        if "call " not in line:
            work += _is_work(line)
            continue
        name = line.partition(" @")[2].partition("(")[0]
        if name.startswith("fg_"):
            calls += 1
        else:
            work += lengths.get(name, _is_work(line))
    return _Stretch(calls, work)


def _innermost_loops(lines: list[str]) -> Iterator[list[str]]:
    """Lines from a label to the branch back to it, where they hold no other such."""
    places = {}
    last = 0
    for at, line in enumerate(lines):
        if _is_label(line):
            places[line.partition(":")[0]] = at
        elif "label %" in line:
            back = [
                k for t in re.findall(_TARGET, line) if (k := places.get(t)) is not None
            ]
            if back and min(back) >= last:
                yield lines[min(back) : at]
                last = at
