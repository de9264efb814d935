"""map: a function of each entry along the first axis, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from funcgrad import tree
from funcgrad.core.trace import typeof
from funcgrad.ops.control.loops import loop_length, scan
from funcgrad.ops.joining import concatenate
from funcgrad.ops.slicing import strided_slice
from funcgrad.ops.structural import align_batch, reshape
from funcgrad.transforms.batch import batch


def map(f: Callable[[Any], Any], xs: Any, *, batch_size: int | None = None) -> Any:
    """Apply a function to each entry along the first axis, one after the other.

    Parameters
    ----------
    f : callable
    xs : tree of array
    batch_size : int, optional
        Take this many entries at once, as `vmap` does; less memory than all at once.

    Returns
    -------
    tree of array
        Results stacked along a new first axis.

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> fg.lax.map(lambda x: x * x, np.array([1.0, 2.0, 3.0])).tolist()
    [1.0, 4.0, 9.0]
    """
    if batch_size is None:
        return scan(lambda _, x: (None, f(x)), None, xs)[1]
    leaves, structure = tree.flatten(xs)
    length = loop_length(leaves, structure, None)
    size = max(1, min(int(batch_size), length))
    whole = length - length % size
    head = [_blocks(x, 0, whole, size) for x in leaves]
    results = scan(
        lambda _, block: (None, _mapped(f, tree.leaves(block), structure, size)),
        None,
        structure.unflatten(head),
    )[1]
    flat, out_tree = tree.flatten(results)
    joined = [reshape(y, (whole, *typeof(y).shape[2:])) for y in flat]
    if whole < length:
        rest = [strided_slice(x, *_range(x, whole, length)) for x in leaves]
        last = tree.leaves(_mapped(f, rest, structure, length - whole))
        joined = [concatenate([a, b], 0) for a, b in zip(joined, last, strict=True)]
    return out_tree.unflatten(joined)


def _range(x: Any, start: int, stop: int) -> tuple[list[int], list[int]]:
    shape = typeof(x).shape
    return [start, *[0] * (len(shape) - 1)], [stop, *shape[1:]]


def _blocks(x: Any, start: int, stop: int, size: int) -> Any:
    """Entries along the first axis in blocks of one size."""
    part = strided_slice(x, *_range(x, start, stop))
    return reshape(part, ((stop - start) // size, size, *typeof(x).shape[1:]))


def _mapped(
    f: Callable[[Any], Any], leaves: Sequence[Any], structure: Any, size: int
) -> Any:
    """A function of each entry of a block, all at once."""
    found: list[Any] = []

    def flat(*row: Any) -> list[Any]:
        results, out_tree = tree.flatten(f(structure.unflatten(row)))
        found[:] = [out_tree]
        return results

    results, dims = batch(flat, size, leaves, [0] * len(leaves))
    ready = [align_batch(y, d, size) for y, d in zip(results, dims, strict=True)]
    return found[0].unflatten(ready)
