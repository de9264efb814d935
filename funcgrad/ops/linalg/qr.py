"""QR factorisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad import errors
from funcgrad.compiler.kernels.qr import qr_text
from funcgrad.core.aval import ShapedArray
from funcgrad.core.primitive import Primitive
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.core.vspace import Zero, zero_like
from funcgrad.ops.arithmetic import add, sub
from funcgrad.ops.cases import case
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.complex_parts import real
from funcgrad.ops.joining import concatenate
from funcgrad.ops.linalg.matrices import (
    adjoint,
    check_matrices,
    diagonal_part,
    for_each_matrix,
    invertible,
    lower_triangle,
    matmul,
    run_on_matrices,
)
from funcgrad.ops.linalg.triangular_solve import triangular_solve
from funcgrad.ops.slicing_one_axis import slice_in_dim
from funcgrad.ops.structural import move_axis_to_front


class QR(Primitive):
    """``A = Q @ R`` with orthonormal columns in Q and R upper triangular.

    Q has min(m, n) columns, or m with ``full_matrices``. Derivative: Walter, Lehmann &
    Lamour 2012, doi:10.1080/10556788.2011.610454; of a wide matrix the first m columns
    decide.
    """

    name = "qr"
    multiple_results = True
    cases = (
        case(invertible((3, 3)), full_matrices=False),
        case((4, 2), full_matrices=False),
        case((2, 2, 4), full_matrices=False),
        case(invertible((2, 2)), full_matrices=True),
        case((3, 0), full_matrices=False),
    )

    def evaluate(self, a: Any, *, full_matrices: bool) -> list[Any]:
        mode: Any = "complete" if full_matrices else "reduced"
        return for_each_matrix(lambda x: np.linalg.qr(x, mode), np.asarray(a))

    def abstract_eval(
        self, a: ShapedArray, *, full_matrices: bool
    ) -> list[ShapedArray]:
        check_matrices("qr", a)
        *lead, m, n = a.shape
        inner = m if full_matrices else min(m, n)
        return [a.update(shape=(*lead, m, inner)), a.update(shape=(*lead, inner, n))]

    def jvp(
        self, primals: Sequence[Any], tangents: Sequence[Any], *, full_matrices: bool
    ) -> Any:
        (a,), (t,) = primals, tangents
        q, r = self.bind(a, full_matrices=full_matrices)
        if type(t) is Zero:
            return [q, r], [zero_like(q), zero_like(r)]
        m, n = typeof(a).shape[-2:]
        if full_matrices and m > n:
            raise _not_differentiable(typeof(a))
        k = min(m, n)
        tq, tr = _tangents(q, slice_in_dim(r, 0, k, axis=-1), _columns(t, 0, k))
        if n > m:
            # The other columns: V = Q^H Y.
            other, t_other = _columns(a, m, n), _columns(t, m, n)
            change = matmul(adjoint(tq), other)
            change = add(change, matmul(adjoint(q), t_other))
            tr = concatenate([tr, change], typeof(tr).ndim - 1)
        return [q, r], [tq, tr]

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        full_matrices: bool,
    ) -> Any:
        a = move_axis_to_front(operands[0], dims[0])
        return self.bind(a, full_matrices=full_matrices), [0, 0]

    def lower(self, ctx: Any, a: Any, *, full_matrices: bool) -> list[Any]:
        m, n = a.shape[-2:]
        inner = m if full_matrices else min(m, n)
        kernel = qr_text(a.dtype, full=full_matrices)
        shapes = [((m, inner), a.dtype), ((inner, n), a.dtype)]
        return run_on_matrices(ctx, kernel, [a], shapes, [m, n])


def _columns(a: Any, start: int, stop: int) -> Any:
    return slice_in_dim(a, start, stop, axis=-1)


def _tangents(q: Any, r: Any, t: Any) -> tuple[Any, Any]:
    """Tangents of Q and R for a matrix that is not wide."""
    scaled = triangular_solve(r, t, left_side=False)
    inside = matmul(adjoint(q), scaled)
    below = lower_triangle(inside, -1)
    turn = sub(below, adjoint(below))
    middle = diagonal_part(inside)
    imaginary = sub(middle, convert_element_type(real(middle), typeof(middle).dtype))
    turn = add(turn, imaginary)
    rest = sub(turn, inside)
    tq = add(matmul(q, rest), scaled)
    return tq, matmul(sub(inside, turn), r)


def _not_differentiable(aval: ShapedArray) -> errors.DifferentiationError:
    return errors.DifferentiationError(
        errors.message(
            "the full Q of a tall matrix has no derivative: its last columns are any "
            "that complete the basis.",
            where=user_frame(),
            got=str(aval),
            fix='qr(a, full_matrices=False), or mode="reduced"',
            see=errors.DifferentiationError.page,
        )
    )


qr_p = QR()


def qr(a: Any, *, full_matrices: bool = True) -> tuple[Any, Any]:
    """QR factors of matrices.

    Parameters
    ----------
    a : array, shape (..., m, n)
    full_matrices : bool
        Whether Q is square, or has min(m, n) columns.

    Returns
    -------
    tuple of arrays, shapes (..., m, c) and (..., c, n)

    Raises
    ------
    DifferentiationError
        For a derivative with ``full_matrices`` and m > n.

    Examples
    --------
    >>> import numpy as np
    >>> q, r = qr(np.array([[0.0, 1.0], [2.0, 3.0]]))
    >>> np.allclose(q @ r, [[0, 1], [2, 3]])
    True
    """
    check_matrices("qr", typeof(a))
    q, r = qr_p.bind(a, full_matrices=full_matrices)
    return q, r
