"""Axes of a convolution, its padding by name, and the shape of its answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from funcgrad import errors
from funcgrad.core.source import user_frame

Axes = tuple[int, ...]
Pads = list[tuple[int, int]]


class ConvDimensionNumbers(NamedTuple):
    """Where the axes of a convolution stand in operands and answer.

    Attributes
    ----------
    lhs_spec : tuple of int
        Axis of the examples, axis of the features, then those of space.
    rhs_spec : tuple of int
        Axis of the answer's features, axis of the features summed over, then space.
    out_spec : tuple of int
        As ``lhs_spec``, for the answer.

    Examples
    --------
    >>> from funcgrad import lax
    >>> lax.conv_dimension_numbers((1, 3, 8), (6, 3, 3), ("NCH", "OIH", "NCH"))
    ConvDimensionNumbers(lhs_spec=(0, 1, 2), rhs_spec=(0, 1, 2), out_spec=(0, 1, 2))
    """

    lhs_spec: Axes
    rhs_spec: Axes
    out_spec: Axes


ConvGeneralDilatedDimensionNumbers = (
    ConvDimensionNumbers | tuple[str, str, str] | tuple[Axes, Axes, Axes] | None
)


def conv_dimension_numbers(
    lhs_shape: Sequence[int],
    rhs_shape: Sequence[int],
    dimension_numbers: ConvGeneralDilatedDimensionNumbers,
) -> ConvDimensionNumbers:
    """The axes of a convolution as numbers.

    Parameters
    ----------
    lhs_shape, rhs_shape : sequence of int
        Of one rank, 2 or more.
    dimension_numbers : None, three strings or ConvDimensionNumbers
        Strings name axes by letters: N (examples), C (features), O and I (features of
        the answer and of ``lhs``) and any others for space, as in ``("NHWC", "HWIO",
        "NHWC")``. None is "NCHW", "OIHW", "NCHW" and its like.

    Returns
    -------
    ConvDimensionNumbers

    Raises
    ------
    ShapeError
        If the ranks differ, or an axis is named twice or not at all.

    Examples
    --------
    >>> conv_dimension_numbers((1, 8, 8, 3), (3, 3, 3, 4), ("NHWC", "HWIO", "NHWC"))
    ConvDimensionNumbers(lhs_spec=(0, 3, 1, 2), rhs_spec=(3, 2, 0, 1),
                         out_spec=(0, 3, 1, 2))
    """
    rank = len(lhs_shape)
    if rank != len(rhs_shape) or rank < 2:
        raise broken_rule(
            "operands of a convolution have one rank, 2 or more",
            f"shapes {tuple(lhs_shape)} and {tuple(rhs_shape)}",
        )
    if dimension_numbers is None:
        axes = tuple(range(rank))
        return ConvDimensionNumbers(axes, axes, axes)
    lhs, rhs, out = dimension_numbers
    if isinstance(lhs, str):
        named = [(str(lhs), "NC"), (str(rhs), "OI"), (str(out), "NC")]
        space = [name for name in str(rhs) if name not in "OI"]
        specs = [_by_letters(text, ends, space, rank) for text, ends in named]
    else:
        specs = [tuple(int(axis) for axis in spec) for spec in (lhs, rhs, out)]
    for spec in specs:
        if sorted(spec) != list(range(rank)):
            raise broken_rule(
                f"dimension numbers name each of {rank} axes once",
                f"{dimension_numbers} for shapes {tuple(lhs_shape)} and "
                f"{tuple(rhs_shape)}",
            )
    return ConvDimensionNumbers(*specs)


def _by_letters(text: str, ends: str, space: Sequence[str], rank: int) -> Axes:
    names = [*ends, *space]
    if sorted(text) != sorted(names) or len(set(text)) != rank:
        raise broken_rule(
            f"dimension numbers name {rank} axes by letters, {ends[0]} and {ends[1]} "
            "among them and those of space alike in all three",
            repr(text),
        )
    return tuple(text.index(name) for name in names)


def padtype_to_pads(
    in_shape: Sequence[int],
    window_shape: Sequence[int],
    window_strides: Sequence[int],
    padding: str,
) -> Pads:
    """Entries before and after that "SAME", "SAME_LOWER" or "VALID" stand for.

    Parameters
    ----------
    in_shape, window_shape, window_strides : sequence of int
        Extents in space; those of windows with their dilation.
    padding : {"SAME", "SAME_LOWER", "VALID"}
        With "SAME" the answer has ``ceil(extent / stride)`` entries; of an odd number
        of entries one more goes to the end, with "SAME_LOWER" to the front.

    Returns
    -------
    list of (low, high)

    Raises
    ------
    ShapeError
        If the name is another.

    Examples
    --------
    >>> padtype_to_pads((5, 6), (3, 2), (1, 1), "SAME")
    [(1, 1), (0, 1)]
    """
    name = str(padding).upper()
    if name == "VALID":
        return [(0, 0)] * len(in_shape)
    if name not in ("SAME", "SAME_LOWER"):
        raise broken_rule("padding is SAME, SAME_LOWER, VALID or pairs", repr(padding))
    pads = []
    for extent, window, stride in zip(
        in_shape, window_shape, window_strides, strict=True
    ):
        total = max(0, (math.ceil(extent / stride) - 1) * stride + window - extent)
        half = total // 2
        low = half if name == "SAME" else total - half
        pads.append((low, total - low))
    return pads


def dilated(extent: int, dilation: int) -> int:
    """The extent with ``dilation - 1`` entries between each two."""
    return 0 if extent == 0 else (extent - 1) * dilation + 1


def resolve_padding(
    padding: Any, extents: Sequence[int], windows: Sequence[int], strides: Sequence[int]
) -> Pads:
    """Pairs of low and high, from pairs or a name; extents are dilated ones."""
    if isinstance(padding, str):
        return padtype_to_pads(extents, windows, strides, padding)
    pads = [(int(low), int(high)) for low, high in padding]
    return check_count("padding", pads, len(extents))


def per_axis(
    name: str, values: Sequence[int] | int | None, rank: int, default: int = 1
) -> Axes:
    """One positive integer for each axis in space."""
    if values is None:
        return (default,) * rank
    given = (values,) * rank if isinstance(values, int) else tuple(map(int, values))
    if any(value < 1 for value in given):
        raise broken_rule(f"`{name}` holds positive integers", str(given))
    return check_count(name, given, rank)


def check_count(name: str, values: Any, rank: int) -> Any:
    """``values``, if there is one for each axis in space."""
    if len(values) != rank:
        raise broken_rule(
            f"`{name}` has one entry for each of {rank} axes", str(values)
        )
    return values


def conv_shape_tuple(
    lhs_shape: Sequence[int],
    rhs_shape: Sequence[int],
    strides: Sequence[int],
    pads: Any,
    batch_group_count: int = 1,
) -> tuple[int, ...]:
    """The shape of the answer, axes in the order NC and OI, then space.

    Parameters
    ----------
    lhs_shape, rhs_shape : sequence of int
        Dilated extents.
    strides : sequence of int
    pads : str or sequence of (low, high)
    batch_group_count : int, optional

    Raises
    ------
    ShapeError
        If numbers of axes differ.

    Examples
    --------
    >>> conv_shape_tuple((2, 3, 8), (4, 3, 3), (1,), "VALID")
    (2, 4, 6)
    """
    pads = resolve_padding(pads, lhs_shape[2:], rhs_shape[2:], strides)
    space = [
        max(0, (low + high + extent - window) // stride + 1)
        for (low, high), extent, window, stride in zip(
            pads, lhs_shape[2:], rhs_shape[2:], strides, strict=True
        )
    ]
    return (lhs_shape[0] // batch_group_count, rhs_shape[0], *space)


def conv_general_permutations(
    dimension_numbers: tuple[str, str, str],
) -> tuple[Axes, Axes, Axes]:
    """Permutations that bring axes named by letters into the order NC, OI, NC.

    Examples
    --------
    >>> conv_general_permutations(("NWC", "WIO", "NWC"))
    ((0, 2, 1), (2, 1, 0), (0, 2, 1))
    """
    rank = len(dimension_numbers[0])
    numbers = conv_dimension_numbers((1,) * rank, (1,) * rank, dimension_numbers)
    return numbers.lhs_spec, numbers.rhs_spec, numbers.out_spec


def conv_general_shape_tuple(
    lhs_shape: Sequence[int],
    rhs_shape: Sequence[int],
    window_strides: Sequence[int],
    padding: Any,
    dimension_numbers: tuple[str, str, str],
) -> tuple[int, ...]:
    """The shape of a convolution whose axes are named by letters.

    Examples
    --------
    >>> names = ("NWC", "WIO", "NWC")
    >>> conv_general_shape_tuple((2, 8, 3), (3, 3, 4), (1,), "VALID", names)
    (2, 6, 4)
    """
    lhs, rhs, out = conv_general_permutations(dimension_numbers)
    left = [lhs_shape[axis] for axis in lhs]
    right = [rhs_shape[axis] for axis in rhs]
    made = conv_shape_tuple(left, right, window_strides, padding)
    return tuple(made[out.index(axis)] for axis in range(len(out)))


def conv_transpose_shape_tuple(
    lhs_shape: Sequence[int],
    rhs_shape: Sequence[int],
    window_strides: Sequence[int],
    padding: Any,
    dimension_numbers: tuple[str, str, str],
) -> tuple[int, ...]:
    """The shape of a transposed convolution; "SAME" and "VALID" are its own.

    Examples
    --------
    >>> names = ("NWC", "WIO", "NWC")
    >>> conv_transpose_shape_tuple((2, 8, 3), (3, 3, 4), (2,), "VALID", names)
    (2, 17, 4)
    """
    lhs, rhs, out = conv_general_permutations(dimension_numbers)
    left, right = [lhs_shape[a] for a in lhs], [rhs_shape[a] for a in rhs]
    pads = padding
    if isinstance(padding, str):
        pads = [
            transposed_pads(window, stride, padding)
            for window, stride in zip(right[2:], window_strides, strict=True)
        ]
    wide = [dilated(n, d) for n, d in zip(left[2:], window_strides, strict=True)]
    ones = (1,) * len(wide)
    made = conv_shape_tuple([*left[:2], *wide], right, ones, pads)
    return tuple(made[out.index(axis)] for axis in range(len(out)))


def transposed_pads(window: int, stride: int, padding: str) -> tuple[int, int]:
    """Zeros around the dilated operand that "SAME" and "VALID" stand for."""
    name = padding.upper()
    if name == "VALID":
        return window - 1, max(window, stride) - 1
    if name != "SAME":
        raise broken_rule("padding is SAME, VALID or pairs", repr(padding))
    total = window + stride - 2
    low = window - 1 if stride > window - 1 else -(-total // 2)
    return low, total - low


def broken_rule(rule: str, got: str, fix: str = "") -> errors.ShapeError:
    """The error for operands or numbers of a convolution that break a rule."""
    return errors.ShapeError(
        errors.message(
            f"{rule}.",
            where=user_frame(),
            got=got,
            fix=fix,
            see=errors.ShapeError.page,
        )
    )
