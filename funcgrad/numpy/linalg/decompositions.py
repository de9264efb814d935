"""Matrix factorisations: Cholesky, eigenvalues, QR and SVD."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from funcgrad import ops
from funcgrad.core.trace import typeof
from funcgrad.numpy.dispatch import traces
from funcgrad.numpy.linalg.operands import adjoint, as_matrices
from funcgrad.ops import linalg as kernels


class EigResult(NamedTuple):
    """Eigenvalues, and eigenvectors as columns."""

    eigenvalues: Any
    eigenvectors: Any


class EighResult(NamedTuple):
    """Eigenvalues in ascending order, and eigenvectors as columns."""

    eigenvalues: Any
    eigenvectors: Any


class QRResult(NamedTuple):
    """Orthonormal columns, and the upper triangular factor."""

    Q: Any
    R: Any


class SVDResult(NamedTuple):
    """Left singular vectors, singular values, adjoint of the right singular vectors."""

    U: Any
    S: Any
    Vh: Any


@traces(np.linalg.cholesky)
def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    """Cholesky factor; NaN where a traced matrix is not positive definite."""
    x = as_matrices(a, square=True)
    return adjoint(kernels.cholesky(adjoint(x))) if upper else kernels.cholesky(x)


@traces(np.linalg.eig)
def eig(a: Any) -> Any:
    """Eigenvalues and right eigenvectors of general matrices.

    The traced ones are complex, whatever the values are; NumPy's are real where all of
    them are. Derivatives of the vectors keep their norm 1 and their largest entry real,
    as LAPACK gives them; they are defined where the eigenvalues differ.

    Parameters
    ----------
    a : array, shape (..., n, n)

    Returns
    -------
    eigenvalues : array, shape (..., n)
        In no order.
    eigenvectors : array, shape (..., n, n)
        One in each column.

    Raises
    ------
    ShapeError
        If the matrices are not square.
    LinAlgError
        For arrays that are not traced, if they are not finite or the iteration does not
        converge; traced values give NaN.

    References
    ----------
    M. Giles, "An extended collection of matrix derivative results for forward and
    reverse mode algorithmic differentiation", Oxford, 2008.

    Examples
    --------
    >>> import funcgrad as fg
    >>> w, v = fg.jit(eig)(np.array([[0.0, 1.0], [-1.0, 0.0]]))
    >>> w.tolist()
    [1j, -1j]
    """
    return EigResult(*kernels.eig(as_matrices(a, square=True)))


@traces(np.linalg.eigvals)
def eigvals(a: Any) -> Any:
    """Eigenvalues of general matrices: complex if traced, see `eig`, in no order."""
    return kernels.eigvals(as_matrices(a, square=True))


@traces(np.linalg.eigh)
def eigh(a: Any, UPLO: str = "L") -> Any:
    """Eigenvalues and eigenvectors of Hermitian matrices."""
    x = as_matrices(a, square=True)
    return EighResult(*kernels.eigh(x, lower=_is_lower(UPLO)))


@traces(np.linalg.eigvalsh)
def eigvalsh(a: Any, UPLO: str = "L") -> Any:
    """Eigenvalues of Hermitian matrices, ascending."""
    x = as_matrices(a, square=True)
    return kernels.eigh(x, lower=_is_lower(UPLO))[0]


def _is_lower(triangle: str) -> bool:
    if triangle.upper() not in ("L", "U"):
        raise ValueError("UPLO argument must be 'L' or 'U'")
    return triangle.upper() == "L"


@traces(np.linalg.qr)
def qr(a: Any, mode: str = "reduced") -> Any:
    """QR factors: ``mode`` is ``"reduced"``, ``"complete"`` or ``"r"``."""
    if mode not in ("reduced", "complete", "r"):
        raise ValueError(f"Unrecognized mode '{mode}'")
    q, r = kernels.qr(as_matrices(a), full_matrices=mode == "complete")
    return r if mode == "r" else QRResult(q, r)


@traces(np.linalg.svd)
def svd(
    a: Any,
    full_matrices: bool = True,
    compute_uv: bool = True,
    hermitian: bool = False,
) -> Any:
    """Singular values, and singular vectors if asked."""
    x = as_matrices(a)
    if not compute_uv:
        return kernels.svd(x, full_matrices=False, compute_uv=False)
    return SVDResult(*kernels.svd(x, full_matrices=full_matrices))


@traces(np.linalg.svdvals)
def svdvals(x: Any, /) -> Any:
    """Singular values, descending."""
    return kernels.svd(as_matrices(x), full_matrices=False, compute_uv=False)


@traces(np.linalg.matrix_rank)
def matrix_rank(
    A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None
) -> Any:
    """Number of singular values above a tolerance."""
    if typeof(A).ndim < 2:
        return np.any(A != 0).astype(np.int64)
    x = as_matrices(A)
    s = kernels.svd(x, full_matrices=False, compute_uv=False)
    if tol is None:
        if rtol is None:
            rtol = max(typeof(x).shape[-2:]) * np.finfo(typeof(s).dtype).eps
        limit = np.max(s, axis=-1, keepdims=True) * np.asarray(rtol)[..., None]
    else:
        limit = np.asarray(tol)[..., None]
    return np.count_nonzero(s > ops.stop_gradient(limit), axis=-1)
