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
    values = [_special(node.value) for node in program.nodes]
    derivatives = [_special(node.derivative) for node in program.nodes]
    if any(values) or any(derivatives):
        incoming, outgoing = program.incoming(), program.outgoing()
        for node in program.nodes:
            fed = [values[e.source] for e in incoming[node.id]]
            node.marks += _started(values[node.id], fed, node.kind == "input", "")
            fed = [derivatives[e.target] for e in outgoing[node.id]]
            node.marks += _started(derivatives[node.id], fed, False, " derivative")
    for record in records:
        dead = _dead(program, record)
        if dead is not None:
            program.nodes[record.results[0]].marks.append(dead)


def _started(
    found: dict[str, str], fed: list[dict[str, str]], given: bool, what: str
) -> list[str]:
    """Marks; those that nothing before has say that it starts here."""
    return [
        f"{text}{what}"
        + ("" if given or any(word in other for other in fed) else " starts here")
        for word, text in found.items()
    ]


def _special(value: Any) -> dict[str, str]:
    """NaN and infinities in a value, with their numbers."""
    if value is None or (isinstance(value, float) and math.isfinite(value)):
        return {}
    array = np.asarray(value)
    if array.dtype.kind not in "fc":
        return {}
    found = {}
    for word, test in (("NaN", np.isnan), ("infinite", np.isinf)):
        count = int(np.count_nonzero(test(array)))
        if count:
            one = array.ndim == 0
            found[word] = word if one else f"{count} of {array.size} {word}"
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
