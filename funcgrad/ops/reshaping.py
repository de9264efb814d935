"""Other views of the same entries: axes added, dropped, joined, taken apart."""

from __future__ import annotations

import math
from typing import Any

from funcgrad.core.trace import typeof
from funcgrad.ops.slicing_one_axis import index_in_dim, slice_in_dim
from funcgrad.ops.structural import broadcast_in_dim, broadcast_to, reshape


def expand_dims(x: Any, dimensions: Any) -> Any:
    """``x`` with new axes of extent 1 at these places of the answer.

    Parameters
    ----------
    x : array
    dimensions : sequence of int

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> expand_dims(np.zeros(2), (0,)).shape
    (1, 2)
    """
    shape = typeof(x).shape
    rank = len(shape) + len(dimensions)
    new = {d % rank for d in dimensions}
    extents = iter(shape)
    return reshape(x, [1 if k in new else next(extents) for k in range(rank)])


def squeeze(x: Any, dimensions: Any) -> Any:
    """``x`` without these axes, which have extent 1.

    Parameters
    ----------
    x : array
    dimensions : sequence of int

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> squeeze(np.zeros((1, 2)), (0,)).shape
    (2,)
    """
    shape = typeof(x).shape
    gone = {d % len(shape) for d in dimensions}
    return reshape(x, [n for k, n in enumerate(shape) if k not in gone])


def broadcast(operand: Any, sizes: Any) -> Any:
    """``operand`` repeated along new leading axes.

    Parameters
    ----------
    operand : array
    sizes : sequence of int
        Extents of the new axes.

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> broadcast(np.zeros(2), (3,)).shape
    (3, 2)
    """
    shape = (*sizes, *typeof(operand).shape)
    return broadcast_in_dim(operand, shape, range(len(sizes), len(shape)))


def collapse(operand: Any, start_dimension: int, stop_dimension: int) -> Any:
    """``operand`` with a range of axes as one.

    Parameters
    ----------
    operand : array
    start_dimension, stop_dimension : int
        The first of the axes and the one after the last.

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> collapse(np.ones((2, 3, 4)), 1, 3).shape
    (2, 12)
    """
    shape = typeof(operand).shape
    middle = math.prod(shape[start_dimension:stop_dimension])
    return reshape(operand, (*shape[:start_dimension], middle, *shape[stop_dimension:]))


def split(operand: Any, sizes: Any, axis: int = 0) -> list[Any]:
    """Consecutive parts of an array along an axis.

    Parameters
    ----------
    operand : array
    sizes : sequence of int
        Extents of the parts; their sum is the extent of the axis.
    axis : int

    Returns
    -------
    list of array

    Examples
    --------
    >>> import numpy as np
    >>> [x.tolist() for x in split(np.arange(5), (2, 3))]
    [[0, 1], [2, 3, 4]]
    """
    parts, start = [], 0
    for size in sizes:
        parts.append(slice_in_dim(operand, start, start + size, axis=axis))
        start += size
    return parts


def unstack(x: Any, axis: int = 0) -> list[Any]:
    """The entries along an axis, each as an array.

    Parameters
    ----------
    x : array
    axis : int

    Returns
    -------
    list of array

    Examples
    --------
    >>> import numpy as np
    >>> [int(entry) for entry in unstack(np.arange(3))]
    [0, 1, 2]
    """
    axis %= len(typeof(x).shape)
    return [index_in_dim(x, i, axis, False) for i in range(typeof(x).shape[axis])]


def tile(operand: Any, reps: Any) -> Any:
    """``operand`` repeated side by side, ``reps`` times along each axis.

    Parameters
    ----------
    operand : array
    reps : sequence of int, one for each axis

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> tile(np.array([1, 2]), (2,))
    array([1, 2, 1, 2])
    """
    shape = typeof(operand).shape
    pairs = [
        n for count, extent in zip(reps, shape, strict=True) for n in (count, extent)
    ]
    spread = broadcast_in_dim(operand, pairs, range(1, 2 * len(shape), 2))
    return reshape(spread, [n * r for n, r in zip(shape, reps, strict=True)])


def broadcast_to_rank(x: Any, rank: int) -> Any:
    """``x`` with axes of extent 1 in front, up to this number of axes.

    Examples
    --------
    >>> import numpy as np
    >>> broadcast_to_rank(np.zeros(2), 3).shape
    (1, 1, 2)
    """
    shape = typeof(x).shape
    return reshape(x, (1,) * (rank - len(shape)) + shape)


def broadcast_like(arr: Any, like_arr: Any) -> Any:
    """``arr`` repeated to the shape of another array, as NumPy broadcasts.

    Examples
    --------
    >>> import numpy as np
    >>> broadcast_like(np.array([1, 2]), np.zeros((2, 2)))
    array([[1, 2],
           [1, 2]])
    """
    return broadcast_to(arr, typeof(like_arr).shape)
