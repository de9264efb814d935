"""Discrete Fourier transforms with NumPy's signatures, on traced values and arrays."""

from funcgrad.numpy.fft.frequencies import fftfreq as fftfreq
from funcgrad.numpy.fft.frequencies import rfftfreq as rfftfreq
from funcgrad.numpy.fft.many_axes import fft2 as fft2
from funcgrad.numpy.fft.many_axes import fftn as fftn
from funcgrad.numpy.fft.many_axes import ifft2 as ifft2
from funcgrad.numpy.fft.many_axes import ifftn as ifftn
from funcgrad.numpy.fft.many_axes import irfft2 as irfft2
from funcgrad.numpy.fft.many_axes import irfftn as irfftn
from funcgrad.numpy.fft.many_axes import rfft2 as rfft2
from funcgrad.numpy.fft.many_axes import rfftn as rfftn
from funcgrad.numpy.fft.one_axis import fft as fft
from funcgrad.numpy.fft.one_axis import hfft as hfft
from funcgrad.numpy.fft.one_axis import ifft as ifft
from funcgrad.numpy.fft.one_axis import ihfft as ihfft
from funcgrad.numpy.fft.one_axis import irfft as irfft
from funcgrad.numpy.fft.one_axis import rfft as rfft
from funcgrad.numpy.fft.shifts import fftshift as fftshift
from funcgrad.numpy.fft.shifts import ifftshift as ifftshift
