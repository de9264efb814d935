"""Samples of discrete distributions, permutations and choices."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad import errors, ops
from funcgrad.core.array import as_array
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.ops.casting import convert_element_type
from funcgrad.random.continuous import Shape, parameter, sample_shape, uniform
from funcgrad.random.keys import as_shape, one_key, random_bits, split


def integer_dtype(dtype: Any) -> np.dtype[Any]:
    """The dtype of whole numbers: int64 unless told, an error if it is no integer."""
    kind = np.dtype(np.int64 if dtype is None else dtype)
    if kind.kind not in "iu":
        raise errors.DTypeError(
            errors.message(
                "samples of a discrete distribution are integers.",
                where=user_frame(),
                got=f"dtype={kind}",
                see=errors.DTypeError.page,
            )
        )
    return kind


def randint(key: Any, shape: Shape, minval: Any, maxval: Any, dtype: Any = None) -> Any:
    """Uniform integers in ``[minval, maxval)``.

    Parameters
    ----------
    key : key
    shape : tuple of int
    minval, maxval : int or array, broadcast to ``shape``
        Where ``maxval <= minval`` the result is ``minval``.
    dtype : integer dtype, optional
        int64 by default.

    Returns
    -------
    array of that shape and dtype

    Raises
    ------
    DTypeError
        If ``dtype`` is not an integer.

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> bool(randint(PRNGKey(0), (), 0, 10) < 10)
    True
    """
    kind = integer_dtype(dtype)
    # Small integers are drawn from 32 bits, so that all come equally often.
    drawn = kind if kind.itemsize >= 4 else np.dtype(np.int32)
    if drawn != kind:
        info = np.iinfo(kind)
        minval = _clipped(minval, np.dtype(np.int32), info.min, info.max)
        maxval = _clipped(maxval, np.dtype(np.int32), info.min, info.max + 1)
    extents = sample_shape(shape, minval, maxval)
    whole = _randint(one_key(key), extents, minval, maxval, drawn)
    return as_array(convert_element_type(whole, kind))


def _clipped(x: Any, dtype: np.dtype[Any], low: int, high: int) -> Any:
    """``x`` in an integer dtype, moved into a range first."""
    own = typeof(x).dtype
    if own.kind not in "iu":
        x = convert_element_type(x, np.int64)
        own = np.dtype(np.int64)
    if isinstance(x, int):
        return dtype.type(min(max(x, low), high))
    info = np.iinfo(own)
    low, high = max(low, int(info.min)), min(high, int(info.max))
    clipped = ops.min(ops.max(x, own.type(low)), own.type(high))
    return convert_element_type(clipped, dtype)


def _randint(
    key: Any, shape: tuple[int, ...], minval: Any, maxval: Any, dtype: np.dtype[Any]
) -> Any:
    """Random numbers of twice the bits modulo the span: the bias is below 2**-bits."""
    info = np.iinfo(dtype)
    width = dtype.itemsize * 8
    unsigned = np.dtype(f"u{dtype.itemsize}")
    beyond = ops.gt(maxval, int(info.max)) if _exceeds(maxval, info.max) else np.False_
    low = _clipped(minval, dtype, info.min, info.max)
    high = _clipped(maxval, dtype, info.min, info.max)
    keys = split(key)
    words = [random_bits(keys[i], width, shape) for i in (0, 1)]
    with np.errstate(over="ignore"):
        span = convert_element_type(ops.sub(high, low), unsigned)
        empty = ops.le(high, low)
        span = ops.where(empty, unsigned.type(1), span)
        larger = ops.bitwise_and(beyond, ops.gt(high, low))
        span = ops.where(larger, ops.add(span, unsigned.type(1)), span)
        # A span that wrapped to 0 is the whole range: remainders change nothing.
        whole = ops.eq(span, unsigned.type(0))
        safe = ops.where(whole, unsigned.type(1), span)

        def remainder(x: Any) -> Any:
            return ops.where(whole, x, ops.rem(x, safe))

        half = remainder(unsigned.type(2 ** (width // 2)))
        multiplier = remainder(ops.mul(half, half))
        upper = ops.mul(remainder(words[0]), multiplier)
        offset = remainder(ops.add(upper, remainder(words[1])))
        low = ops.broadcast_to(low, shape)
        return ops.add(low, convert_element_type(offset, dtype))


def _exceeds(maxval: Any, largest: int) -> bool:
    """Whether some values of the dtype of ``maxval`` are larger than ``largest``."""
    if isinstance(maxval, int):
        return maxval > largest
    own = typeof(maxval).dtype
    return own.kind in "iu" and int(np.iinfo(own).max) > largest


def bernoulli(
    key: Any, p: Any = 0.5, shape: Shape | None = None, mode: str = "low"
) -> Any:
    """True with probability ``p``.

    Parameters
    ----------
    key : key
    p : float or array
    shape : tuple of int, optional
        That of ``p`` by default.
    mode : {"low", "high"}
        ``"high"`` spends twice the random bits: exact for far smaller ``p``.

    Returns
    -------
    bool array

    Raises
    ------
    DTypeError
        If ``p`` is not a float.

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> bool(bernoulli(PRNGKey(0), 1.0))
    True
    """
    kind = typeof(p).dtype
    if kind.kind != "f":
        raise errors.DTypeError(
            errors.message(
                "a probability is a float.",
                where=user_frame(),
                got=str(typeof(p)),
                see=errors.DTypeError.page,
            )
        )
    if mode not in ("low", "high"):
        raise ValueError(f"mode must be 'low' or 'high', got {mode!r}")
    extents = sample_shape(shape, p)
    if mode == "low":
        return as_array(ops.lt(uniform(key, extents, kind), p))
    both = uniform(key, (2, *extents), kind)
    fine = ops.mul(both[1], kind.type(2.0 ** -np.finfo(kind).nmant))
    return as_array(ops.lt(fine, ops.sub(p, both[0])))


def rademacher(key: Any, shape: Shape = (), dtype: Any = None) -> Any:
    """-1 or 1 with equal probability.

    Parameters
    ----------
    key : key
    shape : tuple of int, optional
    dtype : dtype, optional
        int64 by default.

    Returns
    -------
    array of that shape and dtype

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> int(abs(rademacher(PRNGKey(0))))
    1
    """
    kind = np.dtype(np.int64 if dtype is None else dtype)
    up = convert_element_type(bernoulli(key, 0.5, as_shape(shape)), kind)
    return as_array(ops.sub(ops.mul(up, kind.type(2)), kind.type(1)))


def geometric(key: Any, p: Any, shape: Shape | None = None, dtype: Any = None) -> Any:
    """Number of trials up to the first success of probability ``p``.

    Parameters
    ----------
    key : key
    p : float or array
    shape : tuple of int, optional
        That of ``p`` by default.
    dtype : integer dtype, optional

    Returns
    -------
    array, entries >= 1

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> int(geometric(PRNGKey(0), 1.0))
    1
    """
    kind = integer_dtype(dtype)
    extents = sample_shape(shape, p)
    real = np.result_type(typeof(p).dtype, np.float32)
    u = uniform(key, extents, real)
    u = ops.where(ops.eq(u, 0.0), real.type(1), u)
    with np.errstate(divide="ignore"):
        rate = ops.log1p(ops.neg(parameter(p, real, extents)))
        count = ops.add(ops.floor(ops.div(ops.log(u), rate)), 1.0)
    return as_array(convert_element_type(count, kind))
