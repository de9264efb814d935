"""``x[index]`` with all of NumPy's indices, and ``x.at[index].get``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad.core.numpy_protocol import defines_method
from funcgrad.core.trace import typeof
from funcgrad.ops.dynamic_slicing import dynamic_slice_p
from funcgrad.ops.index_parsing import Plan, parse_index
from funcgrad.ops.indexing import gather
from funcgrad.ops.out_of_range import check_mode
from funcgrad.ops.reversal import rev
from funcgrad.ops.slicing import strided_slice
from funcgrad.ops.structural import reshape
from funcgrad.ops.windows import GatherDimensionNumbers


@defines_method("getitem")
def getitem(x: Any, index: Any) -> Any:
    """``x[index]`` as NumPy has it; traced integers out of range are clipped.

    Parameters
    ----------
    x : array
    index : int, slice, None, ``...``, array of int or bool, or a tuple of these
        Integers and index arrays may be traced; masks may not.

    Returns
    -------
    array, dtype of ``x``

    Raises
    ------
    IndexOutOfBoundsError
        For a known index out of range.
    NonConcreteBooleanIndexError
        For a mask that is traced.

    Examples
    --------
    >>> import numpy as np
    >>> getitem(np.arange(6).reshape(2, 3), (slice(None), [2, 0])).tolist()
    [[2, 0], [5, 3]]
    """
    return read(x, index)


def read(x: Any, index: Any, *, mode: str | None = None, fill_value: Any = None) -> Any:
    """Entries of ``x``; with a mode, places out of range are clipped or filled."""
    known = check_mode(mode)
    plan = parse_index(index, typeof(x).shape, lenient=known is not None)
    x = reshape(x, plan.shape)
    if plan.is_static:
        return reshape(static_window(x, plan), plan.result_shape)
    if not plan.has_arrays and known != "fill":
        return reshape(_dynamic_window(x, plan), plan.result_shape)
    taken = gather(
        static_window(x, plan, whole=list(plan.places)),
        plan.positions(),
        gather_numbers(plan),
        [1 if axis in plan.places else plan.windows[axis].size for axis in _axes(plan)],
        mode=known or "clip",
        fill_value=fill_value,
    )
    return reshape(taken, plan.result_shape)


def _axes(plan: Plan) -> range:
    return range(len(plan.shape))


def static_window(x: Any, plan: Plan, *, whole: Sequence[int] = ()) -> Any:
    """Slices and known integers applied; indexed axes stay, with extent 1.

    Axes among ``whole`` are left as they are.
    """
    start, limit, strides, backwards = [], [], [], []
    for axis in _axes(plan):
        step = 1
        if axis in whole:
            low, high = 0, plan.shape[axis]
        elif axis in plan.windows:
            window = plan.windows[axis]
            low, high, step = window.low, window.low + window.span, abs(window.step)
            if window.step < 0:
                backwards.append(axis)
        else:
            low, high = plan.places[axis], plan.places[axis] + 1
        start.append(low)
        limit.append(high)
        strides.append(step)
    part = strided_slice(x, start, limit, strides)
    return rev(part, backwards) if backwards else part


def _dynamic_window(x: Any, plan: Plan) -> Any:
    """The same where some integers are traced, by one dynamic slice.

    Slices without steps are part of it, so that its transpose touches no more than what
    is read.
    """
    strided = [a for a, window in plan.windows.items() if abs(window.step) > 1]
    rest = [axis for axis in _axes(plan) if axis not in strided]
    part = static_window(x, plan, whole=rest)
    starts, sizes = [], []
    for axis, extent in enumerate(typeof(part).shape):
        if axis in strided:
            starts.append(np.int64(0))
            sizes.append(extent)
        elif axis in plan.windows:
            starts.append(np.int64(plan.windows[axis].low))
            sizes.append(plan.windows[axis].span)
        else:
            place = plan.places[axis]
            starts.append(np.int64(place) if type(place) is int else place)
            sizes.append(1)
    read = dynamic_slice_p.bind(part, *starts, slice_sizes=tuple(sizes))
    backwards = [a for a in rest if a in plan.windows and plan.windows[a].step < 0]
    return rev(read, backwards) if backwards else read


def gather_numbers(plan: Plan, starts: Sequence[int] = ()) -> GatherDimensionNumbers:
    """How positions, windows and the answer without new axes belong together.

    ``starts`` are the sliced axes whose starts are part of the positions.
    """
    indexed = tuple(sorted(plan.places))
    first, count = plan.kept_block, len(plan.common)
    kept = range(len(plan.windows) + count)
    offsets = tuple(k for k in kept if not first <= k < first + count)
    return GatherDimensionNumbers(offsets, indexed, tuple(sorted((*indexed, *starts))))
