"""Machine code laid out as one block of memory that needs no more than addresses.

An object file is a program for a linker. Most of that work depends on the file alone,
and is done once, when code is compiled. What is left for each process is to add the
block's own address, and those of the functions it calls, to words at known places.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

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
