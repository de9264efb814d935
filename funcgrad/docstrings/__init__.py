"""Docstrings of names that tables make: from a family and a name to the text.

A family is a file here: for each name a summary, where the code has none, and examples
with their results. Files are read when a docstring of theirs is first asked for.
"""

from __future__ import annotations

import functools
import os.path

# What the examples of any family use, and its import.
_IMPORTS = {
    "fg.": "import funcgrad as fg",
    "fnp.": "import funcgrad.numpy as fnp",
    "special.": "from funcgrad.scipy import special",
    "stats.": "from funcgrad.scipy import stats",
}


@functools.cache
def entries(family: str) -> dict[str, str]:
    """The entries of a file by name; none for a family without a file.

    Examples
    --------
    >>> entries("ufuncs")["sin"].splitlines()[0]
    'Sine of angles in radians.'
    """
    path = os.path.join(os.path.dirname(__file__), f"{family}.txt")
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        sections = file.read().strip().removeprefix("[").split("\n\n[")
    return {
        name: text for name, _, text in (part.partition("]\n") for part in sections)
    }


def docstring(family: str, name: str, summary: str = "", notes: str = "") -> str:
    """A numpydoc text: what a name is, notes, and examples with their imports.

    Parameters
    ----------
    family, name : str
        The entry. What stands there before the examples goes before the notes.
    summary, notes : str
        What the code itself says.

    Returns
    -------
    str
    """
    entry = entries(family).get(name, "")
    start = entry.find(">>>")
    said, examples = (entry[:start], entry[start:]) if start >= 0 else (entry, "")
    parts = [part.strip() for part in (summary, said, notes) if part]
    if examples:
        imports = [
            f">>> {line}\n" for prefix, line in _IMPORTS.items() if prefix in examples
        ]
        parts.append(f"Examples\n--------\n{''.join(imports)}{examples}")
    return "\n\n".join(parts)


class Docstring:
    """The ``__doc__`` of a class whose instances each have an entry of a family.

    Parameters
    ----------
    own : str or None
        The docstring of the class; None for a class that has an entry itself.
    family : str
        Where instances are described, under their ``attribute``.
    attribute : str
        Which of an instance's attributes is its name there.
    notes : str
        What holds for every instance, formatted with it.
    """

    def __init__(
        self,
        own: str | None,
        family: str,
        attribute: str = "__name__",
        notes: str = "",
    ) -> None:
        self.own = own
        self.family = family
        self.attribute = attribute
        self.notes = notes

    def __get__(self, instance: object, owner: type) -> str | None:
        if instance is None and self.own is not None:
            return self.own
        described = owner if instance is None else instance
        name = getattr(described, self.attribute)
        return docstring(self.family, name, notes=self.notes.format(described))
