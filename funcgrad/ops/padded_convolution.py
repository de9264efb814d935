"""Convolutions of padded and dilated arrays, by the primitive that knows neither."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from funcgrad.core.aval import ShapedArray
from funcgrad.core.trace import typeof
from funcgrad.ops.conv_dimensions import dilated
from funcgrad.ops.convolution import Axes, ConvAxes, conv_p, cotangent_of_lhs
from funcgrad.ops.reversal import rev
from funcgrad.ops.slicing import pad_with_zeros


def padded_convolution(
    lhs: Any,
    rhs: Any,
    axes: ConvAxes,
    pads: Sequence[tuple[int, int]],
    inner: Axes,
    strides: Axes,
    dilation: Axes,
) -> Any:
    """The convolution of ``lhs`` with zeros around and between its entries."""
    aval = typeof(lhs)
    config = [(0, 0, 0)] * aval.ndim
    for axis, (low, high), d in zip(axes.lhs[3], pads, inner, strict=True):
        config[axis] = (low, high, d - 1)
    numbers: Any = {"axes": axes, "strides": strides, "dilation": dilation}
    if max(inner, default=1) > 1 and {*strides, *dilation} == {1}:
        shape = [
            max(0, dilated(n, step + 1) + low + high)
            for n, (low, high, step) in zip(aval.shape, config, strict=True)
        ]
        wide = ShapedArray(tuple(shape), aval.dtype)
        made = conv_p.abstract_eval(wide, typeof(rhs), **numbers).shape
        if 0 not in (*aval.shape, *made):
            return _without_zeros(lhs, rhs, axes, pads, inner, made)
    return conv_p.bind(pad_with_zeros(lhs, config), rhs, **numbers)


def _without_zeros(
    lhs: Any,
    rhs: Any,
    axes: ConvAxes,
    pads: Sequence[tuple[int, int]],
    inner: Axes,
    shape: Axes,
) -> Any:
    """The same as a part of the transpose of a strided convolution.

    That goes by phases, in which no zeros between entries are multiplied.
    """
    groups, summed, new, space = axes.rhs
    turned = ConvAxes(axes.out, (groups, new, summed, space), axes.lhs)
    whole, config = list(shape), [(0, 0, 0)] * len(shape)
    for at, own, (low, _) in zip(axes.out[3], space, pads, strict=True):
        before = typeof(rhs).shape[own] - 1 - low
        whole[at] = max(1, before + shape[at])
        config[at] = (-before, shape[at] + before - whole[at], 0)
    ones = (1,) * len(inner)
    kernel = rev(rhs, space)
    result = cotangent_of_lhs(lhs, whole, kernel, turned, inner, ones)
    return pad_with_zeros(result, config)
