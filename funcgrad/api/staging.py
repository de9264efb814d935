"""Programs from functions: make_jaxpr, eval_shape, closure_convert, named_call."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from funcgrad import tree
from funcgrad.api.arguments import (
    FlatFunction,
    aval_of_argument,
    leaf_labels,
    name_of,
)
from funcgrad.core.aval import ShapedArray
from funcgrad.core.dtypes import canonical_dtype
from funcgrad.core.jaxpr import ClosedJaxpr, eval_jaxpr
from funcgrad.core.trace import Tracer, typeof
from funcgrad.ops.control.call import call_jaxpr
from funcgrad.transforms.stage import hoist_consts, stage

if TYPE_CHECKING:
    import numpy.typing as npt


class ShapeDtypeStruct:
    """The shape and dtype of an array, without its entries.

    Parameters
    ----------
    shape : sequence of int
    dtype : dtype-like
    weak_type : bool
        Whether it stands for a Python scalar.

    Examples
    --------
    >>> import numpy as np
    >>> ShapeDtypeStruct((2, 3), np.float32)
    ShapeDtypeStruct(shape=(2, 3), dtype=float32)
    """

    __slots__ = ("dtype", "shape", "weak_type")

    def __init__(
        self, shape: Sequence[int], dtype: npt.DTypeLike, *, weak_type: bool = False
    ) -> None:
        self.shape = tuple(shape)
        self.dtype = canonical_dtype(dtype)
        self.weak_type = weak_type

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of entries."""
        return ShapedArray(self.shape, self.dtype).size

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, ShapeDtypeStruct)
            and self.shape == other.shape
            and self.dtype == other.dtype
            and self.weak_type == other.weak_type
        )

    def __hash__(self) -> int:
        return hash((self.shape, self.dtype, self.weak_type))

    def __repr__(self) -> str:
        weak = ", weak_type=True" if self.weak_type else ""
        return f"ShapeDtypeStruct(shape={self.shape}, dtype={self.dtype.name}{weak})"


def aval_of(value: Any, label: str, caller: str) -> ShapedArray:
    """The type of an argument, which may be given by its shape and dtype only."""
    if isinstance(value, ShapeDtypeStruct):
        return ShapedArray(value.shape, value.dtype, value.weak_type)
    if isinstance(value, ShapedArray):
        return value
    return aval_of_argument(value, label, caller)


def stage_call(
    fun: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]
) -> tuple[ClosedJaxpr, FlatFunction]:
    """The program of a function for arguments like these, and its structures."""
    leaves, in_tree = tree.flatten((tuple(args), kwargs))
    labels = leaf_labels(fun, args, kwargs)
    caller = name_of(fun)
    avals = [aval_of(x, m, caller) for x, m in zip(leaves, labels, strict=True)]
    flat = FlatFunction(fun, in_tree)
    return stage(flat, avals, name=caller, labels=labels), flat


def struct_of(aval: ShapedArray) -> ShapeDtypeStruct:
    """A type as the user sees it."""
    return ShapeDtypeStruct(aval.shape, aval.dtype, weak_type=aval.weak_type)


def make_jaxpr(
    fun: Callable[..., Any],
    static_argnums: int | Sequence[int] = (),
    return_shape: bool = False,
) -> Callable[..., Any]:
    """A function that gives the program of ``fun`` for the types of its arguments.

    Parameters
    ----------
    fun : callable
    static_argnums : int or sequence of int
        Positions of arguments that are passed as they are.
    return_shape : bool
        Give the shapes and dtypes of the result too.

    Returns
    -------
    callable
        With the arguments of ``fun``, or `ShapeDtypeStruct` in their place; returns a
        ``ClosedJaxpr``.

    Examples
    --------
    >>> import funcgrad as fg
    >>> print(fg.make_jaxpr(lambda x: 2.0 * x)(1.0))
    { lambda ; a:f64[]. let b:f64[] = mul 2.0:f64[] a in (b,) }
    """
    static = (static_argnums,) if isinstance(static_argnums, int) else static_argnums

    @functools.wraps(fun)
    def staged(*args: Any, **kwargs: Any) -> Any:
        fixed = {n % len(args): args[n % len(args)] for n in static}
        free = [arg for i, arg in enumerate(args) if i not in fixed]

        def partial(*values: Any, **named: Any) -> Any:
            given = iter(values)
            full = [fixed[i] if i in fixed else next(given) for i in range(len(args))]
            return fun(*full, **named)

        closed, flat = stage_call(partial if fixed else fun, free, kwargs)
        if not return_shape:
            return closed
        return closed, flat.unflatten([struct_of(a) for a in closed.out_avals])

    return staged


def eval_shape(fun: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Shapes and dtypes of a function's result, without computing it.

    Parameters
    ----------
    fun : callable
    *args, **kwargs
        Its arguments, or `ShapeDtypeStruct` in their place.

    Returns
    -------
    tree of ShapeDtypeStruct

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> fg.eval_shape(lambda x: 2.0 * x, fg.ShapeDtypeStruct((3,), np.float32))
    ShapeDtypeStruct(shape=(3,), dtype=float32)
    """
    closed, flat = stage_call(fun, args, kwargs)
    return flat.unflatten([struct_of(aval) for aval in closed.out_avals])


def closure_convert(
    fun: Callable[..., Any], *example_args: Any
) -> tuple[Callable[..., Any], list[Any]]:
    """A function with the traced values that it closes over as extra arguments.

    Parameters
    ----------
    fun : callable
    *example_args
        Arguments of the types it will be called with.

    Returns
    -------
    converted : callable
        ``converted(*args, *consts)`` equals ``fun(*args)``.
    consts : list of array
        The traced values of differentiable types that ``fun`` closes over.

    Examples
    --------
    >>> import funcgrad as fg
    >>> converted, consts = fg.closure_convert(lambda x: 2.0 * x, 1.0)
    >>> float(converted(3.0, *consts))
    6.0
    """
    closed, flat = stage_call(fun, example_args, {})
    jaxpr, values = closed.jaxpr, closed.consts
    moved = [isinstance(c, Tracer) and typeof(c).differentiable for c in values]

    def converted(*args: Any) -> Any:
        count = len(args) - sum(moved)
        given = iter(args[count:])
        consts = [
            next(given) if flag else value
            for flag, value in zip(moved, values, strict=True)
        ]
        leaves = flat.in_tree.flatten_up_to((args[:count], {}), "args")
        return flat.unflatten(eval_jaxpr(jaxpr, consts, *leaves))

    return converted, [c for c, flag in zip(values, moved, strict=True) if flag]


def named_call(
    fun: Callable[..., Any], *, name: str | None = None
) -> Callable[..., Any]:
    """A function whose operations stand together under a name in printed programs.

    Parameters
    ----------
    fun : callable
    name : str, optional
        The function's own by default.

    Returns
    -------
    callable
        With the arguments and results of ``fun``.

    Examples
    --------
    >>> import funcgrad as fg
    >>> double = fg.named_call(lambda x: 2 * x, name="double")
    >>> print(fg.make_jaxpr(double)(1.0))
    { lambda ; a:f64[]. let
        b:f64[] = jit[
          name=double
          inline=False
          jaxpr={ lambda ; c:f64[]. let d:f64[] = mul 2.0:f64[] c in (d,) }
        ] a
      in (b,) }
    """

    @functools.wraps(fun)
    def named(*args: Any, **kwargs: Any) -> Any:
        closed, flat = stage_call(fun, args, kwargs)
        consts, jaxpr = hoist_consts(closed)
        leaves = tree.leaves((args, kwargs))
        title = name_of(fun) if name is None else name
        return flat.unflatten(call_jaxpr(jaxpr, [*consts, *leaves], name=title))

    return named
