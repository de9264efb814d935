"""Writes what `performance.md` shows of the recorded runs: tables, charts, pages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from generated import write_folder

from benchmarks import chart, record, summary
from benchmarks.record import Run
from benchmarks.table import markdown

if TYPE_CHECKING:
    from sphinx.application import Sphinx

FOLDER = "performance"
INTRODUCTION = """\
In brackets are the peer's time over funcgrad's, the median of the rounds, and the
smallest and the largest: above 1, funcgrad is faster. What is asked of a workload is
such a ratio. Memory is what a call holds at its highest point, arguments apart, in MiB,
in the order of the columns. Eager libraries run shorter loops; all times of loops are
those of one step."""


def pages() -> dict[str, str]:
    """Everything generated, by the name of the file."""
    runs = record.runs()
    by_hand = record.hand_written()
    main = runs[0]
    means = [summary.loop_gradients(run) for run in runs]
    parts = {
        "bars.inc": "\n\n".join(
            ["\n".join(summary.bars_met(runs)), *means, summary.machine(main)]
        ),
        "families.inc": f"{main.title}:\n\n" + "\n".join(summary.family_means(main)),
        "table.inc": f"{INTRODUCTION}\n\n{markdown(main.rows, main.versions)}",
        "below.inc": "\n".join(summary.below(runs)),
        "memory.inc": "\n".join(summary.more_memory(runs)),
        "hand_written.inc": hand_written_text(by_hand),
        "chart.svg": chart.svg(main.families(), "jax", main.title),
    }
    for run in runs:
        parts[f"{run.stem}.md"] = page(run)
        for peer in summary.PEERS:
            if any(peer in row["ratio"] for row in run.rows):
                picture = chart.svg(run.families(), peer, run.title)
                parts[f"{run.stem}-{peer}.svg"] = picture
    return parts


def page(run: Run) -> str:
    """The page of one kind of run."""
    lines = [f"# {run.title}", "", summary.machine(run), "", INTRODUCTION, ""]
    lines += [*summary.family_means(run), ""]
    for peer in summary.PEERS:
        if any(peer in row["ratio"] for row in run.rows):
            lines += [f"![{peer}]({run.stem}-{peer}.svg)", ""]
    return "\n".join([*lines, markdown(run.rows, run.versions), ""])


def hand_written_text(run: Run | None) -> str:
    """The comparison with loops written by hand."""
    if run is None:
        return "Not recorded."
    return markdown(run.rows, run.versions)


def write_pages(app: Sphinx) -> None:
    """Write what changed."""
    write_folder(Path(app.srcdir) / FOLDER, pages())


def setup(app: Sphinx) -> dict[str, bool]:
    """Sphinx calls this."""
    app.connect("builder-inited", write_pages)
    return {"parallel_read_safe": True}
