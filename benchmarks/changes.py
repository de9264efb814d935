"""What changed since the last recorded run: two runs -> workloads faster or slower.

``python -m benchmarks.changes`` compares ``benchmarks/results`` with
``benchmarks/recorded``; with ``--record`` the results, without their single
repetitions, become the recorded runs, and the figures in the README theirs.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks import record, summary
from benchmarks.record import RECORDED
from benchmarks.results import RESULTS


def load(path: Path) -> dict[str, dict[str, Any]]:
    """The rows of a run by the name of the workload."""
    rows = json.loads(path.read_text())["rows"]
    return {row["name"]: row for row in rows}


def change(old: dict[str, Any], new: dict[str, Any], peer: str) -> float | None:
    """How many times better the ratio to the peer is; None within the noise.

    The ratio and not the time is compared, for two runs are of different days and
    machines. A change counts where the ranges of the rounds do not touch.
    """
    if peer not in old["ratio"] or peer not in new["ratio"]:
        return None
    (old_low, old_high), (low, high) = old["spread"][peer], new["spread"][peer]
    if low <= old_high and old_low <= high:
        return None
    return float(new["ratio"][peer] / old["ratio"][peer])


def report(
    old: dict[str, dict[str, Any]], new: dict[str, dict[str, Any]], peer: str
) -> list[str]:
    """Lines of a Markdown list: what became faster, slower, what came and went."""
    lines = []
    for name, row in new.items():
        if name not in old:
            lines.append(f"- new: {name}")
            continue
        factor = change(old[name], row, peer)
        if factor is not None:
            word = "faster" if factor > 1.0 else "slower"
            before, after = old[name]["ratio"][peer], row["ratio"][peer]
            times = max(factor, 1.0 / factor)
            lines.append(
                f"- {word} {times:.2f} times: {name} ({before:.2f} to {after:.2f} "
                f"times {peer})"
            )
        if not row["agrees"] and old[name]["agrees"]:
            lines.append(f"- results differ now: {name}")
    lines += [f"- gone: {name}" for name in old if name not in new]
    return lines


def main() -> int:
    """Print the report for every recorded kind of run; 1 where something is slower."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", default="jax")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--recorded", type=Path, default=RECORDED)
    parser.add_argument("--record", action="store_true", help="keep the results")
    options = parser.parse_args()
    slower = False
    for path in sorted(options.results.glob("*.json")):
        before = options.recorded / path.name
        if before.exists():
            lines = report(load(before), load(path), options.peer)
            slower = slower or any(line.startswith("- slower") for line in lines)
            print(f"## {path.stem}\n")
            print("\n".join(lines) if lines else "nothing beyond the noise", "\n")
        else:
            print(f"## {path.stem}\n\nno recorded run\n")
        if options.record:
            options.recorded.mkdir(parents=True, exist_ok=True)
            kept = record.stripped(json.loads(path.read_text()))
            before.write_text(json.dumps(kept, indent=1) + "\n")
    if options.record and options.recorded == RECORDED:
        summary.write_readme()
    return int(slower)


if __name__ == "__main__":
    sys.exit(main())
