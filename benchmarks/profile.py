"""Where the time of one workload goes: by machine code, by line, against the machine.

    python -m benchmarks.profile 'Kepler RK4: gradient'

Linux's ``perf`` samples the process, where it is installed, and names compiled code by
the setting ``perf_map``. The lines are those of `funcgrad.profile`, which reads clocks
inside the program. What is not one compiled program (compilation, un-jitted gradients)
is shown by functions of Python.
"""

from __future__ import annotations

import argparse
import cProfile
import dataclasses
import os
import pstats
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import funcgrad as fg
from benchmarks.libraries import LOADERS, Library, load_funcgrad
from benchmarks.runner import Worker
from benchmarks.table import readable
from benchmarks.worker import Bench
from benchmarks.workloads import WORKLOADS
from benchmarks.workloads.workload import Workload

COUNTERS = ("instructions", "cycles", "cache-misses", "branch-misses")
LEAST_PERCENT = 0.5


def parse() -> argparse.Namespace:
    """Options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile")
    parser.add_argument("name", help="the workload, or the start of its name")
    parser.add_argument("--library", choices=LOADERS, default="funcgrad")
    parser.add_argument("--dtype", choices=["float64", "float32"], default="float64")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3.0)
    return parser.parse_args()


def find(name: str) -> Workload:
    """The workload of that name, or the first whose name begins so or contains it."""
    tests: tuple[Callable[[str], bool], ...] = (
        lambda full: full == name,
        lambda full: full.startswith(name),
        lambda full: name in full,
    )
    for test in tests:
        for workload in WORKLOADS:
            if test(workload.name):
                return workload
    raise SystemExit(f"no workload is called `{name}`")


def counters(process: int, seconds: float) -> str:
    """Hardware events of a process, as far as the machine counts them."""
    command = ["perf", "stat", "-x,", "-e", ",".join(COUNTERS), "-p", str(process)]
    done = subprocess.run(
        [*command, "--", "sleep", str(seconds)],
        check=False,
        capture_output=True,
        text=True,
    )
    counts: dict[str, float] = {}
    for line in done.stderr.splitlines():
        count, _, event, *_ = [*line.split(","), "", "", ""]
        if count.isdigit():
            counts[event.partition(":")[0]] = float(count)
    if not counts.get("cycles"):
        return "This machine gives no hardware counters."
    rate = counts.get("instructions", 0.0) / counts["cycles"]
    misses = counts.get("cache-misses", 0.0) / counts.get("instructions", np.inf)
    return f"{rate:.2f} instructions per cycle, {1e3 * misses:.2f} misses in 1000"


def samples(process: int, seconds: float) -> str:
    """The share of each function in the time of a process."""
    with tempfile.TemporaryDirectory() as folder:
        data = str(Path(folder) / "perf.data")
        record = ["perf", "record", "-q", "-e", "cpu-clock", "-F", "1999", "-o", data]
        subprocess.run(
            [*record, "-p", str(process), "--", "sleep", str(seconds)],
            check=False,
            capture_output=True,
        )
        report = ["perf", "report", "-i", data, "--stdio", "-q", "--no-children"]
        fields = ["-F", "overhead,sym,dso", "--field-separator", "\t"]
        done = subprocess.run(
            [*report, *fields, "--percent-limit", str(LEAST_PERCENT)],
            check=False,
            capture_output=True,
            text=True,
        )
    rows = [line.split("\t") for line in done.stdout.splitlines() if "\t" in line]
    return "\n".join(shown_sample(*row) for row in rows) or done.stderr


def shown_sample(share: str, symbol: str, library: str) -> str:
    """A line of the table: without where perf knows the symbol from, and not too long.

    >>> shown_sample("12.5%", "[.] vm.exp.float64x16 [fg_77bc413d]", "[JIT] tid 123")
    '  12.5%  vm.exp.float64x16 [fg_77bc413d]                                [JIT]'
    """
    name = symbol.strip().partition("] ")[2] or symbol.strip()
    where = library.strip().partition(" tid ")[0]
    return f"{share.strip():>7}  {name[:60]:<60}  {where}"


def by_symbol(workload: Workload, options: argparse.Namespace) -> Iterator[str]:
    """Sample a worker that calls the workload again and again."""
    with Worker(
        options.library, options.dtype, options.threads, FUNCGRAD_PERF_MAP="1"
    ) as worker:
        reply = worker.measure(workload.name, 0)
        if "seconds" not in reply:
            raise SystemExit(reply.get("error", f"{options.library} does not run it"))
        each = "" if workload.divisor == 1 else f", one of {workload.divisor} steps"
        yield f"{readable(reply['seconds'])}{each}"
        if shutil.which("perf") is None:
            yield "perf is not installed: no samples."
            return
        watch = (counters, samples)
        worker.send({"workload": workload.name, "call for": 3.0 * options.seconds})
        for report in watch:
            yield report(worker.process.pid, options.seconds)
        worker.receive()


class Traffic:
    """A library whose compiled functions are profiled when they are called."""

    def __init__(self, library: Library) -> None:
        self.tables: list[str] = []
        self.nbytes = 0
        self.library = dataclasses.replace(library, jit=self.jit)

    def jit(self, f: Callable[..., Any]) -> Callable[..., Any]:
        """In place of the library's."""

        def profiled(*args: Any) -> Any:
            shown = fg.profile(f)(*args)
            self.tables.append(str(shown))
            leaves = fg.tree_util.tree_leaves((args, shown.result))
            self.nbytes = sum(np.asarray(leaf).nbytes for leaf in leaves)
            return shown.result

        return profiled


def copied_per_second() -> float:
    """Bytes that a bare copy of a large array reads and writes in a second."""
    source = np.ones(1 << 23)
    target = np.empty_like(source)
    best = np.inf
    for _ in range(10):
        start = time.perf_counter()
        np.copyto(target, source)
        best = min(best, time.perf_counter() - start)
    return 2 * source.nbytes / best


def by_line(workload: Workload, dtype: str) -> Iterator[str]:
    """The lines of the workload, and its rate of reading and writing memory."""
    traffic = Traffic(load_funcgrad(dtype))
    call = workload.build(traffic.library, 0)
    call()
    if not traffic.tables:
        return
    yield traffic.tables[-1]
    plain = Bench(load_funcgrad(dtype)).measure(workload, 0)
    rate = traffic.nbytes / (plain["seconds"] * workload.divisor)
    yield (
        f"Arguments and results, {traffic.nbytes / 2**20:.3g} MiB, at "
        f"{rate / 1e9:.3g} GB/s; a bare copy runs at {copied_per_second() / 1e9:.3g}."
    )


def by_function(workload: Workload, options: argparse.Namespace) -> None:
    """Print the functions of Python in which the time goes."""
    bench = Bench(LOADERS[options.library](options.dtype))
    bench.measure(workload, 0)
    profiler = cProfile.Profile()
    end = time.perf_counter() + options.seconds
    profiler.enable()
    for seed in range(1, 1000):
        bench.measure(workload, seed)
        if time.perf_counter() > end:
            break
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(25)


def main() -> None:
    """Print what is known of a workload."""
    options = parse()
    os.environ["FUNCGRAD_CACHE"] = "0"  # compiling must compile
    workload = find(options.name)
    print(f"# {workload.name}, {options.dtype}, {options.threads} thread(s)")
    for text in by_symbol(workload, options):
        print(f"\n{text}")
    if workload.fresh or workload.name.startswith("un-jitted"):
        by_function(workload, options)
    elif options.library == "funcgrad":
        for text in by_line(workload, options.dtype):
            print(f"\n{text}")


if __name__ == "__main__":
    main()
