"""Norms of vectors and matrices, and condition numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from funcgrad.core.trace import typeof
from funcgrad.numpy.axes import canonical_axes, insert_axes, ordered_axes, shape_error
from funcgrad.numpy.dispatch import as_float, traces
from funcgrad.numpy.linalg.operands import as_matrices
from funcgrad.numpy.linalg.systems import inv
from funcgrad.numpy.shape import moveaxis, ravel
from funcgrad.ops import linalg as kernels


def _squares(x: Any) -> Any:
    if typeof(x).dtype.kind == "c":
        return np.square(np.real(x)) + np.square(np.imag(x))
    return np.square(x)


@traces(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """Norm of vectors or matrices; its derivative at 0 is taken to be 0."""
    y = as_float(x)
    rank = typeof(y).ndim
    if axis is None and (ord is None or (rank == 2 and ord in ("f", "fro"))):
        total = np.sqrt(np.sum(_squares(ravel(y))))
        return insert_axes(total, tuple(range(rank))) if keepdims else total
    axes = tuple(range(rank)) if axis is None else ordered_axes(axis, rank)
    if len(axes) == 1:
        return _vector_norm(y, 2 if ord is None else ord, axes, keepdims)
    if len(axes) == 2:
        return _matrix_norm(y, ord, axes, keepdims)
    raise shape_error(
        "`norm` is that of vectors or of matrices.",
        f"{len(axes)} axes",
        "one axis or two",
        "ravel(x), or axis=",
    )


def _vector_norm(y: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    options: dict[str, Any] = {"axis": axes, "keepdims": keepdims}
    if isinstance(ord, str):
        raise ValueError(f"Invalid norm order '{ord}' for vectors")  # noqa: TRY004
    if ord == math.inf:
        return np.max(np.abs(y), **options)
    if ord == -math.inf:
        return np.min(np.abs(y), **options)
    if ord == 0:
        real = np.real(y) if typeof(y).dtype.kind == "c" else y
        return np.sum((y != 0).astype(typeof(real).dtype), **options)
    if ord == 1:
        return np.sum(np.abs(y), **options)
    if ord == 2:
        return np.sqrt(np.sum(_squares(y), **options))
    return np.sum(np.abs(y) ** ord, **options) ** (1.0 / ord)


def _matrix_norm(y: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    y = moveaxis(y, axes, (-2, -1))
    result = _norm_of_last_two(y, ord)
    return insert_axes(result, tuple(sorted(axes))) if keepdims else result


def _norm_of_last_two(y: Any, ord: Any) -> Any:
    if ord in (None, "fro", "f"):
        return np.sqrt(np.sum(_squares(y), axis=(-2, -1)))
    if ord in ("nuc", 2, -2):
        s = kernels.svd(y, full_matrices=False, compute_uv=False)
        if ord == "nuc":
            return np.sum(s, axis=-1)
        return s[..., 0] if ord == 2 else s[..., -1]
    if ord in (1, -1):
        sums = np.sum(np.abs(y), axis=-2)
    elif ord in (math.inf, -math.inf):
        sums = np.sum(np.abs(y), axis=-1)
    else:
        raise ValueError("Invalid norm order for matrices.")
    return np.max(sums, axis=-1) if ord > 0 else np.min(sums, axis=-1)


@traces(np.linalg.vector_norm)
def vector_norm(
    x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2
) -> Any:
    """Norm of the entries along axes, taken as one vector."""
    y = as_float(x)
    return _vector_norm(y, ord, canonical_axes(axis, typeof(y).ndim), keepdims)


@traces(np.linalg.matrix_norm)
def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """Norm of matrices in the last two axes."""
    y = as_float(x)
    rank = typeof(y).ndim
    return _matrix_norm(y, ord, (rank - 2, rank - 1), keepdims)


@traces(np.linalg.cond)
def cond(x: Any, p: Any = None) -> Any:
    """Condition number: how much a relative error may grow in a solution."""
    y = as_matrices(x)
    if p in (None, 2, -2):
        s = kernels.svd(y, full_matrices=False, compute_uv=False)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    return _norm_of_last_two(y, p) * _norm_of_last_two(inv(y), p)
