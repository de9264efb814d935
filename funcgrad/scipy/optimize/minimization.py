"""Minimisation by quasi-Newton methods, as one compiled loop: BFGS and L-BFGS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from funcgrad import errors, ops
from funcgrad.api.gradient import grad, value_and_grad
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.flatten_util import ravel_pytree
from funcgrad.lax import custom_root, while_loop
from funcgrad.optimizers.limited_memory import lbfgs
from funcgrad.optimizers.line_search import Point, search_line
from funcgrad.scipy.optimize.implicit import solve_linear

_OPTIONS = {"maxiter", "gtol", "maxls", "maxcor"}


class OptimizeResults(NamedTuple):
    """What `minimize` gives, a pytree.

    Attributes
    ----------
    x : tree of array
        The minimum; only it has derivatives.
    success : bool scalar
        Whether the largest entry of the gradient is at most ``gtol``.
    status : int scalar
        0; 1 after ``maxiter`` steps; 2 where the line search found no lower value.
    fun : float scalar
        The value there.
    jac : tree of array
        The gradient there.
    hess_inv : array or None
        The approximate inverse Hessian of the flattened argument, by BFGS.
    nit : int scalar
        Steps taken.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad.scipy.optimize import minimize
    >>> result = minimize(lambda x: np.sum((x - 3.0) ** 2), np.zeros(2), method="BFGS")
    >>> result.x.round(6), bool(result.success)
    (array([3., 3.]), True)
    """

    x: Any
    success: Any
    status: Any
    fun: Any
    jac: Any
    hess_inv: Any
    nit: Any


class _State(NamedTuple):
    x: Any
    fun: Any
    gradient: Any
    memory: Any
    nit: Any
    stuck: Any


def minimize(
    fun: Callable[..., Any],
    x0: Any,
    args: tuple[Any, ...] = (),
    *,
    method: str = "BFGS",
    tol: float | None = None,
    options: Mapping[str, Any] | None = None,
) -> OptimizeResults:
    """Find a local minimum of a smooth function.

    It can be compiled and batched. The minimum has derivatives in ``args``, and in what
    ``fun`` closes over, by the implicit function theorem: the steps that found it are
    not differentiated, and need not be stored.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args)`` gives a real scalar.
    x0 : tree of array
        Where to begin.
    args : tuple, optional
        More arguments.
    method : str
        ``"BFGS"``, which keeps an n by n matrix, or ``"L-BFGS"``, which keeps the last
        few gradients.
    tol : float, optional
        The same as the option ``gtol``.
    options : dict, optional
        ``gtol``: how large an entry of the gradient may be at the minimum, 1e-5 by
        default. ``maxiter``: steps, 200 times the number of entries by default.
        ``maxls``: evaluations in one line search, 30. ``maxcor``: gradients that L-BFGS
        keeps, 10.

    Returns
    -------
    OptimizeResults

    Raises
    ------
    StaticArgumentError
        If there is no such method or option.

    References
    ----------
    Nocedal & Wright, Numerical Optimization, 2nd edition, 2006, chapters 6, 7; section
    12.3 of Blondel & Roulet, The Elements of Differentiable Programming, 2024, for the
    derivative.

    Examples
    --------
    >>> import funcgrad as fg
    >>> def f(x, a):
    ...     return (x[0] - a) ** 2 + 10.0 * (x[1] - x[0] ** 2) ** 2
    >>> best = fg.jit(lambda a: fg.scipy.optimize.minimize(f, np.zeros(2), (a,)).x)
    >>> np.round(best(3.0), 4)
    array([3., 9.])
    >>> np.round(fg.jacobian(best)(3.0), 4)  # a and a squared
    array([1., 6.])
    """
    settings: dict[str, Any] = {
        "gtol": 1e-5 if tol is None else tol,
        "maxls": 30,
        "maxcor": 10,
    }
    settings.update(options or {})
    methods = {"BFGS": _bfgs, "L-BFGS": _l_bfgs}
    _check(method, methods, settings)
    flat, unravel = ravel_pytree(x0)

    def value(x: Any) -> Any:
        return fun(unravel(x), *args)

    def find(_: Any, start: Any) -> tuple[Any, Any]:
        limit = settings.get("maxiter") or 200 * flat.size
        end = methods[method](value, start, limit, settings)
        return end.x, end._replace(x=None)

    x, end = custom_root(grad(value), flat, find, solve_linear, has_aux=True)
    small = np.max(np.abs(end.gradient)) <= settings["gtol"]
    status = ops.where(small, 0, ops.where(end.stuck, 2, 1))
    inverse = end.memory if method == "BFGS" else None
    return OptimizeResults(
        unravel(x), small, status, end.fun, unravel(end.gradient), inverse, end.nit
    )


def _check(
    method: str, methods: Mapping[str, Any], settings: Mapping[str, Any]
) -> None:
    unknown = sorted(set(settings) - _OPTIONS)
    if method in methods and not unknown:
        return
    raise errors.StaticArgumentError(
        errors.message(
            "minimize has no such method or option.",
            where=user_frame(),
            got=f"method={method!r}" if method not in methods else ", ".join(unknown),
            expected=f"a method of {', '.join(methods)}; options of "
            f"{', '.join(sorted(_OPTIONS))}",
            fix="funcgrad.scipy.optimize.scipy_minimize has all of SciPy's methods",
            see=errors.StaticArgumentError.page,
        )
    )


def _loop(
    step: Callable[[_State], _State], first: _State, limit: int, gtol: Any
) -> _State:
    def goes_on(state: _State) -> Any:
        small = np.max(np.abs(state.gradient)) <= gtol
        return ~small & ~state.stuck & (state.nit < limit)

    end: _State = while_loop(goes_on, step, first)
    return end


def _bfgs(
    value: Callable[[Any], Any], start: Any, limit: int, settings: Mapping[str, Any]
) -> _State:
    """The inverse Hessian is kept, and corrected by what each step has shown."""
    evaluate = value_and_grad(value)

    def step(state: _State) -> _State:
        direction = -(state.memory @ state.gradient)
        zero = np.zeros((), typeof(state.fun).dtype)
        end = search_line(
            lambda t: evaluate(state.x + t * direction),
            Point(state.fun, state.gradient, zero),
            direction,
            ops.where(
                state.nit == 0, 1.0 / np.maximum(np.sum(np.abs(direction)), 1.0), 1.0
            ),
            settings["maxls"],
        )
        moved = end.length * direction
        change = end.gradient - state.gradient
        memory = _corrected(state.memory, moved, change, state.nit == 0)
        x = state.x + moved
        stuck = np.all(x == state.x)
        return _State(x, end.value, end.gradient, memory, state.nit + 1, stuck)

    fun, gradient = evaluate(start)
    eye = np.eye(start.size, dtype=typeof(gradient).dtype)
    zero, no = np.asarray(0), np.asarray(False)
    first = _State(start, fun, gradient, eye, zero, no)
    return _loop(step, first, limit, settings["gtol"])


def _corrected(inverse: Any, step: Any, change: Any, is_first: Any) -> Any:
    """The inverse Hessian that also maps the change of the gradient to the step."""
    product = np.vdot(step, change)
    curved = product > 0
    rho = ops.where(curved, 1.0 / ops.where(curved, product, 1.0), 0.0)
    # The first matrix gets the scale that the first step has shown.
    squares = np.vdot(change, change)
    scale = product / ops.where(squares > 0, squares, 1.0)
    inverse = ops.where(is_first & curved, scale * inverse, inverse)
    product_of = inverse @ change
    outer = np.outer(product_of, step)
    curvature = 1.0 + rho * np.vdot(change, product_of)
    update = rho * (curvature * np.outer(step, step) - outer - outer.T)
    return inverse + ops.where(curved, update, 0.0)


def _l_bfgs(
    value: Callable[[Any], Any], start: Any, limit: int, settings: Mapping[str, Any]
) -> _State:
    optimizer = lbfgs(value, settings["maxcor"], settings["maxls"])

    def step(state: _State) -> _State:
        x, memory = optimizer.update(None, state.memory, state.x)
        stuck = np.all(x == state.x)
        return _State(x, memory.value, memory.gradient, memory, state.nit + 1, stuck)

    memory = optimizer.init(start)
    zero, no = np.asarray(0), np.asarray(False)
    first = _State(start, memory.value, memory.gradient, memory, zero, no)
    return _loop(step, first, limit, settings["gtol"])
