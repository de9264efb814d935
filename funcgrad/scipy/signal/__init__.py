"""Signals as ``scipy.signal`` names it, on traced values and arrays alike."""

from funcgrad.scipy.signal.convolutions import convolve as convolve
from funcgrad.scipy.signal.convolutions import convolve2d as convolve2d
from funcgrad.scipy.signal.convolutions import correlate as correlate
from funcgrad.scipy.signal.convolutions import correlate2d as correlate2d
from funcgrad.scipy.signal.convolutions import fftconvolve as fftconvolve
from funcgrad.scipy.signal.spectra import csd as csd
from funcgrad.scipy.signal.spectra import istft as istft
from funcgrad.scipy.signal.spectra import stft as stft
from funcgrad.scipy.signal.spectra import welch as welch
from funcgrad.scipy.signal.trends import detrend as detrend
