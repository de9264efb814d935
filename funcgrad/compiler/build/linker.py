"""Makes images of the object files that LLVM writes for Linux on x86-64."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from funcgrad.compiler.build import object_file
from funcgrad.compiler.build.image import Function, Image

# Relocations of x86-64: an absolute word, and distances of 64 and 32 bits.
_ABSOLUTE, _DISTANCES = 1, {24: 8, 2: 4, 4: 4}
_PAGE = 4096
_UNWINDING = ".eh_frame"


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
