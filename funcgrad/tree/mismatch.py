"""Where and how two structures part: from two trees to the text of an error."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from funcgrad.errors import TreeError, message
from funcgrad.tree.keys import KeyPath, keystr
from funcgrad.tree.node_type import NodeType
from funcgrad.tree.registry import node_types

_MAX_TEXT = 400


class Structure(Protocol):
    """What is asked of a `PyTreeDef` here."""

    @property
    def node_type(self) -> NodeType | None:
        """How the root is taken apart; None for a leaf."""

    @property
    def data(self) -> Any:
        """What the root holds besides its children."""

    def children(self) -> Sequence["Structure"]:
        """The structures of the root's children."""

    def show(self) -> str:
        """The structure as text."""


def mismatch_error(prefix: Structure, tree: Any, name: str = "tree") -> TreeError:
    """The error for a tree that does not begin with the structure ``prefix``.

    Parameters
    ----------
    prefix : PyTreeDef
    tree : pytree
    name : str
        What the user calls ``tree``; paths in the message start with it.
    """
    path, expected, got = _first_mismatch(prefix, tree, ())
    return TreeError(
        message(
            f"two trees have different structures at `{name}{keystr(path)}`.",
            got=f"{got}\nin {_shorten(_show_value(tree))}",
            expected=f"{expected}\nin {_shorten(prefix.show())}",
        )
    )


def structure_differences(expected: Structure, got: Structure) -> list[str]:
    """Each place where two structures part, in words; empty where they are equal.

    Parameters
    ----------
    expected, got : PyTreeDef

    Returns
    -------
    list of str

    Examples
    --------
    >>> from funcgrad import tree
    >>> before, after = tree.structure({"a": (1, 2)}), tree.structure({"a": [1, 2]})
    >>> structure_differences(before, after)
    ["at ['a']: a tuple of length 2 became a list of length 2"]
    """
    return list(_differences(expected, got, ()))


def _differences(expected: Structure, got: Structure, path: KeyPath) -> Iterator[str]:
    before, after = _describe(expected), _describe(got)
    if not _same_root(expected, got):
        place = f"at {keystr(path)}" if path else "at the root"
        yield f"{place}: {before} became {after}"
        return
    if expected.node_type is None:
        return
    children = expected.children()
    keys = expected.node_type.keys(expected.data, len(children))
    for key, child, other in zip(keys, children, got.children(), strict=True):
        yield from _differences(child, other, (*path, key))


def _same_root(left: Structure, right: Structure) -> bool:
    return (
        left.node_type is right.node_type
        and bool(left.data == right.data)
        and len(left.children()) == len(right.children())
    )


def _first_mismatch(
    prefix: Structure, tree: Any, path: KeyPath
) -> tuple[KeyPath, str, str]:
    """The path of the first mismatch, what is expected there and what is found."""
    node = prefix.node_type
    assert node is not None, "a leaf matches every tree"
    if node_types[type(tree)] is not node:
        return path, _describe(prefix), _describe_value(tree)
    keys, children, data = node.keys_and_children(tree)
    structures = prefix.children()
    if len(children) != len(structures) or data != prefix.data:
        return path, _describe(prefix), _describe_value(tree)
    for key, structure, child in zip(keys, structures, children, strict=True):
        if not _matches(structure, child):
            return _first_mismatch(structure, child, (*path, key))
    raise AssertionError("the trees match")


def _matches(prefix: Structure, tree: Any) -> bool:
    node = prefix.node_type
    if node is None:
        return True
    if node_types[type(tree)] is not node:
        return False
    children, data = node.flatten(tree)
    structures = prefix.children()
    if len(children) != len(structures) or data != prefix.data:
        return False
    pairs = zip(structures, children, strict=True)
    return all(_matches(structure, child) for structure, child in pairs)


def _describe(structure: Structure) -> str:
    node = structure.node_type
    if node is None:
        return "a leaf"
    return _describe_node(node, structure.data, len(structure.children()))


def _describe_value(value: Any) -> str:
    node = node_types[type(value)]
    if node is None:
        shape = getattr(value, "shape", None)
        dtype = getattr(value, "dtype", None)
        if isinstance(shape, tuple) and dtype is not None:
            return f"a leaf {dtype}[{','.join(map(str, shape))}]"
        return f"a leaf of type {type(value).__name__}"
    children, data = node.flatten(value)
    return _describe_node(node, data, len(children))


def _describe_node(node: NodeType, data: Any, count: int) -> str:
    if node.kind is type(None):
        return "None"
    name = node.kind.__name__
    if data is None:
        return f"a {name} of length {count}"
    if node.kind is dict:
        return f"a dict with keys {list(data)}" if data else "an empty dict"
    return f"{_article(name)} {name} with data {data!r} and {count} children"


def _article(name: str) -> str:
    return "an" if name[0].lower() in "aeiou" else "a"


def _show_value(value: Any) -> str:
    """A tree as text with ``*`` for its leaves."""
    node = node_types[type(value)]
    if node is None:
        return "*"
    children, data = node.flatten(value)
    return node.show(data, [_show_value(child) for child in children])


def _shorten(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]} ..."
