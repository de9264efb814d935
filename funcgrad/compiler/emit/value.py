"""Typed names of registers in LLVM text: what emitted operations take and return."""

from __future__ import annotations

import functools
import struct
from collections.abc import Sequence

import numpy as np

Number = bool | int | float | complex | np.generic

BOOL = np.dtype(np.bool_)
INT64 = np.dtype(np.int64)
FLOAT32 = np.dtype(np.float32)
FLOAT64 = np.dtype(np.float64)
COMPLEX64 = np.dtype(np.complex64)
COMPLEX128 = np.dtype(np.complex128)

_ELEMENT = {
    "?": "i1",
    "b": "i8",
    "B": "i8",
    "h": "i16",
    "H": "i16",
    "i": "i32",
    "I": "i32",
    "l": f"i{8 * np.dtype('l').itemsize}",
    "L": f"i{8 * np.dtype('L').itemsize}",
    "q": "i64",
    "Q": "i64",
    "e": "half",
    "f": "float",
    "d": "double",
    "F": "float",
    "D": "double",
}
_SUFFIX = {"half": "f16", "float": "f32", "double": "f64"}
_PART: dict[str, np.dtype] = {"F": FLOAT32, "D": FLOAT64}


@functools.cache
def register_type(char: str, lanes: int) -> str:
    """LLVM type of a register for a dtype, given by its character."""
    return vector_type(element_type(np.dtype(char)), lanes)


def element_type(dtype: np.dtype) -> str:
    """LLVM type of one register component of ``dtype`` (bool is ``i1``)."""
    try:
        return _ELEMENT[dtype.char]
    except KeyError:
        raise TypeError(f"no machine type for dtype {dtype}") from None


def memory_type(dtype: np.dtype) -> str:
    """LLVM type of one component of ``dtype`` in memory (bool is ``i8``)."""
    return "i8" if dtype.char == "?" else element_type(dtype)


def vector_type(element: str, lanes: int) -> str:
    """``element`` itself for one lane, else the vector type of ``lanes`` of it."""
    return element if lanes == 1 else f"<{lanes} x {element}>"


def type_suffix(element: str, lanes: int) -> str:
    """How LLVM's overloaded intrinsics name this type, as ``v4f64``."""
    suffix = _SUFFIX.get(element, element)
    return suffix if lanes == 1 else f"v{lanes}{suffix}"


def part_dtype(dtype: np.dtype) -> np.dtype:
    """The dtype of the real and imaginary part; a real dtype is its own part."""
    return _PART.get(dtype.char, dtype)


def complex_dtype(dtype: np.dtype) -> np.dtype:
    """The complex dtype whose parts have ``dtype``."""
    return COMPLEX64 if dtype == FLOAT32 else COMPLEX128


def literal(dtype: np.dtype, value: Number) -> str:
    """``value``, rounded or wrapped to the real ``dtype``, as an LLVM constant."""
    kind = dtype.kind
    if kind == "b":
        return "true" if value else "false"
    if kind == "f":
        number = float(dtype.type(value))
        if dtype.char == "e":
            return f"0xH{int(np.float16(number).view(np.uint16)):04X}"
        return f"0x{struct.unpack('<Q', struct.pack('<d', number))[0]:016X}"
    bits = 8 * dtype.itemsize
    number = int(value) & ((1 << bits) - 1)  # type: ignore[arg-type]
    return str(number - (1 << bits) if number >> (bits - 1) else number)


class Value:
    """A register (or constant) with its dtype and number of lanes.

    Parameters
    ----------
    name : str
        LLVM operand: ``%t3`` or a constant. The real part where ``dtype`` is complex.
    dtype : numpy.dtype
        Element type. A bool is ``i1`` in registers and ``i8`` in memory.
    lanes : int
        1 for a scalar, else the length of the vector.
    imag : str or None
        Operand of the imaginary part; None unless ``dtype`` is complex.
    """

    __slots__ = ("dtype", "imag", "lanes", "name")

    def __init__(
        self, name: str, dtype: np.dtype, lanes: int = 1, imag: str | None = None
    ) -> None:
        self.name = name
        self.dtype = dtype
        self.lanes = lanes
        self.imag = imag

    @property
    def element(self) -> str:
        """LLVM type of one lane of one part."""
        return element_type(self.dtype)

    @property
    def type(self) -> str:
        """LLVM type of the register (of each part where complex)."""
        return register_type(self.dtype.char, self.lanes)

    @property
    def suffix(self) -> str:
        """Suffix of LLVM's overloaded intrinsics for this type."""
        return type_suffix(element_type(self.dtype), self.lanes)

    @property
    def typed(self) -> str:
        """Type and name, as LLVM writes operands."""
        return f"{register_type(self.dtype.char, self.lanes)} {self.name}"

    @property
    def parts(self) -> Sequence[Value]:
        """``(real, imag)`` for a complex value, ``(self,)`` for any other."""
        if self.imag is None:
            return (self,)
        part = part_dtype(self.dtype)
        return (
            Value(self.name, part, self.lanes),
            Value(self.imag, part, self.lanes),
        )

    @property
    def constant_int(self) -> int | None:
        """The integer that a scalar integer constant holds, else None."""
        if self.lanes != 1 or self.dtype.kind not in "iu":
            return None
        return None if self.name[0] in "%@" else _parse_int(self.name)

    def __repr__(self) -> str:
        names = self.name if self.imag is None else f"{self.name}, {self.imag}"
        return f"Value({names}: {self.dtype} x {self.lanes})"


def _parse_int(text: str) -> int | None:
    return int(text) if text.lstrip("-").isdigit() else None
