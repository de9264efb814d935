"""Values of a grid between its points, which may be anywhere."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad import numpy as fnp
from funcgrad.core.array import as_array
from funcgrad.core.trace import typeof


def _mirrored(index: Any, size: int) -> Any:
    half = max(size - 1, 1)
    return fnp.abs((index + half) % (2 * half) - half) if size > 1 else index * 0


def _reflected(index: Any, size: int) -> Any:
    return (_mirrored(2 * index + 1, 2 * size + 1) - 1) // 2


_INSIDE: dict[str, Callable[[Any, int], Any]] = {
    "constant": lambda index, size: fnp.clip(index, 0, size - 1),
    "nearest": lambda index, size: fnp.clip(index, 0, size - 1),
    "wrap": lambda index, size: index % size,
    "mirror": _mirrored,
    "reflect": _reflected,
}
_NAMES = {"grid-constant": "constant", "grid-wrap": "wrap", "grid-mirror": "reflect"}


def map_coordinates(
    input: Any,
    coordinates: Sequence[Any],
    order: int,
    mode: str = "constant",
    cval: Any = 0.0,
) -> Any:
    """Values of an array at coordinates that are no whole numbers.

    Parameters
    ----------
    input : array of n axes
    coordinates : sequence of n arrays
        One shape; the place along each axis.
    order : {0, 1}
        The nearest value, or linear interpolation.
    mode : {"constant", "nearest", "mirror", "reflect", "wrap"}, optional
        What stands beside the array: ``cval``, its last entry, its entries mirrored at
        the last one or beyond it, or repeated. As in JAX "constant" and "wrap" are what
        SciPy calls "grid-constant" and "grid-wrap", which are accepted too.
    cval : scalar, optional

    Returns
    -------
    array
        Of the shape of the coordinates and the dtype of ``input``; differentiable in
        ``input``, in ``cval`` and, with order 1, in the coordinates.

    Raises
    ------
    ValueError
        If there is not one coordinate for each axis, or ``order`` or ``mode`` is none
        of these.

    Examples
    --------
    >>> grid = np.arange(12.0).reshape(3, 4)
    >>> places = [np.array([0.5, 1.5]), np.array([1.5, 2.5])]
    >>> map_coordinates(grid, places, order=1).tolist()
    [3.5, 8.5]
    """
    x = fnp.asarray(input)
    shape, dtype = typeof(x).shape, typeof(x).dtype
    mode = _NAMES.get(mode, mode)
    if len(coordinates) != len(shape):
        raise ValueError(
            f"map_coordinates takes {len(shape)} coordinates, not {len(coordinates)}"
        )
    if order not in (0, 1):
        raise ValueError(f"order is 0 or 1, not {order!r}")
    if mode not in _INSIDE:
        raise ValueError(f"mode is one of {sorted(_INSIDE)}, not {mode!r}")
    nodes = [_nodes(fnp.asarray(c), order) for c in coordinates]
    total: Any = 0
    for corner in itertools.product(*nodes):
        places = [_INSIDE[mode](i, n) for (i, _), n in zip(corner, shape, strict=True)]
        value = x[tuple(places)]
        if mode == "constant":
            inside: Any = True
            for (i, _), n in zip(corner, shape, strict=True):
                inside = inside & (i >= 0) & (i < n)
            value = fnp.where(inside, value, fnp.asarray(cval).astype(dtype))
        for _, weight in corner:
            value = value * weight
        total = total + value
    if dtype.kind in "iu":
        total = fnp.round(total)
    return as_array(fnp.asarray(total).astype(dtype))


def _nodes(place: Any, order: int) -> list[tuple[Any, Any]]:
    """Numbers and weights of the entries beside each place."""
    if typeof(place).dtype.kind in "iu":
        return [(place.astype(np.int64), 1)]
    if order == 0:
        return [(fnp.floor(place + 0.5).astype(np.int64), 1)]
    low = fnp.floor(place)
    index = low.astype(np.int64)
    return [(index, 1 - (place - low)), (index + 1, place - low)]
