"""The ratios of a run as a picture: a bar for each workload, on a logarithmic scale."""

from __future__ import annotations

import math
from html import escape
from typing import Any

COLOURS = {True: "#2a7f62", False: "#b3362b", None: "#8792a5"}
STYLE = (
    "text{font:11px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;"
    "fill:#1a1f2b}.family{font-weight:700}.grid{stroke:#dfe3ea}.one{stroke:#27364d}"
    ".bar{stroke:#1a1f2b;stroke-width:2}.range{stroke:#1a1f2b;stroke-opacity:.45}"
    ".n,.tick{fill:#4b566b}.tick{text-anchor:middle}.name{text-anchor:end}"
)
MARKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
LEFT, WIDTH, RIGHT, LINE, TOP = 330, 400, 60, 15, 34


class Scale:
    """Where a ratio stands, from left to right."""

    def __init__(self, ratios: list[float]) -> None:
        low, high = min([*ratios, 0.9]), max([*ratios, 2.0])
        self.low, self.high = math.log(low / 1.1), math.log(high * 1.1)

    def __call__(self, ratio: float) -> str:
        share = (math.log(ratio) - self.low) / (self.high - self.low)
        return f"{LEFT + WIDTH * min(1.0, max(0.0, share)):.1f}".removesuffix(".0")

    def marks(self) -> list[float]:
        """Round numbers along the scale."""
        return [m for m in MARKS if self.low <= math.log(m) <= self.high]


def svg(families: dict[str, list[dict[str, Any]]], peer: str, title: str) -> str:
    """A chart of the peer's time over funcgrad's, family by family.

    Green bars reach what was asked of the workload (a black tick), red ones do not; a
    thin line goes from the smallest to the largest ratio of the rounds.
    """
    chosen = {
        name: found
        for name, rows in families.items()
        if (found := [row for row in rows if peer in row["ratio"]])
    }
    scale = Scale([row["ratio"][peer] for rows in chosen.values() for row in rows])
    parts: list[str] = []
    y = TOP
    for name, rows in chosen.items():
        parts.append(f'<text class="family" x="8" y="{y + 11}">{escape(name)}</text>')
        y += LINE
        for row in rows:
            parts.append(_line(row, peer, y, scale))
            y += LINE
    says = f"time of {peer} / time of funcgrad (above 1: funcgrad is faster)"
    head = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + RIGHT}" '
            f'height="{y + 8}" viewBox="0 0 {LEFT + WIDTH + RIGHT} {y + 8}" role="img" '
            f'aria-label="{escape(title)}: {says}">'
        ),
        f"<style>{STYLE}</style>",
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="8" y="14">{escape(title)}: {says}</text>',
    ]
    for mark in scale.marks():
        kind = "one" if mark == 1 else "grid"
        x = scale(mark)
        head += [
            f'<path class="{kind}" d="M{x} {TOP - 2}V{y}"/>',
            f'<text class="tick" x="{x}" y="{TOP - 6}">{mark:g}</text>',
        ]
    return "\n".join([*head, *parts, "</svg>\n"])


def _line(row: dict[str, Any], peer: str, y: int, scale: Scale) -> str:
    """A workload: its name, its bar, what was asked, the range, the ratio."""
    ratio = row["ratio"][peer]
    start, end = (scale(r) for r in sorted((1.0, ratio)))
    low, high = (scale(r) for r in row["spread"][peer])
    colour = COLOURS[row["met"] if peer in row["bars"] else None]
    width = f"{float(end) - float(start):.1f}"
    middle = f"{y + 7.5}"
    text = [
        f'<text class="name" x="{LEFT - 6}" y="{y + 11}">{escape(row["name"])}</text>',
        (
            f'<rect x="{start}" y="{y + 2}" width="{width}" height="{LINE - 4}" '
            f'fill="{colour}"/>'
        ),
        f'<path class="range" d="M{low} {middle}H{high}"/>',
    ]
    if peer in row["bars"]:
        x = scale(row["bars"][peer])
        text.append(f'<path class="bar" d="M{x} {y}v{LINE}"/>')
    text.append(
        f'<text class="n" x="{LEFT + WIDTH + 8}" y="{y + 11}">{ratio:.3g}</text>'
    )
    return "".join(text)
