"""Determinants and their logarithms."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from funcgrad import ops
from funcgrad.core.trace import typeof
from funcgrad.numpy.dispatch import traces
from funcgrad.numpy.indexing import where
from funcgrad.numpy.linalg.operands import as_matrices
from funcgrad.ops import linalg as kernels


class SlogdetResult(NamedTuple):
    """Sign (or phase) of a determinant, and the logarithm of its size."""

    sign: Any
    logabsdet: Any


def _diagonal_and_parity(x: Any) -> tuple[Any, Any]:
    """The diagonal of U, and -1 or 1 for the row exchanges of the LU factorisation."""
    factors, pivots, _ = kernels.lu(x)
    exchanged = pivots != np.arange(typeof(pivots).shape[-1], dtype=np.int32)
    odd = np.sum(exchanged, axis=-1) % 2
    diagonal = np.diagonal(factors, 0, -2, -1)
    return diagonal, (1 - 2 * odd).astype(typeof(x).dtype)


@traces(np.linalg.det)
def det(a: Any) -> Any:
    """Determinant; up to 3 rows by the formula, smooth at singular matrices too."""
    x = as_matrices(a, square=True)
    n = typeof(x).shape[-1]
    if n == 0:
        one = np.ones((), typeof(x).dtype)
        return ops.broadcast_to(one, typeof(x).shape[:-2])
    if n <= 3:
        return _FORMULAS[n](x)
    diagonal, parity = _diagonal_and_parity(x)
    return np.prod(diagonal, axis=-1) * parity


def _det_of_one(x: Any) -> Any:
    return x[..., 0, 0]


def _det_of_two(x: Any) -> Any:
    return x[..., 0, 0] * x[..., 1, 1] - x[..., 0, 1] * x[..., 1, 0]


def _det_of_three(x: Any) -> Any:
    minors = [
        x[..., 1, j] * x[..., 2, k] - x[..., 1, k] * x[..., 2, j]
        for j, k in ((1, 2), (0, 2), (0, 1))
    ]
    return (
        x[..., 0, 0] * minors[0] - x[..., 0, 1] * minors[1] + x[..., 0, 2] * minors[2]
    )


_FORMULAS = {1: _det_of_one, 2: _det_of_two, 3: _det_of_three}


@traces(np.linalg.slogdet)
def slogdet(a: Any) -> Any:
    """Sign and logarithm of the size of determinants, without overflow."""
    x = as_matrices(a, square=True)
    diagonal, parity = _diagonal_and_parity(x)
    size = np.abs(diagonal)
    sign = np.prod(where(size == 0, 0.0, np.sign(diagonal)), axis=-1) * parity
    return SlogdetResult(sign, np.sum(np.log(size), axis=-1))
