"""Removal of trends."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from funcgrad import numpy as fnp
from funcgrad.core.array import as_array
from funcgrad.core.dtypes import divide_dtype
from funcgrad.core.trace import typeof


def detrend(
    data: Any,
    axis: int = -1,
    type: str = "linear",
    bp: Any = 0,
    overwrite_data: bool = False,
) -> Any:
    """Data less its mean, or less a line through it.

    Parameters
    ----------
    data : array
    axis : int, optional
    type : {"linear", "constant"}, optional
    bp : int or sequence of int, optional
        Where pieces begin, each of which has a line of its own.
    overwrite_data : bool, optional
        Accepted as in SciPy; without effect.

    Returns
    -------
    array, shape of ``data``

    Raises
    ------
    ValueError
        If ``type`` is none of these, or a piece begins beyond the data.

    Examples
    --------
    >>> detrend(np.array([1.0, 2.0, 4.0]), type="constant", axis=0).round(3).tolist()
    [-1.333, -0.333, 1.667]
    """
    del overwrite_data
    if type not in ("linear", "l", "constant", "c"):
        raise ValueError(f"type is 'linear' or 'constant', not {type!r}")
    x = fnp.asarray(data)
    x = x.astype(divide_dtype(typeof(x).dtype))
    if type[0] == "c":
        return as_array(x - fnp.mean(x, axis=axis, keepdims=True))
    n = typeof(x).shape[axis]
    edges = np.unique(np.concatenate([[0], np.atleast_1d(bp), [n]])).astype(int)
    if edges[-1] > n:
        raise ValueError("detrend: a piece begins beyond the end of the data")
    x = fnp.moveaxis(x, axis, -1)
    pieces = [
        _without_line(x[..., first:last]) for first, last in itertools.pairwise(edges)
    ]
    return as_array(fnp.moveaxis(fnp.concatenate(pieces, axis=-1), -1, axis))


def _without_line(x: Any) -> Any:
    n = typeof(x).shape[-1]
    line = np.stack([np.ones(n), np.arange(n) - (n - 1) / 2])
    line = line[: min(n, 2)]
    line /= np.linalg.norm(line, axis=1, keepdims=True)
    line = line.astype(typeof(x).dtype)
    return x - (x @ line.T) @ line
