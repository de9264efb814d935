"""Why a jitted function is traced again: a call's key compared with earlier ones.

``recorders`` are the reports that are being written, by `explain_recompiles`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from funcgrad.config import config
from funcgrad.core.aval import ShapedArray
from funcgrad.core.source import user_frame
from funcgrad.deferred import deferred_module

if TYPE_CHECKING:
    from funcgrad.api import recompiles
    from funcgrad.api.recompiles import Recompile, Recompiles
    from funcgrad.compiler.build import executable
else:
    recompiles = deferred_module("funcgrad.api.recompiles")
    executable = deferred_module("funcgrad.compiler.build.executable")

recorders: list[Recompiles] = []


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
    report = recompiles.Recompiles()
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
    event = recompiles.Recompile(name, user_frame(), reason, seconds)
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
    before = executable.counts()
    start = time.perf_counter()
    compile_now()
    event.compile_seconds = time.perf_counter() - start
    after = executable.counts()
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
