"""A linear map of leaves, applied to batches of unit vectors: columns or rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad.api.derivatives import materialized
from funcgrad.core.aval import ShapedArray
from funcgrad.core.trace import typeof
from funcgrad.core.vspace import Zero
from funcgrad.ops.joining import concatenate
from funcgrad.ops.slicing import strided_slice
from funcgrad.ops.slicing_one_axis import index_in_dim
from funcgrad.ops.structural import align_batch, reshape
from funcgrad.transforms.batch import batch

Images = tuple[Sequence[Any], Sequence[Any]]
"""What a direction is mapped to, and what is the same for every direction."""


def over_basis(
    apply: Callable[[Sequence[Any]], Images],
    in_avals: Sequence[ShapedArray],
    chunk_size: int | None,
) -> tuple[list[Any], list[Any]]:
    """A linear map of leaves at every unit vector: a new first axis of results.

    The second result is what the map gives beside, which all directions share.
    """
    total = sum(aval.size for aval in in_avals)
    step = total if chunk_size is None else max(1, int(chunk_size))
    parts: list[list[Any]] = []
    shared: list[Any] = []
    for start in range(0, max(total, 1), max(step, 1)):
        size = min(step, total - start)
        basis = _basis(in_avals, start, size)
        dims = [None if type(b) is Zero else 0 for b in basis]
        part, shared = _batched(apply, basis, dims, size)
        parts.append(part)
    if len(parts) == 1:
        return parts[0], shared
    return [concatenate(column, 0) for column in zip(*parts, strict=True)], shared


def _batched(
    apply: Callable[[Sequence[Any]], Images],
    basis: Sequence[Any],
    dims: Sequence[int | None],
    size: int,
) -> tuple[list[Any], list[Any]]:
    given = [b for b in basis if type(b) is not Zero]
    count = 0

    def run(*arrays: Any) -> list[Any]:
        nonlocal count
        rest = iter(arrays)
        found, shared = apply([b if type(b) is Zero else next(rest) for b in basis])
        count = len(found)
        return [*map(materialized, found), *shared]

    results, out_dims = batch(run, size, given, [d for d in dims if d is not None])
    pairs = list(zip(results, out_dims, strict=True))
    images = [align_batch(y, d, size) for y, d in pairs[:count]]
    return images, [
        y if d is None else index_in_dim(y, 0, d, keepdims=False)
        for y, d in pairs[count:]
    ]


def _basis(avals: Sequence[ShapedArray], start: int, size: int) -> list[Any]:
    """Unit vectors number ``start`` to ``start + size`` of the leaves together."""
    basis: list[Any] = []
    offset = 0
    for aval in avals:
        if aval.differentiable:
            rows = np.eye(size, aval.size, start - offset, dtype=aval.dtype)
            basis.append(rows.reshape((size, *aval.shape)))
        else:
            basis.append(Zero(aval.tangent()))
        offset += aval.size
    return basis


def split_axis(x: Any, axis: int, avals: Sequence[ShapedArray]) -> list[Any]:
    """One axis, over all entries of some leaves, as the axes of each leaf."""
    shape = typeof(x).shape
    parts, start = [], 0
    for aval in avals:
        size = math.prod(aval.shape)
        begin = [start if k == axis else 0 for k in range(len(shape))]
        end = [start + size if k == axis else n for k, n in enumerate(shape)]
        part = x if size == shape[axis] else strided_slice(x, begin, end)
        parts.append(reshape(part, (*shape[:axis], *aval.shape, *shape[axis + 1 :])))
        start += size
    return parts
