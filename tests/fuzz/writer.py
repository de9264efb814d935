"""Writer: picks steps and operands at random, from a pool of values into that pool."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import Any

from funcgrad.core.trace import typeof

EXTENTS = (0, 1, 2, 3, 4, 7, 16, 17, 20, 33)
LARGEST = 20_000
"""Entries of the largest array of a program."""

Pool = list[Any]
Step = Callable[["Writer", Pool], Any]
Table = Callable[["Writer"], Sequence[Step]]


class Writer:
    """Writes random steps with operations on tracers.

    Numbers stay small dyadic fractions where a program is ``exact``, so that the order of
    sums does not matter and comparisons may follow arithmetic. ``table`` gives the steps
    to choose from.
    """

    def __init__(
        self,
        rng: random.Random,
        table: Table,
        *,
        exact: bool,
        rows: bool,
        depth: int = 0,
    ) -> None:
        self.rng = rng
        self.table = table
        self.rows = rows
        self.exact = exact
        self.depth = depth

    def pick(self, pool: Pool, kinds: str = "?biufc", least_rank: int = 0) -> Any:
        """A value of the pool of one of these kinds of dtype, or None."""
        fitting = [
            x
            for x in pool
            if typeof(x).dtype.kind in kinds.replace("?", "b")
            and typeof(x).ndim >= least_rank
        ]
        # Late values are likelier: programs get deep, not only wide.
        fitting += fitting[-3:]
        return self.rng.choice(fitting) if fitting else None

    def partner(self, pool: Pool, x: Any) -> Any:
        """An operand to go with ``x``: of its type, a scalar, or a number."""
        aval = typeof(x)
        fitting = [
            y
            for y in pool
            if typeof(y).dtype == aval.dtype and typeof(y).shape in ((), aval.shape)
        ]
        if self.rng.random() < 0.2 and aval.dtype.kind in "iuf":
            return self.rng.choice([0, 1, 2, 3])
        return self.rng.choice(fitting)

    def steps(self, pool: Pool, count: int) -> None:
        """Add ``count`` values to the pool."""
        for _ in range(count):
            step = self.rng.choice(self.table(self))
            made = step(self, pool)
            if made is None:
                continue
            for value in made if isinstance(made, list) else [made]:
                if math.prod(typeof(value).shape) <= LARGEST:
                    pool.append(value)

    def subset(self, items: Sequence[int]) -> tuple[int, ...]:
        return tuple(i for i in items if self.rng.random() < 0.5)
