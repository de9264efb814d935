"""New arrays from shapes, ranges and values, as NumPy makes them.

While a function is staged, an array made here becomes an equation of the program and
not a constant in it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad import ops
from funcgrad.core.array import as_array
from funcgrad.core.dtypes import canonical_dtype
from funcgrad.core.numpy_protocol import implements
from funcgrad.core.trace import Tracer, staging_depth, typeof
from funcgrad.numpy.dispatch import given, is_traced, to_array, traces
from funcgrad.ops.casting import convert_element_type


def as_shape(shape: Any) -> tuple[int, ...]:
    """A shape as NumPy takes it: an integer or a sequence of them."""
    is_row = isinstance(shape, np.ndarray) and shape.ndim == 1
    if is_row or isinstance(shape, (list, tuple)):
        return tuple(operator.index(extent) for extent in shape)
    return (operator.index(shape),)


def filled(shape: tuple[int, ...], value: Any, dtype: np.dtype[Any]) -> Any:
    """An array of one value; staged if a program is being staged."""
    if isinstance(value, Tracer):
        return ops.broadcast_to(convert_element_type(value, dtype), shape)
    if staging_depth() and shape and np.ndim(value) == 0:
        return ops.broadcast_in_dim(np.asarray(value).astype(dtype)[()], shape, ())
    return as_array(np.full(shape, value, dtype))


def zeros(
    shape: Any, dtype: Any = None, order: str = "C", *, device: Any = None
) -> Any:
    """Array of zeros.

    Parameters
    ----------
    shape : int or tuple of int
    dtype : dtype, optional
        float64 by default.
    order : str, optional
        Memory order; results are in C order.
    device : optional
        Accepted as NumPy does; without effect.

    Returns
    -------
    array of that shape and dtype

    Examples
    --------
    >>> zeros((2, 2))
    Array([[0., 0.],
           [0., 0.]])
    """
    if not staging_depth():
        return as_array(np.zeros(as_shape(shape), canonical_dtype(dtype)))
    return filled(as_shape(shape), 0, canonical_dtype(dtype))


def ones(shape: Any, dtype: Any = None, order: str = "C", *, device: Any = None) -> Any:
    """Array of ones.

    Parameters
    ----------
    shape : int or tuple of int
    dtype : dtype, optional
        float64 by default.
    order : str, optional
        Memory order; results are in C order.
    device : optional
        Accepted as NumPy does; without effect.

    Returns
    -------
    array of that shape and dtype

    Examples
    --------
    >>> ones(2, dtype=int)
    Array([1, 1])
    """
    return filled(as_shape(shape), 1, canonical_dtype(dtype))


def empty(
    shape: Any, dtype: Any = None, order: str = "C", *, device: Any = None
) -> Any:
    """Array whose entries mean nothing yet; they are zeros, so that runs agree.

    Parameters
    ----------
    shape : int or tuple of int
    dtype : dtype, optional
        float64 by default.
    order : str, optional
        Memory order; results are in C order.
    device : optional
        Accepted as NumPy does; without effect.

    Returns
    -------
    array of that shape and dtype

    Examples
    --------
    >>> empty((0, 3)).shape
    (0, 3)
    """
    return zeros(shape, dtype, order)


def full(
    shape: Any,
    fill_value: Any,
    dtype: Any = None,
    order: str = "C",
    *,
    device: Any = None,
) -> Any:
    """Array of one value, or of values that broadcast to the shape.

    Parameters
    ----------
    shape : int or tuple of int
    fill_value : scalar or array
    dtype : dtype, optional
        That of ``fill_value`` by default.
    order : str, optional
        Memory order; results are in C order.
    device : optional
        Accepted as NumPy does; without effect.

    Returns
    -------
    array of that shape and dtype

    Examples
    --------
    >>> full(3, 2.5)
    Array([2.5, 2.5, 2.5])
    """
    value = to_array(fill_value) if is_traced(fill_value) else fill_value
    kind = typeof(value).dtype if dtype is None else canonical_dtype(dtype)
    return filled(as_shape(shape), value, kind)


def _is_type(a: Any) -> bool:
    """Whether it is the shape and dtype of an array, such as `ShapeDtypeStruct`."""
    is_array = isinstance(a, (np.ndarray, np.generic, Tracer))
    return not is_array and hasattr(a, "shape") and hasattr(a, "dtype")


def _like(a: Any, value: Any, dtype: Any, shape: Any) -> Any:
    aval = a if _is_type(a) else typeof(to_array(a))
    extents = as_shape(shape) if given(shape) else aval.shape
    return filled(
        extents, value, canonical_dtype(dtype) if given(dtype) else aval.dtype
    )


def _like_concrete(
    like: Callable[..., Any], a: Any, value: Any, dtype: Any, shape: Any
) -> Any:
    if staging_depth() or is_traced(a) or is_traced(value) or _is_type(a):
        return _like(a, to_array(value) if is_traced(value) else value, dtype, shape)
    return as_array(like(a, dtype=dtype, shape=shape))


@implements(np.zeros_like)
def zeros_like(
    a: Any,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    device: Any = None,
) -> Any:
    """Zeros with the shape and dtype of ``a``, unless others are given.

    Parameters
    ----------
    a : array
    dtype, shape : optional
        In place of those of ``a``.
    order, subok, device : optional
        Accepted as NumPy does; without effect.

    Returns
    -------
    array

    Examples
    --------
    >>> zeros_like(np.ones(2))
    Array([0., 0.])
    """
    return _like_concrete(np.zeros_like, a, 0, dtype, shape)


@implements(np.ones_like)
def ones_like(
    a: Any,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    device: Any = None,
) -> Any:
    """Ones with the shape and dtype of ``a``, unless others are given.

    Parameters
    ----------
    a : array
    dtype, shape : optional
        In place of those of ``a``.
    order, subok, device : optional
        Accepted as NumPy does; without effect.

    Returns
    -------
    array

    Examples
    --------
    >>> ones_like(np.zeros(2), dtype=int)
    Array([1, 1])
    """
    return _like_concrete(np.ones_like, a, 1, dtype, shape)


@implements(np.empty_like)
def empty_like(
    prototype: Any,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    device: Any = None,
) -> Any:
    """An array like ``prototype`` whose entries mean nothing yet; they are zeros.

    Parameters
    ----------
    prototype : array
    dtype, shape : optional
        In place of its own.
    order, subok, device : optional
        Accepted as NumPy does; without effect.

    Returns
    -------
    array

    Examples
    --------
    >>> empty_like(np.ones(2)).shape
    (2,)
    """
    return zeros_like(prototype, dtype, order, subok, shape)


@implements(np.full_like)
def full_like(
    a: Any,
    fill_value: Any,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    device: Any = None,
) -> Any:
    """One value with the shape and dtype of ``a``, unless others are given.

    Parameters
    ----------
    a : array
    fill_value : scalar or array
    dtype, shape : optional
        In place of those of ``a``.
    order, subok, device : optional
        Accepted as NumPy does; without effect.

    Returns
    -------
    array

    Examples
    --------
    >>> full_like(np.zeros(2), 7)
    Array([7., 7.])
    """
    like: Callable[..., Any] = lambda a, **kwargs: np.full_like(a, fill_value, **kwargs)
    return _like_concrete(like, a, fill_value, dtype, shape)


def array(
    object: Any,
    dtype: Any = None,
    *,
    copy: Any = True,
    order: Any = "K",
    subok: bool = False,
    ndmin: int = 0,
) -> Any:
    """An array of what is given: arrays, scalars, nested lists, traced or not.

    Parameters
    ----------
    object : array_like
    dtype : dtype, optional
        By default the dtype that holds all entries.
    copy : bool, optional
        Traced values are never copied: nothing can write into them.
    order, subok : optional
        Accepted as NumPy does; without effect on traced values.
    ndmin : int, optional
        Axes of extent 1 are put in front up to this many axes.

    Returns
    -------
    array

    Examples
    --------
    >>> array([[1, 2], [3, 4]], dtype=float)
    Array([[1., 2.],
           [3., 4.]])
    """
    if not is_traced(object):
        made: Any = np.array(
            object, dtype=dtype, copy=copy, order=order, subok=subok, ndmin=ndmin
        )
        return as_array(made)
    x = to_array(object, dtype)
    shape = typeof(x).shape
    return ops.reshape(x, (1,) * max(ndmin - len(shape), 0) + shape)


def asarray(
    a: Any,
    dtype: Any = None,
    order: Any = None,
    *,
    copy: Any = None,
    device: Any = None,
) -> Any:
    """An array of what is given; an array of that dtype is returned as it is.

    Parameters
    ----------
    a : array_like
    dtype : dtype, optional
    order : optional
        Accepted as NumPy does.
    copy : bool, optional
    device : optional
        Accepted as NumPy does; without effect.

    Returns
    -------
    array

    Examples
    --------
    >>> asarray([1.0, 2.0])
    Array([1., 2.])
    """
    if is_traced(a):
        return to_array(a, dtype)
    return as_array(np.asarray(a, dtype=dtype, order=order, copy=copy))


@traces(np.copy)
def copy(a: Any, order: str = "K", subok: bool = False) -> Any:
    """The array; nothing can write into a traced value, so it need not be copied."""
    return to_array(a)
