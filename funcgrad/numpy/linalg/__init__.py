"""Linear algebra with NumPy's signatures, on traced values and arrays alike.

Arrays raise ``LinAlgError`` as in NumPy; traced values, whose entries may not be known,
give NaN where a matrix is singular or not positive definite.
"""

from numpy.linalg import LinAlgError as LinAlgError

from funcgrad.numpy.linalg.decompositions import cholesky as cholesky
from funcgrad.numpy.linalg.decompositions import eig as eig
from funcgrad.numpy.linalg.decompositions import eigh as eigh
from funcgrad.numpy.linalg.decompositions import eigvals as eigvals
from funcgrad.numpy.linalg.decompositions import eigvalsh as eigvalsh
from funcgrad.numpy.linalg.decompositions import matrix_rank as matrix_rank
from funcgrad.numpy.linalg.decompositions import qr as qr
from funcgrad.numpy.linalg.decompositions import svd as svd
from funcgrad.numpy.linalg.decompositions import svdvals as svdvals
from funcgrad.numpy.linalg.determinants import det as det
from funcgrad.numpy.linalg.determinants import slogdet as slogdet
from funcgrad.numpy.linalg.norms import cond as cond
from funcgrad.numpy.linalg.norms import matrix_norm as matrix_norm
from funcgrad.numpy.linalg.norms import norm as norm
from funcgrad.numpy.linalg.norms import vector_norm as vector_norm
from funcgrad.numpy.linalg.products import cross as cross
from funcgrad.numpy.linalg.products import diagonal as diagonal
from funcgrad.numpy.linalg.products import matmul as matmul
from funcgrad.numpy.linalg.products import multi_dot as multi_dot
from funcgrad.numpy.linalg.products import outer as outer
from funcgrad.numpy.linalg.products import tensordot as tensordot
from funcgrad.numpy.linalg.products import trace as trace
from funcgrad.numpy.linalg.products import vecdot as vecdot
from funcgrad.numpy.linalg.systems import inv as inv
from funcgrad.numpy.linalg.systems import lstsq as lstsq
from funcgrad.numpy.linalg.systems import matrix_power as matrix_power
from funcgrad.numpy.linalg.systems import pinv as pinv
from funcgrad.numpy.linalg.systems import solve as solve
from funcgrad.numpy.linalg.systems import tensorinv as tensorinv
from funcgrad.numpy.linalg.systems import tensorsolve as tensorsolve
from funcgrad.numpy.shape import matrix_transpose as matrix_transpose
