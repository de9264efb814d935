"""The structure of a tree: nested containers -> list of leaves + `PyTreeDef`, and back.

The first stage of every transform: whatever users pass in becomes a flat list.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, final

from funcgrad.errors import TreeError, message
from funcgrad.tree.mismatch import mismatch_error
from funcgrad.tree.registry import NodeType, node_types

IsLeaf = Callable[[Any], bool]


@final
class PyTreeDef:
    """The structure of a tree, without its leaves.

    Immutable and hashable; equal structures compare equal. Made by `structure` and
    `flatten`.

    Attributes
    ----------
    num_leaves : int
        How many leaves a tree of this structure has.
    num_nodes : int
        How many containers and leaves.

    Examples
    --------
    >>> treedef = structure({"w": (1, 2), "b": None})
    >>> treedef
    PyTreeDef({'b': None, 'w': (*, *)})
    >>> treedef.num_leaves
    2
    >>> treedef.unflatten([3, 4])
    {'b': None, 'w': (3, 4)}
    """

    __slots__ = (
        "_children",
        "_data",
        "_hash",
        "_interned",
        "_is_flat",
        "_node",
        "num_leaves",
        "num_nodes",
    )

    def __init__(
        self, node: NodeType | None, data: Any, children: tuple["PyTreeDef", ...]
    ) -> None:
        self._node = node
        self._data = data
        self._children = children
        self._hash: int | None = None
        self._interned = node is None
        self._is_flat = node is not None and all(c._node is None for c in children)
        self.num_leaves: int = (
            1 if node is None else sum([child.num_leaves for child in children])
        )
        self.num_nodes: int = 1 + sum([child.num_nodes for child in children])

    def unflatten(self, leaves: Iterable[Any]) -> Any:
        """The tree of this structure with these leaves.

        Raises
        ------
        TreeError
            If the number of leaves is not `num_leaves`.
        """
        flat = leaves if type(leaves) is list else list(leaves)
        if len(flat) != self.num_leaves:
            raise TreeError(
                message(
                    "the number of leaves does not fit the structure.",
                    got=f"{len(flat)} leaves",
                    expected=f"{self.num_leaves} leaves for {self}",
                )
            )
        if self._is_flat:
            return self._node.unflatten(self._data, flat)  # type: ignore[union-attr]
        return self._build(iter(flat))

    def _build(self, leaves: Iterator[Any]) -> Any:
        if self._node is None:
            return next(leaves)
        children = [
            next(leaves) if child._node is None else child._build(leaves)
            for child in self._children
        ]
        return self._node.unflatten(self._data, children)

    def flatten_up_to(self, tree: Any, name: str = "tree") -> list[Any]:
        """The subtrees of ``tree`` that stand where this structure has leaves.

        Parameters
        ----------
        tree : pytree
        name : str
            What the user calls ``tree``, for messages.

        Raises
        ------
        TreeError
            If ``tree`` does not begin with this structure; the message says where.
        """
        subtrees: list[Any] = []
        if not self._collect(tree, subtrees):
            raise mismatch_error(self, tree, name)
        return subtrees

    def _collect(self, tree: Any, subtrees: list[Any]) -> bool:
        node = self._node
        if node is None:
            subtrees.append(tree)
            return True
        if node_types[type(tree)] is not node:
            return False
        children, data = node.flatten(tree)
        if len(children) != len(self._children) or data != self._data:
            return False
        for treedef, child in zip(self._children, children, strict=True):
            if not treedef._collect(child, subtrees):
                return False
        return True

    def compose(self, inner: "PyTreeDef") -> "PyTreeDef":
        """The structure with each leaf replaced by the structure ``inner``."""
        if self._node is None:
            return inner
        children = [child.compose(inner) for child in self._children]
        return make_treedef(self._node, self._data, children)

    def children(self) -> list["PyTreeDef"]:
        """The structures of the root's children."""
        return list(self._children)

    def node_data(self) -> tuple[type, Any] | None:
        """The root's type and data; None for a leaf."""
        if self._node is None:
            return None
        kind = self._node.kind
        return kind, list(self._data) if kind is dict else self._data

    @property
    def node_type(self) -> NodeType | None:
        """How the root is taken apart; None for a leaf."""
        return self._node

    @property
    def data(self) -> Any:
        """What the root holds besides its children: keys of a dict, static fields."""
        return self._data

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, PyTreeDef):
            return NotImplemented
        return (
            self._node is other._node
            and self.num_nodes == other.num_nodes
            and bool(self._data == other._data)
            and self._children == other._children
        )

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash((self._node, self._data, self._children))
        return self._hash

    def __repr__(self) -> str:
        return f"PyTreeDef({self.show()})"

    def show(self) -> str:
        """The structure as text, ``*`` for a leaf."""
        if self._node is None:
            return "*"
        return self._node.show(self._data, [child.show() for child in self._children])

    def __copy__(self) -> "PyTreeDef":
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "PyTreeDef":
        return self

    def __reduce__(self) -> tuple[Callable[..., "PyTreeDef"], tuple[Any, ...]]:
        if self._node is None:
            return _leaf_structure, ()
        return _restore, (self._node.kind, self._data, self._children)


LEAF = PyTreeDef(None, None, ())


def _leaf_structure() -> PyTreeDef:
    return LEAF


def _restore(kind: type, data: Any, children: tuple[PyTreeDef, ...]) -> PyTreeDef:
    node = node_types[kind]
    if node is None:
        raise TreeError(
            message(
                f"class `{kind.__name__}` of a stored structure is not registered.",
                fix="import the module that registers it before loading",
            )
        )
    return make_treedef(node, data, children)


# Equal structures are mostly one object, which makes comparing them one step. Only
# data that can stand for all data equal to it is shared: ``True`` cannot, it equals 1.
_interned: dict[tuple[Any, ...], PyTreeDef] = {}
_INTERNED_MAX = 10_000
_EXACT = frozenset([str, int])


def make_treedef(node: NodeType, data: Any, children: Iterable[PyTreeDef]) -> PyTreeDef:
    """The structure with this root and these children."""
    children = tuple(children)
    if data is not None and not (
        type(data) is tuple and _EXACT.issuperset(map(type, data))
    ):
        return PyTreeDef(node, data, children)
    key = (node, data, *map(id, children))
    found = _interned.get(key)
    if found is not None:
        return found
    made = PyTreeDef(node, data, children)
    # An entry keeps its children alive, so their ids stay theirs.
    if all(child._interned for child in children):
        if len(_interned) >= _INTERNED_MAX:
            _interned.clear()
        made._interned = True
        _interned[key] = made
    return made


def flatten(tree: Any, is_leaf: IsLeaf | None = None) -> tuple[list[Any], PyTreeDef]:
    """The leaves of a tree, depth first, and its structure.

    Parameters
    ----------
    tree : pytree
        Nested tuples, lists, dicts (in the order of their sorted keys), namedtuples,
        registered classes. None is a container without children.
    is_leaf : callable, optional
        Whether to stop at a subtree and take it as a leaf.

    Returns
    -------
    leaves : list
    treedef : PyTreeDef

    Raises
    ------
    TreeError
        If the keys of a dict cannot be sorted.

    Examples
    --------
    >>> flatten({"b": [1, 2], "a": 3})
    ([3, 1, 2], PyTreeDef({'a': *, 'b': [*, *]}))
    """
    leaves: list[Any] = []
    return leaves, _flatten(tree, leaves, is_leaf)


def _flatten(tree: Any, leaves: list[Any], is_leaf: IsLeaf | None) -> PyTreeDef:
    node = node_types[type(tree)]
    if node is None or (is_leaf is not None and is_leaf(tree)):
        leaves.append(tree)
        return LEAF
    children, data = node.flatten(tree)
    structures = []
    for child in children:
        # The test for a plain leaf stands here too: it saves a call for each leaf.
        if node_types[type(child)] is None:
            leaves.append(child)
            structures.append(LEAF)
        else:
            structures.append(_flatten(child, leaves, is_leaf))
    return make_treedef(node, data, structures)


def unflatten(treedef: PyTreeDef, leaves: Iterable[Any]) -> Any:
    """The tree with this structure and these leaves.

    Parameters
    ----------
    treedef : PyTreeDef
    leaves : iterable

    Returns
    -------
    pytree

    Raises
    ------
    TreeError
        If there are too few or too many leaves.

    Examples
    --------
    >>> unflatten(structure((0, {"a": 0})), [1, 2])
    (1, {'a': 2})
    """
    return treedef.unflatten(leaves)


def leaves(tree: Any, is_leaf: IsLeaf | None = None) -> list[Any]:
    """The leaves of a tree, depth first.

    Examples
    --------
    >>> leaves([1, (2, None), {"a": 3}])
    [1, 2, 3]
    """
    return flatten(tree, is_leaf)[0]


def structure(tree: Any, is_leaf: IsLeaf | None = None) -> PyTreeDef:
    """The structure of a tree.

    Examples
    --------
    >>> structure([1, (2, None)])
    PyTreeDef([*, (*, None)])
    """
    return flatten(tree, is_leaf)[1]


def treedef_is_leaf(treedef: PyTreeDef) -> bool:
    """Whether the structure is that of a single leaf."""
    return treedef is LEAF


def treedef_children(treedef: PyTreeDef) -> list[PyTreeDef]:
    """The structures of the root's children."""
    return treedef.children()


def treedef_tuple(treedefs: Iterable[PyTreeDef]) -> PyTreeDef:
    """The structure of a tuple whose entries have these structures."""
    node = node_types[tuple]
    assert node is not None
    return make_treedef(node, None, treedefs)


def all_leaves(iterable: Iterable[Any], is_leaf: IsLeaf | None = None) -> bool:
    """Whether each item is a leaf."""
    return all(structure(item, is_leaf) is LEAF for item in iterable)


def flatten_one_level(tree: Any) -> tuple[list[Any], Any]:
    """The children of the root and its data.

    Raises
    ------
    TreeError
        If ``tree`` is a leaf.
    """
    children, data = _root(tree).flatten(tree)
    return list(children), data


def flatten_one_level_with_keys(tree: Any) -> tuple[list[tuple[Any, Any]], Any]:
    """The children of the root with their keys, and its data.

    Raises
    ------
    TreeError
        If ``tree`` is a leaf.
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
