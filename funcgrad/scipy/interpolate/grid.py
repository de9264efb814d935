"""Interpolation on a grid of any number of axes: values at corners -> anywhere."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad import errors, ops
from funcgrad import numpy as fnp
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof


class RegularGridInterpolator:
    """Values at any place between the points of a grid.

    The result has derivatives in the place and in the values. It is a function for
    `jit`, `vmap` and `grad` like any other.

    Parameters
    ----------
    points : sequence of array of float
        Increasing coordinates along each axis, m_1, ..., m_k of them.
    values : array, shape (m_1, ..., m_k, ...)
        At the points; more axes are kept.
    method : str
        ``"linear"`` or ``"nearest"``.
    bounds_error : bool
        Whether a place outside raises, where it is known; places under `jit` are not.
    fill_value : scalar or None
        The value outside; None extrapolates.

    Raises
    ------
    ShapeError
        If points and values do not fit together.
    IndexOutOfBoundsError
        For a place outside, if ``bounds_error``.

    Examples
    --------
    >>> import funcgrad as fg
    >>> x, y = np.array([0.0, 1.0, 2.0]), np.array([0.0, 10.0])
    >>> table = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 9.0]])
    >>> f = fg.scipy.interpolate.RegularGridInterpolator((x, y), table)
    >>> f(np.array([0.5, 5.0]))
    Array(1.5)
    >>> fg.grad(lambda p: f(p))(np.array([1.5, 5.0]))
    array([4. , 0.3])
    """

    def __init__(
        self,
        points: Sequence[Any],
        values: Any,
        method: str = "linear",
        bounds_error: bool = False,
        fill_value: Any = np.nan,
    ) -> None:
        if method not in {"linear", "nearest"}:
            raise errors.StaticArgumentError(
                errors.message(
                    "there is no such method of interpolation on a grid.",
                    where=user_frame(),
                    got=repr(method),
                    expected="'linear' or 'nearest'",
                    see=errors.StaticArgumentError.page,
                )
            )
        self.grid = tuple(fnp.asarray(p) for p in points)
        self.values = fnp.asarray(values)
        self.method = method
        self.bounds_error = bounds_error
        self.fill_value = fill_value
        sizes = tuple(typeof(p).shape[0] for p in self.grid)
        if typeof(self.values).shape[: len(sizes)] != sizes:
            raise errors.ShapeError(
                errors.message(
                    "the values do not lie on the grid.",
                    where=user_frame(),
                    got=f"values of shape {typeof(self.values).shape}",
                    expected=f"{len(sizes)} first axes of lengths {sizes}",
                    see=errors.ShapeError.page,
                )
            )

    def __call__(self, xi: Any, method: str | None = None) -> Any:
        """Values at places.

        Parameters
        ----------
        xi : array, shape (..., k), or a tuple of k arrays
        method : str, optional
            Another than that of the interpolator.

        Returns
        -------
        array
            With the axes of the places, and then those that the values have more.
        """
        if isinstance(xi, tuple):
            xi = fnp.stack(fnp.broadcast_arrays(*xi), axis=-1)
        xi = fnp.asarray(xi)
        places = [xi[..., k] for k in range(len(self.grid))]
        inside = self._inside(places)
        found = [self._cell(p, x) for p, x in zip(self.grid, places, strict=True)]
        if (method or self.method) == "nearest":
            index = tuple(i + (share > 0.5) for i, share in found)
            result = self.values[index]
        else:
            result = self._blended(found)
        if self.fill_value is None:
            return result
        extra = typeof(result).ndim - typeof(inside).ndim
        inside = ops.reshape(inside, (*typeof(inside).shape, *[1] * extra))
        return fnp.where(inside, result, self.fill_value)

    @staticmethod
    def _cell(points: Any, x: Any) -> tuple[Any, Any]:
        """The cell that a place is in, and how far in it."""
        count = typeof(points).shape[0]
        i = fnp.clip(fnp.searchsorted(points, x, side="right") - 1, 0, count - 2)
        low, high = points[i], points[i + 1]
        return i, (x - low) / (high - low)

    def _blended(self, found: list[tuple[Any, Any]]) -> Any:
        result: Any = 0.0
        for corner in itertools.product((0, 1), repeat=len(found)):
            index = tuple(i + c for (i, _), c in zip(found, corner, strict=True))
            weight: Any = 1.0
            for (_, share), c in zip(found, corner, strict=True):
                weight = weight * (share if c else 1.0 - share)
            value = self.values[index]
            extra = typeof(value).ndim - typeof(weight).ndim
            shape = (*typeof(weight).shape, *[1] * extra)
            result = result + ops.reshape(weight, shape) * value
        return result

    def _inside(self, places: list[Any]) -> Any:
        inside: Any = np.True_
        for points, x in zip(self.grid, places, strict=True):
            inside = inside & (x >= points[0]) & (x <= points[-1])
        known = isinstance(inside, (np.ndarray, np.bool_))
        if self.bounds_error and known and not np.all(inside):
            outside = np.size(inside) - np.sum(inside)
            raise errors.IndexOutOfBoundsError(
                errors.message(
                    "a place lies outside of the grid.",
                    where=user_frame(),
                    got=f"{outside} of {np.size(inside)} places outside",
                    expected="places within the first and the last of the points",
                    fix="bounds_error=False, with a fill_value or None",
                    see=errors.IndexOutOfBoundsError.page,
                )
            )
        return inside
