"""Products of vectors and matrices, by ``dot_general``."""

from __future__ import annotations

import enum
from typing import Any

from funcgrad.core.trace import typeof
from funcgrad.ops.contraction import dot_general


class Precision(enum.Enum):
    """How products are rounded, as JAX names it; here always to full precision.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import lax
    >>> image, kernel = np.ones((1, 1, 3)), np.ones((1, 1, 2))
    >>> lax.conv(image, kernel, (1,), "VALID", precision=lax.Precision.HIGHEST)
    array([[[2., 2.]]])
    """

    DEFAULT = 0
    HIGH = 1
    HIGHEST = 2


def dot(lhs: Any, rhs: Any) -> Any:
    """Product of vectors and matrices: the last axis of one with the first of another.

    Parameters
    ----------
    lhs : array with one or two axes
    rhs : array with one or two axes

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> float(dot(np.array([1.0, 2.0]), np.array([3.0, 4.0])))
    11.0
    """
    last = len(typeof(lhs).shape) - 1
    return dot_general(lhs, rhs, (((last,), (0,)), ((), ())))


def batch_matmul(lhs: Any, rhs: Any) -> Any:
    """Products of the matrices in the last two axes, over equal leading axes.

    Parameters
    ----------
    lhs : array, shape (..., n, k)
    rhs : array, shape (..., k, m)

    Returns
    -------
    array, shape (..., n, m)

    Examples
    --------
    >>> import numpy as np
    >>> batch_matmul(np.ones((5, 2, 3)), np.ones((5, 3, 4))).shape
    (5, 2, 4)
    """
    rank = len(typeof(lhs).shape)
    batch = tuple(range(rank - 2))
    return dot_general(lhs, rhs, (((rank - 1,), (rank - 2,)), (batch, batch)))
