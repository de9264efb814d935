"""Products of vectors and matrices under the names of the array API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad.core.trace import typeof
from funcgrad.numpy import contraction, indexing
from funcgrad.numpy.contraction import multiply_matrices, vector_dot
from funcgrad.numpy.dispatch import promote, to_array, traces
from funcgrad.numpy.shape import moveaxis


@traces(np.linalg.matmul)
def matmul(x1: Any, x2: Any, /) -> Any:
    """Product of matrices in the last two axes."""
    return multiply_matrices(*promote([to_array(x1), to_array(x2)]))


@traces(np.linalg.vecdot)
def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """Sum of ``conj(x1) * x2`` along an axis."""
    a, b = promote([to_array(x1), to_array(x2)])
    return vector_dot(moveaxis(a, axis, -1), moveaxis(b, axis, -1))


@traces(np.linalg.outer)
def outer(x1: Any, x2: Any, /) -> Any:
    """Products of every entry of one vector with every entry of another."""
    return contraction.outer(x1, x2)


@traces(np.linalg.tensordot)
def tensordot(x1: Any, x2: Any, /, *, axes: Any = 2) -> Any:
    """Sum over pairs of axes."""
    return contraction.tensordot(x1, x2, axes)


@traces(np.linalg.cross)
def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """Cross product of vectors with three components."""
    return contraction.cross(x1, x2, axis=axis)


@traces(np.linalg.multi_dot)
def multi_dot(arrays: Any, *, out: Any = None) -> Any:
    """Product of matrices, in the order that needs the fewest multiplications."""
    parts = promote([to_array(x) for x in arrays])
    first = typeof(parts[0]).ndim == 1
    last = typeof(parts[-1]).ndim == 1
    if first:
        parts[0] = parts[0][None, :]
    if last:
        parts[-1] = parts[-1][:, None]
    extents = [typeof(x).shape[0] for x in parts] + [typeof(parts[-1]).shape[1]]
    product = _by_order(parts, _best_splits(extents), 0, len(parts) - 1)
    if first:
        product = product[0]
    return product[..., 0] if last else product


def _best_splits(extents: Sequence[int]) -> dict[tuple[int, int], int]:
    """Where to split each run of factors, by dynamic programming over its length."""
    count = len(extents) - 1
    cost = {(i, i): 0 for i in range(count)}
    splits = {}
    for length in range(1, count):
        for i in range(count - length):
            j = i + length
            choices = {
                k: cost[i, k]
                + cost[k + 1, j]
                + extents[i] * extents[k + 1] * extents[j + 1]
                for k in range(i, j)
            }
            splits[i, j] = min(choices, key=choices.__getitem__)
            cost[i, j] = choices[splits[i, j]]
    return splits


def _by_order(parts: Any, splits: dict[tuple[int, int], int], i: int, j: int) -> Any:
    if i == j:
        return parts[i]
    k = splits[i, j]
    left, right = _by_order(parts, splits, i, k), _by_order(parts, splits, k + 1, j)
    return multiply_matrices(left, right)


@traces(np.linalg.trace)
def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    """Sum of the diagonals of the last two axes."""
    return indexing.trace(x, offset, -2, -1, dtype)


@traces(np.linalg.diagonal)
def diagonal(x: Any, /, *, offset: int = 0) -> Any:
    """Diagonals of the last two axes."""
    return np.diagonal(x, offset, -2, -1)
