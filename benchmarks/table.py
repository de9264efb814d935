"""Measurements as a table: medians, ratios to funcgrad's, bars met or not."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.memory import RESOLUTION

YES_NO = {True: "yes", False: "NO", None: "-"}


@dataclass
class Row:
    """One workload: the repetitions of every library, and what was asked."""

    name: str
    bars: dict[str, float]
    seconds: dict[str, list[float]] = field(default_factory=dict)
    memory: dict[str, int] = field(default_factory=dict)
    agrees: bool = True
    errors: dict[str, str] = field(default_factory=dict)

    def medians(self) -> dict[str, float]:
        """The median repetition of each library."""
        return {lib: statistics.median(s) for lib, s in self.seconds.items() if s}

    def rounds(self, peer: str) -> list[float]:
        """How many times funcgrad's time went into the peer's, in each round.

        What slows the machine down for a while slows both.
        """
        ours, theirs = self.seconds.get("funcgrad", []), self.seconds.get(peer, [])
        return [t / o for t, o in zip(theirs, ours)]

    def ratios(self) -> dict[str, float]:
        """The median of `rounds` for each peer."""
        return {
            peer: statistics.median(self.rounds(peer))
            for peer in self.seconds
            if peer != "funcgrad" and self.rounds(peer)
        }

    def spreads(self) -> dict[str, tuple[float, float]]:
        """The smallest and the largest of `rounds` for each peer."""
        return {
            peer: (min(self.rounds(peer)), max(self.rounds(peer)))
            for peer in self.ratios()
        }

    def add_memory(self, library: str, nbytes: int | None) -> None:
        """Keep the least that the memory of a repetition rose to, in bytes."""
        if nbytes is not None:
            self.memory[library] = min(nbytes, self.memory.get(library, nbytes))

    def memory_met(self) -> bool | None:
        """Whether the peak is no higher than JAX's; None where there is none of it."""
        if not self.memory.keys() >= {"funcgrad", "jax"}:
            return None
        return self.memory["funcgrad"] <= self.memory["jax"] + RESOLUTION

    def met(self) -> bool | None:
        """Whether every bar was reached; None where there was nothing to compare."""
        ratios = self.ratios()
        known = [ratios[lib] >= bar for lib, bar in self.bars.items() if lib in ratios]
        return all(known) if known else None

    def as_json(self) -> dict[str, Any]:
        """Everything, for later comparisons."""
        return {
            "name": self.name,
            "seconds": self.seconds,
            "median": self.medians(),
            "ratio": self.ratios(),
            "spread": self.spreads(),
            "peak bytes": self.memory,
            "bars": self.bars,
            "met": self.met(),
            "memory met": self.memory_met(),
            "agrees": self.agrees,
            "errors": self.errors,
        }


def readable(seconds: float) -> str:
    """Three digits and a unit."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= 0.9995 * scale:  # which three digits round to 1
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def readable_bytes(count: int) -> str:
    """Mebibytes, with one digit after the point."""
    return f"{count / 2**20:.1f}"


def grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a Markdown table."""
    lines = ["| " + " | ".join(cells) + " |" for cells in (head, *rows)]
    return [lines[0], "|---" * len(head) + "|", *lines[1:]]


def markdown(rows: list[dict[str, Any]], versions: dict[str, str]) -> str:
    """A table with a column per library, of rows as JSON.

    In brackets: how many times funcgrad's time goes into the peer's, the median over
    rounds, and from where to where it went. The memory is that of `benchmarks.memory`,
    in MiB, in the order of the columns.
    """
    libraries = list(versions)
    titles = [f"{lib} {versions[lib]}" for lib in libraries]
    last = ["asked", "met", "results agree", "peak MiB", "at most JAX's"]
    lines = []
    for row in rows:
        sizes = row["peak bytes"]
        cells = [row["name"], *(time_cell(row, lib) for lib in libraries)]
        cells.append(", ".join(f"{lib} {bar:.2g}" for lib, bar in row["bars"].items()))
        cells += [YES_NO[row["met"]], "yes" if row["agrees"] else "NO"]
        cells.append(
            " / ".join(readable_bytes(sizes[lib]) for lib in libraries if lib in sizes)
        )
        cells.append(YES_NO[row.get("memory met")])
        lines.append(cells)
    return "\n".join(grid(["workload", *titles, *last], lines))


def time_cell(row: dict[str, Any], lib: str) -> str:
    """A library's time, and in brackets its ratio with the range."""
    if lib in row["errors"]:
        return "error"
    if lib not in row["median"]:
        return "-"
    text = readable(row["median"][lib])
    if lib in row["ratio"]:
        low, high = row["spread"][lib]
        text += f" ({row['ratio'][lib]:.2f}; {low:.2f}-{high:.2f})"
    return text
