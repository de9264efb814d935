"""Roots of systems and fixed points, with derivatives by the implicit function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from funcgrad import ops, tree
from funcgrad.api.jacobians import jacfwd
from funcgrad.api.staging import eval_shape
from funcgrad.flatten_util import ravel_pytree
from funcgrad.lax import custom_root, while_loop
from funcgrad.numpy.linalg import solve
from funcgrad.scipy.optimize.implicit import solve_linear


class RootResults(NamedTuple):
    """What `root` gives, a pytree.

    Attributes
    ----------
    x : tree of array
        The root; only it has derivatives.
    success : bool scalar
        Whether the largest entry of ``fun`` is at most ``tol``.
    fun : tree of array
        The function there.
    nit : int scalar
        Steps taken.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad.scipy.optimize import root
    >>> result = root(lambda x: x**2 - 4.0, np.ones(1))
    >>> result.x.round(6), bool(result.success)
    (array([2.]), True)
    """

    x: Any
    success: Any
    fun: Any
    nit: Any


class _Newton(NamedTuple):
    x: Any
    fun: Any
    nit: Any
    stuck: Any


def root(
    fun: Callable[..., Any],
    x0: Any,
    args: tuple[Any, ...] = (),
    *,
    tol: float = 1e-10,
    maxiter: int = 100,
) -> RootResults:
    """Solve ``fun(x, *args) = 0`` by Newton's method, with steps halved if need be.

    It can be compiled and batched, and the root has derivatives in ``args`` and in what
    ``fun`` closes over.

    Parameters
    ----------
    fun : callable
        Its result has as many entries as ``x0``.
    x0 : tree of array
        Where to begin.
    args : tuple, optional
        More arguments.
    tol : float
        How large an entry of ``fun`` may be at the root.
    maxiter : int
        Steps at most.

    Returns
    -------
    RootResults

    References
    ----------
    Dennis & Schnabel, Numerical Methods for Unconstrained Optimization and Nonlinear
    Equations, 1983, chapter 6.

    Examples
    --------
    >>> import funcgrad as fg
    >>> def f(x, a):
    ...     return np.stack([x[0] ** 2 + x[1] ** 2 - a, x[0] - x[1]])
    >>> side = lambda a: fg.scipy.optimize.root(f, np.ones(2), (a,)).x[0]
    >>> value, slope = fg.jit(fg.value_and_grad(side))(8.0)
    >>> print(f"{value:.6f} {slope:.6f}")
    2.000000 0.125000
    """
    flat, unravel = ravel_pytree(x0)

    def value(x: Any) -> Any:
        return ravel_pytree(fun(unravel(x), *args))[0]

    def find(_: Any, start: Any) -> tuple[Any, Any]:
        end = _newton(value, start, tol, maxiter)
        return end.x, (end.fun, end.nit)

    x, (left, count) = custom_root(value, flat, find, solve_linear, has_aux=True)
    success = np.max(np.abs(left)) <= tol
    zeros = tree.map(lambda s: np.zeros(s.shape, s.dtype), eval_shape(fun, x0, *args))
    _, as_result = ravel_pytree(zeros)
    return RootResults(unravel(x), success, as_result(left), count)


def _newton(
    value: Callable[[Any], Any], start: Any, tol: float, maxiter: int
) -> _Newton:
    def size(v: Any) -> Any:
        return np.sum(v * v)

    def step(state: _Newton) -> _Newton:
        direction = -solve(jacfwd(value)(state.x), state.fun)

        def too_long(search: Any) -> Any:
            length, fun = search
            # False for NaN on the right side only: what is not a number is too far.
            return ~(size(fun) < size(state.fun)) & (length > 1e-10)

        def halve(search: Any) -> Any:
            length = 0.5 * search[0]
            return length, value(state.x + length * direction)

        full = (np.asarray(1.0), value(state.x + direction))
        length, fun = while_loop(too_long, halve, full)
        lower = size(fun) < size(state.fun)
        x = ops.where(lower, state.x + length * direction, state.x)
        fun = ops.where(lower, fun, state.fun)
        return _Newton(x, fun, state.nit + 1, ~lower)

    def goes_on(state: _Newton) -> Any:
        far = np.max(np.abs(state.fun)) > tol
        return far & ~state.stuck & (state.nit < maxiter)

    first = _Newton(start, value(start), np.asarray(0), np.asarray(False))
    end: _Newton = while_loop(goes_on, step, first)
    return end


def fixed_point(
    func: Callable[..., Any],
    x0: Any,
    args: tuple[Any, ...] = (),
    *,
    xtol: float = 1e-10,
    maxiter: int = 500,
) -> Any:
    """The ``x`` with ``func(x, *args) = x``, by repetition.

    Parameters
    ----------
    func : callable
        A contraction; result and argument have one structure.
    x0 : tree of array
        Where to begin.
    args : tuple, optional
        More arguments; the fixed point has derivatives in them.
    xtol : float
        Largest change of an entry, relative to 1 or the entry, in the last repetition.
    maxiter : int
        Repetitions at most.

    Returns
    -------
    tree of array

    Examples
    --------
    >>> import funcgrad as fg
    >>> attract = lambda a: fg.scipy.optimize.fixed_point(
    ...     lambda x: np.cos(a * x), 0.5
    ... )
    >>> print(f"{attract(1.0):.6f} {fg.grad(attract)(1.0):.6f}")
    0.739085 -0.297474
    """
    flat, unravel = ravel_pytree(tree.map(lambda x: 1.0 * x, x0))

    def apply(x: Any) -> Any:
        return ravel_pytree(func(unravel(x), *args))[0]

    def find(_: Any, start: Any) -> Any:
        def goes_on(state: Any) -> Any:
            x, before, count = state
            scale = np.maximum(1.0, np.abs(x))
            return (np.max(np.abs(x - before) / scale) > xtol) & (count < maxiter)

        state = (apply(start), start, np.asarray(1))
        return while_loop(goes_on, lambda s: (apply(s[0]), s[0], s[2] + 1), state)[0]

    return unravel(custom_root(lambda x: apply(x) - x, flat, find, solve_linear))
