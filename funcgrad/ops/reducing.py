"""``reduce`` and ``reduce_window`` by any associative operation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad import errors
from funcgrad.core.source import user_frame
from funcgrad.core.trace import Tracer, typeof
from funcgrad.ops.conv_dimensions import dilated, per_axis, resolve_padding
from funcgrad.ops.monoids import (
    Combine,
    entries_of,
    fold,
    fold_windows,
    known_operation,
    on_arrays,
)
from funcgrad.ops.reduction import (
    reduce_and,
    reduce_max,
    reduce_min,
    reduce_or,
    reduce_prod,
    reduce_xor,
)
from funcgrad.ops.slicing import pad
from funcgrad.ops.structural import broadcast_in_dim, reduce_sum
from funcgrad.ops.window_places import window_places
from funcgrad.ops.window_reductions import (
    reduce_window_max_p,
    reduce_window_min_p,
    reduce_window_sum_p,
)

_REDUCTIONS: dict[str, Callable[[Any, Sequence[int]], Any]] = {
    "add": reduce_sum,
    "mul": reduce_prod,
    "max": reduce_max,
    "min": reduce_min,
    "and": reduce_and,
    "or": reduce_or,
    "xor": reduce_xor,
}
_WINDOWS = {
    "add": reduce_window_sum_p,
    "max": reduce_window_max_p,
    "min": reduce_window_min_p,
}


def reduce(
    operands: Any,
    init_values: Any,
    computation: Callable[[Any, Any], Any],
    dimensions: Sequence[int],
) -> Any:
    """Entries along axes combined by any associative operation.

    Parameters
    ----------
    operands : tree of array
        Of one shape.
    init_values : tree of scalar
        What the result starts from, most often the operation's neutral element.
    computation : callable
        ``computation(x, y)`` combines two trees of entries; associative. Sums,
        products, extremes and logic are recognised and run as the reductions that they
        are; others take ``log2(n)`` steps, each over whole arrays.
    dimensions : sequence of int

    Returns
    -------
    tree of array
        Without these axes.

    Raises
    ------
    ShapeError, AxisError
        If the shapes differ, or an axis does not exist or is named twice.

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> x = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> fg.lax.reduce(x, 0.0, lambda a, b: a + b + a * b, (1,))
    array([ 5., 19.])
    """
    xs, starts, structure = entries_of("reduce", operands, init_values)
    shape = typeof(xs[0]).shape
    axes = _axes(dimensions, len(shape))
    combine = on_arrays(computation, structure)
    result = list(xs)
    if any(shape[axis] == 0 for axis in axes):
        kept = [n for axis, n in enumerate(shape) if axis not in axes]
        return structure.unflatten([broadcast_in_dim(s, kept, ()) for s in starts])
    name = known_operation(computation, typeof(xs[0])) if len(xs) == 1 else None
    if name is not None:
        result = [_REDUCTIONS[name](xs[0], axes)]
    else:
        for axis in reversed(axes):
            result = fold(combine, result, axis)
    return structure.unflatten(_started(combine, name, starts, result))


def _axes(dimensions: Sequence[int], rank: int) -> tuple[int, ...]:
    axes = tuple(sorted(int(axis) % rank if rank else int(axis) for axis in dimensions))
    bad = any(not -rank <= axis < rank for axis in dimensions)
    if bad or len(set(axes)) != len(axes):
        raise errors.AxisError(
            errors.message(
                "an axis to reduce does not exist or is named twice.",
                where=user_frame(),
                got=f"dimensions {tuple(dimensions)} of {rank} axes",
                see=errors.AxisError.page,
            )
        )
    return axes


def _started(
    combine: Combine, name: str | None, starts: Sequence[Any], result: Sequence[Any]
) -> list[Any]:
    """The results combined with what they start from, unless that changes nothing."""
    if name is not None and _is_neutral(name, starts[0]):
        return list(result)
    shape = typeof(result[0]).shape
    first = [broadcast_in_dim(start, shape, ()) for start in starts]
    return combine(first, result)


def _is_neutral(name: str, start: Any) -> bool:
    if isinstance(start, Tracer):
        return False
    value = np.asarray(start)
    if name in ("add", "or", "xor"):
        return not value.any()
    if name == "mul":
        return bool(value == 1)
    if value.dtype.kind == "b":
        return bool(value) == (name in ("and", "min"))
    if name == "and":
        return bool(value == np.invert(np.zeros((), value.dtype)))
    return bool(value == extreme_of(value.dtype, lowest=name == "max"))


def extreme_of(dtype: np.dtype[Any], *, lowest: bool) -> Any:
    """The smallest or the largest number of a dtype."""
    if dtype.kind == "f":
        return dtype.type(-np.inf if lowest else np.inf)
    if dtype.kind == "b":
        return np.bool_(not lowest)
    info = np.iinfo(dtype)
    return dtype.type(info.min if lowest else info.max)


def reduce_window(
    operand: Any,
    init_value: Any,
    computation: Callable[[Any, Any], Any],
    window_dimensions: Sequence[int] | int,
    window_strides: Sequence[int] | int | None = None,
    padding: str | Sequence[tuple[int, int]] = "VALID",
    base_dilation: Sequence[int] | int | None = None,
    window_dilation: Sequence[int] | int | None = None,
) -> Any:
    """Entries of windows that move along an array, combined by any operation: pooling.

    Parameters
    ----------
    operand : tree of array
        Of one shape.
    init_value : tree of scalar
        What every window starts from, and what stands around and between entries.
    computation : callable
        ``computation(x, y)``, associative. Sums and extremes are recognised; others
        take a number of steps that is logarithmic in the window.
    window_dimensions : sequence of int, one for each axis
    window_strides : sequence of int, optional
        1 by default.
    padding : {"SAME", "SAME_LOWER", "VALID"} or sequence of (low, high)
    base_dilation, window_dilation : sequence of int, optional
        Distance of the entries of the operand, and of those of a window.

    Returns
    -------
    tree of array

    Raises
    ------
    ShapeError
        If a sequence has another length than the array has axes.

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> x = np.array([1.0, 5.0, 2.0, 4.0])
    >>> fg.lax.reduce_window(x, -np.inf, np.maximum, (2,), (2,))
    array([5., 4.])
    """
    xs, starts, structure = entries_of("reduce_window", operand, init_value)
    shape = typeof(xs[0]).shape
    rank = len(shape)
    window = per_axis("window_dimensions", window_dimensions, rank)
    strides = per_axis("window_strides", window_strides, rank)
    base = per_axis("base_dilation", base_dilation, rank)
    dilation = per_axis("window_dilation", window_dilation, rank)
    spread = [dilated(n, d) for n, d in zip(shape, base, strict=True)]
    wide = [dilated(w, d) for w, d in zip(window, dilation, strict=True)]
    pads = resolve_padding(padding, spread, wide, strides)
    config = [(low, high, d - 1) for (low, high), d in zip(pads, base, strict=True)]
    result = [pad(x, start, config) for x, start in zip(xs, starts, strict=True)]
    combine = on_arrays(computation, structure)
    name = known_operation(computation, typeof(xs[0])) if len(xs) == 1 else None
    primitive = _WINDOWS.get(name or "")
    if primitive is not None and typeof(xs[0]).dtype.kind in primitive.kinds:
        numbers: Any = {"window": window, "strides": strides, "dilation": dilation}
        result = [primitive.bind(result[0], **numbers)]
    else:
        steps = zip(window, strides, dilation, strict=True)
        for axis, numbers in enumerate(steps):
            if numbers[:2] != (1, 1):
                result = fold_windows(combine, result, axis, *numbers)
    return structure.unflatten(_started(combine, name, starts, result))


def reduce_window_shape_tuple(
    operand_shape: Sequence[int],
    window_dimensions: Sequence[int],
    window_strides: Sequence[int],
    padding: Any,
    base_dilation: Sequence[int] | None = None,
    window_dilation: Sequence[int] | None = None,
) -> tuple[int, ...]:
    """The shape that `reduce_window` gives.

    Examples
    --------
    >>> reduce_window_shape_tuple((5, 6), (2, 3), (1, 2), "VALID")
    (4, 2)
    """
    rank = len(operand_shape)
    base = per_axis("base_dilation", base_dilation, rank)
    dilation = per_axis("window_dilation", window_dilation, rank)
    strides = per_axis("window_strides", window_strides, rank)
    spread = [dilated(n, d) for n, d in zip(operand_shape, base, strict=True)]
    wide = [dilated(w, d) for w, d in zip(window_dimensions, dilation, strict=True)]
    pads = resolve_padding(padding, spread, wide, strides)
    full = tuple(low + high + n for (low, high), n in zip(pads, spread, strict=True))
    return window_places(full, tuple(wide), strides, (1,) * rank)
