"""How values of one type are taken apart, and built again."""

from collections.abc import Callable, Sequence
from typing import Any

from funcgrad.tree.keys import KeyEntry

Children = Sequence[Any]


class NodeType:
    """How values of one type are taken apart and built again.

    Attributes
    ----------
    kind : type
        The Python type.
    flatten : callable
        Value -> children, data. ``data`` is what else is needed to build the value.
    unflatten : callable
        Data, list of children -> value.
    keys : callable
        Data, number of children -> one key entry for each child.
    flatten_with_keys : callable, optional
        Value -> pairs (key, child), data; for classes whose keys need the value.
    show : callable
        Data, the children as text -> text in the representation of a `PyTreeDef`.
    """

    __slots__ = ("flatten", "flatten_with_keys", "keys", "kind", "show", "unflatten")

    def __init__(
        self,
        kind: type,
        flatten: Callable[[Any], tuple[Children, Any]],
        unflatten: Callable[[Any, list[Any]], Any],
        keys: Callable[[Any, int], list[KeyEntry]],
        show: Callable[[Any, list[str]], str],
        flatten_with_keys: (
            Callable[[Any], tuple[Sequence[tuple[KeyEntry, Any]], Any]] | None
        ) = None,
    ) -> None:
        self.kind = kind
        self.flatten = flatten
        self.unflatten = unflatten
        self.keys = keys
        self.show = show
        self.flatten_with_keys = flatten_with_keys

    def keys_and_children(self, value: Any) -> tuple[list[KeyEntry], Children, Any]:
        """Take a value apart, with the key of each child."""
        if self.flatten_with_keys is None:
            children, data = self.flatten(value)
            return self.keys(data, len(children)), children, data
        pairs, data = self.flatten_with_keys(value)
        return [key for key, _ in pairs], [child for _, child in pairs], data
