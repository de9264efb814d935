"""Heat maps: an array in, a small table of grey levels out."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

MOST = 16
"""Cells along a side; of longer arrays a cell shows the mean of a block."""
CELL = 8.0
"""Side of a cell in points."""
SMALLEST = 5
"""Arrays of fewer entries are told by numbers alone."""
LEVELS = 9
"""Shades from white, the least value, to black, the greatest."""
CROSSED = "x"
"""The level of a cell that has a NaN or an infinity: drawn as a cross."""


class Heat(NamedTuple):
    """Cells row by row; each a level from 0 to ``LEVELS - 1``, or `CROSSED`."""

    columns: int
    cells: str

    @property
    def rows(self) -> int:
        return len(self.cells) // self.columns

    @property
    def width(self) -> float:
        return CELL * self.columns

    @property
    def height(self) -> float:
        return CELL * self.rows


def heat_of(value: Any) -> Heat | None:
    """The heat map of a real vector or matrix with enough entries, else None."""
    array = np.asarray(value)
    if array.ndim not in (1, 2) or array.size < SMALLEST or array.dtype.kind == "c":
        return None
    table = np.atleast_2d(array).astype(np.float64)
    bad = ~np.isfinite(table)
    table = np.where(bad, 0.0, table)
    for axis in (0, 1):
        counts = _blocks(np.ones_like(table), axis, np.add)
        table = _blocks(table, axis, np.add) / counts
        bad = _blocks(bad, axis, np.logical_or)
    low = table[~bad].min() if not bad.all() else 0.0
    reach = (table[~bad].max() - low) if not bad.all() else 0.0
    scaled = np.where(bad, low, table) - low
    levels = np.rint(scaled / reach * (LEVELS - 1)) if reach > 0 else scaled * 0.0
    cells = [
        CROSSED if crossed else str(int(level))
        for level, crossed in zip(levels.flat, bad.flat, strict=True)
    ]
    return Heat(table.shape[1], "".join(cells))


def shade(level: str) -> str:
    """The colour of a level."""
    grey = round(255 * (1 - int(level) / (LEVELS - 1)))
    return f"#{grey:02x}{grey:02x}{grey:02x}"


def _blocks(table: Any, axis: int, combine: Any) -> Any:
    """Adjacent entries along an axis combined, so that at most `MOST` remain."""
    extent = table.shape[axis]
    if extent <= MOST:
        return table
    starts = np.arange(MOST) * extent // MOST
    return combine.reduceat(table, starts, axis=axis)
