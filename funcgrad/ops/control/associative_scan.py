"""associative_scan: prefix combinations in a logarithmic number of steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from funcgrad import errors, tree
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.ops.arithmetic import add
from funcgrad.ops.joining import concatenate
from funcgrad.ops.reversal import rev
from funcgrad.ops.slicing import pad, strided_slice


def associative_scan(
    fn: Callable[[Any, Any], Any], elems: Any, reverse: bool = False, axis: int = 0
) -> Any:
    """Combinations of the first 1, 2, 3, ... entries by an associative operation.

    Parameters
    ----------
    fn : callable
        ``fn(a, b)`` combines two trees of ``elems``'s structure, entry by entry along
        the axis; associative.
    elems : tree of array
        Their lengths along ``axis`` are equal.
    reverse : bool
        Combine from the last entry to the first.
    axis : int

    Returns
    -------
    tree of array
        With the shapes of ``elems``.

    Raises
    ------
    ShapeError
        If the lengths differ.

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> fg.lax.associative_scan(np.multiply, np.array([1.0, 2.0, 3.0, 4.0]))
    array([ 1.,  2.,  6., 24.])
    """
    leaves, structure = tree.flatten(elems)
    axes = [axis % max(1, typeof(x).ndim) for x in leaves]
    lengths = {typeof(x).shape[a : a + 1] for x, a in zip(leaves, axes, strict=True)}
    if len(lengths) > 1 or () in lengths:
        raise errors.ShapeError(
            errors.message(
                "associative_scan takes arrays of one length along its axis.",
                where=user_frame(),
                got=", ".join(str(typeof(x)) for x in leaves),
                expected=f"equal lengths along axis {axis}",
                see=errors.ShapeError.page,
            )
        )
    if reverse:
        leaves = [rev(x, (a,)) for x, a in zip(leaves, axes, strict=True)]

    def combine(a: Sequence[Any], b: Sequence[Any]) -> list[Any]:
        result = fn(structure.unflatten(a), structure.unflatten(b))
        return structure.flatten_up_to(result, "fn(a, b)")

    results = _scan(combine, leaves, axes)
    if reverse:
        results = [rev(x, (a,)) for x, a in zip(results, axes, strict=True)]
    return structure.unflatten(results)


def _scan(
    combine: Callable[[Sequence[Any], Sequence[Any]], list[Any]],
    elems: list[Any],
    axes: Sequence[int],
) -> list[Any]:
    """Combine neighbours, scan those (half as many), and fill in the others."""
    length = typeof(elems[0]).shape[axes[0]] if elems else 0
    if length < 2:
        return elems

    def part(xs: Sequence[Any], start: int, stop: int | None, step: int) -> list[Any]:
        return [_slice(x, a, start, stop, step) for x, a in zip(xs, axes, strict=True)]

    pairs = combine(part(elems, 0, length - 1, 2), part(elems, 1, None, 2))
    odd = _scan(combine, pairs, axes)
    before = part(odd, 0, -1, 1) if length % 2 == 0 else odd
    even = combine(before, part(elems, 2, None, 2)) if length > 2 else None
    first = part(elems, 0, 1, 1)
    if even is None:
        even = first
    else:
        even = [
            concatenate([f, e], a) for f, e, a in zip(first, even, axes, strict=True)
        ]
    return [_interleave(e, o, a) for e, o, a in zip(even, odd, axes, strict=True)]


def _slice(x: Any, axis: int, start: int, stop: int | None, step: int) -> Any:
    shape = typeof(x).shape
    length = shape[axis]
    end = length if stop is None else stop if stop >= 0 else length + stop
    low, high = [0] * len(shape), list(shape)
    low[axis], high[axis] = start, end
    steps = [step if k == axis else 1 for k in range(len(shape))]
    return strided_slice(x, low, high, steps)


def _interleave(even: Any, odd: Any, axis: int) -> Any:
    """Entries of both in turn; ``even`` begins and may have one more."""
    aval = typeof(even)
    more = aval.shape[axis] - typeof(odd).shape[axis]
    zero = aval.dtype.type(0)

    def spread(x: Any, low: int, high: int) -> Any:
        config = [(0, 0, 0)] * aval.ndim
        config[axis] = (low, high, 1)
        return pad(x, zero, config)

    return add(spread(even, 0, 1 - more), spread(odd, 1, more))
