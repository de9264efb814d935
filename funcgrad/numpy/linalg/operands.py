"""Matrices as NumPy takes them: lists, integers and stacks, checked and made floats."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad import errors, ops
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.numpy.axes import shape_error
from funcgrad.numpy.dispatch import as_float
from funcgrad.ops.elementwise import broadcast_shapes


class MatrixShapeError(errors.ShapeError, np.linalg.LinAlgError):
    """No matrix, or one that is not square: a ``LinAlgError``, as NumPy raises."""


def matrix_shape_error(
    problem: str, got: Any, expected: str, fix: str = ""
) -> MatrixShapeError:
    """The error for operands of these shapes."""
    page = MatrixShapeError.page
    text = errors.message(
        problem, where=user_frame(), got=got, expected=expected, fix=fix, see=page
    )
    return MatrixShapeError(text)


def as_matrices(a: Any, *, square: bool = False) -> Any:
    """Stacks of matrices of a float dtype.

    Raises `MatrixShapeError` if they are none, or not square as they should.
    """
    x = as_float(a)
    shape = typeof(x).shape
    if len(shape) < 2:
        raise matrix_shape_error(
            "a matrix has two axes, a stack of matrices more.",
            f"an array of shape {shape}",
            "a shape (..., m, n)",
            "x[:, None] makes a column of a vector, x[None, :] a row",
        )
    if square and shape[-1] != shape[-2]:
        raise matrix_shape_error(
            "the matrix is not square.",
            f"an array of shape {shape}",
            "a shape (..., n, n)",
            "funcgrad.numpy.linalg.lstsq or pinv for matrices that are not",
        )
    return x


def with_leading_axes(x: Any, lead: tuple[int, ...]) -> Any:
    """A stack of matrices repeated over leading axes."""
    return ops.broadcast_to(x, (*lead, *typeof(x).shape[-2:]))


def common_lead(name: str, a: Any, b: Any) -> tuple[int, ...]:
    """The leading axes of two stacks of matrices together."""
    try:
        return broadcast_shapes(typeof(a).shape[:-2], typeof(b).shape[:-2])
    except errors.ShapeError:
        raise shape_error(
            f"the stacks of matrices of `{name}` can not be broadcast together.",
            f"{typeof(a).shape} and {typeof(b).shape}",
        ) from None


def adjoint(a: Any) -> Any:
    """Every matrix transposed and conjugated."""
    flipped = np.swapaxes(a, -1, -2)
    return np.conjugate(flipped) if typeof(a).dtype.kind == "c" else flipped


def identity_like(a: Any) -> Any:
    """The identity for every matrix of a stack of square ones."""
    *lead, n, _ = typeof(a).shape
    return ops.broadcast_to(np.eye(n, dtype=typeof(a).dtype), (*lead, n, n))
