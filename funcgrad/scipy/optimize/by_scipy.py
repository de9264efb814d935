"""SciPy's own solvers, fed with compiled values, gradients and Hessian products."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad.api.gradient import value_and_grad
from funcgrad.api.jacobians import hvp, jacobian
from funcgrad.api.jit import jit
from funcgrad.flatten_util import ravel_pytree

_BY_PRODUCTS = {"newton-cg", "trust-ncg", "trust-krylov", "trust-constr"}
_WITHOUT_GRADIENT = {"nelder-mead", "powell", "cobyla", "cobyqa"}


def _optimize() -> Any:
    return importlib.import_module("scipy.optimize")


def scipy_minimize(
    fun: Callable[..., Any],
    x0: Any,
    args: tuple[Any, ...] = (),
    *,
    method: str | None = None,
    constraints: Any = (),
    **options: Any,
) -> Any:
    """``scipy.optimize.minimize``, of a function that funcgrad compiles.

    SciPy gets the compiled value and gradient in one call, and for the methods that use
    them (Newton-CG, trust-ncg, trust-krylov, trust-constr) compiled products with the
    Hessian. Constraints get a compiled Jacobian.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args)`` gives a real scalar.
    x0 : tree of array
        Where to begin; a tree is flattened for SciPy.
    args : tuple, optional
        More arguments.
    method : str, optional
        Any of SciPy's.
    constraints : dict or sequence of dict, optional
        As SciPy takes them (``{"type": "eq", "fun": g}``), of ``x`` as ``fun`` gets it;
        without ``"jac"``, it is added.
    **options
        Passed on: ``bounds``, ``tol``, ``options``, ``callback``.

    Returns
    -------
    scipy.optimize.OptimizeResult
        ``x`` has the structure of ``x0``. It has no derivatives; `minimize` has.

    Examples
    --------
    >>> import funcgrad as fg
    >>> def f(p):
    ...     return (p["x"] - 1.0) ** 2 + np.sum((p["y"] - p["x"]) ** 2)
    >>> start = {"x": 0.0, "y": np.zeros(2)}
    >>> result = fg.scipy.optimize.scipy_minimize(f, start, method="trust-ncg")
    >>> result.success, np.round(result.x["y"], 6)
    (True, array([1., 1.]))
    """
    flat, unravel = ravel_pytree(x0)
    flat = np.asarray(flat, dtype=np.float64)

    def value(x: Any) -> Any:
        return fun(unravel(x), *args)

    given: dict[str, Any] = dict(options)
    name = (method or "").lower()
    target: Callable[..., Any] = jit(value)
    if name not in _WITHOUT_GRADIENT:
        both = jit(value_and_grad(value))
        target = lambda x: _plain(both(x))
        given.setdefault("jac", True)
    if name in _BY_PRODUCTS and "hess" not in given:
        product = jit(lambda x, v: hvp(value, (x,), (v,)))
        given.setdefault("hessp", lambda x, v: np.asarray(product(x, v)))
    if constraints:
        given["constraints"] = _with_jacobians(constraints, unravel)
    result = _optimize().minimize(target, flat, method=method, **given)
    result.x = unravel(result.x)
    return result


def _plain(results: tuple[Any, Any]) -> tuple[float, Any]:
    return float(results[0]), np.asarray(results[1])


def _with_jacobians(constraints: Any, unravel: Callable[[Any], Any]) -> Any:
    many = [constraints] if isinstance(constraints, dict) else constraints
    return [_with_jacobian(c, unravel) if isinstance(c, dict) else c for c in many]


def _with_jacobian(
    constraint: dict[str, Any], unravel: Callable[[Any], Any]
) -> dict[str, Any]:
    function = constraint["fun"]
    value = jit(lambda x, *args: function(unravel(x), *args))
    slope = jit(jacobian(lambda x, *args: function(unravel(x), *args)))
    full = {"jac": lambda x, *args: np.asarray(slope(x, *args)), **constraint}
    return full | {"fun": lambda x, *args: np.asarray(value(x, *args))}


def scipy_root(
    fun: Callable[..., Any],
    x0: Any,
    args: tuple[Any, ...] = (),
    *,
    method: str = "hybr",
    **options: Any,
) -> Any:
    """``scipy.optimize.root``, with a compiled Jacobian.

    Parameters
    ----------
    fun : callable
        Its result has as many entries as ``x0``.
    x0 : tree of array
    args : tuple, optional
    method : str
        ``"hybr"`` or ``"lm"``; the others take no Jacobian, and get none.
    **options
        Passed on.

    Returns
    -------
    scipy.optimize.OptimizeResult
        ``x`` has the structure of ``x0``. It has no derivatives; `root` has.

    Examples
    --------
    >>> import funcgrad as fg
    >>> result = fg.scipy.optimize.scipy_root(lambda x: x**2 - 4.0, np.ones(1))
    >>> np.round(result.x, 6)
    array([2.])
    """
    value, slope, flat, unravel = _compiled(fun, x0, args)
    if method in {"hybr", "lm"}:
        options = {"jac": slope} | options
    result = _optimize().root(value, flat, method=method, **options)
    result.x = unravel(result.x)
    return result


def scipy_least_squares(
    fun: Callable[..., Any],
    x0: Any,
    args: Sequence[Any] = (),
    **options: Any,
) -> Any:
    """``scipy.optimize.least_squares``, with a compiled Jacobian.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args)`` gives the residuals, a tree of arrays.
    x0 : tree of array
    args : sequence, optional
    **options
        Passed on: ``bounds``, ``method``, ``loss``, ``ftol`` and the others.

    Returns
    -------
    scipy.optimize.OptimizeResult
        ``x`` has the structure of ``x0``.

    Examples
    --------
    >>> import funcgrad as fg
    >>> t = np.linspace(0.0, 1.0, 20)
    >>> data = 2.0 * np.exp(-3.0 * t)
    >>> def residuals(p):
    ...     return p["a"] * np.exp(-p["k"] * t) - data
    >>> fit = fg.scipy.optimize.scipy_least_squares(residuals, {"a": 1.0, "k": 1.0})
    >>> round(float(fit.x["a"]), 6), round(float(fit.x["k"]), 6)
    (2.0, 3.0)
    """
    value, slope, flat, unravel = _compiled(fun, x0, tuple(args))
    result = _optimize().least_squares(value, flat, jac=slope, **options)
    result.x = unravel(result.x)
    return result


def _compiled(fun: Callable[..., Any], x0: Any, args: tuple[Any, ...]) -> Any:
    """Value and Jacobian as functions of NumPy arrays, the start, and the way back."""
    flat, unravel = ravel_pytree(x0)

    def value(x: Any) -> Any:
        return ravel_pytree(fun(unravel(x), *args))[0]

    compiled, slope = jit(value), jit(jacobian(value))
    return (
        lambda x: np.asarray(compiled(x)),
        lambda x: np.asarray(slope(x)),
        np.asarray(flat, dtype=np.float64),
        unravel,
    )
