"""The space that a value's derivatives live in: ``vspace(x)``."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from funcgrad import tree
from funcgrad.core.trace import typeof
from funcgrad.flatten_util import ravel_pytree


def as_floats(x: Any) -> Any:
    """A pytree whose integers and bools are floats, so that they have derivatives."""

    def leaf(value: Any) -> Any:
        if typeof(value).differentiable:
            return value
        return value.astype(float) if hasattr(value, "astype") else float(value)

    return tree.map(leaf, x)


class VSpace:
    """The space of values with the structure, shapes and dtypes of a value.

    Parameters
    ----------
    value : pytree of arrays
    """

    def __init__(self, value: Any) -> None:
        leaves, self._treedef = tree.flatten(as_floats(value))
        self._avals = [typeof(leaf) for leaf in leaves]

    @property
    def shape(self) -> tuple[int, ...]:
        """Of an array; nested values have none."""
        (aval,) = self._avals
        return aval.shape

    @property
    def dtype(self) -> Any:
        (aval,) = self._avals
        return aval.dtype

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def iscomplex(self) -> bool:
        return any(aval.dtype.kind == "c" for aval in self._avals)

    @property
    def size(self) -> int:
        """The number of real coordinates."""
        return sum(a.size * (2 if a.dtype.kind == "c" else 1) for a in self._avals)

    def _full(self, fill: float) -> Any:
        arrays = [np.full(a.shape, fill, a.dtype) for a in self._avals]
        return self._treedef.unflatten(arrays)

    def zeros(self) -> Any:
        return self._full(0.0)

    def ones(self) -> Any:
        return self._full(1.0)

    def randn(self) -> Any:
        """Normal entries from NumPy's global generator, as Autograd's."""
        draw = np.random.standard_normal

        def array(aval: Any) -> Any:
            entries = np.asarray(draw(aval.shape))
            if aval.dtype.kind == "c":
                entries = entries + 1j * np.asarray(draw(aval.shape))
            return entries.astype(aval.dtype)

        return self._treedef.unflatten([array(aval) for aval in self._avals])

    def standard_basis(self) -> Iterator[Any]:
        """Values with one coordinate that is 1, or 1j, and zeros."""
        for number, aval in enumerate(self._avals):
            units = (1.0, 1.0j) if aval.dtype.kind == "c" else (1.0,)
            for position in range(aval.size):
                for unit in units:
                    arrays = [np.zeros(a.shape, a.dtype) for a in self._avals]
                    arrays[number].flat[position] = unit
                    yield self._treedef.unflatten(arrays)

    def add(self, x: Any, y: Any) -> Any:
        return tree.map(lambda a, b: a + b, x, y)

    def scalar_mul(self, x: Any, a: Any) -> Any:
        return tree.map(lambda leaf: leaf * a, x)

    def inner_prod(self, x: Any, y: Any) -> Any:
        """The sum of products of coordinates."""
        (a, _), (b, _) = ravel_pytree(x), ravel_pytree(y)
        return np.real(np.dot(np.conj(a), b))

    def covector(self, x: Any) -> Any:
        return tree.map(np.conj, x)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, VSpace) or self._treedef != other._treedef:
            return False
        pairs = itertools.zip_longest(self._avals, other._avals)
        return all(a.same_type(b) for a, b in pairs)

    def __hash__(self) -> int:
        return hash(tuple(a.strong() for a in self._avals))

    def __repr__(self) -> str:
        return f"VSpace({self._treedef.unflatten([str(a) for a in self._avals])})"


def vspace(value: Any) -> VSpace:
    """The space of a value; see `VSpace`.

    Examples
    --------
    >>> vspace([1.0, np.zeros(2)]).size
    3
    """
    return VSpace(value)
