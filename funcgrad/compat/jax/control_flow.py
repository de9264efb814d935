"""Control flow for programs whose dtypes are right under JAX's promotion.

Where an int32 and an int64 meet, or a bool and a Python integer, NumPy's result is
wider than JAX's. What a loop carries, and what branches return, has one type in a
program that runs on JAX: where types differ here, the wider results are narrowed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad import errors, lax, tree
from funcgrad.api.staging import eval_shape
from funcgrad.core.trace import typeof
from funcgrad.ops.casting import convert_element_type


def _in_dtype(x: Any, wanted: np.dtype[Any]) -> Any:
    """``x`` in a dtype, if that is of its own kind."""
    dtype = typeof(x).dtype
    if dtype == wanted or dtype.kind != wanted.kind:
        return x
    return convert_element_type(x, wanted)


def _carried(new: Any, old: Any) -> Any:
    """What a loop carries on, in the dtypes of what it was given."""
    if tree.structure(new) != tree.structure(old):
        return new
    return tree.map(lambda x, y: _in_dtype(x, typeof(y).dtype), new, old)


def _narrowest(
    functions: Sequence[Callable[..., Any]], operands: Sequence[Any]
) -> list[Callable[..., Any]]:
    """Branches that return the narrowest dtypes that any of them returns."""
    results = [eval_shape(function, *operands) for function in functions]
    if any(tree.structure(y) != tree.structure(results[0]) for y in results):
        return list(functions)
    wanted = tree.map(
        lambda *types: min((y.dtype for y in types), key=lambda d: d.itemsize), *results
    )

    def narrowed(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args: tree.map(_in_dtype, function(*args), wanted)

    return [narrowed(function) for function in functions]


def cond(pred: Any, *args: Any, **kwargs: Any) -> Any:
    """Apply one of two functions; each may also come after an operand of its own.

    Parameters
    ----------
    pred : bool scalar
    *args, **kwargs
        As those of `funcgrad.lax.cond`; or, as JAX had it first, ``true_operand,
        true_fun, false_operand, false_fun``.

    Returns
    -------
    pytree
        What the function returns that ``pred`` chooses.

    Examples
    --------
    >>> float(cond(True, 2.0, lambda x: 3 * x, 5.0, lambda x: x))
    6.0
    """
    if len(args) == 4 and not callable(args[0]) and not callable(args[2]):
        t, true_fun, f, false_fun = args
        args = (lambda t, f: true_fun(t), lambda t, f: false_fun(f), t, f)
    try:
        return lax.cond(pred, *args, **kwargs)
    except errors.BranchTypeError:
        if kwargs:
            raise
        true_fun, false_fun, *operands = args
        branches = _narrowest([true_fun, false_fun], operands)
        return lax.cond(pred, *branches, *operands)


def switch(index: Any, branches: Sequence[Callable[..., Any]], *operands: Any) -> Any:
    """Apply one of several functions, by number; see `funcgrad.lax.switch`."""
    try:
        return lax.switch(index, branches, *operands)
    except errors.BranchTypeError:
        return lax.switch(index, _narrowest(branches, operands), *operands)


def scan(
    f: Callable[..., Any], init: Any, xs: Any = None, *args: Any, **kw: Any
) -> Any:
    """Carry a value through a loop over rows; see `funcgrad.lax.scan`."""
    try:
        return lax.scan(f, init, xs, *args, **kw)
    except errors.CarryTypeError:

        def body(carry: Any, x: Any) -> tuple[Any, Any]:
            new, y = f(carry, x)
            return _carried(new, carry), y

        return lax.scan(body, init, xs, *args, **kw)


def while_loop(
    cond_fun: Callable[..., Any], body_fun: Callable[..., Any], init_val: Any
) -> Any:
    """Repeat while a condition holds; see `funcgrad.lax.while_loop`."""
    try:
        return lax.while_loop(cond_fun, body_fun, init_val)
    except errors.CarryTypeError:
        return lax.while_loop(
            cond_fun, lambda value: _carried(body_fun(value), value), init_val
        )


def fori_loop(
    lower: Any, upper: Any, body_fun: Callable[..., Any], init_val: Any, **kw: Any
) -> Any:
    """Repeat for each number of a range; see `funcgrad.lax.fori_loop`."""
    try:
        return lax.fori_loop(lower, upper, body_fun, init_val, **kw)
    except errors.CarryTypeError:

        def body(i: Any, value: Any) -> Any:
            return _carried(body_fun(i, value), value)

        return lax.fori_loop(lower, upper, body, init_val, **kw)
