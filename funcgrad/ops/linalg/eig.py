"""Eigenvalues and eigenvectors of general matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad.compiler.kernels.eig import eig_text
from funcgrad.core.aval import ShapedArray
from funcgrad.core.dtypes import complex_dtype
from funcgrad.core.primitive import Primitive
from funcgrad.core.trace import typeof
from funcgrad.core.vspace import Zero, zero_like
from funcgrad.ops.arg_extremes import argmax
from funcgrad.ops.arithmetic import add, div, mul, neg
from funcgrad.ops.cases import case
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.comparison import eq
from funcgrad.ops.complex_parts import abs, complex, conj, imag, real
from funcgrad.ops.iota import broadcasted_iota
from funcgrad.ops.linalg.eigh import inverse_differences
from funcgrad.ops.linalg.lu import lu, lu_solve
from funcgrad.ops.linalg.matrices import (
    check_matrices,
    diagonal,
    for_each_matrix,
    matmul,
    run_on_matrices,
    spread_matrices,
)
from funcgrad.ops.selection import select_n
from funcgrad.ops.structural import (
    broadcast_in_dim,
    move_axis_to_front,
    reduce_sum,
)


class Eig(Primitive):
    """Complex eigenvalues in LAPACK's order and, if asked, eigenvectors as columns.

    Vectors have norm 1 and a real largest entry. Derivative: ``dw = diag(P)`` and ``dV
    = V (F * P)``, with ``P = V^-1 dA V`` and ``F = 1 / (w_j - w_i)`` (Giles 2008), less
    what would change norm and phase. Of equal eigenvalues the vectors are not defined;
    their part of the derivative is taken as zero.
    """

    name = "eig"
    multiple_results = True
    # The sign that LAPACK gives to a vector is not what the derivative holds fixed.
    cases = (
        case(spread_matrices((2, 2)), vectors=True).without_differences(),
        case(spread_matrices((2, 2, 2)), vectors=True).without_differences(),
        case(spread_matrices((1, 1)), vectors=True),
        case(spread_matrices((3, 3)), vectors=False),
        case(spread_matrices((2, 2, 2)), vectors=False),
    )

    def evaluate(self, a: Any, *, vectors: bool) -> list[Any]:
        dtype = complex_dtype(np.asarray(a).dtype)

        # Loaded when first used: SciPy's linear algebra is large. It is the LAPACK that
        # compiled code calls, so that vectors have the same signs.
        import scipy.linalg

        def decompose(matrix: Any) -> Sequence[Any]:
            try:
                found = scipy.linalg.eig(matrix, right=vectors)
                parts = found if vectors else [found]
                return [part.astype(dtype) for part in parts]
            except (np.linalg.LinAlgError, ValueError):
                values = np.full(matrix.shape[0], np.nan, dtype)
                return [values, np.full(matrix.shape, np.nan, dtype)][: 1 + vectors]

        return for_each_matrix(decompose, np.asarray(a))

    def abstract_eval(self, a: ShapedArray, *, vectors: bool) -> list[ShapedArray]:
        check_matrices("eig", a, square=True)
        dtype = complex_dtype(a.dtype)
        shapes = [a.shape[:-1], a.shape][: 1 + vectors]
        return [ShapedArray(shape, dtype) for shape in shapes]

    def jvp(
        self, primals: Sequence[Any], tangents: Sequence[Any], *, vectors: bool
    ) -> Any:
        (a,), (t,) = primals, tangents
        if type(t) is Zero:
            found = self.bind(a, vectors=vectors)
            return found, [zero_like(y) for y in found]
        w, v = self.bind(a, vectors=True)
        t = convert_element_type(t, typeof(v).dtype)
        factors, _, permutation = lu(v)
        inside = lu_solve(factors, permutation, matmul(t, v))
        tw = diagonal(inside)
        if not vectors:
            return [w], [tw]
        turned = matmul(v, mul(inverse_differences(w), inside))
        return [w, v], [tw, _of_this_norm_and_phase(v, turned)]

    def batch(
        self, size: int, operands: Sequence[Any], dims: Sequence[Any], *, vectors: bool
    ) -> Any:
        a = move_axis_to_front(operands[0], dims[0])
        return self.bind(a, vectors=vectors), [0] * (1 + vectors)

    def lower(self, ctx: Any, a: Any, *, vectors: bool) -> list[Any]:
        n = a.shape[-1]
        dtype = complex_dtype(a.dtype)
        shapes = [((n,), dtype), ((n, n), dtype)][: 1 + vectors]
        return run_on_matrices(
            ctx, eig_text(a.dtype, vectors=vectors), [a], shapes, [n]
        )


def _of_this_norm_and_phase(v: Any, t: Any) -> Any:
    """Tangents of vectors that keep their norm, and their largest entry real."""
    aval = typeof(v)
    rows = aval.ndim - 2
    if not aval.shape[-1]:
        return t
    length = real(reduce_sum(mul(conj(v), t), (rows,)))
    largest = argmax(abs(v), rows, np.int64)
    axes = (*range(rows), rows + 1)
    number = broadcasted_iota(np.int64, aval.shape, rows)
    chosen = eq(number, broadcast_in_dim(largest, aval.shape, axes))
    turn = reduce_sum(select_n(chosen, 0.0, imag(t)), (rows,))
    at = reduce_sum(select_n(chosen, 0.0, real(v)), (rows,))
    factor = neg(complex(length, div(turn, at)))
    return add(t, mul(v, broadcast_in_dim(factor, aval.shape, axes)))


eig_p = Eig()


def eig(a: Any) -> tuple[Any, Any]:
    """Eigenvalues and right eigenvectors of square matrices.

    Parameters
    ----------
    a : array, shape (..., n, n)

    Returns
    -------
    tuple of arrays
        Eigenvalues in no order, shape (..., n), and eigenvectors as columns, shape
        (..., n, n), of norm 1 with a real largest entry; complex both.

    Examples
    --------
    >>> import numpy as np
    >>> w, v = eig(np.array([[0.0, 1.0], [-1.0, 0.0]]))
    >>> w.tolist()
    [1j, -1j]
    """
    check_matrices("eig", typeof(a), square=True)
    w, v = eig_p.bind(a, vectors=True)
    return w, v


def eigvals(a: Any) -> Any:
    """Eigenvalues of square matrices, complex, in no order.

    Parameters
    ----------
    a : array, shape (..., n, n)

    Examples
    --------
    >>> import numpy as np
    >>> eigvals(np.array([[2.0, 1.0], [0.0, 3.0]])).tolist()
    [(2+0j), (3+0j)]
    """
    check_matrices("eig", typeof(a), square=True)
    return eig_p.bind(a, vectors=False)[0]
