"""A process from its start to the first result of a compiled function.

Run with a library's name and a number of threads, it prints as JSON the seconds that
importing it and that the first call took, and the memory of the process; `measure`
starts such processes, with a cache directory of their own.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import processors

LIBRARIES = ("funcgrad", "jax")
BARS = {"jax": 3.0}


class Taken(NamedTuple):
    """What a process took: its parts in seconds, all of its memory if that is known."""

    seconds: dict[str, float]
    nbytes: int | None


def environment(library: str, cache: Path, threads: int) -> dict[str, str]:
    """Variables that switch on the library's cache on disk, in a folder."""
    settings = {
        "funcgrad": {"FUNCGRAD_CACHE_DIR": str(cache), "FUNCGRAD_CACHE": "1"},
        "jax": {
            "JAX_COMPILATION_CACHE_DIR": str(cache),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        },
    }
    # Installed packages have bytecode on disk; a checkout gets it beside the cache.
    bytecode = {"PYTHONPYCACHEPREFIX": str(cache.parent / "bytecode")}
    inherited = processors.environment(threads)
    inherited.pop("PYTHONDONTWRITEBYTECODE", None)
    return inherited | bytecode | settings[library]


def measure(library: str, cache: Path, threads: int) -> Taken:
    """Start one process; it fills the cache for those after it."""
    program = [sys.executable, "-m", "benchmarks.cold_start"]
    start = time.perf_counter()
    done = subprocess.run(
        [*program, library, str(threads)],
        env=environment(library, cache, threads),
        check=True,
        capture_output=True,
        text=True,
    )
    seconds = time.perf_counter() - start
    inside: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    nbytes = inside.pop("bytes")
    return Taken(inside | {"process": seconds}, nbytes)


def main() -> dict[str, Any]:
    """Import, then trace, load and call a training step of a small network."""
    processors.restrict(int(sys.argv[2]))
    start = time.perf_counter()
    from benchmarks.libraries import LOADERS

    lib = LOADERS[sys.argv[1]]("float64")
    imported = time.perf_counter()
    import numpy as np

    xp = lib.np

    def loss(w: Any, x: Any, y: Any) -> Any:
        hidden = xp.tanh(x @ w["in"])
        return xp.mean((hidden @ w["out"] - y) ** 2)

    rng = np.random.default_rng(0)
    weights = {"in": rng.normal(size=(8, 16)), "out": rng.normal(size=16)}
    assert lib.jit is not None
    before = time.perf_counter()
    gradient = lib.jit(lib.grad(loss))
    lib.ready(gradient(weights, rng.normal(size=(32, 8)), rng.normal(size=32)))
    end = time.perf_counter()
    from benchmarks.memory import resident

    nbytes = None
    with contextlib.suppress(OSError):  # other systems do not tell
        nbytes = resident("VmHWM")
    return {"import": imported - start, "first call": end - before, "bytes": nbytes}


if __name__ == "__main__":
    print(json.dumps(main()))
