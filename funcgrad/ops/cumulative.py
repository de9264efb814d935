"""Running sums, products, extremes, and the recurrence that their tangents obey."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from funcgrad import errors
from funcgrad.compiler.index import Index
from funcgrad.compiler.nodes import Register, is_small
from funcgrad.core.aval import ShapedArray
from funcgrad.core.primitive import Primitive
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.core.vspace import Zero, add_tangents, zero_like
from funcgrad.ops.arithmetic import mul, strong_mul, sub
from funcgrad.ops.cases import array, case, distinct, integers
from funcgrad.ops.comparison import eq
from funcgrad.ops.elementwise import wrong_kind
from funcgrad.ops.exponential import exp
from funcgrad.ops.selection import where
from funcgrad.ops.slicing import pad
from funcgrad.ops.structural import LinearInOne, align_batch, move_axis_to_front

Step = Callable[..., Any]
"""``step(b, carry, *entries)``: one step of a running operation."""


def shifted(x: Any, axis: int, fill: Any, *, reverse: bool = False) -> Any:
    """Each entry's predecessor along ``axis``; ``fill`` where there is none."""
    config = [(0, 0, 0)] * typeof(x).ndim
    config[axis] = (-1, 1, 0) if reverse else (1, -1, 0)
    if typeof(x).shape[axis] == 0:
        return x
    return pad(x, fill, config)


def _accumulate(x: Any, axis: int, reverse: bool, ufunc: np.ufunc) -> Any:
    x = np.asarray(x)
    if reverse:
        x = np.flip(x, axis)
    result = ufunc.accumulate(x, axis, x.dtype)
    return np.flip(result, axis) if reverse else result


def _lower_running(
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
        return _lower_running(
            ctx,
            [a, b],
            axis,
            reverse,
            lambda b, _, term: term,
            lambda b, h, factor, term: b.add(b.mul(factor, h), term),
        )


linear_recurrence_p = LinearRecurrence()


class Cumulative(Primitive):
    """Reductions of all beginnings of ``x`` along ``axis``, or of ends."""

    ufunc: ClassVar[np.ufunc]
    kinds: ClassVar[str] = "iufc"
    cases = (
        case(distinct((4,)), axis=0, reverse=False),
        case(distinct((3, 2)), axis=0, reverse=True),
        case(distinct((2, 9, 2)), axis=1, reverse=False),
        case(distinct((2, 9)), axis=1, reverse=True),
        case((0, 2), axis=0, reverse=False),
    )

    def step(self, b: Any, total: Any, x: Any) -> Any:
        """One step on register values."""
        raise NotImplementedError

    def evaluate(self, x: Any, *, axis: int, reverse: bool) -> Any:
        return _accumulate(x, axis, reverse, self.ufunc)

    def abstract_eval(self, x: ShapedArray, *, axis: int, reverse: bool) -> ShapedArray:
        if x.dtype.kind not in self.kinds:
            raise wrong_kind(self.name, x.dtype, self.kinds)
        if not 0 <= axis < x.ndim:
            raise errors.AxisError(
                errors.message(
                    f"`{self.name}` is asked for an axis that the array does not have.",
                    where=user_frame(),
                    got=f"axis {axis} of {x}",
                    expected=f"0 to {x.ndim - 1}",
                    see=errors.AxisError.page,
                )
            )
        return x.update()

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        axis: int,
        reverse: bool,
    ) -> Any:
        x = move_axis_to_front(operands[0], dims[0])
        return self.bind(x, axis=axis + 1, reverse=reverse), 0

    def lower(self, ctx: Any, x: Any, *, axis: int, reverse: bool) -> Any:
        return _lower_running(ctx, [x], axis, reverse, lambda b, v: v, self.step)


class Cumsum(Cumulative, LinearInOne):
    """Running sum; its transpose runs the other way."""

    name = "cumsum"
    ufunc = np.add
    cases = (*Cumulative.cases, case(integers((4,)), axis=0, reverse=False))

    def step(self, b: Any, total: Any, x: Any) -> Any:
        return b.add(total, x)

    def transpose(self, ct: Any, x: Any, *, axis: int, reverse: bool) -> list[Any]:
        return [self.bind(ct, axis=axis, reverse=not reverse)]


class CumulativeByRecurrence(Cumulative):
    """A running operation whose tangent obeys a linear recurrence."""

    def recurrence(self, x: Any, y: Any, axis: int, reverse: bool) -> tuple[Any, Any]:
        """Coefficients of the tangent before and of the entry's own tangent."""
        raise NotImplementedError

    def jvp(
        self,
        primals: Sequence[Any],
        tangents: Sequence[Any],
        *,
        axis: int,
        reverse: bool,
    ) -> Any:
        (x,), (t,) = primals, tangents
        y = self.bind(x, axis=axis, reverse=reverse)
        if type(t) is Zero:
            return y, zero_like(y)
        before, own = self.recurrence(x, y, axis, reverse)
        terms = strong_mul(t, own)
        return y, linear_recurrence_p.bind(before, terms, axis=axis, reverse=reverse)


class Cumprod(CumulativeByRecurrence):
    """Running product."""

    name = "cumprod"
    ufunc = np.multiply
    cases = (
        *Cumulative.cases,
        case(array([2.0, 0.0, 3.0, 0.0, 1.0]), axis=0, reverse=False),
    )

    def step(self, b: Any, total: Any, x: Any) -> Any:
        return b.mul(total, x)

    def recurrence(self, x: Any, y: Any, axis: int, reverse: bool) -> tuple[Any, Any]:
        return x, shifted(y, axis, 1, reverse=reverse)


class CumulativeExtremum(CumulativeByRecurrence):
    """Running extreme; where an entry equals the one before, each has half."""

    kinds = "iuf"

    def recurrence(self, x: Any, y: Any, axis: int, reverse: bool) -> tuple[Any, Any]:
        previous = shifted(y, axis, np.nan, reverse=reverse)
        one = np.ones((), typeof(y).dtype)[()]
        half = where(eq(x, previous), 0.5 * one, 0 * one)
        kept = where(eq(y, previous), where(eq(x, previous), half, one), half)
        return kept, sub(1, kept)


class Cummax(CumulativeExtremum):
    """Running maximum, NaN from the first NaN on."""

    name = "cummax"
    ufunc = np.maximum

    def step(self, b: Any, total: Any, x: Any) -> Any:
        return b.max(total, x)


class Cummin(CumulativeExtremum):
    """Running minimum, NaN from the first NaN on."""

    name = "cummin"
    ufunc = np.minimum

    def step(self, b: Any, total: Any, x: Any) -> Any:
        return b.min(total, x)


class Cumlogsumexp(CumulativeByRecurrence):
    """Running logarithm of the sum of exponentials, without overflow."""

    name = "cumlogsumexp"
    ufunc = np.logaddexp
    kinds = "f"

    def step(self, b: Any, total: Any, x: Any) -> Any:
        return b.math("logaddexp", total, x)

    def recurrence(self, x: Any, y: Any, axis: int, reverse: bool) -> tuple[Any, Any]:
        previous = shifted(y, axis, -np.inf, reverse=reverse)
        # Where all so far is -inf nothing has weight; avoids -inf - -inf.
        finite = where(eq(y, -np.inf), 0.0, y)
        return exp(sub(previous, finite)), exp(sub(x, finite))


cumsum_p = Cumsum()
cumprod_p = Cumprod()
cummax_p = Cummax()
cummin_p = Cummin()
cumlogsumexp_p = Cumlogsumexp()


def cumsum(x: Any, axis: int, *, reverse: bool = False) -> Any:
    """Running sum along ``axis`` (from 0); from the end with ``reverse``.

    Examples
    --------
    >>> import numpy as np
    >>> cumsum(np.array([1, 2, 3]), 0, reverse=True)
    array([6, 5, 3])
    """
    return cumsum_p.bind(x, axis=axis, reverse=reverse)


def cumprod(x: Any, axis: int, *, reverse: bool = False) -> Any:
    """Running product along ``axis``; derivatives are exact at zeros too."""
    return cumprod_p.bind(x, axis=axis, reverse=reverse)


def cummax(x: Any, axis: int, *, reverse: bool = False) -> Any:
    """Running maximum along ``axis``."""
    return cummax_p.bind(x, axis=axis, reverse=reverse)


def cummin(x: Any, axis: int, *, reverse: bool = False) -> Any:
    """Running minimum along ``axis``."""
    return cummin_p.bind(x, axis=axis, reverse=reverse)


def cumlogsumexp(x: Any, axis: int, *, reverse: bool = False) -> Any:
    """Running ``log(sum(exp(x)))`` along ``axis``."""
    return cumlogsumexp_p.bind(x, axis=axis, reverse=reverse)


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
