"""Jacobians, Hessians and products with them, by batches of directions."""

from __future__ import annotations

import functools
import math
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
    name_of,
)
from funcgrad.api.derivatives import Linearized, checked_tangent, materialized
from funcgrad.api.gradient import check_input_dtype, grad
from funcgrad.core.aval import ShapedArray
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.core.vspace import Zero
from funcgrad.ops.joining import concatenate
from funcgrad.ops.slicing import strided_slice
from funcgrad.ops.structural import align_batch, move_axis, reshape
from funcgrad.transforms.batch import batch


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
        self.in_avals = [aval_of_argument(x, "argument", name_of(fun)) for x in leaves]
        self.linear = Linearized(self.flat, leaves)

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
        """All columns, by pushing unit tangents forward."""
        out_avals = self.linear.out_avals
        columns = _over_basis(self.linear.push, self.in_avals, out_avals, chunk_size)
        # (inputs, *out) -> (*out, *in) for each pair of leaves
        blocks = []
        for column, out in zip(columns, out_avals, strict=True):
            last = move_axis(column, 0, out.ndim)
            blocks.append(_split_axis(last, out.ndim, self.in_avals))
        return self._assemble(blocks)

    def backward(self, chunk_size: int | None) -> Any:
        """All rows, by pulling unit cotangents back."""
        out_avals = self.linear.out_avals
        rows = _over_basis(self.linear.pull, out_avals, self.in_avals, chunk_size)
        by_input = [_split_axis(row, 0, out_avals) for row in rows]
        blocks = [list(column) for column in zip(*by_input, strict=True)]
        return self._assemble(blocks)

    def _assemble(self, blocks: Sequence[Sequence[Any]]) -> Any:
        """Nest blocks, which come by leaf of the result and leaf of the argument."""
        nested = []
        for row in blocks:
            values, _ = self.in_tree.unflatten(row)
            nested.append(self.chosen.result(values))
        answer = self.flat.out_tree.unflatten(nested)
        if self.has_aux:
            return answer, self.flat.aux(self.linear.results)
        return answer


def _over_basis(
    apply: Callable[[Sequence[Any]], list[Any]],
    in_avals: Sequence[ShapedArray],
    out_avals: Sequence[ShapedArray],
    chunk_size: int | None,
) -> list[Any]:
    """A linear map of leaves at every unit vector: a new first axis of results."""
    total = sum(aval.size for aval in in_avals)
    step = total if chunk_size is None else max(1, int(chunk_size))
    parts = []
    for start in range(0, max(total, 1), max(step, 1)):
        size = min(step, total - start)
        basis = _basis(in_avals, start, size)
        dims = [None if type(b) is Zero else 0 for b in basis]
        parts.append(_batched(apply, basis, dims, size, out_avals))
    if len(parts) == 1:
        return parts[0]
    return [concatenate(column, 0) for column in zip(*parts, strict=True)]


def _batched(
    apply: Callable[[Sequence[Any]], list[Any]],
    basis: Sequence[Any],
    dims: Sequence[int | None],
    size: int,
    out_avals: Sequence[ShapedArray],
) -> list[Any]:
    given = [b for b in basis if type(b) is not Zero]

    def run(*arrays: Any) -> list[Any]:
        rest = iter(arrays)
        found = apply([b if type(b) is Zero else next(rest) for b in basis])
        return [
            materialized(Zero(a.tangent())) if type(t) is Zero else t
            for t, a in zip(found, out_avals, strict=True)
        ]

    results, out_dims = batch(run, size, given, [d for d in dims if d is not None])
    return [align_batch(y, d, size) for y, d in zip(results, out_dims, strict=True)]


def _basis(avals: Sequence[ShapedArray], start: int, size: int) -> list[Any]:
    """Unit vectors number ``start`` to ``start + size`` of the leaves together."""
    basis: list[Any] = []
    offset = 0
    for aval in avals:
        if aval.differentiable:
            rows = np.eye(size, aval.size, start - offset, dtype=aval.dtype)
            basis.append(rows.reshape((size, *aval.shape)))
        else:
            basis.append(Zero(aval.tangent()))
        offset += aval.size
    return basis


def _split_axis(x: Any, axis: int, avals: Sequence[ShapedArray]) -> list[Any]:
    """One axis, over all entries of some leaves, as the axes of each leaf."""
    shape = typeof(x).shape
    parts, start = [], 0
    for aval in avals:
        size = math.prod(aval.shape)
        begin = [start if k == axis else 0 for k in range(len(shape))]
        end = [start + size if k == axis else n for k, n in enumerate(shape)]
        part = x if size == shape[axis] else strided_slice(x, begin, end)
        parts.append(reshape(part, (*shape[:axis], *aval.shape, *shape[axis + 1 :])))
        start += size
    return parts


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
