"""Factorizations as JAX has them: of the Hermitian part of a matrix.

NumPy reads one triangle, and so does funcgrad; its derivatives stand in that triangle.
JAX averages a matrix with its adjoint first, and so do derivatives.
"""

from __future__ import annotations

from typing import Any

import funcgrad.numpy as fnp
from funcgrad import lax
from funcgrad.core.array import as_array
from funcgrad.numpy.linalg.operands import adjoint


def _hermitian(a: Any, symmetrize_input: bool) -> Any:
    a = fnp.asarray(a)
    return (a + adjoint(a)) / 2 if symmetrize_input else a


def cholesky(a: Any, *, upper: bool = False, symmetrize_input: bool = True) -> Any:
    """Cholesky factor of Hermitian positive definite matrices.

    Parameters
    ----------
    a : array, shape (..., n, n)
    upper : bool, optional
        Whether the factor is the upper one.
    symmetrize_input : bool, optional
        Whether it is that of the Hermitian part; otherwise one triangle is read.

    Returns
    -------
    array, shape (..., n, n)

    Examples
    --------
    >>> import numpy as np
    >>> cholesky(np.array([[4.0, 3.0], [1.0, 2.0]])).tolist()
    [[2.0, 0.0], [1.0, 1.0]]
    """
    a = _hermitian(a, symmetrize_input)
    return fnp.linalg.cholesky(a, upper=upper)


def eigh(
    a: Any, UPLO: str | None = None, symmetrize_input: bool = True
) -> tuple[Any, Any]:
    """Eigenvalues and eigenvectors of Hermitian matrices; see `cholesky`."""
    found: tuple[Any, Any] = fnp.linalg.eigh(
        _hermitian(a, symmetrize_input), UPLO or "L"
    )
    return found


def eigvalsh(a: Any, UPLO: str = "L", *, symmetrize_input: bool = True) -> Any:
    """Eigenvalues of Hermitian matrices; see `cholesky`."""
    return fnp.linalg.eigvalsh(_hermitian(a, symmetrize_input), UPLO)


def eig(a: Any) -> tuple[Any, Any]:
    """Eigenvalues and eigenvectors of general matrices, complex whatever they are.

    Parameters
    ----------
    a : array, shape (..., n, n)

    Returns
    -------
    tuple of array
        Eigenvalues, shape (..., n), and eigenvectors as columns, shape (..., n, n).

    Examples
    --------
    >>> import numpy as np
    >>> w, v = eig(np.diag([2.0, 3.0]))
    >>> w.tolist()
    [(2+0j), (3+0j)]
    """
    w, v = lax.linalg.eig(fnp.asarray(a) * 1.0)
    return as_array(w), as_array(v)


def eigvals(a: Any) -> Any:
    """Eigenvalues of general matrices, complex whatever they are; see `eig`."""
    return as_array(lax.linalg.eigvals(fnp.asarray(a) * 1.0))


def lax_cholesky(a: Any, *, symmetrize_input: bool = True) -> Any:
    """The lower factor, as ``jax.lax.linalg`` has it; see `cholesky`."""
    return lax.linalg.cholesky(_hermitian(a, symmetrize_input))


def lax_eigh(
    a: Any, *, lower: bool = True, symmetrize_input: bool = True
) -> tuple[Any, Any]:
    """Eigenvectors first, then eigenvalues, as ``jax.lax.linalg`` has it."""
    values, vectors = lax.linalg.eigh(_hermitian(a, symmetrize_input), lower=lower)
    return vectors, values
