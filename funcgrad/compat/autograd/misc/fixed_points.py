"""Fixed points, differentiated by the implicit function theorem."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from funcgrad import tree
from funcgrad.compat.autograd.differential_operators import make_vjp
from funcgrad.compat.autograd.extend import defvjp, primitive, vspace

Step = Callable[[Any], Any]


def _fixed_point(
    f: Callable[[Any], Step],
    a: Any,
    x0: Any,
    distance: Callable[[Any, Any], Any],
    tol: float,
) -> Any:
    """The value ``x`` with ``f(a)(x) = x``, by iteration.

    Parameters
    ----------
    f : callable
        Takes the parameters; ``f(a)`` takes a value to the next one.
    a : pytree
        Parameters, in which the result is differentiable.
    x0 : pytree
        First value.
    distance : callable
        Of two values.
    tol : float
        The iteration ends when successive values are as close as this.

    Examples
    --------
    >>> from funcgrad.compat.autograd import grad
    >>> def newton(a):
    ...     return lambda x: 0.5 * (x + a / x)
    >>> root = lambda a: fixed_point(newton, a, 1.0, lambda x, y: abs(x - y), 1e-12)
    >>> round(float(root(2.0)), 6), round(float(grad(root)(2.0)), 6)
    (1.414214, 0.353553)
    """
    step = f(a)
    previous, x = x0, step(x0)
    while distance(x, previous) > tol:
        previous, x = x, step(x)
    return x


fixed_point = primitive(_fixed_point)


def _pullback_of_parameters(
    ans: Any, f: Any, a: Any, x0: Any, distance: Any, tol: float
) -> Step:
    """The cotangent of ``a``: the sum of those of all steps, itself a fixed point."""
    through_step, _ = make_vjp(f(a))(ans)
    through_parameters, _ = make_vjp(lambda a: f(a)(ans))(a)

    def pullback(g: Any) -> Any:
        def accumulate(g: Any) -> Step:
            return lambda total: tree.map(lambda x, y: x + y, g, through_step(total))

        total = fixed_point(accumulate, g, vspace(ans).zeros(), distance, tol)
        return through_parameters(total)

    return pullback


defvjp(fixed_point, None, _pullback_of_parameters, None)
