"""Density estimates by Gaussian kernels."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

import funcgrad.numpy as fnp
from funcgrad.core.array import as_array
from funcgrad.core.trace import typeof
from funcgrad.ops.linalg import cholesky, triangular_solve
from funcgrad.scipy import special
from funcgrad.scipy.stats.operands import float_operands

BandWidth = None | str | float | Callable[["gaussian_kde"], Any]


class gaussian_kde:  # noqa: N801
    """A density that is a mean of normal ones around the points of a sample.

    Parameters
    ----------
    dataset : array, shape (d, n) or (n,)
    bw_method : {"scott", "silverman"}, number or callable, optional
        The factor between the sample's spread and the kernel's; "scott" by default.
    weights : array, shape (n,), optional

    Examples
    --------
    >>> kde = gaussian_kde(np.array([-1.0, 0.0, 1.0]))
    >>> bool(kde(0.0)[0] > kde(3.0)[0])
    True
    """

    def __init__(
        self, dataset: Any, bw_method: BandWidth = None, weights: Any = None
    ) -> None:
        if weights is None:
            (points,) = float_operands(dataset)
            self.dataset = fnp.atleast_2d(points)
            n = typeof(self.dataset).shape[1]
            self.weights: Any = np.full(n, 1 / n, typeof(points).dtype)
        else:
            points, weights = float_operands(dataset, weights)
            self.dataset = fnp.atleast_2d(points)
            self.weights = weights / fnp.sum(weights)
        self.d, self.n = typeof(self.dataset).shape
        self.neff = 1.0 / fnp.sum(self.weights**2)
        self.factor = self._factor(bw_method)
        data_covariance = fnp.atleast_2d(
            fnp.cov(self.dataset, rowvar=True, bias=False, aweights=self.weights)
        )
        self.covariance = data_covariance * self.factor**2
        self._cholesky = cholesky(self.covariance)

    def _factor(self, method: BandWidth) -> Any:
        if callable(method):
            return method(self)
        if method is None or method == "scott":
            return self.neff ** (-1.0 / (self.d + 4))
        if method == "silverman":
            return (self.neff * (self.d + 2) / 4.0) ** (-1.0 / (self.d + 4))
        if not isinstance(method, str):
            return method
        raise ValueError(f"bw_method is 'scott' or 'silverman', got {method!r}")

    def logpdf(self, x: Any) -> Any:
        """Logarithm of the density.

        Parameters
        ----------
        x : array, shape (d, m) or (m,)

        Returns
        -------
        array, shape (m,)
        """
        squares, logs = _mahalanobis(self._cholesky, self._points(x), self.dataset)
        return special.logsumexp(-0.5 * squares, axis=1, b=self.weights) - logs

    def evaluate(self, points: Any) -> Any:
        """The density at points, shape (d, m), as an array of shape (m,)."""
        return fnp.exp(self.logpdf(points))

    pdf = evaluate
    __call__ = evaluate

    def _points(self, x: Any) -> Any:
        points = fnp.atleast_2d(float_operands(x)[0])
        d, m = typeof(points).shape
        if d != self.d and d == 1 and m == self.d:
            points = fnp.reshape(points, (self.d, 1))
        return points

    def integrate_gaussian(self, mean: Any, cov: Any) -> Any:
        """The integral of the density times a normal one.

        Parameters
        ----------
        mean : array, shape (d,)
        cov : array, shape (d, d)

        Returns
        -------
        float
        """
        center = fnp.reshape(fnp.atleast_1d(float_operands(mean)[0]), (self.d, 1))
        factor = cholesky(self.covariance + fnp.atleast_2d(float_operands(cov)[0]))
        squares, logs = _mahalanobis(factor, center, self.dataset)
        terms = fnp.exp(-0.5 * squares[0] - logs)
        return fnp.sum(terms * self.weights)

    def integrate_box_1d(self, low: Any, high: Any) -> Any:
        """The probability of numbers from ``low`` to ``high``, for ``d = 1``."""
        if self.d != 1:
            raise ValueError("integrate_box_1d() only handles 1D pdfs")
        width = fnp.sqrt(self.covariance[0, 0])
        ends = [special.ndtr((end - self.dataset[0]) / width) for end in (high, low)]
        return fnp.sum(self.weights * (ends[0] - ends[1]))

    def integrate_kde(self, other: gaussian_kde) -> Any:
        """The integral of the product of this density and another one."""
        if other.d != self.d:
            raise ValueError("KDEs are not the same dimensionality")
        factor = cholesky(self.covariance + other.covariance)
        squares, logs = _mahalanobis(factor, other.dataset, self.dataset)
        terms = fnp.exp(-0.5 * squares - logs) * self.weights
        return fnp.sum(fnp.sum(terms, axis=1) * other.weights)


def _mahalanobis(factor: Any, x: Any, centers: Any) -> tuple[Any, Any]:
    """Squared distances of points and centres; logarithm of the normal density's scale.

    ``x`` has shape (d, m), ``centers`` (d, n); distances have shape (m, n).
    """
    d, m = typeof(x).shape
    n = typeof(centers).shape[1]
    moved, fixed = (
        triangular_solve(factor, y, left_side=True, lower=True) for y in (x, centers)
    )
    difference = fnp.reshape(moved, (d, m, 1)) - fnp.reshape(fixed, (d, 1, n))
    squares = fnp.sum(difference * difference, axis=0)
    logs = fnp.sum(fnp.log(fnp.diagonal(factor)))
    return squares, as_array(logs + 0.5 * d * math.log(2 * math.pi))
