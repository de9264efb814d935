"""Command line: measure, print the Markdown table, write it and the JSON."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import sys
from pathlib import Path

from tqdm import tqdm

from benchmarks.libraries import LOADERS, installed
from benchmarks.runner import Worker, run_cold_start, run_workload
from benchmarks.table import Row, markdown
from benchmarks.workloads import WORKLOADS

COLD_START = "second process"


def parse() -> argparse.Namespace:
    """Options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="repetitions of each")
    parser.add_argument("--only", default="", help="workloads whose name has this text")
    parser.add_argument("--libraries", nargs="+", choices=LOADERS, default=installed())
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    return parser.parse_args()


def machine() -> dict[str, object]:
    """What the figures depend on."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
    }


def main() -> int:
    """Measure what was asked for; 1 where results differ or a library failed."""
    options = parse()
    chosen = [w for w in WORKLOADS if options.only in w.name]
    rows: list[Row] = []
    with contextlib.ExitStack() as stack:
        workers = [stack.enter_context(Worker(lib)) for lib in options.libraries]
        versions = {worker.library: worker.version for worker in workers}
        for workload in tqdm(chosen, unit="workload"):
            rows += [run_workload(workload, workers, options.rounds)]
    if options.only in COLD_START:
        rows += run_cold_start(options.libraries, options.rounds)
    table = markdown(rows, versions)
    print(table)
    for row in rows:
        for library, error in row.errors.items():
            print(f"\n{row.name}, {library}:\n{error}", file=sys.stderr)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "table.md").write_text(table + "\n")
    data = {
        "machine": machine(),
        "versions": versions,
        "rows": [row.as_json() for row in rows],
    }
    (options.out / "table.json").write_text(json.dumps(data, indent=1))
    return int(any(row.errors or not row.agrees for row in rows))


if __name__ == "__main__":
    sys.exit(main())
