"""Indices in loop nests: ``base + step * lane``, so that contiguous access is seen."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from funcgrad.compiler.emit.value import INT64, Value

if TYPE_CHECKING:
    from funcgrad.compiler.emit.builder import Builder

Number = int | Value


def plus(b: Builder, x: Number, y: Number) -> Number:
    """Sum of two scalar integers, at once where both are known."""
    if isinstance(x, int) and isinstance(y, int):
        return x + y
    if isinstance(x, int) and x == 0:
        return y
    if isinstance(y, int) and y == 0:
        return x
    return b.add(b.index(x), b.index(y))


def times(b: Builder, x: Number, y: Number) -> Number:
    """Product of two scalar integers, at once where both are known."""
    if isinstance(x, int) and isinstance(y, int):
        return x * y
    for known, other in ((x, y), (y, x)):
        if isinstance(known, int) and known in (0, 1):
            return other if known else 0
    return b.mul(b.index(x), b.index(y))


class Index:
    """An integer for each lane: ``base + step * lane``, or an arbitrary ``vector``.

    Supports ``+ - *`` with integers and other indices; stays affine where it can.
    """

    __slots__ = ("b", "base", "lanes", "step", "vector")

    def __init__(
        self,
        b: Builder,
        base: Number,
        step: Number = 0,
        lanes: int = 1,
        vector: Value | None = None,
    ) -> None:
        self.b = b
        self.base = base
        self.step = step
        self.lanes = lanes
        self.vector = vector

    @classmethod
    def of(cls, value: Value, b: Builder) -> Index:
        """The index that an int64 register holds."""
        if value.lanes == 1:
            known = value.constant_int
            return cls(b, value if known is None else known)
        return cls(b, 0, 0, value.lanes, value)

    @property
    def is_uniform(self) -> bool:
        """Whether all lanes are equal."""
        return self.vector is None and isinstance(self.step, int) and self.step == 0

    def key(self) -> Hashable:
        """Equal for indices that are written alike."""
        names = [x if isinstance(x, int) else x.name for x in (self.base, self.step)]
        return (*names, self.lanes, None if self.vector is None else self.vector.name)

    def value(self, b: Builder) -> Value:
        """An int64 register with these lanes."""
        if self.vector is not None:
            return self.vector
        base = b.splat(b.index(self.base), self.lanes)
        if self.is_uniform:
            return base
        ramp = b.iota(INT64, self.lanes)
        if self.step != 1:
            ramp = b.mul(ramp, b.splat(b.index(self.step), self.lanes))
        return ramp if self.base == 0 else b.add(base, ramp)

    def __add__(self, other: Index | Number) -> Index:
        other = _index(self.b, other)
        lanes = max(self.lanes, other.lanes)
        if self.vector is None and other.vector is None:
            base = plus(self.b, self.base, other.base)
            return Index(self.b, base, plus(self.b, self.step, other.step), lanes)
        return self._with_vector(self.b.add, other, lanes)

    def __mul__(self, other: Index | Number) -> Index:
        other = _index(self.b, other)
        lanes = max(self.lanes, other.lanes)
        for x, y in ((self, other), (other, self)):
            if x.vector is None and y.is_uniform:
                base = times(self.b, x.base, y.base)
                return Index(self.b, base, times(self.b, x.step, y.base), lanes)
        return self._with_vector(self.b.mul, other, lanes)

    def _with_vector(self, operation: object, other: Index, lanes: int) -> Index:
        x, y = (_widened(i, lanes).value(self.b) for i in (self, other))
        return Index(self.b, 0, 0, lanes, operation(x, y))  # type: ignore[operator]

    __radd__ = __add__
    __rmul__ = __mul__

    def __neg__(self) -> Index:
        return self * -1

    def __sub__(self, other: Index | Number) -> Index:
        return self + _index(self.b, other) * -1

    def __rsub__(self, other: Index | Number) -> Index:
        return self * -1 + other

    def at_most(self, limit: Index | Number) -> Index:
        """The smaller of this and a number, for each lane."""
        b, limit = self.b, _index(self.b, limit)
        if self.is_uniform and limit.is_uniform:
            smaller = b.min(b.index(self.base), b.index(limit.base))
            return Index(b, smaller, 0, max(self.lanes, limit.lanes))
        return self._with_vector(b.min, limit, max(self.lanes, limit.lanes))


class Flat:
    """A place in row-major order, for arrays that are read alike entry by entry."""

    __slots__ = ("index",)

    def __init__(self, index: Index) -> None:
        self.index = index


Place = Flat | Sequence[Index]


def place_key(place: Place) -> Hashable:
    """Equal for places that are written alike."""
    if isinstance(place, Flat):
        return ("flat", place.index.key())
    return tuple(i.key() for i in place)


def _index(b: Builder, x: Index | Number) -> Index:
    return x if isinstance(x, Index) else Index(b, x)


def _widened(index: Index, lanes: int) -> Index:
    if index.lanes == lanes:
        return index
    return Index(index.b, index.base, index.step, lanes)


def indices(b: Builder, items: Sequence[Index | Number], lanes: int) -> list[Index]:
    """Every item as an index of this many lanes."""
    return [_widened(_index(b, item), lanes) for item in items]
