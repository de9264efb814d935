"""Linear algebra as ``scipy.linalg`` names it, on traced values and arrays."""

from funcgrad.scipy.linalg.constant_matrices import hadamard as hadamard
from funcgrad.scipy.linalg.constant_matrices import helmert as helmert
from funcgrad.scipy.linalg.constant_matrices import hilbert as hilbert
from funcgrad.scipy.linalg.constant_matrices import invhilbert as invhilbert
from funcgrad.scipy.linalg.constant_matrices import invpascal as invpascal
from funcgrad.scipy.linalg.constant_matrices import pascal as pascal
from funcgrad.scipy.linalg.decompositions import eigh as eigh
from funcgrad.scipy.linalg.decompositions import eigh_tridiagonal as eigh_tridiagonal
from funcgrad.scipy.linalg.decompositions import polar as polar
from funcgrad.scipy.linalg.decompositions import qr as qr
from funcgrad.scipy.linalg.decompositions import qr_multiply as qr_multiply
from funcgrad.scipy.linalg.decompositions import svd as svd
from funcgrad.scipy.linalg.exponential import expm as expm
from funcgrad.scipy.linalg.exponential import expm_frechet as expm_frechet
from funcgrad.scipy.linalg.functions import funm as funm
from funcgrad.scipy.linalg.functions import solve_sylvester as solve_sylvester
from funcgrad.scipy.linalg.functions import sqrtm as sqrtm
from funcgrad.scipy.linalg.similarity import hessenberg as hessenberg
from funcgrad.scipy.linalg.similarity import rsf2csf as rsf2csf
from funcgrad.scipy.linalg.similarity import schur as schur
from funcgrad.scipy.linalg.special_matrices import block_diag as block_diag
from funcgrad.scipy.linalg.special_matrices import circulant as circulant
from funcgrad.scipy.linalg.special_matrices import companion as companion
from funcgrad.scipy.linalg.special_matrices import (
    convolution_matrix as convolution_matrix,
)
from funcgrad.scipy.linalg.special_matrices import dft as dft
from funcgrad.scipy.linalg.special_matrices import fiedler as fiedler
from funcgrad.scipy.linalg.special_matrices import (
    fiedler_companion as fiedler_companion,
)
from funcgrad.scipy.linalg.special_matrices import hankel as hankel
from funcgrad.scipy.linalg.special_matrices import leslie as leslie
from funcgrad.scipy.linalg.special_matrices import toeplitz as toeplitz
from funcgrad.scipy.linalg.systems import det as det
from funcgrad.scipy.linalg.systems import inv as inv
from funcgrad.scipy.linalg.systems import lu as lu
from funcgrad.scipy.linalg.systems import lu_factor as lu_factor
from funcgrad.scipy.linalg.systems import lu_solve as lu_solve
from funcgrad.scipy.linalg.systems import solve as solve
from funcgrad.scipy.linalg.triangular import cho_factor as cho_factor
from funcgrad.scipy.linalg.triangular import cho_solve as cho_solve
from funcgrad.scipy.linalg.triangular import cholesky as cholesky
from funcgrad.scipy.linalg.triangular import solve_triangular as solve_triangular
