"""scan, while_loop and fori_loop: loops that users write as functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from funcgrad import errors, tree
from funcgrad.config import config
from funcgrad.core.aval import ShapedArray
from funcgrad.core.dtypes import result_type
from funcgrad.core.source import user_frame
from funcgrad.core.trace import Tracer, typeof
from funcgrad.ops.arithmetic import add
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.comparison import lt, ne
from funcgrad.ops.control.carry import carry_alone, carry_of_pair, stage_body
from funcgrad.ops.control.inner import split
from funcgrad.ops.control.scan import scan_p
from funcgrad.ops.control.staged import (
    leaf_avals,
    name_of,
    stage_tree,
)
from funcgrad.ops.control.while_loop import while_p
from funcgrad.ops.joining import stack


def scan(
    f: Callable[..., Any],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
) -> tuple[Any, Any]:
    """Carry a value through a loop over leading axes, and collect results.

    Parameters
    ----------
    f : callable
        ``f(carry, x) -> (carry, y)``; the carry keeps structure, shapes and dtypes.
    init : tree of array
        The carry before the first trip.
    xs : tree of array, optional
        Entry ``i`` along the first axis of each is the ``x`` of trip ``i``.
    length : int, optional
        Number of trips; needed where there are no ``xs``.
    reverse : bool
        Run from the last entry to the first; ``ys`` keep the order of ``xs``.
    unroll : int or bool
        How many trips to unroll; a hint.

    Returns
    -------
    carry : tree of array
    ys : tree of array
        The ``y`` of each trip, stacked along a new first axis.

    Raises
    ------
    CarryTypeError
        If the carry changes its structure, shape or dtype.
    ShapeError
        If leading axes differ in length.

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> total, partial = fg.lax.scan(
    ...     lambda c, x: (c + x, c + x), 0.0, np.array([1.0, 2.0, 3.0])
    ... )
    >>> float(total), partial.tolist()
    (6.0, [1.0, 3.0, 6.0])
    """
    x_leaves, x_tree = tree.flatten(xs)
    trips = loop_length(x_leaves, x_tree, length)
    if config.disable_jit:
        return _scan_in_python(f, init, x_leaves, x_tree, trips, reverse)
    leaves, in_tree = tree.flatten(init)
    rows = [
        ShapedArray(a.shape[1:], a.dtype, a.weak_type) for a in leaf_avals(x_leaves)
    ]
    body_tree = tree.structure((in_tree.unflatten(leaves), xs))
    leaves, staged = stage_body(f, body_tree, leaves, rows, carry_of_pair)
    carry_tree, y_tree = staged.out_tree.children()
    del carry_tree
    results = scan_p.bind(
        *staged.consts,
        *leaves,
        *x_leaves,
        jaxpr=staged.jaxpr,
        num_consts=len(staged.consts),
        num_carry=len(leaves),
        length=trips,
        reverse=bool(reverse),
        unroll=trips if unroll is True else max(1, int(unroll)),
    )
    carry, ys = split(results, len(leaves))
    return in_tree.unflatten(carry), y_tree.unflatten(ys)


def loop_length(leaves: Sequence[Any], x_tree: Any, length: int | None) -> int:
    """The length of the loop, from the leading axes and what the user says."""
    found: dict[str, int] = {}
    paths = tree.leaves_with_path(x_tree.unflatten(list(leaves)))
    for path, leaf in paths:
        shape = typeof(leaf).shape
        if not shape:
            raise _wrong_lengths(f"xs{tree.keystr(path)}: a scalar")
        found[f"xs{tree.keystr(path)}"] = shape[0]
    if length is not None:
        found["length"] = int(length)
    if len(set(found.values())) == 1:
        return next(iter(found.values()))
    if not found:
        raise _wrong_lengths("neither xs nor length")
    raise _wrong_lengths("\n".join(f"{name}: {n}" for name, n in found.items()))


def _wrong_lengths(got: str) -> errors.ShapeError:
    return errors.ShapeError(
        errors.message(
            "`scan` loops over the first axis of all its xs.",
            where=user_frame(),
            got=got,
            expected="first axes of one length, or length=...",
            see=errors.ShapeError.page,
        )
    )


def _scan_in_python(
    f: Callable[..., Any],
    carry: Any,
    leaves: Sequence[Any],
    x_tree: Any,
    trips: int,
    reverse: bool,
) -> tuple[Any, Any]:
    ys: list[Any] = []
    if trips == 0:
        raise _wrong_lengths("no trips, with disable_jit, which runs none to see types")
    order = range(trips)
    for i in reversed(order) if reverse else order:
        carry, y = f(carry, x_tree.unflatten([x[i] for x in leaves]))
        ys.append(y)
    if reverse:
        ys.reverse()
    return carry, tree.map(lambda *rows: stack(rows, 0), *ys)


def while_loop(
    cond_fun: Callable[[Any], Any], body_fun: Callable[[Any], Any], init_val: Any
) -> Any:
    """Apply a function again and again, as long as a condition holds.

    Differentiable in forward and in reverse mode, to any order, without a bound on the
    number of trips: reverse mode keeps what it needs of every trip.

    Parameters
    ----------
    cond_fun : callable
        Of the carry; gives a bool scalar.
    body_fun : callable
        Of the carry; gives the next one, with the same structure, shapes and dtypes.
    init_val : tree of array
        The carry to start from.

    Returns
    -------
    tree of array
        The first carry for which the condition does not hold.

    Raises
    ------
    CarryTypeError
        If the carry changes its type, or the condition is not one bool.

    Examples
    --------
    >>> import funcgrad as fg
    >>> double = lambda x: fg.lax.while_loop(lambda x: x < 100.0, lambda x: 2.0 * x, x)
    >>> float(double(3.0)), float(fg.grad(double)(3.0))
    (192.0, 64.0)
    """
    if config.disable_jit:
        value = init_val
        while cond_fun(value):
            value = body_fun(value)
        return value
    leaves, carry_tree = tree.flatten(init_val)
    in_tree = tree.structure((init_val,))
    leaves, body = stage_body(body_fun, in_tree, leaves, [], carry_alone)
    test = stage_tree(_as_bool(cond_fun), in_tree, leaf_avals(leaves))
    results = while_p.bind(
        *test.consts,
        *body.consts,
        *leaves,
        cond_jaxpr=test.jaxpr,
        body_jaxpr=body.jaxpr,
        num_cond_consts=len(test.consts),
        num_body_consts=len(body.consts),
        num_tapes=0,
    )
    return carry_tree.unflatten(results)


def _as_bool(cond_fun: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def condition(carry: Any) -> Any:
        result = cond_fun(carry)
        leaves = tree.leaves(result)
        if len(leaves) != 1 or typeof(leaves[0]).shape != ():
            raise errors.CarryTypeError(
                errors.message(
                    f"`{name_of(cond_fun)}`, the condition of while_loop, gives one "
                    "bool.",
                    where=user_frame(),
                    got=", ".join(str(typeof(x)) for x in leaves) or "nothing",
                    expected="bool[]",
                    fix="np.any(...) or np.all(...)",
                    see=errors.CarryTypeError.page,
                )
            )
        value = leaves[0]
        return value if typeof(value).dtype.kind == "b" else ne(value, 0)

    return condition


def fori_loop(
    lower: Any,
    upper: Any,
    body_fun: Callable[[Any, Any], Any],
    init_val: Any,
    *,
    unroll: int | bool | None = None,
) -> Any:
    """Apply ``body_fun(i, value)`` for ``i`` from ``lower`` to ``upper - 1``.

    Parameters
    ----------
    lower, upper : integer scalars
        May be traced; the loop is differentiable either way.
    body_fun : callable
        ``body_fun(i, value) -> value``, with the same structure, shapes and dtypes.
    init_val : tree of array
    unroll : int or bool, optional
        How many trips to unroll; a hint.

    Returns
    -------
    tree of array

    Raises
    ------
    CarryTypeError
        If the value changes its type.

    Examples
    --------
    >>> import funcgrad as fg
    >>> float(fg.lax.fori_loop(0, 5, lambda i, total: total + i, 0.0))
    10.0
    """
    for bound in (lower, upper):
        aval = typeof(bound)
        if aval.shape != () or aval.dtype.kind not in "iu":
            raise errors.CarryTypeError(
                errors.message(
                    "the bounds of `fori_loop` are integers.",
                    where=user_frame(),
                    got=str(aval),
                    expected="integer scalars",
                    see=errors.CarryTypeError.page,
                )
            )
    lower, upper = _of_one_dtype(lower, upper)

    def step(carry: Any) -> Any:
        i, value = carry
        return add(i, 1), body_fun(i, value)

    if isinstance(lower, Tracer) or isinstance(upper, Tracer):
        return while_loop(lambda c: lt(c[0], upper), step, (lower, init_val))[1]
    trips = max(0, int(upper) - int(lower))
    if config.disable_jit:
        value = init_val
        for i in range(int(lower), int(upper)):
            value = body_fun(i, value)
        return value
    (_, value), _ = scan(
        lambda c, _: (step(c), None),
        (lower, init_val),
        length=trips,
        unroll=1 if unroll is None else unroll,
    )
    return value


def _of_one_dtype(lower: Any, upper: Any) -> tuple[Any, Any]:
    """Bounds of one dtype; Python's integers stay weak, as the counter is then."""
    a, b = typeof(lower), typeof(upper)
    if a.weak_type and b.weak_type:
        return lower, upper
    dtype = result_type((a.dtype, a.weak_type), (b.dtype, b.weak_type))
    return convert_element_type(lower, dtype), convert_element_type(upper, dtype)
