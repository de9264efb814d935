"""Key paths: where a leaf sits in a tree, as keys and as text for messages."""

from collections.abc import Hashable
from typing import Any, NoReturn


class _Key:
    """Equal to keys of its own kind with an equal value; never changed once made."""

    __slots__: tuple[str, ...] = ()

    def _value(self) -> Any:
        return getattr(self, self.__slots__[0])

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return bool(self._value() == other._value())

    def __hash__(self) -> int:
        return hash((type(self), self._value()))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a {type(self).__name__} can not be changed")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._value(),)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.__slots__[0]}={self._value()!r})"


class SequenceKey(_Key):
    """Position in a tuple or list: ``[0]``.

    Examples
    --------
    >>> from funcgrad import tree_util
    >>> tree_util.tree_leaves_with_path([7])
    [((SequenceKey(idx=0),), 7)]
    """

    __slots__ = __match_args__ = ("idx",)
    idx: int

    def __init__(self, idx: int) -> None:
        object.__setattr__(self, "idx", idx)

    def __str__(self) -> str:
        return f"[{self.idx}]"


class DictKey(_Key):
    """Key of a dict: ``['name']``.

    Examples
    --------
    >>> from funcgrad import tree_util
    >>> tree_util.tree_leaves_with_path({"a": 7})
    [((DictKey(key='a'),), 7)]
    """

    __slots__ = __match_args__ = ("key",)
    key: Hashable

    def __init__(self, key: Hashable) -> None:
        object.__setattr__(self, "key", key)

    def __str__(self) -> str:
        return f"[{self.key!r}]"


class GetAttrKey(_Key):
    """Field of a namedtuple, dataclass or registered class: ``.name``.

    Examples
    --------
    >>> from funcgrad import tree_util
    >>> tree_util.keystr((tree_util.GetAttrKey("weight"),))
    '.weight'
    """

    __slots__ = __match_args__ = ("name",)
    name: str

    def __init__(self, name: str) -> None:
        object.__setattr__(self, "name", name)

    def __str__(self) -> str:
        return f".{self.name}"


class FlattenedIndexKey(_Key):
    """Position among the children of a class that is registered without keys.

    Examples
    --------
    >>> from funcgrad import tree_util
    >>> tree_util.keystr((tree_util.FlattenedIndexKey(0),))
    '[<flat index 0>]'
    """

    __slots__ = __match_args__ = ("key",)
    key: int

    def __init__(self, key: int) -> None:
        object.__setattr__(self, "key", key)

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
