"""Matrix factorisations and linear systems, batched over leading axes."""

from funcgrad.ops.linalg.cholesky import cholesky as cholesky
from funcgrad.ops.linalg.eig import eig as eig
from funcgrad.ops.linalg.eig import eigvals as eigvals
from funcgrad.ops.linalg.eigh import eigh as eigh
from funcgrad.ops.linalg.lu import lu as lu
from funcgrad.ops.linalg.lu import lu_solve as lu_solve
from funcgrad.ops.linalg.lu import solve as solve
from funcgrad.ops.linalg.qr import qr as qr
from funcgrad.ops.linalg.schur import hessenberg as hessenberg
from funcgrad.ops.linalg.schur import schur as schur
from funcgrad.ops.linalg.svd import svd as svd
from funcgrad.ops.linalg.triangular_solve import triangular_solve as triangular_solve
