"""Random choices: categories, permutations and entries of arrays."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad import ops
from funcgrad.core.array import as_array
from funcgrad.core.numpy_protocol import methods
from funcgrad.core.trace import Tracer, typeof
from funcgrad.ops.casting import convert_element_type
from funcgrad.random.continuous import Shape, gumbel, sample_shape, uniform
from funcgrad.random.discrete import randint
from funcgrad.random.keys import as_shape, one_key, random_bits, split


def categorical(
    key: Any,
    logits: Any,
    axis: int = -1,
    shape: Shape | None = None,
    replace: bool = True,
    mode: str = "low",
) -> Any:
    """Numbers of categories, drawn with probabilities ``softmax(logits)``.

    Parameters
    ----------
    key : key
    logits : float array
        Logarithms of probabilities, up to a constant.
    axis : int, optional
        The axis of categories.
    shape : tuple of int, optional
        Shape of the samples; that of ``logits`` without ``axis`` by default.
    replace : bool, optional
        Whether a category may be drawn twice.
    mode : {"low", "high"}
        As in `gumbel`.

    Returns
    -------
    int64 array

    Raises
    ------
    ValueError
        If more are drawn without replacement than there are.

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> int(categorical(PRNGKey(0), np.array([0.0, -np.inf])))
    0
    """
    x = logits if isinstance(logits, Tracer) else np.asarray(logits)
    aval = typeof(x)
    place = operator.index(axis) % aval.ndim
    lead = (*aval.shape[:place], *aval.shape[place + 1 :])
    extents = (
        sample_shape(shape, np.broadcast_to(0.0, lead))
        if lead
        else (() if shape is None else as_shape(shape))
    )
    prefix = extents[: len(extents) - len(lead)]
    if replace:
        inner = list(extents[len(prefix) :])
        inner.insert(place, aval.shape[place])
        noise = gumbel(key, (*prefix, *inner), aval.dtype, mode)
        total = noise + ops.broadcast_to(x, (*prefix, *inner))
        return as_array(ops.argmax(total, len(prefix) + place))
    count = math.prod(prefix)
    if count > aval.shape[place]:
        raise ValueError(
            f"Number of samples without replacement ({count}) cannot exceed number of "
            f"categories ({aval.shape[place]})."
        )
    total = ops.move_axis(x + gumbel(key, aval.shape, aval.dtype, mode), place, -1)
    best = _largest(total, count)
    best = ops.move_axis(best, typeof(best).ndim - 1, 0)
    return as_array(ops.reshape(best, extents))


def _largest(x: Any, count: int) -> Any:
    """Places of the largest entries along the last axis, the largest first."""
    order = np.argsort(-x, axis=-1, kind="stable")
    return order[..., :count]


def permutation(key: Any, x: Any, axis: int = 0, independent: bool = False) -> Any:
    """The entries of an array, or the numbers below ``x``, in random order.

    Parameters
    ----------
    key : key
    x : int or array
    axis : int, optional
    independent : bool, optional
        Whether each vector along ``axis`` is shuffled for itself.

    Returns
    -------
    array

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> sorted(permutation(PRNGKey(0), 3).tolist())
    [0, 1, 2]
    """
    operand: Any = x if isinstance(x, Tracer) else np.asarray(x)
    aval = typeof(operand)
    if aval.ndim == 0:
        return as_array(_shuffle(one_key(key), ops.iota(np.int64, int(operand)), 0))
    place = operator.index(axis) % aval.ndim
    if independent or aval.ndim == 1:
        return as_array(_shuffle(one_key(key), operand, place))
    order = _shuffle(one_key(key), ops.iota(np.int64, aval.shape[place]), 0)
    return as_array(methods["getitem"](operand, (slice(None),) * place + (order,)))


def _shuffle(key: Any, x: Any, axis: int) -> Any:
    """Sorted by random numbers, so often that ties do not matter."""
    size = typeof(x).size
    rounds = math.ceil(3 * math.log(max(1, size)) / math.log(2**32 - 1))
    for _ in range(rounds):
        keys = split(key)
        key = keys[0]
        numbers = random_bits(keys[1], 32, typeof(x).shape)
        _, x = ops.sort_key_val(numbers, x, axis)
    return x


def choice(
    key: Any,
    a: Any,
    shape: Sequence[int] = (),
    replace: bool = True,
    p: Any = None,
    axis: int = 0,
    mode: str = "low",
) -> Any:
    """Random entries of an array, or random numbers below ``a``.

    Parameters
    ----------
    key : key
    a : int or array
    shape : tuple of int, optional
    replace : bool, optional
        Whether an entry may be drawn twice.
    p : array, optional
        Probabilities; equal by default.
    axis : int, optional
        Axis of ``a`` that is drawn from.
    mode : {"low", "high"}
        As in `gumbel`.

    Returns
    -------
    array

    Raises
    ------
    ValueError
        If more are drawn without replacement than there are, or from none.

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> int(choice(PRNGKey(0), np.array([7]), ()))
    7
    """
    arr: Any = a if isinstance(a, Tracer) else np.asarray(a)
    aval = typeof(arr)
    single = aval.ndim == 0
    place = 0 if single else operator.index(axis) % aval.ndim
    extents = as_shape(shape)
    count = int(arr) if single else aval.shape[place]
    draws = math.prod(extents)
    if draws == 0:
        return as_array(np.zeros(extents, aval.dtype))
    if count <= 0:
        raise ValueError("a must be greater than 0 unless no samples are taken")
    if not replace and draws > count:
        raise ValueError(
            f"Cannot take a larger sample (size {draws}) than population (size "
            f"{count}) when 'replace=False'"
        )
    if p is None and not replace:
        mixed = permutation(key, count if single else arr, place)
        result = methods["getitem"](mixed, (slice(None),) * place + (slice(draws),))
    else:
        index = _drawn(key, extents, count, replace, p, mode)
        at = (slice(None),) * place + (index,)
        result = index if single else methods["getitem"](arr, at)
    if single:
        return as_array(ops.reshape(result, extents))
    shape = (*aval.shape[:place], *extents, *aval.shape[place + 1 :])
    return as_array(ops.reshape(result, shape))


def _drawn(
    key: Any, shape: tuple[int, ...], count: int, replace: bool, p: Any, mode: str
) -> Any:
    """Places drawn with replacement, or with given probabilities."""
    if p is None:
        return randint(key, shape, 0, count)
    kind = np.result_type(typeof(p).dtype, np.float32)
    weights = convert_element_type(p, kind)
    if typeof(weights).shape != (count,):
        raise ValueError(
            "p must be None or a 1D vector with the same size as a.shape[axis]. p has "
            f"shape {typeof(weights).shape} and a.shape[axis] is {count}."
        )
    if replace:
        total = ops.cumsum(weights, 0)
        r = total[-1] * (1 - uniform(key, shape, kind))
        return np.searchsorted(total, r)
    with np.errstate(divide="ignore"):
        g = gumbel(key, (count,), kind, mode) + ops.log(weights)
    return _largest(g, math.prod(shape))
