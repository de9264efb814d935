"""Schur and Hessenberg forms of general matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad import errors
from funcgrad.compiler.kernels.schur import hessenberg_text, schur_text
from funcgrad.core.aval import ShapedArray
from funcgrad.core.primitive import Primitive
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.core.vspace import Zero, zero_like
from funcgrad.ops.cases import give_cases, program
from funcgrad.ops.linalg.matrices import (
    adjoint,
    check_matrices,
    for_each_matrix,
    matmul,
    run_on_matrices,
    spread_matrices,
    upper_triangle,
)
from funcgrad.ops.selection import stop_gradient
from funcgrad.ops.structural import move_axis_to_front


class _Similarity(Primitive):
    """``A = Q @ T @ Q^H`` with T of some form; it has no derivative of its own."""

    multiple_results = True
    fix: str

    def decompose(self, matrix: Any) -> Sequence[Any]:
        """T and Q of one matrix."""
        raise NotImplementedError

    def evaluate(self, a: Any) -> list[Any]:
        def decompose(matrix: Any) -> Sequence[Any]:
            try:
                return [
                    np.ascontiguousarray(part, matrix.dtype)
                    for part in self.decompose(matrix)
                ]
            except (np.linalg.LinAlgError, ValueError):
                return [np.full_like(matrix, np.nan)] * 2

        return for_each_matrix(decompose, np.asarray(a))

    def abstract_eval(self, a: ShapedArray) -> list[ShapedArray]:
        check_matrices(self.name, a, square=True)
        return [a.update(), a.update()]

    def jvp(self, primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
        found = self.bind(*primals)
        if type(tangents[0]) is not Zero:
            raise errors.DifferentiationError(
                errors.message(
                    f"`{self.name}` has no derivative: its factors are one choice of "
                    "many, and change by jumps.",
                    where=user_frame(),
                    got=str(typeof(primals[0])),
                    fix=self.fix,
                    see=errors.DifferentiationError.page,
                )
            )
        return found, [zero_like(y) for y in found]

    def batch(self, size: int, operands: Sequence[Any], dims: Sequence[Any]) -> Any:
        return self.bind(move_axis_to_front(operands[0], dims[0])), [0, 0]


class Schur(_Similarity):
    """T is upper triangular; of real matrices it has blocks of two for complex pairs.

    It has no derivative: the functions of matrices that use it have their own.
    """

    name = "schur"
    fix = "funcgrad.numpy.linalg.eig(a), or stop_gradient(a)"

    def decompose(self, matrix: Any) -> Sequence[Any]:
        # Loaded when first used: SciPy's linear algebra is large.
        import scipy.linalg

        found: Sequence[Any] = scipy.linalg.schur(matrix)
        return found

    def lower(self, ctx: Any, a: Any) -> list[Any]:
        n = a.shape[-1]
        shapes = [((n, n), a.dtype)] * 2
        return run_on_matrices(ctx, schur_text(a.dtype), [a], shapes, [n])


class Hessenberg(_Similarity):
    """T is zero below its first subdiagonal; the entries there are not defined."""

    name = "hessenberg"
    fix = "funcgrad.numpy.linalg.qr(a), or stop_gradient(a)"

    def decompose(self, matrix: Any) -> Sequence[Any]:
        # Loaded when first used: SciPy's linear algebra is large.
        import scipy.linalg

        found: Sequence[Any] = scipy.linalg.hessenberg(matrix, calc_q=True)
        return found

    def lower(self, ctx: Any, a: Any) -> list[Any]:
        n = a.shape[-1]
        shapes = [((n, n), a.dtype)] * 2
        return run_on_matrices(ctx, hessenberg_text(a.dtype), [a], shapes, [n])


schur_p = Schur()
hessenberg_p = Hessenberg()


def _forms(primitive: Primitive, *shapes: tuple[int, ...]) -> None:
    """Cases of what the factors, which have phases of their own, say of the matrix."""

    def back(a: Any) -> Any:
        t, q = primitive.bind(stop_gradient(a))
        return matmul(q, matmul(upper_triangle(t, -1), adjoint(q)))

    cases = [program(back, spread_matrices(s)).without_differences() for s in shapes]
    give_cases(primitive, cases)


_forms(schur_p, (2, 2), (2, 2, 2), (1, 1), (0, 0))
_forms(hessenberg_p, (3, 3), (2, 5, 5), (1, 1), (0, 0))


def schur(a: Any) -> tuple[Any, Any]:
    """T and Q with ``a == Q @ T @ Q^H``, T upper triangular.

    Parameters
    ----------
    a : array, shape (..., n, n)
        If it is real, T has blocks of two rows for pairs of complex eigenvalues.

    Raises
    ------
    DifferentiationError
        For a derivative.

    Examples
    --------
    >>> import numpy as np
    >>> t, q = schur(np.array([[1.0, 2.0], [0.0, 3.0]]))
    >>> np.diag(t).tolist()
    [1.0, 3.0]
    """
    check_matrices("schur", typeof(a), square=True)
    t, q = schur_p.bind(a)
    return t, q


def hessenberg(a: Any) -> tuple[Any, Any]:
    """H and Q with ``a == Q @ H @ Q^H``, H zero below its first subdiagonal.

    Parameters
    ----------
    a : array, shape (..., n, n)

    Raises
    ------
    DifferentiationError
        For a derivative.

    Examples
    --------
    >>> import numpy as np
    >>> h, q = hessenberg(np.ones((3, 3)))
    >>> float(h[2, 0]), h.shape, q.shape
    (0.0, (3, 3), (3, 3))
    """
    check_matrices("hessenberg", typeof(a), square=True)
    h, q = hessenberg_p.bind(a)
    return upper_triangle(h, -1), q
