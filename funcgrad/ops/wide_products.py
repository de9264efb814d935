"""Products of integers beyond their width, and of rows with matrices by groups."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad import errors
from funcgrad.core.dtypes import canonical_dtype
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.ops.arithmetic import add, mul, sub
from funcgrad.ops.bitwise import bitwise_and, shift_right_logical
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.comparison import eq, le, lt
from funcgrad.ops.contraction import dot_general
from funcgrad.ops.cumulative import cumsum
from funcgrad.ops.elementwise import broadcast_and_promote, wrong_kind
from funcgrad.ops.iota import full
from funcgrad.ops.selection import select_n
from funcgrad.ops.structural import broadcast_in_dim, reduce_sum, reshape

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def mulhi(x: Any, y: Any, /) -> Any:
    """The upper half of the product of integers: ``floor(x * y / 2**width)``.

    Parameters
    ----------
    x, y : array of integers
        Broadcast and promoted.

    Returns
    -------
    array

    Raises
    ------
    DTypeError
        If these are not integers.

    Examples
    --------
    >>> mulhi(np.uint64(2**63), np.uint64(6))
    np.uint64(3)
    """
    x, y = broadcast_and_promote(x, y)
    dtype = typeof(x).dtype
    if dtype.kind not in "iu":
        raise wrong_kind("mulhi", dtype, "iu")
    width = 8 * dtype.itemsize
    if width < 64:
        wide = np.dtype(np.int64 if dtype.kind == "i" else np.uint64)
        product = mul(convert_element_type(x, wide), convert_element_type(y, wide))
        return convert_element_type(
            shift_right_logical(product, wide.type(width)), dtype
        )
    upper = convert_element_type(
        _upper(*(convert_element_type(v, np.uint64) for v in (x, y))), dtype
    )
    if dtype.kind == "u":
        return upper
    # A negative number is its unsigned pattern minus 2**64.
    for one, other in ((x, y), (y, x)):
        upper = sub(upper, select_n(lt(one, 0), mul(other, 0), other))
    return upper


def _upper(x: Any, y: Any) -> Any:
    """The upper 64 bits of the product of unsigned integers, from halves."""
    (a, b), (c, d) = (
        (shift_right_logical(v, _HALF), bitwise_and(v, _LOW)) for v in (x, y)
    )
    low, cross, other = mul(b, d), mul(a, d), mul(b, c)
    middle = add(
        add(shift_right_logical(low, _HALF), bitwise_and(cross, _LOW)),
        bitwise_and(other, _LOW),
    )
    parts = [shift_right_logical(v, _HALF) for v in (cross, other, middle)]
    total = mul(a, c)
    for part in parts:
        total = add(total, part)
    return total


def ragged_dot(
    lhs: Any,
    rhs: Any,
    group_sizes: Any,
    precision: Any = None,
    preferred_element_type: Any = None,
    group_offset: Any = None,
) -> Any:
    """Products of rows with the matrix of their group.

    Parameters
    ----------
    lhs : array, shape (m, k)
        The rows of a group follow each other.
    rhs : array, shape (groups, k, n)
    group_sizes : integer array, shape (groups,)
        Rows after the last group give zeros.
    precision : optional
        Taken for compatibility.
    preferred_element_type : dtype, optional
    group_offset : None
        As in JAX there are no others yet.

    Returns
    -------
    array, shape (m, n)

    Raises
    ------
    ShapeError
        If the shapes do not fit together.

    Examples
    --------
    >>> x, w = np.ones((3, 2)), np.stack([np.eye(2), 2 * np.eye(2)])
    >>> ragged_dot(x, w, np.array([1, 2])).tolist()
    [[1.0, 1.0], [2.0, 2.0], [2.0, 2.0]]
    """
    left, right, sizes = (typeof(v).shape for v in (lhs, rhs, group_sizes))
    if group_offset is not None or not (
        len(left) == 2
        and len(right) == 3
        and left[1:] == right[1:2]
        and sizes == right[:1]
    ):
        raise errors.ShapeError(
            errors.message(
                "`ragged_dot` takes (m, k), (groups, k, n) and (groups,), no offset.",
                where=user_frame(),
                got=", ".join(str(typeof(v)) for v in (lhs, rhs, group_sizes)),
                see=errors.ShapeError.page,
            )
        )
    (m, k), (groups, _, n) = left, right
    stops = cumsum(convert_element_type(group_sizes, np.int64), 0)
    rows = np.arange(m)
    over = le(
        broadcast_in_dim(stops, (m, groups), (1,)),
        broadcast_in_dim(rows, (m, groups), (0,)),
    )
    own = reduce_sum(convert_element_type(over, np.int64), (1,))
    mine = eq(
        broadcast_in_dim(own, (m, groups, k), (0,)),
        broadcast_in_dim(np.arange(groups), (m, groups, k), (1,)),
    )
    spread = broadcast_in_dim(lhs, (m, groups, k), (0, 2))
    placed = select_n(
        mine,
        full((m, groups, k), 0, typeof(lhs).dtype),
        spread,
    )
    flat = reshape(placed, (m, groups * k))
    kind = (
        None
        if preferred_element_type is None
        else canonical_dtype(preferred_element_type)
    )
    return dot_general(
        flat,
        reshape(rhs, (groups * k, n)),
        (((1,), (0,)), ((), ())),
        preferred_element_type=kind,
    )
