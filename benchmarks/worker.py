"""A process that holds one library and times workloads as it is asked to.

Started with a library's name, a dtype and a number of threads. Requests and replies are
lines of JSON on standard input and output: ``{"workload": name, "seed": n}`` gives
``{"seconds": s, "result": [numbers]}``, or ``{"error": text}``. With ``"memory"`` in
the request, the answer is ``{"bytes": n}``; with ``"call for": seconds``, the process
calls for so long, for profilers.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import sys
import time
import traceback
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks import processors
from benchmarks.libraries import LOADERS, Library
from benchmarks.memory import peak_of
from benchmarks.peers import Missing
from benchmarks.workloads import WORKLOADS
from benchmarks.workloads.workload import Call, Workload

MIN_SECONDS = 0.05  # a measurement repeats short calls for so long
MOST_NUMBERS = 1000  # of a result are compared


def numbers(result: Any) -> list[float]:
    """The result as a flat list, or a sample of it, to compare between libraries."""
    flat = np.ravel(np.asarray(result)).astype(np.float64)
    step = max(1, flat.size // MOST_NUMBERS)
    sample: list[float] = flat[::step].tolist()
    return [float(flat.size), *sample]


def repeat(call: Call) -> float:
    """Seconds for one call, from as many calls as fill `MIN_SECONDS`.

    Each result is dropped within the time, whatever the library. The first call, which
    finds the caches full of another process's data, does not count; Python's garbage is
    collected before, not in between.
    """
    count, seconds = 1, 0.0
    call()
    with without_collection():
        while True:
            start = time.perf_counter()
            for _ in range(count):
                call()
            seconds = time.perf_counter() - start
            if seconds >= MIN_SECONDS:
                return seconds / count
            count = max(2 * count, int(1.2 * count * MIN_SECONDS / max(seconds, 1e-9)))


@contextlib.contextmanager
def without_collection() -> Iterator[None]:
    """Collect garbage now, and not inside the block."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class Bench:
    """The library, and the calls that were built for it."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.calls: dict[str, Call] = {}
        self.compared: dict[str, Call] = {}

    def measure(self, workload: Workload, seed: int) -> dict[str, Any]:
        """Time one repetition, and return what it computed."""
        if any(getattr(self.library, need) is None for need in workload.needs):
            return {"missing": True}
        try:
            return self.measure_present(workload.for_library(self.library), seed)
        except Missing:
            return {"missing": True}

    def measure_present(self, workload: Workload, seed: int) -> dict[str, Any]:
        """The same where the library has what the workload uses."""
        if workload.fresh:
            return self.measure_fresh(workload, seed)
        call = self.calls.get(workload.name)
        if call is None:
            self.calls.clear()  # memory of the workload before
            call = self.calls[workload.name] = workload.build(self.library, 0)
            call()
        seconds = repeat(call) / workload.divisor
        result = None
        if self.library.name not in workload.apart:
            result = numbers(self.compared_call(workload)())
        return {"seconds": seconds, "result": result}

    def compared_call(self, workload: Workload) -> Call:
        """The call whose result is compared: the timed one, unless it is too long."""
        if workload.single is None or self.library.dtype != "float32":
            return self.calls[workload.name]
        if workload.name not in self.compared:
            self.compared[workload.name] = workload.single(self.library, 0)
        return self.compared[workload.name]

    def measure_memory(self, workload: Workload) -> dict[str, Any]:
        """The most memory that calls hold at once."""
        shorter = workload.for_library(self.library)
        return {"bytes": peak_of(shorter.build, self.library)}

    def call_for(self, workload: Workload, seconds: float) -> dict[str, Any]:
        """Make the calls of a workload that was measured, again and again."""
        end = time.perf_counter() + seconds
        count = 0
        while time.perf_counter() < end:
            if workload.fresh:
                self.measure_fresh(workload, count + 1)
            else:
                self.calls[workload.name]()
            count += 1
        return {"calls": count}

    def measure_fresh(self, workload: Workload, seed: int) -> dict[str, Any]:
        """Time the first and only call; the first of a kind warms the library up."""
        if workload.name not in self.calls:
            warm = self.calls[workload.name] = workload.build(self.library, seed + 1000)
            warm()
        call = workload.build(self.library, seed)
        gc.collect()  # what is made from here on may be collected within the time
        start = time.perf_counter()
        result = call()
        return {"seconds": time.perf_counter() - start, "result": numbers(result)}


def main() -> None:
    """Serve requests until standard input ends."""
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a library may print
    name, dtype, threads = sys.argv[1:]
    processors.restrict(int(threads))
    library = LOADERS[name](dtype)
    bench = Bench(library)
    by_name = {w.name: w for w in WORKLOADS}
    print(json.dumps({"version": library.version}), file=replies, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        workload = by_name[request["workload"]]
        try:
            if "call for" in request:
                reply = bench.call_for(workload, request["call for"])
            elif "memory" in request:
                reply = bench.measure_memory(workload)
            else:
                reply = bench.measure(workload, request["seed"])
        except Exception:  # noqa: BLE001  # one workload must not end the others
            reply = {"error": traceback.format_exc()}
        print(json.dumps(reply), file=replies, flush=True)


if __name__ == "__main__":
    main()
