"""Divergences of distributions that are given by their logarithms."""

from __future__ import annotations

from typing import Any

import funcgrad.numpy as fnp
from funcgrad.nn.smooth import as_float

Axis = int | tuple[int, ...] | None


def _total(parts: Any, axis: Axis, where: Any) -> Any:
    return fnp.sum(parts if where is None else fnp.where(where, parts, 0.0), axis=axis)


def kl_divergence(
    log_predictions: Any, targets: Any, axis: Axis = -1, where: Any = None
) -> Any:
    """Kullback-Leibler divergence: ``sum(targets * (log(targets) - log_predictions))``.

    Parameters
    ----------
    log_predictions : array
        Logarithms of probabilities.
    targets : array
        Probabilities; entries that are 0 add nothing.
    axis : int or tuple of int, optional
    where : bool array, optional
        Which entries take part.

    Returns
    -------
    array, without ``axis``

    References
    ----------
    Kullback & Leibler 1951, "On information and sufficiency",
    doi:10.1214/aoms/1177729694.

    Examples
    --------
    >>> import numpy as np
    >>> p = np.array([0.25, 0.75])
    >>> float(kl_divergence(np.log(p), p))
    0.0
    """
    logs, y = as_float(log_predictions), as_float(targets)
    is_zero = y == 0
    parts = y * (fnp.where(is_zero, 0.0, fnp.log(fnp.where(is_zero, 1.0, y))) - logs)
    return _total(parts, axis, where)


def kl_divergence_with_log_targets(
    log_predictions: Any, log_targets: Any, axis: Axis = -1, where: Any = None
) -> Any:
    """`kl_divergence` for targets that are given by their logarithms.

    Examples
    --------
    >>> import numpy as np
    >>> logs = np.log(np.array([0.25, 0.75]))
    >>> float(kl_divergence_with_log_targets(logs, logs))
    0.0
    """
    logs, y = as_float(log_predictions), as_float(log_targets)
    return _total(fnp.exp(y) * (y - logs), axis, where)


def generalized_kl_divergence(
    log_predictions: Any, targets: Any, axis: Axis = -1, where: Any = None
) -> Any:
    """`kl_divergence` of measures that need not add up to one; convex in both.

    Examples
    --------
    >>> import numpy as np
    >>> p = np.array([0.5, 3.0])
    >>> bool(np.isclose(generalized_kl_divergence(np.log(p), p), 0.0))
    True
    """
    logs, y = as_float(log_predictions), as_float(targets)
    rest = _total(fnp.exp(logs) - y, axis, where)
    return kl_divergence(logs, y, axis, where) + rest


def convex_kl_divergence(
    log_predictions: Any, targets: Any, axis: Axis = -1, where: Any = None
) -> Any:
    """The same as `generalized_kl_divergence`, by the name that optax had first.

    Examples
    --------
    >>> import numpy as np
    >>> p = np.array([0.5, 3.0])
    >>> bool(np.isclose(convex_kl_divergence(np.log(p), p), 0.0))
    True
    """
    return generalized_kl_divergence(log_predictions, targets, axis, where)
