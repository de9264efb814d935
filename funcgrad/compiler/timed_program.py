"""Programs that time themselves: a jaxpr in, seconds and bytes of its lines out."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from funcgrad.compiler.build.executable import vector_bytes
from funcgrad.compiler.lower.clock import seconds_per_tick
from funcgrad.compiler.lower.control_flow import ControlLowering
from funcgrad.compiler.lower.timed import NOWHERE, Line, TimedLowering
from funcgrad.compiler.program import Executable
from funcgrad.core.jaxpr import Jaxpr


class LineCosts(NamedTuple):
    """What the program did for one line of the user's.

    Attributes
    ----------
    seconds : float
    calls : int
        How often a piece of code ran that works for the line.
    nbytes : int
        Memory that the program sets aside for results of the line.
    """

    seconds: float
    calls: int
    nbytes: int


class TimedExecutable(Executable):
    """A compiled jaxpr that counts, while it runs, what its lines take."""

    def __init__(self, jaxpr: Jaxpr) -> None:
        self._timed = TimedLowering(vector_bytes())
        super().__init__(jaxpr)

    @property
    def variant(self) -> None:
        """None: its code counts in memory of this process."""
        return None

    def lowering(self) -> ControlLowering:
        """What the program is written by."""
        return self._timed

    def reset(self) -> None:
        """Set the counters to zero."""
        self._timed.counters[:] = 0

    def costs(self) -> dict[Line, LineCosts]:
        """What was counted since the last `reset`, by line; what belongs to none, too.

        The time of a piece is shared among its lines in proportion to their costs.
        """
        scale = seconds_per_tick()
        seconds: dict[Line, float] = {NOWHERE: 0.0}
        calls: Counter[Line] = Counter()
        counted = self._timed.counters[2:].reshape(-1, 2).tolist()
        for shares, (ticks, runs) in zip(self._timed.pieces, counted, strict=True):
            whole = sum(shares.values())
            for line, share in shares.items():
                part = ticks * scale * share / whole
                seconds[line] = seconds.get(line, 0.0) + part
                calls[line] += runs
        nbytes: Counter[Line] = Counter()
        for line, allocation in self._timed.allocated:
            nbytes[line] += allocation.nbytes
            seconds.setdefault(line, 0.0)
        return {
            line: LineCosts(time, calls[line], nbytes[line])
            for line, time in seconds.items()
        }

    def peak_bytes(self) -> int:
        """Memory in use at one time besides the arguments: scratch, and results."""
        memory = self.memory()
        return memory["workspace_bytes"] + memory["output_bytes"]
