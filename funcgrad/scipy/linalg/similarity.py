"""Schur and Hessenberg forms of square matrices."""

from __future__ import annotations

from typing import Any

from funcgrad import numpy as fnp
from funcgrad.core.array import as_array
from funcgrad.core.dtypes import complex_dtype
from funcgrad.core.trace import typeof
from funcgrad.numpy.dispatch import promote
from funcgrad.numpy.linalg.operands import adjoint, as_matrices, identity_like
from funcgrad.ops import linalg as kernels
from funcgrad.ops.control.loops import fori_loop


def schur(a: Any, output: str = "real") -> tuple[Any, Any]:
    """Schur form: ``a == Z @ T @ Z.conj().T``, T upper triangular, Z unitary.

    Parameters
    ----------
    a : array, shape (..., n, n)
    output : {"real", "complex"}, optional
        Of real matrices, whether T is real, with blocks of two rows for pairs of
        complex eigenvalues, or complex and triangular.

    Returns
    -------
    T, Z : array, shape (..., n, n)

    Raises
    ------
    DifferentiationError
        For a derivative: the factors change by jumps.
    ValueError
        If ``output`` is none of these.

    Examples
    --------
    >>> import numpy as np
    >>> T, Z = schur(np.array([[1.0, 2.0], [0.0, 3.0]]))
    >>> np.diag(T).tolist()
    [1.0, 3.0]
    """
    if output not in ("real", "complex", "r", "c"):
        raise ValueError(f"output is 'real' or 'complex', not {output!r}")
    x = as_matrices(a, square=True)
    if output[0] == "c":
        x = x.astype(complex_dtype(typeof(x).dtype))
    t, z = kernels.schur(x)
    return as_array(t), as_array(z)


def hessenberg(
    a: Any,
    *,
    calc_q: bool = False,
    overwrite_a: bool = False,
    check_finite: bool = True,
) -> Any:
    """Hessenberg form: ``a == Q @ H @ Q.conj().T``, H zero below its subdiagonal.

    Parameters
    ----------
    a : array, shape (..., n, n)
    calc_q : bool, optional
        Whether Q is returned too.
    overwrite_a, check_finite : bool, optional
        Accepted as in SciPy; without effect.

    Returns
    -------
    array, or tuple of two, shape (..., n, n)

    Raises
    ------
    DifferentiationError
        For a derivative: the factors change by jumps.

    Examples
    --------
    >>> import numpy as np
    >>> float(hessenberg(np.ones((3, 3)))[2, 0])
    0.0
    """
    del overwrite_a, check_finite
    x = as_matrices(a, square=True)
    # Small ones are of that form as they are, where LAPACK would turn phases.
    small = typeof(x).shape[-1] <= 2
    h, q = (x, identity_like(x)) if small else kernels.hessenberg(x)
    return (as_array(h), as_array(q)) if calc_q else as_array(h)


def rsf2csf(T: Any, Z: Any, check_finite: bool = True) -> tuple[Any, Any]:
    """Complex Schur form from the real one, by a rotation for each block of two rows.

    Parameters
    ----------
    T, Z : array, shape (n, n)
        What `schur` gives for a real matrix.
    check_finite : bool, optional
        Accepted as in SciPy; without effect.

    Returns
    -------
    T, Z : complex array, shape (n, n)

    Raises
    ------
    ShapeError
        If the matrices are not square.

    Examples
    --------
    >>> import numpy as np
    >>> T, Z = rsf2csf(*schur(np.array([[0.0, 1.0], [-1.0, 0.0]])))
    >>> np.abs(np.diag(T).imag).round(9).tolist()
    [1.0, 1.0]
    """
    del check_finite
    t, z = promote([as_matrices(x, square=True) for x in (T, Z)])
    dtype = complex_dtype(typeof(t).dtype)
    t, z = t.astype(dtype), z.astype(dtype)
    n = typeof(t).shape[-1]

    def rotated(i: Any, carry: tuple[Any, Any]) -> tuple[Any, Any]:
        m = n - 1 - i
        t, z = carry
        at, next_at = fnp.arange(n) == m - 1, fnp.arange(n) == m
        block = [[_entry(t, x, y) for y in (at, next_at)] for x in (at, next_at)]
        g = _rotation(block, at, next_at, identity_like(t))
        below = next_at[:, None] & at[None, :]
        turned = fnp.where(below, 0, g @ t @ adjoint(g))
        return turned, z @ adjoint(g)

    t, z = fori_loop(0, max(n - 1, 0), rotated, (t, z))
    return as_array(t), as_array(z)


def _entry(t: Any, row: Any, column: Any) -> Any:
    return fnp.sum(fnp.where(row[:, None] & column[None, :], t, 0))


def _rotation(block: Any, at: Any, next_at: Any, identity: Any) -> Any:
    """The identity, but for a rotation of two rows that makes the block triangular."""
    (a, b), (c, d) = block
    middle = (a + d) / 2
    spread = fnp.sqrt(((a - d) / 2) ** 2 + b * c)
    near = fnp.where(fnp.real((d - middle) * fnp.conj(spread)) > 0, 1.0, -1.0)
    first = middle + near * spread - d
    length = fnp.sqrt(fnp.abs(first) ** 2 + fnp.abs(c) ** 2)
    plain = fnp.abs(c) == 0
    length = fnp.where(plain, 1.0, length)
    cosine = fnp.where(plain, 1.0, first / length)
    sine = fnp.where(plain, 0.0, c / length)
    rows = [(at, at, fnp.conj(cosine)), (next_at, next_at, cosine)]
    rows += [(at, next_at, fnp.conj(sine)), (next_at, at, -sine)]
    g = identity
    for row, column, value in rows:
        g = fnp.where(row[:, None] & column[None, :], value, g)
    return g
