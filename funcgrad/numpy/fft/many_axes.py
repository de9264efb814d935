"""Fourier transforms along several axes, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad.core.trace import typeof
from funcgrad.numpy.dispatch import to_array, traces
from funcgrad.numpy.fft.one_axis import transform

Sizes = Sequence[int] | None


def _plan(
    x: Any, s: Sizes, axes: Sizes, *, inverse_real: bool
) -> list[tuple[int, int]]:
    """The axes and the length of each."""
    shape = typeof(x).shape
    if axes is None:
        count = len(shape) if s is None else len(s)
        axes = list(range(len(shape) - count, len(shape)))
    sizes = [shape[a] for a in axes] if s is None else list(s)
    if len(sizes) != len(axes):
        raise ValueError("Shape and axes have different lengths.")
    for i, a in enumerate(axes):
        if sizes[i] == -1:
            sizes[i] = shape[a]
    if s is None and inverse_real and sizes:
        sizes[-1] = 2 * (shape[axes[-1]] - 1)
    return list(zip(axes, sizes, strict=True))


def _complex(x: Any, kind: str, s: Sizes, axes: Sizes, norm: str | None) -> Any:
    x = to_array(x)
    for axis, n in reversed(_plan(x, s, axes, inverse_real=False)):
        x = transform(x, kind, n, axis, norm)
    return x


@traces(np.fft.fftn)
def fftn(a: Any, s: Sizes = None, axes: Sizes = None, norm: str | None = None) -> Any:
    """The discrete Fourier transform along several axes.

    Parameters
    ----------
    a : array
    s : sequence of int, optional
        Lengths of the axes: the array is cut, or zeros are added.
    axes : sequence of int, optional
        All, or the last ones, by default.
    norm : {"backward", "ortho", "forward"}, optional

    Returns
    -------
    complex array

    Examples
    --------
    >>> fftn(np.ones((2, 2)))
    Array([[4.+0.j, 0.+0.j],
           [0.+0.j, 0.+0.j]])
    """
    return _complex(a, "fft", s, axes, norm)


@traces(np.fft.ifftn)
def ifftn(a: Any, s: Sizes = None, axes: Sizes = None, norm: str | None = None) -> Any:
    """The inverse of `fftn`.

    Parameters
    ----------
    a : array
    s, axes, norm
        As of `fftn`.

    Examples
    --------
    >>> ifftn(fftn(np.array([[1.0, 2.0], [3.0, 4.0]]))).real
    Array([[1., 2.],
           [3., 4.]])
    """
    return _complex(a, "ifft", s, axes, norm)


@traces(np.fft.rfftn)
def rfftn(a: Any, s: Sizes = None, axes: Sizes = None, norm: str | None = None) -> Any:
    """The half of the `fftn` of real entries that is no mirror image.

    Parameters
    ----------
    a : real array
    s, axes, norm
        As of `fftn`; the last of the axes is halved.

    Examples
    --------
    >>> rfftn(np.ones((2, 4))).shape
    (2, 3)
    """
    a = to_array(a)
    *others, (axis, n) = _plan(a, s, axes, inverse_real=False)
    x = transform(a, "rfft", n, axis, norm)
    for axis, n in reversed(others):
        x = transform(x, "fft", n, axis, norm)
    return x


@traces(np.fft.irfftn)
def irfftn(a: Any, s: Sizes = None, axes: Sizes = None, norm: str | None = None) -> Any:
    """The inverse of `rfftn`.

    Parameters
    ----------
    a : array
    s, axes, norm
        As of `fftn`; the last of the axes has ``2 * (m - 1)`` entries by default.

    Examples
    --------
    >>> irfftn(rfftn(np.array([[1.0, 2.0], [3.0, 4.0]])))
    Array([[1., 2.],
           [3., 4.]])
    """
    a = to_array(a)
    *others, (axis, n) = _plan(a, s, axes, inverse_real=True)
    for other, length in others:
        a = transform(a, "ifft", length, other, norm)
    return transform(a, "irfft", n, axis, norm)


@traces(np.fft.fft2)
def fft2(
    a: Any, s: Sizes = None, axes: Sequence[int] = (-2, -1), norm: str | None = None
) -> Any:
    """`fftn` along the last two axes.

    Parameters
    ----------
    a : array
    s, axes, norm
        As of `fftn`.

    Examples
    --------
    >>> fft2(np.eye(2))
    Array([[2.+0.j, 0.+0.j],
           [0.+0.j, 2.+0.j]])
    """
    return _complex(a, "fft", s, axes, norm)


@traces(np.fft.ifft2)
def ifft2(
    a: Any, s: Sizes = None, axes: Sequence[int] = (-2, -1), norm: str | None = None
) -> Any:
    """`ifftn` along the last two axes.

    Parameters
    ----------
    a : array
    s, axes, norm
        As of `fftn`.

    Examples
    --------
    >>> ifft2(fft2(np.eye(2))).real
    Array([[1., 0.],
           [0., 1.]])
    """
    return _complex(a, "ifft", s, axes, norm)


@traces(np.fft.rfft2)
def rfft2(
    a: Any, s: Sizes = None, axes: Sequence[int] = (-2, -1), norm: str | None = None
) -> Any:
    """`rfftn` along the last two axes.

    Parameters
    ----------
    a : real array
    s, axes, norm
        As of `rfftn`.

    Examples
    --------
    >>> rfft2(np.ones((2, 4))).shape
    (2, 3)
    """
    return rfftn(a, s, axes, norm)


@traces(np.fft.irfft2)
def irfft2(
    a: Any, s: Sizes = None, axes: Sequence[int] = (-2, -1), norm: str | None = None
) -> Any:
    """`irfftn` along the last two axes.

    Parameters
    ----------
    a : array
    s, axes, norm
        As of `irfftn`.

    Examples
    --------
    >>> irfft2(rfft2(np.ones((2, 4)))).shape
    (2, 4)
    """
    return irfftn(a, s, axes, norm)
