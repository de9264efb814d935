"""The Threefry-2x32 hash: a key and a counter in, two words of random bits out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad import errors
from funcgrad.core.aval import ShapedArray
from funcgrad.core.primitive import Primitive
from funcgrad.core.source import user_frame
from funcgrad.core.vspace import zero_like
from funcgrad.ops.cases import case, integers
from funcgrad.ops.elementwise import (
    batch_elementwise,
    broadcast_and_promote,
    shapes_differ,
)

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = 0x1BD11BDA
_UINT32 = np.dtype(np.uint32)
_UINT64 = np.dtype(np.uint64)


def _words(shape: tuple[int, ...] = ()) -> Any:
    return integers(shape, 0, 2**32, np.uint32)


class Threefry(Primitive):
    """Two random words from two words of key and two of counter, entry by entry.

    Threefry-2x32 with 20 rounds (Salmon et al. 2011, doi:10.1145/2063384.2063405), bit
    for bit JAX's ``threefry2x32``. Operands have one shape or are 0-d.
    """

    name = "threefry2x32"
    multiple_results = True
    cases = (
        case(_words(), _words(), _words(), _words()),
        case(_words(), _words(), _words(), _words((2, 3))),
        case(_words((33,)), _words((33,)), _words((33,)), _words((33,))),
        case(_words(), _words(), _words((0,)), _words((0,))),
    )

    def evaluate(self, key_0: Any, key_1: Any, x_0: Any, x_1: Any) -> list[Any]:
        operands = [np.asarray(x, _UINT32) for x in (key_0, key_1, x_0, x_1)]
        shape = np.broadcast_shapes(*[x.shape for x in operands])
        keys = [*operands[:2], operands[0] ^ operands[1] ^ np.uint32(_PARITY)]
        first, second = (np.empty(shape, _UINT32) for _ in range(2))
        np.add(operands[2], keys[0], out=first)
        np.add(operands[3], keys[1], out=second)
        high = np.empty(shape, _UINT32)
        for step in range(5):
            for rotation in _ROTATIONS[step % 2]:
                np.add(first, second, out=first)
                np.right_shift(second, np.uint32(32 - rotation), out=high)
                np.left_shift(second, np.uint32(rotation), out=second)
                np.bitwise_or(second, high, out=second)
                np.bitwise_xor(second, first, out=second)
            np.add(first, keys[(step + 1) % 3], out=first)
            np.add(second, keys[(step + 2) % 3], out=second)
            np.add(second, np.uint32(step + 1), out=second)
        return [first[()], second[()]]

    def abstract_eval(self, *avals: ShapedArray) -> list[ShapedArray]:
        shapes = {aval.shape for aval in avals if aval.shape}
        if len(shapes) > 1:
            raise shapes_differ(self.name, avals)
        if any(aval.dtype != _UINT32 for aval in avals):
            raise errors.DTypeError(
                errors.message(
                    "`threefry2x32` takes words of dtype uint32.",
                    where=user_frame(),
                    got=", ".join(map(str, avals)),
                    see=errors.DTypeError.page,
                )
            )
        shape = shapes.pop() if shapes else ()
        return [ShapedArray(shape, _UINT32), ShapedArray(shape, _UINT32)]

    def jvp(self, primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
        words = self.bind(*primals)
        return words, [zero_like(word) for word in words]

    def batch(self, size: int, operands: Sequence[Any], dims: Sequence[Any]) -> Any:
        words, dim = batch_elementwise(self, size, operands, dims, {})
        return words, [dim, dim]

    def lower(self, ctx: Any, *operands: Any) -> list[Any]:
        # Both words in one, so that a loop that reads both hashes once.
        both = ctx.map(_hash, *operands, dtype=_UINT64, cost=90)
        return [
            ctx.map(_upper_word, both, dtype=_UINT32),
            ctx.map(lambda b, v: b.convert(v, _UINT32), both, dtype=_UINT32),
        ]


def _hash(b: Any, key_0: Any, key_1: Any, x_0: Any, x_1: Any) -> Any:
    lanes = x_1.lanes

    def number(value: int, dtype: np.dtype[Any] = _UINT32) -> Any:
        return b.const(dtype, value, lanes)

    keys = [key_0, key_1, b.xor(b.xor(key_0, key_1), number(_PARITY))]
    first, second = b.add(x_0, keys[0]), b.add(x_1, keys[1])
    for step in range(5):
        for rotation in _ROTATIONS[step % 2]:
            first = b.add(first, second)
            left = b.shl(second, number(rotation))
            right = b.lshr(second, number(32 - rotation))
            second = b.xor(b.or_(left, right), first)
        first = b.add(first, keys[(step + 1) % 3])
        second = b.add(b.add(second, keys[(step + 2) % 3]), number(step + 1))
    upper = b.shl(b.convert(first, _UINT64), number(32, _UINT64))
    return b.or_(upper, b.convert(second, _UINT64))


def _upper_word(b: Any, v: Any) -> Any:
    return b.convert(b.lshr(v, b.const(_UINT64, 32, v.lanes)), _UINT32)


threefry2x32_p = Threefry()


def threefry2x32(key_0: Any, key_1: Any, x_0: Any, x_1: Any) -> tuple[Any, Any]:
    """Two random words for every counter.

    Parameters
    ----------
    key_0, key_1 : uint32 arrays
        The two words of a key.
    x_0, x_1 : uint32 arrays
        Upper and lower word of a counter. All four are broadcast together.

    Returns
    -------
    tuple of two uint32 arrays

    Examples
    --------
    >>> import numpy as np
    >>> zero = np.uint32(0)
    >>> [hex(word) for word in threefry2x32(zero, zero, zero, zero)]
    ['0x6b200159', '0x99ba4efe']
    """
    operands = broadcast_and_promote(key_0, key_1, x_0, x_1)
    first, second = threefry2x32_p.bind(*operands)
    return first, second
