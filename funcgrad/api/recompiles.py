"""Reports of calls that were traced again, as `explain_recompiles` gives them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from funcgrad.core.source import SourceLine


@dataclass
class Recompile:
    """One call that had to be traced.

    Attributes
    ----------
    function : str
        Name of the jitted function.
    source : SourceLine or None
        The line that called it.
    reason : str
        What about the call had not been seen before.
    trace_seconds : float
        Time spent tracing.
    compile_seconds : float
        Time spent on lowering, and on compiling where that was needed.
    machine_code : str
        ``"compiled"``; ``"loaded"``, from the disk; ``"reused"``, that of a program
        which differs in sizes only; ``"inlined"``, into the function that calls it.
    """

    function: str
    source: SourceLine | None
    reason: str
    trace_seconds: float
    compile_seconds: float = 0.0
    machine_code: str = "inlined"

    def __str__(self) -> str:
        spent = f"traced in {1e3 * self.trace_seconds:.1f} ms"
        if self.machine_code != "inlined":
            spent += f", {self.machine_code} in {1e3 * self.compile_seconds:.1f} ms"
        return f"{self.function} at {self.source}: {self.reason} ({spent})"


@dataclass
class Recompiles:
    """What `explain_recompiles` has seen; prints as a line for each.

    Attributes
    ----------
    events : list of Recompile
    """

    events: list[Recompile] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.events)

    def __iter__(self) -> Iterator[Recompile]:
        return iter(self.events)

    def __getitem__(self, index: int) -> Recompile:
        return self.events[index]

    def __str__(self) -> str:
        return "\n".join(map(str, self.events)) or "nothing was traced again"
