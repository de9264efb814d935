"""Running sums, products and extremes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from funcgrad import errors
from funcgrad.core.aval import ShapedArray
from funcgrad.core.primitive import Primitive
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.core.vspace import Zero, zero_like
from funcgrad.ops.arithmetic import strong_mul, sub
from funcgrad.ops.cases import array, case, distinct, integers
from funcgrad.ops.comparison import eq
from funcgrad.ops.elementwise import wrong_kind
from funcgrad.ops.exponential import exp
from funcgrad.ops.recurrence import linear_recurrence_p, lower_running, shifted
from funcgrad.ops.selection import where
from funcgrad.ops.structural import LinearInOne, move_axis_to_front


def _accumulate(x: Any, axis: int, reverse: bool, ufunc: np.ufunc) -> Any:
    x = np.asarray(x)
    if reverse:
        x = np.flip(x, axis)
    result = ufunc.accumulate(x, axis, x.dtype)
    return np.flip(result, axis) if reverse else result


class Cumulative(Primitive):
    """Reductions of all beginnings of ``x`` along ``axis``, or of ends."""

    ufunc: ClassVar[np.ufunc]
    kinds: ClassVar[str] = "iufc"
    cases: ClassVar[Sequence[Any]] = (
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
        return lower_running(ctx, [x], axis, reverse, lambda b, v: v, self.step)


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
    """Running product along ``axis``; derivatives are exact at zeros too.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import lax
    >>> lax.cumprod(np.array([1.0, 2.0, 3.0]), 0)
    array([1., 2., 6.])
    """
    return cumprod_p.bind(x, axis=axis, reverse=reverse)


def cummax(x: Any, axis: int, *, reverse: bool = False) -> Any:
    """Running maximum along ``axis``.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import lax
    >>> lax.cummax(np.array([1, 3, 2]), 0)
    array([1, 3, 3])
    """
    return cummax_p.bind(x, axis=axis, reverse=reverse)


def cummin(x: Any, axis: int, *, reverse: bool = False) -> Any:
    """Running minimum along ``axis``.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import lax
    >>> lax.cummin(np.array([3, 1, 2]), 0)
    array([3, 1, 1])
    """
    return cummin_p.bind(x, axis=axis, reverse=reverse)


def cumlogsumexp(x: Any, axis: int, *, reverse: bool = False) -> Any:
    """Running ``log(sum(exp(x)))`` along ``axis``.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import lax
    >>> lax.cumlogsumexp(np.array([0.0, 0.0, 1000.0]), 0)
    array([0.00000000e+00, 6.93147181e-01, 1.00000000e+03])
    """
    return cumlogsumexp_p.bind(x, axis=axis, reverse=reverse)
