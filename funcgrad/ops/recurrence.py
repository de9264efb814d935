"""The linear recurrence, and native code of operations that run along an axis."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad import errors
from funcgrad.compiler.lower.index import Index
from funcgrad.compiler.lower.nodes import Register, is_small
from funcgrad.core.aval import ShapedArray
from funcgrad.core.primitive import Primitive
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.core.vspace import Zero, add_tangents, zero_like
from funcgrad.ops.arithmetic import mul
from funcgrad.ops.cases import case
from funcgrad.ops.elementwise import wrong_kind
from funcgrad.ops.slicing import pad
from funcgrad.ops.structural import align_batch

Step = Callable[..., Any]
"""``step(b, carry, *entries)``: one step of a running operation."""


def shifted(x: Any, axis: int, fill: Any, *, reverse: bool = False) -> Any:
    """Each entry's predecessor along ``axis``; ``fill`` where there is none."""
    config = [(0, 0, 0)] * typeof(x).ndim
    config[axis] = (-1, 1, 0) if reverse else (1, -1, 0)
    if typeof(x).shape[axis] == 0:
        return x
    return pad(x, fill, config)


def lower_running(
    ctx: Any, operands: Sequence[Any], axis: int, reverse: bool, first: Step, step: Step
) -> Any:
    """Emit the loops; ``first(b, *entries)`` starts the carry of a row."""
    shape, dtype = operands[-1].shape, operands[-1].dtype
    if 0 in shape:
        return operands[-1]
    if is_small(shape):
        return _running_register(ctx, operands, axis, reverse, first, step)
    sources = [ctx.materialize(x) for x in operands]
    out = ctx.buffer(shape, dtype)
    last = ctx.extent(shape[axis] - 1)

    def place(idx: Sequence[Any], i: Any) -> list[Any]:
        at = last - i if reverse else i
        return [*idx[:axis], at, *idx[axis:]]

    def entries(b: Any, where_: Sequence[Any]) -> list[Any]:
        return [source.load(b, where_) for source in sources]

    def row(b: Any, idx: Sequence[Any]) -> None:
        where_ = place(idx, Index(b, 0))
        start = first(b, *entries(b, where_))
        out.store(b, where_, start)
        extent = ctx.extent(shape[axis]).base
        with b.loop(1, extent, carries=[start]) as loop:
            where_ = place(idx, Index(b, loop.index))
            value = step(b, loop.carries[0], *entries(b, where_))
            out.store(b, where_, value)
            loop.next = [value]

    def plane(b: Any, idx: Sequence[Any]) -> None:
        others = [*idx[:axis], *idx[axis + 1 :]]
        here, before = place(others, idx[axis]), place(others, idx[axis] - 1)
        value = b.if_else(
            b.cmp("eq", idx[axis].value(b), b.i64(0)),
            lambda: [first(b, *entries(b, here))],
            lambda: [step(b, out.load(b, before), *entries(b, here))],
        )[0]
        out.store(b, here, value)

    if axis == len(shape) - 1:
        ctx.for_each(shape[:-1], row)
    else:
        ctx.for_each(shape, plane)
    return out


def _running_register(
    ctx: Any, operands: Sequence[Any], axis: int, reverse: bool, first: Step, step: Step
) -> Register:
    """The same for arrays in registers: a vector of rows goes step by step."""
    b = ctx.b
    shape = operands[-1].shape
    order = np.moveaxis(np.arange(math.prod(shape)).reshape(shape), axis, 0)
    order = order.reshape(shape[axis], -1)
    if reverse:
        order = order[::-1]
    values = [ctx.value(x) for x in operands]
    rows: list[Any] = []
    for lanes in order.tolist():
        entries = [b.shuffle(v, lanes) for v in values]
        rows.append(step(b, rows[-1], *entries) if rows else first(b, *entries))
    back = np.argsort(order.ravel()).tolist()
    return Register(b.shuffle(b.concat_lanes(rows), back), shape)


class LinearRecurrence(Primitive):
    """``h[0] = b[0]``, ``h[i] = a[i] * h[i - 1] + b[i]`` along ``axis``; linear in b.

    Its transpose is the recurrence in the other direction.
    """

    name = "linear_recurrence"
    linear = True
    cases = (
        case((4,), (4,), axis=0, reverse=False),
        case((4, 3), (4, 3), axis=0, reverse=True),
        case((2, 9, 2), (2, 9, 2), axis=1, reverse=False),
        case((2, 9), (2, 9), axis=1, reverse=True),
        case((0,), (0,), axis=0, reverse=False),
    )

    def evaluate(self, a: Any, b: Any, *, axis: int, reverse: bool) -> Any:
        a, b = np.moveaxis(np.asarray(a), axis, 0), np.moveaxis(np.asarray(b), axis, 0)
        h = np.array(b)
        places = range(len(h) - 2, -1, -1) if reverse else range(1, len(h))
        for i in places:
            h[i] += a[i] * h[i + 1 if reverse else i - 1]
        return np.moveaxis(h, 0, axis)

    def abstract_eval(
        self, a: ShapedArray, b: ShapedArray, *, axis: int, reverse: bool
    ) -> ShapedArray:
        if not a.same_type(b) or not 0 <= axis < b.ndim:
            raise errors.ShapeError(
                errors.message(
                    "`linear_recurrence` takes coefficients and terms of one type.",
                    where=user_frame(),
                    got=f"{a} and {b} along axis {axis}",
                    see=errors.ShapeError.page,
                )
            )
        if b.dtype.kind not in "iufc":
            raise wrong_kind(self.name, b.dtype, "iufc")
        return b.update()

    def jvp(
        self,
        primals: Sequence[Any],
        tangents: Sequence[Any],
        *,
        axis: int,
        reverse: bool,
    ) -> Any:
        (a, _), (ta, tb) = primals, tangents
        h = self.bind(*primals, axis=axis, reverse=reverse)
        terms = tb
        if type(ta) is not Zero:
            terms = add_tangents(terms, mul(ta, shifted(h, axis, 0, reverse=reverse)))
        if type(terms) is Zero:
            return h, zero_like(h)
        return h, self.bind(a, terms, axis=axis, reverse=reverse)

    def transpose(
        self, ct: Any, a: Any, b: Any, *, axis: int, reverse: bool
    ) -> list[Any]:
        following = shifted(a, axis, 0, reverse=not reverse)
        return [None, self.bind(following, ct, axis=axis, reverse=not reverse)]

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        axis: int,
        reverse: bool,
    ) -> Any:
        a, b = (align_batch(x, d, size) for x, d in zip(operands, dims, strict=True))
        return self.bind(a, b, axis=axis + 1, reverse=reverse), 0

    def lower(self, ctx: Any, a: Any, b: Any, *, axis: int, reverse: bool) -> Any:
        return lower_running(
            ctx,
            [a, b],
            axis,
            reverse,
            lambda b, _, term: term,
            lambda b, h, factor, term: b.add(b.mul(factor, h), term),
        )


linear_recurrence_p = LinearRecurrence()


def linear_recurrence(a: Any, b: Any, axis: int, *, reverse: bool = False) -> Any:
    """``h[0] = b[0]`` and ``h[i] = a[i] * h[i - 1] + b[i]`` along ``axis``.

    Parameters
    ----------
    a, b : arrays of one shape and dtype
        ``a[0]`` is not used.
    axis : int, from 0
    reverse : bool
        From the end: ``h[i] = a[i] * h[i + 1] + b[i]``.

    Examples
    --------
    >>> import numpy as np
    >>> linear_recurrence(np.full(3, 2.0), np.ones(3), 0)
    array([1., 3., 7.])
    """
    return linear_recurrence_p.bind(a, b, axis=axis, reverse=reverse)
