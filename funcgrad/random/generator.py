"""NumPy's Generator on a key: a pytree whose methods draw, and move it on."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad import errors, ops
from funcgrad import numpy as fnp
from funcgrad.core.source import user_frame
from funcgrad.core.trace import EVALUATION, Tracer, innermost_staging, typeof
from funcgrad.random import choices, continuous, discrete, gamma_family, transformed
from funcgrad.random import keys as _keys
from funcgrad.random.binomial import binomial, multinomial
from funcgrad.random.poisson import poisson
from funcgrad.tree.registration import register_pytree_node_class

Size = Any


def default_rng(seed: Any = None) -> Generator:
    """A `Generator` that starts from a seed, as ``numpy.random.default_rng``.

    Parameters
    ----------
    seed : int, key or Generator, optional
        Entropy of the system, if there is none.

    Returns
    -------
    Generator

    Examples
    --------
    >>> import funcgrad as fg
    >>> rng = fg.random.default_rng(0)
    >>> rng.normal(size=3).shape
    (3,)
    """
    if isinstance(seed, Generator):
        return seed
    if seed is None:
        seed = int(np.random.SeedSequence().generate_state(1, np.uint64)[0] >> 1)
    if isinstance(seed, (int, np.integer)) or np.ndim(seed) == 0:
        return Generator(_keys.key(seed))
    return Generator(seed)


@register_pytree_node_class
class Generator:
    """Draws random numbers by the methods of ``numpy.random.Generator``.

    Its one leaf is a key; each draw splits it, and the generator keeps the first half.
    So the numbers do not depend on when code is compiled, and a compiled function that
    takes a generator must return it if the draws in it are to count:

    ``def step(rng, x): return x + rng.normal(), rng``

    Parameters
    ----------
    key : key
        As of `key` or `split`; batches of keys are for `vmap`.

    Examples
    --------
    >>> import funcgrad as fg
    >>> @fg.jit
    ... def walk(rng):
    ...     def step(carry, _):
    ...         rng, place = carry
    ...         place = place + rng.normal()
    ...         return (rng, place), place
    ...     (rng, _), places = fg.lax.scan(step, (rng, 0.0), length=5)
    ...     return rng, places
    >>> rng = fg.random.default_rng(0)
    >>> rng, first = walk(rng)
    >>> rng, second = walk(rng)
    >>> bool(np.all(first != second))
    True
    """

    def __init__(self, key: Any) -> None:
        self.key = key

    def tree_flatten(self) -> tuple[tuple[Any], None]:
        return (self.key,), None

    @classmethod
    def tree_unflatten(cls, data: None, children: Any) -> Generator:
        return cls(*children)

    def __repr__(self) -> str:
        return f"Generator({self.key!r})"

    def _next(self) -> Any:
        """A key for one draw."""
        if innermost_staging() is not EVALUATION and not isinstance(self.key, Tracer):
            raise errors.UnexpectedTracerError(
                errors.message(
                    "a generator from outside is used while a function is traced: "
                    "each call of the compiled function would draw the same numbers.",
                    where=user_frame(),
                    got="a Generator that is not an argument",
                    expected="def f(rng, ...): ...; return result, rng",
                    fix="pass the generator as an argument, and return it",
                    see=errors.UnexpectedTracerError.page,
                )
            )
        pair = _keys.split(self.key)
        self.key = pair[0]
        return pair[1]

    def spawn(self, n_children: int) -> list[Generator]:
        """Independent generators, a list of ``n_children``."""
        pieces = _keys.split(self._next(), n_children)
        return [Generator(pieces[i]) for i in range(n_children)]

    def batch(self, n: int) -> Generator:
        """One generator for each entry of a batch, for `vmap` along axis 0."""
        return Generator(_keys.split(self._next(), n))

    def random(self, size: Size = None, dtype: Any = np.float64) -> Any:
        """Uniform numbers in [0, 1)."""
        return continuous.uniform(self._next(), _shape(size), dtype)

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Size = None) -> Any:
        """Uniform numbers in [low, high)."""
        return low + (high - low) * self.random(_of(size, low, high))

    def integers(
        self,
        low: Any,
        high: Any = None,
        size: Size = None,
        dtype: Any = np.int64,
        endpoint: bool = False,
    ) -> Any:
        """Integers from ``low`` to below ``high``, or to it if ``endpoint``."""
        if high is None:
            low, high = 0, low
        top = high + 1 if endpoint else high
        return discrete.randint(self._next(), _of(size, low, high), low, top, dtype)

    def standard_normal(self, size: Size = None, dtype: Any = np.float64) -> Any:
        """Normal numbers of mean 0 and variance 1."""
        return continuous.normal(self._next(), _shape(size), dtype)

    def normal(self, loc: Any = 0.0, scale: Any = 1.0, size: Size = None) -> Any:
        """Normal numbers; with derivatives in ``loc`` and ``scale``."""
        return loc + scale * self.standard_normal(_of(size, loc, scale))

    def lognormal(self, mean: Any = 0.0, sigma: Any = 1.0, size: Size = None) -> Any:
        """Exponentials of normal numbers."""
        return fnp.exp(self.normal(mean, sigma, size))

    def multivariate_normal(self, mean: Any, cov: Any, size: Size = None) -> Any:
        """Normal vectors of a covariance matrix, by its Cholesky factor."""
        factor = fnp.linalg.cholesky(cov)
        shape = (*_shape(size), *typeof(fnp.asarray(mean)).shape)
        z = self.standard_normal(shape)
        return mean + fnp.matvec(factor, z)

    def standard_exponential(self, size: Size = None) -> Any:
        """Exponentially distributed numbers of mean 1."""
        return continuous.exponential(self._next(), _shape(size))

    def exponential(self, scale: Any = 1.0, size: Size = None) -> Any:
        """Exponentially distributed numbers of mean ``scale``."""
        return scale * self.standard_exponential(_of(size, scale))

    def standard_gamma(self, shape: Any, size: Size = None) -> Any:
        """Gamma distributed numbers; with derivatives in ``shape``."""
        return gamma_family.gamma(self._next(), shape, _of(size, shape))

    def gamma(self, shape: Any, scale: Any = 1.0, size: Size = None) -> Any:
        """Gamma distributed numbers of mean ``shape * scale``."""
        return scale * self.standard_gamma(shape, _of(size, shape, scale))

    def beta(self, a: Any, b: Any, size: Size = None) -> Any:
        """Beta distributed numbers."""
        return gamma_family.beta(self._next(), a, b, _of(size, a, b))

    def chisquare(self, df: Any, size: Size = None) -> Any:
        """Sums of ``df`` squares of standard normal numbers."""
        return gamma_family.chisquare(self._next(), df, _of(size, df))

    def standard_t(self, df: Any, size: Size = None) -> Any:
        """Student's t distributed numbers."""
        return gamma_family.t(self._next(), df, _of(size, df))

    def f(self, dfnum: Any, dfden: Any, size: Size = None) -> Any:
        """F distributed numbers."""
        return gamma_family.f(self._next(), dfnum, dfden, _of(size, dfnum, dfden))

    def dirichlet(self, alpha: Any, size: Size = None) -> Any:
        """Vectors of positive numbers that add up to 1."""
        return gamma_family.dirichlet(self._next(), fnp.asarray(alpha), _shape(size))

    def laplace(self, loc: Any = 0.0, scale: Any = 1.0, size: Size = None) -> Any:
        """Differences of exponentially distributed numbers."""
        return loc + scale * continuous.laplace(self._next(), _of(size, loc, scale))

    def logistic(self, loc: Any = 0.0, scale: Any = 1.0, size: Size = None) -> Any:
        """Log-odds of uniform numbers."""
        return loc + scale * continuous.logistic(self._next(), _of(size, loc, scale))

    def gumbel(self, loc: Any = 0.0, scale: Any = 1.0, size: Size = None) -> Any:
        """What the largest of many numbers is like."""
        return loc + scale * continuous.gumbel(self._next(), _of(size, loc, scale))

    def standard_cauchy(self, size: Size = None) -> Any:
        """Ratios of normal numbers."""
        return continuous.cauchy(self._next(), _shape(size))

    def rayleigh(self, scale: Any = 1.0, size: Size = None) -> Any:
        """Lengths of normal vectors of two entries."""
        return transformed.rayleigh(self._next(), scale, _of(size, scale))

    def weibull(self, a: Any, size: Size = None) -> Any:
        """Exponentially distributed numbers to the power of ``1 / a``."""
        return transformed.weibull_min(self._next(), 1.0, a, _of(size, a))

    def pareto(self, a: Any, size: Size = None) -> Any:
        """Lomax distributed numbers: Pareto's, from 0."""
        return transformed.pareto(self._next(), a, _of(size, a)) - 1.0

    def triangular(self, left: Any, mode: Any, right: Any, size: Size = None) -> Any:
        """Numbers whose density is a triangle."""
        shape = _of(size, left, mode, right)
        return transformed.triangular(self._next(), left, mode, right, shape)

    def poisson(self, lam: Any = 1.0, size: Size = None) -> Any:
        """Counts of independent events, ``lam`` on the average."""
        return poisson(self._next(), lam, _of(size, lam))

    def binomial(self, n: Any, p: Any, size: Size = None) -> Any:
        """How many of ``n`` trials succeed, integers."""
        found = binomial(self._next(), n, p, _of(size, n, p))
        return ops.convert_element_type(found, np.int64)

    def multinomial(self, n: Any, pvals: Any, size: Size = None) -> Any:
        """How many of ``n`` trials have each outcome, integers."""
        pvals = fnp.asarray(pvals)
        shape = (*_shape(size), *typeof(pvals).shape)
        found = multinomial(self._next(), n, pvals, shape=shape)
        return ops.convert_element_type(found, np.int64)

    def geometric(self, p: Any, size: Size = None) -> Any:
        """Trials until the first success."""
        return discrete.geometric(self._next(), p, _of(size, p))

    def choice(
        self,
        a: Any,
        size: Size = None,
        replace: bool = True,
        p: Any = None,
        axis: int = 0,
    ) -> Any:
        """Entries of ``a`` (or integers below it), picked at random."""
        return choices.choice(self._next(), a, _shape(size), replace, p, axis)

    def permutation(self, x: Any, axis: int = 0) -> Any:
        """The entries in random order, a new array: nothing is shuffled in place."""
        return choices.permutation(self._next(), x, axis)

    def permuted(self, x: Any, axis: int | None = None) -> Any:
        """Each slice along ``axis`` in an order of its own; all entries by default."""
        x = fnp.asarray(x)
        if axis is None:
            flat = choices.permutation(self._next(), ops.reshape(x, (x.size,)))
            return ops.reshape(flat, typeof(x).shape)
        return choices.permutation(self._next(), x, axis, independent=True)


def _shape(size: Any) -> tuple[int, ...]:
    if size is None:
        return ()
    return (int(size),) if np.ndim(size) == 0 else tuple(size)


def _of(size: Any, *parameters: Any) -> tuple[int, ...]:
    """The size, or that of the parameters together."""
    if size is not None:
        return _shape(size)
    return fnp.broadcast_shapes(*[typeof(fnp.asarray(p)).shape for p in parameters])
