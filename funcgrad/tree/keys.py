"""Key paths: where a leaf sits in a tree, as keys and as text for messages."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class SequenceKey:
    """Position in a tuple or list: ``[0]``."""

    idx: int

    def __str__(self) -> str:
        return f"[{self.idx}]"


@dataclass(frozen=True)
class DictKey:
    """Key of a dict: ``['name']``."""

    key: Hashable

    def __str__(self) -> str:
        return f"[{self.key!r}]"


@dataclass(frozen=True)
class GetAttrKey:
    """Field of a namedtuple, dataclass or registered class: ``.name``."""

    name: str

    def __str__(self) -> str:
        return f".{self.name}"


@dataclass(frozen=True)
class FlattenedIndexKey:
    """Position among the children of a class that is registered without keys."""

    key: int

    def __str__(self) -> str:
        return f"[<flat index {self.key}>]"


KeyEntry = Any
KeyPath = tuple[KeyEntry, ...]


def keystr(keys: KeyPath, *, simple: bool = False, separator: str = "") -> str:
    """A key path as text.

    Parameters
    ----------
    keys : tuple of key entries
        As `flatten_with_path` gives them.
    simple : bool
        Leave out brackets, quotes and dots.
    separator : str
        Put between the keys.

    Returns
    -------
    str

    Examples
    --------
    >>> path = (DictKey("layers"), SequenceKey(0), GetAttrKey("bias"))
    >>> keystr(path)
    "['layers'][0].bias"
    >>> keystr(path, simple=True, separator="/")
    'layers/0/bias'
    """
    if not simple:
        return separator.join(str(key) for key in keys)
    return separator.join(_simple(key) for key in keys)


def _simple(key: KeyEntry) -> str:
    match key:
        case SequenceKey(idx):
            return str(idx)
        case DictKey(name) | FlattenedIndexKey(name) | GetAttrKey(name):
            return str(name)
    return str(key)
