"""Orthogonal, singular and polar factors, and eigenvalues of Hermitian matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad import numpy as fnp
from funcgrad.core.array import as_array
from funcgrad.core.trace import typeof
from funcgrad.numpy.dispatch import promote
from funcgrad.numpy.linalg.operands import adjoint, as_matrices
from funcgrad.ops import linalg as kernels


def svd(
    a: Any,
    full_matrices: bool = True,
    compute_uv: bool = True,
    overwrite_a: bool = False,
    check_finite: bool = True,
    lapack_driver: str = "gesdd",
) -> Any:
    """Singular value decomposition; see `funcgrad.numpy.linalg.svd`.

    Parameters
    ----------
    a : array, shape (..., m, n)
    full_matrices, compute_uv : bool, optional
        As in NumPy.
    overwrite_a, check_finite, lapack_driver : optional
        Accepted as in SciPy; without effect.

    Returns
    -------
    U, s, Vh : array, or ``s`` alone

    Examples
    --------
    >>> svd(np.diag([3.0, 2.0]), compute_uv=False).round(9).tolist()
    [3.0, 2.0]
    """
    del overwrite_a, check_finite, lapack_driver
    x = as_matrices(a)
    if not compute_uv:
        return as_array(kernels.svd(x, full_matrices=False, compute_uv=False))
    return tuple(as_array(y) for y in kernels.svd(x, full_matrices=full_matrices))


def polar(a: Any, side: str = "right", *, method: str = "svd", **options: Any) -> Any:
    """Polar factors: ``a == u @ p``, or ``p @ u``, p Hermitian and not negative.

    Parameters
    ----------
    a : array, shape (m, n)
    side : {"right", "left"}, optional
        On which side of ``u`` the factor ``p`` stands.
    method : {"svd", "qdwh"}, optional
        Accepted as in JAX: singular values serve all.
    **options
        JAX's ``eps`` and ``max_iterations``; without effect.

    Returns
    -------
    u, p : array
        Differentiable where ``a`` has full rank, also at equal singular values.

    Raises
    ------
    ValueError
        If ``side`` or ``method`` is none of these.

    Examples
    --------
    >>> u, p = polar(np.array([[0.0, -2.0], [2.0, 0.0]]))
    >>> u.round(12).tolist(), p.round(12).tolist()
    ([[0.0, -1.0], [1.0, 0.0]], [[2.0, 0.0], [0.0, 2.0]])
    """
    if side not in ("right", "left"):
        raise ValueError(f"side is 'right' or 'left', not {side!r}")
    if method not in ("svd", "qdwh"):
        raise ValueError(f"method is 'svd' or 'qdwh', not {method!r}")
    if unknown := set(options) - {"eps", "max_iterations"}:
        raise TypeError(f"polar has no arguments {sorted(unknown)}")
    x = as_matrices(a)
    u, _, vh = kernels.svd(x, full_matrices=False)
    turn = u @ vh
    p = adjoint(turn) @ x if side == "right" else x @ adjoint(turn)
    return as_array(turn), as_array((p + adjoint(p)) / 2)


def qr(
    a: Any,
    overwrite_a: bool = False,
    lwork: Any = None,
    mode: str = "full",
    pivoting: bool = False,
    check_finite: bool = True,
) -> Any:
    """QR factors: ``a == Q @ R``.

    Parameters
    ----------
    a : array, shape (..., m, n)
    overwrite_a, lwork, check_finite : optional
        Accepted as in SciPy; without effect.
    mode : {"full", "r", "economic"}, optional
        Whether Q is square, is not returned, or has min(m, n) columns.
    pivoting : bool, optional
        Only false: columns are not permuted.

    Returns
    -------
    tuple of array
        Q and R, or R alone.

    Raises
    ------
    ValueError
        If ``mode`` is none of these, or with ``pivoting``.

    Examples
    --------
    >>> Q, R = qr(np.array([[0.0, 2.0], [-1.0, 3.0]]), mode="economic")
    >>> abs(R).tolist()
    [[1.0, 3.0], [0.0, 2.0]]
    """
    del overwrite_a, lwork, check_finite
    if mode not in ("full", "r", "economic"):
        raise ValueError(f"mode is 'full', 'r' or 'economic', not {mode!r}")
    if pivoting:
        raise ValueError("qr permutes no columns: pivoting=False, or scipy.linalg.qr")
    x = as_matrices(a)
    q, r = (as_array(y) for y in kernels.qr(x, full_matrices=mode != "economic"))
    return (r,) if mode == "r" else (q, r)


def qr_multiply(
    a: Any,
    c: Any,
    mode: str = "right",
    pivoting: bool = False,
    conjugate: bool = False,
    overwrite_a: bool = False,
    overwrite_c: bool = False,
) -> tuple[Any, Any]:
    """Product of a matrix with Q of the QR factors of another, and R.

    Parameters
    ----------
    a : array, shape (m, n)
    c : array of one or two axes
    mode : {"right", "left"}, optional
        ``c @ Q``, or ``Q @ c``; Q has min(m, n) columns.
    pivoting : bool, optional
        Only false.
    conjugate : bool, optional
        Whether Q is conjugated first.
    overwrite_a, overwrite_c : bool, optional
        Accepted as in SciPy; without effect.

    Returns
    -------
    CQ, R : array

    Raises
    ------
    ValueError
        If ``mode`` is none of these, or with ``pivoting``.

    Examples
    --------
    >>> CQ, R = qr_multiply(np.eye(2), np.array([1.0, 2.0]))
    >>> np.abs(CQ).tolist()
    [1.0, 2.0]
    """
    del overwrite_a, overwrite_c
    if mode not in ("right", "left"):
        raise ValueError(f"mode is 'right' or 'left', not {mode!r}")
    q, r = qr(a, mode="economic", pivoting=pivoting)
    q = fnp.conj(q) if conjugate else q
    c = fnp.asarray(c)
    return as_array(fnp.matmul(c, q) if mode == "right" else fnp.matmul(q, c)), r


def eigh(
    a: Any,
    b: Any = None,
    lower: bool = True,
    eigvals_only: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    type: int = 1,
    check_finite: bool = True,
) -> Any:
    """Eigenvalues and eigenvectors of Hermitian matrices, also for pairs of them.

    Parameters
    ----------
    a : array, shape (..., n, n)
        Only one triangle is read.
    b : array, shape (..., n, n), optional
        Positive definite; the identity by default.
    lower : bool, optional
        Which triangle it is.
    eigvals_only : bool, optional
        Whether the vectors are left out.
    overwrite_a, overwrite_b, check_finite : bool, optional
        Accepted as in SciPy; without effect.
    type : {1, 2, 3}, optional
        ``a @ v = w * b @ v``, ``a @ b @ v = w * v`` or ``b @ a @ v = w * v``.

    Returns
    -------
    w, v : array, or ``w`` alone
        With ``b``, vectors are of norm 1 with respect to it.

    Raises
    ------
    ValueError
        If ``type`` is none of these.

    Examples
    --------
    >>> w, v = eigh(np.diag([2.0, 6.0]), np.diag([1.0, 2.0]))
    >>> w.round(9).tolist()
    [2.0, 3.0]
    """
    del overwrite_a, overwrite_b, check_finite
    if type not in (1, 2, 3):
        raise ValueError(f"type is 1, 2 or 3, not {type!r}")
    x = as_matrices(a, square=True)
    if b is None:
        w, v = kernels.eigh(x, lower=lower)
        return as_array(w) if eigvals_only else (as_array(w), as_array(v))
    x, y = promote([x, as_matrices(b, square=True)])
    full = from_triangle(x, lower)
    factor = kernels.cholesky(from_triangle(y, lower))
    if type == 1:
        half = kernels.triangular_solve(factor, full, left_side=True, lower=True)
        reduced = adjoint(
            kernels.triangular_solve(factor, adjoint(half), left_side=True, lower=True)
        )
    else:
        reduced = adjoint(factor) @ full @ factor
    w, v = kernels.eigh((reduced + adjoint(reduced)) / 2, lower=True)
    if eigvals_only:
        return as_array(w)
    if type == 3:
        return as_array(w), as_array(factor @ v)
    v = kernels.triangular_solve(
        factor, v, left_side=True, lower=True, transpose_a=True, conjugate_a=True
    )
    return as_array(w), as_array(v)


def from_triangle(a: Any, lower: bool, *, conjugated: bool = True) -> Any:
    """The Hermitian, or else symmetric, matrix that has this triangle."""
    strict = fnp.tril(a, -1) if lower else fnp.triu(a, 1)
    other = adjoint(strict) if conjugated else fnp.swapaxes(strict, -1, -2)
    middle = fnp.real(a) if conjugated else a
    return strict + other + middle * np.eye(typeof(a).shape[-1], dtype=typeof(a).dtype)


def eigh_tridiagonal(
    d: Any,
    e: Any,
    *,
    eigvals_only: bool = False,
    select: str = "a",
    select_range: tuple[Any, Any] | None = None,
    tol: float | None = None,
) -> Any:
    """Eigenvalues and eigenvectors of a symmetric tridiagonal matrix.

    Parameters
    ----------
    d : array, shape (n,)
        Its diagonal.
    e : array, shape (n - 1,)
        The entries beside it; if they are complex, those above are their conjugates.
    eigvals_only : bool, optional
        Whether the vectors are left out.
    select : {"a", "i"}, optional
        All of them, or those with the numbers ``select_range``, both included.
    select_range : tuple of int, optional
    tol : float, optional
        Accepted as in SciPy; without effect.

    Returns
    -------
    w, v : array, or ``w`` alone

    Raises
    ------
    ValueError
        If ``select`` is none of these: how many values lie in an interval is not known
        before they are.

    Examples
    --------
    >>> eigh_tridiagonal(np.zeros(2), np.ones(1), eigvals_only=True).round(9).tolist()
    [-1.0, 1.0]
    """
    del tol
    if select not in ("a", "i"):
        raise ValueError(f"select is 'a' or 'i', not {select!r}")
    d, e = fnp.asarray(d), fnp.asarray(e)
    matrix = fnp.diag(d) + fnp.pad(fnp.diag(e), ((1, 0), (0, 1)))
    w, v = (as_array(y) for y in kernels.eigh(as_matrices(matrix), lower=True))
    if select == "i":
        if select_range is None:
            raise ValueError("select='i' asks for select_range")
        first, last = select_range
        w, v = w[first : last + 1], v[:, first : last + 1]
    return w if eigvals_only else (w, v)
