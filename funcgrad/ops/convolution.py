"""The convolution: windows of one operand contracted with another."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from funcgrad import errors
from funcgrad.core.aval import ShapedArray
from funcgrad.core.primitive import Primitive
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.core.vspace import Zero, add_tangents, zero_like
from funcgrad.deferred import deferred_module
from funcgrad.ops.cases import case, integers
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.iota import full
from funcgrad.ops.joining import stack
from funcgrad.ops.reversal import rev
from funcgrad.ops.slicing import pad_with_zeros, strided_slice
from funcgrad.ops.structural import (
    move_axis_to_front,
    reshape,
    transpose,
)
from funcgrad.ops.window_places import window_places
from funcgrad.transforms.transpose import is_linear

if TYPE_CHECKING:
    from funcgrad.compiler.lower import convolution
else:
    convolution = deferred_module("funcgrad.compiler.lower.convolution")

Axes = tuple[int, ...]


class ConvAxes(NamedTuple):
    """What each axis of the operands and the answer is, in this order:

    ``lhs`` : groups, examples, features that are summed over, space;
    ``rhs`` : groups, features that are summed over, new features, space;
    ``out`` : groups, examples, new features, space.

    There may be any number of axes of each kind: none has to be merged with another,
    and none is moved.
    """

    lhs: tuple[Axes, Axes, Axes, Axes]
    rhs: tuple[Axes, Axes, Axes, Axes]
    out: tuple[Axes, Axes, Axes, Axes]


def _last(rank: int) -> ConvAxes:
    """One axis of each kind but groups, features last."""
    space = tuple(range(1, rank + 1))
    within = tuple(range(rank))
    return ConvAxes(
        ((), (0,), (rank + 1,), space),
        ((), (rank,), (rank + 1,), within),
        ((), (0,), (rank + 1,), space),
    )


_FIRST = ConvAxes(
    ((), (0,), (1,), (2, 3)), ((), (1,), (0,), (2, 3)), ((), (0,), (1,), (2, 3))
)
_GROUPED = ConvAxes(
    ((2,), (0,), (3,), (1,)), ((1,), (2,), (3,), (0,)), ((2,), (0,), (3,), (1,))
)


class Convolution(Primitive):
    """Sums of products of windows of ``lhs`` with ``rhs``, which is not reversed.

    ``out[g, n, o, y] = sum over k, c of lhs[g, n, c, y * stride + k * dilation] *
    rhs[g, c, o, k]`` with axes as ``axes`` says. Linear in each operand: with respect
    to ``lhs`` its transpose is the convolution of the padded cotangent with the
    reversed ``rhs``, with respect to ``rhs`` that of ``lhs`` with the cotangent.
    Padding and a dilated ``lhs`` are a `pad` before it.
    """

    name = "conv"
    linear = True
    cases = tuple(
        case(lhs, rhs, axes=axes, strides=strides, dilation=dilation)
        for lhs, rhs, axes, strides, dilation in (
            ((2, 9, 3), (3, 3, 4), _last(1), (2,), (2,)),
            ((2, 5, 6, 2), (3, 2, 2, 17), _last(2), (1, 1), (1, 1)),
            ((2, 3, 5, 20), (4, 3, 2, 3), _FIRST, (2, 1), (1, 1)),
            ((2, 6, 3, 1), (3, 3, 1, 2), _GROUPED, (2,), (1,)),
            ((3, 5), (5, 2), _last(0), (), ()),
            ((0, 5, 1), (2, 1, 2), _last(1), (1,), (1,)),
            ((1, 2, 1), (2, 1, 2), _last(1), (1,), (2,)),
            (integers((1, 6, 2)), integers((2, 2, 3)), _last(1), (1,), (1,)),
        )
    )

    def evaluate(
        self, lhs: Any, rhs: Any, *, axes: ConvAxes, strides: Axes, dilation: Axes
    ) -> Any:
        lhs, rhs = np.asarray(lhs), np.asarray(rhs)
        out_space, kernel = _sizes(lhs.shape, rhs.shape, axes, strides, dilation)
        groups, examples, summed = (
            [lhs.shape[a] for a in kind] for kind in axes.lhs[:3]
        )
        new = [rhs.shape[a] for a in axes.rhs[2]]
        windows = _windows(lhs, axes, out_space, kernel, strides, dilation)
        inner = math.prod(kernel) * math.prod(summed)
        rows = math.prod(examples) * math.prod(out_space)
        left = windows.reshape(math.prod(groups), rows, inner)
        g, c, o, s = axes.rhs
        right = rhs.transpose([*g, *s, *c, *o])
        right = right.reshape(math.prod(groups), inner, math.prod(new))
        product = np.matmul(left, right)
        product = product.reshape([*groups, *examples, *out_space, *new])
        g, n, o, s = axes.out
        return product.transpose(np.argsort([*g, *n, *s, *o]))

    def abstract_eval(
        self,
        lhs: ShapedArray,
        rhs: ShapedArray,
        *,
        axes: ConvAxes,
        strides: Axes,
        dilation: Axes,
    ) -> ShapedArray:
        _check(lhs, rhs, axes)
        space, _ = _sizes(lhs.shape, rhs.shape, axes, strides, dilation)
        pairs = [
            *zip(axes.out[0], (lhs.shape[a] for a in axes.lhs[0]), strict=True),
            *zip(axes.out[1], (lhs.shape[a] for a in axes.lhs[1]), strict=True),
            *zip(axes.out[2], (rhs.shape[a] for a in axes.rhs[2]), strict=True),
            *zip(axes.out[3], space, strict=True),
        ]
        return lhs.update(shape=tuple(extent for _, extent in sorted(pairs)))

    def jvp(
        self,
        primals: Sequence[Any],
        tangents: Sequence[Any],
        *,
        axes: ConvAxes,
        strides: Axes,
        dilation: Axes,
    ) -> Any:
        params: Any = {"axes": axes, "strides": strides, "dilation": dilation}
        (lhs, rhs), (t_lhs, t_rhs) = primals, tangents
        y = self.bind(lhs, rhs, **params)
        total: Any = zero_like(y)
        if type(t_lhs) is not Zero:
            total = self.bind(t_lhs, rhs, **params)
        if type(t_rhs) is not Zero:
            total = add_tangents(total, self.bind(lhs, t_rhs, **params))
        return y, total

    def transpose(
        self,
        ct: Any,
        lhs: Any,
        rhs: Any,
        *,
        axes: ConvAxes,
        strides: Axes,
        dilation: Axes,
    ) -> list[Any]:
        if is_linear(lhs):
            shape = lhs.aval.shape
            return [cotangent_of_lhs(ct, shape, rhs, axes, strides, dilation), None]
        shape = rhs.aval.shape
        return [None, _cotangent_of_rhs(ct, lhs, shape, axes, strides, dilation)]

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        axes: ConvAxes,
        strides: Axes,
        dilation: Axes,
    ) -> Any:
        """A batch axis of both is a group, one of ``lhs`` examples, else features."""
        kind_lhs, kind_rhs, kind_out = (0, 0, 0)
        lhs, rhs = operands
        left, right = axes.lhs, axes.rhs
        if dims[1] is None:
            kind_lhs = kind_out = 1
        elif dims[0] is None:
            kind_rhs = kind_out = 2
        if dims[0] is not None:
            lhs = move_axis_to_front(lhs, dims[0])
            left = _with_front(left, kind_lhs)
        if dims[1] is not None:
            rhs = move_axis_to_front(rhs, dims[1])
            right = _with_front(right, kind_rhs)
        out = _with_front(axes.out, kind_out)
        axes = ConvAxes(left, right, out)
        return self.bind(lhs, rhs, axes=axes, strides=strides, dilation=dilation), 0

    def lower(
        self,
        ctx: Any,
        lhs: Any,
        rhs: Any,
        *,
        axes: ConvAxes,
        strides: Axes,
        dilation: Axes,
    ) -> Any:
        sizes = _sizes(lhs.shape, rhs.shape, axes, strides, dilation)
        form = convolution.Windowed(
            axes.lhs, axes.rhs, axes.out, *sizes, strides, dilation
        )
        return convolution.lower_windowed_product(ctx, lhs, rhs, form)


def _with_front(kinds: Sequence[Axes], kind: int) -> Any:
    """The axes after one of this kind was put in front."""
    moved = [tuple(axis + 1 for axis in axes) for axes in kinds]
    moved[kind] = (0, *moved[kind])
    return tuple(moved)


def _sizes(
    lhs: Sequence[int],
    rhs: Sequence[int],
    axes: ConvAxes,
    strides: Axes,
    dilation: Axes,
) -> tuple[Axes, Axes]:
    """Extents of the answer in space, and those of the windows."""
    kernel = tuple(rhs[a] for a in axes.rhs[3])
    extents = tuple(lhs[a] for a in axes.lhs[3])
    places = window_places(extents, kernel, strides, dilation)
    return tuple(n if k else 0 for n, k in zip(places, kernel, strict=True)), kernel


def _windows(
    lhs: Any, axes: ConvAxes, space: Axes, kernel: Axes, strides: Axes, dilation: Axes
) -> Any:
    """A view: groups, examples, places, then entries of the window and features."""
    steps = [lhs.strides[a] for a in axes.lhs[3]]
    g, n, c, _ = axes.lhs
    shape = [lhs.shape[a] for a in (*g, *n)] + [*space, *kernel]
    moves = [lhs.strides[a] for a in (*g, *n)]
    moves += [step * s for step, s in zip(steps, strides, strict=True)]
    moves += [step * d for step, d in zip(steps, dilation, strict=True)]
    shape += [lhs.shape[a] for a in c]
    moves += [lhs.strides[a] for a in c]
    if 0 in shape:
        return np.zeros(shape, lhs.dtype)
    return np.lib.stride_tricks.as_strided(lhs, shape, moves, writeable=False)


def cotangent_of_lhs(
    ct: Any, shape: Any, rhs: Any, axes: ConvAxes, strides: Axes, dilation: Axes
) -> Any:
    """``ct`` between zeros, convolved with the reversed ``rhs``.

    Where windows move by more than one entry, every ``stride``-th entry of ``lhs``
    meets the same part of ``rhs``: these phases are convolved one by one, so that no
    zeros are multiplied, and then put between each other.
    """
    rhs = convert_element_type(rhs, typeof(ct).dtype)
    apart = [k for k, (s, d) in enumerate(zip(strides, dilation)) if s > 1 and d == 1]
    own, kernel = axes.lhs[3], axes.rhs[3]
    steps = tuple(1 if k in apart else s for k, s in enumerate(strides))
    extents = list(shape)
    for k in apart:
        extents[own[k]] = -(-shape[own[k]] // strides[k])
    phases = []
    for phase in itertools.product(*(range(strides[k]) for k in apart)):
        start, step = [0] * typeof(rhs).ndim, [1] * typeof(rhs).ndim
        for k, first in zip(apart, phase, strict=True):
            start[kernel[k]] = min(first, typeof(rhs).shape[kernel[k]])
            step[kernel[k]] = strides[k]
        part = strided_slice(rhs, start, typeof(rhs).shape, step)
        phases.append(_dense_cotangent(ct, extents, part, axes, steps, dilation))
    if not apart:
        return phases[0]
    return _between_each_other(phases, shape, [(own[k], strides[k]) for k in apart])


def _between_each_other(
    phases: Sequence[Any], shape: Sequence[int], steps: Sequence[tuple[int, int]]
) -> Any:
    """One array from phases, the last of ``steps`` (axis, stride) running fastest."""
    extents = list(typeof(phases[0]).shape)
    rank, counts = len(extents), [stride for _, stride in steps]
    together = reshape(stack(phases, 0), (*counts, *extents))
    order: list[int] = []
    places = {axis: k for k, (axis, _) in enumerate(steps)}
    for axis in range(rank):
        order.append(len(counts) + axis)
        if axis in places:
            order.append(places[axis])
            extents[axis] *= counts[places[axis]]
    whole = reshape(transpose(together, order), extents)
    return strided_slice(whole, [0] * rank, shape)


def _dense_cotangent(
    ct: Any,
    shape: Sequence[int],
    rhs: Any,
    axes: ConvAxes,
    strides: Axes,
    dilation: Axes,
) -> Any:
    aval = typeof(ct)
    kernel = [typeof(rhs).shape[a] for a in axes.rhs[3]]
    if 0 in kernel:
        return full(shape, 0, aval.dtype)
    config = [(0, 0, 0)] * aval.ndim
    for at, own, k, s, d in zip(
        axes.out[3], axes.lhs[3], kernel, strides, dilation, strict=True
    ):
        around = (k - 1) * d
        covered = (aval.shape[at] - 1) * s + 1 if aval.shape[at] else 0
        config[at] = (around, shape[own] - covered, s - 1)
    g, c, o, space = axes.rhs
    return conv_p.bind(
        pad_with_zeros(ct, config),
        rev(rhs, space) if space else rhs,
        axes=ConvAxes(axes.out, (g, o, c, space), axes.lhs),
        strides=(1,) * len(space),
        dilation=dilation,
    )


def _cotangent_of_rhs(
    ct: Any, lhs: Any, shape: Any, axes: ConvAxes, strides: Axes, dilation: Axes
) -> Any:
    """The part of ``lhs`` that was read, convolved with ``ct`` as the windows."""
    aval = typeof(ct)
    if 0 in aval.shape:
        return full(shape, 0, aval.dtype)
    limit = list(typeof(lhs).shape)
    for own, at, k, s, d in zip(
        axes.lhs[3], axes.out[3], axes.rhs[3], strides, dilation, strict=True
    ):
        limit[own] = min(limit[own], (aval.shape[at] - 1) * s + (shape[k] - 1) * d + 1)
    lhs = strided_slice(lhs, [0] * len(limit), limit)
    (g, n, c, space), (og, on, oo, o_space) = axes.lhs, axes.out
    rg, rc, ro, r_space = axes.rhs
    return conv_p.bind(
        lhs,
        ct,
        axes=ConvAxes((g, c, n, space), (og, on, oo, o_space), (rg, rc, ro, r_space)),
        strides=dilation,
        dilation=strides,
    )


def _check(lhs: ShapedArray, rhs: ShapedArray, axes: ConvAxes) -> None:
    problem = ""
    for kind, other, what in ((0, 0, "groups"), (2, 1, "features")):
        left = [lhs.shape[a] for a in axes.lhs[kind]]
        right = [rhs.shape[a] for a in axes.rhs[other]]
        if left != right:
            problem = f"the operands have {left} and {right} {what}"
    if lhs.dtype != rhs.dtype:
        problem = "the operands have different dtypes"
    elif lhs.dtype.kind == "b":
        problem = "booleans are not numbers"
    if problem:
        raise errors.ShapeError(
            errors.message(
                f"the arrays can not be convolved: {problem}.",
                where=user_frame(),
                got=f"{lhs} and {rhs}",
                see=errors.ShapeError.page,
            )
        )


conv_p = Convolution()
