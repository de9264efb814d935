"""Singular value decomposition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad import errors
from funcgrad.compiler.kernels.svd import svd_text
from funcgrad.core.aval import ShapedArray
from funcgrad.core.dtypes import real_dtype
from funcgrad.core.primitive import Primitive
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.core.vspace import Zero, zero_like
from funcgrad.ops.arithmetic import add, div, mul, sub
from funcgrad.ops.cases import case
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.comparison import eq
from funcgrad.ops.complex_parts import real
from funcgrad.ops.linalg.eigh import inverse_differences
from funcgrad.ops.linalg.matrices import (
    adjoint,
    check_matrices,
    diagonal,
    diagonal_part,
    for_each_matrix,
    matmul,
    run_on_matrices,
)
from funcgrad.ops.selection import select_n
from funcgrad.ops.structural import broadcast_in_dim, move_axis_to_front


class SVD(Primitive):
    """``A = U @ diag(s) @ Vh``, singular values in descending order.

    U and Vh are reduced, or square with ``full_matrices``; without ``compute_uv`` only
    ``s`` is given. Derivative: Giles 2008; Wan & Zhang 2019, arXiv:1909.02659, for
    complex matrices. Of equal singular values the vectors are not defined; their part
    of the derivative is taken as zero.
    """

    name = "svd"
    multiple_results = True
    # The phase that LAPACK gives to a vector is not what the derivative holds fixed.
    cases = tuple(
        c.without_differences()
        for c in (
            case((3, 3), full_matrices=False, compute_uv=True),
            case((4, 2), full_matrices=False, compute_uv=True),
            case((2, 2, 4), full_matrices=False, compute_uv=True),
        )
    ) + (
        case((3, 4), full_matrices=False, compute_uv=False),
        case((2, 5, 3), full_matrices=False, compute_uv=False),
    )

    def evaluate(self, a: Any, *, full_matrices: bool, compute_uv: bool) -> list[Any]:
        def decompose(matrix: Any) -> Sequence[Any]:
            if not compute_uv:
                return [np.linalg.svd(matrix, compute_uv=False)]
            return np.linalg.svd(matrix, full_matrices)

        def decompose_or_nan(matrix: Any) -> Sequence[Any]:
            try:
                return decompose(matrix)
            except np.linalg.LinAlgError:
                parts = decompose(np.zeros_like(matrix))
                return [np.full_like(part, np.nan) for part in parts]

        return for_each_matrix(decompose_or_nan, np.asarray(a))

    def abstract_eval(
        self, a: ShapedArray, *, full_matrices: bool, compute_uv: bool
    ) -> list[ShapedArray]:
        check_matrices("svd", a)
        *lead, m, n = a.shape
        k = min(m, n)
        values = ShapedArray((*lead, k), real_dtype(a.dtype))
        if not compute_uv:
            return [values]
        rows, columns = (m, n) if full_matrices else (k, k)
        return [
            a.update(shape=(*lead, m, rows)),
            values,
            a.update(shape=(*lead, columns, n)),
        ]

    def jvp(
        self,
        primals: Sequence[Any],
        tangents: Sequence[Any],
        *,
        full_matrices: bool,
        compute_uv: bool,
    ) -> Any:
        (a,), (t,) = primals, tangents
        if type(t) is Zero:
            found = self.bind(a, full_matrices=full_matrices, compute_uv=compute_uv)
            return found, [zero_like(y) for y in found]
        m, n = typeof(a).shape[-2:]
        if compute_uv and full_matrices and m != n:
            raise _not_differentiable(typeof(a))
        u, s, vh = self.bind(a, full_matrices=False, compute_uv=True)
        inside = matmul(adjoint(u), matmul(t, adjoint(vh)))
        ts = real(diagonal(inside))
        if not compute_uv:
            return [s], [ts]
        tu, tvh = _vector_tangents(u, s, vh, t, inside)
        return [u, s, vh], [tu, ts, tvh]

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        full_matrices: bool,
        compute_uv: bool,
    ) -> Any:
        a = move_axis_to_front(operands[0], dims[0])
        found = self.bind(a, full_matrices=full_matrices, compute_uv=compute_uv)
        return found, [0] * len(found)

    def lower(
        self, ctx: Any, a: Any, *, full_matrices: bool, compute_uv: bool
    ) -> list[Any]:
        m, n = a.shape[-2:]
        k = min(m, n)
        job: Any = "values"
        shapes: list[Any] = [((k,), real_dtype(a.dtype))]
        if compute_uv:
            job = "full" if full_matrices else "reduced"
            rows, columns = (m, n) if full_matrices else (k, k)
            shapes += [((m, rows), a.dtype), ((columns, n), a.dtype)]
        found = run_on_matrices(ctx, svd_text(a.dtype, job=job), [a], shapes, [m, n])
        return [found[1], found[0], found[2]] if compute_uv else found


def _vector_tangents(u: Any, s: Any, vh: Any, t: Any, inside: Any) -> tuple[Any, Any]:
    """Tangents of the reduced U and Vh; ``inside`` is ``U^H dA V``."""
    dtype = typeof(u).dtype
    # Of U^H dA V, Hermitian parts turn U and V alike, by 1 / (s_j - s_i); the others
    # turn them against each other, by 1 / (s_i + s_j), also where these are equal.
    sums = add(_spread(s, rows=False), _spread(s, rows=True))
    gaps = convert_element_type(mul(inverse_differences(s), 0.5), dtype)
    halves = convert_element_type(mul(_inverse(sums), 0.5), dtype)
    together = mul(gaps, add(inside, adjoint(inside)))
    apart = mul(halves, sub(inside, adjoint(inside)))
    # The imaginary part of the diagonal turns phases; U takes all of it.
    phases = diagonal_part(apart)
    turn_u = add(add(together, apart), phases)
    turn_v = add(sub(together, apart), phases)
    tu = matmul(u, turn_u)
    v = adjoint(vh)
    tv = matmul(v, turn_v)
    m, n = typeof(t).shape[-2:]
    if m > n:
        outside = matmul(t, v)
        outside = sub(outside, matmul(u, matmul(adjoint(u), outside)))
        tu = add(tu, mul(outside, _inverse(_columns_of(s, outside))))
    if n > m:
        outside = matmul(adjoint(t), u)
        outside = sub(outside, matmul(v, matmul(vh, outside)))
        tv = add(tv, mul(outside, _inverse(_columns_of(s, outside))))
    return tu, adjoint(tv)


def _spread(s: Any, *, rows: bool) -> Any:
    """Values repeated to square matrices: one for each row, or for each column."""
    *lead, k = typeof(s).shape
    rank = len(lead) + 2
    axes = (*range(rank - 2), rank - 2 if rows else rank - 1)
    return broadcast_in_dim(s, (*lead, k, k), axes)


def _columns_of(s: Any, like: Any) -> Any:
    """Values repeated to matrices like these, one for each column."""
    aval = typeof(like)
    rank = aval.ndim
    spread = broadcast_in_dim(s, aval.shape, (*range(rank - 2), rank - 1))
    return convert_element_type(spread, aval.dtype)


def _inverse(x: Any) -> Any:
    """``1 / x``, zero where ``x`` is zero."""
    zero = eq(x, 0)
    return select_n(zero, div(1, select_n(zero, x, 1)), 0)


def _not_differentiable(aval: ShapedArray) -> errors.DifferentiationError:
    return errors.DifferentiationError(
        errors.message(
            "the full U and Vh of a matrix that is not square have no derivative: some "
            "of their vectors are any that complete the basis.",
            where=user_frame(),
            got=str(aval),
            fix="svd(a, full_matrices=False)",
            see=errors.DifferentiationError.page,
        )
    )


svd_p = SVD()


def svd(a: Any, *, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """Singular values and vectors of matrices.

    Parameters
    ----------
    a : array, shape (..., m, n)
    full_matrices : bool
        Whether U and Vh are square, or have min(m, n) columns and rows.
    compute_uv : bool
        Whether they are given at all.

    Returns
    -------
    tuple of arrays ``(u, s, vh)``, or ``s``

    Raises
    ------
    DifferentiationError
        For a derivative of the vectors with ``full_matrices`` where m and n differ.

    Examples
    --------
    >>> import numpy as np
    >>> svd(np.array([[0.0, 2.0], [3.0, 0.0]]), compute_uv=False).round(6).tolist()
    [3.0, 2.0]
    """
    check_matrices("svd", typeof(a))
    found = svd_p.bind(a, full_matrices=full_matrices, compute_uv=compute_uv)
    return tuple(found) if compute_uv else found[0]
