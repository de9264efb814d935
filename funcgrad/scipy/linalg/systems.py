"""Linear systems, inverses, determinants and LU factors."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad import numpy as fnp
from funcgrad.core.array import as_array
from funcgrad.core.trace import typeof
from funcgrad.numpy.linalg.operands import as_matrices, matrix_shape_error
from funcgrad.ops import linalg as kernels
from funcgrad.ops.control.loops import fori_loop
from funcgrad.scipy.linalg.decompositions import from_triangle
from funcgrad.scipy.linalg.triangular import cho_solve, cholesky, solve_triangular

_KINDS = ("gen", "sym", "her", "pos")


def det(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """Determinant of square matrices; see `funcgrad.numpy.linalg.det`.

    Examples
    --------
    >>> float(det(np.diag([2.0, 3.0])))
    6.0
    """
    del overwrite_a, check_finite
    return as_array(fnp.linalg.det(as_matrices(a, square=True)))


def inv(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """Inverse of square matrices, NaN where a traced one is singular.

    Examples
    --------
    >>> inv(np.diag([2.0, 4.0])).tolist()
    [[0.5, 0.0], [0.0, 0.25]]
    """
    del overwrite_a, check_finite
    return as_array(fnp.linalg.inv(as_matrices(a, square=True)))


def solve(
    a: Any,
    b: Any,
    lower: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    assume_a: str = "gen",
) -> Any:
    """X with ``a @ X == b``.

    Parameters
    ----------
    a : array, shape (..., n, n)
    b : array, shape (n,) or (..., n, k)
    lower : bool, optional
        Which triangle is read, unless all of the matrix is.
    overwrite_a, overwrite_b, check_finite : bool, optional
        Accepted as in SciPy; without effect.
    assume_a : {"gen", "sym", "her", "pos"}, optional
        General, symmetric, Hermitian, or positive definite.

    Returns
    -------
    array, shape of ``b``

    Raises
    ------
    ShapeError
        If the shapes do not fit.
    ValueError
        If ``assume_a`` is none of these.

    Examples
    --------
    >>> solve(np.diag([2.0, 4.0]), np.array([1.0, 1.0])).tolist()
    [0.5, 0.25]
    """
    del overwrite_a, overwrite_b, check_finite
    if assume_a not in _KINDS:
        raise ValueError(f"assume_a is one of {_KINDS}, not {assume_a!r}")
    x = as_matrices(a, square=True)
    if assume_a == "pos":
        return cho_solve((cholesky(x, lower), lower), b)
    if assume_a != "gen":
        x = from_triangle(x, lower, conjugated=assume_a == "her")
    return as_array(fnp.linalg.solve(x, b))


def lu_factor(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """LU factors in one matrix, and pivots, for `lu_solve`.

    Parameters
    ----------
    a : array, shape (..., m, n)
    overwrite_a, check_finite : bool, optional
        Accepted as in SciPy; without effect.

    Returns
    -------
    lu : array, shape (..., m, n)
    piv : int32 array, shape (..., min(m, n))
        Row i was swapped with row ``piv[i]``.

    Examples
    --------
    >>> factors, piv = lu_factor(np.array([[0.0, 2.0], [4.0, 4.0]]))
    >>> factors.tolist(), piv.tolist()
    ([[4.0, 4.0], [0.0, 2.0]], [1, 1])
    """
    del overwrite_a, check_finite
    factors, pivots, _ = kernels.lu(as_matrices(a))
    return as_array(factors), as_array(pivots)


def lu_solve(
    lu_and_piv: tuple[Any, Any],
    b: Any,
    trans: int = 0,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:
    """X with ``op(a) @ X == b``, from what `lu_factor` gives for one matrix ``a``.

    Parameters
    ----------
    lu_and_piv : tuple
    b : array, shape (n,) or (n, k)
    trans : {0, 1, 2}, optional
        Whether ``op(a)`` is ``a``, its transpose, or its adjoint.
    overwrite_b, check_finite : bool, optional
        Accepted as in SciPy; without effect.

    Returns
    -------
    array, shape of ``b``

    Raises
    ------
    ShapeError
        If the shapes do not fit.
    ValueError
        If ``trans`` is none of these.

    Examples
    --------
    >>> lu_solve(lu_factor(np.diag([2.0, 4.0])), np.array([1.0, 1.0])).tolist()
    [0.5, 0.25]
    """
    del overwrite_b, check_finite
    if trans not in (0, 1, 2):
        raise ValueError(f"trans is 0, 1 or 2, not {trans!r}")
    factors, pivots = (fnp.asarray(x) for x in lu_and_piv)
    if typeof(factors).ndim != 2:
        raise matrix_shape_error(
            "`lu_solve` takes the factors of one matrix.",
            f"an array of shape {typeof(factors).shape}",
            "a shape (n, n)",
            "funcgrad.vmap(lu_solve)",
        )
    right = fnp.asarray(b)
    order = _permutation(pivots)
    if trans == 0:
        half = solve_triangular(factors, right[order], lower=True, unit_diagonal=True)
        return solve_triangular(factors, half)
    half = solve_triangular(factors, right, trans=trans)
    half = solve_triangular(factors, half, trans=trans, lower=True, unit_diagonal=True)
    return as_array(half[fnp.argsort(order)])


def _permutation(pivots: Any) -> Any:
    """Numbers of the rows after all swaps."""
    n = typeof(pivots).shape[0]

    def swap(i: Any, order: Any) -> Any:
        here, there = order[i], order[pivots[i]]
        return order.at[i].set(there).at[pivots[i]].set(here)

    return fori_loop(0, n, swap, fnp.arange(n))


def lu(
    a: Any,
    permute_l: bool = False,
    overwrite_a: bool = False,
    check_finite: bool = True,
) -> Any:
    """LU factors with pivoting: ``a == P @ L @ U``.

    Parameters
    ----------
    a : array, shape (..., m, n)
    permute_l : bool, optional
        Whether ``P @ L`` is returned for P and L.
    overwrite_a, check_finite : bool, optional
        Accepted as in SciPy; without effect.

    Returns
    -------
    tuple of array
        P, L with ones on its diagonal, and U; or ``P @ L`` and U.

    Examples
    --------
    >>> P, L, U = lu(np.array([[0.0, 2.0], [4.0, 4.0]]))
    >>> P.tolist(), U.tolist()
    ([[0.0, 1.0], [1.0, 0.0]], [[4.0, 4.0], [0.0, 2.0]])
    """
    del overwrite_a, check_finite
    x = as_matrices(a)
    m, n = typeof(x).shape[-2:]
    k = min(m, n)
    factors, _, order = kernels.lu(x)
    dtype = typeof(x).dtype
    lower = fnp.tril(factors[..., :, :k], -1) + np.eye(m, k, dtype=dtype)
    upper = fnp.triu(factors[..., :k, :])
    p = order[..., None, :] == fnp.arange(m)[:, None]
    p = p.astype(np.zeros((), dtype).real.dtype)
    if permute_l:
        return as_array(fnp.matmul(p.astype(dtype), lower)), as_array(upper)
    return as_array(p), as_array(lower), as_array(upper)
