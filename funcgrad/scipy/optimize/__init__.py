"""Minima and roots of functions, with derivatives of the solution."""

from funcgrad.scipy.optimize.by_scipy import scipy_least_squares as scipy_least_squares
from funcgrad.scipy.optimize.by_scipy import scipy_minimize as scipy_minimize
from funcgrad.scipy.optimize.by_scipy import scipy_root as scipy_root
from funcgrad.scipy.optimize.minimization import OptimizeResults as OptimizeResults
from funcgrad.scipy.optimize.minimization import minimize as minimize
from funcgrad.scipy.optimize.roots import RootResults as RootResults
from funcgrad.scipy.optimize.roots import fixed_point as fixed_point
from funcgrad.scipy.optimize.roots import root as root
from funcgrad.scipy.optimize.scalar_roots import brentq as brentq
from funcgrad.scipy.optimize.scalar_roots import newton as newton
