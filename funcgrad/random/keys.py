"""Random keys: made from seeds, split, and turned into random bits.

A key is a uint32 array whose last axis has two entries. The same key always gives the
same bits and uniform numbers, compiled or not; samples made of them by logarithms and
other functions may differ in the last digit, as those functions do. The generator is
Threefry-2x32 (Salmon et al. 2011, doi:10.1145/2063384.2063405); bits agree with JAX's
defaults, that is with 64-bit types enabled and ``jax_threefry_partitionable`` on.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad import errors, ops
from funcgrad.core.array import as_array
from funcgrad.core.source import user_frame
from funcgrad.core.trace import Tracer, typeof
from funcgrad.ops.casting import convert_element_type

_UINTS = {8: np.uint8, 16: np.uint16, 32: np.uint32, 64: np.uint64}


def key(seed: Any, *, impl: str | None = None) -> Any:
    """A random key.

    Parameters
    ----------
    seed : int
        May be traced. All 64 bits count.
    impl : str, optional
        The generator's name, as JAX takes it: ``"threefry2x32"`` is the only one.

    Returns
    -------
    uint32 array, shape (2,)

    Raises
    ------
    ShapeError, DTypeError
        If ``seed`` is not one integer.
    ValueError
        If ``impl`` is another generator.

    Examples
    --------
    >>> key(0)
    Array([0, 0], dtype=uint32)
    """
    if impl not in (None, "threefry2x32"):
        raise ValueError(
            errors.message(
                "there is no random number generator of this name.",
                where=user_frame(),
                got=repr(impl),
                expected="'threefry2x32'",
            )
        )
    aval = typeof(seed)
    if aval.shape != ():
        raise errors.ShapeError(
            errors.message(
                "a key is made from one seed.",
                where=user_frame(),
                got=f"an array of shape {aval.shape}",
                fix="funcgrad.vmap(funcgrad.random.key)(seeds)",
                see=errors.ShapeError.page,
            )
        )
    if aval.dtype.kind not in "iu":
        raise errors.DTypeError(
            errors.message(
                "a seed is an integer.",
                where=user_frame(),
                got=str(aval),
                see=errors.DTypeError.page,
            )
        )
    if not isinstance(seed, Tracer):
        value = operator.index(seed) & 0xFFFF_FFFF_FFFF_FFFF
        # A 32-bit seed has no upper half, whatever its sign.
        high = value >> 32 if aval.dtype.itemsize == 8 else 0
        return as_array(np.array([high, value & 0xFFFF_FFFF], np.uint32))
    return _from_traced_seed(seed, aval.dtype)


def _from_traced_seed(seed: Any, dtype: np.dtype[Any]) -> Any:
    wide = convert_element_type(seed, np.uint64)
    low = convert_element_type(ops.bitwise_and(wide, np.uint64(0xFFFF_FFFF)), np.uint32)
    high: Any = np.uint32(0)
    if dtype.itemsize == 8:
        shifted = ops.shift_right_logical(wide, np.uint64(32))
        high = convert_element_type(shifted, np.uint32)
    return _pair(high, low)


PRNGKey = key


def _pair(high: Any, low: Any) -> Any:
    """Two uint32 arrays as the last axis of one."""
    shape = typeof(low).shape
    parts = [ops.reshape(ops.broadcast_to(x, shape), (*shape, 1)) for x in (high, low)]
    return as_array(ops.concatenate(parts, len(shape)))


def key_data(keys: Any) -> Any:
    """The bits of keys.

    Parameters
    ----------
    keys : uint32 array, shape (..., 2)

    Returns
    -------
    uint32 array, shape (..., 2)

    Examples
    --------
    >>> key_data(key(7))
    Array([0, 7], dtype=uint32)
    """
    return check_keys(keys)


def wrap_key_data(key_bits_array: Any) -> Any:
    """Keys with these bits.

    Parameters
    ----------
    key_bits_array : uint32 array, shape (..., 2)

    Returns
    -------
    uint32 array, shape (..., 2)

    Examples
    --------
    >>> wrap_key_data(np.array([0, 7], np.uint32))
    Array([0, 7], dtype=uint32)
    """
    return check_keys(key_bits_array)


def clone(key: Any) -> Any:
    """The same key, which gives the same numbers.

    Parameters
    ----------
    key : key

    Returns
    -------
    key

    Examples
    --------
    >>> clone(PRNGKey(1))
    Array([0, 1], dtype=uint32)
    """
    return check_keys(key)


def check_keys(keys: Any) -> Any:
    """Keys as an array; an error if it is none."""
    x = keys if isinstance(keys, Tracer) else as_array(np.asarray(keys))
    aval = typeof(x)
    if aval.dtype != np.uint32 or aval.shape[-1:] != (2,):
        raise errors.DTypeError(
            errors.message(
                "this is not a random key.",
                where=user_frame(),
                got=str(aval),
                expected="uint32[2]",
                fix="funcgrad.random.key(0)",
                see=errors.DTypeError.page,
            )
        )
    return x


def one_key(key: Any) -> Any:
    """A single key; an error if there are several."""
    x = check_keys(key)
    if typeof(x).ndim != 1:
        raise errors.ShapeError(
            errors.message(
                "this takes one key.",
                where=user_frame(),
                got=f"keys of shape {typeof(x).shape[:-1]}",
                fix="funcgrad.vmap over the keys",
                see=errors.ShapeError.page,
            )
        )
    return x


def halves(keys: Any) -> tuple[Any, Any]:
    """The two words of keys."""
    rank = typeof(keys).ndim - 1
    words = [ops.slice_in_dim(keys, i, i + 1, axis=rank) for i in (0, 1)]
    shape = typeof(keys).shape[:-1]
    first, second = (ops.reshape(word, shape) for word in words)
    return first, second


def counters(shape: Sequence[int]) -> tuple[Any, Any]:
    """The upper and lower word of the number of every entry of an array."""
    size = math.prod(shape)
    if size >= 2**32:
        number = ops.reshape(ops.iota(np.uint64, size), tuple(shape))
        high = convert_element_type(ops.shift_right_logical(number, 32), np.uint32)
        return high, convert_element_type(number, np.uint32)
    return np.uint32(0), ops.reshape(ops.iota(np.uint32, size), tuple(shape))


def random_words(key: Any, shape: Sequence[int]) -> tuple[Any, Any]:
    """Two random words for every entry of an array."""
    first, second = halves(key)
    high, low = counters(shape)
    return ops.threefry2x32(first, second, high, low)


def split(key: Any, num: int | Sequence[int] = 2) -> Any:
    """New keys from one, which should not be used again.

    Parameters
    ----------
    key : key
    num : int or tuple of int, optional
        How many keys, or the shape of an array of keys.

    Returns
    -------
    uint32 array, shape (num, 2)

    Examples
    --------
    >>> split(PRNGKey(0))
    Array([[1797259609, 2579123966],
           [ 928981903, 3453687069]], dtype=uint32)
    """
    return _pair(*random_words(one_key(key), as_shape(num)))


def split_each(keys: Any, num: int) -> list[Any]:
    """``num`` new arrays of keys from an array of keys, each split for itself."""
    first, second = halves(keys)
    return [
        _pair(*ops.threefry2x32(first, second, np.uint32(0), np.uint32(i)))
        for i in range(num)
    ]


def fold_in(key: Any, data: Any) -> Any:
    """A new key from a key and an integer, such as the number of a step.

    Parameters
    ----------
    key : key
    data : int
        Its lower 32 bits count; may be traced.

    Returns
    -------
    key

    Examples
    --------
    >>> fold_in(PRNGKey(0), 1)
    Array([ 928981903, 3453687069], dtype=uint32)
    """
    if isinstance(data, Tracer):
        word = convert_element_type(data, np.uint32)
    else:
        word = np.uint32(operator.index(data) & 0xFFFF_FFFF)
    first, second = halves(one_key(key))
    return _pair(*ops.threefry2x32(first, second, np.uint32(0), word))


def bits(key: Any, shape: Sequence[int] = (), dtype: Any = None) -> Any:
    """Random bits.

    Parameters
    ----------
    key : key
    shape : tuple of int, optional
    dtype : unsigned dtype, optional
        uint64 by default.

    Returns
    -------
    array of that shape and dtype

    Raises
    ------
    DTypeError
        If ``dtype`` is not an unsigned integer.

    Examples
    --------
    >>> bits(PRNGKey(0), (2,), np.uint32)
    Array([4070199207, 4202968722], dtype=uint32)
    """
    kind = np.dtype(np.uint64 if dtype is None else dtype)
    if kind.kind != "u":
        raise errors.DTypeError(
            errors.message(
                "random bits come as unsigned integers.",
                where=user_frame(),
                got=str(kind),
                see=errors.DTypeError.page,
            )
        )
    return random_bits(one_key(key), kind.itemsize * 8, as_shape(shape))


def random_bits(key: Any, width: int, shape: tuple[int, ...]) -> Any:
    """Random unsigned integers of this many bits."""
    high, low = random_words(key, shape)
    return as_array(join_words(high, low, width))


def join_words(high: Any, low: Any, width: int) -> Any:
    """Two random words as one unsigned integer of this many bits."""
    if width == 64:
        upper = ops.shift_left(convert_element_type(high, np.uint64), np.uint64(32))
        return ops.bitwise_or(upper, convert_element_type(low, np.uint64))
    word = ops.bitwise_xor(high, low)
    return word if width == 32 else convert_element_type(word, _UINTS[width])


def as_shape(shape: Any) -> tuple[int, ...]:
    """A shape as a tuple: an integer or a sequence of them."""
    if isinstance(shape, (tuple, list)):
        return tuple(operator.index(extent) for extent in shape)
    return (operator.index(shape),)
