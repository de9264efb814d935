"""Linear systems with triangular matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad import errors
from funcgrad.compiler.kernels.cholesky import triangular_solve_text
from funcgrad.core.aval import ShapedArray
from funcgrad.core.primitive import Primitive
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.core.vspace import Zero, add_tangents, zero_like
from funcgrad.ops.arithmetic import neg
from funcgrad.ops.cases import case
from funcgrad.ops.complex_parts import conj
from funcgrad.ops.linalg.matrices import (
    adjoint,
    check_matrices,
    for_each_matrix,
    invertible,
    lower_triangle,
    matmul,
    run_on_matrices,
    transposed,
    upper_triangle,
)
from funcgrad.ops.linalg.small import is_small_matrix, lower_small_triangular_solve
from funcgrad.ops.structural import align_batch, move_axis, move_axis_to_front, reshape

_OPERATIONS = {"N": 0, "T": 1, "C": 2}


def _params(lower: bool, transpose: str, unit_diagonal: bool = False) -> dict[str, Any]:
    return {"lower": lower, "transpose": transpose, "unit_diagonal": unit_diagonal}


class TriangularSolve(Primitive):
    """X with ``op(A) @ X = B``; linear in B.

    ``op`` is nothing ("N"), the transpose ("T") or the adjoint ("C"); only one triangle
    of A is read, and not the diagonal if ``unit_diagonal``.
    """

    name = "triangular_solve"
    linear = True
    cases = (
        case(invertible((3, 3)), (3, 2), **_params(True, "N")),
        case(invertible((3, 3)), (3, 2), **_params(False, "C")),
        case(invertible((2, 3, 3)), (2, 3, 1), **_params(False, "N", True)),
        case(invertible((9, 9)), (9, 9), **_params(True, "T", True)),
        case(invertible((0, 0)), (0, 2), **_params(True, "N")),
    )

    def evaluate(
        self, a: Any, b: Any, *, lower: bool, transpose: str, unit_diagonal: bool
    ) -> Any:
        a, b = np.asarray(a), np.asarray(b)
        if b.size == 0:
            return np.array(b)
        # Loaded when first used: SciPy's linear algebra is large.
        from scipy.linalg.blas import get_blas_funcs

        trsm = get_blas_funcs("trsm", dtype=a.dtype)

        def solve(matrix: Any, right: Any) -> list[Any]:
            result = trsm(
                1.0,
                matrix,
                right,
                lower=lower,
                trans_a=_OPERATIONS[transpose],
                diag=unit_diagonal,
            )
            return [result]

        return np.ascontiguousarray(for_each_matrix(solve, a, b)[0])

    def abstract_eval(
        self,
        a: ShapedArray,
        b: ShapedArray,
        *,
        lower: bool,
        transpose: str,
        unit_diagonal: bool,
    ) -> ShapedArray:
        check_matrices("triangular_solve", a, square=True)
        check_system("triangular_solve", a, b)
        return b.update()

    def jvp(
        self,
        primals: Sequence[Any],
        tangents: Sequence[Any],
        *,
        lower: bool,
        transpose: str,
        unit_diagonal: bool,
    ) -> Any:
        params = _params(lower, transpose, unit_diagonal)
        (a, b), (ta, tb) = primals, tangents
        x = self.bind(a, b, **params)
        right = tb
        if type(ta) is not Zero:
            part = lower_triangle if lower else upper_triangle
            offset = 0 if not unit_diagonal else -1 if lower else 1
            change = operated(part(ta, offset), transpose)
            right = add_tangents(right, neg(matmul(change, x)))
        if type(right) is Zero:
            return x, zero_like(x)
        return x, self.bind(a, right, **params)

    def transpose(
        self,
        ct: Any,
        a: Any,
        b: Any,
        *,
        lower: bool,
        transpose: str,
        unit_diagonal: bool,
    ) -> list[Any]:
        if transpose == "C":
            # The map is conj(A)^-T, its transpose conj(A)^-1.
            params = _params(lower, "N", unit_diagonal)
            return [None, conj(self.bind(a, conj(ct), **params))]
        flipped = "N" if transpose == "T" else "T"
        return [None, self.bind(a, ct, **_params(lower, flipped, unit_diagonal))]

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        lower: bool,
        transpose: str,
        unit_diagonal: bool,
    ) -> Any:
        params = _params(lower, transpose, unit_diagonal)
        a, b = operands
        if dims[0] is None and typeof(a).ndim == 2:
            # One matrix: the right sides of all examples are columns.
            wide = move_axis(move_axis_to_front(b, dims[1]), 0, 2)
            n, k, _ = typeof(wide).shape
            x = self.bind(a, reshape(wide, (n, k * size)), **params)
            return reshape(x, (n, k, size)), 2
        a, b = align_batch(a, dims[0], size), align_batch(b, dims[1], size)
        return self.bind(a, b, **params), 0

    def lower(
        self,
        ctx: Any,
        a: Any,
        b: Any,
        *,
        lower: bool,
        transpose: str,
        unit_diagonal: bool,
    ) -> Any:
        if 0 in b.shape:
            return b
        if is_small_matrix(a.shape):
            return lower_small_triangular_solve(
                ctx, a, b, lower=lower, transpose=transpose, unit=unit_diagonal
            )
        kernel = triangular_solve_text(
            a.dtype,
            lower=lower,
            transpose=transpose,  # type: ignore[arg-type]
            unit_diagonal=unit_diagonal,
        )
        n, k = b.shape[-2:]
        return run_on_matrices(ctx, kernel, [a, b], [((n, k), b.dtype)], [n, k])[0]


def operated(a: Any, transpose: str) -> Any:
    """The matrices, or their transposes or adjoints."""
    if transpose == "N":
        return a
    return transposed(a) if transpose == "T" else adjoint(a)


def check_system(name: str, a: ShapedArray, b: ShapedArray) -> None:
    """Raise unless ``b`` can be the right sides of systems with the matrices ``a``."""
    if (
        a.dtype != b.dtype
        or b.ndim != a.ndim
        or a.shape[:-2] != b.shape[:-2]
        or a.shape[-1] != b.shape[-2]
    ):
        raise errors.ShapeError(
            errors.message(
                f"the right side of `{name}` does not fit the matrix.",
                where=user_frame(),
                got=f"{a} and {b}",
                expected="shapes (..., n, n) and (..., n, k), and one dtype",
                fix="b[:, None] for a single right side",
                see=errors.ShapeError.page,
            )
        )


triangular_solve_p = TriangularSolve()


def triangular_solve(
    a: Any,
    b: Any,
    *,
    left_side: bool = False,
    lower: bool = False,
    transpose_a: bool = False,
    conjugate_a: bool = False,
    unit_diagonal: bool = False,
) -> Any:
    """X with ``X @ op(A) = B``, or ``op(A) @ X = B`` with ``left_side``.

    Parameters
    ----------
    a : array, shape (..., n, n)
        Only the lower or the upper triangle is read.
    b : array, shape (..., k, n), or (..., n, k) with ``left_side``; dtype of ``a``
    lower, transpose_a, conjugate_a, unit_diagonal : bool
        Which triangle it is; whether it is transposed, conjugated, or has ones on its
        diagonal whatever stands there.

    Returns
    -------
    array, shape of ``b``

    Raises
    ------
    ShapeError
        If matrix and right side do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> a = np.array([[2.0, 0.0], [1.0, 1.0]])
    >>> b = np.array([[2.0], [3.0]])
    >>> triangular_solve(a, b, left_side=True, lower=True).tolist()
    [[1.0], [2.0]]
    """
    if not left_side:
        # X op(A) = B is op(A)^T X^T = B^T.
        x = triangular_solve(
            a,
            transposed(b),
            left_side=True,
            lower=lower,
            transpose_a=not transpose_a,
            conjugate_a=conjugate_a,
            unit_diagonal=unit_diagonal,
        )
        return transposed(x)
    if conjugate_a and typeof(a).dtype.kind == "c" and not transpose_a:
        a, conjugate_a = conj(a), False
    operation = ("C" if conjugate_a else "T") if transpose_a else "N"
    if operation == "C" and typeof(a).dtype.kind != "c":
        operation = "T"
    check_matrices("triangular_solve", typeof(a), square=True)
    check_system("triangular_solve", typeof(a), typeof(b))
    return triangular_solve_p.bind(a, b, **_params(lower, operation, unit_diagonal))
