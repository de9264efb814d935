"""Reads the object files that LLVM writes on Linux: sections, symbols, relocations."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

X86_64 = 62
# Kinds and flags of sections; the section of symbols that are elsewhere.
SYMBOLS, RELOCATIONS, NO_BITS = 2, 4, 8
WRITABLE, IN_MEMORY = 1, 2
UNDEFINED = 0
_FUNCTION, _WEAK = 2, 2
_LITTLE_ENDIAN_64 = b"\x7fELF\x02\x01"


class Section(NamedTuple):
    """A part of the file; ``target`` is the section that relocations are for."""

    name: str
    kind: int
    flags: int
    offset: int
    size: int
    link: int
    target: int
    alignment: int


class Symbol(NamedTuple):
    """An entry of the symbol table.

    Attributes
    ----------
    name : str
        Empty where the symbol stands for its section.
    section : int
        Where it is defined; `UNDEFINED` for what is expected from elsewhere.
    offset, size : int
        Bytes from the start of the section, and how many.
    is_function, is_weak : bool
    """

    name: str
    section: int
    offset: int
    size: int
    is_function: bool
    is_weak: bool


class Relocation(NamedTuple):
    """Bytes that depend on the address of a symbol."""

    offset: int
    kind: int
    symbol: int
    addend: int


class ObjectFile:
    """An object file in memory.

    Parameters
    ----------
    data : bytes
        The file; `is_elf` holds for it.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        (self.machine,) = struct.unpack_from("<H", data, 0x12)
        (start,) = struct.unpack_from("<Q", data, 0x28)
        size, count, names = struct.unpack_from("<HHH", data, 0x3A)
        heads = [
            struct.unpack_from("<IIQ8xQQIIQ8x", data, start + i * size)
            for i in range(count)
        ]
        strings = heads[names][3]
        self.sections = [Section(self._text(strings + h[0]), *h[1:8]) for h in heads]
        self.symbols = list(self._symbols())

    def bytes_of(self, section: Section) -> bytes:
        """What the section holds when the program starts."""
        if section.kind == NO_BITS:
            return bytes(section.size)
        return self.data[section.offset : section.offset + section.size]

    def relocations(self, section: Section) -> Iterator[Relocation]:
        """The entries of a section of kind `RELOCATIONS`."""
        for at in range(section.offset, section.offset + section.size, 24):
            offset, info, addend = struct.unpack_from("<QQq", self.data, at)
            yield Relocation(offset, info & 0xFFFFFFFF, info >> 32, addend)

    def undefined(self) -> set[str]:
        """Names that the file expects from elsewhere."""
        return {s.name for s in self.symbols if s.section == UNDEFINED and s.name}

    def _symbols(self) -> Iterator[Symbol]:
        for section in self.sections:
            if section.kind != SYMBOLS:
                continue
            strings = self.sections[section.link].offset
            for at in range(section.offset, section.offset + section.size, 24):
                name, info, _, home, offset, size = struct.unpack_from(
                    "<IBBHQQ", self.data, at
                )
                text = self._text(strings + name)
                function, weak = info & 15 == _FUNCTION, info >> 4 == _WEAK
                yield Symbol(text, home, offset, size, function, weak)

    def _text(self, start: int) -> str:
        return self.data[start : self.data.index(b"\0", start)].decode()


def is_elf(data: bytes) -> bool:
    """Whether `ObjectFile` can read this."""
    return data.startswith(_LITTLE_ENDIAN_64)
