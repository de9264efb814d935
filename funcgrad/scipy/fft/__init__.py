"""Cosine transforms as ``scipy.fft`` names them, on traced values and arrays alike."""

from funcgrad.scipy.fft.cosine import dct as dct
from funcgrad.scipy.fft.cosine import dctn as dctn
from funcgrad.scipy.fft.cosine import idct as idct
from funcgrad.scipy.fft.cosine import idctn as idctn
