"""Trees with key paths: each leaf with the keys that lead to it."""

from collections.abc import Callable
from typing import Any

from funcgrad.tree.keys import KeyPath
from funcgrad.tree.registry import node_types
from funcgrad.tree.treedef import LEAF, PyTreeDef

PathAndLeaf = tuple[KeyPath, Any]
IsLeafAtPath = Callable[..., bool]


def flatten_with_path(
    tree: Any,
    is_leaf: IsLeafAtPath | None = None,
    is_leaf_takes_path: bool = False,
) -> tuple[list[PathAndLeaf], PyTreeDef]:
    """The leaves of a tree with their key paths, and its structure.

    Parameters
    ----------
    tree : pytree
    is_leaf : callable, optional
        Whether to take a subtree as a leaf.
    is_leaf_takes_path : bool
        ``is_leaf`` is called as ``is_leaf(path, subtree)``.

    Returns
    -------
    list of (path, leaf)
    treedef : PyTreeDef

    Examples
    --------
    >>> flatten_with_path({"a": [1]})[0]
    [((DictKey(key='a'), SequenceKey(idx=0)), 1)]
    """
    stops = is_leaf
    if is_leaf is not None and not is_leaf_takes_path:

        def stops(_: KeyPath, subtree: Any) -> bool:
            return is_leaf(subtree)

    found: list[PathAndLeaf] = []
    return found, _flatten(tree, (), found, stops)


def _flatten(
    tree: Any,
    path: KeyPath,
    found: list[PathAndLeaf],
    stops: IsLeafAtPath | None,
) -> PyTreeDef:
    node = node_types[type(tree)]
    if node is None or (stops is not None and stops(path, tree)):
        found.append((path, tree))
        return LEAF
    keys, children, data = node.keys_and_children(tree)
    structures = [
        _flatten(child, (*path, key), found, stops)
        for key, child in zip(keys, children, strict=True)
    ]
    return PyTreeDef(node, data, tuple(structures))


def leaves_with_path(
    tree: Any,
    is_leaf: IsLeafAtPath | None = None,
    is_leaf_takes_path: bool = False,
) -> list[PathAndLeaf]:
    """The leaves of a tree with their key paths.

    Parameters
    ----------
    tree, is_leaf, is_leaf_takes_path
        As for `flatten_with_path`.

    Returns
    -------
    list of (path, leaf)

    Examples
    --------
    >>> from funcgrad.tree import keystr
    >>> [keystr(path) for path, leaf in leaves_with_path({"a": [5, 6]})]
    ["['a'][0]", "['a'][1]"]
    """
    return flatten_with_path(tree, is_leaf, is_leaf_takes_path)[0]


def map_with_path(
    f: Callable[..., Any],
    tree: Any,
    *rest: Any,
    is_leaf: IsLeafAtPath | None = None,
    is_leaf_takes_path: bool = False,
) -> Any:
    """Apply a function to the key path and value of each leaf.

    Parameters
    ----------
    f : callable
        Takes the path, a leaf of ``tree`` and what stands there in each of ``rest``.
    tree : pytree
    *rest : pytree
        Trees that begin with the structure of ``tree``.
    is_leaf, is_leaf_takes_path
        As for `flatten_with_path`.

    Returns
    -------
    pytree
        With the structure of ``tree``.

    Raises
    ------
    TreeError
        If a tree of ``rest`` has another structure.

    Examples
    --------
    >>> from funcgrad.tree import keystr
    >>> map_with_path(lambda path, x: f"{keystr(path)}={x}", {"a": [5]})
    {'a': ["['a'][0]=5"]}
    """
    found, treedef = flatten_with_path(tree, is_leaf, is_leaf_takes_path)
    columns = [
        treedef.flatten_up_to(other, f"rest[{i}]") for i, other in enumerate(rest)
    ]
    rows = zip(found, *columns, strict=True)
    return treedef.unflatten([f(path, leaf, *row) for (path, leaf), *row in rows])
