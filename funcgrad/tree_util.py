"""The functions of `funcgrad.tree` under the names they have in ``jax.tree_util``."""

from funcgrad.tree import DictKey as DictKey
from funcgrad.tree import FlattenedIndexKey as FlattenedIndexKey
from funcgrad.tree import GetAttrKey as GetAttrKey
from funcgrad.tree import KeyEntry as KeyEntry
from funcgrad.tree import KeyPath as KeyPath
from funcgrad.tree import Partial as Partial
from funcgrad.tree import PyTreeDef as PyTreeDef
from funcgrad.tree import SequenceKey as SequenceKey
from funcgrad.tree import all as tree_all
from funcgrad.tree import all_leaves as all_leaves
from funcgrad.tree import broadcast as tree_broadcast
from funcgrad.tree import flatten as tree_flatten
from funcgrad.tree import flatten_one_level as flatten_one_level
from funcgrad.tree import flatten_one_level_with_keys as flatten_one_level_with_keys
from funcgrad.tree import flatten_with_path as tree_flatten_with_path
from funcgrad.tree import is_tree_node as is_tree_node
from funcgrad.tree import keystr as keystr
from funcgrad.tree import leaves as tree_leaves
from funcgrad.tree import leaves_with_path as tree_leaves_with_path
from funcgrad.tree import map as tree_map
from funcgrad.tree import map_with_path as tree_map_with_path
from funcgrad.tree import reduce as tree_reduce
from funcgrad.tree import reduce_associative as tree_reduce_associative
from funcgrad.tree import register_dataclass as register_dataclass
from funcgrad.tree import register_pytree_node as register_pytree_node
from funcgrad.tree import register_pytree_node_class as register_pytree_node_class
from funcgrad.tree import register_pytree_with_keys as register_pytree_with_keys
from funcgrad.tree import (
    register_pytree_with_keys_class as register_pytree_with_keys_class,
)
from funcgrad.tree import register_static as register_static
from funcgrad.tree import structure as tree_structure
from funcgrad.tree import transpose as tree_transpose
from funcgrad.tree import treedef_children as treedef_children
from funcgrad.tree import treedef_is_leaf as treedef_is_leaf
from funcgrad.tree import treedef_tuple as treedef_tuple
from funcgrad.tree import unflatten as tree_unflatten

__all__ = [
    "DictKey",
    "FlattenedIndexKey",
    "GetAttrKey",
    "KeyEntry",
    "KeyPath",
    "Partial",
    "PyTreeDef",
    "SequenceKey",
    "all_leaves",
    "flatten_one_level",
    "flatten_one_level_with_keys",
    "is_tree_node",
    "keystr",
    "register_dataclass",
    "register_pytree_node",
    "register_pytree_node_class",
    "register_pytree_with_keys",
    "register_pytree_with_keys_class",
    "register_static",
    "tree_all",
    "tree_broadcast",
    "tree_flatten",
    "tree_flatten_with_path",
    "tree_leaves",
    "tree_leaves_with_path",
    "tree_map",
    "tree_map_with_path",
    "tree_reduce",
    "tree_reduce_associative",
    "tree_structure",
    "tree_transpose",
    "tree_unflatten",
    "treedef_children",
    "treedef_is_leaf",
    "treedef_tuple",
]
