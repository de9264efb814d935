"""Entries in reverse order along axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad.core.aval import ShapedArray
from funcgrad.ops.cases import case, integers
from funcgrad.ops.structural import Axes, LinearInOne, move_axis_to_front


class Rev(LinearInOne):
    """The order of entries reversed along ``dimensions``."""

    name = "rev"
    moves_entries = True
    cases = (
        case((5, 7), dimensions=(0,)),
        case((2, 3, 4), dimensions=(0, 2)),
        case((0,), dimensions=(0,)),
        case(integers((4,)), dimensions=(0,)),
    )

    def evaluate(self, x: Any, *, dimensions: Axes) -> Any:
        return np.flip(x, dimensions)

    def abstract_eval(self, x: ShapedArray, *, dimensions: Axes) -> ShapedArray:
        return x.update()

    def transpose(self, ct: Any, x: Any, *, dimensions: Axes) -> list[Any]:
        return [self.bind(ct, dimensions=dimensions)]

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        dimensions: Axes,
    ) -> Any:
        front = move_axis_to_front(operands[0], dims[0])
        return self.bind(front, dimensions=tuple(d + 1 for d in dimensions)), 0

    def lower(self, ctx: Any, x: Any, *, dimensions: Axes) -> Any:
        extents = [ctx.extent(n) for n in x.shape]

        def index(idx: Sequence[Any]) -> list[Any]:
            return [
                extents[axis] - 1 - i if axis in dimensions else i
                for axis, i in enumerate(idx)
            ]

        return ctx.view(x, x.shape, index)


rev_p = Rev()


def rev(x: Any, dimensions: Sequence[int]) -> Any:
    """``x`` reversed along ``dimensions``.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import lax
    >>> lax.rev(np.array([[1, 2], [3, 4]]), (0,))
    array([[3, 4],
           [1, 2]])
    """
    return rev_p.bind(x, dimensions=tuple(dimensions))
