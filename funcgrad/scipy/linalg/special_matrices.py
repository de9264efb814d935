"""Matrices of a known pattern: constants, and entries of vectors put into places."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from funcgrad import numpy as fnp
from funcgrad.core.array import as_array
from funcgrad.core.trace import typeof


def toeplitz(c: Any, r: Any = None) -> Any:
    """Matrices with the first column ``c`` and the first row ``r``, equal on diagonals.

    Parameters
    ----------
    c : array, shape (..., m)
    r : array, shape (..., n), optional
        Its first entry is not read; by default ``conj(c)``.

    Examples
    --------
    >>> toeplitz(np.array([1, 2, 3]), np.array([1, 4])).tolist()
    [[1, 4], [2, 1], [3, 2]]
    """
    c = fnp.atleast_1d(fnp.asarray(c))
    r = fnp.conj(c) if r is None else fnp.atleast_1d(fnp.asarray(r))
    m, n = typeof(c).shape[-1], typeof(r).shape[-1]
    lead = np.broadcast_shapes(typeof(c).shape[:-1], typeof(r).shape[:-1])
    parts = [fnp.broadcast_to(x, (*lead, typeof(x).shape[-1])) for x in (c, r)]
    both = fnp.concatenate([parts[0][..., ::-1], parts[1][..., 1:]], axis=-1)
    place = (m - 1) - np.arange(m)[:, None] + np.arange(n)
    return as_array(both[..., place])


def hankel(c: Any, r: Any = None) -> Any:
    """Matrix with the first column ``c`` and the last row ``r``, equal across.

    Parameters
    ----------
    c : array, shape (m,)
    r : array, shape (n,), optional
        Its first entry is not read; by default zeros.

    Examples
    --------
    >>> hankel(np.array([1, 2, 3])).tolist()
    [[1, 2, 3], [2, 3, 0], [3, 0, 0]]
    """
    c = fnp.ravel(fnp.asarray(c))
    r = fnp.zeros_like(c) if r is None else fnp.ravel(fnp.asarray(r))
    both = fnp.concatenate([c, r[1:]])
    place = np.arange(typeof(c).shape[0])[:, None] + np.arange(typeof(r).shape[0])
    return as_array(both[place])


def circulant(c: Any) -> Any:
    """Square matrices whose columns are ``c``, turned on by one in each column.

    Parameters
    ----------
    c : array, shape (..., n)

    Examples
    --------
    >>> circulant(np.array([1, 2, 3])).tolist()
    [[1, 3, 2], [2, 1, 3], [3, 2, 1]]
    """
    c = fnp.atleast_1d(fnp.asarray(c))
    n = typeof(c).shape[-1]
    place = (np.arange(n)[:, None] - np.arange(n)) % max(n, 1)
    return as_array(c[..., place])


def _with_subdiagonal(row: Any, below: Any) -> Any:
    """First row, and first subdiagonal, of an otherwise zero square matrix."""
    dtype = np.result_type(typeof(row).dtype, typeof(below).dtype)
    n = typeof(row).shape[-1]
    lead = typeof(row).shape[:-1]
    first = row[..., None, :].astype(dtype)
    rest = below[..., :, None] * np.eye(n - 1, n, dtype=dtype)
    rest = fnp.broadcast_to(rest, (*lead, n - 1, n))
    return as_array(fnp.concatenate([first, rest], axis=-2))


def companion(a: Any) -> Any:
    """Matrices whose eigenvalues are the roots of a polynomial.

    Parameters
    ----------
    a : array, shape (..., n)
        At least two coefficients, of the highest power first.

    Returns
    -------
    array, shape (..., n - 1, n - 1)

    Raises
    ------
    ValueError
        If there are fewer than two coefficients.

    Examples
    --------
    >>> companion(np.array([1.0, -10.0, 31.0, -30.0])).tolist()
    [[10.0, -31.0, 30.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """
    a = fnp.atleast_1d(fnp.asarray(a))
    n = typeof(a).shape[-1]
    if n < 2:
        raise ValueError("companion takes two coefficients or more")
    row = -a[..., 1:] / a[..., :1]
    ones = fnp.broadcast_to(
        np.ones(n - 2, typeof(row).dtype), (*typeof(a).shape[:-1], n - 2)
    )
    return _with_subdiagonal(row, ones)


def leslie(f: Any, s: Any) -> Any:
    """Leslie matrices: fecundities in the first row, survival below the diagonal.

    Parameters
    ----------
    f : array, shape (..., n)
    s : array, shape (..., n - 1)

    Raises
    ------
    ValueError
        If the lengths do not fit.

    Examples
    --------
    >>> leslie(np.array([0.1, 2.0]), np.array([0.5])).tolist()
    [[0.1, 2.0], [0.5, 0.0]]
    """
    f, s = fnp.atleast_1d(fnp.asarray(f)), fnp.atleast_1d(fnp.asarray(s))
    if typeof(f).shape[-1] != typeof(s).shape[-1] + 1 or typeof(s).shape[-1] == 0:
        raise ValueError("leslie takes one survival coefficient fewer than fecundities")
    return _with_subdiagonal(f, s)


def fiedler(a: Any) -> Any:
    """Matrices of the distances ``abs(a[i] - a[j])``.

    Parameters
    ----------
    a : array, shape (..., n)

    Examples
    --------
    >>> fiedler(np.array([1.0, 4.0])).tolist()
    [[0.0, 3.0], [3.0, 0.0]]
    """
    a = fnp.atleast_1d(fnp.asarray(a))
    return as_array(fnp.abs(a[..., :, None] - a[..., None, :]))


def fiedler_companion(a: Any) -> Any:
    """A matrix of five diagonals whose eigenvalues are the roots of a polynomial.

    Parameters
    ----------
    a : array, shape (n,)
        Coefficients, of the highest power first.

    Raises
    ------
    ValueError
        If ``a`` has not one axis.

    Examples
    --------
    >>> fiedler_companion(np.array([1.0, -10.0, 31.0, -30.0])).tolist()
    [[10.0, -31.0, 1.0], [1.0, 0.0, 0.0], [0.0, 30.0, 0.0]]
    """
    a = fnp.atleast_1d(fnp.asarray(a))
    if typeof(a).ndim != 1:
        raise ValueError("fiedler_companion takes one polynomial, of one axis")
    a = a / a[:1]
    n = typeof(a).shape[0] - 1
    if n <= 0:
        return as_array(fnp.zeros((0,), typeof(a).dtype))
    places, sources = _fiedler_places(n)
    padded = fnp.concatenate([fnp.zeros_like(a[:1]), fnp.ones_like(a[:1]), -a[1:]])
    table = np.zeros((n, n), int)
    table[tuple(np.transpose(places))] = sources
    return as_array(padded[table])


def _fiedler_places(n: int) -> tuple[list[tuple[int, int]], list[int]]:
    """Places of ones (1) and of the coefficients (k + 1)."""
    places, sources = [(0, 0)], [2]
    for k in range(1, n):
        # The k-th coefficient stands in a row if k is odd, in a column if it is even.
        odd = k % 2
        places.append((k - 1, k) if odd else (k, k - 1))
        sources.append(k + 2)
        places.append(
            (k, k - 1) if k == 1 else ((k - 2, k) if odd == 0 else (k, k - 2))
        )
        sources.append(1)
    return places, sources


def convolution_matrix(a: Any, n: int, mode: str = "full") -> Any:
    """Matrix that convolves a vector of length ``n`` with ``a``, by a product.

    Parameters
    ----------
    a : array, shape (m,)
    n : int
    mode : {"full", "same", "valid"}, optional
        As in `numpy.convolve`.

    Raises
    ------
    ValueError
        If a length is zero, or ``mode`` none of these.

    Examples
    --------
    >>> convolution_matrix(np.array([1, 2]), 2).tolist()
    [[1, 0], [2, 1], [0, 2]]
    """
    a = fnp.asarray(a)
    m = typeof(a).shape[-1]
    if n <= 0 or m == 0:
        raise ValueError("convolution_matrix takes lengths of at least one")
    if mode not in ("full", "same", "valid"):
        raise ValueError(f"mode is 'full', 'same' or 'valid', not {mode!r}")
    first, rows = 0, n + m - 1
    if mode == "valid":
        first, rows = min(m, n) - 1, max(m, n) - min(m, n) + 1
    elif mode == "same":
        first, rows = (min(m, n) - 1) // 2, max(m, n)
    place = first + np.arange(rows)[:, None] - np.arange(n)
    inside = (place >= 0) & (place < m)
    zero = np.zeros((), typeof(a).dtype)
    return as_array(fnp.where(inside, a[..., np.clip(place, 0, m - 1)], zero))


def block_diag(*arrs: Any) -> Any:
    """Matrix with the given ones on its diagonal, and zeros elsewhere.

    Parameters
    ----------
    *arrs : array of at most two axes

    Raises
    ------
    ValueError
        If one has more axes.

    Examples
    --------
    >>> block_diag(np.array([[1.0, 2.0]]), np.array([[3.0]])).tolist()
    [[1.0, 2.0, 0.0], [0.0, 0.0, 3.0]]
    """
    blocks = [fnp.atleast_2d(fnp.asarray(a)) for a in arrs or ([],)]
    if any(typeof(b).ndim > 2 for b in blocks):
        raise ValueError("block_diag takes matrices of at most two axes")
    width = sum(typeof(b).shape[1] for b in blocks)
    rows, before = [], 0
    for block in blocks:
        columns = typeof(block).shape[1]
        rows.append(fnp.pad(block, ((0, 0), (before, width - before - columns))))
        before += columns
    return as_array(fnp.concatenate(rows, axis=0))


def dft(n: int, scale: str | None = None, *, dtype: Any = None) -> Any:
    """Matrix of the discrete Fourier transform.

    Parameters
    ----------
    n : int
    scale : {None, "sqrtn", "n"}, optional
        What the matrix is divided by.
    dtype : dtype, optional
        complex128 by default.

    Raises
    ------
    ValueError
        If ``scale`` is none of these.

    Examples
    --------
    >>> dft(2).real.tolist()
    [[1.0, 1.0], [1.0, -1.0]]
    """
    if scale not in (None, "sqrtn", "n"):
        raise ValueError(f"scale is None, 'sqrtn' or 'n', not {scale!r}")
    # Of whole turns nothing is left: angles stay exact for large n.
    turns = np.outer(np.arange(n), np.arange(n)) % max(n, 1)
    m = (
        np.exp(-2j * np.pi * turns / n)
        / {None: 1, "sqrtn": math.sqrt(n), "n": n}[scale]
    )
    return as_array(m.astype(dtype or np.complex128))
