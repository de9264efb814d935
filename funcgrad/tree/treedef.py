"""The structure of a tree: nested containers -> list of leaves + `PyTreeDef`, and back.

The first stage of every transform: whatever users pass in becomes a flat list.
"""

from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any, final

from funcgrad.errors import TreeError, message
from funcgrad.tree.mismatch import mismatch_error
from funcgrad.tree.node_type import NodeType
from funcgrad.tree.registry import node_types

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
        return self._build(flat, 0)

    def _build(self, leaves: list[Any], start: int) -> Any:
        """The tree whose leaves begin at ``leaves[start]``."""
        node = self._node
        if node is None:
            return leaves[start]
        if self._is_flat:
            return node.unflatten(self._data, leaves[start : start + self.num_leaves])
        children = []
        for child in self._children:
            children.append(child._build(leaves, start))
            start += child.num_leaves
        return node.unflatten(self._data, children)

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
        return PyTreeDef(self._node, self._data, tuple(children))

    @property
    def is_leaf(self) -> bool:
        """Whether this is the structure of a leaf."""
        return self._node is None

    @property
    def kind(self) -> type | None:
        """The type of the root; None for a leaf."""
        return None if self._node is None else self._node.kind

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
    return PyTreeDef(node, data, children)


# A structure as nested tuples while a tree is walked: None for a leaf, (node, data,
# count) for a container of ``count`` leaves, else (node, data, *children). Tuples are
# hashed and compared in C, so that one look-up finds the `PyTreeDef` of the whole.
_Outline = tuple[Any, ...] | None

# Equal structures are mostly one object, which makes comparing them one step. Only
# data that can stand for all data equal to it is shared: ``True`` cannot, it equals 1.
_shared: dict[_Outline, PyTreeDef] = {None: LEAF}
_SHARED_MAX = 10_000
_EXACT = frozenset([str, int])


def _is_exact(data: Any) -> bool:
    kind = type(data)
    if kind is tuple:
        return _EXACT.issuperset(map(type, data))
    return data is None or kind is FunctionType


def _from_outline(outline: _Outline) -> PyTreeDef:
    if outline is None:
        return LEAF
    node, data, *children = outline
    if len(children) == 1 and type(children[0]) is int:
        return PyTreeDef(node, data, (LEAF,) * children[0])
    return PyTreeDef(node, data, tuple([_from_outline(child) for child in children]))


def _share(outline: _Outline) -> PyTreeDef:
    if len(_shared) >= _SHARED_MAX:
        _shared.clear()
        _shared[None] = LEAF
    return _shared.setdefault(outline, _from_outline(outline))


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
    inexact: list[Any] = []
    outline = _outline(tree, leaves, inexact, is_leaf)
    if inexact:
        return leaves, _from_outline(outline)
    return leaves, _shared.get(outline) or _share(outline)


def _outline(
    tree: Any, leaves: list[Any], inexact: list[Any], is_leaf: IsLeaf | None
) -> _Outline:
    """The outline of a tree; its leaves, and data not to share, are appended."""
    node = node_types[type(tree)]
    if node is None or (is_leaf is not None and is_leaf(tree)):
        leaves.append(tree)
        return None
    children, data = node.flatten(tree)
    if data is not None and not _is_exact(data):
        inexact.append(data)
    # Containers of leaves only are by far the most common, and this is called whenever
    # a compiled function is: they cost no call for each leaf.
    for child in children:
        if node_types[type(child)] is not None:
            rest = [_outline(child, leaves, inexact, is_leaf) for child in children]
            return (node, data, *rest)
    leaves.extend(children)
    return (node, data, len(children))


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
