"""Ways of making a class a container beside ``register_pytree_node``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from funcgrad.tree.keys import KeyEntry
from funcgrad.tree.registry import checked_pair, node_types, register_pytree_node

C = TypeVar("C", bound=type)


def register_pytree_with_keys(
    nodetype: type,
    flatten_with_keys: Callable[[Any], tuple[Iterable[tuple[KeyEntry, Any]], Any]],
    unflatten_func: Callable[[Any, tuple[Any, ...]], Any],
    flatten_func: Callable[[Any], tuple[Iterable[Any], Any]] | None = None,
) -> None:
    """Make a class a container whose children have keys.

    Parameters
    ----------
    nodetype : type
    flatten_with_keys : callable
        Instance -> (pairs (key, child), auxiliary data).
    unflatten_func : callable
        (auxiliary data, tuple of children) -> instance.
    flatten_func : callable, optional
        The same as ``flatten_with_keys`` without keys, for speed.

    Raises
    ------
    TreeRegistrationError
        If ``nodetype`` is not a class or is registered already.

    Examples
    --------
    >>> from funcgrad import tree_util
    >>> class Box:
    ...     def __init__(self, content):
    ...         self.content = content
    >>> tree_util.register_pytree_with_keys(
    ...     Box,
    ...     lambda box: ([(tree_util.GetAttrKey("content"), box.content)], None),
    ...     lambda data, children: Box(*children),
    ... )
    >>> [(path, leaf)] = tree_util.tree_leaves_with_path(Box(1))
    >>> tree_util.keystr(path), leaf
    ('.content', 1)
    """

    def flatten(value: Any) -> tuple[Iterable[Any], Any]:
        pairs, data = checked_pair(
            flatten_with_keys(value), nodetype, "the flatten function with keys"
        )
        return [child for _, child in pairs], data

    register_pytree_node(
        nodetype, flatten_func or flatten, unflatten_func, flatten_with_keys
    )


def register_pytree_node_class(cls: C) -> C:
    """Make a class a container by its ``tree_flatten`` and ``tree_unflatten`` methods.

    Parameters
    ----------
    cls : type
        With a method ``tree_flatten()`` -> (children, data) and a class method
        ``tree_unflatten(data, children)``.

    Returns
    -------
    type
        ``cls`` itself, so that it serves as a decorator.

    Raises
    ------
    TreeRegistrationError
        If the class is registered already.

    Examples
    --------
    >>> from funcgrad import tree_util
    >>> @tree_util.register_pytree_node_class
    ... class Pair:
    ...     def __init__(self, first, second):
    ...         self.first, self.second = first, second
    ...     def tree_flatten(self):
    ...         return (self.first, self.second), None
    ...     @classmethod
    ...     def tree_unflatten(cls, data, children):
    ...         return cls(*children)
    >>> tree_util.tree_leaves(Pair(1, [2, 3]))
    [1, 2, 3]
    """
    node: Any = cls
    register_pytree_node(cls, node.tree_flatten, node.tree_unflatten)
    return cls


def register_pytree_with_keys_class(cls: C) -> C:
    """Make a class a container by ``tree_flatten_with_keys``, ``tree_unflatten``.

    Parameters
    ----------
    cls : type
        A method ``tree_flatten`` is used too where there is one.

    Returns
    -------
    type
        ``cls`` itself, so that it serves as a decorator.

    Raises
    ------
    TreeRegistrationError
        If the class is registered already.

    Examples
    --------
    >>> from funcgrad import tree_util
    >>> @tree_util.register_pytree_with_keys_class
    ... class Wrapped:
    ...     def __init__(self, content):
    ...         self.content = content
    ...     def tree_flatten_with_keys(self):
    ...         return [(tree_util.GetAttrKey("content"), self.content)], None
    ...     @classmethod
    ...     def tree_unflatten(cls, data, children):
    ...         return cls(*children)
    >>> tree_util.tree_map(lambda x: 2 * x, Wrapped(3)).content
    6
    """
    node: Any = cls
    register_pytree_with_keys(
        cls,
        node.tree_flatten_with_keys,
        node.tree_unflatten,
        getattr(node, "tree_flatten", None),
    )
    return cls


def register_static(cls: C) -> C:
    """Make a class a container without children: its instances are structure.

    Parameters
    ----------
    cls : type
        Instances need ``__hash__`` and ``__eq__``.

    Returns
    -------
    type
        ``cls`` itself, so that it serves as a decorator.

    Raises
    ------
    TreeRegistrationError
        If the class is registered already.

    Examples
    --------
    >>> from funcgrad import tree_util
    >>> @tree_util.register_static
    ... class Name(str):
    ...     pass
    >>> tree_util.tree_leaves([Name("layer"), 1.0])
    [1.0]
    """
    register_pytree_node(cls, lambda value: ((), value), lambda value, _: value)
    return cls


def is_tree_node(kind: type) -> bool:
    """Whether values of this type are containers.

    Examples
    --------
    >>> from funcgrad import tree_util
    >>> tree_util.is_tree_node(dict), tree_util.is_tree_node(float)
    (True, False)
    """
    return node_types[kind] is not None
