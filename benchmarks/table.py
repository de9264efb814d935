"""Measurements as a table: medians, ratios to funcgrad's, bars met or not."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Row:
    """One workload: the repetitions of every library, and what was asked."""

    name: str
    bars: dict[str, float]
    seconds: dict[str, list[float]] = field(default_factory=dict)
    agrees: bool = True
    errors: dict[str, str] = field(default_factory=dict)

    def medians(self) -> dict[str, float]:
        """The median repetition of each library."""
        return {lib: statistics.median(s) for lib, s in self.seconds.items() if s}

    def ratios(self) -> dict[str, float]:
        """How many times funcgrad's time goes into that of each peer.

        The median over rounds of the ratio within a round: what slows the machine down
        for a while slows both.
        """
        ours = self.seconds.get("funcgrad", [])
        return {
            lib: statistics.median(t / o for t, o in zip(theirs, ours))
            for lib, theirs in self.seconds.items()
            if lib != "funcgrad" and theirs and ours
        }

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
            "bars": self.bars,
            "met": self.met(),
            "agrees": self.agrees,
            "errors": self.errors,
        }


def readable(seconds: float) -> str:
    """Three digits and a unit."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def markdown(rows: list[Row], versions: dict[str, str]) -> str:
    """A table with a column per library; a peer's ratio stands in brackets."""
    libraries = list(versions)
    titles = [f"{lib} {versions[lib]}" for lib in libraries]
    lines = [
        "| " + " | ".join(["workload", *titles, "bar", "met", "results agree"]) + " |",
        "|---" * (len(libraries) + 4) + "|",
    ]
    for row in rows:
        medians, ratios = row.medians(), row.ratios()
        cells = [row.name]
        for lib in libraries:
            text = readable(medians[lib]) if lib in medians else "-"
            if lib in row.errors:
                text = "error"
            cells.append(text + (f" ({ratios[lib]:.2f})" if lib in ratios else ""))
        cells.append(", ".join(f"{lib} {bar:g}" for lib, bar in row.bars.items()))
        cells.append({True: "yes", False: "NO", None: "-"}[row.met()])
        cells.append("yes" if row.agrees else "NO")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
