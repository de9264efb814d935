"""Programs for others to run: as source for Numba."""

from funcgrad.export.numba_module import numba_module as numba_module
