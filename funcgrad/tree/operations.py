"""What is done with whole trees: map over leaves, reduce, transpose, broadcast."""

import builtins
import functools
from collections.abc import Callable
from typing import Any

from funcgrad.errors import TreeError, message
from funcgrad.tree.treedef import IsLeaf, PyTreeDef, flatten, leaves, structure

_NOT_GIVEN: Any = object()


def map(
    f: Callable[..., Any], tree: Any, *rest: Any, is_leaf: IsLeaf | None = None
) -> Any:
    """Apply a function to each leaf; with several trees, to corresponding leaves.

    Parameters
    ----------
    f : callable
        Takes one leaf of ``tree`` and what stands at the same place in each of
        ``rest``.
    tree : pytree
    *rest : pytree
        Trees that begin with the structure of ``tree``; a subtree that stands where
        ``tree`` has a leaf is passed to ``f`` whole.
    is_leaf : callable, optional
        Whether to take a subtree of ``tree`` as a leaf.

    Returns
    -------
    pytree
        With the structure of ``tree``.

    Raises
    ------
    TreeError
        If a tree of ``rest`` has another structure; the message says where.

    Examples
    --------
    >>> map(lambda x, y: x + y, {"a": 1, "b": (2,)}, {"a": 10, "b": (20,)})
    {'a': 11, 'b': (22,)}
    """
    flat, treedef = flatten(tree, is_leaf)
    if not rest:
        return treedef.unflatten([f(leaf) for leaf in flat])
    columns = [
        treedef.flatten_up_to(other, f"rest[{i}]") for i, other in enumerate(rest)
    ]
    return treedef.unflatten([f(*row) for row in zip(flat, *columns, strict=True)])


def reduce(
    function: Callable[[Any, Any], Any],
    tree: Any,
    initializer: Any = _NOT_GIVEN,
    is_leaf: IsLeaf | None = None,
) -> Any:
    """Combine all leaves, from the first to the last.

    Parameters
    ----------
    function : callable
        (what was combined so far, leaf) -> the same kind.
    tree : pytree
    initializer : optional
        What to start from; the first leaf by default.
    is_leaf : callable, optional

    Raises
    ------
    TreeError
        If there are no leaves and no ``initializer``.

    Examples
    --------
    >>> reduce(lambda total, x: total + x, {"a": 1, "b": [2, 3]})
    6
    """
    flat = leaves(tree, is_leaf)
    if initializer is not _NOT_GIVEN:
        return functools.reduce(function, flat, initializer)
    if not flat:
        raise _nothing_to_reduce(tree, "initializer")
    return functools.reduce(function, flat)


def reduce_associative(
    operation: Callable[[Any, Any], Any],
    tree: Any,
    *,
    identity: Any = _NOT_GIVEN,
    is_leaf: IsLeaf | None = None,
) -> Any:
    """Combine all leaves in pairs, so that rounding errors grow with the logarithm.

    Parameters
    ----------
    operation : callable
        Associative.
    tree : pytree
    identity : optional
        The result where there are no leaves.
    is_leaf : callable, optional

    Raises
    ------
    TreeError
        If there are no leaves and no ``identity``.

    Examples
    --------
    >>> reduce_associative(lambda x, y: f"({x}{y})", ["a", "b", "c"])
    '(a(bc))'
    """
    flat = leaves(tree, is_leaf)
    if not flat:
        if identity is _NOT_GIVEN:
            raise _nothing_to_reduce(tree, "identity")
        return identity
    return _combine(operation, flat)


def _combine(operation: Callable[[Any, Any], Any], items: list[Any]) -> Any:
    """Combine the halves, each in the same way."""
    if len(items) == 1:
        return items[0]
    middle = len(items) // 2
    return operation(
        _combine(operation, items[:middle]), _combine(operation, items[middle:])
    )


def _nothing_to_reduce(tree: Any, argument: str) -> TreeError:
    return TreeError(
        message(
            "a tree without leaves has no value to reduce to.",
            got=str(structure(tree)),
            fix=f"reduce(..., {argument}=0)",
        )
    )


def all(tree: Any, *, is_leaf: IsLeaf | None = None) -> bool:
    """Whether every leaf is true.

    Examples
    --------
    >>> all({"a": True, "b": [True, 0]})
    False
    """
    return builtins.all(leaves(tree, is_leaf))


def transpose(
    outer_treedef: PyTreeDef, inner_treedef: PyTreeDef | None, pytree_to_transpose: Any
) -> Any:
    """A tree of trees turned inside out: a list of dicts to a dict of lists.

    Parameters
    ----------
    outer_treedef : PyTreeDef
        The structure outside.
    inner_treedef : PyTreeDef or None
        The structure inside; None takes that of the first subtree.
    pytree_to_transpose : pytree
        With the structure ``outer_treedef.compose(inner_treedef)``.

    Returns
    -------
    pytree
        With the structure ``inner_treedef.compose(outer_treedef)``.

    Raises
    ------
    TreeError
        If the tree has another structure.

    Examples
    --------
    >>> points = [{"x": 1, "y": 2}, {"x": 3, "y": 4}]
    >>> transpose(structure([0, 0]), None, points)
    {'x': [1, 3], 'y': [2, 4]}
    """
    subtrees = outer_treedef.flatten_up_to(pytree_to_transpose)
    if inner_treedef is None:
        if not subtrees:
            raise TreeError(
                message(
                    "the inner structure cannot be seen where the outer has no leaves.",
                    got=str(outer_treedef),
                    fix="transpose(outer_treedef, inner_treedef, tree)",
                )
            )
        inner_treedef = structure(subtrees[0])
    rows = [inner_treedef.flatten_up_to(subtree, "subtree") for subtree in subtrees]
    columns = [
        outer_treedef.unflatten([row[j] for row in rows])
        for j in range(inner_treedef.num_leaves)
    ]
    return inner_treedef.unflatten(columns)


def broadcast_prefix(
    prefix_tree: Any,
    full_tree: Any,
    is_leaf: IsLeaf | None = None,
    *,
    name: str = "tree",
) -> list[Any]:
    """One leaf of a prefix for each leaf of a tree.

    Parameters
    ----------
    prefix_tree : pytree
        Its structure is the beginning of that of ``full_tree``, as in ``in_axes``.
    full_tree : pytree
    is_leaf : callable, optional
        Whether to take a subtree of ``prefix_tree`` as a leaf, for example None.
    name : str
        What the user calls ``full_tree``, for messages.

    Returns
    -------
    list

    Raises
    ------
    TreeError
        If ``prefix_tree`` is not a prefix of ``full_tree``; the message says where.

    Examples
    --------
    >>> broadcast_prefix((0, 1), ({"a": 5, "b": 6}, 7))
    [0, 0, 1]
    """
    flat, treedef = flatten(prefix_tree, is_leaf)
    result: list[Any] = []
    subtrees = treedef.flatten_up_to(full_tree, name)
    for leaf, subtree in zip(flat, subtrees, strict=True):
        result.extend([leaf] * structure(subtree).num_leaves)
    return result


def broadcast(prefix_tree: Any, full_tree: Any, is_leaf: IsLeaf | None = None) -> Any:
    """A prefix widened to the structure of a tree.

    Parameters
    ----------
    prefix_tree : pytree
    full_tree : pytree
    is_leaf : callable, optional
        Whether to take a subtree as a leaf, in both trees.

    Returns
    -------
    pytree
        With the structure of ``full_tree``; its leaves are those of ``prefix_tree``.

    Raises
    ------
    TreeError
        If ``prefix_tree`` is not a prefix of ``full_tree``.

    Examples
    --------
    >>> broadcast((0, 1), ({"a": 5, "b": 6}, 7))
    ({'a': 0, 'b': 0}, 1)
    """
    flat, treedef = flatten(prefix_tree, is_leaf)
    subtrees = treedef.flatten_up_to(full_tree, "full_tree")
    widened = [
        map(lambda _, leaf=leaf: leaf, subtree, is_leaf=is_leaf)
        for leaf, subtree in zip(flat, subtrees, strict=True)
    ]
    return treedef.unflatten(widened)
