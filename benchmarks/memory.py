"""The most memory that a call held at once, where the system tells (Linux)."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path
from typing import Any

STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def resident(field: str) -> int:
    """Bytes of this process: ``VmRSS`` now, ``VmHWM`` at most since the last reset."""
    for line in STATUS.read_text().splitlines():
        if line.startswith(field + ":"):
            return 1024 * int(line.split()[1])
    raise LookupError(field)


def peak(call: Callable[[], Any]) -> int | None:
    """Bytes that one call of ``call`` added to the process at its highest point."""
    try:
        # What an earlier call gave back must not hide what this one takes.
        ctypes.CDLL(None).malloc_trim(0)
        RESET.write_text("5")
        before = resident("VmRSS")
        call()
        return max(0, resident("VmHWM") - before)
    except (OSError, AttributeError):
        return None
