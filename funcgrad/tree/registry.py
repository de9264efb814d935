"""What a container is: for each Python type, how to take it apart and build it again.

Tuples, lists, dicts, OrderedDicts, defaultdicts, namedtuples and None are known; users
register their own classes. Every other type is a leaf.
"""

import collections
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

from funcgrad.errors import TreeError, TreeRegistrationError, message
from funcgrad.tree.keys import (
    DictKey,
    FlattenedIndexKey,
    GetAttrKey,
    KeyEntry,
    SequenceKey,
)
from funcgrad.tree.node_type import Children, NodeType


def _sequence_keys(_: object, count: int) -> list[KeyEntry]:
    return [SequenceKey(i) for i in range(count)]


def _flat_keys(_: object, count: int) -> list[KeyEntry]:
    return [FlattenedIndexKey(i) for i in range(count)]


def _dict_keys(keys: tuple[Hashable, ...], count: int) -> list[KeyEntry]:
    return [DictKey(key) for key in keys]


def _flatten_dict(mapping: dict[Any, Any]) -> tuple[Children, Any]:
    try:
        keys = tuple(sorted(mapping))
    except TypeError:
        raise _not_sortable(mapping) from None
    return list(map(mapping.__getitem__, keys)), keys


def _flatten_defaultdict(mapping: Any) -> tuple[Children, Any]:
    children, keys = _flatten_dict(mapping)
    return children, (mapping.default_factory, keys)


def _not_sortable(mapping: dict[Any, Any]) -> TreeError:
    return TreeError(
        message(
            "the keys of a dict in a tree cannot be sorted.",
            got=", ".join(repr(key) for key in mapping),
            expected="keys of one type that has an order",
            fix="collections.OrderedDict(...), which keeps the order it is given",
        )
    )


def _show_tuple(_: object, children: list[str]) -> str:
    return f"({children[0]},)" if len(children) == 1 else f"({', '.join(children)})"


def _show_dict(keys: Sequence[Any], children: list[str]) -> str:
    entries = zip(keys, children, strict=True)
    return "{" + ", ".join(f"{key!r}: {child}" for key, child in entries) + "}"


def show_custom(name: str) -> Callable[[Any, list[str]], str]:
    """How a registered class is shown in the representation of a structure."""

    def show(data: Any, children: list[str]) -> str:
        return f"CustomNode({name}[{data}], [{', '.join(children)}])"

    return show


def _namedtuple_type(kind: Any) -> NodeType:
    names = tuple(kind._fields)
    return NodeType(
        kind=kind,
        flatten=lambda value: (value, None),
        unflatten=lambda _, children: kind(*children),
        keys=lambda _, count: [GetAttrKey(name) for name in names],
        show=lambda _, children: (
            f"CustomNode(namedtuple[{kind.__name__}], [{', '.join(children)}])"
        ),
    )


class _Registry(dict[type, NodeType | None]):
    """Types to node types; None for leaves. A type is looked into when first met."""

    def __missing__(self, kind: type) -> NodeType | None:
        is_namedtuple = issubclass(kind, tuple) and hasattr(kind, "_fields")
        found = _namedtuple_type(kind) if is_namedtuple else None
        self[kind] = found
        return found


_BUILTIN = (
    NodeType(
        type(None),
        lambda _: ((), None),
        lambda _, children: None,
        _sequence_keys,
        lambda _, children: "None",
    ),
    NodeType(
        tuple,
        lambda value: (value, None),
        lambda _, children: tuple(children),
        _sequence_keys,
        _show_tuple,
    ),
    NodeType(
        list,
        lambda value: (value, None),
        lambda _, children: list(children),
        _sequence_keys,
        lambda _, children: f"[{', '.join(children)}]",
    ),
    NodeType(
        dict,
        _flatten_dict,
        lambda keys, children: dict(zip(keys, children)),
        _dict_keys,
        _show_dict,
    ),
    NodeType(
        collections.OrderedDict,
        lambda value: (list(value.values()), tuple(value)),
        lambda keys, children: collections.OrderedDict(zip(keys, children)),
        _dict_keys,
        show_custom("OrderedDict"),
    ),
    NodeType(
        collections.defaultdict,
        _flatten_defaultdict,
        lambda data, children: collections.defaultdict(
            data[0], zip(data[1], children, strict=True)
        ),
        lambda data, count: _dict_keys(data[1], count),
        show_custom("defaultdict"),
    ),
)

node_types = _Registry({node.kind: node for node in _BUILTIN})
# Registered on purpose: namedtuples that were merely met may still be registered.
_registered: set[type] = {node.kind for node in _BUILTIN}


def register_node_type(node: NodeType) -> None:
    """Enter a type that is not registered yet."""
    if not isinstance(node.kind, type):
        raise TreeRegistrationError(
            message(
                "only a class can be registered as a container.",
                got=repr(node.kind),
                expected="a class",
            )
        )
    if node.kind in _registered:
        raise TreeRegistrationError(
            message(
                f"class `{node.kind.__name__}` is registered already.",
                got=f"a second registration of {node.kind}",
                fix="register it once, where it is defined",
            )
        )
    _registered.add(node.kind)
    node_types[node.kind] = node


def checked_pair(result: Any, kind: type, function: str) -> tuple[Any, Any]:
    """What a flatten function gave, which has to be a pair."""
    if isinstance(result, tuple) and len(result) == 2:
        return result
    raise TreeRegistrationError(
        message(
            f"{function} of class `{kind.__name__}` does not return a pair.",
            got=f"{type(result).__name__}",
            expected="(children, auxiliary data)",
        )
    )


def register_pytree_node(
    nodetype: type,
    flatten_func: Callable[[Any], tuple[Iterable[Any], Any]],
    unflatten_func: Callable[[Any, tuple[Any, ...]], Any],
    flatten_with_keys_func: (
        Callable[[Any], tuple[Iterable[tuple[KeyEntry, Any]], Any]] | None
    ) = None,
) -> None:
    """Make a class a container.

    Parameters
    ----------
    nodetype : type
        The class; subclasses are not included.
    flatten_func : callable
        Instance -> (children, auxiliary data). The data is compared and hashed.
    unflatten_func : callable
        (auxiliary data, tuple of children) -> instance. Children may be anything,
        tracers and placeholders too, so it should not check them.
    flatten_with_keys_func : callable, optional
        Instance -> (pairs (key, child), auxiliary data); gives paths their names.

    Raises
    ------
    TreeRegistrationError
        If ``nodetype`` is not a class or is registered already.

    Examples
    --------
    >>> class Interval:
    ...     def __init__(self, low, high):
    ...         self.low, self.high = low, high
    >>> register_pytree_node(
    ...     Interval, lambda i: ((i.low, i.high), None), lambda _, c: Interval(*c)
    ... )
    >>> from funcgrad import tree
    >>> tree.leaves([Interval(1, 2), 3])
    [1, 2, 3]
    """

    def flatten(value: Any) -> tuple[Children, Any]:
        children, data = checked_pair(
            flatten_func(value), nodetype, "the flatten function"
        )
        return tuple(children), data

    def flatten_with_keys(value: Any) -> tuple[Sequence[tuple[KeyEntry, Any]], Any]:
        assert flatten_with_keys_func is not None
        pairs, data = checked_pair(
            flatten_with_keys_func(value), nodetype, "the flatten function with keys"
        )
        return tuple(pairs), data

    register_node_type(
        NodeType(
            nodetype,
            flatten,
            lambda data, children: unflatten_func(data, tuple(children)),
            _flat_keys,
            show_custom(getattr(nodetype, "__name__", str(nodetype))),
            None if flatten_with_keys_func is None else flatten_with_keys,
        )
    )
