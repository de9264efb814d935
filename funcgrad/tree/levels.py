"""One level of a tree: the root, its children and their keys."""

from collections.abc import Iterable
from typing import Any

from funcgrad.errors import TreeError, message
from funcgrad.tree.node_type import NodeType
from funcgrad.tree.registry import node_types
from funcgrad.tree.treedef import LEAF, IsLeaf, PyTreeDef, structure


def treedef_is_leaf(treedef: PyTreeDef) -> bool:
    """Whether the structure is that of a single leaf.

    Examples
    --------
    >>> from funcgrad import tree_util
    >>> tree_util.treedef_is_leaf(tree_util.tree_structure(1))
    True
    """
    return treedef is LEAF


def treedef_children(treedef: PyTreeDef) -> list[PyTreeDef]:
    """The structures of the root's children.

    Examples
    --------
    >>> from funcgrad import tree_util
    >>> tree_util.treedef_children(tree_util.tree_structure((1, {"a": 2})))
    [PyTreeDef(*), PyTreeDef({'a': *})]
    """
    return treedef.children()


def treedef_tuple(treedefs: Iterable[PyTreeDef]) -> PyTreeDef:
    """The structure of a tuple whose entries have these structures.

    Examples
    --------
    >>> from funcgrad import tree_util
    >>> leaf, pair = map(tree_util.tree_structure, (1, [2, 3]))
    >>> tree_util.treedef_tuple([leaf, pair])
    PyTreeDef((*, [*, *]))
    """
    node = node_types[tuple]
    assert node is not None
    return PyTreeDef(node, None, tuple(treedefs))


def all_leaves(iterable: Iterable[Any], is_leaf: IsLeaf | None = None) -> bool:
    """Whether each item is a leaf.

    Examples
    --------
    >>> from funcgrad import tree_util
    >>> tree_util.all_leaves([1, 2.0]), tree_util.all_leaves([1, (2,)])
    (True, False)
    """
    return all(structure(item, is_leaf) is LEAF for item in iterable)


def flatten_one_level(tree: Any) -> tuple[list[Any], Any]:
    """The children of the root and its data.

    Raises
    ------
    TreeError
        If ``tree`` is a leaf.

    Examples
    --------
    >>> from funcgrad import tree_util
    >>> tree_util.flatten_one_level({"a": 1, "b": (2, 3)})
    ([1, (2, 3)], ('a', 'b'))
    """
    children, data = _root(tree).flatten(tree)
    return list(children), data


def flatten_one_level_with_keys(tree: Any) -> tuple[list[tuple[Any, Any]], Any]:
    """The children of the root with their keys, and its data.

    Raises
    ------
    TreeError
        If ``tree`` is a leaf.

    Examples
    --------
    >>> from funcgrad import tree_util
    >>> tree_util.flatten_one_level_with_keys([1, (2, 3)])
    ([(SequenceKey(idx=0), 1), (SequenceKey(idx=1), (2, 3))], None)
    """
    keys, children, data = _root(tree).keys_and_children(tree)
    return list(zip(keys, children, strict=True)), data


def _root(tree: Any) -> NodeType:
    node = node_types[type(tree)]
    if node is None:
        raise TreeError(
            message(
                "a leaf has no children.",
                got=type(tree).__name__,
                expected="a container",
            )
        )
    return node
