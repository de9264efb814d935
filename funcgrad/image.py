"""Images of any number of dimensions at another size, as in ``jax.image``."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import funcgrad.numpy as fnp
from funcgrad import errors
from funcgrad.core.array import as_array
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.numpy.dispatch import as_float, to_array
from funcgrad.ops.casting import convert_element_type

__all__ = ["ResizeMethod", "resize", "scale_and_translate"]

Kernel = Callable[[Any], Any]


class ResizeMethod(enum.Enum):
    """How entries between those of an image are made.

    Examples
    --------
    >>> ResizeMethod.from_string("bilinear")
    <ResizeMethod.LINEAR: 1>
    """

    NEAREST = 0
    """The nearest entry."""
    LINEAR = 1
    """Linear between two entries (names: linear, bilinear, trilinear, triangle)."""
    LANCZOS3 = 2
    """Lanczos's windowed sinc over 3 entries to each side."""
    LANCZOS5 = 3
    """The same over 5 entries."""
    CUBIC = 4
    """Keys's cubic with a = -1/2 (names: cubic, bicubic, tricubic)."""
    CUBIC_PYTORCH = 5
    """As CUBIC with ``antialias``; without it a = -3/4, and edges are repeated."""
    AREA = 6
    """The mean over the area of a new entry."""

    @staticmethod
    def from_string(s: str) -> ResizeMethod:
        """The method of a name.

        Raises
        ------
        ConfigError
            If there is none.
        """
        if s not in _NAMES:
            raise errors.ConfigError(
                errors.message(
                    f"there is no resize method {s!r}.",
                    where=user_frame(),
                    expected=", ".join(_NAMES),
                    see=errors.ConfigError.page,
                )
            )
        return _NAMES[s]


_NAMES = {
    "nearest": ResizeMethod.NEAREST,
    **dict.fromkeys(
        ("linear", "bilinear", "trilinear", "triangle"), ResizeMethod.LINEAR
    ),
    "lanczos3": ResizeMethod.LANCZOS3,
    "lanczos5": ResizeMethod.LANCZOS5,
    **dict.fromkeys(("cubic", "bicubic", "tricubic"), ResizeMethod.CUBIC),
    **dict.fromkeys(("cubic-pytorch", "bicubic-pytorch"), ResizeMethod.CUBIC_PYTORCH),
    "area": ResizeMethod.AREA,
}


# --- kernels: weights by distance, in entries


def _triangle(x: Any) -> Any:
    return fnp.maximum(0.0, 1.0 - x)


def _lanczos(radius: float) -> Kernel:
    def kernel(x: Any) -> Any:
        near = x < 1e-3
        safe = fnp.where(near, 1.0, x)
        waves = fnp.sin(np.pi * safe) * fnp.sin(np.pi * safe / radius)
        inside = fnp.where(near, 1.0, radius * waves / (np.pi * safe) ** 2)
        return fnp.where(x > radius, 0.0, inside)

    return kernel


def _cubic(a: float) -> Kernel:
    """Keys 1981, doi:10.1109/TASSP.1981.1163711."""

    def kernel(x: Any) -> Any:
        near = ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0
        far = ((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a
        return fnp.where(x >= 2.0, 0.0, fnp.where(x >= 1.0, far, near))

    return kernel


_KERNELS: dict[ResizeMethod, Kernel] = {
    ResizeMethod.LINEAR: _triangle,
    ResizeMethod.LANCZOS3: _lanczos(3.0),
    ResizeMethod.LANCZOS5: _lanczos(5.0),
    ResizeMethod.CUBIC: _cubic(-0.5),
    ResizeMethod.CUBIC_PYTORCH: _cubic(-0.75),
}


# --- weights: a matrix (entries, new entries) for each dimension


def _weights(
    extent: int,
    size: int,
    scale: Any,
    translation: Any,
    method: ResizeMethod,
    antialias: bool,
) -> Any:
    places = (np.arange(size) + 0.5 - translation) / scale - 0.5
    if method is ResizeMethod.AREA:
        weights = _overlaps(extent, size, scale, translation)
    elif method is ResizeMethod.CUBIC_PYTORCH:
        weights = _repeated_edges(extent, places)
    else:
        distance = fnp.abs(places - np.arange(extent)[:, None])
        if antialias:
            distance = distance / fnp.maximum(1.0 / scale, 1.0)
        weights = _KERNELS[method](distance)
    total = fnp.sum(weights, axis=0, keepdims=True)
    some = fnp.abs(total) > 1000.0 * np.finfo(np.float32).eps
    weights = fnp.where(some, weights / fnp.where(some, total, 1.0), 0.0)
    if method is ResizeMethod.CUBIC_PYTORCH:
        return weights
    inside = fnp.logical_and(places >= -0.5, places <= extent - 0.5)
    return fnp.where(inside, weights, 0.0)


def _overlaps(extent: int, size: int, scale: Any, translation: Any) -> Any:
    """How much of each new entry's area lies on each entry."""
    start = (np.arange(size) - translation) / scale
    stop = (np.arange(size) + 1 - translation) / scale
    first = np.arange(extent)[:, None]
    common = fnp.minimum(stop, first + 1) - fnp.maximum(start, first)
    return fnp.maximum(common, 0.0)


def _repeated_edges(extent: int, places: Any) -> Any:
    """Weights of a cubic whose two entries beyond an edge are that at the edge."""
    kernel = _KERNELS[ResizeMethod.CUBIC_PYTORCH]
    first = fnp.floor(places)
    weights: Any = 0.0
    for offset in (-1, 0, 1, 2):
        near = first + offset
        taken = fnp.clip(near, 0, extent - 1) == np.arange(extent)[:, None]
        taken = taken & (near >= -2) & (near <= extent + 1)
        weights = weights + fnp.where(taken, kernel(fnp.abs(places - near)), 0.0)
    return weights


def _apply(image: Any, axis: int, weights: Any) -> Any:
    matrix = convert_element_type(weights, typeof(image).dtype)
    return fnp.moveaxis(fnp.tensordot(image, matrix, axes=((axis,), (0,))), -1, axis)


# --- public functions


def scale_and_translate(
    image: Any,
    shape: Sequence[int],
    spatial_dims: Sequence[int],
    scale: Any,
    translation: Any,
    method: str | ResizeMethod,
    antialias: bool = True,
    precision: Any = None,
) -> Any:
    """An image moved to ``scale * place + translation`` along some axes.

    Entry i covers the places from i to i + 1. What comes from outside of the image is
    0. Differentiable with respect to image, scale and translation.

    Parameters
    ----------
    image : array
    shape : sequence of int
        The new shape, of the same rank.
    spatial_dims : sequence of int
        The axes that are scaled.
    scale, translation : array, shape (len(spatial_dims),)
    method : ResizeMethod or str
        Any but "nearest".
    antialias : bool, optional
        Whether the kernel grows with the distance of new entries where an axis shrinks.
    precision : optional
        Taken for compatibility.

    Returns
    -------
    array of ``shape``, a float dtype

    Raises
    ------
    ShapeError
        If the shape has another rank, or axes that are not scaled change.
    ConfigError
        For a method that is not there.

    Examples
    --------
    >>> x = np.array([1.0, 2.0, 3.0])
    >>> scale_and_translate(x, (3,), (0,), np.ones(1), np.array([1.0]), "linear")
    Array([0., 1., 2.])
    """
    way = _method(method)
    if way is ResizeMethod.NEAREST:
        raise errors.ConfigError(
            errors.message(
                "`scale_and_translate` has no method 'nearest'.",
                where=user_frame(),
                fix="fg.image.resize, or another method",
                see=errors.ConfigError.page,
            )
        )
    x = as_float(image)
    axes = [axis % max(1, typeof(x).ndim) for axis in spatial_dims]
    _check(x, shape, axes)
    if way is ResizeMethod.CUBIC_PYTORCH and antialias:
        way = ResizeMethod.CUBIC
    scale, translation = fnp.asarray(scale), fnp.asarray(translation)
    for k, axis in enumerate(axes):
        extent = typeof(x).shape[axis]
        given = (extent, int(shape[axis]), scale[k], translation[k])
        x = _apply(x, axis, _weights(*given, way, antialias))
    return as_array(x)


def resize(
    image: Any,
    shape: Sequence[int],
    method: str | ResizeMethod,
    antialias: bool = True,
    precision: Any = None,
) -> Any:
    """An image at another size.

    Parameters
    ----------
    image : array
        Axes of examples and channels are those whose extent stays.
    shape : sequence of int
        The new shape, of the same rank.
    method : ResizeMethod or str
        "nearest", "linear", "cubic", "lanczos3", "lanczos5", "cubic-pytorch", "area".
    antialias : bool, optional
        Whether the kernel grows with the distance of new entries where an axis shrinks.
    precision : optional
        Taken for compatibility.

    Returns
    -------
    array of ``shape``
        A float dtype; that of ``image`` for "nearest".

    Raises
    ------
    ShapeError
        If the shape has another rank.
    ConfigError
        For a method that is not there.

    References
    ----------
    Keys 1981, "Cubic convolution interpolation for digital image processing",
    doi:10.1109/TASSP.1981.1163711.
    Duchon 1979, "Lanczos filtering in one and two dimensions",
    doi:10.1175/1520-0450(1979)018<1016:LFIOAT>2.0.CO;2.

    Examples
    --------
    >>> resize(np.array([1.0, 3.0]), (4,), "linear")
    Array([1. , 1.5, 2.5, 3. ])
    """
    way = _method(method)
    x = to_array(image) if way is ResizeMethod.NEAREST else as_float(image)
    old = typeof(x).shape
    _check(x, shape, range(len(old)))
    axes = [axis for axis, n in enumerate(shape) if n != old[axis]]
    if way is ResizeMethod.NEAREST:
        for axis in axes:
            n, m = int(shape[axis]), old[axis]
            # (2 i + 1) m / (2 n), in integers: what a float rounds would miss a place.
            x = fnp.take(x, (2 * np.arange(n) + 1) * m // (2 * n), axis=axis)
        return as_array(x)
    scale = np.array([shape[axis] / old[axis] if shape[axis] else 1.0 for axis in axes])
    return scale_and_translate(
        x, shape, axes, scale, np.zeros(len(axes)), way, antialias, precision
    )


def _method(method: str | ResizeMethod) -> ResizeMethod:
    return ResizeMethod.from_string(method) if isinstance(method, str) else method


def _check(x: Any, shape: Sequence[int], axes: Sequence[int]) -> None:
    old = typeof(x).shape
    rest = [a for a in range(len(old)) if a not in axes]
    bad = len(shape) != len(old) or any(shape[a] != old[a] for a in rest)
    if bad or math.prod(old) == 0 != math.prod(shape):
        raise errors.ShapeError(
            errors.message(
                "an image can not have this shape.",
                where=user_frame(),
                got=f"{typeof(x)} to {tuple(shape)}, scaled along axes {tuple(axes)}",
                expected="the same rank, the same extents where it is not scaled, and "
                "entries to take",
                see=errors.ShapeError.page,
            )
        )
