"""Linear systems, inverses and least squares."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from funcgrad import ops
from funcgrad.core.trace import typeof
from funcgrad.numpy.dispatch import given, promote, to_array, traces
from funcgrad.numpy.indexing import where
from funcgrad.numpy.linalg.operands import (
    adjoint,
    as_matrices,
    common_lead,
    identity_like,
    matrix_shape_error,
    with_leading_axes,
)
from funcgrad.ops import linalg as kernels
from funcgrad.ops.control.custom_rules import custom_jvp


@traces(np.linalg.solve)
def solve(a: Any, b: Any) -> Any:
    """X with ``a @ X = b``; NaN where a traced ``a`` is singular."""
    matrices = as_matrices(a, square=True)
    right = to_array(b)
    vector = typeof(right).ndim == 1
    right = right[:, None] if vector else right
    matrices, right = promote([matrices, as_matrices(right)])
    if typeof(matrices).shape[-1] != typeof(right).shape[-2]:
        raise matrix_shape_error(
            "`solve`: the right side has another number of rows than the matrix.",
            f"{typeof(matrices).shape} and {typeof(right).shape}",
            "shapes (..., n, n) and (n,) or (..., n, k)",
        )
    lead = common_lead("solve", matrices, right)
    x = kernels.solve(with_leading_axes(matrices, lead), with_leading_axes(right, lead))
    return x[..., 0] if vector else x


@traces(np.linalg.inv)
def inv(a: Any) -> Any:
    """Inverse of square matrices; NaN where a traced one is singular."""
    x = as_matrices(a, square=True)
    return kernels.solve(x, identity_like(x))


@traces(np.linalg.pinv)
def pinv(
    a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = None
) -> Any:
    """Moore-Penrose inverse without singular values below ``rtol`` of the largest.

    Derivative: Golub & Pereyra 1973 (doi:10.1137/0710036), for constant rank.
    """
    x = as_matrices(a)
    if 0 in typeof(x).shape:
        return np.swapaxes(to_array(a), -1, -2)
    limit = rcond if given(rcond) else rtol if given(rtol) else None
    if limit is None:
        width = 1e-15 if not given(rtol) else max(typeof(x).shape[-2:])
        limit = width if width < 1 else width * np.finfo(typeof(x).dtype).eps
    cutoff = to_array(limit, np.float64)
    return _pseudo_inverse(x, ops.stop_gradient(cutoff))


@custom_jvp
def _pseudo_inverse(a: Any, cutoff: Any) -> Any:
    u, s, vh = kernels.svd(a, full_matrices=False)
    limit = np.asarray(cutoff)[..., None] if isinstance(cutoff, np.ndarray) else cutoff
    if typeof(cutoff).ndim:
        limit = cutoff[..., None]
    large = s > limit * np.max(s, axis=-1, keepdims=True)
    inverse = where(large, 1 / where(large, s, 1.0), 0.0)
    return np.matmul(adjoint(vh) * inverse[..., None, :], adjoint(u))


@_pseudo_inverse.defjvp
def _pseudo_inverse_jvp(primals: Any, tangents: Any) -> Any:
    a, cutoff = primals
    t = tangents[0]
    p = _pseudo_inverse(a, cutoff)
    th, ph = adjoint(t), adjoint(p)
    rows = np.matmul(p, np.matmul(ph, th))
    columns = np.matmul(th, np.matmul(ph, p))
    tangent = -np.matmul(p, np.matmul(t, p))
    tangent = tangent + rows - np.matmul(np.matmul(rows, a), p)
    return p, tangent + columns - np.matmul(p, np.matmul(a, columns))


@traces(np.linalg.lstsq)
def lstsq(a: Any, b: Any, rcond: Any = None) -> Any:
    """Solution of smallest norm that minimises ``|a @ x - b|``.

    Also the squared residuals (none if there are no more rows than columns), the rank
    and the singular values.
    """
    x = as_matrices(a)
    right = to_array(b)
    vector = typeof(right).ndim == 1
    right = right[:, None] if vector else right
    x, right = promote([x, as_matrices(right)])
    rows, columns = typeof(x).shape
    if rows != typeof(right).shape[0]:
        raise matrix_shape_error(
            "`lstsq`: the right side has another number of rows than the matrix.",
            f"{typeof(x).shape} and {typeof(right).shape}",
            "shapes (m, n) and (m,) or (m, k)",
        )
    if rcond is None:
        rcond = np.finfo(typeof(x).dtype).eps * max(rows, columns)
    s = kernels.svd(x, compute_uv=False, full_matrices=False)
    rank = np.sum(s > rcond * np.max(s, initial=0.0)).astype(np.int32)
    solution = np.matmul(pinv(x, rcond), right)
    left = right - np.matmul(x, solution)
    squares = np.sum(np.real(left * np.conjugate(left)), axis=0)
    residuals = squares if rows > columns else squares[:0]
    return (solution[:, 0] if vector else solution), residuals, rank, s


@traces(np.linalg.tensorinv)
def tensorinv(a: Any, ind: int = 2) -> Any:
    """Inverse of a tensor under ``tensordot`` over its first ``ind`` axes."""
    x = to_array(a)
    shape = typeof(x).shape
    if ind <= 0:
        raise ValueError("Invalid ind argument.")
    rest = math.prod(shape[ind:])
    inverse = inv(ops.reshape(x, (rest, typeof(x).size // max(rest, 1))))
    return ops.reshape(inverse, (*shape[ind:], *shape[:ind]))


@traces(np.linalg.tensorsolve)
def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    """X with ``tensordot(a, X, X.ndim) = b``."""
    x, right = to_array(a), to_array(b)
    rank = typeof(x).ndim
    if axes is not None:
        order = [i for i in range(rank) if i not in axes]
        x = ops.transpose(x, (*order, *axes))
    shape = typeof(x).shape[-(rank - typeof(right).ndim) :]
    size = math.prod(shape)
    if typeof(right).size != size:
        raise matrix_shape_error(
            "`tensorsolve`: the last axes of `a` do not hold what `b` does.",
            f"{typeof(x).shape} and {typeof(right).shape}",
            "prod(a.shape[b.ndim:]) == prod(a.shape[:b.ndim])",
        )
    flat = solve(ops.reshape(x, (size, size)), ops.reshape(right, (size,)))
    return ops.reshape(flat, shape)


@traces(np.linalg.matrix_power)
def matrix_power(a: Any, n: int) -> Any:
    """``a @ a @ ... @ a``, ``n`` times, by squaring; the inverse for negative ``n``."""
    x = to_array(a)
    if typeof(x).ndim < 2 or typeof(x).shape[-1] != typeof(x).shape[-2]:
        raise matrix_shape_error(
            "`matrix_power` takes square matrices.",
            f"an array of shape {typeof(x).shape}",
            "a shape (..., n, n)",
        )
    if n == 0:
        return identity_like(x)
    if n < 0:
        x, n = inv(x), -n
    result = None
    while n:
        if n % 2:
            result = x if result is None else np.matmul(result, x)
        n //= 2
        x = np.matmul(x, x) if n else x
    return result
