"""The table of a program: sizes, offsets and constants that are data, not code.

A program for another batch size has the same text and another table.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from funcgrad.compiler.emit.value import INT64, Value, element_type, part_dtype
from funcgrad.compiler.lower.index import Number

LARGEST_STATIC = 16
"""Sizes up to this are written into the code, which is then made for them."""
_STATIC_FLOATS = frozenset(
    {0.0, 3.0, *(sign * 2.0**k for sign in (1, -1) for k in range(-10, 11))}
)
"""Constants in the code: a division by a power of two becomes a product then."""


class Table:
    """Collects words, and the entry-block lines that load them."""

    def __init__(self) -> None:
        self.words: list[int] = []
        self.is_portable = True
        """Whether the words are as good in any other process."""
        self.lines: list[str] = []
        self._known: dict[Any, str] = {}

    def extent(self, n: int) -> Number:
        """A size, as a number known to the code or loaded from the table."""
        n = int(n)
        if abs(n) <= LARGEST_STATIC:
            return n
        return Value(self._word(("extent", n), n, "i64"), INT64)

    def number(self, value: Any, dtype: np.dtype[Any]) -> Value | None:
        """A constant loaded from the table; None if it is to be part of the code."""
        if dtype.kind == "b":
            return None
        item = np.asarray(value, dtype).item()
        parts = (item.real, item.imag) if dtype.kind == "c" else (item,)
        if all(_is_static(part, dtype) for part in parts):
            return None
        part = part_dtype(dtype)
        names = [self._part(p, part) for p in parts]
        return Value(names[0], dtype, 1, names[1] if len(names) > 1 else None)

    def _part(self, value: Any, dtype: np.dtype[Any]) -> str:
        raw = np.asarray(value, dtype).tobytes().ljust(8, b"\0")
        word = struct.unpack("<q", raw)[0]
        return self._word((dtype.str, word), word, element_type(dtype))

    def address(self, word: int, hint: str) -> tuple[int, str]:
        """As `fresh`, for a word that means nothing to other processes."""
        self.is_portable = False
        return self.fresh(word, hint)

    def fresh(self, word: int, hint: str) -> tuple[int, str]:
        """A word of its own: its place, and the name of its i64 value."""
        place = len(self.words)
        self.words.append(word)
        return place, self._load(place, "i64", hint)

    def _word(self, key: Any, word: int, kind: str) -> str:
        if key not in self._known:
            place = len(self.words)
            self.words.append(word)
            self._known[key] = self._load(place, kind, "n")
        return self._known[key]

    def _load(self, place: int, kind: str, hint: str) -> str:
        name = f"%{hint}.{place}"
        at = f"%at.{place}"
        self.lines.append(f"  {at} = getelementptr i64, ptr %table, i64 {place}")
        self.lines.append(f"  {name} = load {kind}, ptr {at}, align 8")
        return name


def _is_static(value: Any, dtype: np.dtype[Any]) -> bool:
    if dtype.kind in "fc":
        return value in _STATIC_FLOATS or not np.isfinite(value)
    return abs(int(value)) <= LARGEST_STATIC
