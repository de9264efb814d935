"""Command line: measure, print the Markdown tables, write them, the JSON and charts."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from pathlib import Path

from tqdm import tqdm

from benchmarks import memory
from benchmarks.libraries import LOADERS, installed
from benchmarks.results import RESULTS, write
from benchmarks.runner import Worker, run_cold_start, run_memory, run_workload
from benchmarks.table import Row
from benchmarks.workloads import FAMILIES, WORKLOADS
from benchmarks.workloads.workload import Workload

COLD_START = "first process, second process"


def parse() -> argparse.Namespace:
    """Options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="repetitions of each")
    parser.add_argument(
        "--only", nargs="+", default=[""], help="workloads whose name has one of these"
    )
    parser.add_argument("--family", nargs="+", choices=FAMILIES, default=list(FAMILIES))
    parser.add_argument("--libraries", nargs="+", choices=LOADERS, default=installed())
    parser.add_argument(
        "--dtype", nargs="+", choices=["float64", "float32"], default=["float64"]
    )
    parser.add_argument("--threads", nargs="+", type=int, default=[os.cpu_count() or 1])
    parser.add_argument("--out", type=Path, default=RESULTS)
    return parser.parse_args()


def selected(options: argparse.Namespace) -> list[Workload]:
    """The workloads that the options name."""
    families = {w.name for name in options.family for w in FAMILIES[name]}
    return [
        w
        for w in WORKLOADS
        if w.name in families and any(text in w.name for text in options.only)
    ]


def measure(
    options: argparse.Namespace, dtype: str, threads: int
) -> tuple[list[Row], dict[str, str]]:
    """All chosen workloads in one precision on so many threads."""
    rows: list[Row] = []
    with contextlib.ExitStack() as stack:
        workers = [
            stack.enter_context(Worker(lib, dtype, threads))
            for lib in options.libraries
        ]
        versions = {worker.library: worker.version for worker in workers}
        for workload in tqdm(selected(options), unit="workload"):
            rows += [run_workload(workload, workers, options.rounds)]
    with contextlib.ExitStack() as stack:
        workers = [
            stack.enter_context(Worker(lib, dtype, threads, **memory.ENVIRONMENT))
            for lib in options.libraries
        ]
        for workload, row in zip(tqdm(selected(options), unit="peak"), rows):
            run_memory(workload, workers, row)
    if "calls" in options.family and any(t in COLD_START for t in options.only):
        rows += run_cold_start(options.libraries, options.rounds, threads)
    return rows, versions


def main() -> int:
    """Measure what was asked for; 1 where results differ or a library failed."""
    options = parse()
    failed = False
    for dtype in options.dtype:
        for threads in options.threads:
            rows, versions = measure(options, dtype, threads)
            stem = f"{dtype}-{threads}-thread{'s' * (threads > 1)}"
            write(rows, versions, options.out, stem)
            failed = failed or any(row.errors or not row.agrees for row in rows)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
