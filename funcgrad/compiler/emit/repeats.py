"""Loop nests that a function repeats, with other operands, become one function.

A network with twenty equal layers in a row has each nest twenty times. What two nests
read and write is all that may differ: names of pointers and sizes from outside.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

SHORTEST = 30
"""Nests of fewer lines stay where they are."""
_NAME = re.compile(r"%[-\w.$]+")
_LABEL = re.compile(r"^[\w.]+(?=:)", re.MULTILINE)
_TYPE = r"(<[^>]*>|\w+)"
_RESULTS = [
    (re.compile(rf"(?:load|phi|fneg) {_TYPE}"), "{0}"),
    (re.compile(r"(?:getelementptr|alloca) "), "ptr"),
    (re.compile(rf"(?:add|sub|mul|and|or|xor|shl|[al]shr|[su]div) {_TYPE}"), "{0}"),
    (re.compile(rf"(?:fadd|fsub|fmul|fdiv|frem) {_TYPE}"), "{0}"),
    (re.compile(rf"select .+?, {_TYPE}"), "{0}"),
    (re.compile(rf"call (?:fastcc )?{_TYPE} @"), "{0}"),
    (re.compile(r"extractelement <\d+ x (\w+)>"), "{0}"),
    (re.compile(rf"insertelement {_TYPE}"), "{0}"),
    (re.compile(r"shufflevector <\d+ x (\w+)> .*, <(\d+) x i32>"), "<{1} x {0}>"),
    (re.compile(r"(?:icmp|fcmp) \w+ \w+ "), "i1"),
    (re.compile(rf".* to {_TYPE}$"), "{0}"),
]
"""Instructions to the types of their results; others stay where they are."""


class Stretch(NamedTuple):
    """Consecutive lines of a function: one loop with all in it.

    Attributes
    ----------
    start, stop : int
        Of the lines.
    before : str
        Label of the block that it starts in.
    """

    start: int
    stop: int
    before: str


class _Nest(NamedTuple):
    """A stretch with names, in order of first use, apart from the rest of the text."""

    stretch: Stretch
    names: tuple[str, ...]


class _Pattern(NamedTuple):
    """What equal nests share; numbers are those of names.

    Attributes
    ----------
    text : str
        The lines of a function, with names that do not depend on where they stand.
    own : dict of int to int
        What the nest defines and nothing else may use, and how often it stands there.
    operands : list of int
    end : int
        The label of the last block.
    """

    text: str
    own: dict[int, int]
    operands: list[int]
    end: int


def share_repeats(
    lines: Sequence[str], stretches: Sequence[Stretch], types: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """The lines of a function with calls for repeated nests, and the functions called.

    Parameters
    ----------
    lines : sequence of str
        The function's lines that ``stretches`` count.
    stretches : sequence of Stretch
        In order, none inside another.
    types : mapping of str to str
        Types of the names that other lines define: ``{"%x": "ptr"}``.
    """
    groups = _repeated(lines, stretches)
    if not groups:
        return list(lines), []
    used = Counter(_NAME.findall("\n".join(lines)))
    patterns = [_pattern(lines, nests[0]) for nests in groups]
    wanted = {
        nests[0].names[k]
        for nests, pattern in zip(groups, patterns, strict=True)
        for k in pattern.operands
    }
    known = {**types, **result_types(lines, wanted)}
    calls: dict[Stretch, list[str]] = {}
    functions: list[str] = []
    for nests, pattern in zip(groups, patterns, strict=True):
        kinds = [known.get(nests[0].names[k], "") for k in pattern.operands]
        own = pattern.own.items()
        free = [n for n in nests if all(used[n.names[k]] == c for k, c in own)]
        if len(free) < 2 or not all(kinds):
            continue
        for nest in free:
            end = nest.names[pattern.end]
            operands = [nest.names[k] for k in pattern.operands]
            given = ", ".join(f"{k} {name}" for k, name in zip(kinds, operands))
            call = f"  call void @nest.{len(functions)}({given})"
            calls[nest.stretch] = [call, f"  br label {end}", f"{end[1:]}:"]
        functions.append(_function(len(functions), kinds, pattern.text))
    out: list[str] = []
    at = 0
    for stretch in stretches:
        if stretch in calls:
            out += [*lines[at : stretch.start], *calls[stretch]]
            at = stretch.stop
    return [*out, *lines[at:]], functions


def _repeated(lines: Sequence[str], stretches: Sequence[Stretch]) -> list[list[_Nest]]:
    """Groups of nests that are equal but for the names in them."""
    long = [s for s in stretches if s.stop - s.start >= SHORTEST]
    lengths = Counter(s.stop - s.start for s in long)
    groups: dict[Any, list[_Nest]] = {}
    for stretch in long:
        if lengths[stretch.stop - stretch.start] > 1:
            text = "\n".join(lines[stretch.start : stretch.stop])
            # The block before it is the first name of all.
            names = [f"%{stretch.before}", *_NAME.findall(text)]
            names += [f"%{label}" for label in _LABEL.findall(text)]
            numbers = dict(zip(dict.fromkeys(names), itertools.count()))
            shape = _LABEL.sub("", _NAME.sub("%", text))
            key = (shape, tuple([numbers[name] for name in names]))
            groups.setdefault(key, []).append(_Nest(stretch, tuple(numbers)))
    return [nests for nests in groups.values() if len(nests) > 1]


def _pattern(lines: Sequence[str], nest: _Nest) -> _Pattern:
    numbers = {name: k for k, name in enumerate(nest.names)}
    new = {nest.names[0]: "%entry"}
    own: list[str] = []
    end = 0
    stretch = lines[nest.stretch.start : nest.stretch.stop]
    for line in stretch:
        if line.startswith("  %"):
            name = line[2 : line.index(" ", 3)]
        elif line[0] != " ":
            name = f"%{line[:-1]}"
            end = numbers[name]
        else:
            continue
        own.append(name)
        new[name] = f"%{'r' if line[0] == ' ' else 'block'}{numbers[name]}"
    operands = [k for name, k in numbers.items() if name not in new]
    new.update({nest.names[k]: f"%p{i}" for i, k in enumerate(operands)})
    text = _NAME.sub(lambda m: new[m[0]], "\n".join(stretch))
    text = _LABEL.sub(lambda m: new[f"%{m[0]}"][1:], text)
    inside = Counter(_NAME.findall("\n".join(stretch)))
    counts = {numbers[name]: inside[name] for name in own if numbers[name] != end}
    return _Pattern(text, counts, operands, end)


def _function(number: int, kinds: Sequence[str], text: str) -> str:
    params = ", ".join(f"{kind} %p{k}" for k, kind in enumerate(kinds))
    head = f"define internal void @nest.{number}({params}) #0 {{"
    return f"{head}\nentry:\n{text}\n  ret void\n}}"


def result_types(
    lines: Iterable[str], wanted: Container[str] | None = None
) -> dict[str, str]:
    """Names that lines define, and their types where these are plain to see."""
    found = {}
    for line in lines:
        name, equals, instruction = line.partition(" = ")
        if not equals or (wanted is not None and name[2:] not in wanted):
            continue
        for pattern, kind in _RESULTS:
            match = pattern.match(instruction)
            if match is not None:
                found[name[2:]] = kind.format(*match.groups())
                break
    return found
