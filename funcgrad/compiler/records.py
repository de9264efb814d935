"""What lowering a jaxpr gave, kept on disk: another process takes it from there.

Beside the machine code, that is the table of the program's sizes and how much memory it
needs. A record holds for one text of the jaxpr, one state of the library's own files,
and all that code is made for.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from funcgrad.compiler.build import disk_cache, pool
from funcgrad.compiler.build.host import target
from funcgrad.compiler.canonical import canonical_text
from funcgrad.config import config
from funcgrad.core.jaxpr import Jaxpr

_LIBRARY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# The packages whose code decides how a jaxpr is lowered.
_LOWERING = ("compiler", "core", "ops", "transforms")


class Record(NamedTuple):
    """What is needed to run a program whose machine code is on disk.

    Attributes
    ----------
    kernel : str
        Name of the code.
    workspace_bytes : int
    is_parallel : bool
        Whether the code calls the pool of threads.
    homes : dict of int to int
        Results that take the memory of an argument, and of which.
    table : array of int64
    """

    kernel: str
    workspace_bytes: int
    is_parallel: bool
    homes: dict[int, int]
    table: np.ndarray[Any, np.dtype[np.int64]]


def key_of(jaxpr: Jaxpr, variant: str) -> str | None:
    """What the record of a jaxpr is kept under; None where it can have none."""
    if not disk_cache.is_enabled():
        return None
    text = canonical_text(jaxpr)
    if text is None:
        return None
    settings = [np.__version__, str(pool.workers()), str(config.fastmath), variant]
    return disk_cache.make_key(text, [*target(), _own_files(), *settings])


def recall(key: str) -> Record | None:
    """The record under a key, if there is one."""
    data = disk_cache.recall(key)
    if data is None:
        return None
    head, _, table = data.partition(b"\n")
    kernel, nbytes, is_parallel, *homes = head.decode().split()
    places = [int(place) for place in homes]
    return Record(
        kernel,
        int(nbytes),
        is_parallel == "True",
        dict(zip(places[::2], places[1::2], strict=True)),
        np.frombuffer(table, np.int64),
    )


def keep(key: str, record: Record) -> None:
    """Store a record."""
    homes = [place for pair in record.homes.items() for place in pair]
    words = [record.kernel, record.workspace_bytes, record.is_parallel, *homes]
    head = " ".join(map(str, words)).encode()
    disk_cache.record(key, head + b"\n" + record.table.tobytes())


@functools.cache
def _own_files() -> str:
    """Sizes and times of the library's files: what Python's bytecode goes by, too."""
    states = [state for name in _LOWERING for state in _states(name)]
    return "\n".join(sorted(states))


def _states(name: str) -> Iterator[str]:
    with os.scandir(os.path.join(_LIBRARY, name)) as entries:
        for entry in entries:
            path = f"{name}/{entry.name}"
            if path.endswith(".py"):
                status = entry.stat()
                yield f"{path} {status.st_size} {status.st_mtime_ns}"
            elif entry.is_dir() and entry.name != "__pycache__":
                yield from _states(path)
