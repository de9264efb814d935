"""Convolutions and correlations in any number of dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad import numpy as fnp
from funcgrad.core.array import as_array
from funcgrad.core.trace import typeof
from funcgrad.numpy.dispatch import promote, to_array
from funcgrad.ops.convolving import conv_general_dilated

_MODES = ("full", "same", "valid")
_PADS = {"wrap": "wrap", "symm": "symmetric"}


def convolve(in1: Any, in2: Any, mode: str = "full", method: str = "auto") -> Any:
    """Convolution of two arrays with the same number of axes.

    Parameters
    ----------
    in1, in2 : array
    mode : {"full", "same", "valid"}, optional
        All of it, its middle of the shape of ``in1``, or where one lies in the other.
    method : {"auto", "direct", "fft"}, optional
        By sums, as "auto" does, or by Fourier transforms, which is faster where both
        arrays are long.

    Returns
    -------
    array

    Raises
    ------
    ValueError
        If ``mode`` or ``method`` is none of these, or the shapes do not fit.

    Examples
    --------
    >>> convolve(np.array([1.0, 2.0]), np.array([1.0, 1.0])).tolist()
    [1.0, 3.0, 2.0]
    """
    if method not in ("auto", "direct", "fft"):
        raise ValueError(f"method is 'auto', 'direct' or 'fft', not {method!r}")
    x, y = _operands(in1, in2, mode)
    if method == "fft":
        return fftconvolve(x, y, mode)
    if mode == "valid" and _exchanged(typeof(x).shape, typeof(y).shape):
        x, y = y, x
    pads = [_pads(m, mode) for m in typeof(y).shape]
    return as_array(_windows(x, fnp.flip(y), pads))


def _operands(in1: Any, in2: Any, mode: str) -> tuple[Any, Any]:
    if mode not in _MODES:
        raise ValueError(f"mode is 'full', 'same' or 'valid', not {mode!r}")
    x, y = promote([to_array(in1), to_array(in2)])
    if typeof(x).ndim != typeof(y).ndim:
        raise ValueError(
            "the arrays have different numbers of axes: shapes "
            f"{typeof(x).shape} and {typeof(y).shape}"
        )
    if 0 in (*typeof(x).shape, *typeof(y).shape):
        raise ValueError("the arrays have entries")
    return x, y


def _exchanged(shape: Sequence[int], other: Sequence[int]) -> bool:
    """Whether the second is the larger one, of two of which one is."""
    if all(n >= m for n, m in zip(shape, other, strict=True)):
        return False
    if all(n <= m for n, m in zip(shape, other, strict=True)):
        return True
    raise ValueError(
        "with 'valid' one array is at least as large as the other along every axis: "
        f"shapes {tuple(shape)} and {tuple(other)}"
    )


def _pads(m: int, mode: str) -> tuple[int, int]:
    if mode == "full":
        return m - 1, m - 1
    return (m - 1 - (m - 1) // 2, (m - 1) // 2) if mode == "same" else (0, 0)


def _windows(x: Any, y: Any, pads: Sequence[tuple[int, int]]) -> Any:
    """Sums of products of ``y`` with each window of ``x``."""
    rank = typeof(x).ndim
    if rank == 0:
        return x * y
    found = conv_general_dilated(x[None, None], y[None, None], [1] * rank, pads)
    return found[0, 0]


def correlate(in1: Any, in2: Any, mode: str = "full", method: str = "auto") -> Any:
    """Cross-correlation of two arrays with the same number of axes.

    Parameters
    ----------
    in1, in2 : array
        The second is conjugated.
    mode, method : str, optional
        As of `convolve`.

    Returns
    -------
    array

    Raises
    ------
    ValueError
        As `convolve`.

    Examples
    --------
    >>> correlate(np.array([1.0, 2.0]), np.array([1.0, 1.0]), mode="valid").tolist()
    [3.0]
    """
    return convolve(in1, fnp.flip(fnp.conj(to_array(in2))), mode, method)


def fftconvolve(
    in1: Any, in2: Any, mode: str = "full", axes: int | Sequence[int] | None = None
) -> Any:
    """Convolution by Fourier transforms.

    Parameters
    ----------
    in1, in2 : array
    mode : {"full", "same", "valid"}, optional
        As of `convolve`.
    axes : int or sequence of int, optional
        Those to convolve along, all by default; the others are broadcast.

    Returns
    -------
    array, of a float or complex dtype

    Raises
    ------
    ValueError
        As `convolve`.

    Examples
    --------
    >>> fftconvolve(np.array([1.0, 2.0]), np.array([1.0, 1.0])).round(9).tolist()
    [1.0, 3.0, 2.0]
    """
    x, y = _operands(in1, in2, mode)
    rank = typeof(x).ndim
    given = range(rank) if axes is None else [axes] if isinstance(axes, int) else axes
    chosen = sorted(axis % rank for axis in given)
    if not chosen:
        return as_array(x * y)
    n = [typeof(x).shape[axis] for axis in chosen]
    m = [typeof(y).shape[axis] for axis in chosen]
    sizes = [a + b - 1 for a, b in zip(n, m, strict=True)]
    if typeof(x).dtype.kind == "c":
        product = fnp.fft.fftn(x, sizes, chosen) * fnp.fft.fftn(y, sizes, chosen)
        found = fnp.fft.ifftn(product, sizes, chosen)
    else:
        product = fnp.fft.rfftn(x, sizes, chosen) * fnp.fft.rfftn(y, sizes, chosen)
        found = fnp.fft.irfftn(product, sizes, chosen)
    if mode == "full":
        return as_array(found)
    lengths = n
    if mode == "valid":
        if _exchanged(n, m):
            n, m = m, n
        lengths = [a - b + 1 for a, b in zip(n, m, strict=True)]
    cut = [slice(None)] * rank
    for axis, size, length in zip(chosen, sizes, lengths, strict=True):
        first = (size - length) // 2
        cut[axis] = slice(first, first + length)
    return as_array(found[tuple(cut)])


def convolve2d(
    in1: Any, in2: Any, mode: str = "full", boundary: str = "fill", fillvalue: Any = 0
) -> Any:
    """Convolution of two matrices.

    Parameters
    ----------
    in1, in2 : array of two axes
    mode : {"full", "same", "valid"}, optional
        As of `convolve`.
    boundary : {"fill", "wrap", "symm"}, optional
        What stands beside ``in1``: ``fillvalue``, its entries repeated, or mirrored.
    fillvalue : scalar, optional

    Returns
    -------
    array

    Raises
    ------
    ValueError
        As `convolve`, and if ``boundary`` is none of these.

    Examples
    --------
    >>> convolve2d(np.eye(2), np.ones((2, 2)), mode="valid").tolist()
    [[2.0]]
    """
    _check_matrices(in1, in2)
    if mode == "valid":
        return convolve(in1, in2, mode)
    x, y = _operands(in1, in2, mode)
    pads = [_pads(m, mode) for m in typeof(y).shape]
    return as_array(_windows_beyond(x, fnp.flip(y), pads, boundary, fillvalue))


def _windows_beyond(
    x: Any, y: Any, pads: list[tuple[int, int]], boundary: str, fillvalue: Any
) -> Any:
    """Sums of products of ``y`` with windows of ``x`` and of what stands beside it."""
    if boundary not in ("fill", *_PADS):
        raise ValueError(f"boundary is 'fill', 'wrap' or 'symm', not {boundary!r}")
    if boundary == "fill" and isinstance(fillvalue, int) and fillvalue == 0:
        return _windows(x, y, pads)
    if boundary == "fill":
        fill = fnp.asarray(fillvalue).astype(typeof(x).dtype)
        padded = fnp.pad(x, pads, constant_values=fill)
    else:
        padded = fnp.pad(x, pads, mode=_PADS[boundary])
    return _windows(padded, y, [(0, 0)] * 2)


def correlate2d(
    in1: Any, in2: Any, mode: str = "full", boundary: str = "fill", fillvalue: Any = 0
) -> Any:
    """Cross-correlation of two matrices; see `convolve2d` for the arguments.

    Examples
    --------
    >>> correlate2d(np.eye(2), np.ones((2, 2)), mode="valid").tolist()
    [[2.0]]
    """
    _check_matrices(in1, in2)
    if mode == "valid":
        return correlate(in1, in2, mode)
    x, y = _operands(in1, in2, mode)
    # The middle of a correlation is that of the convolution, seen from the other end.
    pads = [_pads(m, mode)[::-1] for m in typeof(y).shape]
    return as_array(_windows_beyond(x, fnp.conj(y), pads, boundary, fillvalue))


def _check_matrices(in1: Any, in2: Any) -> None:
    if np.ndim(in1) != 2 or np.ndim(in2) != 2:
        raise ValueError("convolve2d and correlate2d take two arrays of two axes")
