"""Arrays described entry by entry, with lax's order of arguments."""

from __future__ import annotations

from typing import Any

from funcgrad.core.trace import typeof
from funcgrad.ops.iota import full
from funcgrad.ops.selection import select_n


def select(pred: Any, on_true: Any, on_false: Any) -> Any:
    """Entry by entry, ``on_true`` where ``pred`` is true and ``on_false`` elsewhere.

    Parameters
    ----------
    pred : array of bool
        0-d, or of the shape of the others.
    on_true, on_false : array
        Of one shape and dtype.

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> select(np.array([True, False]), np.zeros(2), np.ones(2))
    array([0., 1.])
    """
    return select_n(pred, on_false, on_true)


def full_like(x: Any, fill_value: Any, dtype: Any = None, shape: Any = None) -> Any:
    """An array of one value, of the shape and dtype of another.

    Parameters
    ----------
    x : array
    fill_value : scalar
    dtype, shape : optional
        In place of those of ``x``.

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> full_like(np.zeros(2), 3)
    array([3., 3.])
    """
    aval = typeof(x)
    wanted = aval.shape if shape is None else tuple(shape)
    return full(wanted, fill_value, aval.dtype if dtype is None else dtype)
