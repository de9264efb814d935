"""Matrices that only a size defines, as ``scipy.linalg`` makes them."""

from __future__ import annotations

from typing import Any

from funcgrad.core.array import as_array


def hadamard(n: int, dtype: Any = int) -> Any:
    """Hadamard matrix of order ``n``, a power of two: `scipy.linalg.hadamard`.

    Raises
    ------
    ValueError
        If ``n`` is no power of two.

    Examples
    --------
    >>> hadamard(2).tolist()
    [[1, 1], [1, -1]]
    """
    return _constant("hadamard", n, dtype=dtype)


def helmert(n: int, full: bool = False) -> Any:
    """Helmert matrix of order ``n``: `scipy.linalg.helmert`.

    Examples
    --------
    >>> helmert(2).round(3).tolist()
    [[0.707, -0.707]]
    """
    return _constant("helmert", n, full=full)


def hilbert(n: int) -> Any:
    """Hilbert matrix ``1 / (i + j + 1)`` of order ``n``: `scipy.linalg.hilbert`.

    Examples
    --------
    >>> hilbert(2).round(3).tolist()
    [[1.0, 0.5], [0.5, 0.333]]
    """
    return _constant("hilbert", n)


def invhilbert(n: int) -> Any:
    """Inverse of `hilbert`: `scipy.linalg.invhilbert`.

    Examples
    --------
    >>> invhilbert(2).tolist()
    [[4.0, -6.0], [-6.0, 12.0]]
    """
    return _constant("invhilbert", n)


def pascal(n: int, kind: str | None = None) -> Any:
    """Pascal matrix of binomial coefficients, as floats: `scipy.linalg.pascal`.

    Parameters
    ----------
    n : int
    kind : {None, "symmetric", "lower", "upper"}, optional

    Examples
    --------
    >>> pascal(3).tolist()
    [[1.0, 1.0, 1.0], [1.0, 2.0, 3.0], [1.0, 3.0, 6.0]]
    """
    return _constant("pascal", n, kind=kind or "symmetric", exact=False)


def invpascal(n: int, kind: str | None = None) -> Any:
    """Inverse of `pascal`, as floats: `scipy.linalg.invpascal`.

    Parameters
    ----------
    n : int
    kind : {None, "symmetric", "lower", "upper"}, optional

    Examples
    --------
    >>> invpascal(2).tolist()
    [[2.0, -1.0], [-1.0, 1.0]]
    """
    return _constant("invpascal", n, kind=kind or "symmetric", exact=False)


def _constant(name: str, *args: Any, **kwargs: Any) -> Any:
    # Loaded when first used: SciPy's linear algebra is large.
    import scipy.linalg

    return as_array(getattr(scipy.linalg, name)(*args, **kwargs))
