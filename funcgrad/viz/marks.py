"""What deserves a look in a computed graph: NaN, infinities, dead rectifiers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from funcgrad.viz.model import Program
from funcgrad.viz.record import Record

RECTIFIERS = frozenset({"max", "select_n"})


def mark(program: Program, records: list[Record]) -> None:
    """Fill in the marks of nodes."""
    for node in program.nodes:
        for value, what in ((node.value, ""), (node.derivative, " derivative")):
            node.marks += [word + what for word in _special(value)]
    for record in records:
        dead = _dead(program, record)
        if dead is not None:
            program.nodes[record.results[0]].marks.append(dead)


def _special(value: Any) -> list[str]:
    if value is None or (isinstance(value, float) and math.isfinite(value)):
        return []
    array = np.asarray(value)
    if array.dtype.kind not in "fc":
        return []
    found = []
    for word, test in (("NaN", np.isnan), ("infinite", np.isinf)):
        count = int(np.count_nonzero(test(array)))
        if count:
            found.append(word if array.ndim == 0 else f"{count} of {array.size} {word}")
    return found


def _dead(program: Program, record: Record) -> str | None:
    """Which units of a rectifier let no derivative through.

    It chooses between one value and a constant zero; it is dead where the value is
    negative and the answer zero.
    """
    if record.primitive.name not in RECTIFIERS:
        return None
    choices = [
        (np.asarray(x), source)
        for x, source in zip(record.operands, record.sources, strict=True)
        if np.asarray(x).dtype.kind != "b"
    ]
    traced = [x for x, source in choices if source >= 0]
    constants = [x for x, source in choices if source < 0]
    if len(traced) != 1 or len(constants) != 1 or constants[0].any():
        return None
    answer = np.asarray(program.nodes[record.results[0]].value)
    dead = int(np.count_nonzero((traced[0] < 0) & (answer == 0)))
    if not dead:
        return None
    return "dead ReLU" if answer.ndim == 0 else f"dead ReLU: {dead} of {answer.size}"
