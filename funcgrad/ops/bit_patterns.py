"""The bits of numbers: read as another dtype, and rounded to fewer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad import errors
from funcgrad.compiler.lower.nodes import Buffer
from funcgrad.core.aval import ShapedArray
from funcgrad.core.dtypes import canonical_dtype
from funcgrad.core.primitive import Primitive
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.ops.cases import array, case, integers
from funcgrad.ops.elementwise import wrong_kind
from funcgrad.ops.structural import WithoutDerivative, move_axis_to_front

DType = np.dtype[Any]
_CORNERS = np.array([0.0, -0.0, 1.0, -1.5, 1e-30, 3e38, np.inf, -np.inf, 1 / 3])


class BitcastConvertType(WithoutDerivative):
    """The same bits read as another dtype; a last axis splits or joins entries."""

    name = "bitcast_convert_type"
    cases = (
        case(integers((5,), dtype=np.int32), new_dtype=np.dtype(np.float32)),
        case(integers((), dtype=np.int64), new_dtype=np.dtype(np.uint64)),
        case(integers((3, 2), dtype=np.int64), new_dtype=np.dtype(np.int16)),
        case(integers((30, 4), dtype=np.uint16), new_dtype=np.dtype(np.int64)),
        case(integers((0, 2), dtype=np.int32), new_dtype=np.dtype(np.int64)),
    )

    def evaluate(self, x: Any, *, new_dtype: DType) -> Any:
        x = np.ascontiguousarray(x).reshape(np.shape(x))
        shape = _recast_shape(x.shape, x.dtype, new_dtype)
        flat = x.reshape(-1).view(new_dtype) if x.size else np.empty(0, new_dtype)
        return flat.reshape(shape)[()]

    def abstract_eval(self, x: ShapedArray, *, new_dtype: DType) -> ShapedArray:
        _check_recast(x, new_dtype)
        return ShapedArray(_recast_shape(x.shape, x.dtype, new_dtype), new_dtype)

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        new_dtype: DType,
    ) -> Any:
        x = move_axis_to_front(operands[0], dims[0])
        return self.bind(x, new_dtype=new_dtype), 0

    def lower(self, ctx: Any, x: Any, *, new_dtype: DType) -> Any:
        if x.dtype.itemsize == new_dtype.itemsize:
            return ctx.map(lambda b, v: b.bitcast(v, new_dtype), x, dtype=new_dtype)
        shape = _recast_shape(x.shape, x.dtype, new_dtype)
        if 0 in shape:
            return ctx.buffer(shape, new_dtype)
        memory = ctx.materialize(x)
        strides = ctx.strides(shape)
        return Buffer(memory.ptr, shape, new_dtype, strides, memory.allocation)


def _check_recast(x: ShapedArray, new_dtype: DType) -> None:
    for dtype in (x.dtype, new_dtype):
        if dtype.kind not in "iuf":
            raise wrong_kind("bitcast_convert_type", dtype, "iuf")
    ratio = new_dtype.itemsize // x.dtype.itemsize
    if ratio > 1 and x.shape[-1:] != (ratio,):
        raise errors.ShapeError(
            errors.message(
                f"the last axis can not be joined to entries of {new_dtype}.",
                where=user_frame(),
                got=str(x),
                expected=f"a last axis of extent {ratio}",
                see=errors.ShapeError.page,
            )
        )


def _recast_shape(shape: Sequence[Any], old: DType, new: DType) -> tuple[Any, ...]:
    if old.itemsize == new.itemsize:
        return tuple(shape)
    if old.itemsize > new.itemsize:
        return (*shape, old.itemsize // new.itemsize)
    return tuple(shape[:-1])


bitcast_convert_type_p = BitcastConvertType()


def bitcast_convert_type(operand: Any, new_dtype: Any) -> Any:
    """The bits of an array read as another dtype.

    Parameters
    ----------
    operand : array
        Of integers or floats.
    new_dtype : dtype
        Of integers or floats. If it is narrower, the answer has one more axis with the
        parts of each entry; if it is wider, the last axis has the parts.

    Returns
    -------
    array
        It has no derivative.

    Raises
    ------
    DTypeError
        For bool and complex numbers.
    ShapeError
        If the last axis does not hold the parts of an entry.

    Examples
    --------
    >>> bitcast_convert_type(np.float32(1.0), np.int32)
    np.int32(1065353216)
    """
    dtype = canonical_dtype(new_dtype)
    _check_recast(typeof(operand), dtype)
    return bitcast_convert_type_p.bind(operand, new_dtype=dtype)


class ReducePrecision(Primitive):
    """Entries rounded to a format of fewer bits; the derivative is one."""

    name = "reduce_precision"
    cases = (
        case((5, 7), exponent_bits=5, mantissa_bits=10).without_differences(),
        case((3,), exponent_bits=8, mantissa_bits=7).without_differences(),
        case((3,), exponent_bits=11, mantissa_bits=52),
        case(array(_CORNERS), exponent_bits=4, mantissa_bits=3).without_differences(),
        case(array(_CORNERS), exponent_bits=8, mantissa_bits=0).without_differences(),
    )

    def evaluate(self, x: Any, *, exponent_bits: int, mantissa_bits: int) -> Any:
        x = np.asarray(x)
        whole = np.dtype(f"u{x.dtype.itemsize}")
        bits = np.atleast_1d(x).view(whole)
        c = _Constants(x.dtype, exponent_bits, mantissa_bits)
        one = whole.type
        size, sign = bits & one(c.magnitude), bits & one(c.sign)
        if c.dropped:
            odd = (size >> one(c.dropped)) & one(1)
            size = (size + odd + one(c.half - 1)) & one(c.kept)
        if c.narrow:
            size = np.where(size >= one(c.too_large), one(c.infinite), size)
            size = np.where(size < one(c.smallest), one(0), size)
        rounded = (size | sign).view(x.dtype).reshape(x.shape)
        return np.where(np.isfinite(x), rounded, x)[()]

    def abstract_eval(
        self, x: ShapedArray, *, exponent_bits: int, mantissa_bits: int
    ) -> ShapedArray:
        if x.dtype.kind != "f":
            raise wrong_kind(self.name, x.dtype, "f")
        if exponent_bits < 1 or mantissa_bits < 0:
            raise errors.ConfigError(
                errors.message(
                    "a format has at least one bit for the exponent and none less than "
                    "zero for the mantissa.",
                    where=user_frame(),
                    got=f"{exponent_bits} and {mantissa_bits}",
                    see=errors.ConfigError.page,
                )
            )
        return x.update()

    def jvp(
        self,
        primals: Sequence[Any],
        tangents: Sequence[Any],
        *,
        exponent_bits: int,
        mantissa_bits: int,
    ) -> Any:
        given: Any = {"exponent_bits": exponent_bits, "mantissa_bits": mantissa_bits}
        return self.bind(*primals, **given), tangents[0]

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        exponent_bits: int,
        mantissa_bits: int,
    ) -> Any:
        given: Any = {"exponent_bits": exponent_bits, "mantissa_bits": mantissa_bits}
        return self.bind(operands[0], **given), dims[0]

    def lower(self, ctx: Any, x: Any, *, exponent_bits: int, mantissa_bits: int) -> Any:
        whole = np.dtype(f"u{x.dtype.itemsize}")
        c = _Constants(x.dtype, exponent_bits, mantissa_bits)

        def entry(b: Any, v: Any) -> Any:
            def number(value: int) -> Any:
                return b.const(whole, value, v.lanes)

            bits = b.bitcast(v, whole)
            size = b.and_(bits, number(c.magnitude))
            if c.dropped:
                odd = b.and_(b.lshr(size, number(c.dropped)), number(1))
                size = b.and_(
                    b.add(b.add(size, odd), number(c.half - 1)), number(c.kept)
                )
            if c.narrow:
                large = b.cmp("ge", size, number(c.too_large))
                size = b.select(large, number(c.infinite), size)
                small = b.cmp("lt", size, number(c.smallest))
                size = b.select(small, number(0), size)
            rounded = b.bitcast(b.or_(size, b.and_(bits, number(c.sign))), x.dtype)
            return b.select(b.is_finite(v), rounded, v)

        return ctx.map(entry, x, dtype=x.dtype, cost=6)


class _Constants:
    """Bit patterns that rounding to another format needs."""

    def __init__(self, dtype: DType, exponent_bits: int, mantissa_bits: int) -> None:
        info = np.finfo(dtype)
        mantissa, width = info.nmant, 8 * dtype.itemsize
        self.sign = 1 << (width - 1)
        self.magnitude = self.sign - 1
        self.dropped = max(0, mantissa - mantissa_bits)
        self.half = 1 << self.dropped >> 1
        self.kept = self.magnitude & ~((1 << self.dropped) - 1)
        bias = (1 << (width - mantissa - 2)) - 1
        own = (1 << (exponent_bits - 1)) - 1
        self.narrow = own < bias
        self.infinite = (2 * bias + 1) << mantissa
        self.too_large = (bias + own + 1) << mantissa
        self.smallest = (bias - own + 1) << mantissa


reduce_precision_p = ReducePrecision()


def reduce_precision(operand: Any, exponent_bits: int, mantissa_bits: int) -> Any:
    """Entries rounded to what a floating-point format of fewer bits holds.

    Parameters
    ----------
    operand : array of floats
    exponent_bits, mantissa_bits : int
        8 and 7 are bfloat16. Ties go to even; what is too large becomes infinite, what
        is smaller than a normal number of the format becomes zero.

    Returns
    -------
    array, shape and dtype of ``operand``
        Its derivative is one: that of the entries before they are rounded.

    Raises
    ------
    DTypeError
        If these are not real floats.
    ConfigError
        If there are fewer bits than a format has.

    Examples
    --------
    >>> float(reduce_precision(np.float32(1.2345), 8, 7))
    1.234375
    """
    return reduce_precision_p.bind(
        operand, exponent_bits=int(exponent_bits), mantissa_bits=int(mantissa_bits)
    )
