"""Abstract values: what is known of an array before it exists."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

float0 = np.dtype([("float0", np.void, 0)])
"""Dtype of the tangent of an integer or boolean value: a space with one point."""


class _DynamicSize:
    """The extent of a tape: known only when the loop that wrote it has ended.

    All dynamic extents compare equal: whoever combines two tapes took them from
    loops with one trip count.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "?"

    def __hash__(self) -> int:
        return hash(_DynamicSize)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _DynamicSize)

    def __deepcopy__(self, memo: Any) -> _DynamicSize:
        return self


DYNAMIC = _DynamicSize()


def static_size(shape: Sequence[Any]) -> int:
    """Entries of an array; 0 where an extent is unknown."""
    return 0 if DYNAMIC in shape else math.prod(shape)


def known_size(shape: Iterable[Any]) -> int:
    """Entries of an array; an axis of unknown extent counts once."""
    return math.prod(n for n in shape if n != DYNAMIC)


class ShapedArray:
    """Shape, dtype and weak type of an array.

    A weak type is that of a Python scalar: it yields to any array's dtype of the same
    kind (NEP 50).
    """

    __slots__ = ("dtype", "shape", "weak_type")
    shape: tuple[Any, ...]
    dtype: np.dtype[Any]
    weak_type: bool

    def __init__(
        self, shape: tuple[Any, ...], dtype: np.dtype[Any], weak_type: bool = False
    ) -> None:
        self.shape = shape
        self.dtype = dtype
        self.weak_type = weak_type

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        size = 1
        for extent in self.shape:
            size *= extent
        return size

    @property
    def is_tape(self) -> bool:
        """Whether the number of entries is known only when a loop has ended."""
        return self.shape[:1] == (DYNAMIC,)

    def __len__(self) -> int:
        return int(self.shape[0])

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, ShapedArray)
            and self.shape == other.shape
            and self.dtype == other.dtype
            and self.weak_type == other.weak_type
        )

    def __hash__(self) -> int:
        return hash((self.shape, self.dtype, self.weak_type))

    def update(
        self,
        shape: tuple[Any, ...] | None = None,
        dtype: Any = None,
        weak_type: bool = False,
    ) -> ShapedArray:
        """The same with another shape or dtype; strong unless told otherwise."""
        return ShapedArray(
            self.shape if shape is None else tuple(shape),
            self.dtype if dtype is None else np.dtype(dtype),
            weak_type,
        )

    def strong(self) -> ShapedArray:
        return ShapedArray(self.shape, self.dtype) if self.weak_type else self

    def same_type(self, other: ShapedArray) -> bool:
        """Whether shape and dtype agree, whatever the weak types."""
        return self.shape == other.shape and self.dtype == other.dtype

    def tangent(self) -> ShapedArray:
        """The aval of a tangent: the same space, or ``float0`` for discrete types."""
        if self.dtype.kind in "fc":
            return ShapedArray(self.shape, self.dtype)
        return ShapedArray(self.shape, float0)

    @property
    def differentiable(self) -> bool:
        return self.dtype.kind in "fc"

    def short(self) -> str:
        """JAX's short form, as in printed jaxprs: ``f64[3,4]``."""
        return f"{short_dtype(self.dtype)}[{','.join(map(str, self.shape))}]"

    def __str__(self) -> str:
        return f"{self.dtype.name}[{','.join(map(str, self.shape))}]"

    def __repr__(self) -> str:
        weak = ", weak_type=True" if self.weak_type else ""
        return f"ShapedArray({self}{weak})"


_SHORT = {"float": "f", "int": "i", "uint": "u", "complex": "c"}


def short_dtype(dtype: np.dtype[Any]) -> str:
    """``f64``, ``i32``, ``c128``, ``bool``, as JAX prints them."""
    if dtype == float0:
        return "float0"
    name = dtype.name
    stem = name.rstrip("0123456789")
    return _SHORT[stem] + name[len(stem) :] if stem in _SHORT else name
