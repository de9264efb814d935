"""``x.at[index].set(value)`` and kin: a new array with some entries updated.

Known windows are read, changed and written back; other places are scattered to. Under
``jit`` the update happens in place wherever the old array is not needed any more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad import errors
from funcgrad.core.array import as_array
from funcgrad.core.dtypes import result_type_of
from funcgrad.core.numpy_protocol import defines_method
from funcgrad.core.source import user_frame
from funcgrad.core.trace import Tracer, typeof
from funcgrad.ops.arithmetic import add, div, mul, neg
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.index_expressions import (
    gather_numbers,
    read,
    static_window,
)
from funcgrad.ops.index_parsing import Plan, parse_index
from funcgrad.ops.iota import full
from funcgrad.ops.out_of_range import check_mode
from funcgrad.ops.powers import pow as power
from funcgrad.ops.reversal import rev
from funcgrad.ops.scatter_calls import (
    scatter,
    scatter_add,
    scatter_max,
    scatter_min,
    scatter_mul,
)
from funcgrad.ops.selection import max as maximum
from funcgrad.ops.selection import min as minimum
from funcgrad.ops.selection import select_n
from funcgrad.ops.structural import broadcast_to, reshape
from funcgrad.ops.window_update import update_slice

Combine = Callable[[Any, Any], Any]


class Places:
    """``x.at``: index it to say where."""

    __slots__ = ("array",)

    def __init__(self, array: Any) -> None:
        self.array = array

    def __getitem__(self, index: Any) -> IndexedPlaces:
        return IndexedPlaces(self.array, index)

    def __repr__(self) -> str:
        return f"{self.array!r}.at"


class IndexedPlaces:
    """``x.at[index]``: what to do there. Every method gives a new array.

    A traced index out of range is dropped by updates and clipped by ``get``, unless
    ``mode`` says otherwise: ``"clip"``, ``"fill"`` (or ``"drop"``) or
    ``"promise_in_bounds"``. A known one raises ``IndexError`` if no mode is given.
    Values are converted to the array's dtype. ``unique_indices`` promises that no
    entry is named twice, ``indices_are_sorted`` is accepted for JAX's sake.

    Examples
    --------
    >>> import numpy as np
    >>> x = at(np.zeros(4))
    >>> x[1:3].set(5.0)
    Array([0., 5., 5., 0.])
    >>> x[np.array([0, 0, 3])].add(1.0)
    Array([2., 0., 0., 1.])
    """

    __slots__ = ("array", "index")

    def __init__(self, array: Any, index: Any) -> None:
        self.array = array
        self.index = index

    def __repr__(self) -> str:
        return f"{self.array!r}.at[{self.index!r}]"

    def get(
        self,
        *,
        mode: Any = None,
        fill_value: Any = None,
        indices_are_sorted: bool = False,
        unique_indices: bool = False,
    ) -> Any:
        """The entries there; ``fill_value`` (NaN by default) outside with "fill"."""
        result = read(self.array, self.index, mode=mode, fill_value=fill_value)
        return as_array(result)

    def set(self, values: Any, **options: Any) -> Any:
        """``values`` there; of several for one entry the last counts."""
        return self._update(values, _replace, scatter, options)

    def add(self, values: Any, **options: Any) -> Any:
        """``values`` added there; all of them where an entry is named repeatedly."""
        return self._update(values, add, scatter_add, options)

    def subtract(self, values: Any, **options: Any) -> Any:
        """``values`` subtracted there."""
        values = convert_element_type(_array(values), typeof(self.array).dtype)
        return self._update(neg(values), add, scatter_add, options)

    def multiply(self, values: Any, **options: Any) -> Any:
        """Multiplied by ``values`` there."""
        return self._update(values, mul, scatter_mul, options)

    def divide(self, values: Any, **options: Any) -> Any:
        """Divided by ``values`` there."""
        return self._update(values, div, None, options)

    def power(self, values: Any, **options: Any) -> Any:
        """Raised to ``values`` there."""
        return self._update(values, power, None, options)

    def min(self, values: Any, **options: Any) -> Any:
        """The minimum with ``values`` there."""
        return self._update(values, minimum, scatter_min, options)

    def max(self, values: Any, **options: Any) -> Any:
        """The maximum with ``values`` there."""
        return self._update(values, maximum, scatter_max, options)

    def apply(self, function: Callable[[Any], Any], **options: Any) -> Any:
        """``function`` of the entries there, once where one is named repeatedly."""
        values = function(read(self.array, self.index, mode=options.get("mode")))
        return self._update(values, _replace, scatter, options)

    mul = multiply

    def _update(
        self, values: Any, combine: Combine, spread: Any, options: dict[str, Any]
    ) -> Any:
        options.pop("indices_are_sorted", None)
        options.pop("wrap_negative_indices", None)
        result = _updated(
            self.array, self.index, _array(values), combine, spread, **options
        )
        return as_array(result)


@defines_method("at")
def at(x: Any) -> Places:
    """Places of an array that can be read and updated: ``at(x)[index].set(value)``.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import lax
    >>> lax.at(np.zeros(3))[1].set(5.0)
    Array([0., 5., 0.])
    """
    return Places(x)


def _replace(old: Any, new: Any) -> Any:
    return new


def _array(values: Any) -> Any:
    if isinstance(values, (Tracer, np.ndarray, np.generic, bool, int, float, complex)):
        return values
    return np.asarray(values)


def _updated(
    x: Any,
    index: Any,
    values: Any,
    combine: Combine,
    spread: Any,
    *,
    mode: Any = None,
    unique_indices: bool = False,
) -> Any:
    known = check_mode(mode)
    dtype = typeof(x).dtype
    mask = _traced_mask(index)
    if mask is not None:
        return _where_mask(x, mask, values, combine)
    plan = parse_index(index, typeof(x).shape, lenient=known is not None)
    shape = typeof(x).shape
    x = reshape(x, plan.shape)
    if plan.is_static:
        result = _update_window(x, plan, values, combine)
    elif any(window.step != 1 for window in plan.windows.values()):
        result = _update_strided(x, plan, values, combine, spread, known)
    else:
        values = _spread_to(values, plan, dtype)
        result = _scattered(
            x, plan, values, combine, spread, known or "fill", unique_indices
        )
    return reshape(result, shape)


def _spread_to(values: Any, plan: Plan, dtype: Any) -> Any:
    """Values with the answer's shape, without new axes, in the array's dtype."""
    values = _fitted(convert_element_type(values, dtype), plan.result_shape)
    return reshape(values, plan.kept_shape)


def _fitted(values: Any, shape: Sequence[Any]) -> Any:
    """Values repeated to the shape of the places; extra axes of 1 in front may go."""
    given = typeof(values).shape
    extra = max(0, len(given) - len(shape))
    fits = all(n == 1 for n in given[:extra]) and all(
        n in (1, want) for n, want in zip(given[::-1], shape[::-1], strict=False)
    )
    if not fits:
        raise errors.ShapeError(
            errors.message(
                "the values do not fit the places that the index names.",
                where=user_frame(),
                got=f"values of shape {given}",
                expected=f"a shape that can be broadcast to {tuple(shape)}",
                see=errors.ShapeError.page,
            )
        )
    return broadcast_to(reshape(values, given[extra:]) if extra else values, shape)


def _scattered(
    x: Any,
    plan: Plan,
    values: Any,
    combine: Combine,
    spread: Any,
    mode: str,
    unique: bool,
) -> Any:
    """Update entries or windows at places that are data."""
    starts = [a for a, w in plan.windows.items() if w.size != plan.shape[a]]
    numbers = gather_numbers(plan, starts)
    positions = plan.positions(starts)
    unique = unique or not plan.common
    options: Any = {"mode": mode, "unique_indices": unique}
    if spread is not None:
        return spread(x, positions, values, numbers, **options)
    # The product of all divisors or exponents of an entry comes first.
    aval = typeof(x)
    ones = full(aval.shape, 1, aval.dtype)
    factors = scatter_mul(ones, positions, values, numbers, **options)
    return convert_element_type(combine(x, factors), aval.dtype)


def _update_window(x: Any, plan: Plan, values: Any, combine: Combine) -> Any:
    """Update a window at a known place: read, combine, write back."""
    aval = typeof(x)
    shape = tuple(
        plan.windows[axis].size if axis in plan.windows else 1
        for axis in range(aval.ndim)
    )
    if 0 in shape:
        return x
    dtype = result_type_of(x, values) if combine is not _replace else aval.dtype
    values = _fitted(convert_element_type(values, dtype), plan.result_shape)
    values = reshape(values, shape)
    if combine is not _replace:
        values = combine(static_window(x, plan), values)
    return _write_window(x, plan, convert_element_type(values, aval.dtype))


def _write_window(x: Any, plan: Plan, values: Any) -> Any:
    """``x`` with the window replaced."""
    windows = plan.windows
    backwards = [axis for axis, window in windows.items() if window.step < 0]
    if backwards:
        values = rev(values, backwards)
    rank = range(len(plan.shape))
    low = [windows[a].low if a in windows else plan.places[a] for a in rank]
    steps = [abs(windows[a].step) if a in windows else 1 for a in rank]
    return update_slice(x, values, low, steps)


def _update_strided(
    x: Any, plan: Plan, values: Any, combine: Combine, spread: Any, mode: str | None
) -> Any:
    """Strided slices beside index arrays: update the slice, then write it back."""
    outer = Plan(
        plan.shape,
        {
            axis: plan.windows.get(axis, _whole(plan.shape[axis]))
            for axis in range(len(plan.shape))
        },
        {},
        list(range(len(plan.shape))),
        0,
        (),
    )
    part = static_window(x, outer)
    windows = {axis: _whole(w.size) for axis, w in plan.windows.items()}
    inner = Plan(
        typeof(part).shape, windows, plan.places, plan.out, plan.block, plan.common
    )
    values = _spread_to(values, inner, typeof(x).dtype)
    part = _scattered(part, inner, values, combine, spread, mode or "fill", False)
    return _write_window(x, outer, part)


def _whole(extent: int) -> Any:
    return parse_index(slice(None), (extent,)).windows[0]


def _traced_mask(index: Any) -> Any:
    """The index, if it is a single traced mask."""
    if isinstance(index, tuple) and len(index) == 1:
        index = index[0]
    if isinstance(index, Tracer) and typeof(index).dtype.kind == "b":
        return index if index.concrete() is None else None
    return None


def _where_mask(x: Any, mask: Any, values: Any, combine: Combine) -> Any:
    """Update where a traced mask holds: one value for all entries, or for each row."""
    aval, rank = typeof(x), typeof(mask).ndim
    values = _fitted(values, aval.shape[rank:])
    spread = broadcast_to(values, aval.shape)
    changed = convert_element_type(combine(x, spread), aval.dtype)
    column = reshape(mask, (*typeof(mask).shape, *[1] * (aval.ndim - rank)))
    return select_n(broadcast_to(column, aval.shape), x, changed)
