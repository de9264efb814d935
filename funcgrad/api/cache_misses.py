"""Why a jitted function is traced again: a call's key compared with earlier ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from funcgrad.core.source import user_frame


def log_cache_miss(
    name: str, key: Any, known: Iterable[Any], labels: Sequence[str]
) -> None:
    """Log what is new about a call.

    Parameters
    ----------
    name : str
        The function's.
    key : tuple
        Structure, static values, types and settings of the call.
    known : iterable of tuple
        Those of earlier calls.
    labels : sequence of str
        What the user calls each leaf of the arguments.
    """
    import logging

    logging.getLogger("funcgrad").warning(
        "%s is traced again at %s: %s", name, user_frame(), explain(key, known, labels)
    )


def explain(key: Any, known: Iterable[Any], labels: Sequence[str]) -> str:
    """The difference from the most similar earlier call, in words."""
    structure, static, avals, _ = key
    earlier = list(known)
    if not earlier:
        return "it has not been called before, or its cache is empty"
    same = [k for k in earlier if k[0] == structure]
    if not same:
        return f"its arguments have a structure not seen before: {structure}"
    equal_static = [k for k in same if k[1] == static]
    if not equal_static:
        values = ", ".join(f"{place} = {value!r}" for place, _, value in static)
        return f"static arguments have values not seen before: {values}"
    changes = min(
        (_changes(avals, k[2], labels) for k in equal_static), key=len, default=[]
    )
    if not changes:
        return "a setting changed"
    return "; ".join(changes)


def _changes(
    avals: Sequence[Any], before: Sequence[Any], labels: Sequence[str]
) -> list[str]:
    return [
        f"{label} is {new!r}, was {old!r}"
        for label, new, old in zip(labels, avals, before, strict=True)
        if new != old
    ]
