"""Cholesky factor of Hermitian positive definite matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad.compiler.kernels.cholesky import potrf_text
from funcgrad.core.aval import ShapedArray
from funcgrad.core.primitive import Primitive
from funcgrad.core.trace import typeof
from funcgrad.core.vspace import Zero, zero_like
from funcgrad.ops.arithmetic import add, mul
from funcgrad.ops.cases import case
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.complex_parts import real
from funcgrad.ops.linalg.matrices import (
    adjoint,
    check_matrices,
    definite,
    diagonal_part,
    for_each_matrix,
    lower_triangle,
    matmul,
    on_diagonal,
    run_on_matrices,
)
from funcgrad.ops.linalg.small import is_small_matrix, lower_small_cholesky
from funcgrad.ops.linalg.triangular_solve import triangular_solve
from funcgrad.ops.selection import select_n
from funcgrad.ops.structural import move_axis_to_front


class Cholesky(Primitive):
    """Lower L with ``A = L @ L.conj().T``; reads A on and below the diagonal.

    NaN where A is not positive definite. Derivative: ``dL = L phi(L^-1 dA L^-H)``, phi
    the lower triangle with half of the diagonal (Murray 2016, arXiv:1602.07527).
    """

    name = "cholesky"
    cases = (
        case(definite((3, 3))),
        case(definite((2, 2, 2))),
        case(definite((1, 1))),
        case(definite((7, 7))),
        case(definite((0, 0))),
    )

    def evaluate(self, a: Any) -> Any:
        a = np.asarray(a)
        try:
            return np.linalg.cholesky(a)
        except np.linalg.LinAlgError:
            return for_each_matrix(_factor_or_nan, a)[0]

    def abstract_eval(self, a: ShapedArray) -> ShapedArray:
        check_matrices("cholesky", a, square=True)
        return a.update()

    def jvp(self, primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
        (t,) = tangents
        factor = self.bind(*primals)
        if type(t) is Zero:
            return factor, zero_like(factor)
        within = triangular_solve(factor, _hermitian(t), left_side=True, lower=True)
        within = adjoint(
            triangular_solve(factor, adjoint(within), left_side=True, lower=True)
        )
        half = lower_triangle(_halved_diagonal(within))
        return factor, matmul(factor, half)

    def batch(self, size: int, operands: Sequence[Any], dims: Sequence[Any]) -> Any:
        return self.bind(move_axis_to_front(operands[0], dims[0])), 0

    def lower(self, ctx: Any, a: Any) -> Any:
        if is_small_matrix(a.shape):
            return lower_small_cholesky(ctx, a)
        n = a.shape[-1]
        kernel = potrf_text(a.dtype)
        return run_on_matrices(ctx, kernel, [a], [((n, n), a.dtype)], [n])[0]


def _factor_or_nan(a: Any) -> list[Any]:
    try:
        return [np.linalg.cholesky(a)]
    except np.linalg.LinAlgError:
        return [np.full_like(a, np.nan)]


def _hermitian(t: Any) -> Any:
    """The Hermitian matrix that has this lower triangle."""
    strict = lower_triangle(t, -1)
    middle = convert_element_type(real(diagonal_part(t)), typeof(t).dtype)
    return add(add(strict, adjoint(strict)), middle)


def _halved_diagonal(a: Any) -> Any:
    return select_n(on_diagonal(a), a, mul(a, 0.5))


cholesky_p = Cholesky()


def cholesky(a: Any) -> Any:
    """Lower Cholesky factors of Hermitian positive definite matrices.

    Parameters
    ----------
    a : array, shape (..., n, n)
        Read on and below the diagonal.

    Returns
    -------
    array, shape (..., n, n)
        Zero above the diagonal; NaN where ``a`` is not positive definite.

    Raises
    ------
    ShapeError, DTypeError
        If these are not square matrices of floats.

    Examples
    --------
    >>> import numpy as np
    >>> cholesky(np.array([[4.0, 0.0], [2.0, 5.0]])).tolist()
    [[2.0, 0.0], [1.0, 2.0]]
    """
    check_matrices("cholesky", typeof(a), square=True)
    return cholesky_p.bind(a)
