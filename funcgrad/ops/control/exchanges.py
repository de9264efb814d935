"""Values exchanged along a mapped axis, made of what all of them gather."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from funcgrad import errors, tree
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.ops.control.collectives import (
    all_gather,
    axis_index,
    axis_size,
    ppermute,
    psum,
)
from funcgrad.ops.dynamic_slicing import dynamic_slice_in_dim
from funcgrad.ops.slicing_one_axis import index_in_dim
from funcgrad.ops.structural import move_axis, reshape


def all_to_all(
    x: Any, axis_name: Any, split_axis: int, concat_axis: int, *, tiled: bool = False
) -> Any:
    """Each value is split along an axis and its parts are sent to all, in order.

    Parameters
    ----------
    x : tree of array
    axis_name : hashable
    split_axis : int
        Its extent is that of the mapped axis; with ``tiled`` a multiple of it.
    concat_axis : int
        Where what arrives is put together: a new axis, or with ``tiled`` an old one.
    tiled : bool, optional

    Returns
    -------
    tree of array

    Raises
    ------
    ShapeError
        If the axis can not be split into as many parts.

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> turn = lambda x: fg.lax.all_to_all(x, "i", 0, 0)
    >>> fg.vmap(turn, axis_name="i")(np.array([[1, 2], [3, 4]]))
    array([[1, 3],
           [2, 4]])
    """
    size = axis_size(axis_name)

    def exchange(leaf: Any) -> Any:
        rank = typeof(leaf).ndim
        split, concat = split_axis % rank, concat_axis % rank
        part = _part(leaf, split, size, tiled)
        gathered = all_gather(leaf, axis_name)
        start = axis_index(axis_name) * part
        mine = dynamic_slice_in_dim(gathered, start, part, split + 1)
        if not tiled:
            shape = typeof(mine).shape
            mine = reshape(mine, shape[: split + 1] + shape[split + 2 :])
            return move_axis(mine, 0, concat)
        placed = move_axis(mine, 0, concat)
        shape = typeof(placed).shape
        joined = shape[concat] * shape[concat + 1]
        return reshape(placed, (*shape[:concat], joined, *shape[concat + 2 :]))

    return tree.map(exchange, x)


def _part(leaf: Any, axis: int, size: int, tiled: bool) -> int:
    extent: int = typeof(leaf).shape[axis]
    if extent % size or not (tiled or extent == size):
        raise errors.ShapeError(
            errors.message(
                f"axis {axis} can not be split among the {size} entries of the mapped "
                "axis.",
                where=user_frame(),
                got=str(typeof(leaf)),
                expected=f"a multiple of {size}" if tiled else f"extent {size}",
                see=errors.ShapeError.page,
            )
        )
    return extent // size


def pswapaxes(x: Any, axis_name: Any, axis: int) -> Any:
    """The mapped axis and an axis of the values exchanged; both have one extent.

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> turn = lambda x: fg.lax.pswapaxes(x, "i", 0)
    >>> fg.vmap(turn, axis_name="i")(np.array([[1, 2], [3, 4]]))
    array([[1, 3],
           [2, 4]])
    """
    return all_to_all(x, axis_name, axis, axis)


def psum_scatter(
    x: Any, axis_name: Any, *, scatter_dimension: int = 0, tiled: bool = False
) -> Any:
    """The sum along a mapped axis, of which each entry gets its part.

    Parameters
    ----------
    x : tree of array
    axis_name : hashable
    scatter_dimension : int, optional
        The axis that is split; its extent is that of the mapped axis.
    tiled : bool, optional
        Keep the axis; its extent is then a multiple.

    Returns
    -------
    tree of array

    Raises
    ------
    ShapeError
        If the axis can not be split into as many parts.

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> scatter = lambda x: fg.lax.psum_scatter(x, "i")
    >>> fg.vmap(scatter, axis_name="i")(np.array([[1, 2], [3, 4]]))
    array([4, 6])
    """
    size = axis_size(axis_name)

    def scatter(leaf: Any) -> Any:
        axis = scatter_dimension % typeof(leaf).ndim
        part = _part(leaf, axis, size, tiled)
        total = psum(leaf, axis_name)
        start = axis_index(axis_name) * part
        mine = dynamic_slice_in_dim(total, start, part, axis)
        shape = typeof(mine).shape
        return mine if tiled else reshape(mine, shape[:axis] + shape[axis + 1 :])

    return tree.map(scatter, x)


def pshuffle(x: Any, axis_name: Any, perm: Sequence[int]) -> Any:
    """Values along a mapped axis in another order: entry i gets that of ``perm[i]``.

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> turn = lambda x: fg.lax.pshuffle(x, "i", [2, 0, 1])
    >>> fg.vmap(turn, axis_name="i")(np.array([1.0, 2.0, 3.0]))
    array([3., 1., 2.])
    """
    return ppermute(x, axis_name, [(source, i) for i, source in enumerate(perm)])


def pbroadcast(x: Any, axis_name: Any, source: int) -> Any:
    """The value of one entry of a mapped axis, for all of them.

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> send = lambda x: fg.lax.pbroadcast(x, "i", 1)
    >>> fg.vmap(send, axis_name="i")(np.array([1.0, 2.0]))
    array([2., 2.])
    """
    return tree.map(
        lambda leaf: index_in_dim(all_gather(leaf, axis_name), source, 0, False), x
    )
