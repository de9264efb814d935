"""Parts of arrays along one axis, at known places."""

from __future__ import annotations

from typing import Any

from funcgrad import errors
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.ops.slicing import strided_slice
from funcgrad.ops.structural import reshape


def slice_in_dim(
    x: Any, start: int | None, limit: int | None, stride: int = 1, axis: int = 0
) -> Any:
    """A slice along one axis, with Python's defaults and negative numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import lax
    >>> lax.slice_in_dim(np.array([[1, 2, 3], [4, 5, 6]]), 1, None, axis=1)
    array([[2, 3],
           [5, 6]])
    """
    shape = typeof(x).shape
    axis = axis % len(shape)
    first, last, _ = slice(start, limit).indices(shape[axis])
    low, high, steps = [0] * len(shape), list(shape), [1] * len(shape)
    low[axis], high[axis], steps[axis] = first, max(first, last), stride
    return strided_slice(x, low, high, steps)


def index_in_dim(x: Any, index: int, axis: int = 0, keepdims: bool = True) -> Any:
    """The part of ``x`` at one known index along ``axis``.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import lax
    >>> lax.index_in_dim(np.array([[1, 2, 3], [4, 5, 6]]), -1, axis=1, keepdims=False)
    array([3, 6])
    """
    shape = typeof(x).shape
    axis = axis % len(shape)
    if not -shape[axis] <= index < shape[axis]:
        raise errors.IndexOutOfBoundsError(
            errors.message(
                f"index {index} lies outside axis {axis}.",
                where=user_frame(),
                got=str(typeof(x)),
                expected=f"{-shape[axis]} to {shape[axis] - 1}",
                see=errors.IndexOutOfBoundsError.page,
            )
        )
    first = index % shape[axis]
    part = slice_in_dim(x, first, first + 1, axis=axis)
    return part if keepdims else reshape(part, shape[:axis] + shape[axis + 1 :])
