"""Convolutions as JAX calls them, over one primitive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from funcgrad.core.dtypes import canonical_dtype, result_type_of
from funcgrad.core.trace import typeof
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.conv_dimensions import (
    ConvDimensionNumbers,
    ConvGeneralDilatedDimensionNumbers,
    broken_rule,
    conv_dimension_numbers,
    dilated,
    per_axis,
    resolve_padding,
    transposed_pads,
)
from funcgrad.ops.convolution import Axes, ConvAxes
from funcgrad.ops.padded_convolution import padded_convolution
from funcgrad.ops.reversal import rev
from funcgrad.ops.structural import reshape, transpose


def conv_general_dilated(
    lhs: Any,
    rhs: Any,
    window_strides: Sequence[int],
    padding: str | Sequence[tuple[int, int]],
    lhs_dilation: Sequence[int] | None = None,
    rhs_dilation: Sequence[int] | None = None,
    dimension_numbers: ConvGeneralDilatedDimensionNumbers = None,
    feature_group_count: int = 1,
    batch_group_count: int = 1,
    precision: Any = None,
    preferred_element_type: Any = None,
) -> Any:
    """Convolution in any number of dimensions, with strides, dilation and groups.

    As in machine learning the window is not reversed: this is a cross-correlation.

    Parameters
    ----------
    lhs : array, shape (examples, features, space...) by default
    rhs : array, shape (new features, features // feature_group_count, windows...)
        By default. Promoted with ``lhs`` to one dtype.
    window_strides : sequence of int
        Steps of the window, one for each axis in space.
    padding : {"SAME", "SAME_LOWER", "VALID"} or sequence of (low, high)
        Zeros around ``lhs``; negative numbers take entries away.
    lhs_dilation, rhs_dilation : sequence of int, optional
        Distance of entries of ``lhs`` (a transposed convolution) and of the window.
    dimension_numbers : optional
        As for `conv_dimension_numbers`: say ``("NHWC", "HWIO", "NHWC")``.
    feature_group_count : int, optional
        Features are split into so many groups, each convolved on its own.
    batch_group_count : int, optional
        The same for examples.
    precision : optional
        Taken for compatibility; sums are made in the dtype of the operands.
    preferred_element_type : dtype, optional
        Dtype to compute and answer in.

    Returns
    -------
    array, shape (examples // batch_group_count, new features, space...) by default

    Raises
    ------
    ShapeError
        If ranks, features, groups and windows do not fit together.

    Examples
    --------
    >>> import numpy as np
    >>> images, kernel = np.ones((1, 5, 5, 2)), np.ones((3, 3, 2, 4))
    >>> numbers = ("NHWC", "HWIO", "NHWC")
    >>> conv_general_dilated(
    ...     images, kernel, (2, 2), "SAME", dimension_numbers=numbers
    ... ).shape
    (1, 3, 3, 4)
    """
    lhs, rhs = _promoted(lhs, rhs, preferred_element_type)
    left, right = typeof(lhs).shape, typeof(rhs).shape
    numbers = conv_dimension_numbers(left, right, dimension_numbers)
    rank = len(left) - 2
    strides = per_axis("window_strides", window_strides, rank)
    inner = per_axis("lhs_dilation", lhs_dilation, rank)
    dilation = per_axis("rhs_dilation", rhs_dilation, rank)
    if isinstance(padding, str) and max(inner, default=1) > 1:
        raise broken_rule(
            "padding by name is not defined for a dilated `lhs`",
            f"padding {padding!r}, lhs_dilation {inner}",
            "give pairs of numbers, or use conv_transpose",
        )
    space = [dilated(left[a], d) for a, d in zip(numbers.lhs_spec[2:], inner)]
    window = [dilated(right[a], d) for a, d in zip(numbers.rhs_spec[2:], dilation)]
    pads = resolve_padding(padding, space, window, strides)
    groups = _groups(left, right, numbers, feature_group_count, batch_group_count)
    steps = (pads, inner, strides, dilation)
    if groups == 1:
        return padded_convolution(lhs, rhs, _axes(numbers), *steps)
    return _grouped(lhs, rhs, numbers, groups, batch_group_count > 1, steps)


def _promoted(lhs: Any, rhs: Any, preferred: Any) -> tuple[Any, Any]:
    dtype = result_type_of(lhs, rhs)
    if preferred is not None:
        dtype = canonical_dtype(preferred)
    return convert_element_type(lhs, dtype), convert_element_type(rhs, dtype)


def _groups(
    left: Sequence[int],
    right: Sequence[int],
    numbers: ConvDimensionNumbers,
    feature_groups: int,
    batch_groups: int,
) -> int:
    """The number of groups, after a check that everything can be split into them."""
    groups = max(feature_groups, batch_groups)
    examples, features = (left[a] for a in numbers.lhs_spec[:2])
    new, summed = (right[a] for a in numbers.rhs_spec[:2])
    problem = ""
    if min(feature_groups, batch_groups) != 1:
        problem = "one of feature_group_count and batch_group_count is 1"
    elif features != summed * feature_groups:
        problem = (
            f"`lhs` has {features} features, `rhs` takes {summed} in each of "
            f"{feature_groups} groups"
        )
    elif new % groups or examples % batch_groups:
        problem = f"the new features or the examples are not split into {groups} groups"
    if problem:
        raise broken_rule(problem, f"shapes {left} and {right} by {numbers}")
    return groups


def _axes(numbers: ConvDimensionNumbers) -> ConvAxes:
    lhs, rhs, out = numbers
    return ConvAxes(
        ((), (lhs[0],), (lhs[1],), lhs[2:]),
        ((), (rhs[1],), (rhs[0],), rhs[2:]),
        ((), (out[0],), (out[1],), out[2:]),
    )


def _grouped(
    lhs: Any,
    rhs: Any,
    numbers: ConvDimensionNumbers,
    groups: int,
    by_batch: bool,
    steps: tuple[Any, Axes, Axes, Axes],
) -> Any:
    """The convolution with a new axis of groups in operands and answer."""
    plain = _axes(numbers)
    kind = 1 if by_batch else 2
    (split,), (new,), (made,) = plain.lhs[kind], plain.rhs[2], plain.out[2]
    axes = ConvAxes(
        _with_groups(plain.lhs, split),
        _with_groups(plain.rhs, new),
        _with_groups(plain.out, made),
    )
    left, right = _split(lhs, split, groups), _split(rhs, new, groups)
    result = padded_convolution(left, right, axes, *steps)
    shape = typeof(result).shape
    merged = shape[made] * shape[made + 1]
    return reshape(result, (*shape[:made], merged, *shape[made + 2 :]))


def _split(x: Any, axis: int, groups: int) -> Any:
    shape = typeof(x).shape
    parts = (groups, shape[axis] // groups)
    return reshape(x, (*shape[:axis], *parts, *shape[axis + 1 :]))


def _with_groups(kinds: tuple[Axes, ...], split: int) -> Any:
    """The axes after the groups were put before the axis ``split``."""
    moved = [tuple(a + 1 if a >= split else a for a in axes) for axes in kinds]
    return ((split,), *moved[1:])


def conv(
    lhs: Any,
    rhs: Any,
    window_strides: Sequence[int],
    padding: str,
    precision: Any = None,
    preferred_element_type: Any = None,
) -> Any:
    """Convolution of arrays with axes (examples, features, space...).

    Parameters and answer are those of `conv_general_dilated`.

    Raises
    ------
    ShapeError
        If ranks, features and windows do not fit together.

    Examples
    --------
    >>> import numpy as np
    >>> conv(np.ones((1, 2, 5)), np.ones((3, 2, 3)), (1,), "VALID").shape
    (1, 3, 3)
    """
    return conv_general_dilated(
        lhs,
        rhs,
        window_strides,
        padding,
        precision=precision,
        preferred_element_type=preferred_element_type,
    )


def conv_with_general_padding(
    lhs: Any,
    rhs: Any,
    window_strides: Sequence[int],
    padding: str | Sequence[tuple[int, int]],
    lhs_dilation: Sequence[int] | None,
    rhs_dilation: Sequence[int] | None,
    precision: Any = None,
    preferred_element_type: Any = None,
) -> Any:
    """`conv` with padding in numbers and dilation; see `conv_general_dilated`.

    Raises
    ------
    ShapeError
        If ranks, features and windows do not fit together.

    Examples
    --------
    >>> import numpy as np
    >>> x, w = np.ones((1, 2, 5)), np.ones((3, 2, 3))
    >>> conv_with_general_padding(x, w, (1,), [(1, 1)], (2,), None).shape
    (1, 3, 9)
    """
    return conv_general_dilated(
        lhs,
        rhs,
        window_strides,
        padding,
        lhs_dilation,
        rhs_dilation,
        precision=precision,
        preferred_element_type=preferred_element_type,
    )


def conv_transpose(
    lhs: Any,
    rhs: Any,
    strides: Sequence[int],
    padding: str | Sequence[tuple[int, int]],
    rhs_dilation: Sequence[int] | None = None,
    dimension_numbers: ConvGeneralDilatedDimensionNumbers = None,
    transpose_kernel: bool = False,
    precision: Any = None,
    preferred_element_type: Any = None,
    use_consistent_padding: bool = False,
) -> Any:
    """Transposed convolution ("deconvolution"): ``lhs`` grows by ``strides``.

    Parameters
    ----------
    lhs, rhs : array
        As for `conv_general_dilated`.
    strides : sequence of int
        Distance of the entries of ``lhs`` in the answer.
    padding : {"SAME", "VALID"} or sequence of (low, high)
        "SAME" gives ``extent * stride`` entries, "VALID" all that a window reaches.
        Pairs are zeros around the dilated ``lhs``, or with ``use_consistent_padding``
        the padding of the convolution that this one is the transpose of.
    rhs_dilation : sequence of int, optional
    dimension_numbers : optional
        By default of rank 3 to 5: features last, as ("NHWC", "HWIO", "NHWC").
    transpose_kernel : bool, optional
        Whether to reverse the window and swap its features, which makes this the
        derivative of the convolution with that window.
    precision, preferred_element_type : optional
        As for `conv_general_dilated`.
    use_consistent_padding : bool, optional

    Raises
    ------
    ShapeError
        If ranks, features and windows do not fit together.

    Examples
    --------
    >>> import numpy as np
    >>> x, w = np.ones((1, 4, 2)), np.ones((3, 2, 5))
    >>> conv_transpose(x, w, (2,), "SAME").shape
    (1, 8, 5)
    """
    left, right = typeof(lhs).shape, typeof(rhs).shape
    rank = len(left) - 2
    if dimension_numbers is None:
        letters = "DHW"[3 - rank :] if rank < 3 else "DHW"
        if not 1 <= rank <= 3:
            raise broken_rule(
                "dimension numbers are needed for this rank", f"shape {left}"
            )
        names = f"N{letters}C"
        dimension_numbers = (names, f"{letters}IO", names)
    numbers = conv_dimension_numbers(left, right, dimension_numbers)
    steps = per_axis("strides", strides, rank)
    dilation = per_axis("rhs_dilation", rhs_dilation, rank)
    window = [dilated(right[a], d) for a, d in zip(numbers.rhs_spec[2:], dilation)]
    pads: Any = padding
    if isinstance(padding, str):
        pads = [transposed_pads(k, s, padding) for k, s in zip(window, steps)]
    elif use_consistent_padding:
        pads = [
            (k - 1 - low, k - 1 - high)
            for k, (low, high) in zip(window, padding, strict=True)
        ]
    if transpose_kernel:
        out, summed, *space = numbers.rhs_spec
        rhs = rev(rhs, space)
        order = list(range(len(right)))
        order[out], order[summed] = summed, out
        rhs = transpose(rhs, order)
    return conv_general_dilated(
        lhs,
        rhs,
        (1,) * rank,
        pads,
        steps,
        dilation,
        numbers,
        precision=precision,
        preferred_element_type=preferred_element_type,
    )
