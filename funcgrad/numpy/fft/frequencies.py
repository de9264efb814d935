"""The frequencies that the entries of a transform belong to."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad.core.array import as_array


def fftfreq(n: int, d: Any = 1.0, device: Any = None, *, dtype: Any = None) -> Any:
    """The frequencies of `fft`'s entries: zero, the positive ones, the negative ones.

    Parameters
    ----------
    n : int
        Length of the transform.
    d : float, optional
        Time between two samples; it may be traced.
    device : optional
        Accepted as NumPy does; without effect.
    dtype : dtype, optional
        float64 by default.

    Returns
    -------
    array, shape (n,)

    Examples
    --------
    >>> fftfreq(4, 0.5)
    Array([ 0. ,  0.5, -1. , -0.5])
    """
    return _in_dtype(np.fft.fftfreq(n, d), dtype)


def rfftfreq(n: int, d: Any = 1.0, device: Any = None, *, dtype: Any = None) -> Any:
    """The frequencies of `rfft`'s entries: zero and the positive ones.

    Parameters
    ----------
    n : int
        Length of the signal.
    d : float, optional
        Time between two samples; it may be traced.
    device : optional
        Accepted as NumPy does; without effect.
    dtype : dtype, optional
        float64 by default.

    Returns
    -------
    array, shape (n // 2 + 1,)

    Examples
    --------
    >>> rfftfreq(4, 0.5)
    Array([0. , 0.5, 1. ])
    """
    return _in_dtype(np.fft.rfftfreq(n, d), dtype)


def _in_dtype(frequencies: Any, dtype: Any) -> Any:
    return as_array(frequencies if dtype is None else frequencies.astype(dtype))
