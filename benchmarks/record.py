"""The recorded runs: which there are, what they met, and what each family gained.

``docs/performance.md``, the figures in ``README.md`` and their tests are made from
these files and from nothing else.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.workloads import FAMILIES

RECORDED = Path(__file__).with_name("recorded")
DIGITS = 4
FAMILY = {w.name: name for name, family in FAMILIES.items() for w in family}
START, OTHERS = "starting", "others"
HAND_WRITTEN = "hand-written"


@dataclass(frozen=True)
class Explanations:
    """Beginnings of the names of workloads whose misses a page explains."""

    slower: list[str]
    memory: list[str]

    @classmethod
    def of(cls, text: str) -> Explanations:
        """Those on lines ``Slower: `name`, `name` `` and ``Memory: ...``."""
        return cls(*(_quoted(text, word) for word in ("Slower", "Memory")))

    def missing(self, run: Run) -> list[str]:
        """Workloads of a run that miss a bar without an explanation."""
        kinds = (("met", self.slower), ("memory met", self.memory))
        return [
            f"{name} ({what})"
            for what, known in kinds
            for name in run.missed(what)
            if not name.startswith(tuple(known))
        ]


def _quoted(text: str, word: str) -> list[str]:
    paragraphs = re.findall(
        rf"^{word}: (.*?)(?:\n\n|\Z)", text, re.DOTALL | re.MULTILINE
    )
    return [name for p in paragraphs for name in re.findall("`([^`]+)`", p)]


@dataclass(frozen=True)
class Run:
    """One kind of run: its dtype, its threads, and the rows of its table as JSON."""

    stem: str
    machine: dict[str, Any]
    versions: dict[str, str]
    rows: list[dict[str, Any]]

    @property
    def title(self) -> str:
        """``float64, 2 threads``."""
        dtype, count, word = self.stem.rsplit("-", 2)
        return f"{dtype}, {count} {word}"

    def families(self) -> dict[str, list[dict[str, Any]]]:
        """The rows by family, in the order of the table."""
        found: dict[str, list[dict[str, Any]]] = {}
        for row in self.rows:
            name = row["name"]
            default = START if " process, " in name else OTHERS
            found.setdefault(FAMILY.get(name, default), []).append(row)
        return found

    def row(self, name: str) -> dict[str, Any] | None:
        """The row of a workload."""
        return next((row for row in self.rows if row["name"] == name), None)

    def missed(self, what: str = "met") -> list[str]:
        """Names of workloads that miss a bar (``met``, ``memory met``)."""
        return [row["name"] for row in self.rows if row.get(what) is False]

    def judged(self, what: str = "met") -> int:
        """How many workloads have such a bar, and a peer to measure it by."""
        return sum(row.get(what) is not None for row in self.rows)


def load(stem: str, folder: Path = RECORDED) -> Run:
    """A recorded run."""
    data = json.loads((folder / f"{stem}.json").read_text(encoding="utf-8"))
    return Run(stem, data["machine"], data["versions"], data["rows"])


def runs(folder: Path = RECORDED) -> list[Run]:
    """All recorded runs against libraries, double precision and more threads first."""
    stems = sorted(path.stem for path in folder.glob("float*.json"))
    return [load(stem, folder) for stem in reversed(stems)]


def hand_written(folder: Path = RECORDED) -> Run | None:
    """The recorded comparison with loops written by hand."""
    stem = f"{HAND_WRITTEN}-1-thread"
    return load(stem, folder) if (folder / f"{stem}.json").exists() else None


def ratios(rows: Iterable[dict[str, Any]], peer: str) -> list[float]:
    """The peer's time over funcgrad's, of the workloads that both ran."""
    return [row["ratio"][peer] for row in rows if peer in row["ratio"]]


def geometric_mean(numbers: list[float]) -> float:
    """The mean for ratios; NaN of none."""
    if not numbers:
        return math.nan
    return math.exp(sum(map(math.log, numbers)) / len(numbers))


def stripped(data: dict[str, Any]) -> dict[str, Any]:
    """A run without its single repetitions, numbers to four digits."""
    rows = [
        {key: _rounded(value) for key, value in row.items() if key != "seconds"}
        for row in data["rows"]
    ]
    return data | {"rows": rows}


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(inner) for inner in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value
