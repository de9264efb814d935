"""Eigenvalues and eigenvectors of Hermitian matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad.compiler.kernels.eigh import eigh_text
from funcgrad.core.aval import ShapedArray
from funcgrad.core.dtypes import real_dtype
from funcgrad.core.primitive import Primitive
from funcgrad.core.trace import typeof
from funcgrad.core.vspace import Zero, zero_like
from funcgrad.ops.arithmetic import add, div, mul, sub
from funcgrad.ops.cases import case
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.comparison import eq
from funcgrad.ops.complex_parts import real
from funcgrad.ops.linalg.matrices import (
    adjoint,
    check_matrices,
    definite,
    diagonal,
    diagonal_part,
    for_each_matrix,
    lower_triangle,
    matmul,
    run_on_matrices,
    upper_triangle,
)
from funcgrad.ops.selection import select_n
from funcgrad.ops.structural import broadcast_in_dim, move_axis_to_front


class Eigh(Primitive):
    """Eigenvalues in ascending order and eigenvectors as columns; reads one triangle.

    Derivative: ``dw = diag(V^H dA V)`` and ``dV = V (F * V^H dA V)`` with ``F = 1 /
    (w_j - w_i)`` (Giles 2008). Of equal eigenvalues the vectors are not defined; their
    part of the derivative is taken as zero.
    """

    name = "eigh"
    multiple_results = True
    # The phase that LAPACK gives to a vector is not what the derivative holds fixed.
    cases = tuple(
        c.without_differences()
        for c in (
            case(definite((3, 3)), lower=True),
            case(definite((2, 2, 2)), lower=False),
            case(definite((1, 1)), lower=True),
            case(definite((7, 7)), lower=True),
        )
    )

    def evaluate(self, a: Any, *, lower: bool) -> list[Any]:
        part: Any = "L" if lower else "U"

        def decompose(matrix: Any) -> Sequence[Any]:
            try:
                return np.linalg.eigh(matrix, part)
            except np.linalg.LinAlgError:
                values = np.full(matrix.shape[0], np.nan, real_dtype(matrix.dtype))
                return values, np.full_like(matrix, np.nan)

        return for_each_matrix(decompose, np.asarray(a))

    def abstract_eval(self, a: ShapedArray, *, lower: bool) -> list[ShapedArray]:
        check_matrices("eigh", a, square=True)
        return [ShapedArray(a.shape[:-1], real_dtype(a.dtype)), a.update()]

    def jvp(
        self, primals: Sequence[Any], tangents: Sequence[Any], *, lower: bool
    ) -> Any:
        (a,), (t,) = primals, tangents
        w, v = self.bind(a, lower=lower)
        if type(t) is Zero:
            return [w, v], [zero_like(w), zero_like(v)]
        inside = matmul(adjoint(v), matmul(_hermitian(t, lower), v))
        gaps = convert_element_type(inverse_differences(w), typeof(v).dtype)
        tv = matmul(v, mul(gaps, inside))
        return [w, v], [real(diagonal(inside)), tv]

    def batch(
        self, size: int, operands: Sequence[Any], dims: Sequence[Any], *, lower: bool
    ) -> Any:
        a = move_axis_to_front(operands[0], dims[0])
        return self.bind(a, lower=lower), [0, 0]

    def lower(self, ctx: Any, a: Any, *, lower: bool) -> list[Any]:
        n = a.shape[-1]
        kernel = eigh_text(a.dtype, lower=lower)
        shapes = [((n,), real_dtype(a.dtype)), ((n, n), a.dtype)]
        return run_on_matrices(ctx, kernel, [a], shapes, [n])


def _hermitian(t: Any, lower: bool) -> Any:
    """The Hermitian matrix that has this triangle."""
    strict = lower_triangle(t, -1) if lower else upper_triangle(t, 1)
    middle = convert_element_type(real(diagonal_part(t)), typeof(t).dtype)
    return add(add(strict, adjoint(strict)), middle)


def inverse_differences(w: Any) -> Any:
    """``1 / (w[j] - w[i])`` for every i and j, and zero where they are equal."""
    *lead, n = typeof(w).shape
    shape = (*lead, n, n)
    rank = len(shape)
    along = range(rank - 2)
    columns = broadcast_in_dim(w, shape, (*along, rank - 1))
    rows = broadcast_in_dim(w, shape, (*along, rank - 2))
    gaps = sub(columns, rows)
    equal = eq(gaps, 0)
    return select_n(equal, div(1, select_n(equal, gaps, 1)), 0)


eigh_p = Eigh()


def eigh(a: Any, *, lower: bool = True) -> tuple[Any, Any]:
    """Eigenvalues and eigenvectors of Hermitian matrices.

    Parameters
    ----------
    a : array, shape (..., n, n)
    lower : bool
        Which triangle is read.

    Returns
    -------
    tuple of arrays
        Eigenvalues in ascending order, real, shape (..., n), and eigenvectors as
        columns, shape (..., n, n).

    Examples
    --------
    >>> import numpy as np
    >>> w, v = eigh(np.array([[2.0, 1.0], [1.0, 2.0]]))
    >>> w.tolist()
    [1.0, 3.0]
    """
    check_matrices("eigh", typeof(a), square=True)
    w, v = eigh_p.bind(a, lower=lower)
    return w, v
