"""Scatters as JAX calls them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from funcgrad.core.trace import typeof
from funcgrad.ops.arithmetic import neg
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.indexing import gather, scatter_add_p
from funcgrad.ops.out_of_range import check_mode
from funcgrad.ops.scatter_family import ScatterFamily
from funcgrad.ops.scattering import (
    scatter_max_p,
    scatter_min_p,
    scatter_mul_p,
    scatter_p,
)
from funcgrad.ops.windows import GatherDimensionNumbers, window_sizes


def _apply(
    primitive: ScatterFamily,
    operand: Any,
    indices: Any,
    updates: Any,
    dimension_numbers: Any,
    unique_indices: bool,
    mode: Any,
) -> Any:
    return primitive.bind(
        operand,
        indices,
        convert_element_type(updates, typeof(operand).dtype),
        dimension_numbers=GatherDimensionNumbers(*map(tuple, dimension_numbers)),
        mode=check_mode(mode) or "fill",
        unique_indices=unique_indices,
    )


def scatter(
    operand: Any,
    scatter_indices: Any,
    updates: Any,
    dimension_numbers: Any,
    *,
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    mode: Any = None,
) -> Any:
    """``operand`` with its windows at positions replaced by ``updates``.

    Parameters
    ----------
    operand : array
    scatter_indices : integer array, shape (..., k)
        Positions along the k axes ``scatter_dims_to_operand_dims``, from 0.
    updates : array
        The windows, in the shape in which a gather would give them.
    dimension_numbers : ScatterDimensionNumbers or GatherDimensionNumbers
    indices_are_sorted : bool
        Taken for compatibility; it makes no difference.
    unique_indices : bool
        Whether no entry is updated twice; else the last update counts.
    mode : GatherScatterMode or {"fill", "drop", "clip", "promise_in_bounds"}, optional
        A window that leaves the operand is dropped, the default, or moved back inside.

    Returns
    -------
    array, shape and dtype of ``operand``

    Raises
    ------
    ShapeError
        If updates, positions and axes do not fit together.

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> entries = fg.lax.ScatterDimensionNumbers((), (0,), (0,))
    >>> scatter(np.zeros(3), np.array([[2], [0]]), np.array([1.0, 2.0]), entries)
    array([2., 0., 1.])
    """
    args = (
        operand,
        scatter_indices,
        updates,
        dimension_numbers,
        unique_indices,
        mode,
    )
    return _apply(scatter_p, *args)


def scatter_add(
    operand: Any,
    scatter_indices: Any,
    updates: Any,
    dimension_numbers: Any,
    *,
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    mode: Any = None,
) -> Any:
    """``operand`` with ``updates`` added to its windows; see `scatter`.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import lax
    >>> numbers = lax.ScatterDimensionNumbers((), (0,), (0,))
    >>> lax.scatter_add(np.zeros(3), np.array([[0], [2], [0]]), np.ones(3), numbers)
    array([2., 0., 1.])
    """
    args = (operand, scatter_indices, updates, dimension_numbers, unique_indices, mode)
    return _apply(scatter_add_p, *args)


def scatter_sub(
    operand: Any,
    scatter_indices: Any,
    updates: Any,
    dimension_numbers: Any,
    *,
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    mode: Any = None,
) -> Any:
    """``operand`` with ``updates`` subtracted from its windows; see `scatter`.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import lax
    >>> numbers = lax.ScatterDimensionNumbers((), (0,), (0,))
    >>> lax.scatter_sub(np.zeros(3), np.array([[0], [2], [0]]), np.ones(3), numbers)
    array([-2.,  0., -1.])
    """
    args = (
        operand,
        scatter_indices,
        neg(updates),
        dimension_numbers,
        unique_indices,
        mode,
    )
    return _apply(scatter_add_p, *args)


def scatter_mul(
    operand: Any,
    scatter_indices: Any,
    updates: Any,
    dimension_numbers: Any,
    *,
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    mode: Any = None,
) -> Any:
    """``operand`` with its windows multiplied by ``updates``; see `scatter`.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import lax
    >>> numbers = lax.ScatterDimensionNumbers((), (0,), (0,))
    >>> lax.scatter_mul(np.ones(3), np.array([[0], [2]]), np.array([2.0, 3.0]), numbers)
    array([2., 1., 3.])
    """
    args = (operand, scatter_indices, updates, dimension_numbers, unique_indices, mode)
    return _apply(scatter_mul_p, *args)


def scatter_min(
    operand: Any,
    scatter_indices: Any,
    updates: Any,
    dimension_numbers: Any,
    *,
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    mode: Any = None,
) -> Any:
    """The minimum of ``operand``'s windows and ``updates``; see `scatter`.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import lax
    >>> numbers = lax.ScatterDimensionNumbers((), (0,), (0,))
    >>> lax.scatter_min(np.ones(3), np.array([[0], [2]]), np.array([0.5, 3.0]), numbers)
    array([0.5, 1. , 1. ])
    """
    args = (operand, scatter_indices, updates, dimension_numbers, unique_indices, mode)
    return _apply(scatter_min_p, *args)


def scatter_max(
    operand: Any,
    scatter_indices: Any,
    updates: Any,
    dimension_numbers: Any,
    *,
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    mode: Any = None,
) -> Any:
    """The maximum of ``operand``'s windows and ``updates``; see `scatter`.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import lax
    >>> numbers = lax.ScatterDimensionNumbers((), (0,), (0,))
    >>> lax.scatter_max(np.ones(3), np.array([[0], [2]]), np.array([0.5, 3.0]), numbers)
    array([1., 1., 3.])
    """
    args = (operand, scatter_indices, updates, dimension_numbers, unique_indices, mode)
    return _apply(scatter_max_p, *args)


def scatter_apply(
    operand: Any,
    scatter_indices: Any,
    func: Callable[[Any], Any],
    dimension_numbers: Any,
    *,
    update_shape: Sequence[int] = (),
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    mode: Any = None,
) -> Any:
    """``operand`` with its windows replaced by a function of them.

    Parameters
    ----------
    operand, scatter_indices, dimension_numbers : as for `scatter`
    func : callable
        Entry by entry; applied once where windows share an entry.
    update_shape : sequence of int
        The shape that updates would have.
    indices_are_sorted, unique_indices, mode : as for `scatter`

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> entries = fg.lax.ScatterDimensionNumbers((), (0,), (0,))
    >>> places = np.array([[2], [0]])
    >>> scatter_apply(np.ones(3), places, np.negative, entries, update_shape=(2,))
    array([-1.,  1., -1.])
    """
    numbers = GatherDimensionNumbers(*map(tuple, dimension_numbers))
    sizes = window_sizes(typeof(operand).ndim, update_shape, numbers)
    found = gather(operand, scatter_indices, numbers, sizes, mode=mode, fill_value=0)
    args = (operand, scatter_indices, func(found), numbers, unique_indices, mode)
    return _apply(scatter_p, *args)
