"""Why a jitted function is traced again: a call's key compared with earlier ones.

``recorders`` are the reports that are being written, by `explain_recompiles`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from funcgrad.compiler.build.executable import counts
from funcgrad.config import config
from funcgrad.core.aval import ShapedArray
from funcgrad.core.source import SourceLine, user_frame

recorders: list[Recompiles] = []


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


@contextmanager
def explain_recompiles() -> Iterator[Recompiles]:
    """Note each call of a jitted function that is traced inside the block, and why.

    Yields
    ------
    Recompiles
        A list of `Recompile` that grows as calls are made.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> f = fg.jit(lambda x: np.tanh(x) + 1.0)
    >>> with fg.explain_recompiles() as report:
    ...     y = [f(np.ones(100)), f(np.ones(200)), f(np.ones(200)), f(np.float32(1))]
    >>> [event.reason for event in report][1:]
    ['x is float64[200], was float64[100]', 'x is float32[], was float64[200]']
    >>> report[1].machine_code  # another size: the same machine code
    'reused'
    """
    report = Recompiles()
    recorders.append(report)
    try:
        yield report
    finally:
        # by identity: two reports may be equal
        recorders[:] = [r for r in recorders if r is not report]


def is_explained() -> bool:
    """Whether anyone asks why a call is traced."""
    return bool(recorders) or config.explain_cache_misses


def note_trace(name: str, reason: str, seconds: float) -> Recompile:
    """Report, or log, a call that was traced."""
    event = Recompile(name, user_frame(), reason, seconds)
    for report in recorders:
        report.events.append(event)
    if config.explain_cache_misses:
        import logging

        logging.getLogger("funcgrad").warning(
            "%s is traced again at %s: %s", name, event.source, reason
        )
    return event


def note_compilation(event: Recompile, compile_now: Callable[[], Any]) -> None:
    """Compile, and add to the event what that took."""
    before = counts()
    start = time.perf_counter()
    compile_now()
    event.compile_seconds = time.perf_counter() - start
    after = counts()
    event.machine_code = "reused"
    for what in ("loaded", "compiled"):
        if after[what] > before[what]:
            event.machine_code = what


def explain(key: Any, known: Iterable[Any], labels: Sequence[str]) -> str:
    """The difference from the most similar earlier call, in words.

    Parameters
    ----------
    key : tuple
        Structure, static values, types and settings of the call.
    known : iterable of tuple
        Those of earlier calls.
    labels : sequence of str
        What the user calls each leaf of the arguments.
    """
    structure, static, avals, _ = key
    earlier = list(known)
    if not earlier:
        return "it has not been called before, or its cache is empty"
    same = [k for k in earlier if k[0] == structure]
    if not same:
        return (
            f"its arguments have a structure not seen before: {structure}, "
            f"was {earlier[-1][0]}"
        )
    equal_static = [k for k in same if k[1] == static]
    if not equal_static:
        was = {place: value for place, _, value in same[-1][1]}
        return "; ".join(
            f"static {_place(place)} is {value!r}, was "
            + (repr(was[place]) if place in was else "left out")
            for place, _, value in static
            if place not in was or was[place] != value
        )
    # The last of the most similar calls.
    changes = min(
        (_changes(avals, k[2], labels) for k in reversed(equal_static)), key=len
    )
    if not changes:
        return "a setting changed"
    return "; ".join(changes)


def _place(place: Any) -> str:
    return place if isinstance(place, str) else f"argument {place}"


def _changes(
    avals: Sequence[Any], before: Sequence[Any], labels: Sequence[str]
) -> list[str]:
    return [
        f"{label} is {_shown(new, old)}, was {_shown(old, new)}"
        for label, new, old in zip(labels, avals, before, strict=True)
        if new != old
    ]


def _shown(aval: ShapedArray, other: ShapedArray) -> str:
    """The type; where only that differs, whether it is a Python number's."""
    text = f"{aval.dtype}[{','.join(map(str, aval.shape))}]"
    if aval.dtype == other.dtype and aval.shape == other.shape:
        return f"{text} of {'Python' if aval.weak_type else 'NumPy'}"
    return text
