"""Fourier transforms along one axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad import ops
from funcgrad.core.dtypes import complex_dtype, real_dtype
from funcgrad.core.trace import typeof
from funcgrad.numpy.axes import canonical_axis, shape_error
from funcgrad.numpy.dispatch import to_array, traces
from funcgrad.numpy.shape import moveaxis
from funcgrad.ops.casting import convert_element_type

_SWAPPED = {"backward": "forward", "ortho": "ortho", "forward": "backward"}


def resized(x: Any, n: int, axis: int) -> Any:
    """``n`` entries along an axis: the first ones, or zeros after all."""
    have = typeof(x).shape[axis]
    if have == n:
        return x
    if have > n:
        return ops.slice_in_dim(x, 0, n, axis=axis)
    padding = [(0, n - have if i == axis else 0, 0) for i in range(typeof(x).ndim)]
    return ops.pad(x, typeof(x).dtype.type(0), padding)


def _swapped(norm: str | None) -> str:
    """The convention of the opposite direction; what is none is left to `scaled`."""
    norm = "backward" if norm is None else norm
    return _SWAPPED.get(norm, norm)


def scaled(x: Any, kind: str, n: int, norm: str | None) -> Any:
    """From sums forward and means back to another convention."""
    norm = "backward" if norm is None else norm
    if norm not in _SWAPPED:
        raise ValueError(
            f"Invalid norm value {norm}; should be 'backward', 'ortho' or 'forward'."
        )
    if norm == "backward":
        return x
    forward = kind in ("fft", "rfft")
    factor = {"ortho": n**-0.5, "forward": 1.0 / n}[norm]
    part = real_dtype(typeof(x).dtype).type(factor if forward else 1.0 / factor)
    return ops.mul(x, part.astype(typeof(x).dtype))


def transform(x: Any, kind: str, n: Any, axis: int, norm: str | None) -> Any:
    """One of the four transforms along an axis, of any convention."""
    x = to_array(x)
    rank = typeof(x).ndim
    axis = canonical_axis(axis, rank)
    have = typeof(x).shape[axis]
    if n is None:
        n = 2 * (have - 1) if kind == "irfft" else have
    if n < 1:
        raise shape_error(
            "a Fourier transform needs at least one entry.",
            f"n = {n}",
            "n of 1 or more",
        )
    dtype = typeof(x).dtype
    single = np.dtype(np.float32) if dtype == np.float16 else dtype
    if kind == "rfft":
        if dtype.kind == "c":
            raise TypeError("rfft takes real entries; use fft for complex ones")
        wanted = single if dtype.kind == "f" else np.dtype(np.float64)
    else:
        wanted = complex_dtype(single)
    x = convert_element_type(x, wanted)
    x = resized(x, n // 2 + 1 if kind == "irfft" else n, axis)
    y = ops.fourier(moveaxis(x, axis, -1), kind, int(n))
    return scaled(moveaxis(y, -1, axis), kind, n, norm)


@traces(np.fft.fft)
def fft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """The discrete Fourier transform along an axis.

    Entry k is the sum over j of ``a[j] * exp(-2 pi i j k / n)``.

    Parameters
    ----------
    a : array
    n : int, optional
        Length of the axis: the array is cut, or zeros are added.
    axis : int
    norm : {"backward", "ortho", "forward"}, optional
        Where to divide: by n on the way back, by its root both ways, or by n forward.

    Returns
    -------
    complex array

    Examples
    --------
    >>> fft(np.array([1.0, 2.0, 3.0, 4.0]))
    Array([10.+0.j, -2.+2.j, -2.+0.j, -2.-2.j])
    """
    return transform(a, "fft", n, axis, norm)


@traces(np.fft.ifft)
def ifft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """The inverse of `fft`.

    Parameters
    ----------
    a : array
    n : int, optional
        Length of the axis: the array is cut, or zeros are added.
    axis : int
    norm : {"backward", "ortho", "forward"}, optional

    Returns
    -------
    complex array

    Examples
    --------
    >>> ifft(fft(np.array([1.0, 2.0, 3.0]))).real
    Array([1., 2., 3.])
    """
    return transform(a, "ifft", n, axis, norm)


@traces(np.fft.rfft)
def rfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """The first half of the `fft` of real entries; the rest is its mirror image.

    Parameters
    ----------
    a : real array
    n : int, optional
        Length of the axis: the array is cut, or zeros are added.
    axis : int
    norm : {"backward", "ortho", "forward"}, optional

    Returns
    -------
    complex array, n // 2 + 1 long along ``axis``

    Examples
    --------
    >>> import funcgrad as fg
    >>> rfft(np.array([1.0, 2.0, 3.0, 4.0]))
    Array([10.+0.j, -2.+2.j, -2.+0.j])
    >>> power = lambda x: np.sum(np.abs(np.fft.rfft(x)) ** 2)
    >>> fg.jit(fg.grad(power))(np.array([1.0, 2.0]))
    Array([4., 8.])
    """
    return transform(a, "rfft", n, axis, norm)


@traces(np.fft.irfft)
def irfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """The inverse of `rfft`.

    Parameters
    ----------
    a : array
    n : int, optional
        How many real entries; ``2 * (m - 1)`` of m by default.
    axis : int
    norm : {"backward", "ortho", "forward"}, optional

    Returns
    -------
    real array

    Examples
    --------
    >>> irfft(rfft(np.array([1.0, 2.0, 3.0])), 3)
    Array([1., 2., 3.])
    """
    return transform(a, "irfft", n, axis, norm)


@traces(np.fft.hfft)
def hfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """The real spectrum of a signal that is its own mirror image, conjugated.

    Parameters
    ----------
    a : array
        The first half of the signal.
    n : int, optional
        Length of the whole signal; ``2 * (m - 1)`` of m by default.
    axis : int
    norm : {"backward", "ortho", "forward"}, optional

    Returns
    -------
    real array

    Examples
    --------
    >>> hfft(np.array([1.0, 2.0, 3.0]), 4)
    Array([ 8., -2.,  0., -2.])
    """
    a = to_array(a)
    n = 2 * (typeof(a).shape[axis] - 1) if n is None else n
    norm = _swapped(norm)
    x = convert_element_type(a, complex_dtype(typeof(a).dtype))
    return transform(ops.conj(x), "irfft", n, axis, norm)


@traces(np.fft.ihfft)
def ihfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """The inverse of `hfft`.

    Parameters
    ----------
    a : real array
    n : int, optional
        Length of the axis: the array is cut, or zeros are added.
    axis : int
    norm : {"backward", "ortho", "forward"}, optional

    Returns
    -------
    complex array, n // 2 + 1 long along ``axis``

    Examples
    --------
    >>> ihfft(np.array([8.0, -2.0, 0.0, -2.0])).real
    Array([1., 2., 3.])
    """
    norm = _swapped(norm)
    return ops.conj(transform(a, "rfft", n, axis, norm))
