"""The ratios of a run as a picture: a bar for each workload, on a logarithmic scale."""

from __future__ import annotations

from pathlib import Path
from typing import Any

COLOURS = {True: "#2a7f62", False: "#c44536", None: "#8d99ae"}


def draw(rows: list[dict[str, Any]], peer: str, path: Path, title: str) -> None:
    """Write the chart of the peer's time over funcgrad's; ``path`` names the format.

    Green bars reach what was asked of the workload (a black tick), red ones do not.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    chosen = [row for row in rows if peer in row["ratio"]]
    height = 0.24 * len(chosen) + 1.2
    figure, axes = plt.subplots(figsize=(9.0, height), layout="constrained")
    places = range(len(chosen))
    ratios = [row["ratio"][peer] for row in chosen]
    axes.barh(
        places,
        [ratio - 1.0 for ratio in ratios],
        left=1.0,
        color=[COLOURS[row["met"]] for row in chosen],
    )
    for place, row in zip(places, chosen, strict=True):
        bar = row["bars"].get(peer)
        if bar is not None:
            axes.plot([bar, bar], [place - 0.4, place + 0.4], color="black", lw=1.2)
    axes.axvline(1.0, color="black", lw=0.8)
    axes.set_xscale("log")
    axes.set_yticks(places, [row["name"] for row in chosen], fontsize=7)
    axes.set_ylim(len(chosen) - 0.4, -0.6)
    axes.set_xlabel(f"time of {peer} / time of funcgrad (above 1: funcgrad is faster)")
    axes.set_title(title, fontsize=9)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
    plt.close(figure)
