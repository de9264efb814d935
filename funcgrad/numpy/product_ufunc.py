"""Universal functions of vectors and matrices, whose axes may be any of an array's."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad.docstrings import Docstring
from funcgrad.numpy.dispatch import to_array
from funcgrad.numpy.ufunc import Operation, Ufunc

_NOTES = """\
A universal function of the last axes, or of those that ``axis`` or ``axes`` name; the
axes before them are broadcast together, and dtypes promoted as NumPy does.
"""


class ProductUfunc(Ufunc):
    """A universal function such as ``matmul``, over the last axes unless told others.

    Parameters
    ----------
    numpy : np.ufunc
        The function on arrays.
    operation : callable
        The same on traced operands that have the dtypes of one of NumPy's loops.
    """

    __doc__ = Docstring(__doc__, "ufuncs", notes=_NOTES)

    def __init__(self, numpy: np.ufunc, operation: Operation) -> None:
        super().__init__(numpy, operation)
        inner, outer = str(numpy.signature).split("->")
        groups = [*inner.strip("()").split("),("), outer.strip("()")]
        self._core = [len(group.split(",")) if group else 0 for group in groups]

    def traced(
        self,
        *args: Any,
        axis: Any = None,
        axes: Any = None,
        keepdims: bool = False,
        **options: Any,
    ) -> Any:
        """The function on operands of which one at least is traced."""
        if axis is None and axes is None and not keepdims:
            return super().traced(*args, **options)
        if axis is not None:
            axes = [axis] * len(args)
        elif axes is None:
            axes = [tuple(range(-count, 0)) for count in self._core]
        operands = [
            np.moveaxis(to_array(x), places, tuple(range(-count, 0)))
            for x, places, count in zip(args, axes, self._core)
        ]
        y = super().traced(*operands, **options)
        if keepdims:
            return np.expand_dims(y, axes[0])
        if len(axes) == len(self._core) and self._core[-1]:
            return np.moveaxis(y, tuple(range(-self._core[-1], 0)), axes[-1])
        return y
