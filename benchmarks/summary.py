"""The recorded runs in words and small tables: what the documentation says of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks import record
from benchmarks.record import Run, geometric_mean, ratios
from benchmarks.table import grid, readable_bytes

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- figures: from benchmarks/recorded -->", "<!-- end of figures -->"
PEERS = ("jax", "torch", "autograd", "numpy")
LOOP_GRADIENTS = (
    "RNN width 16: gradient",
    "Kalman 2x2: gradient",
    "Lorenz RK4, array carried: gradient",
    "solve 2x2: gradient",
)
NAMES = {"jax": "JAX", "torch": "PyTorch", "autograd": "Autograd", "numpy": "NumPy"}


def machine(run: Run) -> str:
    """Where and with what it was measured."""
    known = [p for p in ("funcgrad", *PEERS) if p in run.versions]
    versions = ", ".join(
        f"{NAMES.get(p, p)} {run.versions[p]}" for p in known if p != "funcgrad"
    )
    m = run.machine
    return (
        f"{m['processor']}, {m['cpus']} processors, {m['platform']}, "
        f"Python {m['python']}; {versions}."
    )


def bars_met(runs: Iterable[Run]) -> list[str]:
    """A table of how many bars each kind of run meets."""
    head = "run, workloads, bars met, memory at most JAX's, results agree".split(", ")
    lines = []
    for run in runs:
        met = run.judged() - len(run.missed())
        lean = run.judged("memory met") - len(run.missed("memory met"))
        agree = sum(row["agrees"] for row in run.rows)
        memory = f"{lean} of {run.judged('memory met')}"
        count = len(run.rows)
        judged = f"{met} of {run.judged()}"
        lines.append([run.title, str(count), judged, memory, f"{agree} of {count}"])
    return grid(head, lines)


def loop_gradients(run: Run) -> str:
    """The one bar that is asked of several workloads together."""
    rows = [row for row in run.rows if row["name"].startswith(LOOP_GRADIENTS)]
    mean = geometric_mean(ratios(rows, "jax"))
    return (
        f"{run.title}: the gradients of loops (an RNN of width 16, Kalman 2x2, Lorenz "
        f"with its state as one array, solve 2x2) take JAX {mean:.3g} times as long, "
        "the geometric mean, of which 10 is asked."
    )


def family_means(run: Run) -> list[str]:
    """A table of the ratios to each peer by family."""
    peers = [p for p in PEERS if any(p in row["ratio"] for row in run.rows)]
    lines = [
        [family, *(_mean_and_range(ratios(rows, peer)) for peer in peers)]
        for family, rows in run.families().items()
    ]
    return grid(["family", *(NAMES[p] for p in peers)], lines)


def _mean_and_range(numbers: list[float]) -> str:
    if not numbers:
        return "-"
    mean = geometric_mean(numbers)
    return f"{mean:.3g} ({min(numbers):.3g} to {max(numbers):.3g})"


def below(runs: list[Run]) -> list[str]:
    """A table of the workloads that miss a bar in some run, with all their ratios."""
    names = dict.fromkeys(name for run in runs for name in run.missed())
    lines = [[name, *(_ratio_and_bar(run.row(name)) for run in runs)] for name in names]
    return grid(["workload", *(run.title for run in runs)], lines)


def _ratio_and_bar(row: dict[str, Any] | None) -> str:
    """The ratios to the peers that bars are for; what is asked where one is missed."""
    if row is None:
        return "-"
    parts = []
    for peer, bar in row["bars"].items():
        if peer in row["ratio"]:
            missed = row["ratio"][peer] < bar
            asked = f" (asked {bar:.2g})" if missed else ""
            parts.append(f"{NAMES.get(peer, peer)} {row['ratio'][peer]:.3g}{asked}")
    return ", ".join(parts) or "-"


def more_memory(runs: list[Run]) -> list[str]:
    """A table of the workloads whose peak memory is above JAX's in some run."""
    names = dict.fromkeys(name for run in runs for name in run.missed("memory met"))
    lines = [[name, *(_peaks(run.row(name)) for run in runs)] for name in names]
    return grid(["MiB, funcgrad / JAX", *(run.title for run in runs)], lines)


def _peaks(row: dict[str, Any] | None) -> str:
    """The peak memory of funcgrad and of JAX, as far as they are known."""
    peaks = (row or {}).get("peak bytes", {})
    both = [readable_bytes(peaks[p]) for p in ("funcgrad", "jax") if p in peaks]
    return " / ".join(both) or "-"


def readme(run: Run) -> str:
    """The paragraph of the README."""
    met = run.judged() - len(run.missed())
    lines = [
        (
            f"How many times funcgrad's time goes into a peer's, {run.title} on "
            f"{run.machine['processor']}: the geometric mean of a family of workloads, "
            "the smallest and the largest."
        ),
        "",
        *family_means(run),
        "",
        f"{met} of {run.judged()} workloads reach what is asked of them.",
    ]
    return "\n".join(lines)


def with_figures(text: str, run: Run) -> str:
    """The README's text with the figures of a run."""
    pattern = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    return pattern.sub(lambda _: f"{BEGIN}\n{readme(run)}\n{END}", text, count=1)


def write_readme() -> None:
    """Put the figures of the first recorded run into the README."""
    text = README.read_text(encoding="utf-8")
    README.write_text(with_figures(text, record.runs()[0]), encoding="utf-8")
