"""Runs workloads in turn on every library, each in its process: names -> rows."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from benchmarks import cold_start, processors
from benchmarks.table import Row
from benchmarks.workloads.workload import Workload

ABSOLUTE = 1e-9  # results of two libraries may differ by so much in double precision
COARSER = 1e4  # single precision: relative to the tolerance in double precision


class Worker:
    """A process that serves `benchmarks.worker`, with variables of the environment."""

    def __init__(
        self, library: str, dtype: str, threads: int, **environment: str
    ) -> None:
        self.library, self.dtype = library, dtype
        arguments = (library, dtype, str(threads))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # compiling must compile
            env=processors.environment(threads) | {"FUNCGRAD_CACHE": "0"} | environment,
        )
        self.version: str = self.receive()["version"]

    def receive(self) -> dict[str, Any]:
        """Wait for one reply."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the process of {self.library} ended")
        reply: dict[str, Any] = json.loads(line)
        return reply

    def send(self, request: dict[str, Any]) -> None:
        """Ask for something."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()

    def measure(self, workload: str, seed: int) -> dict[str, Any]:
        """One repetition."""
        self.send({"workload": workload, "seed": seed})
        return self.receive()

    def peak(self, workload: str) -> int | None:
        """Bytes of memory at the highest point of a call, if that is known."""
        self.send({"workload": workload, "memory": True})
        nbytes: int | None = self.receive().get("bytes")
        return nbytes

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self.process:  # closes its pipes, which ends it
            pass


def agree(results: Sequence[list[float]], tolerance: float, absolute: float) -> bool:
    """Whether all libraries computed the same."""
    first, *others = results
    scale = max((abs(v) for v in first[1:]), default=1.0)
    return all(
        len(r) == len(first)
        and np.allclose(r, first, rtol=tolerance, atol=absolute * max(scale, 1.0))
        for r in others
    )


def run_workload(workload: Workload, workers: list[Worker], rounds: int) -> Row:
    """Time a workload ``rounds`` times, the libraries taking turns."""
    row = Row(workload.name, workload.bars)
    coarser = COARSER if workers[0].dtype == "float32" else 1.0
    for seed in range(rounds):
        results = []
        first = seed % len(workers)
        for worker in workers[first:] + workers[:first]:
            if worker.library in row.errors:
                continue
            reply = worker.measure(workload.name, seed)
            if "error" in reply:
                row.errors[worker.library] = reply["error"]
            elif "seconds" in reply:
                row.seconds.setdefault(worker.library, []).append(reply["seconds"])
                if reply["result"] is not None:
                    results.append(reply["result"])
        if workload.comparable and len(results) > 1:
            row.agrees = row.agrees and agree(
                results, workload.tolerance * coarser, ABSOLUTE * coarser
            )
    return row


def run_memory(workload: Workload, workers: list[Worker], row: Row) -> None:
    """Add the peak memory of a call to a row; ``workers`` are started for that."""
    if not workload.fresh:
        for worker in workers:
            if worker.library in row.seconds:
                row.add_memory(worker.library, worker.peak(workload.name))


def run_cold_start(libraries: list[str], rounds: int, threads: int) -> list[Row]:
    """Time new processes, the libraries taking turns.

    In each round a first process finds no cache on disk, and a second one a warm cache.
    """
    rows = {
        (which, part): Row(f"{which} process, {part}", bars)
        for which, bars in (("first", {"jax": 1.0}), ("second", cold_start.BARS))
        for part in ("import", "first call", "process")
    }
    del rows["first", "import"]
    chosen = [lib for lib in libraries if lib in cold_start.LIBRARIES]
    with tempfile.TemporaryDirectory() as folder:
        for lib in chosen:  # Python's bytecode is written
            cold_start.measure(lib, Path(folder) / "before", threads)
        for n in range(rounds):
            for lib in chosen:
                for which in ("first", "second"):
                    cache = Path(folder) / f"{lib}-{n}"
                    taken = cold_start.measure(lib, cache, threads)
                    rows[which, "process"].add_memory(lib, taken.nbytes)
                    for part, seconds in taken.seconds.items():
                        if (which, part) in rows:
                            row = rows[which, part]
                            row.seconds.setdefault(lib, []).append(seconds)
    return list(rows.values())
