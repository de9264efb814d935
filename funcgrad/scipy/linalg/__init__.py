"""Linear algebra as ``scipy.linalg`` names it, on traced values and arrays."""

from funcgrad.scipy.linalg.triangular import cho_factor as cho_factor
from funcgrad.scipy.linalg.triangular import cho_solve as cho_solve
from funcgrad.scipy.linalg.triangular import cholesky as cholesky
from funcgrad.scipy.linalg.triangular import solve_triangular as solve_triangular
