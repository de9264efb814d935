"""Random orthogonal matrices and points of balls."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad.core.array import as_array
from funcgrad.random.continuous import Shape, exponential, float_dtype, normal
from funcgrad.random.gamma_family import generalized_normal
from funcgrad.random.keys import as_shape, split


def orthogonal(
    key: Any, n: int, shape: Shape = (), dtype: Any = None, m: int | None = None
) -> Any:
    """Uniformly distributed orthogonal matrices.

    Parameters
    ----------
    key : key
    n : int
        Rows.
    shape : tuple of int, optional
        Shape in front of the matrices.
    dtype : float dtype, optional
    m : int, optional
        Columns; ``n`` by default. The shorter side is orthonormal.

    Returns
    -------
    array, shape (*shape, n, m)

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> q = orthogonal(PRNGKey(0), 3)
    >>> np.allclose(q @ q.T, np.eye(3))
    True
    """
    columns = n if m is None else m
    kind = float_dtype(dtype)
    extents = (*as_shape(shape), max(n, columns), min(n, columns))
    q, r = np.linalg.qr(normal(key, extents, kind))
    signs = np.sign(np.diagonal(r, axis1=-2, axis2=-1))
    x = q * signs[..., None, :]
    return as_array(np.swapaxes(x, -1, -2) if n < columns else x)


def ball(key: Any, d: int, p: float = 2, shape: Shape = (), dtype: Any = None) -> Any:
    """Uniformly distributed points of the unit ball of the ``p``-norm.

    Parameters
    ----------
    key : key
    d : int
        Dimensions.
    p : float, optional
    shape : tuple of int, optional
        Shape in front of the points.
    dtype : float dtype, optional

    Returns
    -------
    array, shape (*shape, d)

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> bool(np.linalg.norm(ball(PRNGKey(0), 3)) <= 1)
    True
    """
    kind = float_dtype(dtype)
    extents = as_shape(shape)
    keys = split(key)
    g = generalized_normal(keys[0], p, (*extents, d), kind)
    e = exponential(keys[1], extents, kind)
    size = (np.sum(np.abs(g) ** p, axis=-1) + e) ** (1 / p)
    return as_array(g / size[..., None])
