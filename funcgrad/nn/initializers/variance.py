"""Initial weights whose variance suits how many inputs and outputs there are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from funcgrad import random
from funcgrad.nn.initializers.plain import Initializer

Axes = int | Sequence[int]

# Standard deviation of a standard normal number given that it lies in [-2, 2].
_TRUNCATED_STD = 0.87962566103423978


def _fans(
    shape: Sequence[int],
    in_axis: Axes,
    out_axis: Axes,
    batch_axis: Axes,
) -> tuple[float, float]:
    """Inputs of each output and outputs of each input of a weight of this shape."""
    if len(shape) < 2:
        raise ValueError(
            f"the fans of a weight need two axes at least, got shape {tuple(shape)}"
        )

    def product(axes: Axes) -> int:
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
    in_axis: Axes = -2,
    out_axis: Axes = -1,
    batch_axis: Axes = (),
    dtype: Any = None,
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
    dtype : dtype, optional
        Of the weights, where the call names none; float64 by default.

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

    def init(key: Any, shape: Sequence[int], dtype: Any = dtype) -> Any:
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


def glorot_uniform(
    in_axis: Axes = -2, out_axis: Axes = -1, batch_axis: Axes = (), dtype: Any = None
) -> Initializer:
    """Uniform weights whose variance suits inputs and outputs (Glorot & Bengio 2010).

    Parameters
    ----------
    in_axis, out_axis, batch_axis, dtype : optional
        As for `variance_scaling`.

    Returns
    -------
    callable

    Examples
    --------
    >>> glorot_uniform()(random.PRNGKey(0), (3, 3)).max() < 1
    np.True_
    """
    axes = (in_axis, out_axis, batch_axis)
    return variance_scaling(1.0, "fan_avg", "uniform", *axes, dtype)


def glorot_normal(
    in_axis: Axes = -2, out_axis: Axes = -1, batch_axis: Axes = (), dtype: Any = None
) -> Initializer:
    """Normal weights whose variance suits inputs and outputs (Glorot & Bengio 2010).

    Parameters
    ----------
    in_axis, out_axis, batch_axis, dtype : optional
        As for `variance_scaling`.

    Returns
    -------
    callable

    Examples
    --------
    >>> glorot_normal()(random.PRNGKey(0), (3, 4)).shape
    (3, 4)
    """
    axes = (in_axis, out_axis, batch_axis)
    return variance_scaling(1.0, "fan_avg", "truncated_normal", *axes, dtype)


def lecun_uniform(
    in_axis: Axes = -2, out_axis: Axes = -1, batch_axis: Axes = (), dtype: Any = None
) -> Initializer:
    """Uniform weights that keep the variance of inputs (LeCun et al. 1998).

    Parameters
    ----------
    in_axis, out_axis, batch_axis, dtype : optional
        As for `variance_scaling`.

    Returns
    -------
    callable

    Examples
    --------
    >>> lecun_uniform()(random.PRNGKey(0), (3, 4)).shape
    (3, 4)
    """
    axes = (in_axis, out_axis, batch_axis)
    return variance_scaling(1.0, "fan_in", "uniform", *axes, dtype)


def lecun_normal(
    in_axis: Axes = -2, out_axis: Axes = -1, batch_axis: Axes = (), dtype: Any = None
) -> Initializer:
    """Normal weights that keep the variance of inputs (LeCun et al. 1998).

    Parameters
    ----------
    in_axis, out_axis, batch_axis, dtype : optional
        As for `variance_scaling`.

    Returns
    -------
    callable

    Examples
    --------
    >>> lecun_normal()(random.PRNGKey(0), (3, 4)).shape
    (3, 4)
    """
    axes = (in_axis, out_axis, batch_axis)
    return variance_scaling(1.0, "fan_in", "truncated_normal", *axes, dtype)


def he_uniform(
    in_axis: Axes = -2, out_axis: Axes = -1, batch_axis: Axes = (), dtype: Any = None
) -> Initializer:
    """Uniform weights that keep the variance through ``relu`` (He et al. 2015).

    Parameters
    ----------
    in_axis, out_axis, batch_axis, dtype : optional
        As for `variance_scaling`.

    Returns
    -------
    callable

    Examples
    --------
    >>> he_uniform()(random.PRNGKey(0), (3, 4)).shape
    (3, 4)
    """
    axes = (in_axis, out_axis, batch_axis)
    return variance_scaling(2.0, "fan_in", "uniform", *axes, dtype)


def he_normal(
    in_axis: Axes = -2, out_axis: Axes = -1, batch_axis: Axes = (), dtype: Any = None
) -> Initializer:
    """Normal weights that keep the variance through ``relu`` (He et al. 2015).

    Parameters
    ----------
    in_axis, out_axis, batch_axis, dtype : optional
        As for `variance_scaling`.

    Returns
    -------
    callable

    Examples
    --------
    >>> he_normal()(random.PRNGKey(0), (3, 4)).shape
    (3, 4)
    """
    axes = (in_axis, out_axis, batch_axis)
    return variance_scaling(2.0, "fan_in", "truncated_normal", *axes, dtype)


kaiming_normal = he_normal
kaiming_uniform = he_uniform
xavier_normal = glorot_normal
xavier_uniform = glorot_uniform
