"""Source templates of reads and updates at places that are data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from funcgrad.core.jaxpr import Atom, Eqn
from funcgrad.export.numba_source import (
    Writer,
    empty_text,
    full_text,
    scalar_text,
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
    if p["mode"] == "fill" or 0 in operand.shape:
        filling = scalar_text(fill_for(aval.dtype, p["fill_value"]), aval.dtype)
        result = w.value(full_text(aval, filling))
    else:
        result = w.value(empty_text(aval))
    if 0 not in operand.shape:
        # A window of one entry is read as a scalar of an array with dimensions.
        with _windows(w, eqn, indices, aval.shape, p["slice_sizes"]) as (inside, place):
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
    with _windows(w, eqn, indices, update.shape, sizes) as (inside, place):
        target = f"{result}[{', '.join(inside)}]"
        entry = f"{updates}[{', '.join(place)}]" if place else updates
        w.line(f"{target} = {text.format(target, entry)}")


@contextmanager
def _windows(
    w: Writer, eqn: Eqn, indices: str, shape: Sequence[int], sizes: Sequence[int]
) -> Iterator[tuple[list[str], list[str]]]:
    """Loops over all entries of all windows; gives their places on both sides."""
    d = eqn.params["dimension_numbers"]
    operand = eqn.invars[0].aval
    place = [""] * len(shape)
    batch = [k for k in range(len(place)) if k not in d.offset_dims]
    with ExitStack() as blocks:
        outer = blocks.enter_context(w.loops([shape[k] for k in batch]))
        for k, index in zip(batch, outer, strict=True):
            place[k] = index
        starts, tests = _starts(w, eqn, indices, sizes, outer)
        if tests:
            blocks.enter_context(w.block(f"if {' and '.join(tests)}:"))
        inner = blocks.enter_context(w.loops([shape[k] for k in d.offset_dims]))
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
        yield [" + ".join(parts) or "0" for parts in inside], place


def _starts(
    w: Writer, eqn: Eqn, indices: str, sizes: Sequence[int], outer: Sequence[str]
) -> tuple[dict[int, str], list[str]]:
    """Where a window begins along each axis that has positions; whether it is inside.

    There is nothing to test where it is moved inside.
    """
    p, extents = eqn.params, eqn.invars[0].aval.shape
    starts, tests = {}, []
    for k, axis in enumerate(p["dimension_numbers"].start_index_map):
        last = extents[axis] - sizes[axis]
        position = f"{indices}[{', '.join([*outer, str(k)])}]"
        if p["mode"] == "fill":
            starts[axis] = w.value(f"np.int64({position})")
            tests.append(f"0 <= {starts[axis]} <= {last}")
        else:
            starts[axis] = w.value(_clipped(position, max(last, 0)))
    return starts, tests
