"""Axis arguments as users write them to sorted non-negative axes, or an error."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from funcgrad import errors, ops
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof


def shape_error(
    problem: str, got: str, expected: str = "", fix: str = ""
) -> errors.ShapeError:
    """The error for arrays whose shapes do not fit a function."""
    page = errors.ShapeError.page
    text = errors.message(
        problem, where=user_frame(), got=got, expected=expected, fix=fix, see=page
    )
    return errors.ShapeError(text)


def canonical_axis(axis: Any, ndim: int) -> int:
    """One axis, counted from the front.

    Raises ``AxisError`` if the array has no such axis.
    """
    number = operator.index(axis)
    if not -ndim <= number < ndim:
        raise errors.AxisError(
            errors.message(
                f"axis {number} is out of bounds for array of dimension {ndim}.",
                where=user_frame(),
                got=f"axis={number}",
                expected=f"-{ndim} to {ndim - 1}" if ndim else "no axis: 0-d array",
                see=errors.AxisError.page,
            )
        )
    return number + ndim if number < 0 else number


def canonical_axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """Axes in increasing order; None means all.

    Raises ``AxisError`` if one does not exist or is named twice.
    """
    if axis is None:
        return tuple(range(ndim))
    return tuple(sorted(ordered_axes(axis, ndim)))


def ordered_axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """Axes in the order given, each once."""
    items = axis if isinstance(axis, (tuple, list)) else (axis,)
    axes = tuple(canonical_axis(item, ndim) for item in items)
    if len(set(axes)) != len(axes):
        raise errors.AxisError(
            errors.message(
                "an axis is named twice.",
                where=user_frame(),
                got=f"axis={axis}",
                expected="different axes",
                see=errors.AxisError.page,
            )
        )
    return axes


def insert_axes(x: Any, axes: Sequence[int]) -> Any:
    """``x`` with axes of extent 1 at these places of the result (sorted)."""
    shape = list(typeof(x).shape)
    for axis in axes:
        shape.insert(axis, 1)
    return ops.reshape(x, tuple(shape))
