"""Updates of an array at positions that are data: replace, multiply, minimum, maximum.

``scatter_add`` stands with ``gather``, its transpose.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from funcgrad.core.trace import typeof
from funcgrad.core.vspace import Zero, add_tangents, zero_like
from funcgrad.ops.arithmetic import add, div, mul, strong_mul, sub
from funcgrad.ops.bitwise import bitwise_or
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.comparison import eq, ne
from funcgrad.ops.indexing import gather, scatter_add_p
from funcgrad.ops.iota import full, instantiate, iota, zeros_of
from funcgrad.ops.scatter_family import ScatterFamily, scatter_cases
from funcgrad.ops.structural import reshape
from funcgrad.ops.windows import GatherDimensionNumbers, window_sizes
from funcgrad.transforms.transpose import is_linear

Axes = tuple[int, ...]


class ScatterDimensionNumbers(NamedTuple):
    """JAX's words for the axes of a scatter; the gather's numbers by other names.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import lax
    >>> numbers = lax.ScatterDimensionNumbers((), (0,), (0,))
    >>> lax.scatter(np.zeros(3), np.array([[2]]), np.array([5.0]), numbers)
    array([0., 0., 5.])
    """

    update_window_dims: Axes
    inserted_window_dims: Axes
    scatter_dims_to_operand_dims: Axes
    operand_batching_dims: Axes = ()
    scatter_indices_batching_dims: Axes = ()


class Scatter(ScatterFamily):
    """Windows replaced by updates; the last update of an entry wins."""

    name = "scatter"
    cases = scatter_cases
    linear = True

    def jvp(
        self,
        primals: Sequence[Any],
        tangents: Sequence[Any],
        *,
        dimension_numbers: GatherDimensionNumbers,
        mode: str,
        unique_indices: bool,
    ) -> Any:
        params: Any = {
            "dimension_numbers": dimension_numbers,
            "mode": mode,
            "unique_indices": unique_indices,
        }
        y = self.bind(*primals, **params)
        t, _, t_updates = tangents
        if type(t) is Zero and type(t_updates) is Zero:
            return y, zero_like(y)
        return y, self.bind(
            instantiate(t), primals[1], instantiate(t_updates), **params
        )

    def transpose(
        self,
        ct: Any,
        operand: Any,
        indices: Any,
        updates: Any,
        *,
        dimension_numbers: GatherDimensionNumbers,
        mode: str,
        unique_indices: bool,
    ) -> list[Any]:
        params: Any = {"dimension_numbers": dimension_numbers, "mode": mode}
        aval = updates.aval if is_linear(updates) else typeof(updates)
        ct_operand = ct_updates = None
        # Read before the places are cleared, which is done in place where it can be.
        if is_linear(updates):
            ct_updates = _read(ct, indices, aval.shape, fill_value=0, **params)
            if not unique_indices:
                won = _winners(typeof(ct).shape, indices, aval.shape, **params)
                ct_updates = strong_mul(
                    ct_updates, convert_element_type(won, aval.dtype)
                )
        if is_linear(operand):
            ct_operand = self.bind(
                ct, indices, zeros_of(aval), unique_indices=unique_indices, **params
            )
        return [ct_operand, None, ct_updates]


def _read(
    x: Any,
    indices: Any,
    updates_shape: Sequence[Any],
    *,
    dimension_numbers: GatherDimensionNumbers,
    mode: str,
    fill_value: Any,
) -> Any:
    """What stands where the updates go."""
    d = dimension_numbers
    sizes = window_sizes(typeof(x).ndim, updates_shape, d)
    return gather(x, indices, d, sizes, mode=mode, fill_value=fill_value)


def _winners(
    shape: Sequence[Any], indices: Any, updates_shape: Sequence[Any], **params: Any
) -> Any:
    """Which updates are still there at the end: their number is read back."""
    count = int(np.prod(updates_shape))
    numbers = reshape(iota(np.int64, count), updates_shape)
    written = scatter_p.bind(
        full(shape, -1, np.int64), indices, numbers, unique_indices=False, **params
    )
    read = _read(written, indices, updates_shape, fill_value=-1, **params)
    return eq(read, numbers)


scatter_p = Scatter()


class ScatterMul(ScatterFamily):
    """Windows multiplied by updates; linear in the operand.

    Notes
    -----
    Where an entry has several updates, the derivative with respect to one is the
    product of the others, with zeros counted apart. Second derivatives with respect to
    two updates of one entry are exact unless one of them is zero.
    """

    name = "scatter_mul"
    cases = scatter_cases
    linear = True
    ufunc = np.multiply

    def combine(self, b: Any, old: Any, new: Any) -> Any:
        return b.mul(old, new)

    def jvp(
        self,
        primals: Sequence[Any],
        tangents: Sequence[Any],
        *,
        dimension_numbers: GatherDimensionNumbers,
        mode: str,
        unique_indices: bool,
    ) -> Any:
        params: Any = {"dimension_numbers": dimension_numbers, "mode": mode}
        operand, indices, updates = primals
        t, _, t_updates = tangents
        y = self.bind(*primals, unique_indices=unique_indices, **params)
        total: Any = zero_like(y)
        if type(t) is not Zero:
            total = self.bind(
                t, indices, updates, unique_indices=unique_indices, **params
            )
        if type(t_updates) is not Zero:
            factor = _read(
                operand, indices, typeof(updates).shape, fill_value=0, **params
            )
            if not unique_indices:
                others = _product_of_others(operand, indices, updates, **params)
                factor = mul(factor, others)
            part = scatter_add_p.bind(
                zeros_of(typeof(y)),
                indices,
                strong_mul(t_updates, factor),
                unique_indices=unique_indices,
                **params,
            )
            total = add_tangents(total, part)
        return y, total

    def transpose(
        self,
        ct: Any,
        operand: Any,
        indices: Any,
        updates: Any,
        *,
        dimension_numbers: GatherDimensionNumbers,
        mode: str,
        unique_indices: bool,
    ) -> list[Any]:
        ct_operand = self.bind(
            ct,
            indices,
            updates,
            dimension_numbers=dimension_numbers,
            mode=mode,
            unique_indices=unique_indices,
        )
        return [ct_operand, None, None]


scatter_mul_p = ScatterMul()


def _product_of_others(operand: Any, indices: Any, updates: Any, **params: Any) -> Any:
    """For each update the product of all other updates of its entry."""
    aval = typeof(operand)
    zero = convert_element_type(eq(updates, 0), aval.dtype)
    nonzero = add(updates, zero)
    ones = full(aval.shape, 1, aval.dtype)
    product = scatter_mul_p.bind(ones, indices, nonzero, unique_indices=False, **params)
    zeros = scatter_add_p.bind(
        zeros_of(aval), indices, zero, unique_indices=False, **params
    )
    shape = typeof(updates).shape
    products = div(_read(product, indices, shape, fill_value=1, **params), nonzero)
    elsewhere = sub(_read(zeros, indices, shape, fill_value=0, **params), zero)
    return mul(products, convert_element_type(eq(elsewhere, 0), aval.dtype))


class ScatterExtremum(ScatterFamily):
    """Minimum or maximum of windows and updates; ties share the derivative equally."""

    def jvp(
        self,
        primals: Sequence[Any],
        tangents: Sequence[Any],
        *,
        dimension_numbers: GatherDimensionNumbers,
        mode: str,
        unique_indices: bool,
    ) -> Any:
        params: Any = {"dimension_numbers": dimension_numbers, "mode": mode}
        unique: Any = {"unique_indices": unique_indices}
        operand, indices, updates = primals
        t, _, t_updates = tangents
        y = self.bind(*primals, **unique, **params)
        if type(t) is Zero and type(t_updates) is Zero:
            return y, zero_like(y)
        dtype = typeof(y).dtype
        shape = typeof(updates).shape
        here = convert_element_type(bitwise_or(eq(operand, y), ne(y, y)), dtype)
        there = _read(y, indices, shape, fill_value=0, **params)
        given = convert_element_type(eq(updates, there), dtype)
        counts = scatter_add_p.bind(here, indices, given, **unique, **params)
        base = zero_like(y) if type(t) is Zero else strong_mul(t, here)
        if type(t_updates) is not Zero:
            part = strong_mul(t_updates, given)
            base = scatter_add_p.bind(
                instantiate(base), indices, part, **unique, **params
            )
        return y, strong_mul(base, div(1, counts))


class ScatterMin(ScatterExtremum):
    """The minimum of windows and updates."""

    name = "scatter_min"
    cases = scatter_cases
    ufunc = np.minimum

    def combine(self, b: Any, old: Any, new: Any) -> Any:
        return b.min(old, new)


class ScatterMax(ScatterExtremum):
    """The maximum of windows and updates."""

    name = "scatter_max"
    cases = scatter_cases
    ufunc = np.maximum

    def combine(self, b: Any, old: Any, new: Any) -> Any:
        return b.max(old, new)


scatter_min_p = ScatterMin()
scatter_max_p = ScatterMax()
