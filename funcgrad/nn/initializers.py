"""Initial weights: functions ``(key, shape, dtype) -> array``, with JAX's names."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import funcgrad.numpy as fnp
from funcgrad import random

Initializer = Callable[..., Any]

# Standard deviation of a standard normal number given that it lies in [-2, 2].
_TRUNCATED_STD = 0.87962566103423978


def zeros(key: Any, shape: Sequence[int], dtype: Any = None) -> Any:
    """Zeros.

    Parameters
    ----------
    key : key
        Not used.
    shape : tuple of int
    dtype : dtype, optional
        float64 by default.

    Returns
    -------
    array

    Examples
    --------
    >>> zeros(None, (2,))
    Array([0., 0.])
    """
    return fnp.zeros(shape, dtype)


def ones(key: Any, shape: Sequence[int], dtype: Any = None) -> Any:
    """Ones.

    Parameters
    ----------
    key : key
        Not used.
    shape : tuple of int
    dtype : dtype, optional
        float64 by default.

    Returns
    -------
    array

    Examples
    --------
    >>> ones(None, (2,))
    Array([1., 1.])
    """
    return fnp.ones(shape, dtype)


def constant(value: Any) -> Initializer:
    """An initializer that gives one value.

    Parameters
    ----------
    value : float or array, broadcast to the shape

    Returns
    -------
    callable

    Examples
    --------
    >>> constant(2.0)(None, (2,))
    Array([2., 2.])
    """
    return lambda key, shape, dtype=None: fnp.full(shape, value, dtype)


def uniform(scale: float = 1e-2) -> Initializer:
    """An initializer that gives uniform numbers in ``[0, scale)``.

    Parameters
    ----------
    scale : float, optional

    Returns
    -------
    callable

    Examples
    --------
    >>> uniform(0.5)(random.PRNGKey(0), (3,)).max() < 0.5
    np.True_
    """
    return lambda key, shape, dtype=None: random.uniform(key, shape, dtype) * scale


def normal(stddev: float = 1e-2) -> Initializer:
    """An initializer that gives normal numbers.

    Parameters
    ----------
    stddev : float, optional

    Returns
    -------
    callable

    Examples
    --------
    >>> normal(1e-3)(random.PRNGKey(0), (2, 3)).shape
    (2, 3)
    """
    return lambda key, shape, dtype=None: random.normal(key, shape, dtype) * stddev


def truncated_normal(
    stddev: float = 1e-2, lower: float = -2.0, upper: float = 2.0
) -> Initializer:
    """An initializer that gives normal numbers between bounds.

    Parameters
    ----------
    stddev : float, optional
        Standard deviation before the cut.
    lower, upper : float, optional
        Bounds, in standard deviations.

    Returns
    -------
    callable

    Examples
    --------
    >>> abs(truncated_normal(0.1)(random.PRNGKey(0), (9,))).max() < 0.2
    np.True_
    """

    def init(key: Any, shape: Sequence[int], dtype: Any = None) -> Any:
        sample = random.truncated_normal(key, lower, upper, tuple(shape), dtype)
        return sample * stddev

    return init


def _fans(
    shape: Sequence[int],
    in_axis: int | Sequence[int],
    out_axis: int | Sequence[int],
    batch_axis: Sequence[int],
) -> tuple[float, float]:
    """Inputs of each output and outputs of each input of a weight of this shape."""
    if len(shape) < 2:
        raise ValueError(
            f"the fans of a weight need two axes at least, got shape {tuple(shape)}"
        )

    def product(axes: int | Sequence[int]) -> int:
        chosen = (axes,) if isinstance(axes, int) else axes
        return math.prod(shape[axis] for axis in chosen)

    inside, outside = product(in_axis), product(out_axis)
    size = math.prod(shape) / max(product(batch_axis), 1)
    field = size / max(inside * outside, 1)
    return inside * field, outside * field


def variance_scaling(
    scale: float,
    mode: str,
    distribution: str,
    in_axis: int | Sequence[int] = -2,
    out_axis: int | Sequence[int] = -1,
    batch_axis: Sequence[int] = (),
) -> Initializer:
    """An initializer whose variance is ``scale / n``, n the fans of the weight.

    Parameters
    ----------
    scale : float
    mode : {"fan_in", "fan_out", "fan_avg", "fan_geo_avg"}
        Inputs, outputs, or their arithmetic or geometric mean.
    distribution : {"truncated_normal", "normal", "uniform"}
    in_axis, out_axis : int or tuple of int, optional
        Axes of inputs and outputs.
    batch_axis : tuple of int, optional
        Axes that count for neither.

    Returns
    -------
    callable

    Raises
    ------
    ValueError
        For another mode or distribution, or a weight with fewer than two axes.

    Examples
    --------
    >>> init = variance_scaling(2.0, "fan_in", "normal")
    >>> round(float(init(random.PRNGKey(0), (1000, 50)).std() ** 2 * 1000), 1)
    2.0
    """
    modes = ("fan_in", "fan_out", "fan_avg", "fan_geo_avg")
    if mode not in modes:
        raise ValueError(f"mode must be one of {modes}, got {mode!r}")
    if distribution not in ("truncated_normal", "normal", "uniform"):
        raise ValueError(
            "distribution must be 'truncated_normal', 'normal' or 'uniform', got "
            f"{distribution!r}"
        )

    def init(key: Any, shape: Sequence[int], dtype: Any = None) -> Any:
        fan_in, fan_out = _fans(shape, in_axis, out_axis, batch_axis)
        fans = {
            "fan_in": fan_in,
            "fan_out": fan_out,
            "fan_avg": (fan_in + fan_out) / 2,
            "fan_geo_avg": math.sqrt(fan_in * fan_out),
        }
        stddev = math.sqrt(scale / max(fans[mode], 1e-300))
        if distribution == "normal":
            return random.normal(key, shape, dtype) * stddev
        if distribution == "uniform":
            limit = math.sqrt(3) * stddev
            return random.uniform(key, shape, dtype, -1.0) * limit
        cut = random.truncated_normal(key, -2.0, 2.0, tuple(shape), dtype)
        return cut * (stddev / _TRUNCATED_STD)

    return init


def glorot_uniform(**options: Any) -> Initializer:
    """Uniform weights whose variance suits inputs and outputs (Glorot & Bengio 2010).

    Parameters
    ----------
    **options
        ``in_axis``, ``out_axis``, ``batch_axis`` of `variance_scaling`.

    Returns
    -------
    callable

    Examples
    --------
    >>> glorot_uniform()(random.PRNGKey(0), (3, 3)).max() < 1
    np.True_
    """
    return variance_scaling(1.0, "fan_avg", "uniform", **options)


def glorot_normal(**options: Any) -> Initializer:
    """Normal weights whose variance suits inputs and outputs (Glorot & Bengio 2010).

    Parameters
    ----------
    **options
        ``in_axis``, ``out_axis``, ``batch_axis`` of `variance_scaling`.

    Returns
    -------
    callable

    Examples
    --------
    >>> glorot_normal()(random.PRNGKey(0), (3, 4)).shape
    (3, 4)
    """
    return variance_scaling(1.0, "fan_avg", "truncated_normal", **options)


def lecun_uniform(**options: Any) -> Initializer:
    """Uniform weights that keep the variance of inputs (LeCun et al. 1998).

    Parameters
    ----------
    **options
        ``in_axis``, ``out_axis``, ``batch_axis`` of `variance_scaling`.

    Returns
    -------
    callable

    Examples
    --------
    >>> lecun_uniform()(random.PRNGKey(0), (3, 4)).shape
    (3, 4)
    """
    return variance_scaling(1.0, "fan_in", "uniform", **options)


def lecun_normal(**options: Any) -> Initializer:
    """Normal weights that keep the variance of inputs (LeCun et al. 1998).

    Parameters
    ----------
    **options
        ``in_axis``, ``out_axis``, ``batch_axis`` of `variance_scaling`.

    Returns
    -------
    callable

    Examples
    --------
    >>> lecun_normal()(random.PRNGKey(0), (3, 4)).shape
    (3, 4)
    """
    return variance_scaling(1.0, "fan_in", "truncated_normal", **options)


def he_uniform(**options: Any) -> Initializer:
    """Uniform weights that keep the variance through ``relu`` (He et al. 2015).

    Parameters
    ----------
    **options
        ``in_axis``, ``out_axis``, ``batch_axis`` of `variance_scaling`.

    Returns
    -------
    callable

    Examples
    --------
    >>> he_uniform()(random.PRNGKey(0), (3, 4)).shape
    (3, 4)
    """
    return variance_scaling(2.0, "fan_in", "uniform", **options)


def he_normal(**options: Any) -> Initializer:
    """Normal weights that keep the variance through ``relu`` (He et al. 2015).

    Parameters
    ----------
    **options
        ``in_axis``, ``out_axis``, ``batch_axis`` of `variance_scaling`.

    Returns
    -------
    callable

    Examples
    --------
    >>> he_normal()(random.PRNGKey(0), (3, 4)).shape
    (3, 4)
    """
    return variance_scaling(2.0, "fan_in", "truncated_normal", **options)


def orthogonal(scale: float = 1.0, column_axis: int = -1) -> Initializer:
    """Weights whose rows or columns, whichever are fewer, are orthonormal.

    Parameters
    ----------
    scale : float, optional
    column_axis : int, optional
        The axis of columns; the others together are the rows.

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

    def init(key: Any, shape: Sequence[int], dtype: Any = None) -> Any:
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
