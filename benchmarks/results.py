"""Writes a run: its table as Markdown, its numbers as JSON, its charts."""

from __future__ import annotations

import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

from benchmarks import chart
from benchmarks.record import Run
from benchmarks.table import Row, markdown

RESULTS = Path("benchmarks/results")


def processor() -> str:
    """The name of the processor where the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": processor(),
        "cpus": os.cpu_count(),
    }


def write(rows: list[Row], versions: dict[str, str], out: Path, stem: str) -> None:
    """Print one kind of run, and write its table, JSON and charts."""
    out.mkdir(parents=True, exist_ok=True)
    run = Run(stem, machine(), versions, [row.as_json() for row in rows])
    table = f"## {run.title}, {processor()}\n\n{markdown(run.rows, versions)}\n"
    print(f"\n{table}", end="")
    for row in rows:
        for library, error in row.errors.items():
            print(f"\n{row.name}, {library}:\n{error}", file=sys.stderr)
    (out / f"{stem}.md").write_text(table)
    data = {"machine": run.machine, "versions": versions, "rows": run.rows}
    (out / f"{stem}.json").write_text(json.dumps(data, indent=1))
    for peer in versions:
        if any(peer in row["ratio"] for row in run.rows):
            picture = chart.svg(run.families(), peer, run.title)
            (out / f"{stem}-{peer}.svg").write_text(picture)
