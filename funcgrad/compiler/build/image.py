"""Machine code laid out as one block of memory that needs no more than addresses.

An object file is a program for a linker. Most of that work depends on the file alone,
and is done once, when code is compiled. What is left for each process is to add the
block's own address, and those of the functions it calls, to words at known places.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from funcgrad.compiler.build import object_file

# Relocations of x86-64: an absolute word, and distances of 64 and 32 bits.
_ABSOLUTE, _DISTANCES = 1, {24: 8, 2: 4, 4: 4}
_PAGE = 4096
_UNWINDING = ".eh_frame"

Words = np.ndarray[Any, np.dtype[np.int32]]


class Function(NamedTuple):
    """A function in machine code: where it starts, and its bytes."""

    name: str
    start: int
    size: int


class Image(NamedTuple):
    """Code for any address.

    Attributes
    ----------
    code : bytes
        Functions and their constants. Words at ``places`` hold what to add to an
        address.
    entry : int
        Where in it the kernel starts.
    externals : list of str
        Functions that it calls.
    counts : list of int
        How many of the places take the block's own address, and that of each external.
    places : array of int32
        Where words are that take an address: first the block's own, then as ``counts``
        says.
    functions : list of Function
        Names for profilers; starts count from the start of the code.
    """

    code: bytes
    entry: int
    externals: list[str]
    counts: list[int]
    places: Words
    functions: list[Function]

    def pack(self) -> bytes:
        """The image as bytes."""
        named = zip(self.externals, self.counts[1:], strict=True)
        lines = [
            [self.entry, self.counts[0], *(word for pair in named for word in pair)],
            [word for function in self.functions for word in function],
        ]
        head = "".join(f"{' '.join(map(str, line))}\n" for line in lines)
        return head.encode() + self.places.tobytes() + self.code

    @classmethod
    def unpack(cls, data: bytes) -> Image:
        """The image that `pack` made bytes of."""
        calls, names, rest = data.split(b"\n", 2)
        entry, *words = calls.decode().split()
        counts = [int(count) for count in words[::2]]
        start = 4 * sum(counts)
        places = np.frombuffer(rest[:start], "<i4")
        known = names.decode().split()
        functions = [
            Function(name, int(offset), int(size))
            for name, offset, size in zip(*[iter(known)] * 3, strict=True)
        ]
        return cls(rest[start:], int(entry), words[1::2], counts, places, functions)


def link(data: bytes, name: str) -> Image | None:
    """The image of an object file whose kernel is ``name``.

    None where it is not for x86-64 and Linux, or needs more than an image can say:
    memory to write to, distances to other code.
    """
    if not object_file.is_elf(data):
        return None
    file = object_file.ObjectFile(data)
    if file.machine != object_file.X86_64:
        return None
    places = _lay_out(file)
    return None if places is None else _Linker(file, places).image(name)


def _lay_out(file: object_file.ObjectFile) -> dict[int, int] | None:
    """Where sections go, by number."""
    places, end = {}, 0
    for number, section in enumerate(file.sections):
        if not section.flags & object_file.IN_MEMORY or section.name == _UNWINDING:
            continue
        if section.flags & object_file.WRITABLE and section.size:
            return None
        if section.alignment > _PAGE:
            return None
        end = -(-end // max(1, section.alignment)) * max(1, section.alignment)
        places[number] = end
        end += section.size
    return places


class _Linker:
    def __init__(self, file: object_file.ObjectFile, places: dict[int, int]) -> None:
        self.file = file
        self.places = places
        last = max(places, key=lambda number: places[number], default=0)
        self.code = bytearray(places.get(last, 0) + file.sections[last].size)
        for number, place in places.items():
            content = file.bytes_of(file.sections[number])
            self.code[place : place + len(content)] = content
        self.own: list[int] = []
        self.others: dict[str, list[int]] = {}

    def image(self, name: str) -> Image | None:
        entries = [s for s in self.file.symbols if s.name == name and s.section]
        if len(entries) != 1 or not self._relocate():
            return None
        entry = self.places[entries[0].section] + entries[0].offset
        groups = [self.own, *self.others.values()]
        places = np.array([place for group in groups for place in group], "<i4")
        counts = [len(group) for group in groups]
        others, functions = list(self.others), list(self._functions())
        return Image(bytes(self.code), entry, others, counts, places, functions)

    def _functions(self) -> Iterator[Function]:
        for symbol in self.file.symbols:
            if symbol.is_function and symbol.section in self.places:
                start = self.places[symbol.section] + symbol.offset
                yield Function(symbol.name, start, symbol.size)

    def _relocate(self) -> bool:
        return all(
            self._apply(self.places[section.target], relocation)
            for section in self.file.sections
            if section.kind == object_file.RELOCATIONS and section.target in self.places
            for relocation in self.file.relocations(section)
        )

    def _apply(self, start: int, relocation: object_file.Relocation) -> bool:
        place = start + relocation.offset
        symbol = self.file.symbols[relocation.symbol]
        if symbol.section == object_file.UNDEFINED:
            if relocation.kind != _ABSOLUTE or symbol.is_weak:
                return False
            self.others.setdefault(symbol.name, []).append(place)
            return self._write(place, relocation.addend, 8)
        if symbol.section not in self.places:
            return False
        value = self.places[symbol.section] + symbol.offset + relocation.addend
        if relocation.kind == _ABSOLUTE:
            self.own.append(place)
            return self._write(place, value, 8)
        if relocation.kind not in _DISTANCES:
            return False
        return self._write(place, value - place, _DISTANCES[relocation.kind])

    def _write(self, place: int, value: int, size: int) -> bool:
        if not -(1 << (8 * size - 1)) <= value < 1 << (8 * size - 1):
            return False
        self.code[place : place + size] = value.to_bytes(size, "little", signed=True)
        return True
