"""Products of vectors, matrices and tensors, all over one contraction."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad import errors, ops
from funcgrad.core.numpy_protocol import defines_method, defines_operator
from funcgrad.core.trace import shape_of, typeof
from funcgrad.numpy.axes import canonical_axis, ordered_axes, shape_error
from funcgrad.numpy.dispatch import promote, to_array, traces
from funcgrad.numpy.shape import moveaxis, ravel
from funcgrad.ops.casting import share_dtype
from funcgrad.ops.elementwise import broadcast_shapes


def contract(
    a: Any,
    b: Any,
    contracting: tuple[Sequence[int], Sequence[int]],
    batch: tuple[Sequence[int], Sequence[int]] = ((), ()),
) -> Any:
    """Batch axes, the free ones of ``a``, the free ones of ``b``; the others summed."""
    numbers = tuple((tuple(left), tuple(right)) for left, right in (contracting, batch))
    return ops.dot_general(a, b, numbers)


def _mismatch(name: str, a: Any, b: Any) -> errors.ShapeError:
    return shape_error(
        f"the shapes do not fit `{name}`.",
        f"{typeof(a).shape} and {typeof(b).shape}",
        "equal extents along the axes that are summed over",
    )


def _pair(a: Any, b: Any) -> list[Any]:
    return [a, b] if share_dtype(a, b) else promote([to_array(a), to_array(b)])


@traces(np.dot)
@defines_method("dot")
def dot(a: Any, b: Any, out: Any = None) -> Any:
    """Sum over the last axis of ``a`` and the last but one of ``b``."""
    x, y = _pair(a, b)
    left, right = shape_of(x), shape_of(y)
    ranks = len(left), len(right)
    if 0 in ranks:
        return x * y
    axis = max(ranks[1] - 2, 0)
    if left[-1] != right[axis]:
        raise _mismatch("dot", x, y)
    return contract(x, y, ((ranks[0] - 1,), (axis,)))


def multiply_matrices(a: Any, b: Any) -> Any:
    """``a @ b`` for operands of one dtype: matrices in the last two axes."""
    left, right = shape_of(a), shape_of(b)
    ranks = len(left), len(right)
    if 0 in ranks:
        raise shape_error(
            "`matmul` does not take operands without axes.",
            f"{left} and {right}",
            "vectors, matrices or stacks of matrices",
            "x * y, or numpy.dot(x, y)",
        )
    if left[-1] != right[max(ranks[1] - 2, 0)]:
        raise _mismatch("matmul", a, b)
    if ranks[0] <= 2 and ranks[1] <= 2:
        return contract(a, b, ((ranks[0] - 1,), (max(ranks[1] - 2, 0),)))
    row, column = ranks[0] == 1, ranks[1] == 1
    if column:
        return _stack_by_vector(a, b)
    if row:
        return _stack_by_vector(ops.transpose(b, _last_two_swapped(ranks[1])), a)
    return _stacks(a, b)


def _last_two_swapped(rank: int) -> list[int]:
    return [*range(rank - 2), rank - 1, rank - 2]


def _stack_by_vector(a: Any, v: Any) -> Any:
    return contract(a, v, ((typeof(a).ndim - 1,), (0,)))


def _stacks(a: Any, b: Any) -> Any:
    """Stacks of matrices; an axis that only one operand has is a free one."""
    lead_a, lead_b = typeof(a).shape[:-2], typeof(b).shape[:-2]
    if not lead_b:
        rank = typeof(a).ndim
        return contract(a, b, ((rank - 1,), (0,)))
    lead = broadcast_shapes(lead_a, lead_b)
    a = ops.broadcast_to(a, (*lead, *typeof(a).shape[-2:]))
    b = ops.broadcast_to(b, (*lead, *typeof(b).shape[-2:]))
    n = len(lead)
    return contract(a, b, ((n + 1,), (n,)), (range(n), range(n)))


@defines_operator("matmul")
def _matmul_operator(a: Any, b: Any) -> Any:
    return multiply_matrices(*_pair(a, b))


def vector_dot(a: Any, b: Any) -> Any:
    """Sum of ``conj(a) * b`` over the last axis, other axes broadcast."""
    if typeof(a).shape[-1:] != typeof(b).shape[-1:]:
        raise _mismatch("vecdot", a, b)
    a = np.conjugate(a) if typeof(a).dtype.kind == "c" else a
    lead = broadcast_shapes(typeof(a).shape[:-1], typeof(b).shape[:-1])
    n, extent = len(lead), typeof(a).shape[-1]
    a, b = (ops.broadcast_to(v, (*lead, extent)) for v in (a, b))
    return contract(a, b, ((n,), (n,)), (range(n), range(n)))


def matrix_by_vector(a: Any, v: Any) -> Any:
    """Matrices in the last two axes times vectors in the last one."""
    return multiply_matrices(a, v[..., None])[..., 0]


def vector_by_matrix(v: Any, a: Any) -> Any:
    """Conjugated vectors in the last axis times matrices in the last two."""
    v = np.conjugate(v) if typeof(v).dtype.kind == "c" else v
    return multiply_matrices(v[..., None, :], a)[..., 0, :]


@traces(np.vdot)
def vdot(a: Any, b: Any, /) -> Any:
    """Sum of ``conj(a) * b`` over all entries."""
    x, y = _pair(a, b)
    if typeof(x).size != typeof(y).size:
        raise _mismatch("vdot", x, y)
    return vector_dot(ravel(x), ravel(y))


@traces(np.inner)
def inner(a: Any, b: Any, /) -> Any:
    """Sum over the last axes of both."""
    x, y = _pair(a, b)
    if 0 in (typeof(x).ndim, typeof(y).ndim):
        return x * y
    if typeof(x).shape[-1] != typeof(y).shape[-1]:
        raise _mismatch("inner", x, y)
    return contract(x, y, ((typeof(x).ndim - 1,), (typeof(y).ndim - 1,)))


@traces(np.outer)
def outer(a: Any, b: Any, out: Any = None) -> Any:
    """Products of every entry of ``a`` with every entry of ``b``."""
    x, y = _pair(ravel(a), ravel(b))
    return x[:, None] * y[None, :]


@traces(np.tensordot)
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """Sum over pairs of axes, or over the last of ``a`` and the first of ``b``."""
    x, y = _pair(a, b)
    if np.ndim(axes) == 0:
        count = operator.index(axes)
        rank = typeof(x).ndim
        left, right = tuple(range(rank - count, rank)), tuple(range(count))
    else:
        left = ordered_axes(axes[0], typeof(x).ndim)
        right = ordered_axes(axes[1], typeof(y).ndim)
    extents = [typeof(x).shape[i] for i in left], [typeof(y).shape[i] for i in right]
    if extents[0] != extents[1]:
        raise _mismatch("tensordot", x, y)
    return contract(x, y, (left, right))


@traces(np.kron)
def kron(a: Any, b: Any) -> Any:
    """Kronecker product: blocks of ``b`` scaled by the entries of ``a``."""
    x, y = _pair(a, b)
    rank = max(typeof(x).ndim, typeof(y).ndim)
    left = (1,) * (rank - typeof(x).ndim) + typeof(x).shape
    right = (1,) * (rank - typeof(y).ndim) + typeof(y).shape
    wide = ops.reshape(x, tuple(n for extent in left for n in (extent, 1)))
    fine = ops.reshape(y, tuple(n for extent in right for n in (1, extent)))
    return ops.reshape(
        wide * fine, tuple(m * n for m, n in zip(left, right, strict=True))
    )


@traces(np.cross)
def cross(
    a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: Any = None
) -> Any:
    """Cross product of vectors with two or three components."""
    if axis is not None:
        axisa = axisb = axisc = axis
    x, y = _pair(a, b)
    x, y = moveaxis(x, axisa, -1), moveaxis(y, axisb, -1)
    sizes = typeof(x).shape[-1], typeof(y).shape[-1]
    if not set(sizes) <= {2, 3}:
        raise shape_error(
            "`cross` takes vectors with two or three components.",
            f"{sizes[0]} and {sizes[1]} components",
        )
    x0, x1, y0, y1 = x[..., 0], x[..., 1], y[..., 0], y[..., 1]
    last = x0 * y1 - x1 * y0
    if sizes == (2, 2):
        return last
    x2 = x[..., 2] if sizes[0] == 3 else np.zeros((), typeof(x).dtype)
    y2 = y[..., 2] if sizes[1] == 3 else np.zeros((), typeof(y).dtype)
    parts = [x1 * y2 - x2 * y1, x2 * y0 - x0 * y2, last]
    return np.stack(parts, axis=canonical_axis(axisc, typeof(last).ndim + 1))
