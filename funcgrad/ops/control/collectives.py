"""Collectives: sums, means and extrema over an axis that an enclosing vmap named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad import errors, tree
from funcgrad.core.aval import ShapedArray
from funcgrad.core.primitive import Primitive
from funcgrad.core.source import user_frame
from funcgrad.core.trace import PYTHON_SCALARS, current_traces, typeof
from funcgrad.core.vspace import Zero, zero_like
from funcgrad.ops.arithmetic import div, mul, strong_mul
from funcgrad.ops.cases import case, integers
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.comparison import eq
from funcgrad.ops.iota import broadcasted_iota
from funcgrad.ops.reduction import reduce_max, reduce_min
from funcgrad.ops.selection import select_n
from funcgrad.ops.slicing_one_axis import index_in_dim
from funcgrad.ops.structural import (
    broadcast_in_dim,
    move_axis_to_front,
    reduce_sum,
    reshape,
)
from funcgrad.transforms.batch import BatchTrace


class Collective(Primitive):
    """Combines ``x`` over a mapped axis.

    ``lane``, the second operand, is the place along that axis. It varies along no
    other, so the trace that it belongs to is the one that combines; without, there is
    one lane.
    """

    # A batch of lanes is the axis that is combined, not a batch of collectives.
    cases = (
        case((2, 3), integers((), 0, 1)).batched_in(0),
        case((), integers((), 0, 1)).batched_in(0),
    )

    def asks_batch(self, **params: Any) -> bool:
        return True

    def evaluate(self, x: Any, lane: Any) -> Any:
        return x

    def abstract_eval(self, x: ShapedArray, lane: ShapedArray) -> ShapedArray:
        return x.strong()

    def combine(self, x: Any) -> Any:
        """The combination over the first axis."""
        raise NotImplementedError

    def alone(self, x: Any, size: int) -> Any:
        """The combination of ``size`` equal values."""
        raise NotImplementedError

    def batch(
        self, size: int, operands: Sequence[Any], dims: Sequence[Any]
    ) -> tuple[Any, Any]:
        x, lane = operands
        if dims[1] is None:
            return self.bind(x, lane), dims[0]
        if dims[0] is None:
            return self.alone(x, size), None
        return self.combine(move_axis_to_front(x, dims[0])), None

    def lower(self, ctx: Any, x: Any, lane: Any) -> Any:
        return x


class PSum(Collective):
    """The sum over a mapped axis; its own transpose."""

    name = "psum"
    linear = True

    def combine(self, x: Any) -> Any:
        return reduce_sum(x, (0,))

    def alone(self, x: Any, size: int) -> Any:
        return mul(x, size)

    def jvp(self, primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
        x, lane = primals
        y = self.bind(x, lane)
        if type(tangents[0]) is Zero:
            return y, zero_like(y)
        return y, self.bind(tangents[0], lane)

    def transpose(self, ct: Any, x: Any, lane: Any) -> list[Any]:
        return [self.bind(ct, lane), None]


psum_p = PSum()


class Extremum(Collective):
    """The largest or smallest value along a mapped axis; ties share the derivative."""

    def alone(self, x: Any, size: int) -> Any:
        return x

    def jvp(self, primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
        x, lane = primals
        y = self.bind(x, lane)
        if type(tangents[0]) is Zero:
            return y, zero_like(y)
        wins = convert_element_type(eq(x, y), typeof(y).dtype)
        share = div(wins, psum_p.bind(wins, lane))
        return y, psum_p.bind(strong_mul(tangents[0], share), lane)


class PMax(Extremum):
    """The largest value along a mapped axis."""

    name = "pmax"

    def combine(self, x: Any) -> Any:
        return reduce_max(x, (0,))


class PMin(Extremum):
    """The smallest value along a mapped axis."""

    name = "pmin"

    def combine(self, x: Any) -> Any:
        return reduce_min(x, (0,))


pmax_p = PMax()
pmin_p = PMin()


def _trace_of(axis_name: Any) -> BatchTrace:
    for trace in reversed(current_traces()):
        if isinstance(trace, BatchTrace) and trace.axis_name == axis_name:
            return trace
    names = [
        trace.axis_name
        for trace in current_traces()
        if isinstance(trace, BatchTrace) and trace.axis_name is not None
    ]
    raise errors.UnboundAxisNameError(
        errors.message(
            f"no enclosing vmap has an axis named {axis_name!r}.",
            where=user_frame(),
            got=", ".join(map(repr, names)) or "no named axis",
            expected=repr(axis_name),
            fix=f"vmap(f, axis_name={axis_name!r})",
            see=errors.UnboundAxisNameError.page,
        )
    )


def _names(axis_name: Any) -> Sequence[Any]:
    return axis_name if isinstance(axis_name, (tuple, list)) else (axis_name,)


def axis_index(axis_name: Any) -> Any:
    """The place along a mapped axis: 0, 1, ... as an int64 scalar.

    Parameters
    ----------
    axis_name : hashable

    Returns
    -------
    int64 scalar

    Raises
    ------
    UnboundAxisNameError
        If no enclosing `vmap` has that axis.

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> fg.vmap(lambda x: fg.lax.axis_index("i"), axis_name="i")(np.zeros(3))
    array([0, 1, 2])
    """
    trace = _trace_of(axis_name)
    return trace.wrap(np.arange(trace.size), 0)


def axis_size(axis_name: Any) -> int:
    """The length of a mapped axis, or the product of several.

    Parameters
    ----------
    axis_name : hashable, or tuple of them

    Returns
    -------
    int

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> fg.vmap(lambda x: x / fg.lax.axis_size("i"), axis_name="i")(np.array([1, 3]))
    array([0.5, 1.5])
    """
    size = 1
    for name in _names(axis_name):
        size *= _trace_of(name).size
    return size


def _apply(primitive: Primitive, x: Any, axis_name: Any) -> Any:
    def combine(leaf: Any) -> Any:
        for name in _names(axis_name):
            lane = axis_index(name)
            leaf = primitive.bind(
                np.asarray(leaf)[()] if type(leaf) in PYTHON_SCALARS else leaf, lane
            )
        return leaf

    return tree.map(combine, x)


def psum(x: Any, axis_name: Any) -> Any:
    """The sum over a mapped axis.

    Parameters
    ----------
    x : tree of array
    axis_name : hashable, or tuple of them

    Returns
    -------
    tree of array
        The same along the axis.

    Raises
    ------
    UnboundAxisNameError
        If no enclosing `vmap` has that axis.

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> fg.vmap(lambda x: x / fg.lax.psum(x, "i"), axis_name="i")(np.array([1.0, 3.0]))
    array([0.25, 0.75])
    """
    if type(x) in PYTHON_SCALARS:
        return x * axis_size(axis_name)
    return _apply(psum_p, x, axis_name)


def pmean(x: Any, axis_name: Any) -> Any:
    """The mean over a mapped axis; see `psum`.

    Parameters
    ----------
    x : tree of array
    axis_name : hashable, or tuple of them

    Returns
    -------
    tree of array

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> fg.vmap(lambda x: x - fg.lax.pmean(x, "i"), axis_name="i")(np.array([1.0, 3.0]))
    array([-1.,  1.])
    """
    size = axis_size(axis_name)
    return tree.map(lambda leaf: div(leaf, size), _apply(psum_p, x, axis_name))


def pmax(x: Any, axis_name: Any) -> Any:
    """The largest value along a mapped axis; see `psum`.

    Parameters
    ----------
    x : tree of array
    axis_name : hashable, or tuple of them

    Returns
    -------
    tree of array

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> fg.vmap(lambda x: x / fg.lax.pmax(x, "i"), axis_name="i")(np.array([1.0, 4.0]))
    array([0.25, 1.  ])
    """
    return _apply(pmax_p, x, axis_name)


def pmin(x: Any, axis_name: Any) -> Any:
    """The smallest value along a mapped axis; see `psum`.

    Parameters
    ----------
    x : tree of array
    axis_name : hashable, or tuple of them

    Returns
    -------
    tree of array

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> fg.vmap(lambda x: x - fg.lax.pmin(x, "i"), axis_name="i")(np.array([1.0, 3.0]))
    array([0., 2.])
    """
    return _apply(pmin_p, x, axis_name)


def all_gather(x: Any, axis_name: Any, *, axis: int = 0, tiled: bool = False) -> Any:
    """The values along a mapped axis as an array, the same for all of them.

    Parameters
    ----------
    x : tree of array
    axis_name : hashable
    axis : int
        Where the new axis goes.
    tiled : bool
        Join along the existing ``axis`` instead of making a new one.

    Returns
    -------
    tree of array

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> fg.vmap(lambda x: fg.lax.all_gather(x, "i"), axis_name="i")(np.array([1, 2]))
    array([[1, 2],
           [1, 2]])
    """
    return tree.map(lambda leaf: _gather(leaf, axis_name, axis, tiled), x)


def _gather(x: Any, axis_name: Any, axis: int, tiled: bool) -> Any:
    lane, size = axis_index(axis_name), axis_size(axis_name)
    aval = typeof(x)
    ndim = aval.ndim + 1
    axis %= aval.ndim if tiled else ndim
    shape = (*aval.shape[:axis], size, *aval.shape[axis:])
    into = [k for k in range(ndim) if k != axis]
    own = eq(broadcasted_iota(np.int64, shape, axis), lane)
    spread = broadcast_in_dim(x, shape, into)
    zero = broadcast_in_dim(aval.dtype.type(0), shape, ())
    gathered = psum_p.bind(select_n(own, zero, spread), lane)
    if not tiled:
        return gathered
    joined = (*aval.shape[:axis], size * aval.shape[axis], *aval.shape[axis + 1 :])
    return reshape(gathered, joined)


def ppermute(x: Any, axis_name: Any, perm: Sequence[tuple[int, int]]) -> Any:
    """Values sent along a mapped axis, zero where none arrives.

    Parameters
    ----------
    x : tree of array
    axis_name : hashable
    perm : sequence of (source, destination)

    Returns
    -------
    tree of array

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> shift = lambda x: fg.lax.ppermute(x, "i", [(0, 1), (1, 2)])
    >>> fg.vmap(shift, axis_name="i")(np.array([1.0, 2.0, 3.0]))
    array([0., 1., 2.])
    """
    lane, size = axis_index(axis_name), axis_size(axis_name)
    sources = np.full(size, -1)
    for source, destination in perm:
        sources[destination] = source

    def send(leaf: Any) -> Any:
        gathered = _gather(leaf, axis_name, 0, tiled=False)
        result = broadcast_in_dim(typeof(leaf).dtype.type(0), typeof(leaf).shape, ())
        for destination in range(size):
            if sources[destination] >= 0:
                value = index_in_dim(gathered, int(sources[destination]), 0, False)
                result = select_n(eq(lane, destination), result, value)
        return result

    return tree.map(send, x)
