"""Matrices as NumPy takes them: lists, integers and stacks, checked and made floats."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad import errors, ops
from funcgrad.core.dtypes import divide_dtype
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.numpy.dispatch import to_array
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.elementwise import broadcast_shapes


def as_matrices(a: Any, *, square: bool = False) -> Any:
    """Stacks of matrices of a float dtype.

    Raises ``numpy.linalg.LinAlgError`` if they are none, or not square as they should.
    """
    x = to_array(a)
    x = convert_element_type(x, divide_dtype(typeof(x).dtype))
    shape = typeof(x).shape
    if len(shape) < 2:
        raise np.linalg.LinAlgError(
            f"{len(shape)}-dimensional array given. Array must be at least "
            "two-dimensional"
        )
    if square and shape[-1] != shape[-2]:
        raise np.linalg.LinAlgError("Last 2 dimensions of the array must be square")
    return x


def with_leading_axes(x: Any, lead: tuple[int, ...]) -> Any:
    """A stack of matrices repeated over leading axes."""
    return ops.broadcast_to(x, (*lead, *typeof(x).shape[-2:]))


def common_lead(name: str, a: Any, b: Any) -> tuple[int, ...]:
    """The leading axes of two stacks of matrices together."""
    try:
        return broadcast_shapes(typeof(a).shape[:-2], typeof(b).shape[:-2])
    except errors.ShapeError:
        raise errors.ShapeError(
            errors.message(
                f"the stacks of matrices of `{name}` can not be broadcast together.",
                where=user_frame(),
                got=f"{typeof(a).shape} and {typeof(b).shape}",
                see=errors.ShapeError.page,
            )
        ) from None


def adjoint(a: Any) -> Any:
    """Every matrix transposed and conjugated."""
    flipped = np.swapaxes(a, -1, -2)
    return np.conjugate(flipped) if typeof(a).dtype.kind == "c" else flipped


def identity_like(a: Any) -> Any:
    """The identity for every matrix of a stack of square ones."""
    *lead, n, _ = typeof(a).shape
    return ops.broadcast_to(np.eye(n, dtype=typeof(a).dtype), (*lead, n, n))
