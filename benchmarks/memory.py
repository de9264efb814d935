"""The most memory that calls of a function hold at once, where Linux tells.

The resident set of a process is a fair measure for libraries of any kind only where
freed memory leaves it: otherwise a call finds the memory of the one before, and seems
to need none. So a process that measures memory is started with `ENVIRONMENT`, which has
glibc give large blocks back when they are freed, and times nothing.

What compiling takes is another matter than what running takes, so a function is
compiled ahead of its first call, and its first call, which loads code, only counts for
the large blocks that it keeps. The peak is what later calls add at their highest point,
and those blocks. So results count and temporaries, and what a library keeps for the
next call, whereas arguments and code do not.
"""

from __future__ import annotations

import ctypes
import dataclasses
import gc
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.libraries import Library

STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
ENVIRONMENT = {
    "MALLOC_MMAP_THRESHOLD_": "65536",
    "MALLOC_TRIM_THRESHOLD_": "65536",
}
RESOLUTION = 1 << 18  # the system counts the pages of each thread in batches
CALLS = 3


def resident(field: str) -> int:
    """Bytes of this process: ``VmRSS`` now, ``VmHWM`` at most since the last reset."""
    for line in STATUS.read_text().splitlines():
        if line.startswith(field + ":"):
            return 1024 * int(line.split()[1])
    raise LookupError(field)


def settled() -> int:
    """Bytes of this process when nothing that is dropped is still there."""
    for _ in range(2):
        gc.collect()
        time.sleep(0.005)  # other threads may hold the last references
    ctypes.CDLL(None).malloc_trim(0)
    return resident("VmRSS")


class _Allocated(ctypes.Structure):
    """What glibc's ``mallinfo2`` tells."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks")
        + ("fsmblks", "uordblks", "fordblks", "keepcost")
    ]


def large_blocks() -> int:
    """Bytes in blocks at least as large as `ENVIRONMENT` says."""
    tell = ctypes.CDLL(None).mallinfo2
    tell.restype = _Allocated
    return int(tell().hblkhd)


def peak(call: Callable[[], Any]) -> int:
    """Bytes that calls hold at their highest point, the first apart."""
    settled()
    blocks = large_blocks()
    call()
    highest = 0
    for _ in range(CALLS):
        floor = settled()
        kept = large_blocks() - blocks
        RESET.write_text("5")
        call()
        highest = max(highest, kept + resident("VmHWM") - floor)
    return highest


class Watched:
    """A library whose compiled functions tell the peak of their calls, ``nbytes``."""

    def __init__(self, library: Library) -> None:
        self.nbytes: int | None = None
        self.library = library
        if library.jit is not None:
            self.library = dataclasses.replace(
                library,
                jit=partial(self.compile, library.jit),
                fused_jit=partial(self.compile, library.fused_jit),
            )

    def compile(self, jit: Any, f: Callable[..., Any]) -> Callable[..., Any]:
        """In place of the library's ``jit``: a first call measures a few."""
        compiled = jit(f)

        def watched(*args: Any) -> Any:
            compiled.lower(*args).compile().memory_analysis()
            call = lambda: self.library.ready(compiled(*args))
            self.nbytes = max(self.nbytes or 0, peak(call))
            return call()

        return watched


def peak_of(
    build: Callable[[Library, int], Callable[[], Any]], library: Library
) -> Any:
    """Peak of a workload's call in bytes; None where the system does not tell.

    Where nothing is compiled, a first call is not counted either.
    """
    library.forget()
    watched = Watched(library)
    try:
        call = build(watched.library, 0)
        call()
        return peak(call) if watched.nbytes is None else watched.nbytes
    except (OSError, AttributeError):
        return None
