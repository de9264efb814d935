"""Sums and extremes over windows that move along an array."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from funcgrad.core.aval import ShapedArray
from funcgrad.core.primitive import Primitive
from funcgrad.core.trace import typeof
from funcgrad.core.vspace import Zero, zero_like
from funcgrad.ops.cases import case, integers
from funcgrad.ops.elementwise import wrong_kind
from funcgrad.ops.indexing import gather
from funcgrad.ops.slicing import pad_with_zeros
from funcgrad.ops.structural import (
    LinearInOne,
    broadcast_in_dim,
    move_axis_to_front,
    reshape,
)
from funcgrad.ops.window_places import (
    EXTREME_CASES,
    KINDS,
    SHAPES,
    WRITTEN_OUT,
    WindowArgmax,
    WindowArgmin,
    check_windows_of,
    over_window,
    parameters,
    window_places,
    window_views,
)
from funcgrad.ops.windows import GatherDimensionNumbers

Axes = tuple[int, ...]


class WindowReduction(Primitive):
    """One associative operation over windows of ``x``; padding is a `pad` before it."""

    numpy: ClassVar[np.ufunc]
    kinds: ClassVar[str] = KINDS

    def combine(self, b: Any, x: Any, y: Any) -> Any:
        """The operation on register values."""
        raise NotImplementedError

    def evaluate(self, x: Any, *, window: Axes, strides: Axes, dilation: Axes) -> Any:
        x = np.asarray(x)
        views = window_views(x, window, strides, dilation)
        axes = tuple(range(x.ndim, 2 * x.ndim))
        return type(self).numpy.reduce(views, axis=axes, dtype=x.dtype)

    def abstract_eval(
        self, x: ShapedArray, *, window: Axes, strides: Axes, dilation: Axes
    ) -> ShapedArray:
        if x.dtype.kind not in self.kinds:
            raise wrong_kind(self.name, x.dtype, self.kinds)
        check_windows_of(x, window, strides, dilation)
        return x.update(shape=window_places(x.shape, window, strides, dilation))

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        window: Axes,
        strides: Axes,
        dilation: Axes,
    ) -> Any:
        x = move_axis_to_front(operands[0], dims[0])
        more: Any = {"strides": (1, *strides), "dilation": (1, *dilation)}
        return self.bind(x, window=(1, *window), **more), 0

    def lower(
        self, ctx: Any, x: Any, *, window: Axes, strides: Axes, dilation: Axes
    ) -> Any:
        shape = window_places(x.shape, window, strides, dilation)
        if 0 in shape:
            return ctx.buffer(shape, x.dtype)
        if math.prod(window) > max((WRITTEN_OUT, *window)):
            return self._axis_by_axis(ctx, x, window, strides, dilation)

        def entry(b: Any, idx: Sequence[Any], read: Any) -> Any:
            corner = [i * s for i, s in zip(idx, strides, strict=True)]

            def step(place: Sequence[Any], values: list[Any]) -> list[Any]:
                found = read(0, place)
                return [self.combine(b, values[0], found)] if values else [found]

            if math.prod(window) <= WRITTEN_OUT:
                return over_window(ctx, b, corner, window, dilation, step, [])[0]
            first = self.start(b, read(0, corner))
            return over_window(ctx, b, corner, window, dilation, step, [first])[0]

        return ctx.compute(shape, x.dtype, entry, [x], cost=2 * math.prod(window))

    def _axis_by_axis(
        self, ctx: Any, x: Any, window: Axes, strides: Axes, dilation: Axes
    ) -> Any:
        """A large window takes a sum of its extents that way, not their product."""
        for axis, extent in enumerate(window):
            if (extent, strides[axis]) != (1, 1):
                one: Any = [
                    tuple(n if k == axis else 1 for k, n in enumerate(numbers))
                    for numbers in (window, strides, dilation)
                ]
                x = self.lower(ctx, x, window=one[0], strides=one[1], dilation=one[2])
        return x

    def start(self, b: Any, first: Any) -> Any:
        """What a loop over a window begins with: the neutral or the first entry."""
        return first


class WindowSum(WindowReduction, LinearInOne):
    """Sums over windows; the transpose is the same on what is padded, step by step."""

    name = "reduce_window_sum"
    numpy = np.add
    kinds = "iufc"
    cases = (
        *(case(shape, **given) for shape, given in SHAPES),
        case(integers((6,)), **parameters((3,), (1,), (1,))),
    )

    def combine(self, b: Any, x: Any, y: Any) -> Any:
        return b.add(x, y)

    def start(self, b: Any, first: Any) -> Any:
        return b.zero(first.dtype, first.lanes)

    def transpose(
        self, ct: Any, x: Any, *, window: Axes, strides: Axes, dilation: Axes
    ) -> list[Any]:
        shape = x.aval.shape
        left = list(window)
        apart = [
            axis
            for axis, (w, s, d) in enumerate(zip(window, strides, dilation))
            if 1 < w <= s and d == 1
        ]
        ct = _repeated(ct, apart, window, strides, shape)
        for axis, (w, s, d) in enumerate(zip(window, strides, dilation, strict=True)):
            if axis in apart:
                left[axis] = 1
            else:
                ct = _surrounded(ct, axis, w, s, d, shape[axis])
        if all(w == 1 for w in left):
            return [ct]
        ones = (1,) * len(left)
        return [self.bind(ct, window=tuple(left), strides=ones, dilation=dilation)]


def _repeated(
    ct: Any, axes: Sequence[int], window: Axes, strides: Axes, shape: Axes
) -> Any:
    """Where windows do not overlap, each entry of one has the cotangent of its sum."""
    wide: list[int] = []
    config: list[tuple[int, int, int]] = []
    own, merged = [], []
    fit = [(0, 0, 0)] * len(shape)
    for axis, extent in enumerate(typeof(ct).shape):
        own.append(len(wide))
        wide.append(extent)
        config.append((0, 0, 0))
        merged.append(extent)
        if axis in axes:
            wide.append(window[axis])
            config.append((0, strides[axis] - window[axis], 0))
            merged[axis] = extent * strides[axis]
            fit[axis] = (0, shape[axis] - merged[axis], 0)
    if not axes:
        return ct
    blocks = pad_with_zeros(broadcast_in_dim(ct, wide, own), config)
    return pad_with_zeros(reshape(blocks, merged), fit)


def _surrounded(
    ct: Any, axis: int, window: int, stride: int, dilation: int, extent: int
) -> Any:
    """The cotangent between zeros, to be summed over windows with steps of 1."""
    aval = typeof(ct)
    covered = (aval.shape[axis] - 1) * stride + 1 if aval.shape[axis] else 0
    config = [(0, 0, 0)] * aval.ndim
    config[axis] = ((window - 1) * dilation, extent - covered, stride - 1)
    return pad_with_zeros(ct, config)


class WindowExtremum(WindowReduction):
    """The largest or smallest entry of every window; the first one has the derivative.

    As reductions do, it gives NaN for a window that holds one.
    """

    where: ClassVar[Primitive]
    cases = EXTREME_CASES

    def jvp(
        self,
        primals: Sequence[Any],
        tangents: Sequence[Any],
        *,
        window: Axes,
        strides: Axes,
        dilation: Axes,
    ) -> Any:
        (x,), (t,) = primals, tangents
        given = parameters(window, strides, dilation)
        y = self.bind(x, **given)
        if type(t) is Zero:
            return y, zero_like(y)
        return y, _entries_at(t, self.where.bind(x, **given))


def _entries_at(t: Any, places: Any) -> Any:
    """Entries of ``t`` by their places in row-major order."""
    flat = reshape(t, (math.prod(typeof(t).shape),))
    positions = reshape(places, (*typeof(places).shape, 1))
    one_by_one = GatherDimensionNumbers((), (0,), (0,))
    return gather(flat, positions, one_by_one, (1,), mode="promise_in_bounds")


class WindowMax(WindowExtremum):
    """The largest entry of every window."""

    name = "reduce_window_max"
    numpy = np.maximum
    where = WindowArgmax()

    def combine(self, b: Any, x: Any, y: Any) -> Any:
        return b.or_(x, y) if x.dtype.kind == "b" else b.max(x, y)


class WindowMin(WindowExtremum):
    """The smallest entry of every window."""

    name = "reduce_window_min"
    numpy = np.minimum
    where = WindowArgmin()

    def combine(self, b: Any, x: Any, y: Any) -> Any:
        return b.and_(x, y) if x.dtype.kind == "b" else b.min(x, y)


reduce_window_sum_p = WindowSum()
reduce_window_max_p = WindowMax()
reduce_window_min_p = WindowMin()
