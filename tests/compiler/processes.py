"""Runs a program in two processes, one after the other, which share a cache on disk."""

from __future__ import annotations

import subprocess
import sys


def in_two_processes(program: str) -> tuple[list[str], list[str]]:
    """The lines that each prints."""
    first, second = (
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        ).stdout.splitlines()
        for _ in range(2)
    )
    return first, second
