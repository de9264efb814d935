"""Native code that sorts rows of arrays, or finds the places that would."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad.compiler.emit.value import Value
from funcgrad.compiler.kernels.kernel_text import KernelText
from funcgrad.compiler.kernels.partition import partition_text, sort_parts_text
from funcgrad.compiler.kernels.sorting import (
    argsort_text,
    places_of_keys_text,
    sort_text,
)
from funcgrad.ops.kernel_calls import run_in_chunks, run_kernel

INT64 = np.dtype(np.int64)
UINT64 = np.dtype(np.uint64)
_WITH_KEYS = frozenset("int32 int64 uint32 uint64 float16 float32 float64".split())
"""The dtypes whose places are found by keys; NumPy sorts the smaller by radix."""
_SPLIT = _WITH_KEYS - {"float16"}
_LONG, _PARTS, _SAMPLE = 1 << 16, 2, 1024
"""Rows from which on sorting goes by parts, and the sample that tells where."""
_PRICE = 2
"""What halving the places open to an entry costs, in additions."""
_SHORT = 32
"""Rows up to which NumPy's own search for places costs less than making keys."""


def sorted_along(ctx: Any, x: Any, axis: int) -> Any:
    """Entries in increasing order along an axis."""
    rows = with_axis_last(ctx, x, axis)
    out = ctx.buffer(rows.shape, x.dtype)
    _sort_into(ctx, out, rows, x.dtype)
    return with_last_axis_at(ctx, out, axis)


def places_along(ctx: Any, x: Any, axis: int) -> Any:
    """Places of the entries in increasing order along an axis; equal ones in turn."""
    rows = with_axis_last(ctx, x, axis)
    if x.dtype.name in _WITH_KEYS and _SHORT < rows.shape[-1] < 2**31:
        out = _places_by_keys(ctx, rows)
    else:
        out = ctx.buffer(rows.shape, INT64)
        _run_in_chunks(ctx, argsort_text(x.dtype), out, [rows])
    return with_last_axis_at(ctx, out, axis)


def _sort_into(ctx: Any, out: Any, rows: Any, dtype: np.dtype[Any]) -> None:
    """Sort rows into memory; a long row in two parts, which threads may share."""
    extent = rows.shape[-1]
    if math.prod(rows.shape) > extent or extent < _LONG or dtype.name not in _SPLIT:
        _run_in_chunks(ctx, sort_text(dtype), out, [rows])
        return
    parts = ctx.buffer((_PARTS + 1,), INT64)
    sizes = [extent, _SAMPLE]
    run_kernel(ctx, partition_text(dtype), [out, parts], [rows], sizes)
    cost = _PRICE * extent * extent.bit_length() // _PARTS
    kernel = sort_parts_text(dtype)
    run_in_chunks(ctx, kernel, [], [out, parts], [_PARTS], cost, whole=[0])


def with_axis_last(ctx: Any, x: Any, axis: int) -> Any:
    """The array with one axis behind the others."""
    rank = x.ndim
    if axis == rank - 1:
        return x
    shape = (*x.shape[:axis], *x.shape[axis + 1 :], x.shape[axis])
    return ctx.view(
        x, shape, lambda idx: [*idx[:axis], idx[rank - 1], *idx[axis : rank - 1]]
    )


def with_last_axis_at(ctx: Any, x: Any, axis: int) -> Any:
    """The array with its last axis at another place."""
    if axis == x.ndim - 1:
        return x
    shape = (*x.shape[:axis], x.shape[-1], *x.shape[axis:-1])
    return ctx.view(x, shape, lambda idx: [*idx[:axis], *idx[axis + 1 :], idx[axis]])


def _run_in_chunks(
    ctx: Any, kernel: KernelText, out: Any, operands: Sequence[Any], *words: int
) -> None:
    extent = out.shape[-1]
    sizes = [math.prod(out.shape[:-1]), extent, *words]
    cost = _PRICE * extent * extent.bit_length()
    run_in_chunks(ctx, kernel, [out], operands, sizes, cost)


def _places_by_keys(ctx: Any, rows: Any) -> Any:
    """Sort whole numbers that have the place of an entry in their low bits.

    Their other bits are the leading ones of the entry's distance from the least of
    its row. These decide between nearly all entries; where they do not, NumPy's
    stable search puts the few in order.
    """
    axis, places = rows.ndim - 1, (rows.shape[-1] - 1).bit_length()
    keys = ctx.map(_key, rows, dtype=INT64, cost=6)
    bounds = [ctx.reduce(op, keys, (axis,)) for op in ("min", "max")]
    width = ctx.const(np.int64(places))
    drops = ctx.map(_excess, *bounds, width, dtype=INT64, cost=4)

    def joined(b: Any, idx: Sequence[Any], read: Any) -> Value:
        low, drop = (read(k, idx[:-1]) for k in (1, 2))
        distance = b.bitcast(b.sub(read(0, idx), low), UINT64)
        leading = b.lshr(distance, b.bitcast(drop, UINT64))
        place = b.bitcast(idx[axis].value(b), UINT64)
        shifted = b.shl(leading, b.bitcast(read(3, []), UINT64))
        return b.or_(shifted, place)

    operands = [keys, bounds[0], drops, width]
    packed = ctx.compute(rows.shape, UINT64, joined, operands, cost=4)
    out = ctx.buffer(rows.shape, INT64)
    _sort_into(ctx, out, packed, UINT64)
    kernel = places_of_keys_text(rows.dtype)
    _run_in_chunks(ctx, kernel, out, [rows, drops], places)
    return out


def _key(b: Any, x: Value) -> Value:
    """A signed number for each entry, in NumPy's order: all NaN are one, and last."""
    dtype = x.dtype
    if dtype.kind == "u":
        half = 1 << (8 * dtype.itemsize - 1)
        x = b.xor(x, b.const(dtype, half, x.lanes))
        return b.convert(b.bitcast(x, f"i{dtype.itemsize}"), INT64)
    if dtype.kind == "i":
        return b.convert(x, INT64)
    whole = np.dtype(f"i{dtype.itemsize}")
    # Adding zero makes zeros equal; the bits of a negative number fall as it rises.
    bits = b.bitcast(b.add(x, b.zero(dtype, x.lanes)), whole)
    sign = b.ashr(bits, 8 * dtype.itemsize - 1)
    key = b.xor(bits, b.and_(sign, np.iinfo(whole).max))
    key = b.select(b.is_nan(x), b.const(whole, np.iinfo(whole).max, x.lanes), key)
    return b.convert(key, INT64)


def _excess(b: Any, low: Value, high: Value, places: Value) -> Value:
    """How many bits of the distances in a row leave no room for the places."""
    room = b.clz(b.sub(high, low))
    missing = b.sub(places, room)
    return b.max(missing, b.zero(INT64, missing.lanes))
