"""Fourier transforms: NumPy's results, natively, with derivatives."""

from __future__ import annotations

import numpy as np
import pytest

import funcgrad as fg
import funcgrad.numpy as fnp
from funcgrad.test_util import check_grads

RNG = np.random.default_rng(0)
REAL = RNG.normal(size=(3, 6))
COMPLEX = REAL + 1j * RNG.normal(size=(3, 6))
ONE_AXIS = {
    "fft": COMPLEX,
    "ifft": COMPLEX,
    "rfft": REAL,
    "irfft": COMPLEX,
    "hfft": COMPLEX,
    "ihfft": REAL,
}
MANY_AXES = {
    f"{kind}{axes}": REAL if kind == "rfft" else COMPLEX
    for kind in ("fft", "ifft", "rfft", "irfft")
    for axes in ("2", "n")
}
ARGUMENTS = [
    {},
    {"n": 4},
    {"n": 9},
    {"axis": 0},
    {"norm": "ortho"},
    {"norm": "forward"},
]


def close(result, expected):
    single = expected.dtype in (np.dtype(np.float32), np.dtype(np.complex64))
    assert result.dtype == expected.dtype
    assert result.shape == expected.shape
    scale = max(1.0, np.max(np.abs(expected), initial=0.0))
    tolerance = 2e-6 if single else 1e-14
    np.testing.assert_allclose(result, expected, rtol=0, atol=tolerance * scale)


@pytest.mark.parametrize("options", ARGUMENTS, ids=str)
@pytest.mark.parametrize("name", ONE_AXIS)
def test_one_axis_is_numpys(name, options):
    x = ONE_AXIS[name]
    numpys = getattr(np.fft, name)
    expected = numpys(x, **options)
    close(getattr(fnp.fft, name)(x, **options), expected)
    close(fg.jit(lambda x: numpys(x, **options))(x), expected)
    rows = fg.jit(fg.vmap(lambda x: numpys(x, **options)))(np.stack([x, 2 * x]))
    close(rows, np.stack([expected, 2 * expected]))


@pytest.mark.parametrize(
    "options", [{}, {"s": (4, 5)}, {"axes": (0, 1)}, {"norm": "ortho"}], ids=str
)
@pytest.mark.parametrize("name", MANY_AXES)
def test_several_axes_are_numpys(name, options):
    x = np.stack([MANY_AXES[name]] * 2)
    numpys = getattr(np.fft, name)
    if "s" in options and not name.endswith("2"):
        options = {**options, "axes": (-2, -1)}
    close(fg.jit(lambda x: numpys(x, **options))(x), numpys(x, **options))


@pytest.mark.parametrize("name", [*ONE_AXIS, *MANY_AXES])
def test_derivatives_of_both_orders(name):
    x = {**ONE_AXIS, **MANY_AXES}[name][:2, :4]
    numpys = getattr(np.fft, name)
    check_grads(numpys, (x,), order=2)
    nonlinear = lambda x: np.sum(np.abs(numpys(x * x)) ** 2)
    check_grads(fg.jit(nonlinear), (x,), order=1, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("n", [1, 2, 3, 16, 17, 60, 101, 1000])
def test_lengths_of_all_kinds(n):
    x = RNG.normal(size=n)
    close(fg.jit(np.fft.fft)(x), np.fft.fft(x))
    close(fg.jit(np.fft.rfft)(x), np.fft.rfft(x))
    close(fg.jit(lambda y: np.fft.irfft(y, n))(np.fft.rfft(x)), x)


@pytest.mark.parametrize("dtype", [np.float32, np.complex64, np.int32, bool])
def test_dtypes_are_numpys(dtype):
    x = (10 * RNG.normal(size=8)).astype(dtype)
    close(fg.jit(np.fft.fft)(x), np.fft.fft(x))
    close(fg.jit(np.fft.ifft)(x), np.fft.ifft(x))


def test_a_new_length_compiles_nothing():
    f = fg.jit(lambda x: np.abs(np.fft.rfft(x)))
    texts = [f.lower(np.ones(n)).as_text("llvm") for n in (100, 102, 2000)]
    assert texts[0] == texts[1] == texts[2]


@pytest.mark.parametrize("axes", [None, 0, (0, 1), (-1,)])
def test_shifts_are_numpys(axes):
    for x in (REAL, REAL[:, :5]):
        close(fg.jit(lambda x: np.fft.fftshift(x, axes))(x), np.fft.fftshift(x, axes))
        close(fg.jit(lambda x: np.fft.ifftshift(x, axes))(x), np.fft.ifftshift(x, axes))


def test_mistakes_are_told():
    with pytest.raises(TypeError, match="real"):
        fg.jit(np.fft.rfft)(COMPLEX)
    for transform in (np.fft.fft, np.fft.irfft, np.fft.hfft, np.fft.ihfft):
        with pytest.raises(ValueError, match="norm"):
            fg.jit(lambda x, f=transform: f(x, norm="other"))(REAL)
    with pytest.raises(fg.errors.ShapeError, match="n = 0"):
        fg.jit(lambda x: np.fft.fft(x, 0))(REAL)


@pytest.mark.parametrize("kind", ["FFT", "IFFT", "RFFT", "IRFFT"])
def test_lax_fft_is_numpys(kind):
    x = REAL if kind == "RFFT" else COMPLEX
    lengths = (3, 10) if kind == "IRFFT" else (3, 6)
    name = {"FFT": "fftn", "IFFT": "ifftn", "RFFT": "rfftn", "IRFFT": "irfftn"}[kind]
    expected = getattr(np.fft, name)(x, lengths, axes=(-2, -1))
    close(np.asarray(fg.jit(lambda x: fg.lax.fft(x, kind, lengths))(x)), expected)
    close(np.asarray(fg.lax.fft(x, fg.lax.FftType[kind], lengths)), expected)
