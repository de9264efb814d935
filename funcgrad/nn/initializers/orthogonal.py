"""Orthogonal initial weights, for matrices and for the centre of a convolution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

import funcgrad.numpy as fnp
from funcgrad import random
from funcgrad.core.array import as_array
from funcgrad.nn.initializers.plain import Initializer
from funcgrad.ops.slicing import pad_with_zeros


def orthogonal(
    scale: Any = 1.0, column_axis: int = -1, dtype: Any = None
) -> Initializer:
    """Weights whose rows or columns, whichever are fewer, are orthonormal.

    Parameters
    ----------
    scale : float, optional
    column_axis : int, optional
        The axis of columns; the others together are the rows.
    dtype : dtype, optional
        Of the weights, where the call names none; float64 by default.

    Returns
    -------
    callable

    Raises
    ------
    ValueError
        For a weight with fewer than two axes.

    Examples
    --------
    >>> q = orthogonal()(random.PRNGKey(0), (4, 2))
    >>> np.allclose(q.T @ q, np.eye(2))
    True
    """

    def init(key: Any, shape: Sequence[int], dtype: Any = dtype) -> Any:
        if len(shape) < 2:
            raise ValueError(
                f"an orthogonal weight has two axes at least, got shape {tuple(shape)}"
            )
        columns = shape[column_axis]
        rows = math.prod(shape) // max(columns, 1)
        q = random.orthogonal(key, rows, (), dtype, columns)
        others = np.delete(np.asarray(shape), column_axis).tolist()
        return scale * fnp.moveaxis(fnp.reshape(q, (*others, columns)), -1, column_axis)

    return init


def delta_orthogonal(
    scale: Any = 1.0, column_axis: int = -1, dtype: Any = None
) -> Initializer:
    """Convolutions whose middle is orthogonal and whose other entries are zero.

    Parameters
    ----------
    scale : float, optional
    column_axis : int, optional
        As for `orthogonal`, of the matrix in the middle.
    dtype : dtype, optional
        Of the weights, where the call names none; float64 by default.

    Returns
    -------
    callable
        For weights of shape (window..., inputs, outputs), of rank 3 to 5.

    Raises
    ------
    ValueError
        For another rank, or more inputs than outputs.

    References
    ----------
    Xiao et al. 2018, "Dynamical isometry and a mean field theory of CNNs",
    arXiv:1806.05393.

    Examples
    --------
    >>> w = delta_orthogonal()(random.PRNGKey(0), (3, 2, 4))
    >>> np.allclose(w[1] @ w[1].T, np.eye(2)), bool(w[0].any())
    (True, False)
    """

    def init(key: Any, shape: Sequence[int], dtype: Any = dtype) -> Any:
        if len(shape) not in (3, 4, 5):
            raise ValueError(f"the rank of the weight is 3 to 5, got {tuple(shape)}")
        if shape[-1] < shape[-2]:
            raise ValueError(
                f"the weight has no more inputs than outputs, got {tuple(shape)}"
            )
        matrix = orthogonal(scale, column_axis, dtype)(key, tuple(shape[-2:]))
        config = [((k - 1) // 2, k - 1 - (k - 1) // 2, 0) for k in shape[:-2]]
        middle = fnp.reshape(matrix, (*(1 for _ in config), *shape[-2:]))
        return as_array(pad_with_zeros(middle, [*config, (0, 0, 0), (0, 0, 0)]))

    return init
