"""LU factorisation with partial pivoting, and the solution of linear systems by it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad.compiler.kernels.lu import getrf_text, solve_text
from funcgrad.compiler.lower.index import Index
from funcgrad.core.aval import ShapedArray
from funcgrad.core.primitive import Primitive
from funcgrad.core.trace import typeof
from funcgrad.core.vspace import Zero, add_tangents, zero_like
from funcgrad.ops.arithmetic import add, neg
from funcgrad.ops.cases import case
from funcgrad.ops.indexing import gather
from funcgrad.ops.linalg.matrices import (
    check_matrices,
    for_each_matrix,
    invertible,
    lower_triangle,
    matmul,
    on_diagonal,
    run_on_matrices,
    upper_triangle,
)
from funcgrad.ops.linalg.small import (
    is_small_matrix,
    lower_small_lu,
    lower_small_solve,
)
from funcgrad.ops.linalg.triangular_solve import check_system, triangular_solve
from funcgrad.ops.selection import select_n
from funcgrad.ops.slicing import pad_with_zeros, strided_slice
from funcgrad.ops.structural import align_batch, move_axis_to_front, reshape
from funcgrad.ops.windows import GatherDimensionNumbers

INT32 = np.dtype(np.int32)


class LU(Primitive):
    """``A[permutation] = L @ U``: both factors in one matrix, pivots, permutation.

    L has ones on its diagonal, which are not stored. Row i was swapped with row
    ``pivots[i]``. Derivative: de Hoog, Anderssen & Lukas 2011,
    doi:10.1016/j.laa.2010.12.013; rectangular matrices are bordered by the identity.
    """

    name = "lu"
    multiple_results = True
    cases = (
        case(invertible((3, 3))),
        case(invertible((2, 3, 3))),
        case((4, 2)),
        case((2, 4)),
        case(invertible((9, 9))),
        case((0, 0)),
    )

    def evaluate(self, a: Any) -> list[Any]:
        return for_each_matrix(_factors, np.asarray(a))

    def abstract_eval(self, a: ShapedArray) -> list[ShapedArray]:
        check_matrices("lu", a)
        *lead, m, n = a.shape
        return [
            a.update(),
            ShapedArray((*lead, min(m, n)), INT32),
            ShapedArray((*lead, m), INT32),
        ]

    def jvp(self, primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
        (t,) = tangents
        lu, pivots, permutation = self.bind(*primals)
        results = [lu, pivots, permutation]
        rest = [zero_like(pivots), zero_like(permutation)]
        if type(t) is Zero:
            return results, [zero_like(lu), *rest]
        lower, upper = _bordered(lu)
        change = permuted_rows(t, permutation)
        change = triangular_solve(
            lower, change, left_side=True, lower=True, unit_diagonal=True
        )
        change = triangular_solve(upper, change, left_side=False)
        t_lower = matmul(lower, lower_triangle(change, -1))
        t_upper = matmul(upper_triangle(change), upper)
        return results, [add(t_lower, t_upper), *rest]

    def batch(self, size: int, operands: Sequence[Any], dims: Sequence[Any]) -> Any:
        return self.bind(move_axis_to_front(operands[0], dims[0])), [0, 0, 0]

    def lower(self, ctx: Any, a: Any) -> list[Any]:
        *lead, m, n = a.shape
        k = min(m, n)
        if is_small_matrix(a.shape):
            lu, pivots = lower_small_lu(ctx, a)
        else:
            shapes = [((m, n), a.dtype), ((k,), INT32)]
            lu, pivots = run_on_matrices(ctx, getrf_text(a.dtype), [a], shapes, [m, n])
        return [lu, pivots, _lower_permutation(ctx, pivots, lead, m, k)]


def _factors(a: Any) -> list[Any]:
    m = a.shape[0]
    # Loaded when first used: SciPy's linear algebra is large.
    from scipy.linalg.lapack import get_lapack_funcs

    if a.size:
        lu, pivots, _ = get_lapack_funcs("getrf", dtype=a.dtype)(a)
    else:
        lu, pivots = a, np.zeros(0, INT32)
    permutation = np.arange(m, dtype=INT32)
    for i, pivot in enumerate(pivots):
        permutation[[i, pivot]] = permutation[[pivot, i]]
    return [np.ascontiguousarray(lu), pivots.astype(INT32), permutation]


def _lower_permutation(ctx: Any, pivots: Any, lead: Any, m: int, k: int) -> Any:
    """Apply the swaps to 0, 1, ..., m - 1."""
    out = ctx.buffer((*lead, m), INT32)
    if math.prod(out.shape) == 0:
        return out

    def permute(b: Any, place: Sequence[Any]) -> None:
        with b.loop(0, ctx.extent(m).base) as loop:
            at = Index(b, loop.index)
            out.store(b, [*place, at], b.convert(loop.index, INT32))
        with b.loop(0, ctx.extent(k).base) as loop:
            here = [*place, Index(b, loop.index)]
            pivot = b.convert(pivots.load(b, here), np.dtype(np.int64))
            there = [*place, Index.of(pivot, b)]
            first, second = out.load(b, here), out.load(b, there)
            out.store(b, here, second)
            out.store(b, there, first)

    ctx.for_each(tuple(lead), permute)
    return out


def _bordered(lu: Any) -> tuple[Any, Any]:
    """L and U as square matrices, bordered by the identity where A is not square."""
    aval = typeof(lu)
    *lead, m, n = aval.shape
    k = min(m, n)
    none = [(0, 0, 0)] * len(lead)
    low = [0] * len(lead)
    lower = strided_slice(lu, [*low, 0, 0], [*lead, m, k])
    lower = pad_with_zeros(lower, [*none, (0, 0, 0), (0, m - k, 0)])
    upper = strided_slice(lu, [*low, 0, 0], [*lead, k, n])
    upper = pad_with_zeros(upper, [*none, (0, n - k, 0), (0, 0, 0)])
    upper = upper_triangle(upper)
    one = np.ones((), aval.dtype)[()]
    lower = select_n(on_diagonal(lower), lower_triangle(lower, -1), one)
    if n > k:
        upper = select_n(on_diagonal(upper, k), upper, one)
    return lower, upper


def permuted_rows(b: Any, permutation: Any) -> Any:
    """``b[permutation]`` for every matrix of a stack."""
    *lead, n, k = typeof(b).shape
    rank = len(lead)
    batch = tuple(range(rank))
    numbers = GatherDimensionNumbers((rank + 1,), (rank,), (rank,), batch, batch)
    positions = reshape(permutation, (*lead, n, 1))
    return gather(
        b, positions, numbers, (*[1] * (rank + 1), k), mode="promise_in_bounds"
    )


lu_p = LU()


class Solve(Primitive):
    """X with ``A @ X = B``, NaN where A is singular.

    ``dX = A^-1 (dB - dA X)``: one LU factorisation serves the answer and its tangent.
    """

    name = "solve"
    cases = (
        case(invertible((3, 3)), (3, 2)),
        case(invertible((2, 3, 3)), (2, 3, 1)),
        case(invertible((9, 9)), (9, 2)),
        case(invertible((0, 0)), (0, 2)),
    )

    def evaluate(self, a: Any, b: Any) -> Any:
        a, b = np.asarray(a), np.asarray(b)
        try:
            return np.linalg.solve(a, b)
        except np.linalg.LinAlgError:
            return for_each_matrix(_solution_or_nan, a, b)[0]

    def abstract_eval(self, a: ShapedArray, b: ShapedArray) -> ShapedArray:
        check_matrices("solve", a, square=True)
        check_system("solve", a, b)
        return b.update()

    def jvp(self, primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
        (a, b), (ta, tb) = primals, tangents
        lu, _, permutation = lu_p.bind(a)
        x = lu_solve(lu, permutation, b)
        right = tb
        if type(ta) is not Zero:
            right = add_tangents(right, neg(matmul(ta, x)))
        if type(right) is Zero:
            return x, zero_like(x)
        return x, lu_solve(lu, permutation, right)

    def batch(self, size: int, operands: Sequence[Any], dims: Sequence[Any]) -> Any:
        a, b = (align_batch(x, d, size) for x, d in zip(operands, dims, strict=True))
        return self.bind(a, b), 0

    def lower(self, ctx: Any, a: Any, b: Any) -> Any:
        if 0 in b.shape:
            return b
        if is_small_matrix(a.shape):
            return lower_small_solve(ctx, a, b)
        n, k = b.shape[-2:]
        kernel = solve_text(a.dtype)
        return run_on_matrices(ctx, kernel, [a, b], [((n, k), b.dtype)], [n, k])[0]


def _solution_or_nan(a: Any, b: Any) -> list[Any]:
    try:
        return [np.linalg.solve(a, b)]
    except np.linalg.LinAlgError:
        return [np.full_like(b, np.nan)]


solve_p = Solve()


def lu(a: Any) -> tuple[Any, Any, Any]:
    """LU factors, pivots and permutation of matrices.

    Parameters
    ----------
    a : array, shape (..., m, n)

    Returns
    -------
    tuple of arrays
        L below the diagonal and U on and above it, shape (..., m, n); pivots, int32,
        shape (..., min(m, n)); permutation, int32, shape (..., m), with
        ``a[permutation] == L @ U``.

    Examples
    --------
    >>> import numpy as np
    >>> factors, _, permutation = lu(np.array([[0.0, 2.0], [4.0, 4.0]]))
    >>> factors.tolist(), permutation.tolist()
    ([[4.0, 4.0], [0.0, 2.0]], [1, 0])
    """
    check_matrices("lu", typeof(a))
    factors, pivots, permutation = lu_p.bind(a)
    return factors, pivots, permutation


def lu_solve(factors: Any, permutation: Any, b: Any) -> Any:
    """X with ``A @ X = B``, from the factors and permutation of A.

    Parameters
    ----------
    factors : array, shape (..., n, n)
    permutation : int array, shape (..., n)
    b : array, shape (..., n, k)

    Examples
    --------
    >>> import numpy as np
    >>> a = np.array([[0.0, 2.0], [4.0, 4.0]])
    >>> factors, _, permutation = lu(a)
    >>> lu_solve(factors, permutation, np.array([[2.0], [8.0]])).tolist()
    [[1.0], [1.0]]
    """
    right = permuted_rows(b, permutation)
    half = triangular_solve(
        factors, right, left_side=True, lower=True, unit_diagonal=True
    )
    return triangular_solve(factors, half, left_side=True)


def solve(a: Any, b: Any) -> Any:
    """X with ``A @ X = B``.

    Parameters
    ----------
    a : array, shape (..., n, n)
    b : array, shape (..., n, k), dtype of ``a``

    Returns
    -------
    array, shape of ``b``; NaN where ``a`` is singular

    Raises
    ------
    ShapeError
        If ``a`` is not square or ``b`` does not fit it.

    Examples
    --------
    >>> import numpy as np
    >>> solve(np.array([[2.0, 0.0], [0.0, 4.0]]), np.ones((2, 1))).tolist()
    [[0.5], [0.25]]
    """
    check_matrices("solve", typeof(a), square=True)
    check_system("solve", typeof(a), typeof(b))
    return solve_p.bind(a, b)
