"""Cholesky factors, and systems with triangular matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad import ops
from funcgrad.core.array import as_array
from funcgrad.core.dtypes import divide_dtype, result_type_of
from funcgrad.core.trace import typeof
from funcgrad.numpy.dispatch import to_array
from funcgrad.numpy.linalg.operands import adjoint, as_matrices, matrix_shape_error
from funcgrad.ops import linalg as kernels
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.elementwise import broadcast_shapes


def cholesky(
    a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> Any:
    """Cholesky factor of Hermitian positive definite matrices.

    Parameters
    ----------
    a : array, shape (..., n, n)
        Only the triangle of the factor is read.
    lower : bool, optional
        Whether the factor is the lower one, ``a = L @ L.conj().T``, or the upper one,
        ``a = U.conj().T @ U``.
    overwrite_a, check_finite : bool, optional
        Accepted as in SciPy; without effect.

    Returns
    -------
    array, shape (..., n, n)
        NaN where a matrix is not positive definite.

    Raises
    ------
    ShapeError
        If ``a`` is no square matrix.

    Examples
    --------
    >>> cholesky(np.array([[4.0, 2.0], [2.0, 2.0]])).tolist()
    [[2.0, 1.0], [0.0, 1.0]]
    """
    del overwrite_a, check_finite
    x = as_matrices(a, square=True)
    if lower:
        return as_array(kernels.cholesky(x))
    return as_array(adjoint(kernels.cholesky(adjoint(x))))


def solve_triangular(
    a: Any,
    b: Any,
    trans: int | str = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:
    """Solution of ``op(a) @ x = b`` with triangular matrices.

    Parameters
    ----------
    a : array, shape (..., n, n)
        Only one triangle is read.
    b : array, shape (n,) or (..., n, k)
    trans : {0, 1, 2, "N", "T", "C"}, optional
        Whether ``op(a)`` is ``a``, its transpose, or its adjoint.
    lower : bool, optional
        Which triangle it is.
    unit_diagonal : bool, optional
        Whether the diagonal is taken for ones, whatever stands there.
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
    >>> a = np.array([[2.0, 0.0], [1.0, 1.0]])
    >>> solve_triangular(a, np.array([2.0, 3.0]), lower=True).tolist()
    [1.0, 2.0]
    """
    del overwrite_b, check_finite
    if trans not in (0, 1, 2, "N", "T", "C"):
        raise ValueError(f"trans is 0, 1, 2, 'N', 'T' or 'C', not {trans!r}")
    matrix, right, is_vector = _system(a, b)
    x = kernels.triangular_solve(
        matrix,
        right,
        left_side=True,
        lower=lower,
        transpose_a=trans not in (0, "N"),
        conjugate_a=trans in (2, "C"),
        unit_diagonal=unit_diagonal,
    )
    return as_array(ops.reshape(x, typeof(x).shape[:-1]) if is_vector else x)


def _system(a: Any, b: Any) -> tuple[Any, Any, bool]:
    """Matrices and right sides of one dtype and one stack; whether b is a vector."""
    matrix, right = as_matrices(a, square=True), to_array(b)
    dtype = divide_dtype(result_type_of(matrix, right))
    matrix = convert_element_type(matrix, dtype)
    right = convert_element_type(right, dtype)
    is_vector = typeof(right).ndim == 1
    if is_vector:
        right = ops.reshape(right, (*typeof(right).shape, 1))
    shape, other = typeof(matrix).shape, typeof(right).shape
    if len(other) < 2 or other[-2] != shape[-1]:
        raise matrix_shape_error(
            "the right side has another length than the matrix.",
            f"shapes {shape} and {np.shape(b)}",
            f"({shape[-1]},) or (..., {shape[-1]}, k)",
        )
    lead = broadcast_shapes(shape[:-2], other[:-2])
    stacked = [
        ops.broadcast_to(x, (*lead, *typeof(x).shape[-2:])) for x in (matrix, right)
    ]
    return stacked[0], stacked[1], is_vector


def cho_factor(
    a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> tuple[Any, bool]:
    """Cholesky factor for `cho_solve`; see `cholesky`, also for the arguments.

    Returns
    -------
    c : array, shape (..., n, n)
        The factor; its other triangle is zero, where SciPy leaves what was there.
    lower : bool

    Examples
    --------
    >>> cho_factor(np.array([[4.0]]))[0].tolist()
    [[2.0]]
    """
    return cholesky(a, lower, overwrite_a, check_finite), lower


def cho_solve(
    c_and_lower: tuple[Any, bool],
    b: Any,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:
    """Solution of ``a @ x = b`` from the Cholesky factor of ``a``.

    Parameters
    ----------
    c_and_lower : tuple
        What `cho_factor` gives.
    b : array, shape (n,) or (..., n, k)
    overwrite_b, check_finite : bool, optional
        Accepted as in SciPy; without effect.

    Returns
    -------
    array, shape of ``b``

    Raises
    ------
    ShapeError
        If the shapes do not fit.

    Examples
    --------
    >>> a = np.array([[4.0, 2.0], [2.0, 2.0]])
    >>> cho_solve(cho_factor(a), np.array([6.0, 4.0])).tolist()
    [1.0, 1.0]
    """
    del overwrite_b, check_finite
    factor, lower = c_and_lower
    first, last = ("N", "C") if lower else ("C", "N")
    half = solve_triangular(factor, b, trans=first, lower=lower)
    return solve_triangular(factor, half, trans=last, lower=lower)
