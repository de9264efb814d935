"""``grad``, ``jacobian`` and the other operators of Autograd, with its signatures.

Most take a function and the position ``argnum`` of the argument that it is
differentiated in, a tuple of positions for several at once.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad import errors, tree
from funcgrad.api.derivatives import jvp, linearize, vjp
from funcgrad.api.jacobians import jacrev
from funcgrad.compat.autograd.vector_spaces import as_floats, vspace
from funcgrad.compat.autograd.wrap_util import Function, named_after, unary_to_nary
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.ops.control.checkpoint import checkpoint as rematerialize


def _pulled_back(fun: Function, x: Any, has_aux: bool = False) -> Any:
    """Value, and function from a cotangent of the value to that of the argument."""
    value, pullback, *aux = vjp(fun, as_floats(x), has_aux=has_aux)
    return value, lambda g: pullback(_cotangent(g, value))[0], *aux


def _cotangent(g: Any, value: Any) -> Any:
    """A cotangent in the dtype and shape of the value, of numbers of any kind."""

    def leaf(given: Any, y: Any) -> Any:
        aval = typeof(y)
        given = np.broadcast_to(given, aval.shape)
        return given if typeof(given).dtype == aval.dtype else given.astype(aval.dtype)

    return tree.map(leaf, g, value)


def _with_gradient(name: str, fun: Function, x: Any, has_aux: bool = False) -> Any:
    """Value, gradient, and what else there is, of a function with a real result."""
    value, pullback, *aux = _pulled_back(fun, x, has_aux)
    space = vspace(value)
    if space.size != 1:
        raise errors.GradientTypeError(
            errors.message(
                f"{name} is for functions with one real number as a result.",
                where=user_frame(),
                got=str(space),
                fix="jacobian, elementwise_grad or holomorphic_grad",
                see=errors.GradientTypeError.page,
            )
        )
    return value, pullback(space.ones()), *aux


@unary_to_nary
def make_vjp(fun: Function, x: Any) -> tuple[Callable[[Any], Any], Any]:
    """The function from cotangents of the result to those of ``x``, and the result.

    Examples
    --------
    >>> pullback, value = make_vjp(np.sin)(0.0)
    >>> float(pullback(3.0))
    3.0
    """
    value, pullback = _pulled_back(fun, x)
    return pullback, value


@unary_to_nary
def make_jvp(fun: Function, x: Any) -> Callable[[Any], tuple[Any, Any]]:
    """The function from a tangent of ``x`` to the result and its tangent.

    Examples
    --------
    >>> value, tangent = make_jvp(np.sin)(0.0)(3.0)
    >>> float(tangent)
    3.0
    """
    x = as_floats(x)
    return lambda v: jvp(fun, (x,), (_cotangent(v, x),))


@unary_to_nary
def value_and_grad(fun: Function, x: Any) -> tuple[Any, Any]:
    """The value of a function, and its gradient.

    Examples
    --------
    >>> value, gradient = value_and_grad(lambda x: x * x)(3.0)
    >>> float(value), float(gradient)
    (9.0, 6.0)
    """
    value, gradient = _with_gradient("value_and_grad", fun, x)
    return value, gradient


@unary_to_nary
def grad(fun: Function, x: Any) -> Any:
    """The gradient of a function with one real number as its result.

    Parameters
    ----------
    fun : callable
    argnum : int or tuple of int
        Which argument the gradient is with respect to.

    Returns
    -------
    callable
        Takes what ``fun`` takes; its result has the structure of the argument.

    Raises
    ------
    GradientTypeError
        If the result is not one real number.

    Examples
    --------
    >>> [float(g) for g in grad(lambda x, y: x * y, argnum=(0, 1))(2.0, 3.0)]
    [3.0, 2.0]
    """
    return _with_gradient("grad", fun, x)[1]


@unary_to_nary
def grad_and_aux(fun: Function, x: Any) -> tuple[Any, Any]:
    """The gradient of the first of a function's two results, and the second.

    Examples
    --------
    >>> gradient, aux = grad_and_aux(lambda x: (x**2, 10 * x))(3.0)
    >>> float(gradient), float(aux)
    (6.0, 30.0)
    """
    _, gradient, aux = _with_gradient("grad_and_aux", fun, x, has_aux=True)
    return gradient, aux


@unary_to_nary
def elementwise_grad(fun: Function, x: Any) -> Any:
    """The gradient of the sum of a function's results.

    Where each result depends on one entry of ``x`` only, these are the derivatives of
    the entries.

    Examples
    --------
    >>> elementwise_grad(np.square)(np.arange(3.0)).tolist()
    [0.0, 2.0, 4.0]
    """
    value, pullback = _pulled_back(fun, x)
    if vspace(value).iscomplex:
        raise errors.GradientTypeError(
            errors.message(
                "elementwise_grad is for functions with real results.",
                where=user_frame(),
                got=str(vspace(value)),
                see=errors.GradientTypeError.page,
            )
        )
    return pullback(vspace(value).ones())


@unary_to_nary
def deriv(fun: Function, x: Any) -> Any:
    """The derivative in the direction of ones, by forward mode.

    Examples
    --------
    >>> deriv(lambda x: x**2)(np.array([1.0, 3.0])).tolist()
    [2.0, 6.0]
    """
    x = as_floats(x)
    return jvp(fun, (x,), (vspace(x).ones(),))[1]


@unary_to_nary
def jacobian(fun: Function, x: Any) -> Any:
    """All derivatives of an array in an array, shape ``result.shape + x.shape``.

    Examples
    --------
    >>> jacobian(lambda x: x[:2] * x[2])(np.array([1.0, 2.0, 3.0])).tolist()
    [[3.0, 0.0, 1.0], [0.0, 3.0, 2.0]]
    """
    x = as_floats(x)
    try:
        return jacrev(fun)(x)
    except errors.ConcretizationTypeError:
        # A rule of the user's that needs numbers: one cotangent after the other.
        value, pullback = _pulled_back(fun, x)
        rows = [pullback(row) for row in vspace(value).standard_basis()]
        return np.stack(rows).reshape(np.shape(value) + np.shape(x))


@unary_to_nary
def hessian(fun: Function, x: Any) -> Any:
    """All second derivatives: the Jacobian of the Jacobian.

    Examples
    --------
    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0])).tolist()
    [[4.0, 2.0], [2.0, 0.0]]
    """
    return jacobian(jacobian(fun))(x)


@unary_to_nary
def holomorphic_grad(fun: Function, x: Any) -> Any:
    """The derivative of a holomorphic function of a complex number.

    Examples
    --------
    >>> complex(holomorphic_grad(lambda z: z**2)(1.0 + 2.0j))
    (2+4j)
    """
    if not vspace(x).iscomplex:
        warnings.warn("Input to holomorphic_grad is not complex", stacklevel=3)
    return grad(lambda z: np.real(fun(z)))(x)


@unary_to_nary
def make_hvp(fun: Function, x: Any) -> tuple[Callable[[Any], Any], Any]:
    """The function that multiplies by the Hessian, and the gradient.

    Examples
    --------
    >>> multiply, gradient = make_hvp(lambda x: np.sum(x**3))(np.array([1.0, 2.0]))
    >>> multiply(np.array([1.0, 0.0])).tolist()
    [6.0, 0.0]
    """
    multiply, gradient = make_vjp(grad(fun))(x)
    return multiply, gradient


def hessian_tensor_product(fun: Function, argnum: Any = 0) -> Function:
    """Product of the Hessian with a tensor, which comes as the last argument.

    Examples
    --------
    >>> float(hessian_tensor_product(lambda x: x**3)(2.0, 1.0))
    12.0
    """
    gradient = grad(fun, argnum)

    def along(*args: Any, **kwargs: Any) -> Any:
        *point, vector = args
        return np.tensordot(gradient(*point, **kwargs), vector, np.ndim(vector))

    return named_after(fun)(grad(along, argnum))


def tensor_jacobian_product(fun: Function, argnum: Any = 0) -> Function:
    """Product of a tensor, which comes as the last argument, with the Jacobian.

    Examples
    --------
    >>> product = tensor_jacobian_product(lambda x: x * x)
    >>> product(np.array([1.0, 2.0]), np.array([1.0, 10.0])).tolist()
    [2.0, 40.0]
    """

    def along(*args: Any, **kwargs: Any) -> Any:
        *point, vector = args
        return np.tensordot(vector, fun(*point, **kwargs), np.ndim(vector))

    return named_after(fun)(jacobian(along, argnum))


hessian_vector_product = hessian_tensor_product
vector_jacobian_product = tensor_jacobian_product


def _half_squares(x: Any) -> Any:
    return 0.5 * np.sum(x**2, axis=-1)


def make_ggnvp(f: Function, g: Function = _half_squares, f_argnum: int = 0) -> Function:
    """Products with the generalized Gauss-Newton matrix of ``g(f(x))``.

    Parameters
    ----------
    f, g : callable
    f_argnum : int

    Returns
    -------
    callable
        Takes what ``f`` takes, and gives the function that multiplies by
        ``J.T @ H @ J`` for the Jacobian J of ``f`` and the Hessian H of ``g``.

    Examples
    --------
    >>> multiply = make_ggnvp(lambda x: 2.0 * x)(np.array([1.0, 2.0]))
    >>> multiply(np.array([1.0, 0.0])).tolist()
    [4.0, 0.0]
    """

    @unary_to_nary
    def product(f: Function, x: Any) -> Callable[[Any], Any]:
        value, forward = linearize(f, as_floats(x))
        _, backward = _pulled_back(f, x)
        times_hessian, _ = make_hvp(g)(value)
        return lambda v: backward(times_hessian(forward(v)))

    made: Function = product(f, f_argnum)
    return made


def multigrad_dict(fun: Function) -> Function:
    """The gradients in all arguments, by their names.

    Examples
    --------
    >>> gradients = multigrad_dict(lambda x, y: x * y)(2.0, y=3.0)
    >>> {name: float(g) for name, g in gradients.items()}
    {'x': 3.0, 'y': 2.0}
    """
    signature = inspect.signature(fun)

    def select(arguments: dict[str, Any]) -> Any:
        bound = signature.bind_partial()
        bound.arguments.update(arguments)
        return fun(*bound.args, **bound.kwargs)

    def gradients(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return grad(select)(dict(bound.arguments))

    return named_after(fun)(gradients)


def grad_named(fun: Function, argname: str) -> Function:
    """The gradient in the argument of this name.

    Examples
    --------
    >>> float(grad_named(lambda x, y: x * y**2, "y")(2.0, 3.0))
    12.0
    """
    positions = list(inspect.signature(fun).parameters)
    gradient: Function = grad(fun, positions.index(argname))
    return gradient


def checkpoint(fun: Function) -> Function:
    """The function, run again in the backward pass instead of keeping its values.

    Examples
    --------
    >>> float(grad(checkpoint(lambda x: np.sin(x) ** 2))(0.0))
    0.0
    """
    again: Function = rematerialize(fun)
    return again
