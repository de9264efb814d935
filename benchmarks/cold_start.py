"""A process from its start to the first result of a compiled function, cache warm.

Run with a library's name, it prints as JSON the seconds that importing it and that the
first call took; `measure` starts such processes, with a cache directory of their own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

LIBRARIES = ("funcgrad", "jax")
BARS = {"jax": 3.0}


def environment(library: str, cache: Path) -> dict[str, str]:
    """Variables that switch on the library's cache on disk."""
    settings = {
        "funcgrad": {"FUNCGRAD_CACHE_DIR": str(cache), "FUNCGRAD_CACHE": "1"},
        "jax": {
            "JAX_COMPILATION_CACHE_DIR": str(cache),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        },
    }
    # Installed packages have their bytecode on disk; a checkout gets it in this folder.
    bytecode = {"PYTHONPYCACHEPREFIX": str(cache / "bytecode")}
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return inherited | bytecode | settings[library]


def measure(library: str, cache: Path) -> dict[str, float]:
    """Start one process; a first one fills the cache for those after it."""
    command = [sys.executable, "-m", "benchmarks.cold_start", library]
    start = time.perf_counter()
    done = subprocess.run(
        command,
        env=environment(library, cache),
        check=True,
        capture_output=True,
        text=True,
    )
    seconds = time.perf_counter() - start
    inside: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return inside | {"process": seconds}


def main() -> dict[str, Any]:
    """Import, then trace, load and call a training step of a small network."""
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
    return {"import": imported - start, "first call": time.perf_counter() - before}


if __name__ == "__main__":
    print(json.dumps(main()))
