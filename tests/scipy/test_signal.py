"""Signals, cosine transforms and images against SciPy's, with derivatives."""

import numpy as np
import pytest
import scipy.fft
import scipy.ndimage
import scipy.signal

import funcgrad as fg
from funcgrad.scipy import fft, ndimage, signal
from funcgrad.test_util import check_grads

RNG = np.random.default_rng(2)
X, Y = RNG.normal(size=7), RNG.normal(size=4)
A, B = RNG.normal(size=(5, 6)), RNG.normal(size=(3, 2))
Z = A + 1j * RNG.normal(size=(5, 6))
S, T = RNG.normal(size=(2, 100)), RNG.normal(size=(2, 100))
MODES = ["full", "same", "valid"]


def same(got, want, tolerance=1e-9):
    got, want = (x if isinstance(x, tuple) else (x,) for x in (got, want))
    for one, other in zip(got, want, strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


def both(name, args, options, *, home=signal, jit=True):
    theirs = {signal: scipy.signal, fft: scipy.fft, ndimage: scipy.ndimage}[home]
    want = getattr(theirs, name)(*args, **options)

    def call(*args):
        return getattr(home, name)(*args, **options)

    same(call(*args), want)
    if jit:
        same(fg.jit(call)(*args), want)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["convolve", "correlate"])
@pytest.mark.parametrize(
    ("x", "y"),
    [(X, Y), (Y, X), (A, B), (Z, B), (np.arange(5), np.arange(3)), (A[None], B[None])],
    ids=["vectors", "longer", "matrices", "complex", "ints", "three axes"],
)
def test_convolutions(name, mode, x, y):
    for method in ("direct", "fft"):
        both(name, (x, y), {"mode": mode, "method": method}, jit=method == "direct")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["convolve2d", "correlate2d"])
def test_boundaries(name, mode):
    for boundary in ("fill", "wrap", "symm"):
        options = {"mode": mode, "boundary": boundary, "fillvalue": 1.5}
        both(name, (A, B), options, jit=False)


def test_fftconvolve_along_axes():
    for mode in MODES:
        both("fftconvolve", (A, A[:1, :3]), {"mode": mode, "axes": 1}, jit=False)


@pytest.mark.parametrize(
    "options", [{}, {"type": "constant", "axis": 0}, {"bp": [2, 4]}, {"axis": 0}]
)
def test_detrend(options):
    both("detrend", (A,), options)


SPECTRA = [
    {"nperseg": 16},
    {"nperseg": 15, "noverlap": 3, "nfft": 20, "scaling": "spectrum"},
    {"nperseg": 16, "average": "median", "window": "boxcar"},
    {"nperseg": 16, "detrend": "linear", "fs": 10.0, "return_onesided": False},
    {"detrend": False, "window": ("tukey", 0.5), "nperseg": 50},
]


@pytest.mark.parametrize("options", SPECTRA)
def test_spectra(options):
    both("welch", (S,), options, jit=False)
    both("csd", (S, T), options)


TRANSFORMS = [
    {"nperseg": 16},
    {"nperseg": 15, "noverlap": 10, "boundary": "even"},
    {"nperseg": 16, "nfft": 24, "boundary": "odd", "fs": 4.0},
    {"nperseg": 16, "boundary": None, "padded": False, "detrend": "constant"},
    {"nperseg": 16, "return_onesided": False, "boundary": "constant"},
]


@pytest.mark.parametrize("options", TRANSFORMS)
def test_stft(options):
    both("stft", (S,), options)


@pytest.mark.parametrize(
    "options", [{"nperseg": 16}, {"nperseg": 15, "noverlap": 10}, {"nperseg": 20}]
)
def test_istft(options):
    z = scipy.signal.stft(S, **options)[2]
    want = scipy.signal.istft(z, **options)[1]
    for run in (lambda f: f, fg.jit):
        same(run(lambda z: signal.istft(z, **options)[1])(z), want)
    turned = signal.istft(np.moveaxis(z, 0, 2), time_axis=1, freq_axis=0, **options)
    same(turned[1], want.T)
    time, back = signal.istft(signal.stft(S, **options)[2], **options)
    same(back[:, :100], S)
    assert time.shape == back.shape[-1:]


@pytest.mark.parametrize("norm", [None, "ortho", "forward"])
@pytest.mark.parametrize("type", [1, 2, 3, 4])
def test_cosine_transforms(type, norm):
    for name in ("dct", "idct"):
        for x, n, axis in [(A, None, -1), (Z, 4, 0), (A, 9, 1)]:
            options = {"type": type, "norm": norm, "n": n, "axis": axis}
            both(name, (x,), options, home=fft, jit=n is None)
    for name in ("dctn", "idctn"):
        both(name, (A,), {"type": type, "norm": norm}, home=fft, jit=False)
        options = {"type": type, "norm": norm, "s": (4,), "axes": (0,)}
        both(name, (A,), options, home=fft, jit=False)


PLACES = RNG.uniform(-8, 14, size=(2, 3, 20))


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize(
    "mode", ["grid-constant", "nearest", "mirror", "reflect", "grid-wrap"]
)
def test_map_coordinates(mode, order):
    options = {"order": order, "mode": mode, "cval": 2.5}
    if mode != "grid-constant":
        del options["cval"]
    both("map_coordinates", (A, PLACES), options, home=ndimage)
    jax_name = mode.removeprefix("grid-")
    got = ndimage.map_coordinates(A, list(PLACES), order, jax_name, cval=2.5)
    same(got, scipy.ndimage.map_coordinates(A, PLACES, **options))


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (lambda x, y: signal.convolve(x, y, "same"), (X, Y)),
        (lambda x, y: signal.convolve2d(x, y, boundary="wrap"), (A, B)),
        (lambda x, y: signal.fftconvolve(x, y, "valid"), (A, B)),
        (signal.detrend, (A,)),
        (lambda x: signal.welch(x, nperseg=8)[1], (X,)),
        (lambda x: np.abs(signal.stft(x, nperseg=4)[2]) ** 2, (X,)),
        (lambda x: signal.istft(signal.stft(x, nperseg=4)[2], nperseg=4)[1], (X,)),
        (lambda x: fft.dctn(x, norm="ortho"), (A,)),
        (lambda x: fft.idct(x, type=1), (A,)),
        (lambda x, c: ndimage.map_coordinates(x, c, 1, "mirror"), (A, PLACES[:, 0])),
    ],
)
def test_derivatives(f, args):
    check_grads(f, args, order=2, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "call",
    [
        lambda: signal.convolve(X, Y, "none"),
        lambda: signal.convolve(X, A),
        lambda: signal.convolve(A, A[:2].T, "valid"),
        lambda: signal.convolve2d(A, B, boundary="none"),
        lambda: signal.detrend(X, type="none"),
        lambda: signal.welch(X, scaling="none"),
        lambda: signal.stft(X, boundary="none"),
        lambda: fft.dct(X, type=5),
        lambda: fft.dct(X, norm="none"),
        lambda: ndimage.map_coordinates(A, PLACES, 3),
        lambda: ndimage.map_coordinates(A, PLACES, 1, "none"),
        lambda: ndimage.map_coordinates(A, PLACES[:1], 1),
    ],
)
def test_arguments_that_are_none_of_these(call):
    with pytest.raises(ValueError, match=r"is |are |takes|have|unknown|'valid'"):
        call()
