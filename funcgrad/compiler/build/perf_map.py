"""Tells Linux ``perf`` the names of compiled functions: an address -> its symbol.

Where the setting ``perf_map`` is on (``FUNCGRAD_PERF_MAP=1``), each kernel that is
loaded adds its functions to ``/tmp/perf-PID.map``, where perf looks for the symbols of
code that was made while the process ran.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from funcgrad.compiler.build.object_file import is_elf, symbols


def write(code: bytes, kernel: str, address: int, label: str) -> None:
    """Add a kernel's functions to the file.

    Parameters
    ----------
    code : bytes
        Object code in which the function ``kernel`` is; it stands at ``address`` now.
    kernel : str
    address : int
    label : str
        What the kernel is to be called.
    """
    lines = "".join(_lines(code, kernel, address, label))
    with open(f"/tmp/perf-{os.getpid()}.map", "a", encoding="utf-8") as file:  # noqa: S108
        file.write(lines)


def _lines(code: bytes, kernel: str, address: int, label: str) -> Iterator[str]:
    found = list(symbols(code)) if is_elf(code) else []
    ours = next((symbol for symbol in found if symbol.name == kernel), None)
    if ours is None:
        return
    # Sections are loaded apart from each other, so only offsets within one are known.
    for symbol in found:
        if symbol.is_function and symbol.section == ours.section:
            start = address + symbol.offset - ours.offset
            part = "" if symbol is ours else f" {symbol.name}"
            name = f"{label}{part} [{kernel[:11]}]"
            yield f"{start:x} {symbol.size:x} {name}\n"
