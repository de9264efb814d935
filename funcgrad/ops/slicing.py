"""Parts of arrays at known places: strided slices and, their transpose, padding."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad import errors
from funcgrad.compiler.lower.nodes import Register, is_small
from funcgrad.core.aval import ShapedArray
from funcgrad.core.dtypes import result_type_of
from funcgrad.core.primitive import Primitive
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.core.vspace import Zero, zero_like
from funcgrad.ops.arithmetic import sub
from funcgrad.ops.cases import case, integers
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.comparison import ne
from funcgrad.ops.iota import full, instantiate
from funcgrad.ops.selection import select_n
from funcgrad.ops.structural import (
    LinearInOne,
    align_batch,
    broadcast_in_dim,
    move_axis_to_front,
    reduce_sum,
)
from funcgrad.ops.windows import store_window
from funcgrad.transforms.transpose import is_linear

Axes = tuple[int, ...]
PaddingConfig = tuple[tuple[int, int, int], ...]


class Slice(LinearInOne):
    """Every ``strides``-th entry from ``start`` up to ``limit``. Its transpose pads."""

    name = "slice"
    moves_entries = True
    cases = (
        case((5,), start=(1,), limit=(4,), strides=(1,)),
        case((5, 7), start=(1, 0), limit=(5, 7), strides=(2, 3)),
        case((4, 20), start=(0, 1), limit=(4, 19), strides=(1, 1)),
        case((4,), start=(2,), limit=(2,), strides=(1,)),
        case((), start=(), limit=(), strides=()),
    )

    def evaluate(self, x: Any, *, start: Axes, limit: Axes, strides: Axes) -> Any:
        return np.asarray(x)[tuple(map(slice, start, limit, strides))]

    def abstract_eval(
        self, x: ShapedArray, *, start: Axes, limit: Axes, strides: Axes
    ) -> ShapedArray:
        ends = zip(start, limit, strides, x.shape, strict=True)
        if not len(start) == len(limit) == len(strides) == x.ndim or not all(
            0 <= low <= high <= extent and step > 0 for low, high, step, extent in ends
        ):
            raise errors.ShapeError(
                errors.message(
                    "a slice does not lie inside the array.",
                    where=user_frame(),
                    got=f"{x} from {start} to {limit} in steps of {strides}",
                    expected="0 <= start <= limit <= extent, and positive steps",
                    see=errors.ShapeError.page,
                )
            )
        return x.update(shape=tuple(map(_steps, start, limit, strides)))

    def transpose(
        self, ct: Any, x: Any, *, start: Axes, limit: Axes, strides: Axes
    ) -> list[Any]:
        config = []
        for low, step, extent, taken in zip(
            start, strides, x.aval.shape, typeof(ct).shape, strict=True
        ):
            covered = low + (taken - 1) * step + 1 if taken else low
            config.append((low, extent - covered, step - 1))
        return [pad_with_zeros(ct, config)]

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        start: Axes,
        limit: Axes,
        strides: Axes,
    ) -> Any:
        x = move_axis_to_front(operands[0], dims[0])
        whole = {
            "start": (0, *start),
            "limit": (size, *limit),
            "strides": (1, *strides),
        }
        return self.bind(x, **whole), 0

    def lower(
        self, ctx: Any, x: Any, *, start: Axes, limit: Axes, strides: Axes
    ) -> Any:
        shape = tuple(map(_steps, start, limit, strides))
        first = [ctx.extent(low) for low in start]

        def index(idx: Sequence[Any]) -> list[Any]:
            strided = [
                i if s == 1 else i * s for i, s in zip(idx, strides, strict=True)
            ]
            return [
                i if low is None else i + low
                for i, low in zip(strided, first, strict=True)
            ]

        return ctx.view(x, shape, index)


slice_p = Slice()


def _steps(low: int, high: int, step: int) -> int:
    return len(range(low, high, step))


def strided_slice(
    x: Any,
    start: Sequence[int],
    limit: Sequence[int],
    strides: Sequence[int] | None = None,
) -> Any:
    """Every ``strides``-th entry of ``x`` from ``start`` up to ``limit``.

    Parameters
    ----------
    x : array
    start, limit : sequence of int, one for each axis
        Inside the array: ``0 <= start <= limit <= extent``.
    strides : sequence of int, optional
        Positive; 1 by default.

    Raises
    ------
    ShapeError
        If the slice does not lie inside the array.

    Examples
    --------
    >>> import numpy as np
    >>> strided_slice(np.arange(6), (1,), (6,), (2,))
    array([1, 3, 5])
    """
    start, limit = tuple(map(int, start)), tuple(map(int, limit))
    steps = (1,) * len(start) if strides is None else tuple(map(int, strides))
    if limit == typeof(x).shape and not any(start) and set(steps) <= {1}:
        return x
    return slice_p.bind(x, start=start, limit=limit, strides=steps)


class Pad(Primitive):
    """``padding_value`` around and between entries; negative padding takes away.

    ``padding_config`` has (low, high, interior) for each axis. Linear in array and
    padding value together.
    """

    name = "pad"
    linear = True
    cases = (
        case((3,), (), padding_config=((1, 2, 0),)),
        case((4, 5), (), padding_config=((-1, 2, 1), (0, -2, 0))),
        case((5,), (), padding_config=((-2, -1, 2),)),
        case((3, 20), (), padding_config=((1, 1, 0), (2, 0, 1))),
        case((0, 2), (), padding_config=((1, 0, 0), (0, 1, 0))),
        case((2,), (), padding_config=((-3, 0, 0),)),
        case(integers((3,)), integers(()), padding_config=((2, 1, 1),)),
    )

    def evaluate(self, x: Any, value: Any, *, padding_config: PaddingConfig) -> Any:
        x = np.asarray(x)
        shape = _padded_shape(x.shape, padding_config)
        result = np.full(shape, value, x.dtype)
        target, source = _overlap(x.shape, shape, padding_config)
        if all(s.start < s.stop for s in source):
            result[tuple(target)] = x[tuple(source)]
        return result

    def abstract_eval(
        self, x: ShapedArray, value: ShapedArray, *, padding_config: PaddingConfig
    ) -> ShapedArray:
        if (
            len(padding_config) != x.ndim
            or value.shape
            or value.dtype != x.dtype
            or any(interior < 0 for _, _, interior in padding_config)
        ):
            raise errors.ShapeError(
                errors.message(
                    "the padding does not fit the array.",
                    where=user_frame(),
                    got=f"{x} padded with {value} by {padding_config}",
                    expected=f"{x.ndim} of (low, high, interior), a 0-d value of dtype "
                    f"{x.dtype}, and interior padding that is not negative",
                    see=errors.ShapeError.page,
                )
            )
        return x.update(shape=_padded_shape(x.shape, padding_config))

    def jvp(
        self,
        primals: Sequence[Any],
        tangents: Sequence[Any],
        *,
        padding_config: PaddingConfig,
    ) -> Any:
        y = self.bind(*primals, padding_config=padding_config)
        if all(type(t) is Zero for t in tangents):
            return y, zero_like(y)
        dense = [instantiate(t) for t in tangents]
        return y, self.bind(*dense, padding_config=padding_config)

    def transpose(
        self, ct: Any, x: Any, value: Any, *, padding_config: PaddingConfig
    ) -> list[Any]:
        aval = x.aval if is_linear(x) else typeof(x)
        inside = _unpad(ct, aval.shape, padding_config)
        ct_value = None
        if is_linear(value):
            axes = range(aval.ndim)
            ct_value = sub(reduce_sum(ct, axes), reduce_sum(inside, axes))
        return [inside if is_linear(x) else None, ct_value]

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        padding_config: PaddingConfig,
    ) -> Any:
        x = align_batch(operands[0], dims[0], size)
        config = ((0, 0, 0), *padding_config)
        if dims[1] is None:
            return self.bind(x, operands[1], padding_config=config), 0
        # One padding value for each example: pad with zeros, and with them outside.
        aval = typeof(x)
        nothing = np.zeros((), aval.dtype)[()]
        padded = self.bind(x, nothing, padding_config=config)
        ones = full(aval.shape, 1, aval.dtype)
        inside = self.bind(ones, nothing, padding_config=config)
        shape = typeof(padded).shape
        values = broadcast_in_dim(move_axis_to_front(operands[1], dims[1]), shape, (0,))
        return select_n(ne(inside, 0), values, padded), 0

    def lower(
        self, ctx: Any, x: Any, value: Any, *, padding_config: PaddingConfig
    ) -> Any:
        shape = _padded_shape(x.shape, padding_config)
        if is_small(shape):
            lanes = np.arange(math.prod(x.shape)).reshape(x.shape)
            taken = self.evaluate(lanes, lanes.size, padding_config=padding_config)
            values = [ctx.value(node) for node in (x, value) if 0 not in node.shape]
            both = ctx.b.concat_lanes(values)
            return Register(ctx.b.shuffle(both, taken.ravel().tolist()), shape)
        target, source = _overlap(x.shape, shape, padding_config)
        filled = ctx.view(value, shape, lambda idx: [])
        if any(part.start >= part.stop for part in source):
            return filled
        out, slabs = ctx.buffer(shape, x.dtype), _slabs(target, shape)
        if len(slabs) <= 2 and all(part.step == 1 for part in target):
            for start, extents in slabs:
                slab = ctx.view(value, extents, lambda idx: [])
                store_window(ctx, slab, out, [ctx.extent(n) for n in start])
        else:
            ctx.copy_into(filled, out)
        first = [ctx.extent(part.start) for part in source]
        taken = [part.stop - part.start for part in source]
        if tuple(taken) != x.shape:
            x = ctx.view(x, taken, lambda idx: list(map(operator.add, idx, first)))
        start = [ctx.extent(part.start) for part in target]
        store_window(ctx, x, out, start, [part.step for part in target])
        return out


def _slabs(
    target: Sequence[slice], shape: Sequence[int]
) -> list[tuple[list[int], list[int]]]:
    """Start and extents of the parts of the answer around a window of steps 1."""
    found = []
    inside = [(0, n) for n in shape]
    for axis, (part, extent) in enumerate(zip(target, shape, strict=True)):
        for low, high in ((0, part.start), (part.stop, extent)):
            if low < high:
                limits = [*inside[:axis], (low, high), *inside[axis + 1 :]]
                found.append(([a for a, _ in limits], [b - a for a, b in limits]))
        inside[axis] = (part.start, part.stop)
    return found


def _overlap(
    shape: Sequence[int], padded: Sequence[int], padding_config: PaddingConfig
) -> tuple[list[slice], list[slice]]:
    """Where the entries that are left stand in the answer, and in the array."""
    target, source = [], []
    for (low, _, interior), extent, size in zip(
        padding_config, shape, padded, strict=True
    ):
        step = interior + 1
        first = max(0, -(low // step))  # the first entry at or after 0
        last = min(extent, -((low - size) // step))  # and one at or after the end
        last = max(first, last)
        source.append(slice(first, last))
        target.append(slice(low + first * step, max(0, low + last * step), step))
    return target, source


def _padded_shape(
    shape: Sequence[Any], padding_config: PaddingConfig
) -> tuple[Any, ...]:
    return tuple(
        max(0, low + high + extent + max(0, extent - 1) * interior)
        for extent, (low, high, interior) in zip(shape, padding_config, strict=True)
    )


def _unpad(ct: Any, shape: Sequence[int], padding_config: PaddingConfig) -> Any:
    """The entries of ``ct`` that came from an array; zero where it was cut off."""
    outer = [(-low, -high, 0) for low, high, _ in padding_config]
    if 0 in shape or 0 in typeof(ct).shape:
        return broadcast_in_dim(np.zeros((), typeof(ct).dtype), shape, ())
    ct = pad_with_zeros(ct, outer)
    strides = [interior + 1 for _, _, interior in padding_config]
    return strided_slice(ct, [0] * len(shape), typeof(ct).shape, strides)


pad_p = Pad()


def pad(x: Any, value: Any, padding_config: Sequence[tuple[int, int, int]]) -> Any:
    """``x`` with ``value`` around and between its entries.

    Parameters
    ----------
    x : array
    value : scalar
    padding_config : sequence of (low, high, interior), one for each axis
        Entries before, after and between; low and high may be negative.

    Raises
    ------
    ShapeError
        If the padding does not name every axis.

    Examples
    --------
    >>> import numpy as np
    >>> pad(np.array([1, 2, 3]), 0, [(1, -1, 1)])
    array([0, 1, 0, 2, 0])
    """
    config = tuple((int(a), int(b), int(c)) for a, b, c in padding_config)
    dtype = result_type_of(x, value)
    x = convert_element_type(x, dtype)
    if all(part == (0, 0, 0) for part in config) and len(config) == typeof(x).ndim:
        return x
    return pad_p.bind(x, convert_element_type(value, dtype), padding_config=config)


def pad_with_zeros(x: Any, padding_config: Sequence[tuple[int, int, int]]) -> Any:
    """``x`` with zeros of its own dtype around and between its entries."""
    return pad(x, np.zeros((), typeof(x).dtype)[()], padding_config)
