"""Source templates of reads and updates at places that are data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from funcgrad.core.jaxpr import Atom, Eqn
from funcgrad.export.numba_source import (
    Writer,
    dtype_text,
    scalar_text,
    shape_text,
    template,
)
from funcgrad.ops.windows import fill_for, window_sizes

_COMBINE = {
    "scatter": "{1}",
    "scatter_add": "{0} + {1}",
    "scatter_mul": "{0} * {1}",
    "scatter_min": "np.minimum({0}, {1})",
    "scatter_max": "np.maximum({0}, {1})",
}


@template("dynamic_slice")
def _dynamic_slice(w: Writer, eqn: Eqn) -> None:
    x, *starts = w.reads(eqn)
    sizes = eqn.params["slice_sizes"]
    w.assign(eqn, f"{x}[{_window(w, eqn.invars[0], starts, sizes)}].copy()")


@template("dynamic_update_slice")
def _dynamic_update_slice(w: Writer, eqn: Eqn) -> None:
    x, update, *starts = w.reads(eqn)
    sizes = eqn.invars[1].aval.shape
    window = _window(w, eqn.invars[0], starts, sizes)
    result = w.assign(eqn, f"{x}.copy()")
    w.line(f"{result}[{window}] = {update}")


def _window(w: Writer, x: Atom, starts: Sequence[str], sizes: Sequence[int]) -> str:
    """Ranges of a window that is moved into the array."""
    ranges = []
    for start, size, extent in zip(starts, sizes, x.aval.shape, strict=True):
        if size == extent:
            ranges.append(":")
            continue
        low = w.value(_clipped(start, extent - size))
        ranges.append(f"{low}:{low} + {size}")
    return ", ".join(ranges)


def _clipped(start: str, last: int) -> str:
    return f"min(max(np.int64({start}), 0), {last})"


@template("gather")
def _gather(w: Writer, eqn: Eqn) -> None:
    x, indices = w.reads(eqn)
    operand, aval, p = eqn.invars[0].aval, eqn.outvars[0].aval, eqn.params
    dtype = dtype_text(aval.dtype)
    if p["mode"] == "fill" or 0 in operand.shape:
        filling = scalar_text(fill_for(aval.dtype, p["fill_value"]), aval.dtype)
        result = w.value(f"np.full({shape_text(aval.shape)}, {filling}, {dtype})")
    else:
        result = w.value(f"np.empty({shape_text(aval.shape)}, {dtype})")
    if 0 not in operand.shape:
        # A window of one entry is read as a scalar of an array with dimensions.
        with _Windows(w, eqn, indices, aval.shape, p["slice_sizes"]) as (inside, place):
            at = ", ".join(place) or "()"
            w.line(f"{result}[{at}] = {x}[{', '.join(inside)}]")
    w.bind(eqn.outvars[0], result if aval.shape else f"{result}[()]")


@template(*_COMBINE)
def _scatter(w: Writer, eqn: Eqn) -> None:
    x, indices, updates = w.reads(eqn)
    operand, update = eqn.invars[0].aval, eqn.invars[2].aval
    result = w.assign(eqn, f"{x}.copy()")
    if 0 in operand.shape or 0 in update.shape:
        return
    numbers = eqn.params["dimension_numbers"]
    sizes = window_sizes(operand.ndim, update.shape, numbers)
    text = _COMBINE[eqn.primitive.name]
    if operand.dtype.kind == "b" and eqn.primitive.name == "scatter_add":
        text = "{0} | {1}"
    with _Windows(w, eqn, indices, update.shape, sizes) as (inside, place):
        target = f"{result}[{', '.join(inside)}]"
        entry = f"{updates}[{', '.join(place)}]" if place else updates
        w.line(f"{target} = {text.format(target, entry)}")


class _Windows:
    """Loops over all entries of all windows; gives their places on both sides."""

    def __init__(
        self,
        w: Writer,
        eqn: Eqn,
        indices: str,
        shape: Sequence[int],
        sizes: Sequence[int],
    ) -> None:
        self._w, self._eqn, self._indices = w, eqn, indices
        self._shape, self._sizes = shape, sizes
        self._open: list[Any] = []

    def __enter__(self) -> tuple[list[str], list[str]]:
        d = self._eqn.params["dimension_numbers"]
        operand = self._eqn.invars[0].aval
        place = [""] * len(self._shape)
        batch = [k for k in range(len(place)) if k not in d.offset_dims]
        outer = self._enter(self._w.loops([self._shape[k] for k in batch]))
        for k, index in zip(batch, outer, strict=True):
            place[k] = index
        starts = self._starts(operand.shape, outer)
        inner = self._enter(self._w.loops([self._shape[k] for k in d.offset_dims]))
        for k, index in zip(d.offset_dims, inner, strict=True):
            place[k] = index
        inside: list[list[str]] = [[] for _ in operand.shape]
        for axis, start in starts.items():
            inside[axis].append(start)
        for axis, k in d.offsets(operand.ndim):
            inside[axis].append(place[k])
        pairs = zip(d.operand_batching_dims, d.start_indices_batching_dims, strict=True)
        for axis, k in pairs:
            inside[axis].append(outer[k])
        return [" + ".join(parts) or "0" for parts in inside], place

    def _starts(self, extents: Sequence[int], outer: Sequence[str]) -> dict[int, str]:
        """Where the window begins along each axis that positions are given for."""
        w, p = self._w, self._eqn.params
        starts, tests = {}, []
        for k, axis in enumerate(p["dimension_numbers"].start_index_map):
            last = extents[axis] - self._sizes[axis]
            position = f"{self._indices}[{', '.join([*outer, str(k)])}]"
            if p["mode"] == "fill":
                starts[axis] = w.value(f"np.int64({position})")
                tests.append(f"0 <= {starts[axis]} <= {last}")
            else:
                starts[axis] = w.value(_clipped(position, max(last, 0)))
        if tests:
            self._enter(w.block(f"if {' and '.join(tests)}:"))
        return starts

    def _enter(self, context: Any) -> Any:
        self._open.append(context)
        return context.__enter__()

    def __exit__(self, *failure: object) -> None:
        for context in reversed(self._open):
            context.__exit__(*failure)
