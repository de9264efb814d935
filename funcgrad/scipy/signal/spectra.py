"""Fourier transforms of windows of a signal, and spectra from them."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad import numpy as fnp
from funcgrad.core.array import as_array
from funcgrad.core.dtypes import divide_dtype, real_dtype
from funcgrad.core.trace import typeof
from funcgrad.numpy.dispatch import promote
from funcgrad.numpy.fft.one_axis import resized
from funcgrad.scipy.signal.trends import detrend as without_trend


def _window(window: Any, nperseg: int | None, length: int | None) -> tuple[Any, int]:
    """The window, and its length."""
    if not isinstance(window, (str, tuple)):
        w = fnp.asarray(window)
        size = typeof(w).shape[0]
        if nperseg not in (None, size):
            raise ValueError(f"nperseg is {nperseg}, the window has {size} entries")
        return w, size
    size = 256 if nperseg is None else int(nperseg)
    size = size if length is None else min(size, length)
    # Loaded when first used.
    from scipy.signal import get_window

    return get_window(window, size), size


def _places(count: int, size: int, step: int) -> Any:
    """Where the entries of each of the windows stand in the signal."""
    return step * np.arange(count)[:, None] + np.arange(size)


def _segments(x: Any, size: int, step: int) -> Any:
    """Overlapping pieces of the last axis, on a new last axis."""
    count = (typeof(x).shape[-1] - size) // step + 1
    return x[..., _places(count, size, step)]


def _transformed(
    x: Any, w: Any, step: int, nfft: int, trend: Any, onesided: bool
) -> Any:
    pieces = _segments(x, typeof(w).shape[0], step)
    if trend:
        pieces = without_trend(pieces, type=trend)
    pieces = pieces * w
    return fnp.fft.rfft(pieces, nfft) if onesided else fnp.fft.fft(pieces, nfft)


def _steps(size: int, noverlap: int | None, nfft: int | None) -> tuple[int, int]:
    """The step between windows, and the length of the transform."""
    noverlap = size // 2 if noverlap is None else int(noverlap)
    nfft = size if nfft is None else int(nfft)
    if nfft < size:
        raise ValueError("nfft is at least nperseg")
    if noverlap >= size:
        raise ValueError("noverlap is less than nperseg")
    return size - noverlap, nfft


def _frequencies(nfft: int, fs: Any, onesided: bool) -> Any:
    make = np.fft.rfftfreq if onesided else np.fft.fftfreq
    return as_array(make(nfft) * fs)


def _floats(x: Any, axis: int) -> Any:
    x = fnp.asarray(x)
    return fnp.moveaxis(x.astype(divide_dtype(typeof(x).dtype)), axis, -1)


def csd(
    x: Any,
    y: Any,
    fs: Any = 1.0,
    window: Any = "hann",
    nperseg: int | None = None,
    noverlap: int | None = None,
    nfft: int | None = None,
    detrend: Any = "constant",
    return_onesided: bool = True,
    scaling: str = "density",
    axis: int = -1,
    average: str = "mean",
) -> tuple[Any, Any]:
    """Cross spectral density of two signals, by Welch's method.

    Parameters
    ----------
    x, y : array
        Of the same length along ``axis``; the others are broadcast.
    fs : float, optional
        Samples in a unit of time.
    window : str, tuple or array, optional
        As `scipy.signal.get_window` takes it, or its values.
    nperseg, noverlap, nfft : int, optional
        Length of a window, 256 by default and no more than the signal's; how many
        entries neighbours share, by default half; length of the transform.
    detrend : {"constant", "linear", False}, optional
        What is removed from each window.
    return_onesided : bool, optional
        Whether only frequencies from zero on are returned, of real signals.
    scaling : {"density", "spectrum"}, optional
        Power in a unit of frequency, or power.
    axis : int, optional
    average : {"mean", "median"}, optional

    Returns
    -------
    f, Pxy : array

    Raises
    ------
    ValueError
        If an argument is none of these, or the signals differ in length.

    Examples
    --------
    >>> f, Pxy = csd(np.ones(8), np.ones(8), nperseg=4, detrend=False)
    >>> f.tolist()
    [0.0, 0.25, 0.5]
    """
    if scaling not in ("density", "spectrum"):
        raise ValueError(f"scaling is 'density' or 'spectrum', not {scaling!r}")
    if average not in ("mean", "median"):
        raise ValueError(f"average is 'mean' or 'median', not {average!r}")
    a, b = promote([_floats(x, axis), _floats(y, axis)])
    length = typeof(a).shape[-1]
    if typeof(b).shape[-1] != length:
        raise ValueError("the signals differ in length")
    w, size = _window(window, nperseg, length)
    step, nfft = _steps(size, noverlap, nfft)
    onesided = return_onesided and typeof(a).dtype.kind != "c"
    w = fnp.asarray(w).astype(real_dtype(typeof(a).dtype))
    first = _transformed(a, w, step, nfft, detrend, onesided)
    second = first if y is x else _transformed(b, w, step, nfft, detrend, onesided)
    power = fnp.conj(first) * second
    power = power / (
        fs * fnp.sum(w**2) if scaling == "density" else fnp.abs(fnp.sum(w)) ** 2
    )
    if onesided:
        twice = np.full(nfft // 2 + 1, 2.0)
        twice[0] = 1.0
        if nfft % 2 == 0:
            twice[-1] = 1.0
        power = power * twice.astype(typeof(w).dtype)
    power = fnp.moveaxis(_averaged(power, average), -1, axis)
    return _frequencies(nfft, fs, onesided), as_array(power)


def _averaged(power: Any, average: str) -> Any:
    if average == "mean":
        return fnp.mean(power, axis=-2)
    count = typeof(power).shape[-2]
    # What the median of so many squares is too small by.
    even = 2 * np.arange(1, (count - 1) // 2 + 1)
    bias = 1 + np.sum(1 / (even + 1) - 1 / even)
    middle = fnp.median(fnp.real(power), axis=-2)
    return (middle + 1j * fnp.median(fnp.imag(power), axis=-2)) / bias


def welch(
    x: Any,
    fs: Any = 1.0,
    window: Any = "hann",
    nperseg: int | None = None,
    noverlap: int | None = None,
    nfft: int | None = None,
    detrend: Any = "constant",
    return_onesided: bool = True,
    scaling: str = "density",
    axis: int = -1,
    average: str = "mean",
) -> tuple[Any, Any]:
    """Power spectral density by Welch's method; see `csd` for the arguments.

    Examples
    --------
    >>> f, Pxx = welch(np.cos(np.pi * np.arange(64) / 2), nperseg=16)
    >>> float(f[np.argmax(Pxx)])
    0.25
    """
    options = (window, nperseg, noverlap, nfft, detrend, return_onesided)
    f, power = csd(x, x, fs, *options, scaling, axis, average)
    return f, as_array(fnp.real(power))


def stft(
    x: Any,
    fs: Any = 1.0,
    window: Any = "hann",
    nperseg: int = 256,
    noverlap: int | None = None,
    nfft: int | None = None,
    detrend: Any = False,
    return_onesided: bool = True,
    boundary: str | None = "zeros",
    padded: bool = True,
    axis: int = -1,
) -> tuple[Any, Any, Any]:
    """Fourier transforms of overlapping windows of a signal.

    Parameters
    ----------
    x : array
    fs, window, nperseg, noverlap, nfft, detrend, return_onesided : optional
        As of `csd`.
    boundary : {"zeros", "even", "odd", "constant", None}, optional
        What the signal is continued by, half a window on both sides.
    padded : bool, optional
        Whether zeros complete the last window.
    axis : int, optional

    Returns
    -------
    f, t, Zxx : array
        Frequencies, times, and the transforms, with the times on the last axis.

    Raises
    ------
    ValueError
        If an argument is none of these.

    Examples
    --------
    >>> f, t, Zxx = stft(np.ones(8), nperseg=4)
    >>> Zxx.shape
    (3, 5)
    """
    if boundary not in ("zeros", "even", "odd", "constant", None):
        raise ValueError(f"unknown boundary {boundary!r}")
    s = _floats(x, axis)
    w, size = _window(window, nperseg, typeof(s).shape[-1])
    step, nfft = _steps(size, noverlap, nfft)
    if boundary is not None:
        s = _continued(s, size // 2, boundary)
    if padded:
        length = typeof(s).shape[-1]
        s = resized(s, length + (size - length) % step, typeof(s).ndim - 1)
    onesided = return_onesided and typeof(s).dtype.kind != "c"
    w = fnp.asarray(w).astype(real_dtype(typeof(s).dtype))
    found = _transformed(s, w / fnp.sum(w), step, nfft, detrend, onesided)
    begin = 0 if boundary is not None else size / 2
    times = as_array((begin + step * np.arange(typeof(found).shape[-2])) / fs)
    found = fnp.moveaxis(
        fnp.swapaxes(found, -1, -2), -2, axis - 1 if axis < 0 else axis
    )
    return _frequencies(nfft, fs, onesided), times, as_array(found)


def _continued(x: Any, count: int, boundary: str) -> Any:
    pads = [(0, 0)] * (typeof(x).ndim - 1) + [(count, count)]
    if boundary == "zeros":
        return fnp.pad(x, pads)
    if boundary == "constant":
        return fnp.pad(x, pads, mode="edge")
    if boundary == "even":
        return fnp.pad(x, pads, mode="reflect")
    n = typeof(x).shape[-1]
    before = 2 * x[..., :1] - x[..., np.arange(count, 0, -1)]
    after = 2 * x[..., -1:] - x[..., np.arange(n - 2, n - 2 - count, -1)]
    return fnp.concatenate([before, x, after], axis=-1)


def istft(
    Zxx: Any,
    fs: Any = 1.0,
    window: Any = "hann",
    nperseg: int | None = None,
    noverlap: int | None = None,
    nfft: int | None = None,
    input_onesided: bool = True,
    boundary: bool = True,
    time_axis: int = -1,
    freq_axis: int = -2,
) -> tuple[Any, Any]:
    """The signal that has these Fourier transforms: inverse of `stft`.

    Parameters
    ----------
    Zxx : array
    fs, window, nperseg, noverlap, nfft : optional
        As they were for `stft`.
    input_onesided : bool, optional
        Whether there are only frequencies from zero on.
    boundary : bool, optional
        Whether `stft` continued the signal, half a window on both sides.
    time_axis, freq_axis : int, optional

    Returns
    -------
    t, x : array
        Times, and the signal, along the axis that the times had.

    Raises
    ------
    ValueError
        If lengths do not fit.

    Examples
    --------
    >>> t, x = istft(stft(np.arange(8.0), nperseg=4)[2], nperseg=4)
    >>> x.round(9).tolist()
    [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
    """
    z = fnp.moveaxis(fnp.asarray(Zxx), (time_axis, freq_axis), (-2, -1))
    count, rows = typeof(z).shape[-2:]
    full = 2 * (rows - 1) if input_onesided else rows
    if nfft is None:
        # An odd window has one frequency less than twice.
        nfft = nperseg if input_onesided and nperseg == full + 1 else full
    w, size = _window(window, full if nperseg is None else nperseg, None)
    step, nfft = _steps(size, noverlap, nfft)
    back = fnp.fft.irfft(z, nfft) if input_onesided else fnp.fft.ifft(z, nfft)
    w = fnp.asarray(w).astype(real_dtype(typeof(back).dtype))
    pieces = back[..., :size] * (w * fnp.sum(w))
    length = size + (count - 1) * step
    place = _places(count, size, step)
    lead = typeof(back).shape[:-2]
    total = fnp.zeros((*lead, length), typeof(pieces).dtype).at[..., place].add(pieces)
    squares = fnp.broadcast_to(w**2, (count, size))
    norm = fnp.zeros(length, typeof(w).dtype).at[place].add(squares)
    x = total / fnp.where(norm > 1e-10, norm, 1.0)
    if boundary:
        x = x[..., size // 2 : length - size // 2]
    times = as_array(np.arange(typeof(x).shape[-1]) / fs)
    rank = np.ndim(Zxx)
    onto, other = time_axis % rank, freq_axis % rank
    return times, as_array(fnp.moveaxis(x, -1, onto - (other < onto)))
