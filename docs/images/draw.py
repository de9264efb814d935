"""Draws the pictures of this folder: run it after a change of how graphs look."""

from __future__ import annotations

from pathlib import Path

import funcgrad as fg
from funcgrad.viz.graph import Graph


def lecture(a: float, b: float, c: float) -> float:
    """L(a, b, c) = c (a + 2b), as three operations."""
    d = 2 * b
    e = a + d
    return c * e


def pictures() -> dict[str, Graph]:
    """The graphs by the name of their file."""
    return {"lecture.svg": fg.graph(lecture)(3.0, 1.0, -2.0)}


if __name__ == "__main__":
    for name, picture in pictures().items():
        picture.save(Path(__file__).with_name(name))
