"""Inputs for the rule checks: what a primitive's ``cases`` say, and arrays of them.

A case holds shapes and ranges, no arrays: importing a primitive costs nothing. The
rule checks (``funcgrad.testing``) draw arrays from it, once for each dtype.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from funcgrad.core.primitive import Primitive

Draw = Callable[["np.random.Generator", tuple[int, ...], np.dtype[Any]], Any]
Shape = tuple[int, ...]


class Operand(NamedTuple):
    """How one operand is drawn.

    ``floating`` tells whether its dtype is the one under test; otherwise ``draw``
    decides the dtype.
    """

    shape: Shape
    draw: Draw
    floating: bool = True

    def sample(self, rng: np.random.Generator, dtype: np.dtype[Any]) -> Any:
        """An array; ``dtype`` is float32, float64, complex64 or complex128."""
        return self.draw(rng, self.shape, dtype)


class Deferred(NamedTuple):
    """A parameter that is made when the case is used, such as a jaxpr."""

    make: Callable[[], Any]


class Case(NamedTuple):
    """Operands and parameters of one application of a primitive.

    ``numerical`` is False where the derivative is by definition not that of the value
    (``stop_gradient``), so that differences say nothing about it. With a ``program``,
    that function of the operands is checked, which applies the primitive: the way for
    those that hold jaxprs. ``batched`` names the operands that the check of ``batch``
    may batch, all by default.
    """

    operands: tuple[Operand, ...]
    params: Mapping[str, Any] = MappingProxyType({})
    numerical: bool = True
    program: Callable[..., Any] | None = None
    batched: tuple[int, ...] | None = None

    def sample(self, rng: np.random.Generator, dtype: Any) -> list[Any]:
        """One array for each operand."""
        return [operand.sample(rng, np.dtype(dtype)) for operand in self.operands]

    def parameters(self) -> dict[str, Any]:
        """The parameters, deferred ones made."""
        return {
            name: value.make() if isinstance(value, Deferred) else value
            for name, value in self.params.items()
        }

    @property
    def floating(self) -> bool:
        """Whether some operand takes the dtype under test."""
        return any(operand.floating for operand in self.operands)

    def without_differences(self) -> Case:
        """The same case, not compared with numerical derivatives."""
        return self._replace(numerical=False)

    def batched_in(self, *operands: int) -> Case:
        """The same case; only these operands are batched one by one and together."""
        return self._replace(batched=operands)


def case(*operands: Operand | Shape | Sequence[int], **params: Any) -> Case:
    """A case; a shape stands for normal random numbers of that shape.

    Examples
    --------
    >>> import numpy as np
    >>> x, i = case((2, 3), integers((4,), 0, 3), axis=1).sample(
    ...     np.random.default_rng(0), np.float32
    ... )
    >>> x.shape, x.dtype, i.shape, i.dtype
    ((2, 3), dtype('float32'), (4,), dtype('int64'))
    """
    made = tuple(
        operand if isinstance(operand, Operand) else reals(tuple(operand))
        for operand in operands
    )
    return Case(made, params)


def program(
    function: Callable[..., Any], *operands: Operand | Shape | Sequence[int]
) -> Case:
    """A case of a primitive that ``function`` applies to its operands.

    Parameters
    ----------
    function : callable
        Takes one array for each operand, gives an array or a sequence of arrays.
    *operands : Operand or shape
        As in `case`.
    """
    return case(*operands)._replace(program=function)


def give_cases(primitive: Primitive, cases: Sequence[Case]) -> None:
    """Attach cases to a primitive that is defined below this module."""
    primitive.cases = tuple(cases)  # type: ignore[misc]


def deferred(make: Callable[[], Any]) -> Deferred:
    """A parameter made by ``make()`` when the case is used."""
    return Deferred(make)


def drawn(shape: Shape, draw: Draw, *, floating: bool = True) -> Operand:
    """An operand made by ``draw(rng, shape, dtype)``."""
    return Operand(shape, draw, floating)


def reals(shape: Shape = (), scale: float = 1.0) -> Operand:
    """Normal random numbers."""
    return Operand(shape, lambda rng, s, dtype: scale * _normal(rng, s, dtype))


def between(shape: Shape, low: float, high: float) -> Operand:
    """Uniform in (low, high); complex ones have an imaginary part in (-1, 1)."""
    return Operand(shape, lambda rng, s, dtype: _uniform(rng, s, dtype, low, high))


def positive(shape: Shape = ()) -> Operand:
    """Numbers from 0.2 to 3, away from zero."""
    return between(shape, 0.2, 3.0)


def unit(shape: Shape = ()) -> Operand:
    """Numbers from -1 to 1, away from the ends."""
    return between(shape, -0.95, 0.95)


def integers(
    shape: Shape = (), low: int = -5, high: int = 6, dtype: Any = np.int64
) -> Operand:
    """Integers from ``low`` up to and without ``high``."""

    def draw(rng: np.random.Generator, s: Shape, _: np.dtype[Any]) -> Any:
        return rng.integers(low, high, s).astype(dtype)[()]

    return Operand(shape, draw, floating=False)


def booleans(shape: Shape = ()) -> Operand:
    """True and False."""

    def draw(rng: np.random.Generator, s: Shape, _: np.dtype[Any]) -> Any:
        return np.asarray(rng.integers(0, 2, s), bool)[()]

    return Operand(shape, draw, floating=False)


def complexes(shape: Shape = ()) -> Operand:
    """Complex numbers of the precision under test, whatever its kind."""

    def draw(rng: np.random.Generator, s: Shape, dtype: np.dtype[Any]) -> Any:
        return _normal(rng, s, np.result_type(dtype, np.complex64))

    return Operand(shape, draw)


def distinct(shape: Shape = ()) -> Operand:
    """Numbers no two of which are closer than 0.1, in random order."""

    def draw(rng: np.random.Generator, s: Shape, dtype: np.dtype[Any]) -> Any:
        size = int(np.prod(s))
        steps = 0.2 * (rng.permutation(size) - size / 2)
        jittered = (steps + rng.uniform(-0.05, 0.05, size)).reshape(s)
        if dtype.kind == "c":
            jittered = jittered + 1j * rng.normal(size=s)
        return jittered.astype(dtype)[()]

    return Operand(shape, draw)


def array(value: Any) -> Operand:
    """Always this value; its floats take the dtype under test."""
    given = np.asarray(value)
    if given.dtype.kind not in "fc":
        return Operand(given.shape, lambda rng, s, dtype: given[()], floating=False)

    def draw(rng: np.random.Generator, s: Shape, dtype: np.dtype[Any]) -> Any:
        wide = given.dtype.kind == "c" and dtype.kind != "c"
        target = np.result_type(dtype, np.complex64) if wide else dtype
        return given.astype(target)[()]

    return Operand(given.shape, draw)


def unary(kind: Callable[[Shape], Operand] = reals) -> tuple[Case, ...]:
    """The shapes an entry-by-entry operation of one operand should know."""
    return tuple([case(kind(s)) for s in ((), (1,), (0, 3), (5, 7))])


def binary(
    first: Callable[[Shape], Operand] = reals,
    second: Callable[[Shape], Operand] | None = None,
) -> tuple[Case, ...]:
    """The same for two operands: equal shapes, or one of them 0-d."""
    other = first if second is None else second
    shapes: list[tuple[Shape, Shape]] = [
        ((), ()),
        ((0,), (0,)),
        ((5, 7), (5, 7)),
        ((), (3,)),
        ((3,), ()),
    ]
    return tuple([case(first(s), other(z)) for s, z in shapes])


def _normal(rng: np.random.Generator, shape: Shape, dtype: np.dtype[Any]) -> Any:
    values = rng.normal(size=shape)
    if dtype.kind == "c":
        values = values + 1j * rng.normal(size=shape)
    return np.asarray(values).astype(dtype)[()]


def _uniform(
    rng: np.random.Generator,
    shape: Shape,
    dtype: np.dtype[Any],
    low: float,
    high: float,
) -> Any:
    values = rng.uniform(low, high, shape)
    if dtype.kind == "c":
        values = values + 1j * rng.uniform(-1.0, 1.0, shape)
    return np.asarray(values).astype(dtype)[()]
