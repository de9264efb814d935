"""Tells Linux ``perf`` the names of compiled functions: an address -> its symbol.

Where the setting ``perf_map`` is on (``FUNCGRAD_PERF_MAP=1``), each kernel that is
loaded adds its functions to ``/tmp/perf-PID.map``, where perf looks for the symbols of
code that was made while the process ran.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from funcgrad.compiler.build.image import Function
from funcgrad.compiler.build.object_file import ObjectFile, is_elf


def write(functions: Iterable[Function], kernel: str, label: str) -> None:
    """Add a kernel's functions to the file.

    Parameters
    ----------
    functions : iterable of Function
        They start at addresses.
    kernel : str
        The name of that which is the kernel itself.
    label : str
        What the kernel is to be called.
    """
    lines = []
    for name, start, size in functions:
        part = "" if name == kernel else f" {name}"
        lines.append(f"{start:x} {size:x} {label}{part} [{kernel[:11]}]\n")
    with open(f"/tmp/perf-{os.getpid()}.map", "a", encoding="utf-8") as file:  # noqa: S108
        file.writelines(lines)


def functions_of(code: bytes, kernel: str, address: int) -> list[Function]:
    """Functions of object code whose function ``kernel`` stands at an address now.

    Sections are loaded apart from each other: only those of its own can be told.
    """
    found = ObjectFile(code).symbols if is_elf(code) else []
    ours = next((symbol for symbol in found if symbol.name == kernel), None)
    if ours is None:
        return []
    return [
        Function(symbol.name, address + symbol.offset - ours.offset, symbol.size)
        for symbol in found
        if symbol.is_function and symbol.section == ours.section
    ]
