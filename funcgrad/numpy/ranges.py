"""Evenly spaced values and index patterns made of them: arange, linspace, eye, tri."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad import ops
from funcgrad.core.array import as_array
from funcgrad.core.dtypes import canonical_dtype, divide_dtype, result_type_of
from funcgrad.core.trace import Tracer, staging_depth, typeof
from funcgrad.numpy.dispatch import to_array, traces
from funcgrad.ops.casting import convert_element_type


def arange(
    start: Any,
    stop: Any = None,
    step: Any = None,
    dtype: Any = None,
    *,
    device: Any = None,
) -> Any:
    """Evenly spaced values in ``[start, stop)``.

    Parameters
    ----------
    start : number
        The end of the interval if it is the only one, which then starts at 0.
    stop, step : number, optional
    dtype : dtype, optional
        By default that which NumPy gives the bounds.
    device : optional
        Accepted as NumPy does; without effect.

    Returns
    -------
    array, 1-d

    Raises
    ------
    TracerIntegerConversionError, ConcretizationTypeError
        If a bound is traced and its value not known: it decides the shape.

    Examples
    --------
    >>> arange(3), arange(1.0, 2.0, 0.5)
    (Array([0, 1, 2]), Array([1. , 1.5]))
    """
    bounds = [_known(bound) for bound in (start, stop, step)]
    if bounds[1] is None and bounds[2] is None:
        values = np.arange(bounds[0], dtype=dtype)
    else:
        low, high = (0, bounds[0]) if bounds[1] is None else bounds[:2]
        values = np.arange(low, high, bounds[2], dtype=dtype)
    if staging_depth() and values.size > 1 and values.dtype.kind in "iu":
        delta = int(values[1]) - int(values[0])
        return _staged_range(int(values[0]), delta, values.size, values.dtype)
    return as_array(values)


def _staged_range(start: int, step: int, size: int, dtype: np.dtype[Any]) -> Any:
    values = ops.iota(dtype, size)
    if step != 1:
        values = values * dtype.type(step)
    return values if start == 0 else values + dtype.type(start)


def _known(bound: Any) -> Any:
    if not isinstance(bound, Tracer):
        return bound
    value: Any = bound
    return int(value) if typeof(bound).dtype.kind in "iub" else float(value)


@traces(np.linspace)
def linspace(
    start: Any,
    stop: Any,
    num: Any = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    *,
    device: Any = None,
) -> Any:
    """``num`` evenly spaced values from ``start`` to ``stop``."""
    count = operator.index(num)
    if count < 0:
        raise ValueError(f"Number of samples, {count}, must be non-negative.")
    start, stop = to_array(start) * 1.0, to_array(stop) * 1.0
    kind = divide_dtype(result_type_of(start, stop, float(count)))
    intervals = count - 1 if endpoint else count
    delta = (stop - start).astype(kind)
    step = delta / intervals if intervals > 0 else delta * np.nan
    ramp = np.arange(count, dtype=np.float64).reshape((-1,) + (1,) * typeof(delta).ndim)
    values = ramp.astype(kind) * step + start if intervals > 0 else ramp * delta + start
    if endpoint and count > 1:
        values = ops.concatenate([values[:-1], (stop + 0 * delta)[None]], 0)
    values = ops.move_axis(values, 0, axis % typeof(values).ndim)
    if dtype is not None:
        integer = np.issubdtype(dtype, np.integer)
        values = (np.floor(values) if integer else values).astype(dtype)
    return (values, step) if retstep else values


@traces(np.logspace)
def logspace(
    start: Any,
    stop: Any,
    num: Any = 50,
    endpoint: bool = True,
    base: Any = 10.0,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """``num`` values from ``base ** start`` to ``base ** stop``, even in the log."""
    exponents = linspace(start, stop, num, endpoint, axis=axis)
    values = np.power(base, exponents)
    return values if dtype is None else values.astype(dtype)


@traces(np.geomspace)
def geomspace(
    start: Any,
    stop: Any,
    num: Any = 50,
    endpoint: bool = True,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """``num`` values from ``start`` to ``stop`` in geometric progression (real)."""
    start, stop = to_array(start), to_array(stop)
    sign = np.sign(start)
    low, high = np.log10(np.abs(start)), np.log10(np.abs(stop))
    values = sign * logspace(low, high, num, endpoint, axis=axis)
    return values if dtype is None else values.astype(dtype)


def iota_along(shape: Sequence[int], axis: int) -> Any:
    """The index along one axis at every entry of a shape, int64."""
    extents = tuple(shape)
    return ops.broadcast_in_dim(arange(extents[axis]), extents, (axis,))


def eye(
    N: int,
    M: int | None = None,
    k: int = 0,
    dtype: Any = float,
    order: str = "C",
    *,
    device: Any = None,
) -> Any:
    """Ones on the ``k``-th diagonal, zeros elsewhere.

    Parameters
    ----------
    N : int
        Rows.
    M : int, optional
        Columns; ``N`` by default.
    k : int, optional
        Diagonal: 0 the main one, positive above.
    dtype : dtype, optional
    order, device : optional
        Accepted as NumPy does; without effect.

    Returns
    -------
    array, shape (N, M)

    Examples
    --------
    >>> eye(2)
    Array([[1., 0.],
           [0., 1.]])
    """
    if not staging_depth():
        return as_array(np.eye(N, M, k, dtype))
    shape = (operator.index(N), operator.index(N if M is None else M))
    on = iota_along(shape, 1) - iota_along(shape, 0) == operator.index(k)
    return convert_element_type(on, canonical_dtype(dtype))


def identity(n: int, dtype: Any = None) -> Any:
    """The identity matrix.

    Parameters
    ----------
    n : int
    dtype : dtype, optional

    Returns
    -------
    array, shape (n, n)

    Examples
    --------
    >>> identity(1)
    Array([[1.]])
    """
    return eye(n, dtype=dtype)


def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = float) -> Any:
    """Ones on and below the ``k``-th diagonal, zeros above.

    Parameters
    ----------
    N, M : int
        Rows and columns; as many columns as rows by default.
    k : int, optional
    dtype : dtype, optional

    Returns
    -------
    array, shape (N, M)

    Examples
    --------
    >>> tri(2, dtype=int)
    Array([[1, 0],
           [1, 1]])
    """
    if not staging_depth():
        return as_array(np.tri(N, M, k, dtype))
    shape = (operator.index(N), operator.index(N if M is None else M))
    on = iota_along(shape, 1) - iota_along(shape, 0) <= operator.index(k)
    return convert_element_type(on, canonical_dtype(dtype))
