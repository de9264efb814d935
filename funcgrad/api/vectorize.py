"""vmap: a function of one example becomes a function of a batch."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from funcgrad import errors, tree
from funcgrad.api.arguments import (
    FlatFunction,
    aval_of_argument,
    leaf_labels,
    name_of,
)
from funcgrad.core.source import user_frame
from funcgrad.ops.structural import broadcast_in_dim, move_axis
from funcgrad.transforms.batch import batch


def vmap(
    fun: Callable[..., Any],
    in_axes: Any = 0,
    out_axes: Any = 0,
    axis_name: Any = None,
    axis_size: int | None = None,
) -> Callable[..., Any]:
    """Map a function over axes of its arguments, all entries at once.

    Parameters
    ----------
    fun : callable
    in_axes : int, None, or a tree of them
        The axis of each positional argument that is mapped over; None: the argument is
        the same for all. Its structure is the beginning of that of the arguments.
        Keyword arguments are mapped over axis 0.
    out_axes : int, None, or a tree of them
        Where the mapped axis goes in the results; None for results that do not vary.
    axis_name : hashable, optional
        What collectives such as ``funcgrad.lax.psum`` call this axis.
    axis_size : int, optional
        Its length; needed only where no argument is mapped.

    Returns
    -------
    callable

    Raises
    ------
    BatchSizeError
        If mapped axes have different lengths, or an argument has no such axis.
    TreeError
        If ``in_axes`` or ``out_axes`` do not fit.

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> dot = fg.vmap(lambda x, y: (x * y).sum(), in_axes=(0, None))
    >>> dot(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 10.0]))
    array([21., 43.])
    """
    if isinstance(in_axes, list):
        in_axes = tuple(in_axes)

    @functools.wraps(fun)
    def mapped(*args: Any, **kwargs: Any) -> Any:
        leaves, in_tree = tree.flatten((args, kwargs))
        labels = leaf_labels(fun, args, kwargs)
        avals = [
            aval_of_argument(x, label, name_of(fun))
            for x, label in zip(leaves, labels, strict=True)
        ]
        axes = _input_axes(fun, in_axes, args, kwargs)
        dims = [
            _canonical(fun, axis, aval.ndim, label)
            for axis, aval, label in zip(axes, avals, labels, strict=True)
        ]
        shapes = [aval.shape for aval in avals]
        size = _batch_size(fun, shapes, dims, labels, axis_size)
        flat = FlatFunction(fun, in_tree)
        results, out_dims = batch(flat, size, leaves, dims, axis_name=axis_name)
        wanted = _output_axes(fun, out_axes, flat)
        moved = [
            place_axis(y, dim, axis, size, fun)
            for y, dim, axis in zip(results, out_dims, wanted, strict=True)
        ]
        return flat.unflatten(moved)

    return mapped


def _is_none(value: Any) -> bool:
    return value is None


def _input_axes(fun: Any, in_axes: Any, args: Any, kwargs: Any) -> list[Any]:
    if isinstance(in_axes, tuple) and len(in_axes) != len(args):
        raise errors.BatchSizeError(
            errors.message(
                f"in_axes of vmap has one entry for each positional argument of "
                f"`{name_of(fun)}`.",
                where=user_frame(),
                got=f"{len(in_axes)} entries for {len(args)} arguments",
                expected=f"an int, None, or a tuple of {len(args)}",
                see=errors.BatchSizeError.page,
            )
        )
    axes = tree.broadcast_prefix(in_axes, args, is_leaf=_is_none, name="args")
    for axis in axes:
        if axis is not None and type(axis) is not int:
            raise _not_an_axis("in_axes", axis)
    return axes + [0] * tree.structure(kwargs).num_leaves


def _output_axes(fun: Any, out_axes: Any, flat: FlatFunction) -> list[Any]:
    example = flat.out_tree.unflatten([0] * flat.out_tree.num_leaves)
    name = f"{name_of(fun)}(...)"
    axes = tree.broadcast_prefix(out_axes, example, is_leaf=_is_none, name=name)
    for axis in axes:
        if axis is not None and type(axis) is not int:
            raise _not_an_axis("out_axes", axis)
    return axes


def _not_an_axis(name: str, axis: Any) -> errors.BatchSizeError:
    return errors.BatchSizeError(
        errors.message(
            f"{name} of vmap holds axes.",
            where=user_frame(),
            got=f"{axis!r}",
            expected="an int or None",
            see=errors.BatchSizeError.page,
        )
    )


def _canonical(fun: Any, axis: int | None, ndim: int, label: str) -> int | None:
    if axis is None:
        return None
    if -ndim <= axis < ndim:
        return axis % ndim
    raise errors.BatchSizeError(
        errors.message(
            f"vmap of `{name_of(fun)}` maps over axis {axis} of `{label}`, which has "
            f"{ndim} axes.",
            where=user_frame(),
            got=f"an array with {ndim} axes",
            expected=f"at least {axis + 1 if axis >= 0 else -axis} axes",
            fix=f"in_axes with None for `{label}`",
            see=errors.BatchSizeError.page,
        )
    )


def _batch_size(
    fun: Any,
    shapes: Sequence[tuple[Any, ...]],
    dims: Sequence[int | None],
    labels: Sequence[str],
    axis_size: int | None,
) -> int:
    sizes = {
        label: shape[dim]
        for label, shape, dim in zip(labels, shapes, dims, strict=True)
        if dim is not None
    }
    distinct = set(sizes.values())
    if axis_size is not None:
        distinct.add(axis_size)
    if len(distinct) == 1:
        return int(distinct.pop())
    if not distinct:
        raise errors.BatchSizeError(
            errors.message(
                f"vmap of `{name_of(fun)}` maps over no argument.",
                where=user_frame(),
                got="in_axes with None only",
                expected="an axis for one argument at least, or axis_size=...",
                see=errors.BatchSizeError.page,
            )
        )
    found = "\n".join(f"{label}: {size}" for label, size in sizes.items())
    if axis_size is not None:
        found += f"\naxis_size: {axis_size}"
    raise errors.BatchSizeError(
        errors.message(
            f"the axes that vmap of `{name_of(fun)}` maps over differ in length.",
            where=user_frame(),
            got=found,
            expected="equal lengths",
            fix="in_axes with None for arguments that are the same for all entries",
            see=errors.BatchSizeError.page,
        )
    )


def place_axis(
    value: Any, dim: int | None, axis: int | None, size: int, fun: Any
) -> Any:
    """A result with its batch axis where ``out_axes`` wants it."""
    if axis is None:
        if dim is None:
            return value
        raise errors.BatchSizeError(
            errors.message(
                f"out_axes is None for a result of `{name_of(fun)}` that varies along "
                "the mapped axis.",
                where=user_frame(),
                got="None",
                expected="an axis",
                fix="out_axes=0",
                see=errors.BatchSizeError.page,
            )
        )
    shape = list(getattr(value, "shape", ()))
    ndim = len(shape) + (dim is None)
    if not -ndim <= axis < ndim:
        raise errors.BatchSizeError(
            errors.message(
                f"out_axes is {axis} for a result of `{name_of(fun)}` with {ndim} "
                "axes, the mapped one included.",
                where=user_frame(),
                got=str(axis),
                expected=f"{-ndim} to {ndim - 1}",
                see=errors.BatchSizeError.page,
            )
        )
    axis %= ndim
    if dim is not None:
        return value if dim == axis else move_axis(value, dim, axis)
    into = [i for i in range(ndim) if i != axis]
    shape.insert(axis, size)
    return broadcast_in_dim(value, shape, into)
