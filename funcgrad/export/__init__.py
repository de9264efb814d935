"""Programs for others to run: as source for Numba, as native code for C."""

from funcgrad.export.c_code import CFunction as CFunction
from funcgrad.export.c_code import c_function as c_function
from funcgrad.export.numba_module import numba_module as numba_module
