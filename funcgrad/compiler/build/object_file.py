"""Reads the symbols of ELF object code: bytes -> names, places, sizes."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

_SYMBOL_TABLE = 2
_FUNCTION = 2


class Symbol(NamedTuple):
    """An entry of the symbol table.

    Attributes
    ----------
    name : str
    section : int
        Where it is defined; 0 for what is expected from elsewhere.
    offset, size : int
        Bytes from the start of the section, and how many.
    is_function : bool
    """

    name: str
    section: int
    offset: int
    size: int
    is_function: bool


def is_elf(code: bytes) -> bool:
    """Whether this is a 64-bit little-endian object file of Linux and its kin."""
    return code[:6] == b"\x7fELF\x02\x01"


def symbols(code: bytes) -> Iterator[Symbol]:
    """The named symbols of an object file for which `is_elf` holds."""
    (sections_at,) = struct.unpack_from("<Q", code, 0x28)
    size, count = struct.unpack_from("<HH", code, 0x3A)
    headers = [
        struct.unpack_from("<IIQQQQIIQQ", code, sections_at + i * size)
        for i in range(count)
    ]
    for header in headers:
        if header[1] == _SYMBOL_TABLE:
            strings_at = headers[header[6]][4]  # header[6]: the section of its strings
            for at in range(header[4] + 24, header[4] + header[5], 24):
                yield from _symbol(code, at, strings_at)


def _symbol(code: bytes, at: int, strings_at: int) -> Iterator[Symbol]:
    name_at, kind, _, section, offset, size = struct.unpack_from("<IBBHQQ", code, at)
    if name_at:
        start = strings_at + name_at
        name = code[start : code.index(b"\0", start)].decode()
        yield Symbol(name, section, offset, size, kind & 15 == _FUNCTION)
