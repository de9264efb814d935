"""Pytrees: nested containers to flat lists of leaves and back, with JAX's names."""

from funcgrad.tree.dataclass import register_dataclass as register_dataclass
from funcgrad.tree.dataclass import static as static
from funcgrad.tree.keys import DictKey as DictKey
from funcgrad.tree.keys import FlattenedIndexKey as FlattenedIndexKey
from funcgrad.tree.keys import GetAttrKey as GetAttrKey
from funcgrad.tree.keys import KeyEntry as KeyEntry
from funcgrad.tree.keys import KeyPath as KeyPath
from funcgrad.tree.keys import SequenceKey as SequenceKey
from funcgrad.tree.keys import keystr as keystr
from funcgrad.tree.levels import all_leaves as all_leaves
from funcgrad.tree.levels import flatten_one_level as flatten_one_level
from funcgrad.tree.levels import (
    flatten_one_level_with_keys as flatten_one_level_with_keys,
)
from funcgrad.tree.levels import treedef_children as treedef_children
from funcgrad.tree.levels import treedef_is_leaf as treedef_is_leaf
from funcgrad.tree.levels import treedef_tuple as treedef_tuple
from funcgrad.tree.mismatch import structure_differences as structure_differences
from funcgrad.tree.operations import all as all
from funcgrad.tree.operations import broadcast as broadcast
from funcgrad.tree.operations import broadcast_prefix as broadcast_prefix
from funcgrad.tree.operations import map as map
from funcgrad.tree.operations import reduce as reduce
from funcgrad.tree.operations import reduce_associative as reduce_associative
from funcgrad.tree.operations import transpose as transpose
from funcgrad.tree.partial import Partial as Partial
from funcgrad.tree.paths import flatten_with_path as flatten_with_path
from funcgrad.tree.paths import leaves_with_path as leaves_with_path
from funcgrad.tree.paths import map_with_path as map_with_path
from funcgrad.tree.registration import is_tree_node as is_tree_node
from funcgrad.tree.registration import (
    register_pytree_node_class as register_pytree_node_class,
)
from funcgrad.tree.registration import (
    register_pytree_with_keys as register_pytree_with_keys,
)
from funcgrad.tree.registration import (
    register_pytree_with_keys_class as register_pytree_with_keys_class,
)
from funcgrad.tree.registration import register_static as register_static
from funcgrad.tree.registry import register_pytree_node as register_pytree_node
from funcgrad.tree.treedef import PyTreeDef as PyTreeDef
from funcgrad.tree.treedef import flatten as flatten
from funcgrad.tree.treedef import leaves as leaves
from funcgrad.tree.treedef import structure as structure
from funcgrad.tree.treedef import unflatten as unflatten
