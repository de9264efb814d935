"""Discrete cosine transforms of the types one to four, by Fourier transforms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad import numpy as fnp
from funcgrad.core.array import as_array
from funcgrad.core.dtypes import divide_dtype, real_dtype
from funcgrad.core.trace import typeof
from funcgrad.numpy.fft.one_axis import resized

_INVERSE = {1: 1, 2: 3, 3: 2, 4: 4}
_NORMS = (None, "backward", "ortho", "forward")


def dct(
    x: Any, type: int = 2, n: int | None = None, axis: int = -1, norm: str | None = None
) -> Any:
    """Discrete cosine transform along one axis.

    Parameters
    ----------
    x : array
    type : {1, 2, 3, 4}, optional
    n : int, optional
        Length, to which ``x`` is cut or filled with zeros.
    axis : int, optional
    norm : {None, "backward", "ortho", "forward"}, optional
        As in SciPy: whether the inverse is scaled, both are, or this one.

    Returns
    -------
    array

    Raises
    ------
    ValueError
        If ``type`` or ``norm`` is none of these, or the length too small.

    Examples
    --------
    >>> dct(np.array([1.0, 1.0, 1.0])).round(9).tolist()
    [6.0, 0.0, 0.0]
    """
    return _along(x, type, n, axis, norm or "backward")


def idct(
    x: Any, type: int = 2, n: int | None = None, axis: int = -1, norm: str | None = None
) -> Any:
    """Inverse of `dct` of the same type and norm; see there for the arguments.

    Examples
    --------
    >>> idct(np.array([6.0, 0.0, 0.0])).round(9).tolist()
    [1.0, 1.0, 1.0]
    """
    _check(type, norm)
    other = {"forward": "backward", "ortho": "ortho"}.get(norm or "", "forward")
    return _along(x, _INVERSE[type], n, axis, other)


def dctn(
    x: Any,
    type: int = 2,
    s: Sequence[int] | None = None,
    axes: Sequence[int] | None = None,
    norm: str | None = None,
) -> Any:
    """Discrete cosine transform along several axes.

    Parameters
    ----------
    x : array
    type : {1, 2, 3, 4}, optional
    s : sequence of int, optional
        Lengths along the axes.
    axes : sequence of int, optional
        All axes by default, the last ones if ``s`` is given.
    norm : {None, "backward", "ortho", "forward"}, optional

    Returns
    -------
    array

    Raises
    ------
    ValueError
        As `dct`, and if ``s`` and ``axes`` differ in length.

    Examples
    --------
    >>> dctn(np.ones((2, 2))).round(9).tolist()
    [[16.0, 0.0], [0.0, 0.0]]
    """
    for axis, n in _axes(x, s, axes):
        x = dct(x, type, n, axis, norm)
    return x


def idctn(
    x: Any,
    type: int = 2,
    s: Sequence[int] | None = None,
    axes: Sequence[int] | None = None,
    norm: str | None = None,
) -> Any:
    """Inverse of `dctn` of the same type and norm; see there for the arguments.

    Examples
    --------
    >>> idctn(np.array([[16.0, 0.0], [0.0, 0.0]])).round(9).tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """
    for axis, n in _axes(x, s, axes):
        x = idct(x, type, n, axis, norm)
    return x


def _axes(x: Any, s: Any, axes: Any) -> list[tuple[int, int | None]]:
    """Each axis with its length."""
    if axes is None:
        rank = np.ndim(x)
        axes = range(rank) if s is None else range(rank - len(s), rank)
    lengths = [None] * len(axes) if s is None else list(s)
    if len(lengths) != len(axes):
        raise ValueError("s and axes have one entry for each axis")
    return list(zip(axes, lengths, strict=True))


def _check(type: int, norm: str | None) -> None:
    if type not in _INVERSE:
        raise ValueError(f"type is 1, 2, 3 or 4, not {type!r}")
    if norm not in _NORMS:
        raise ValueError(f"norm is one of {_NORMS}, not {norm!r}")


def _along(x: Any, type: int, n: int | None, axis: int, norm: str) -> Any:
    _check(type, norm)
    x = fnp.asarray(x)
    x = fnp.moveaxis(x.astype(divide_dtype(typeof(x).dtype)), axis, -1)
    length = typeof(x).shape[-1]
    n = length if n is None else n
    if n < (2 if type == 1 else 1):
        raise ValueError(f"a transform of type {type} can not have the length {n}")
    x = resized(x, n, typeof(x).ndim - 1)
    if typeof(x).dtype.kind == "c":
        parts = [_scaled(part, type, norm) for part in (fnp.real(x), fnp.imag(x))]
        y = parts[0] + 1j * parts[1]
    else:
        y = _scaled(x, type, norm)
    return as_array(fnp.moveaxis(y, -1, axis))


def _scaled(x: Any, type: int, norm: str) -> Any:
    """The transform of real numbers along the last axis, scaled as the norm says."""
    n = typeof(x).shape[-1]
    dtype = typeof(x).dtype
    period = 2 * (n - 1) if type == 1 else 2 * n
    ends = np.ones(n)
    ends[[0, -1] if type == 1 else [0]] = math.sqrt(2)
    if norm == "ortho" and type in (1, 3):
        x = x * ends.astype(dtype)
    y = _transform(x, type)
    if norm == "ortho" and type in (1, 2):
        y = y / ends.astype(dtype)
    scale = {"backward": 1.0, "ortho": 1 / math.sqrt(period), "forward": 1 / period}
    return y * scale[norm]


def _transform(x: Any, type: int) -> Any:
    n = typeof(x).shape[-1]
    if type == 1:
        mirrored = fnp.concatenate([x, x[..., -2:0:-1]], axis=-1)
        return fnp.real(fnp.fft.rfft(mirrored))
    number = np.arange(n)
    before = after = np.ones(n, complex)
    if type in (3, 4):
        before = np.exp(-0.5j * np.pi * number / n)
    if type == 3:
        before[1:] *= 2
    if type == 2:
        after = 2 * np.exp(-0.5j * np.pi * number / n)
    if type == 4:
        after = 2 * np.exp(-0.25j * np.pi * (2 * number + 1) / n)
    dtype = np.result_type(real_dtype(typeof(x).dtype), np.complex64)
    full = fnp.fft.fft(x * before.astype(dtype), 2 * n)[..., :n]
    return fnp.real(full * after.astype(dtype))
