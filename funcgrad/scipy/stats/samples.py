"""Statistics of samples: standard error, mode, ranks."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

import funcgrad.numpy as fnp
from funcgrad import errors, ops
from funcgrad.core.array import as_array
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.numpy.dispatch import as_float, to_array


class ModeResult(NamedTuple):
    """What `mode` gives."""

    mode: Any
    count: Any


_RANKINGS = ("average", "min", "max", "dense", "ordinal")


def sem(
    a: Any,
    axis: int | None = 0,
    ddof: int = 1,
    nan_policy: str = "propagate",
    *,
    keepdims: bool = False,
) -> Any:
    """Standard error of the mean.

    Parameters
    ----------
    a : array
    axis : int, optional
        None: of all entries.
    ddof : int
        What is taken off the number of entries in the variance.
    nan_policy : {"propagate", "omit"}
    keepdims : bool, optional

    Returns
    -------
    array, shape of ``a`` without ``axis``

    Examples
    --------
    >>> float(sem(np.array([1.0, 3.0])))
    1.0
    """
    x = as_float(a)
    _check_choice("nan_policy", nan_policy, ("propagate", "omit"))
    if nan_policy == "omit":
        count = fnp.sum(fnp.logical_not(fnp.isnan(x)), axis=axis, keepdims=keepdims)
        spread = fnp.nanstd(x, axis=axis, ddof=ddof, keepdims=keepdims)
    else:
        shape = typeof(x).shape
        count = np.prod(shape) if axis is None else shape[axis]
        spread = fnp.std(x, axis=axis, ddof=ddof, keepdims=keepdims)
    return as_array(spread / fnp.sqrt(count).astype(typeof(x).dtype))


def mode(
    a: Any, axis: int | None = 0, nan_policy: str = "propagate", keepdims: bool = False
) -> ModeResult:
    """The most frequent entry along an axis, the smallest of several, and its count.

    Parameters
    ----------
    a : array
    axis : int, optional
        None: of all entries.
    nan_policy : {"propagate"}
    keepdims : bool, optional

    Returns
    -------
    ModeResult
        ``mode`` and ``count``, shape of ``a`` without ``axis``

    Examples
    --------
    >>> result = mode(np.array([3.0, 1.0, 3.0]))
    >>> float(result.mode), int(result.count)
    (3.0, 2)
    """
    x = to_array(a)
    _check_choice("nan_policy", nan_policy, ("propagate",))
    rank = typeof(x).ndim
    if axis is None:
        x, axis = fnp.ravel(x), 0
    ordered = fnp.sort(x, axis=axis)
    start, place = _run_starts(ordered, axis)
    length = place - start + 1
    at = fnp.expand_dims(fnp.argmax(length, axis=axis), axis)
    results = [fnp.take_along_axis(y, at, axis=axis) for y in (ordered, length)]
    if not keepdims:
        results = [fnp.squeeze(y, axis=axis) for y in results]
    elif rank > typeof(x).ndim:
        results = [fnp.reshape(y, (1,) * rank) for y in results]
    return ModeResult(as_array(results[0]), as_array(results[1]))


def _run_starts(ordered: Any, axis: int) -> tuple[Any, Any]:
    """Where the run of equal entries that each belongs to starts; and own places."""
    moved = fnp.moveaxis(ordered, axis, -1)
    shape = typeof(moved).shape
    place = fnp.broadcast_to(np.arange(shape[-1]), shape)
    differs = moved[..., 1:] != moved[..., :-1]
    first = fnp.concatenate([np.ones((*shape[:-1], 1), bool), differs], axis=-1)
    start = ops.cummax(fnp.where(first, place, 0), axis=len(shape) - 1)
    return fnp.moveaxis(start, -1, axis), fnp.moveaxis(place, -1, axis)


def rankdata(
    a: Any,
    method: str = "average",
    *,
    axis: int | None = None,
    nan_policy: str = "propagate",
) -> Any:
    """Ranks of the entries, from 1; equal ones as ``method`` says.

    Parameters
    ----------
    a : array
    method : {"average", "min", "max", "dense", "ordinal"}
    axis : int, optional
        None: of all entries.
    nan_policy : {"propagate"}
        NaN anywhere makes all ranks along the axis NaN.

    Returns
    -------
    float array, shape of ``a``; raveled for ``axis=None``

    Examples
    --------
    >>> rankdata(np.array([0.5, 2.0, 0.5]))
    Array([1.5, 3. , 1.5])
    """
    _check_choice("method", method, _RANKINGS)
    _check_choice("nan_policy", nan_policy, ("propagate",))
    x = to_array(a)
    if axis is None:
        x, axis = fnp.ravel(x), 0
    x = fnp.moveaxis(x, axis, -1)
    order = fnp.argsort(x, axis=-1, kind="stable")
    inverse = fnp.argsort(order, axis=-1, kind="stable")
    ranks = _sorted_ranks(fnp.take_along_axis(x, order, axis=-1), method)
    ranks = fnp.take_along_axis(ranks, inverse, axis=-1).astype(np.float64)
    if typeof(x).dtype.kind == "f":
        unknown = fnp.any(fnp.isnan(x), axis=-1, keepdims=True)
        ranks = fnp.where(unknown, np.nan, ranks)
    return as_array(fnp.moveaxis(ranks, -1, axis))


def _sorted_ranks(ordered: Any, method: str) -> Any:
    """Ranks of entries in order, along the last axis."""
    last = typeof(ordered).ndim - 1
    start, place = _run_starts(ordered, last)
    if method == "ordinal":
        return place + 1
    if method == "min":
        return start + 1
    if method == "dense":
        return fnp.cumsum(start == place, axis=last)
    from_end = _run_starts(fnp.flip(ordered, axis=last), last)[0]
    end = typeof(ordered).shape[-1] - fnp.flip(from_end, axis=last)
    return end if method == "max" else 0.5 * (start + 1 + end)


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(
            errors.message(
                f"`{name}` has no such choice.",
                where=user_frame(),
                got=repr(value),
                expected=" or ".join(map(repr, choices)),
            )
        )
