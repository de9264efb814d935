"""Programs that take the memory of some of their arguments for their results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad.compiler.lower.carries import origin
from funcgrad.compiler.lower.nodes import is_small
from funcgrad.compiler.program import Executable, as_argument
from funcgrad.core.jaxpr import Jaxpr


class DonatingExecutable(Executable):
    """A compiled jaxpr that overwrites the arguments at the places ``donated``.

    A result of an argument's type takes its memory; the result that is an update of the
    argument, if there is one. What is small is not worth it.
    """

    def __init__(self, jaxpr: Jaxpr, donated: Sequence[int]) -> None:
        self._donated = tuple(donated)
        super().__init__(jaxpr)

    @property
    def variant(self) -> str:
        """What tells programs that overwrite these arguments from others."""
        return f"overwrites {self._donated}"

    def own_arguments(self, jaxpr: Jaxpr) -> list[int]:
        """The arguments that the program may overwrite."""
        return [k for k in self._donated if not is_small(jaxpr.in_avals[k].shape)]

    def choose_homes(self, jaxpr: Jaxpr) -> dict[int, int]:
        """The argument whose memory each result takes."""
        free = self.own_arguments(jaxpr)
        homes: dict[int, int] = {}
        for updates in (True, False):
            for k, aval in enumerate(jaxpr.out_avals):
                fits = (
                    place
                    for place in free
                    if jaxpr.in_avals[place].same_type(aval)
                    and (not updates or origin(jaxpr, k) == place)
                )
                place = next(fits, None)
                if place is not None and k not in homes:
                    homes[k] = place
                    free.remove(place)
        return homes

    def __call__(self, *arrays: Any) -> list[Any]:
        """Run; arguments that others may see are copied rather than overwritten."""
        ready = [
            as_argument(x, aval) for x, aval in zip(arrays, self.in_avals, strict=True)
        ]
        for place in self._donated:
            others = [x for k, x in enumerate(ready) if k != place]
            if not _is_free(ready[place], others):
                ready[place] = ready[place].copy()
        return super().__call__(*ready)


def _is_free(x: np.ndarray[Any, Any], others: Sequence[Any]) -> bool:
    """Whether an array may be overwritten: it is all of its memory, and no other's."""
    whole = x.base is None or getattr(x.base, "nbytes", None) == x.nbytes
    return bool(
        whole
        and x.flags.writeable
        and not any(np.may_share_memory(x, y) for y in others)
    )
