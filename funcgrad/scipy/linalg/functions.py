"""Functions of matrices, and the Sylvester equation that their derivatives solve."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad import numpy as fnp
from funcgrad import ops
from funcgrad.api.derivatives import jvp
from funcgrad.core.array import as_array
from funcgrad.core.dtypes import complex_dtype
from funcgrad.core.trace import typeof
from funcgrad.numpy.dispatch import promote
from funcgrad.numpy.linalg.operands import (
    adjoint,
    as_matrices,
    identity_like,
    matrix_shape_error,
)
from funcgrad.ops import linalg as kernels
from funcgrad.ops.control.custom_rules import custom_jvp
from funcgrad.ops.control.implicit import custom_linear_solve
from funcgrad.ops.control.loops import fori_loop


def solve_sylvester(
    A: Any, B: Any, C: Any, *, method: str = "schur", tol: float = 1e-8
) -> Any:
    """X with ``A @ X + X @ B == C``, by Schur forms of A and B.

    Parameters
    ----------
    A : array, shape (m, m)
    B : array, shape (n, n)
    C : array, shape (m, n)
    method : {"schur"}, optional
        Accepted as in JAX.
    tol : float, optional
        Accepted as in JAX; without effect.

    Returns
    -------
    array, shape (m, n)
        Not finite where A and ``-B`` have an eigenvalue in common. Differentiable to
        any order.

    Raises
    ------
    ShapeError
        If the shapes do not fit.

    References
    ----------
    R. H. Bartels and G. W. Stewart, "Solution of the matrix equation AX + XB = C",
    Comm. ACM 15 (1972), doi:10.1145/361573.361582.

    Examples
    --------
    >>> solve_sylvester(np.eye(2), np.eye(2), np.eye(2)).tolist()
    [[0.5, 0.0], [0.0, 0.5]]
    """
    del tol
    if method != "schur":
        raise ValueError(f"method is 'schur', not {method!r}")
    left, right = as_matrices(A, square=True), as_matrices(B, square=True)
    a, b, c = promote([left, right, as_matrices(C)])
    if typeof(c).shape != (typeof(a).shape[-1], typeof(b).shape[-1]):
        raise matrix_shape_error(
            "`solve_sylvester`: the right side does not fit the matrices.",
            f"{typeof(a).shape}, {typeof(b).shape} and {typeof(c).shape}",
            "shapes (m, m), (n, n) and (m, n)",
        )
    return as_array(_sylvester(a, b, c))


def _sylvester(a: Any, b: Any, c: Any) -> Any:
    if 0 in typeof(c).shape:
        return c
    return custom_linear_solve(
        lambda x: a @ x + x @ b,
        c,
        lambda _, y: _by_schur(ops.stop_gradient(a), ops.stop_gradient(b), y),
        lambda _, y: _by_schur(ops.stop_gradient(a).mT, ops.stop_gradient(b).mT, y),
    )


def _complex_schur(a: Any) -> tuple[Any, Any]:
    t, u = kernels.schur(a.astype(complex_dtype(typeof(a).dtype)))
    return as_array(t), as_array(u)


def _by_schur(a: Any, b: Any, c: Any) -> Any:
    """X with ``a @ X + X @ b == c``, column by column of the triangular form of b."""
    s, u = _complex_schur(a)
    t, v = _complex_schur(b)
    right = as_array(adjoint(u) @ c @ v)
    shift = identity_like(s)

    def step(k: Any, x: Any) -> Any:
        column = t[:, k]
        here = right[:, k] - x @ column
        return x.at[:, k].set(_upper_solution(s + column[k] * shift, here))

    x = fori_loop(0, typeof(c).shape[-1], step, fnp.zeros_like(right))
    x = u @ x @ adjoint(v)
    return x if typeof(c).dtype.kind == "c" else fnp.real(x)


def _upper_solution(a: Any, b: Any) -> Any:
    return kernels.triangular_solve(a, b[:, None], left_side=True)[:, 0]


def sqrtm(A: Any, blocksize: int = 1) -> Any:
    """The principal square root of square matrices, complex.

    Parameters
    ----------
    A : array, shape (n, n)
    blocksize : int, optional
        Accepted as in JAX; without effect.

    Returns
    -------
    complex array, shape (n, n)
        Real matrices too have complex roots, or imaginary parts of zero. Its derivative
        solves a Sylvester equation and exists where A is regular.

    Raises
    ------
    ShapeError
        If the matrix is not square.

    References
    ----------
    A. Bjorck and S. Hammarling, "A Schur method for the square root of a matrix",
    Linear Algebra Appl. 52 (1983), doi:10.1016/0024-3795(83)80010-X.

    Examples
    --------
    >>> sqrtm(np.array([[4.0, 0.0], [0.0, 9.0]])).real.tolist()
    [[2.0, 0.0], [0.0, 3.0]]
    """
    del blocksize
    a = as_matrices(A, square=True)
    a = a.astype(complex_dtype(typeof(a).dtype))
    return as_array(_root(a) if 0 not in typeof(a).shape else a)


@custom_jvp
def _root(a: Any) -> Any:
    t, u = _complex_schur(a)
    n = typeof(t).shape[-1]
    roots = as_array(fnp.sqrt(fnp.diagonal(t)))
    number = fnp.arange(n)

    def step(k: Any, r: Any) -> Any:
        # Columns that are not there yet are those of the identity.
        shifted = r + roots[k] * identity_like(r)
        column = _upper_solution(shifted, fnp.where(number < k, t[:, k], 0))
        return r.at[:, k].set(fnp.where(number == k, roots[k], column))

    r = fori_loop(0, n, step, identity_like(t))
    return u @ r @ adjoint(u)


@_root.defjvp
def _root_jvp(primals: Any, tangents: Any) -> Any:
    root = _root(*primals)
    return root, _sylvester(root, root, tangents[0])


def funm(A: Any, func: Callable[[Any], Any], disp: bool = True) -> Any:
    """A function of square matrices that have a full set of eigenvectors.

    Parameters
    ----------
    A : array, shape (..., n, n)
    func : callable
        Analytic, of a complex array, entry by entry.
    disp : bool, optional
        If false, an estimate of the relative error is returned too.

    Returns
    -------
    complex array, shape (..., n, n), or tuple with the estimate
        The result loses what the eigenvectors are close to dependent. The first
        derivative, by divided differences of ``func``, holds at equal eigenvalues too.

    Raises
    ------
    ShapeError
        If the matrices are not square.

    References
    ----------
    N. J. Higham, "Functions of Matrices", SIAM 2008, theorem 3.11.

    Examples
    --------
    >>> funm(np.diag([0.0, 2.0]), lambda x: x**2).real.tolist()
    [[0.0, 0.0], [0.0, 4.0]]
    """
    a = as_matrices(A, square=True)
    a = a.astype(complex_dtype(typeof(a).dtype))
    if 0 in typeof(a).shape:
        return as_array(a)

    @custom_jvp
    def apply(a: Any) -> Any:
        w, v = kernels.eig(a)
        return _in_basis(v, func(w)[..., :, None] * identity_like(v))

    @apply.defjvp
    def apply_jvp(primals: Any, tangents: Any) -> Any:
        w, v = kernels.eig(*primals)
        inside = _inverse_times(v, tangents[0] @ v)
        return apply(*primals), _in_basis(v, _divided(func, w) * inside)

    found = apply(a)
    if disp:
        return as_array(found)
    w, v = (ops.stop_gradient(x) for x in kernels.eig(a))
    eps = np.finfo(typeof(w).dtype).eps
    return as_array(found), as_array(eps * fnp.linalg.cond(v, 1))


def _inverse_times(v: Any, b: Any) -> Any:
    factors, _, permutation = kernels.lu(v)
    return kernels.lu_solve(factors, permutation, b)


def _in_basis(v: Any, x: Any) -> Any:
    """``v @ x @ inv(v)``."""
    flipped = _inverse_times(fnp.swapaxes(v, -1, -2), fnp.swapaxes(v @ x, -1, -2))
    return fnp.swapaxes(flipped, -1, -2)


def _divided(func: Callable[[Any], Any], w: Any) -> Any:
    """Divided differences of every two values, the derivative where these are close."""
    y = func(w)
    gaps = w[..., None, :] - w[..., :, None]
    middle = (w[..., None, :] + w[..., :, None]) / 2
    eps = np.finfo(typeof(w).dtype).eps
    scale = fnp.max(fnp.abs(w), axis=-1)[..., None, None]
    close = fnp.abs(gaps) <= eps ** (1 / 3) * scale
    slope = jvp(func, (middle,), (fnp.ones_like(middle),))[1]
    steps = y[..., None, :] - y[..., :, None]
    return fnp.where(close, slope, steps / fnp.where(close, 1.0, gaps))
