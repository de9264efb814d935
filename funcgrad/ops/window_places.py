"""Windows that move along an array, and where in each the extreme stands."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from funcgrad import errors
from funcgrad.compiler.lower.index import Index
from funcgrad.core.aval import ShapedArray
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.ops.arithmetic import mul, sub
from funcgrad.ops.cases import array, booleans, case, distinct, integers
from funcgrad.ops.elementwise import wrong_kind
from funcgrad.ops.iota import broadcasted_iota
from funcgrad.ops.structural import WithoutDerivative, move_axis_to_front

Axes = tuple[int, ...]
INT64 = np.dtype(np.int64)
KINDS = "biuf"
"""Dtypes with an order."""
WRITTEN_OUT = 16
"""Windows of up to so many entries are written out rather than looped over."""


def window_places(shape: Axes, window: Axes, strides: Axes, dilation: Axes) -> Axes:
    """How many windows fit along every axis."""
    return tuple(
        max(0, (n - (w - 1) * d - 1) // s + 1)
        for n, w, s, d in zip(shape, window, strides, dilation, strict=True)
    )


def window_views(x: Any, window: Axes, strides: Axes, dilation: Axes) -> Any:
    """All windows without a copy: places, then the entries of a window."""
    shape = window_places(x.shape, window, strides, dilation)
    if 0 in shape:
        return np.zeros((*shape, *window), x.dtype)
    moves = [step * s for step, s in zip(x.strides, strides, strict=True)]
    inside = [step * d for step, d in zip(x.strides, dilation, strict=True)]
    return np.lib.stride_tricks.as_strided(
        x, (*shape, *window), (*moves, *inside), writeable=False
    )


def over_window(
    ctx: Any,
    b: Any,
    corner: Sequence[Any],
    window: Axes,
    dilation: Axes,
    step: Callable[[Sequence[Any], list[Any]], list[Any]],
    carries: list[Any],
) -> list[Any]:
    """``step(place, carries)`` at every entry of one window, in row-major order."""

    def go(axis: int, place: list[Any], values: list[Any]) -> list[Any]:
        if axis == len(window):
            return step(place, values)
        at, d = place[axis], dilation[axis]
        if window[axis] == 1:
            return go(axis + 1, place, values)
        if math.prod(window) <= WRITTEN_OUT:
            for k in range(window[axis]):
                moved = [*place[:axis], at + k * d, *place[axis + 1 :]]
                values = go(axis + 1, moved, values)
            return values
        with b.loop(0, ctx.extent(window[axis]).base, carries=values) as loop:
            offset = Index(b, loop.index) * ctx.extent(d).base
            moved = [*place[:axis], at + offset, *place[axis + 1 :]]
            loop.next = go(axis + 1, moved, loop.carries)
        return list(loop.results)

    return go(0, list(corner), carries)


def check_windows_of(
    x: ShapedArray, window: Axes, strides: Axes, dilation: Axes
) -> None:
    """Raise unless there is one positive number for every axis."""
    given = (window, strides, dilation)
    if any(len(numbers) != x.ndim or min(numbers, default=1) < 1 for numbers in given):
        raise errors.ShapeError(
            errors.message(
                "a window has one positive extent, stride and dilation for every axis.",
                where=user_frame(),
                got=f"{x}, window {window}, strides {strides}, dilation {dilation}",
                see=errors.ShapeError.page,
            )
        )


def parameters(window: Axes, strides: Axes, dilation: Axes) -> dict[str, Axes]:
    """The parameters of all these primitives."""
    return {"window": window, "strides": strides, "dilation": dilation}


SHAPES = (
    ((5, 7), parameters((2, 3), (1, 2), (2, 1))),
    ((9,), parameters((3,), (2,), (3,))),
    ((2, 25, 2), parameters((1, 20, 1), (1, 2, 1), (1, 1, 1))),
    ((9, 8), parameters((5, 4), (2, 5), (1, 1))),
    ((3, 2), parameters((4, 1), (1, 1), (1, 1))),
    ((), parameters((), (), ())),
)
"""Shapes and windows that all of them are checked on."""
EXTREME_CASES = (
    *(case(distinct(shape), **given) for shape, given in SHAPES),
    case(integers((6,)), **parameters((3,), (1,), (1,))),
    case(booleans((6,)), **parameters((3,), (1,), (1,))),
    case(
        array([1.0, np.nan, 3.0, 2.0]), **parameters((2,), (1,), (1,))
    ).without_differences(),
)


class WindowPlace(WithoutDerivative):
    """Where in ``x``, counted in row-major order, the first extreme of a window is."""

    numpy: ClassVar[Callable[..., Any]]
    order: ClassVar[str]
    cases = EXTREME_CASES

    def evaluate(self, x: Any, *, window: Axes, strides: Axes, dilation: Axes) -> Any:
        x = np.asarray(x)
        views = window_views(x, window, strides, dilation)
        shape = views.shape[: x.ndim]
        if 0 in shape:
            return np.zeros(shape, INT64)
        found = type(self).numpy(views.reshape(*shape, math.prod(window)), axis=-1)
        inside = np.unravel_index(found, window) if window else ()
        place = np.zeros(shape, INT64)
        for axis, within in enumerate(inside):
            column = [-1 if k == axis else 1 for k in range(x.ndim)]
            corner = np.arange(shape[axis]).reshape(column) * strides[axis]
            step = math.prod(x.shape[axis + 1 :])
            place = place + (corner + within * dilation[axis]) * step
        return place

    def abstract_eval(
        self, x: ShapedArray, *, window: Axes, strides: Axes, dilation: Axes
    ) -> ShapedArray:
        if x.dtype.kind not in KINDS:
            raise wrong_kind(self.name, x.dtype, KINDS)
        check_windows_of(x, window, strides, dilation)
        return ShapedArray(window_places(x.shape, window, strides, dilation), INT64)

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
        """Places count within one example: the examples before are taken off."""
        x = move_axis_to_front(operands[0], dims[0])
        more: Any = {"strides": (1, *strides), "dilation": (1, *dilation)}
        places = self.bind(x, window=(1, *window), **more)
        shape = typeof(places).shape
        before = mul(broadcasted_iota(INT64, shape, 0), math.prod(typeof(x).shape[1:]))
        return sub(places, before), 0

    def lower(
        self, ctx: Any, x: Any, *, window: Axes, strides: Axes, dilation: Axes
    ) -> Any:
        shape = window_places(x.shape, window, strides, dilation)
        if 0 in shape:
            return ctx.buffer(shape, INT64)
        steps = ctx.strides(x.shape)

        def entry(b: Any, idx: Sequence[Any], read: Any) -> Any:
            corner = [i * s for i, s in zip(idx, strides, strict=True)]
            first = read(0, corner)

            def number(place: Sequence[Any]) -> Any:
                total = Index(b, 0, 0, first.lanes)
                for i, step in zip(place, steps, strict=True):
                    total = total + i * step
                return total.value(b)

            def step(place: Sequence[Any], values: list[Any]) -> list[Any]:
                best, where = values
                value = read(0, place)
                better = b.cmp(self.order, value, best)
                if value.dtype.kind == "f":
                    is_new = b.and_(b.is_nan(value), b.not_(b.is_nan(best)))
                    better = b.or_(better, is_new)
                return [
                    b.select(better, value, best),
                    b.select(better, number(place), where),
                ]

            start = [first, number(corner)]
            return over_window(ctx, b, corner, window, dilation, step, start)[1]

        return ctx.compute(shape, INT64, entry, [x], cost=4 * math.prod(window))


class WindowArgmax(WindowPlace):
    """Where the largest entry of a window is."""

    name = "reduce_window_argmax"
    numpy = np.argmax
    order = "gt"


class WindowArgmin(WindowPlace):
    """Where the smallest entry of a window is."""

    name = "reduce_window_argmin"
    numpy = np.argmin
    order = "lt"
