"""Sums inside of loops over rows: of each row, and of all rows together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from funcgrad.compiler.emit.value import Value
from funcgrad.compiler.lower.index import Index
from funcgrad.compiler.lower.nodes import Buffer, Lazy, Node
from funcgrad.compiler.lower.reduction import Accumulation, Place


class RowSum(Accumulation):
    """The rows of an array, along its last axis, inside loops over the other axes."""

    def __init__(
        self, ctx: Any, op: str, x: Node, kept: dict[Lazy, Buffer], lanes: int
    ) -> None:
        super().__init__(ctx, op, x, (x.ndim - 1,), flat=False)
        self.kept = kept
        self.lanes = lanes

    def of_row(self, place: Sequence[Index]) -> Value:
        """The sum of one row; nodes that are kept are stored on the way."""
        return self._total(self._place(place))

    # --- one sum through all rows

    def begin(self) -> list[Value]:
        """Accumulators that no row has been added to."""
        return self._accumulators()

    def add_row(self, place: Sequence[Index], totals: list[Value]) -> list[Value]:
        """The accumulators with one row more in them."""
        return self._row(self._place(place), totals)

    def end(self, totals: list[Value]) -> Value:
        """What the accumulators combine to."""
        return self._joined(totals)

    def _place(self, place: Sequence[Index]) -> Place:
        return dict(zip(self.groups[:-1], place, strict=True))
