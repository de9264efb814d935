"""Calls of Python from programs: pure_callback for values, debug for effects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad import errors, tree
from funcgrad.core.aval import ShapedArray
from funcgrad.core.primitive import Primitive
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.core.vspace import zero_like
from funcgrad.ops.control.scan import scan_p
from funcgrad.ops.structural import align_batch, move_axis_to_front
from funcgrad.transforms.stage import stage_flat


class PureCallback(Primitive):
    """Calls ``function``, which takes and gives lists of arrays.

    ``vectorized``: it takes leading batch axes; otherwise it is called for each entry.
    """

    name = "pure_callback"
    multiple_results = True

    def asks_batch(self, **params: Any) -> bool:
        return bool(params["vectorized"])

    def evaluate(
        self,
        *operands: Any,
        function: Callable[..., Sequence[Any]],
        out_avals: tuple[ShapedArray, ...],
        vectorized: bool,
    ) -> list[Any]:
        results = list(function(*operands))
        return [_checked(y, a) for y, a in zip(results, out_avals, strict=True)]

    def abstract_eval(
        self,
        *avals: ShapedArray,
        function: Callable[..., Sequence[Any]],
        out_avals: tuple[ShapedArray, ...],
        vectorized: bool,
    ) -> list[ShapedArray]:
        return list(out_avals)

    def jvp(
        self,
        primals: Sequence[Any],
        tangents: Sequence[Any],
        **params: Any,
    ) -> Any:
        return without_derivative(
            self,
            primals,
            params,
            "pure_callback has no derivative.",
            got="a Python function",
            fix="wrap it in funcgrad.custom_jvp or custom_vjp, or apply "
            "stop_gradient to its arguments",
        )

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        function: Callable[..., Sequence[Any]],
        out_avals: tuple[ShapedArray, ...],
        vectorized: bool,
    ) -> Any:
        if not vectorized:
            params = {
                "function": function,
                "out_avals": out_avals,
                "vectorized": vectorized,
            }
            results = call_for_each(self, size, operands, dims, params)
            return results, [0] * len(results)
        results = self.bind(
            *[align_batch(x, d, size) for x, d in zip(operands, dims, strict=True)],
            function=function,
            out_avals=tuple(a.update(shape=(size, *a.shape)) for a in out_avals),
            vectorized=vectorized,
        )
        return results, [0] * len(results)

    def lower(
        self,
        ctx: Any,
        *operands: Any,
        function: Callable[..., Sequence[Any]],
        out_avals: tuple[ShapedArray, ...],
        vectorized: bool,
    ) -> Any:
        return ctx.lower_callback(
            *operands,
            function=lambda *xs: self.evaluate(
                *xs, function=function, out_avals=out_avals, vectorized=vectorized
            ),
            out_avals=out_avals,
        )


pure_callback_p = PureCallback()


class DebugCallback(Primitive):
    """Calls ``function`` for its effect, in the order of the program."""

    name = "debug_callback"
    multiple_results = True
    effect = "debug"
    staged_when_constant = True

    def evaluate(
        self, *operands: Any, function: Callable[..., Any], ordered: bool
    ) -> list[Any]:
        function(*operands)
        return []

    def abstract_eval(
        self, *avals: ShapedArray, function: Callable[..., Any], ordered: bool
    ) -> list[ShapedArray]:
        return []

    def jvp(
        self,
        primals: Sequence[Any],
        tangents: Sequence[Any],
        *,
        function: Callable[..., Any],
        ordered: bool,
    ) -> Any:
        return self.bind(*primals, function=function, ordered=ordered), []

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        function: Callable[..., Any],
        ordered: bool,
    ) -> Any:
        params = {"function": function, "ordered": ordered}
        call_for_each(self, size, operands, dims, params)
        return [], []

    def lower(
        self, ctx: Any, *operands: Any, function: Callable[..., Any], ordered: bool
    ) -> Any:
        return ctx.lower_callback(
            *operands, function=lambda *xs: _no_results(function, xs), out_avals=()
        )


debug_callback_p = DebugCallback()


def _no_results(function: Callable[..., Any], operands: Sequence[Any]) -> list[Any]:
    function(*operands)
    return []


def without_derivative(
    primitive: Primitive,
    primals: Sequence[Any],
    params: dict[str, Any],
    problem: str,
    *,
    got: str,
    fix: str,
) -> tuple[list[Any], list[Any]]:
    """The ``jvp`` of a call of what can not be looked into: of integers it has one."""
    if any(aval.differentiable for aval in params["out_avals"]):
        raise errors.DifferentiationError(
            errors.message(
                problem,
                where=user_frame(),
                got=got,
                expected="a rule for its derivative",
                fix=fix,
                see=errors.DifferentiationError.page,
            )
        )
    results = primitive.bind(*primals, **params)
    return results, [zero_like(y) for y in results]


def call_for_each(
    primitive: Primitive,
    size: int,
    operands: Sequence[Any],
    dims: Sequence[Any],
    params: dict[str, Any],
) -> list[Any]:
    """Apply a primitive to each entry of a batch, one after the other."""
    batched = [d is not None for d in dims]
    fixed = [x for x, flag in zip(operands, batched, strict=True) if not flag]
    rows = [
        move_axis_to_front(x, d)
        for x, d in zip(operands, dims, strict=True)
        if d is not None
    ]

    def body(*args: Any) -> list[Any]:
        given, row = iter(args[: len(fixed)]), iter(args[len(fixed) :])
        full = [next(row) if flag else next(given) for flag in batched]
        return list(primitive.bind(*full, **params))

    avals = [typeof(x).strong() for x in fixed]
    avals += [ShapedArray(typeof(x).shape[1:], typeof(x).dtype) for x in rows]
    results: list[Any] = scan_p.bind(
        *fixed,
        *rows,
        jaxpr=stage_flat(body, avals),
        num_consts=len(fixed),
        num_carry=0,
        length=size,
        reverse=False,
        unroll=1,
    )
    return results


def _checked(value: Any, aval: ShapedArray) -> Any:
    array = np.asarray(value)
    fits = np.can_cast(array.dtype, aval.dtype, "same_kind")
    if array.shape != aval.shape or not fits:
        raise errors.ShapeError(
            errors.message(
                "a callback returns another type than it was said to.",
                got=f"{array.dtype}[{','.join(map(str, array.shape))}]",
                expected=str(aval),
                fix="correct result_shape_dtypes",
                see=errors.ShapeError.page,
            )
        )
    return array.astype(aval.dtype, copy=False)


def pure_callback(
    callback: Callable[..., Any],
    result_shape_dtypes: Any,
    *args: Any,
    vectorized: bool = False,
    vmap_method: str | None = None,
    **kwargs: Any,
) -> Any:
    """Call a Python function from a program that may be compiled.

    Parameters
    ----------
    callback : callable
        Takes arrays, gives arrays; without side effects, as calls may be left out or
        repeated.
    result_shape_dtypes : tree of objects with ``shape`` and ``dtype``
        What it returns, such as `ShapeDtypeStruct`.
    *args, **kwargs : tree of array
        Its arguments.
    vectorized : bool
        Under `vmap`, call once with leading batch axes instead of once for each entry.
    vmap_method : str, optional
        JAX's way to say it: ``"sequential"``, ``"expand_dims"`` or ``"broadcast_all"``.

    Returns
    -------
    tree of array

    Raises
    ------
    DifferentiationError
        If it is differentiated.

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> shape = fg.ShapeDtypeStruct((), np.float64)
    >>> f = fg.jit(lambda x: fg.pure_callback(lambda x: np.sort(x)[0], shape, x))
    >>> float(f(np.array([3.0, 1.0, 2.0])))
    1.0
    """
    structs, out_tree = tree.flatten(result_shape_dtypes)
    leaves, in_tree = tree.flatten((args, kwargs))
    avals = tuple(ShapedArray(tuple(s.shape), np.dtype(s.dtype)) for s in structs)

    def function(*flat: Any) -> list[Any]:
        given, named = in_tree.unflatten(flat)
        found, _ = tree.flatten(callback(*given, **named))
        return found

    results = pure_callback_p.bind(
        *leaves,
        function=function,
        out_avals=avals,
        vectorized=vectorized or vmap_method in ("expand_dims", "broadcast_all"),
    )
    return out_tree.unflatten(results)


def debug_callback(
    callback: Callable[..., Any], *args: Any, ordered: bool = False, **kwargs: Any
) -> None:
    """Call a Python function for its effect, with values, also from compiled code.

    Parameters
    ----------
    callback : callable
        What it returns is ignored.
    *args, **kwargs : tree of array
    ordered : bool
        Accepted as in JAX; effects always come in the order of the program.

    Examples
    --------
    >>> import funcgrad as fg
    >>> def show(x):
    ...     print("x is", x)
    >>> fg.jit(lambda x: fg.debug.callback(show, 2 * x))(3.0)
    x is 6.0
    """
    leaves, in_tree = tree.flatten((args, kwargs))
    static = [isinstance(x, str) for x in leaves]
    texts = [x for x, flag in zip(leaves, static, strict=True) if flag]
    dynamic = [x for x, flag in zip(leaves, static, strict=True) if not flag]

    def function(*flat: Any) -> None:
        given, fixed = iter(flat), iter(texts)
        full = [next(fixed) if flag else next(given) for flag in static]
        values, named = in_tree.unflatten(full)
        callback(*values, **named)

    debug_callback_p.bind(*dynamic, function=function, ordered=ordered)


def debug_print(fmt: str, *args: Any, ordered: bool = False, **kwargs: Any) -> None:
    """Print values when they are known, also from compiled code.

    Parameters
    ----------
    fmt : str
        A format as ``str.format`` takes it.
    *args, **kwargs : tree of array
        What to print.
    ordered : bool
        Accepted as in JAX; lines always come in the order of the program.

    Examples
    --------
    >>> import funcgrad as fg
    >>> f = fg.jit(lambda x: fg.debug.print("x = {x}", x=x))
    >>> f(2.0)
    x = 2.0
    """

    def show(*values: Any, **named: Any) -> None:
        print(fmt.format(*values, **named))  # noqa: T201

    debug_callback(show, *args, ordered=ordered, **kwargs)
