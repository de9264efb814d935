"""A pytree of arrays as one vector, and back."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad import errors, ops, tree
from funcgrad.core.array import as_array
from funcgrad.core.dtypes import result_type
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.ops.casting import convert_element_type

__all__ = ["ravel_pytree"]


def ravel_pytree(pytree: Any) -> tuple[Any, Callable[[Any], Any]]:
    """All entries of a pytree as one vector, and the function that undoes it.

    Parameters
    ----------
    pytree : pytree of arrays and scalars

    Returns
    -------
    flat : array, shape (n,)
        In the order of the leaves; its dtype holds that of every leaf.
    unravel : callable
        From a vector of that length to a pytree of the same structure, shapes and
        dtypes.

    Raises
    ------
    ShapeError
        From ``unravel``, if the vector has another length.

    Examples
    --------
    >>> flat, unravel = ravel_pytree({"w": np.ones((2, 2)), "b": np.zeros(1)})
    >>> flat
    Array([0., 1., 1., 1., 1.])
    >>> unravel(flat)["b"]
    Array([0.])
    """
    leaves, treedef = tree.flatten(pytree)
    avals = [typeof(leaf) for leaf in leaves]
    shapes = [aval.shape for aval in avals]
    dtypes = [aval.dtype for aval in avals]
    sizes = [math.prod(shape) for shape in shapes]
    dtype = result_type(*[(d, False) for d in dtypes]) if leaves else np.dtype(float)
    total = sum(sizes)

    def unravel(vector: Any) -> Any:
        if typeof(vector).shape != (total,):
            raise errors.ShapeError(
                errors.message(
                    "the vector does not have the length of the pytree.",
                    where=user_frame(),
                    got=f"shape {typeof(vector).shape}",
                    expected=f"shape ({total},)",
                    see=errors.ShapeError.page,
                )
            )
        parts, start = [], 0
        for size, shape, kind in zip(sizes, shapes, dtypes, strict=True):
            part = ops.slice_in_dim(vector, start, start + size, axis=0)
            part = ops.reshape(part, shape)
            parts.append(as_array(convert_element_type(part, kind)))
            start += size
        return tree.unflatten(treedef, parts)

    if not leaves:
        return as_array(np.zeros(0)), unravel
    flats = [
        ops.reshape(convert_element_type(leaf, dtype), (size,))
        for leaf, size in zip(leaves, sizes, strict=True)
    ]
    flat = flats[0] if len(flats) == 1 else ops.concatenate(flats, 0)
    return as_array(flat), unravel
