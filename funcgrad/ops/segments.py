"""Sums, products and extremes of the entries that share a segment number."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad import errors
from funcgrad.core.array import as_array
from funcgrad.core.source import user_frame
from funcgrad.core.trace import Tracer, typeof
from funcgrad.ops.arithmetic import add
from funcgrad.ops.bitwise import bitwise_and
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.comparison import ge, lt
from funcgrad.ops.iota import full
from funcgrad.ops.out_of_range import check_mode
from funcgrad.ops.reducing import extreme_of
from funcgrad.ops.reduction import reduce_max, reduce_min, reduce_prod
from funcgrad.ops.scatter_calls import (
    scatter_add,
    scatter_max,
    scatter_min,
    scatter_mul,
)
from funcgrad.ops.selection import clamp, select_n
from funcgrad.ops.structural import broadcast_in_dim, reduce_sum, reshape
from funcgrad.ops.windows import GatherDimensionNumbers

_REDUCTIONS: dict[Any, Callable[..., Any]] = {
    scatter_add: reduce_sum,
    scatter_mul: reduce_prod,
    scatter_max: reduce_max,
    scatter_min: reduce_min,
}


def segment_sum(
    data: Any,
    segment_ids: Any,
    num_segments: int | None = None,
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    bucket_size: int | None = None,
    mode: Any = None,
) -> Any:
    """The sum of the entries of each segment.

    Parameters
    ----------
    data : array, shape (n, ...)
    segment_ids : integer array, shape (n,)
        The segment of each entry, in any order. Those outside of [0, num_segments) are
        left out, unless ``mode`` says otherwise.
    num_segments : int, optional
        By default the largest number plus one, which has to be known: under `jit` it
        is needed.
    indices_are_sorted : bool
        Taken for compatibility; it makes no difference.
    unique_indices : bool
        Whether no number occurs twice.
    bucket_size : int, optional
        Add up so many entries at a time, and then those sums: rounding errors of long
        sums are smaller.
    mode : GatherScatterMode or str, optional

    Returns
    -------
    array, shape (num_segments, ...)
        0 for a segment without entries.

    Raises
    ------
    ShapeError
        If there is not one number for each entry.
    ConcretizationTypeError
        If the number of segments is needed and not known.

    Examples
    --------
    >>> import numpy as np
    >>> segment_sum(np.arange(5.0), np.array([0, 0, 1, 1, 2]))
    Array([1., 5., 4.])
    """
    start = typeof(data).dtype.type(0)
    options = (num_segments, unique_indices, bucket_size, mode)
    return _segments("segment_sum", scatter_add, start, data, segment_ids, *options)


def segment_prod(
    data: Any,
    segment_ids: Any,
    num_segments: int | None = None,
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    bucket_size: int | None = None,
    mode: Any = None,
) -> Any:
    """The product of the entries of each segment; 1 without entries.

    Parameters, answer and errors are those of `segment_sum`.

    Examples
    --------
    >>> import numpy as np
    >>> segment_prod(np.arange(1.0, 6.0), np.array([0, 0, 1, 1, 2]))
    Array([ 2., 12.,  5.])
    """
    start = typeof(data).dtype.type(1)
    options = (num_segments, unique_indices, bucket_size, mode)
    return _segments("segment_prod", scatter_mul, start, data, segment_ids, *options)


def segment_max(
    data: Any,
    segment_ids: Any,
    num_segments: int | None = None,
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    bucket_size: int | None = None,
    mode: Any = None,
) -> Any:
    """The largest entry of each segment; the lowest number there is without entries.

    Parameters, answer and errors are those of `segment_sum`.

    Examples
    --------
    >>> import numpy as np
    >>> segment_max(np.arange(5.0), np.array([0, 0, 1, 1, 2]))
    Array([1., 3., 4.])
    """
    start = extreme_of(typeof(data).dtype, lowest=True)
    options = (num_segments, unique_indices, bucket_size, mode)
    return _segments("segment_max", scatter_max, start, data, segment_ids, *options)


def segment_min(
    data: Any,
    segment_ids: Any,
    num_segments: int | None = None,
    indices_are_sorted: bool = False,
    unique_indices: bool = False,
    bucket_size: int | None = None,
    mode: Any = None,
) -> Any:
    """The smallest entry of each segment; the largest number there is without entries.

    Parameters, answer and errors are those of `segment_sum`.

    Examples
    --------
    >>> import numpy as np
    >>> segment_min(np.arange(5.0), np.array([0, 0, 1, 1, 2]))
    Array([0., 2., 4.])
    """
    start = extreme_of(typeof(data).dtype, lowest=False)
    options = (num_segments, unique_indices, bucket_size, mode)
    return _segments("segment_min", scatter_min, start, data, segment_ids, *options)


def _segments(
    name: str,
    spread: Callable[..., Any],
    start: Any,
    data: Any,
    ids: Any,
    count: int | None,
    unique: bool,
    bucket_size: int | None,
    mode: Any,
) -> Any:
    shape, places = typeof(data).shape, typeof(ids)
    if places.ndim != 1 or places.dtype.kind not in "iu" or shape[:1] != places.shape:
        raise errors.ShapeError(
            errors.message(
                f"`{name}` takes the segment of each entry along the first axis.",
                where=user_frame(),
                got=f"{typeof(data)} and segments {places}",
                expected="integers of shape (n,), n the length of the first axis",
                see=errors.ShapeError.page,
            )
        )
    count = _known_count(name, ids) if count is None else int(count)
    rows = count
    buckets = 1
    if bucket_size is not None:
        buckets = max(1, math.ceil(shape[0] / bucket_size))
        ids, rows = _bucketed(ids, count, bucket_size, mode), count * buckets
    numbers = GatherDimensionNumbers(tuple(range(1, len(shape))), (0,), (0,))
    result = spread(
        full((rows, *shape[1:]), start, typeof(data).dtype),
        reshape(ids, (shape[0], 1)),
        data,
        numbers,
        unique_indices=unique,
        mode=mode,
    )
    if buckets > 1:
        parts = reshape(result, (buckets, count, *shape[1:]))
        result = _REDUCTIONS[spread](parts, (0,))
    return as_array(result)


def _known_count(name: str, ids: Any) -> int:
    if isinstance(ids, Tracer):
        raise errors.ConcretizationTypeError(
            errors.message(
                f"`{name}` needs the number of segments: which there are is traced.",
                where=user_frame(),
                got=str(typeof(ids)),
                fix=f"{name}(data, segment_ids, num_segments=n)",
                see=errors.ConcretizationTypeError.page,
            )
        )
    numbers = np.asarray(ids)
    return max(0, int(numbers.max()) + 1) if numbers.size else 0


def _bucketed(ids: Any, count: int, bucket_size: int, mode: Any) -> Any:
    """Segments numbered anew in each bucket of entries; those left out still are."""
    wide = convert_element_type(ids, np.int64)
    if check_mode(mode) == "clip":
        wide = clamp(0, wide, count - 1)
    (extent,) = typeof(ids).shape
    first = np.arange(extent) // bucket_size * count
    inside = bitwise_and(ge(wide, 0), lt(wide, count))
    outside = broadcast_in_dim(np.int64(-1), (extent,), ())
    return select_n(inside, outside, add(wide, first))
