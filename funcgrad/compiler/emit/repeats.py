"""Loop nests that a function repeats, with other operands, become one function.

A network with twenty equal layers in a row has each nest twenty times. What two nests
read, write and leave for later is all that may differ: names from outside and for it.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from funcgrad.settings import FASTMATH

SHORTEST = 30
"""Nests of fewer lines stay where they are."""
# Patterns are text: `re` compiles each when it is first used, not at import.
REGISTER = r"%[-\w.$]+"
_LABEL = r"(?m)^[\w.]+(?=:)"
_TYPE = r"(<[^>]*>|\w+)"
_FLAGS = rf"(?:(?:{'|'.join((*FASTMATH, 'fast'))}) )*"
_RESULTS = [
    (rf"(?:load|phi|fneg) {_TYPE}", "{0}"),
    (r"(?:getelementptr|alloca) ", "ptr"),
    (rf"(?:add|sub|mul|and|or|xor|shl|[al]shr|[su]div) {_TYPE}", "{0}"),
    (rf"(?:fadd|fsub|fmul|fdiv|frem) {_FLAGS}{_TYPE}", "{0}"),
    (rf"select .+?, {_TYPE}", "{0}"),
    (rf"call (?:fastcc )?{_TYPE} @", "{0}"),
    (r"extractelement <\d+ x (\w+)>", "{0}"),
    (rf"insertelement {_TYPE}", "{0}"),
    (r"shufflevector <\d+ x (\w+)> .*, <(\d+) x i32>", "<{1} x {0}>"),
    (r"(?:icmp|fcmp) \w+ \w+ ", "i1"),
    (rf".* to {_TYPE}$", "{0}"),
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
        What the nest defines, its last label aside, and how often it stands there.
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
    used = Counter(re.findall(REGISTER, "\n".join(lines)))
    patterns = [_pattern(lines, nests[0]) for nests in groups]
    results = [
        _results(nests, pattern, used)
        for nests, pattern in zip(groups, patterns, strict=True)
    ]
    wanted = {
        nests[0].names[k]
        for nests, pattern, kept in zip(groups, patterns, results, strict=True)
        for k in (*pattern.operands, *kept)
    }
    known = {**types, **result_types(lines, wanted)}
    calls: dict[Stretch, list[str]] = {}
    functions: list[str] = []
    for nests, pattern, kept in zip(groups, patterns, results, strict=True):
        first = nests[0].names
        function = _Function(
            f"@nest.{len(functions)}",
            [known.get(first[k], "") for k in pattern.operands],
            [known.get(first[k], "") for k in kept],
        )
        if all(function.takes) and all(function.gives):
            functions.append(function.text(pattern, kept))
            for nest in nests:
                calls[nest.stretch] = function.call(nest, pattern, kept)
    out: list[str] = []
    at = 0
    for stretch in stretches:
        if stretch in calls:
            out += [*lines[at : stretch.start], *calls[stretch]]
            at = stretch.stop
    return [*out, *lines[at:]], functions


def _results(
    nests: Sequence[_Nest], pattern: _Pattern, used: Mapping[str, int]
) -> list[int]:
    """What is used outside of one of the nests at least."""
    return [
        k
        for k, count in pattern.own.items()
        if any(used[nest.names[k]] != count for nest in nests)
    ]


class _Function(NamedTuple):
    """A function for equal nests: its name, and types of parameters and results."""

    name: str
    takes: list[str]
    gives: list[str]

    @property
    def kind(self) -> str:
        """The type that it returns."""
        if len(self.gives) > 1:
            return f"{{ {', '.join(self.gives)} }}"
        return self.gives[0] if self.gives else "void"

    def text(self, pattern: _Pattern, results: Sequence[int]) -> str:
        """Its definition."""
        params = ", ".join(f"{kind} %p{k}" for k, kind in enumerate(self.takes))
        lines = [f"define internal fastcc {self.kind} {self.name}({params}) #0 {{"]
        lines += ["entry:", pattern.text]
        value = "poison"
        for place, (kind, k) in enumerate(zip(self.gives, results, strict=True)):
            if len(results) == 1:
                value = f"%r{k}"
                break
            part = f"{self.kind} {value}, {kind} %r{k}, {place}"
            lines.append(f"  %v{place} = insertvalue {part}")
            value = f"%v{place}"
        lines.append(f"  ret {self.kind} {value}" if results else "  ret void")
        return "\n".join([*lines, "}"])

    def call(self, nest: _Nest, pattern: _Pattern, results: Sequence[int]) -> list[str]:
        """The lines that stand for a nest."""
        operands = [nest.names[k] for k in pattern.operands]
        given = ", ".join(f"{t} {x}" for t, x in zip(self.takes, operands, strict=True))
        call = f"call fastcc {self.kind} {self.name}({given})"
        end = nest.names[pattern.end]
        after = [f"  br label {end}", f"{end[1:]}:"]
        names = [nest.names[k] for k in results]
        if len(names) < 2:
            return [f"  {names[0]} = {call}" if names else f"  {call}", *after]
        whole = f"{names[0]}.all"
        parts = [
            f"  {name} = extractvalue {self.kind} {whole}, {place}"
            for place, name in enumerate(names)
        ]
        return [f"  {whole} = {call}", *parts, *after]


def _repeated(lines: Sequence[str], stretches: Sequence[Stretch]) -> list[list[_Nest]]:
    """Groups of nests that are equal but for the names in them."""
    long = [s for s in stretches if s.stop - s.start >= SHORTEST]
    lengths = Counter(s.stop - s.start for s in long)
    groups: dict[Any, list[_Nest]] = {}
    for stretch in long:
        if lengths[stretch.stop - stretch.start] > 1:
            text = "\n".join(lines[stretch.start : stretch.stop])
            # The block before it is the first name of all.
            names = [f"%{stretch.before}", *re.findall(REGISTER, text)]
            names += [f"%{label}" for label in re.findall(_LABEL, text)]
            numbers = dict(zip(dict.fromkeys(names), itertools.count()))
            shape = re.sub(_LABEL, "", re.sub(REGISTER, "%", text))
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
    text = re.sub(REGISTER, lambda m: new[m[0]], "\n".join(stretch))
    text = re.sub(_LABEL, lambda m: new[f"%{m[0]}"][1:], text)
    inside = Counter(re.findall(REGISTER, "\n".join(stretch)))
    counts = {numbers[name]: inside[name] for name in own if numbers[name] != end}
    return _Pattern(text, counts, operands, end)


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
            match = re.match(pattern, instruction)
            if match is not None:
                found[name[2:]] = kind.format(*match.groups())
                break
    return found
