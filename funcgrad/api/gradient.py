"""Gradients of scalar functions with respect to chosen arguments."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad import errors, tree
from funcgrad.api.arguments import (
    FlatFunction,
    Names,
    Positions,
    Selection,
    aval_of_argument,
    flatten_values,
    name_of,
)
from funcgrad.api.derivatives import materialized
from funcgrad.config import modes
from funcgrad.core.aval import ShapedArray
from funcgrad.core.source import user_frame
from funcgrad.core.trace import Tracer, typeof
from funcgrad.core.vspace import Zero
from funcgrad.ops import selection
from funcgrad.ops.arithmetic import is_finite, plain_products
from funcgrad.transforms.recording import Recording


def value_and_grad(
    fun: Callable[..., Any],
    argnums: Positions = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
    *,
    argnames: Names | None = None,
) -> Callable[..., Any]:
    """A function that gives both the value of ``fun`` and its gradient.

    Parameters
    ----------
    fun : callable
        Returns a scalar, or ``(scalar, aux)`` with ``has_aux``.
    argnums : int or sequence of int
        Positions of the arguments to differentiate with respect to.
    has_aux : bool
        ``fun`` returns a pair; its second part is passed on as it is.
    holomorphic : bool
        ``fun`` is complex-differentiable and its gradient is the complex derivative.
    allow_int : bool
        Accept integer arguments; their gradients have dtype ``float0``.
    argnames : str or sequence of str, optional
        Names of the arguments, in place of ``argnums``; they may be given by position
        or by keyword.

    Returns
    -------
    callable
        With the arguments of ``fun``; returns ``(value, gradient)``, and
        ``((value, aux), gradient)`` with ``has_aux``. The gradient has the structure of
        the argument, and is a tuple for a sequence of arguments.

    Raises
    ------
    GradientTypeError
        If the result is not a real scalar, or an argument is not of a float type.

    Examples
    --------
    >>> import funcgrad as fg
    >>> value, gradient = fg.value_and_grad(lambda x, y: x * x * y)(3.0, 2.0)
    >>> float(value), float(gradient)
    (18.0, 12.0)
    """

    @functools.wraps(fun)
    def value_and_gradient(*args: Any, **kwargs: Any) -> Any:
        chosen = Selection(fun, argnums, argnames, args, kwargs)
        leaves, in_tree = flatten_values(chosen.values)
        _check_inputs(fun, chosen, leaves, holomorphic, allow_int)
        flat = FlatFunction(chosen, in_tree, has_aux)
        recording = Recording(flat, leaves)
        results = recording.results
        aval = _check_output(fun, flat, results, holomorphic)
        cts = _pull(recording, aval.dtype.type(1))
        values = [materialized(ct) for ct in cts]
        if leaves is not chosen.values:
            values, _ = in_tree.unflatten(values)
        gradient = chosen.result(values)
        value = flat.unflatten(results)
        return ((value, flat.aux(results)) if has_aux else value), gradient

    return value_and_gradient


def _pull(recording: Recording, ct: Any) -> list[Any]:
    """The backward pass; products are checked only if its results are not finite."""
    if not (modes.special or isinstance(recording.results[0], Tracer)):
        with plain_products():
            cts = recording.pull([ct])
        for x in cts:
            if type(x) is not Zero and not _is_finite_array(x):
                break
        else:
            return cts
    return recording.pull([ct])


def _is_finite_array(x: Any) -> bool:
    return not isinstance(x, Tracer) and is_finite(x)


def grad(
    fun: Callable[..., Any],
    argnums: Positions = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
    *,
    argnames: Names | None = None,
) -> Callable[..., Any]:
    """The gradient of a scalar function, by reverse mode.

    Parameters
    ----------
    fun, argnums, has_aux, holomorphic, allow_int, argnames
        As for `value_and_grad`.

    Returns
    -------
    callable
        With the arguments of ``fun``; returns the gradient, and ``(gradient, aux)``
        with ``has_aux``.

    Raises
    ------
    GradientTypeError
        If the result is not a real scalar, or an argument is not of a float type.

    Examples
    --------
    >>> import funcgrad as fg
    >>> def f(x):
    ...     return x**3 if x > 0 else -x
    >>> float(fg.grad(f)(2.0)), float(fg.grad(f)(-2.0))
    (12.0, -1.0)
    """
    both = value_and_grad(
        fun, argnums, has_aux, holomorphic, allow_int, argnames=argnames
    )

    @functools.wraps(fun)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, result = both(*args, **kwargs)
        return (result, value[1]) if has_aux else result

    return gradient


_FLOAT64 = np.dtype(np.float64)


def _kind(x: Any) -> str:
    dtype = _FLOAT64 if type(x) is float else getattr(x, "dtype", None)
    return dtype.kind if isinstance(dtype, np.dtype) else ""


def _check_inputs(
    fun: Any, chosen: Selection, leaves: list[Any], holomorphic: bool, allow_int: bool
) -> None:
    kinds = {"c"} if holomorphic else {"f", "c"}
    for x in leaves:
        if _kind(x) not in kinds:
            break
    else:
        return
    # Something is wrong or unusual: each leaf is looked at under its name.
    for place, value in zip(chosen.places, chosen.values, strict=True):
        root = place if isinstance(place, str) else f"args[{place}]"
        for path, leaf in tree.leaves_with_path(value):
            label = root + tree.keystr(path)
            aval = aval_of_argument(leaf, label, name_of(fun))
            check_input_dtype(fun, aval, label, holomorphic, allow_int)


def check_input_dtype(
    fun: Any, aval: ShapedArray, label: str, holomorphic: bool, allow_int: bool
) -> None:
    """Raise unless there is a derivative with respect to an input of this type."""
    kind = aval.dtype.kind
    if holomorphic and kind != "c":
        expected, fix = "a complex argument", "x.astype(complex), or holomorphic=False"
    elif kind in "fc" or allow_int:
        return
    else:
        expected = "a float or complex argument"
        fix = "x.astype(float), argnums=... to leave it out, or allow_int=True"
    raise errors.GradientTypeError(
        errors.message(
            f"`{name_of(fun)}` can not be differentiated with respect to `{label}`.",
            where=user_frame(),
            got=str(aval),
            expected=expected,
            fix=fix,
            see=errors.GradientTypeError.page,
        )
    )


def _check_output(
    fun: Any, flat: FlatFunction, results: Sequence[Any], holomorphic: bool
) -> ShapedArray:
    avals = [typeof(y) for y in results[: flat.out_tree.num_leaves]]
    kinds = "c" if holomorphic else "f"
    if len(avals) == 1 and avals[0].shape == () and avals[0].dtype.kind in kinds:
        return avals[0]
    raise _output_error(fun, flat, avals, holomorphic)


def _output_error(
    fun: Any, flat: FlatFunction, avals: Sequence[ShapedArray], holomorphic: bool
) -> errors.GradientTypeError:
    expected, fix = "a real scalar", "return np.sum(...), or use funcgrad.jacobian"
    got = ", ".join(map(str, avals)) or "no array"
    if len(avals) > 1:
        got += f"   in {flat.out_tree}"
        fix = "return one scalar, with has_aux=True for the rest"
    elif avals and avals[0].shape == ():
        if holomorphic:
            expected = "a complex scalar"
            fix = "holomorphic=False, or a result that is complex"
        elif avals[0].dtype.kind == "c":
            fix = "return np.real(...), or holomorphic=True"
        else:
            fix = "return a float: integers have no derivative"
    elif holomorphic:
        expected = "a complex scalar"
    return errors.GradientTypeError(
        errors.message(
            f"`{name_of(fun)}` has no gradient: its result is not {expected}.",
            where=user_frame(),
            got=got,
            expected=expected,
            fix=fix,
            see=errors.GradientTypeError.page,
        )
    )


def stop_gradient(x: Any) -> Any:
    """The same values, taken as constants by every derivative.

    Parameters
    ----------
    x : tree of array

    Returns
    -------
    tree of array
        Equal to ``x``.

    Examples
    --------
    >>> import funcgrad as fg
    >>> float(fg.grad(lambda x: x * fg.stop_gradient(x))(3.0))
    3.0
    """
    return tree.map(
        lambda leaf: (
            selection.stop_gradient(leaf) if isinstance(leaf, Tracer) else leaf
        ),
        x,
    )
