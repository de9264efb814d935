"""What deserves a look in a computed graph: NaN, infinities, dead rectifiers."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad.viz.model import Program
from funcgrad.viz.record import Record

RECTIFIERS = frozenset({"max", "relu"})


def mark(program: Program, records: list[Record]) -> None:
    """Fill in the marks of nodes."""
    for node in program.nodes:
        for value, what in ((node.value, ""), (node.derivative, " derivative")):
            node.marks += [word + what for word in _special(value)]
    for record in records:
        dead = _dead(record)
        if dead is not None:
            program.nodes[record.results[0]].marks.append(dead)


def _special(value: Any) -> list[str]:
    array = np.asarray(value)
    if value is None or array.dtype.kind not in "fc":
        return []
    found = []
    for word, test in (("NaN", np.isnan), ("infinite", np.isinf)):
        count = int(np.count_nonzero(test(array)))
        if count:
            found.append(word if array.ndim == 0 else f"{count} of {array.size} {word}")
    return found


def _dead(record: Record) -> str | None:
    """Which units of a rectifier let no derivative through."""
    if record.primitive.name not in RECTIFIERS:
        return None
    traced = [
        x
        for x, source in zip(record.operands, record.sources, strict=True)
        if source >= 0
    ]
    rest = [
        x
        for x, source in zip(record.operands, record.sources, strict=True)
        if source < 0
    ]
    if len(traced) != 1 or any(np.any(np.asarray(x)) for x in rest):
        return None
    array = np.asarray(traced[0])
    dead = int(np.count_nonzero(array < 0))
    if not dead:
        return None
    return "dead ReLU" if array.ndim == 0 else f"dead ReLU: {dead} of {array.size}"
