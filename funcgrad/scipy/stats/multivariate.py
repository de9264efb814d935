"""Distributions of vectors: multinomial, Dirichlet, normal."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import funcgrad.numpy as fnp
from funcgrad.core.array import as_array
from funcgrad.core.trace import typeof
from funcgrad.docstrings import Docstring
from funcgrad.ops.linalg import cholesky, triangular_solve
from funcgrad.scipy import special
from funcgrad.scipy.stats.operands import float_operands, select


class Multinomial:
    """Counts of ``n`` independent draws, each of one of several kinds."""

    name = "multinomial"
    __doc__ = Docstring(__doc__, "stats", "name")

    def logpmf(self, x: Any, n: Any, p: Any) -> Any:
        """Logarithm of the probability of the counts along the last axis of ``x``.

        Parameters
        ----------
        x : array, shape (..., k)
        n : array, shape (...)
        p : array, shape (..., k)
            Probabilities of the kinds.

        Returns
        -------
        array, shape (...)

        Examples
        --------
        >>> round(float(multinomial.logpmf([1, 1], 2, [0.5, 0.5])), 6)
        -0.693147
        """
        x, n, p = float_operands(np.asarray(x) if isinstance(x, list) else x, n, p)
        with np.errstate(all="ignore"):
            possible = (fnp.sum(x, axis=-1) == n) & fnp.all(
                (x >= 0) & (x == fnp.floor(x)), axis=-1
            )
            counts = fnp.where(x >= 0, x, 0.0)
            terms = special.xlogy(counts, p) - special.gammaln(counts + 1.0)
            value = special.gammaln(n + 1.0) + fnp.sum(terms, axis=-1)
            return select([(possible, value)], -math.inf).astype(x.dtype)

    def pmf(self, x: Any, n: Any, p: Any) -> Any:
        """The probability of the counts along the last axis of ``x``."""
        return fnp.exp(self.logpmf(x, n, p))


class Dirichlet:
    """Vectors of positive numbers that add up to 1."""

    name = "dirichlet"
    __doc__ = Docstring(__doc__, "stats", "name")

    def logpdf(self, x: Any, alpha: Any) -> Any:
        """Logarithm of the density at ``x``.

        Parameters
        ----------
        x : array, shape (k, ...) or (k - 1, ...)
            Without the last entry it is what is missing to 1.
        alpha : array, shape (k,), > 0

        Returns
        -------
        array, shape (...)

        Examples
        --------
        >>> round(float(dirichlet.logpdf([0.3, 0.7], [1.0, 1.0])), 6)
        0.0
        """
        x, alpha = float_operands(x, alpha)
        with np.errstate(all="ignore"):
            if typeof(x).shape[0] == typeof(alpha).shape[0] - 1:
                x = fnp.concatenate([x, 1.0 - fnp.sum(x, axis=0, keepdims=True)])
            inside = fnp.all((x >= 0) & (x <= 1), axis=0)
            inside = inside & (fnp.abs(fnp.sum(x, axis=0) - 1.0) < 1e-6)
            shape = (-1, *[1] * (typeof(x).ndim - 1))
            powers = special.xlogy(fnp.reshape(alpha - 1.0, shape), x)
            scale = fnp.sum(special.gammaln(alpha)) - special.gammaln(fnp.sum(alpha))
            value = fnp.sum(powers, axis=0) - scale
            known = fnp.all(alpha > 0)
            ends = [(known & inside, value), (known, -math.inf)]
            return select(ends, math.nan).astype(x.dtype)

    def pdf(self, x: Any, alpha: Any) -> Any:
        """The density at ``x``."""
        return fnp.exp(self.logpdf(x, alpha))


class MultivariateNormal:
    """Normal vectors with a mean and a covariance matrix."""

    name = "multivariate_normal"
    __doc__ = Docstring(__doc__, "stats", "name")

    def logpdf(
        self, x: Any, mean: Any = None, cov: Any = 1, allow_singular: bool = False
    ) -> Any:
        """Logarithm of the density at the vectors along the last axis of ``x``.

        Parameters
        ----------
        x : array, shape (..., n)
        mean : array, shape (..., n), optional
            0 by default.
        cov : array, shape (..., n, n), or a number
            A number is the variance of each entry, which are independent then.
        allow_singular : bool, optional
            Only False: the density of singular ones is not one over all vectors.

        Returns
        -------
        array, shape (...)

        Examples
        --------
        >>> value = multivariate_normal.logpdf(np.zeros(2), np.zeros(2), np.eye(2))
        >>> round(float(value), 6)
        -1.837877
        """
        if allow_singular:
            raise NotImplementedError("allow_singular has no density over all vectors")
        x, mean, cov = float_operands(x, 0.0 if mean is None else mean, cov)
        if typeof(cov).ndim < 2:
            return self._independent(x, mean, cov)
        n = typeof(cov).shape[-1]
        difference = x - mean
        if typeof(difference).ndim == 0:
            difference = fnp.reshape(difference, (1,))
        # Of both triangles, so that the derivative in a symmetric matrix is one.
        factor = cholesky(0.5 * (cov + np.swapaxes(cov, -1, -2)))
        lead = np.broadcast_shapes(
            typeof(difference).shape[:-1], typeof(cov).shape[:-2]
        )
        vectors = fnp.broadcast_to(difference, (*lead, n))[..., None]
        factors = fnp.broadcast_to(factor, (*lead, n, n))
        scaled = triangular_solve(factors, vectors, left_side=True, lower=True)
        squares = fnp.sum(scaled[..., 0] ** 2, axis=-1)
        logs = fnp.sum(fnp.log(fnp.diagonal(factor, axis1=-2, axis2=-1)), axis=-1)
        return as_array(-0.5 * (squares + n * math.log(2 * math.pi)) - logs)

    def _independent(self, x: Any, mean: Any, variance: Any) -> Any:
        difference = x - mean
        shape = typeof(difference).shape
        n = shape[-1] if shape else 1
        scaled = difference * difference / variance
        squares = fnp.sum(scaled, axis=-1) if shape else scaled
        logs = 0.5 * fnp.log(variance) * np.ones(shape[-1:])
        total = fnp.sum(logs, axis=-1) if shape else logs
        return as_array(-0.5 * (squares + n * math.log(2 * math.pi)) - total)

    def pdf(
        self, x: Any, mean: Any = None, cov: Any = 1, allow_singular: bool = False
    ) -> Any:
        """The density at the vectors along the last axis of ``x``."""
        return fnp.exp(self.logpdf(x, mean, cov, allow_singular))


multinomial = Multinomial()
dirichlet = Dirichlet()
multivariate_normal = MultivariateNormal()
