"""Jacobians, Hessians and products with them, by batches of directions."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from funcgrad import errors, tree
from funcgrad.api.arguments import (
    FlatFunction,
    Names,
    Positions,
    Selection,
    aval_of_argument,
    name_of,
)
from funcgrad.api.derivatives import Linearized, checked_tangent, materialized
from funcgrad.api.gradient import check_input_dtype, grad
from funcgrad.api.unit_vectors import Images, over_basis, split_axis
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.ops.structural import move_axis
from funcgrad.transforms import jvp as jvp_transform


def jacfwd(
    fun: Callable[..., Any],
    argnums: Positions = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    *,
    argnames: Names | None = None,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """Jacobian by forward mode: a pass for each entry of the argument.

    Parameters
    ----------
    fun : callable
    argnums, argnames, has_aux
        As for `grad`.
    holomorphic : bool
        ``fun`` is complex-differentiable.
    chunk_size : int, optional
        How many directions to push forward at once, which bounds memory; all by
        default.

    Returns
    -------
    callable
        With the arguments of ``fun``; for each leaf of the result and of the argument
        an array whose shape is that of the first followed by that of the second.

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> fg.jacfwd(lambda x: x * x)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """

    @functools.wraps(fun)
    def jacobian_of(*args: Any, **kwargs: Any) -> Any:
        point = _Point(fun, argnums, argnames, has_aux, args, kwargs)
        point.check_inputs(holomorphic)
        return point.forward(chunk_size)

    return jacobian_of


def jacrev(
    fun: Callable[..., Any],
    argnums: Positions = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
    *,
    argnames: Names | None = None,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """Jacobian by reverse mode: a pass for each entry of the result.

    Parameters
    ----------
    fun, argnums, has_aux, holomorphic, argnames
        As for `jacfwd`.
    allow_int : bool
        Accept integer arguments.
    chunk_size : int, optional
        How many cotangents to pull back at once; all by default.

    Returns
    -------
    callable
        As that of `jacfwd`.

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> fg.jacrev(lambda x: x * x)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """

    @functools.wraps(fun)
    def jacobian_of(*args: Any, **kwargs: Any) -> Any:
        point = _Point(fun, argnums, argnames, has_aux, args, kwargs)
        point.check_inputs(holomorphic, allow_int)
        point.check_outputs(holomorphic)
        return point.backward(chunk_size)

    return jacobian_of


def jacobian(
    fun: Callable[..., Any],
    argnums: Positions = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    *,
    argnames: Names | None = None,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """Jacobian by the mode that takes fewer passes: see `jacfwd` and `jacrev`.

    Parameters
    ----------
    fun, argnums, has_aux, holomorphic, argnames, chunk_size
        As for `jacfwd`.

    Returns
    -------
    callable
        As that of `jacfwd`.

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> fg.jacobian(lambda x: (x * x).sum())(np.array([1.0, 2.0]))
    array([2., 4.])
    """

    @functools.wraps(fun)
    def jacobian_of(*args: Any, **kwargs: Any) -> Any:
        point = _Point(fun, argnums, argnames, has_aux, args, kwargs)
        point.check_inputs(holomorphic)
        inputs = sum(aval.size for aval in point.in_avals)
        outputs = sum(aval.size for aval in point.linear.out_avals)
        real_result = all(a.dtype.kind != "c" for a in point.linear.out_avals)
        if outputs < inputs and (real_result or holomorphic):
            return point.backward(chunk_size)
        return point.forward(chunk_size)

    return jacobian_of


class _Point:
    """A function linearized where its Jacobian is wanted."""

    def __init__(
        self,
        fun: Callable[..., Any],
        argnums: Positions,
        argnames: Names | None,
        has_aux: bool,
        args: Sequence[Any],
        kwargs: dict[str, Any],
    ) -> None:
        self.fun = fun
        self.has_aux = has_aux
        self.chosen = Selection(fun, argnums, argnames, args, kwargs)
        leaves, self.in_tree = tree.flatten((self.chosen.values, {}))
        self.flat = FlatFunction(self.chosen, self.in_tree, has_aux)
        self.leaves = leaves
        self.in_avals = [aval_of_argument(x, "argument", name_of(fun)) for x in leaves]

    @functools.cached_property
    def linear(self) -> Linearized:
        """The derivative as a program, by the rules of reverse mode."""
        return Linearized(self.flat, self.leaves)

    def check_inputs(self, holomorphic: bool, allow_int: bool = False) -> None:
        """Raise unless there is a Jacobian with respect to the arguments."""
        for aval in self.in_avals:
            check_input_dtype(self.fun, aval, "argument", holomorphic, allow_int)

    def check_outputs(self, holomorphic: bool) -> None:
        """Raise unless reverse mode gives the Jacobian of the results."""
        for aval in self.linear.out_avals:
            kind = aval.dtype.kind
            if (kind == "f" and not holomorphic) or (kind == "c" and holomorphic):
                continue
            raise errors.GradientTypeError(
                errors.message(
                    f"`{name_of(self.fun)}` has no Jacobian by reverse mode.",
                    where=user_frame(),
                    got=str(aval),
                    expected="a complex result" if holomorphic else "a real result",
                    fix="jacfwd, or holomorphic=True for a complex function",
                    see=errors.GradientTypeError.page,
                )
            )

    def forward(self, chunk_size: int | None) -> Any:
        """All columns, by pushing unit tangents forward.

        Not by the linearized function: of a function with rules of both kinds that has
        the one of reverse mode.
        """
        columns, results = self._columns(chunk_size)
        out_avals = [typeof(y) for y in results[: len(columns)]]
        # (inputs, *out) -> (*out, *in) for each pair of leaves
        blocks = []
        for column, out in zip(columns, out_avals, strict=True):
            last = move_axis(column, 0, out.ndim)
            blocks.append(split_axis(last, out.ndim, self.in_avals))
        return self._assemble(blocks, results)

    def _columns(self, chunk_size: int | None) -> tuple[list[Any], list[Any]]:
        """Tangents over the unit vectors, and the results of the function."""

        def push(tangents: Sequence[Any]) -> Images:
            results, found = jvp_transform.jvp(self.flat, self.leaves, tangents)
            return found[: self.flat.out_tree.num_leaves], results

        def push_nothing(tangents: Sequence[Any]) -> Images:
            return self.linear.push(tangents), self.linear.results

        empty = all(aval.size == 0 for aval in self.in_avals)
        return over_basis(push_nothing if empty else push, self.in_avals, chunk_size)

    def backward(self, chunk_size: int | None) -> Any:
        """All rows, by pulling unit cotangents back."""
        out_avals = self.linear.out_avals

        def pull(cotangents: Sequence[Any]) -> Images:
            return self.linear.pull(cotangents), ()

        rows, _ = over_basis(pull, out_avals, chunk_size)
        by_input = [split_axis(row, 0, out_avals) for row in rows]
        blocks = [list(column) for column in zip(*by_input, strict=True)]
        return self._assemble(blocks, self.linear.results)

    def _assemble(self, blocks: Sequence[Sequence[Any]], results: Sequence[Any]) -> Any:
        """Nest blocks, which come by leaf of the result and leaf of the argument."""
        nested = []
        for row in blocks:
            values, _ = self.in_tree.unflatten(row)
            nested.append(self.chosen.result(values))
        answer = self.flat.out_tree.unflatten(nested)
        if self.has_aux:
            return answer, self.flat.aux(results)
        return answer


def hessian(
    fun: Callable[..., Any],
    argnums: Positions = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """Second derivatives of a function, by forward over reverse mode.

    Parameters
    ----------
    fun : callable
    argnums, has_aux, holomorphic
        As for `grad`.
    chunk_size : int, optional
        How many directions to push forward at once; all by default.

    Returns
    -------
    callable
        With the arguments of ``fun``; for each leaf of the result, and for each pair of
        leaves of the argument, an array.

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> fg.hessian(lambda x: (x**3).sum())(np.array([1.0, 2.0]))
    array([[ 6.,  0.],
           [ 0., 12.]])
    """
    inner = jacrev(fun, argnums, has_aux, holomorphic)
    return jacfwd(inner, argnums, has_aux, holomorphic, chunk_size=chunk_size)


def hvp(
    fun: Callable[..., Any],
    primals: Sequence[Any],
    tangents: Sequence[Any],
) -> Any:
    """Product of the Hessian of a scalar function with a direction.

    The Hessian is not formed; the cost is that of a few gradients.

    Parameters
    ----------
    fun : callable
        Returns a scalar.
    primals : tuple
        The arguments.
    tangents : tuple
        A direction for each argument.

    Returns
    -------
    tree of array
        With the structure of the argument; a tuple for several arguments.

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> fg.hvp(lambda x: (x**3).sum(), (np.array([1.0, 2.0]),), (np.ones(2),))
    array([ 6., 12.])
    """
    args = tuple(primals)
    gradient = grad(fun, argnums=0 if len(args) == 1 else tuple(range(len(args))))
    leaves, in_tree = tree.flatten((args, {}))
    linear = Linearized(FlatFunction(gradient, in_tree), leaves)
    given = in_tree.flatten_up_to((tuple(tangents), {}), "tangents")
    ts = [
        checked_tangent(t, typeof(p), "tangent")
        for t, p in zip(given, leaves, strict=True)
    ]
    return linear.flat.unflatten([materialized(t) for t in linear.push(ts)])
