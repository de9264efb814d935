"""Pytrees: structure, paths, registration, operations on whole trees, messages."""

import collections
import copy
import dataclasses
import pickle
from typing import ClassVar, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcgrad import tree, tree_util
from funcgrad.errors import TreeError
from funcgrad.tree import (
    DictKey,
    FlattenedIndexKey,
    GetAttrKey,
    Partial,
    SequenceKey,
    keystr,
    structure,
    treedef,
)


class Point(NamedTuple):
    x: object
    y: object


@tree.register_dataclass
@dataclasses.dataclass(frozen=True)
class Layer:
    weight: object
    bias: object
    activation: object = tree.static(default="tanh")


@tree.register_pytree_node_class
class Stack:
    def __init__(self, *items):
        self.items = items

    def tree_flatten(self):
        return self.items, "stack"

    @classmethod
    def tree_unflatten(cls, aux, children):
        assert aux == "stack"
        assert type(children) is tuple
        return cls(*children)

    def __eq__(self, other):
        return type(other) is Stack and self.items == other.items

    __hash__ = None


@tree.register_pytree_with_keys_class
class Named:
    def __init__(self, value):
        self.value = value

    def tree_flatten_with_keys(self):
        return [(GetAttrKey("value"), self.value)], None

    @classmethod
    def tree_unflatten(cls, aux, children):
        return cls(*children)

    def __eq__(self, other):
        return type(other) is Named and self.value == other.value

    __hash__ = None


@tree.register_static
@dataclasses.dataclass(frozen=True)
class Mode:
    name: str


class SubTuple(tuple):
    __slots__ = ()


SHOWN = [
    (1, "*", 1, 1),
    (None, "None", 0, 1),
    ((), "()", 0, 1),
    ((1,), "(*,)", 1, 2),
    ((1, [2, None]), "(*, [*, None])", 2, 5),
    ({"b": 1, "a": ()}, "{'a': (), 'b': *}", 1, 3),
    ({2: 1, True: 0}, "{True: *, 2: *}", 2, 3),
    (Point(1, (2,)), "CustomNode(namedtuple[Point], [*, (*,)])", 2, 4),
    (
        collections.OrderedDict(b=1, a=2),
        "CustomNode(OrderedDict[('b', 'a')], [*, *])",
        2,
        3,
    ),
    (
        collections.defaultdict(list, b=1, a=2),
        "CustomNode(defaultdict[(<class 'list'>, ('a', 'b'))], [*, *])",
        2,
        3,
    ),
    (Layer(1, 2), "CustomNode(Layer[('tanh',)], [*, *])", 2, 3),
    (Stack(1, 2), "CustomNode(Stack[stack], [*, *])", 2, 3),
    (Named(1), "CustomNode(Named[None], [*])", 1, 2),
    (Mode("train"), "CustomNode(Mode[Mode(name='train')], [])", 0, 1),
    (
        Partial(max, 1, key=None),
        "CustomNode(Partial[<built-in function max>], [(*,), {'key': None}])",
        1,
        5,
    ),
    (SubTuple((1, 2)), "*", 1, 1),
    ("text", "*", 1, 1),
]


@pytest.mark.parametrize(("value", "shown", "num_leaves", "num_nodes"), SHOWN)
def test_structure(value, shown, num_leaves, num_nodes):
    found = structure(value)
    assert repr(found) == f"PyTreeDef({shown})"
    assert found.num_leaves == num_leaves
    assert found.num_nodes == num_nodes
    assert len(tree.leaves(value)) == num_leaves


leaf_values = st.integers() | st.floats(allow_nan=False) | st.text(max_size=3)


def containers(children):
    keys = st.text("abc", max_size=2) | st.integers(0, 3)
    return (
        st.lists(children, max_size=3)
        | st.lists(children, max_size=3).map(tuple)
        | st.dictionaries(st.text("abc", max_size=2), children, max_size=3)
        | st.dictionaries(st.booleans(), children, max_size=3)
        | st.dictionaries(keys, children, max_size=3).map(collections.OrderedDict)
        | st.builds(Point, children, children)
        | st.builds(Layer, children, children, st.sampled_from(["tanh", 1, (1.0,)]))
        | st.lists(children, max_size=2).map(lambda items: Stack(*items))
        | st.builds(Named, children)
        | st.sampled_from([None, Mode("train"), Mode("test")])
    )


trees = st.recursive(leaf_values, containers, max_leaves=12)


@given(trees)
def test_round_trip(value):
    leaves, found = tree.flatten(value)
    again = found.unflatten(leaves)
    assert again == value
    assert type(again) is type(value)
    assert tree.unflatten(found, iter(leaves)) == value
    assert tree.structure(again) == found
    assert hash(tree.structure(again)) == hash(found)
    assert pickle.loads(pickle.dumps(found)) == found
    assert copy.deepcopy(found) is found


@given(trees)
def test_paths_and_leaves_agree(value):
    paths, found = tree.flatten_with_path(value)
    assert [leaf for _, leaf in paths] == tree.leaves(value)
    assert found == structure(value)
    assert len({path for path, _ in paths}) == found.num_leaves
    assert tree.leaves_with_path(value) == paths


@given(trees, trees)
def test_equal_structures_are_those_with_the_same_text(left, right):
    same = repr(structure(left)) == repr(structure(right))
    assert (structure(left) == structure(right)) == same


@given(trees, trees)
def test_compose_is_the_structure_of_a_tree_of_trees(outer, inner):
    nested = tree.map(lambda _: inner, outer)
    assert structure(outer).compose(structure(inner)) == structure(nested)
    assert (
        structure(outer).flatten_up_to(nested) == [inner] * structure(outer).num_leaves
    )


def test_structures_are_shared():
    value = {"a": (1, 2), "b": [Point(3, None)]}
    assert structure(value) is structure(tree.map(str, value))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ({1: 0}, {True: 0}),
        (Layer(0, 0, 1), Layer(0, 0, 1.0)),
        (Layer(0, 0, (1,)), Layer(0, 0, (True,))),
    ],
)
def test_equal_data_of_different_types_comes_back_as_it_was(left, right):
    for value in (left, right, left):
        leaves, found = tree.flatten(value)
        assert repr(found.unflatten(leaves)) == repr(value)


def test_sharing_is_bounded(monkeypatch):
    monkeypatch.setattr(treedef, "_SHARED_MAX", 3)
    values = [{f"key{i}": 0} for i in range(10)]
    structures = [structure(value) for value in values]
    assert [structure(value) for value in values] == structures
    assert structure(0) is structure(1)


@pytest.mark.parametrize("count", [1, 3])
def test_unflatten_needs_the_right_number_of_leaves(count):
    with pytest.raises(TreeError) as caught:
        tree.unflatten(structure((0, [0])), range(count))
    assert f"got:       {count} leaves" in str(caught.value)
    assert "expected:  2 leaves for PyTreeDef((*, [*]))" in str(caught.value)


def test_unflatten_does_not_keep_the_list_it_is_given():
    leaves = [1, 2]
    value = tree.unflatten(structure([0, 0]), leaves)
    assert value is not leaves


def test_children_and_node_data():
    found = structure({"a": 1, "b": (2,)})
    assert found.children() == [structure(0), structure((0,))]
    assert found.node_data() == (dict, ["a", "b"])
    assert structure(0).node_data() is None
    assert structure(Layer(1, 2)).node_data() == (Layer, ("tanh",))
    assert structure(0).children() == []


def test_a_structure_differs_from_other_objects():
    assert structure(0) != "*"
    assert structure((0,)) != structure([0])
    assert structure((0,)) != structure((0, 0))


def test_keys_that_cannot_be_sorted():
    with pytest.raises(TreeError, match="cannot be sorted") as caught:
        tree.leaves({1: 0, "a": 1})
    assert "got:       1, 'a'" in str(caught.value)
    assert tree.leaves(collections.OrderedDict([(1, 5), ("a", 6)])) == [5, 6]


def test_is_leaf():
    value = [None, (1, 2), {"a": [3]}]
    assert tree.leaves(value, lambda x: x is None) == [None, 1, 2, 3]
    assert tree.leaves(value, lambda x: isinstance(x, tuple)) == [(1, 2), 3]
    assert tree.leaves(value, lambda x: True) == [value]
    assert repr(structure(value, lambda x: type(x) is dict)) == (
        "PyTreeDef([None, (*, *), *])"
    )


class TestPaths:
    value: ClassVar = {"b": [Layer(1, 2), Point(3, 4)], "a": Stack(5), "c": Named(6)}

    def test_keys(self):
        assert tree.leaves_with_path(self.value) == [
            ((DictKey("a"), FlattenedIndexKey(0)), 5),
            ((DictKey("b"), SequenceKey(0), GetAttrKey("weight")), 1),
            ((DictKey("b"), SequenceKey(0), GetAttrKey("bias")), 2),
            ((DictKey("b"), SequenceKey(1), GetAttrKey("x")), 3),
            ((DictKey("b"), SequenceKey(1), GetAttrKey("y")), 4),
            ((DictKey("c"), GetAttrKey("value")), 6),
        ]

    def test_text(self):
        paths = [path for path, _ in tree.leaves_with_path(self.value)]
        assert [keystr(path) for path in paths] == [
            "['a'][<flat index 0>]",
            "['b'][0].weight",
            "['b'][0].bias",
            "['b'][1].x",
            "['b'][1].y",
            "['c'].value",
        ]
        assert keystr(paths[0], simple=True, separator="/") == "a/0"
        assert keystr(paths[1], simple=True, separator="/") == "b/0/weight"
        assert keystr(()) == ""

    def test_key_of_the_users_own_kind(self):
        assert keystr(("own",), simple=True) == "own"

    def test_map_with_path(self):
        text = tree.map_with_path(
            lambda path, x, y: f"{keystr(path)}:{x}{y}", (1, {"k": 2}), (3, {"k": [4]})
        )
        assert text == ("[0]:13", {"k": "[1]['k']:2[4]"})

    def test_is_leaf_with_path(self):
        def second(path, _):
            return path == (SequenceKey(1),)

        found = tree.leaves_with_path(((1, 2), (3, 4)), second, is_leaf_takes_path=True)
        assert [leaf for _, leaf in found] == [1, 2, (3, 4)]
        by_value = tree.leaves_with_path((None, 1), lambda x: x is None)
        assert [leaf for _, leaf in by_value] == [None, 1]


class TestLevels:
    def test_one_level(self):
        assert tree.flatten_one_level({"b": (1,), "a": 2}) == ([2, (1,)], ("a", "b"))
        keyed, data = tree.flatten_one_level_with_keys(Point(1, 2))
        assert keyed == [(GetAttrKey("x"), 1), (GetAttrKey("y"), 2)]
        assert data is None
        with pytest.raises(TreeError, match="a leaf has no children"):
            tree.flatten_one_level(1)

    def test_structures_of_structures(self):
        parts = [structure(0), structure([0, 0])]
        assert tree.treedef_tuple(parts) == structure((0, [0, 0]))
        assert tree.treedef_children(tree.treedef_tuple(parts)) == parts
        assert tree.treedef_is_leaf(parts[0])
        assert not tree.treedef_is_leaf(parts[1])
        assert tree.all_leaves([1, "a", np.ones(2)])
        assert not tree.all_leaves([1, (2,)])
        assert tree.all_leaves([1, (2,)], is_leaf=lambda x: isinstance(x, tuple))


def test_tree_util_has_the_same_functions_under_jaxs_names():
    for name in tree_util.__all__:
        short = name.removeprefix("tree_")
        assert getattr(tree_util, name) is getattr(tree, short), name
