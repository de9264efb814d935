"""Samples of continuous distributions, from the bits that a key gives."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad import errors, ops
from funcgrad.core.array import as_array
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.elementwise import broadcast_shapes
from funcgrad.random.keys import as_shape, join_words, one_key, random_bits, split

Shape = Sequence[int] | int


def float_dtype(dtype: Any) -> np.dtype[Any]:
    """The dtype of samples: float64 unless told, an error if it is not a float."""
    kind = np.dtype(np.float64 if dtype is None else dtype)
    if kind.kind != "f":
        raise errors.DTypeError(
            errors.message(
                "samples of a continuous distribution are floats.",
                where=user_frame(),
                got=f"dtype={kind}",
                see=errors.DTypeError.page,
            )
        )
    return kind


def sample_shape(shape: Any, *parameters: Any) -> tuple[int, ...]:
    """The shape asked for, which parameters broadcast to; theirs by default."""
    shapes = [typeof(parameter).shape for parameter in parameters]
    if shape is None:
        return broadcast_shapes(*shapes)
    wanted = as_shape(shape)
    if broadcast_shapes(wanted, *shapes) != wanted:
        raise errors.ShapeError(
            errors.message(
                "the parameters do not broadcast to the shape of the samples.",
                where=user_frame(),
                got=" and ".join(map(str, shapes)),
                expected=str(wanted),
                see=errors.ShapeError.page,
            )
        )
    return wanted


def parameter(x: Any, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Any:
    """A parameter with the dtype and shape of the samples."""
    return ops.broadcast_to(convert_element_type(x, dtype), shape)


def to_unit(words: Any, dtype: np.dtype[Any]) -> Any:
    """Random unsigned integers as multiples of 2**-m in [0, 1), m mantissa bits."""
    mantissa = np.finfo(dtype).nmant
    width = typeof(words).dtype.itemsize * 8
    shift = typeof(words).dtype.type(width - mantissa)
    whole = convert_element_type(ops.shift_right_logical(words, shift), dtype)
    return ops.mul(whole, dtype.type(2.0**-mantissa))


def scale_unit(unit: Any, minval: Any, maxval: Any, dtype: np.dtype[Any]) -> Any:
    """Numbers in [0, 1) moved to [minval, maxval)."""
    low, high = (convert_element_type(x, dtype) for x in (minval, maxval))
    return ops.max(low, ops.add(ops.mul(unit, ops.sub(high, low)), low))


def uniform(
    key: Any,
    shape: Shape = (),
    dtype: Any = None,
    minval: Any = 0.0,
    maxval: Any = 1.0,
) -> Any:
    """Uniform numbers in ``[minval, maxval)``.

    Parameters
    ----------
    key : key
    shape : tuple of int, optional
    dtype : float dtype, optional
        float64 by default.
    minval, maxval : float or array, broadcast to ``shape``
        Samples can be differentiated with respect to them.

    Returns
    -------
    array of that shape and dtype

    Raises
    ------
    DTypeError
        If ``dtype`` is not a float.

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> uniform(PRNGKey(0), (2,)).shape
    (2,)
    """
    kind = float_dtype(dtype)
    extents = sample_shape(shape, minval, maxval)
    words = random_bits(one_key(key), kind.itemsize * 8, extents)
    return as_array(scale_unit(to_unit(words, kind), minval, maxval, kind))


def unit_of_words(high: Any, low: Any, dtype: np.dtype[Any]) -> Any:
    """Two random words as a number in [0, 1)."""
    return to_unit(join_words(high, low, dtype.itemsize * 8), dtype)


def normal_of_unit(unit: Any, dtype: np.dtype[Any]) -> Any:
    """A number in [0, 1) as a standard normal one, by the inverse of its law."""
    low = np.nextafter(dtype.type(-1.0), dtype.type(0.0))
    symmetric = scale_unit(unit, low, dtype.type(1.0), dtype)
    return ops.mul(dtype.type(math.sqrt(2.0)), ops.erf_inv(symmetric))


def normal(key: Any, shape: Shape = (), dtype: Any = None) -> Any:
    """Standard normal numbers.

    Parameters
    ----------
    key : key
    shape : tuple of int, optional
    dtype : float or complex dtype, optional
        float64 by default. Complex samples have independent parts of variance 1/2.

    Returns
    -------
    array of that shape and dtype

    Raises
    ------
    DTypeError
        If ``dtype`` is not a float or complex one.

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> normal(PRNGKey(0), (2, 3)).shape
    (2, 3)
    """
    if dtype is not None and np.dtype(dtype).kind == "c":
        kind = np.dtype(np.float32 if np.dtype(dtype) == np.complex64 else np.float64)
        keys = split(key)
        parts = [normal(keys[i], shape, kind) for i in (0, 1)]
        scale = kind.type(math.sqrt(2.0))
        return as_array(ops.div(ops.complex(*parts), scale).astype(dtype))
    kind = float_dtype(dtype)
    words = random_bits(one_key(key), kind.itemsize * 8, as_shape(shape))
    return as_array(normal_of_unit(to_unit(words, kind), kind))


def truncated_normal(
    key: Any, lower: Any, upper: Any, shape: Shape | None = None, dtype: Any = None
) -> Any:
    """Standard normal numbers, given that they lie between ``lower`` and ``upper``.

    Parameters
    ----------
    key : key
    lower, upper : float or array
    shape : tuple of int, optional
        That of the bounds by default.
    dtype : float dtype, optional

    Returns
    -------
    array, entries strictly between the bounds

    Raises
    ------
    ShapeError
        If the bounds do not broadcast to ``shape``.

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> x = truncated_normal(PRNGKey(0), 1.0, 2.0)
    >>> bool(1.0 < x < 2.0)
    True
    """
    kind = float_dtype(dtype)
    extents = sample_shape(shape, lower, upper)
    low, high = (convert_element_type(x, kind) for x in (lower, upper))
    root = kind.type(math.sqrt(2.0))
    edges = [ops.erf(ops.div(x, root)) for x in (low, high)]
    u = uniform(key, extents, kind, *edges)
    x = ops.mul(root, ops.erf_inv(u))
    first = ops.nextafter(ops.stop_gradient(low), kind.type(np.inf))
    last = ops.nextafter(ops.stop_gradient(high), kind.type(-np.inf))
    return as_array(ops.min(ops.max(x, first), last))


def exponential(key: Any, shape: Shape = (), dtype: Any = None) -> Any:
    """Exponentially distributed numbers of mean 1.

    Parameters
    ----------
    key : key
    shape : tuple of int, optional
    dtype : float dtype, optional

    Returns
    -------
    array, entries >= 0

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> bool(exponential(PRNGKey(0)) >= 0)
    True
    """
    u = uniform(key, shape, float_dtype(dtype))
    return as_array(ops.neg(ops.log1p(ops.neg(u))))


def laplace(key: Any, shape: Shape = (), dtype: Any = None) -> Any:
    """Numbers of the Laplace distribution: density ``exp(-|x|) / 2``.

    Parameters
    ----------
    key : key
    shape : tuple of int, optional
    dtype : float dtype, optional

    Returns
    -------
    array of that shape and dtype

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> laplace(PRNGKey(0), (3,)).dtype
    dtype('float64')
    """
    kind = float_dtype(dtype)
    low = kind.type(-1.0 + np.finfo(kind).epsneg)
    u = uniform(key, shape, kind, low, kind.type(1.0))
    return as_array(ops.mul(ops.sign(u), ops.log1p(ops.neg(ops.abs(u)))))


def logistic(key: Any, shape: Shape = (), dtype: Any = None) -> Any:
    """Numbers of the logistic distribution, whose distribution function is ``expit``.

    Parameters
    ----------
    key : key
    shape : tuple of int, optional
    dtype : float dtype, optional

    Returns
    -------
    array of that shape and dtype

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> logistic(PRNGKey(0), (3,)).shape
    (3,)
    """
    kind = float_dtype(dtype)
    u = uniform(key, shape, kind, np.finfo(kind).tiny, kind.type(1.0))
    return as_array(ops.sub(ops.log(u), ops.log1p(ops.neg(u))))


def gumbel(key: Any, shape: Shape = (), dtype: Any = None, mode: str = "low") -> Any:
    """Numbers of the Gumbel distribution: ``-log(-log(u))``.

    Parameters
    ----------
    key : key
    shape : tuple of int, optional
    dtype : float dtype, optional
    mode : {"low", "high"}
        ``"high"`` spends twice the random bits and reaches far smaller numbers.

    Returns
    -------
    array of that shape and dtype

    Raises
    ------
    ValueError
        For another mode.

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> gumbel(PRNGKey(0), (3,)).shape
    (3,)
    """
    kind = float_dtype(dtype)
    info = np.finfo(kind)
    if mode == "low":
        u = uniform(key, shape, kind, info.tiny, kind.type(1.0))
        return as_array(ops.neg(ops.log(ops.neg(ops.log(u)))))
    if mode != "high":
        raise ValueError(f"mode must be 'low' or 'high', got {mode!r}")
    both = uniform(key, (2, *as_shape(shape)), kind)
    high, low = both[0], both[1]
    small = ops.add(ops.add(high, ops.mul(low, kind.type(2.0**-info.nmant))), info.tiny)
    u = ops.where(ops.ge(high, kind.type(0.5)), high, small)
    return as_array(ops.neg(ops.log(ops.neg(ops.log1p(ops.neg(u))))))


def cauchy(key: Any, shape: Shape = (), dtype: Any = None) -> Any:
    """Numbers of the Cauchy distribution: density ``1 / (pi (1 + x**2))``.

    Parameters
    ----------
    key : key
    shape : tuple of int, optional
    dtype : float dtype, optional

    Returns
    -------
    array of that shape and dtype

    Examples
    --------
    >>> from funcgrad.random import PRNGKey
    >>> cauchy(PRNGKey(0), (3,)).shape
    (3,)
    """
    kind = float_dtype(dtype)
    u = uniform(key, shape, kind, np.finfo(kind).eps, kind.type(1.0))
    return as_array(ops.tan(ops.mul(kind.type(np.pi), ops.sub(u, kind.type(0.5)))))
