"""Operations on whole trees, and what they say of trees that do not match."""

import collections
import dataclasses
from typing import NamedTuple

import numpy as np
import pytest

from funcgrad import tree
from funcgrad.errors import TreeError
from funcgrad.tree import structure


class Point(NamedTuple):
    x: object
    y: object


@tree.register_dataclass
@dataclasses.dataclass(frozen=True)
class Layer:
    weight: object
    bias: object
    activation: object = tree.static(default="tanh")


class TestMap:
    def test_several_trees(self):
        value = Layer((1, 2), {"k": 3})
        doubled = tree.map(lambda x, y: x + y, value, value)
        assert doubled == Layer((2, 4), {"k": 6})

    def test_subtrees_at_leaves_are_passed_whole(self):
        assert tree.map(lambda x, y: y, (1, 2), (3, [4, 5])) == (3, [4, 5])

    def test_none_is_a_container(self):
        assert tree.map(lambda x: x + 1, (1, None)) == (2, None)
        both = tree.map(
            lambda x, y: (x, y), (1, None), (2, 3), is_leaf=lambda x: x is None
        )
        assert both == ((1, 2), (None, 3))

    def test_order_of_calls_is_that_of_the_leaves(self):
        seen = []
        tree.map(seen.append, {"b": [3, 4], "a": 2})
        assert seen == [2, 3, 4]


MISMATCHES = [
    (
        (1, {"a": (2, 3)}),
        (1, {"a": (2, 3, 4)}),
        "rest[0][1]['a']",
        "a tuple of length 3\n             in (*, {'a': (*, *, *)})",
        "a tuple of length 2\n             in (*, {'a': (*, *)})",
    ),
    ((1, None), (1, 2), "rest[0][1]", "a leaf of type int", "None"),
    (
        {"w": (0,)},
        {"w": np.zeros((2, 3))},
        "rest[0]['w']",
        "a leaf float64[2,3]",
        "a tuple of length 1",
    ),
    ([0], (0,), "rest[0]", "a tuple of length 1", "a list of length 1"),
    ({"a": 0}, {"b": 0}, "rest[0]", "keys ['b']", "keys ['a']"),
    ({"a": 0}, {}, "rest[0]", "an empty dict", "a dict with keys ['a']"),
    (Point(0, 0), (0, 0), "rest[0]", "a tuple of", "a Point of length 2"),
    (
        [Layer(0, 0)],
        [Layer(0, 0, "relu")],
        "rest[0][0]",
        "data ('relu',)",
        "a Layer with data ('tanh',) and 2 children",
    ),
    (
        [Layer(0, [0])],
        [Layer(0, [])],
        "rest[0][0].bias",
        "a list of length 0",
        "a list of length 1",
    ),
    (
        collections.OrderedDict(a=0, b=0),
        collections.OrderedDict(b=0, a=0),
        "rest[0]",
        "an OrderedDict with data ('b', 'a')",
        "an OrderedDict with data ('a', 'b')",
    ),
]


@pytest.mark.parametrize(("value", "other", "place", "got", "expected"), MISMATCHES)
def test_mismatch_names_the_path_and_both_structures(
    value, other, place, got, expected
):
    with pytest.raises(TreeError) as caught:
        tree.map(lambda x, y: x, value, other)
    text = str(caught.value)
    assert text.startswith(f"two trees have different structures at `{place}`.\n")
    shown_got, shown_expected = text.split("expected:")
    assert got in shown_got
    assert expected in shown_expected


def test_mismatch_shortens_large_structures():
    with pytest.raises(TreeError) as caught:
        structure([list(range(1000))]).flatten_up_to([list(range(999))])
    assert len(str(caught.value)) < 1200


def test_structure_differences():
    before = structure({"a": (1, 2), "b": [Layer(0, 0)], "c": 0})
    after = structure({"a": [1, 2], "b": [Layer(0, None)], "c": 0})
    assert tree.structure_differences(before, after) == [
        "at ['a']: a tuple of length 2 became a list of length 2",
        "at ['b'][0].bias: a leaf became None",
    ]
    assert tree.structure_differences(before, before) == []
    assert tree.structure_differences(structure(0), structure(())) == [
        "at the root: a leaf became a tuple of length 0"
    ]


class TestReduce:
    def test_order(self):
        assert tree.reduce(lambda x, y: x + y, ["a", {"k": "b"}, "c"]) == "abc"
        assert tree.reduce(lambda x, y: x + y, ["a"], "z") == "za"
        assert tree.reduce(lambda x, y: x + y, [], 0) == 0

    def test_initializer_may_be_none(self):
        assert tree.reduce(lambda x, y: (x, y), [1], None) == (None, 1)

    @pytest.mark.parametrize("function", [tree.reduce, tree.reduce_associative])
    def test_nothing_to_reduce(self, function):
        with pytest.raises(TreeError, match="without leaves has no value"):
            function(max, [None, ()])

    @pytest.mark.parametrize(
        ("leaves", "expected"),
        [("", "0"), ("a", "a"), ("abc", "(a(bc))"), ("abcd", "((ab)(cd))")],
    )
    def test_associative_combines_halves(self, leaves, expected):
        combined = tree.reduce_associative(
            lambda x, y: f"({x}{y})", list(leaves), identity="0"
        )
        assert combined == expected

    def test_all(self):
        assert tree.all(())
        assert tree.all({"a": 1, "b": [True]})
        assert not tree.all({"a": 1, "b": [0]})
        assert not tree.all([1, None], is_leaf=lambda x: x is None)


class TestTranspose:
    def test_list_of_dicts(self):
        rows = [{"x": 1, "y": (2, 3)}, {"x": 4, "y": (5, 6)}]
        expected = {"x": [1, 4], "y": ([2, 5], [3, 6])}
        outer, inner = structure([0, 0]), structure(rows[0])
        assert tree.transpose(outer, inner, rows) == expected
        assert tree.transpose(outer, None, rows) == expected

    def test_twice_is_the_identity(self):
        value = Point({"a": 1, "b": 2}, {"a": 3, "b": 4})
        outer, inner = structure(Point(0, 0)), structure({"a": 0, "b": 0})
        once = tree.transpose(outer, inner, value)
        assert tree.transpose(inner, outer, once) == value

    def test_without_leaves(self):
        assert tree.transpose(structure([0, 0]), structure(()), [(), ()]) == ()
        assert tree.transpose(structure([]), structure((0,)), []) == ([],)
        with pytest.raises(TreeError, match="inner structure cannot be seen"):
            tree.transpose(structure([]), None, [])

    def test_subtrees_that_differ(self):
        with pytest.raises(TreeError, match=r"at `subtree`"):
            tree.transpose(structure([0, 0]), None, [(1, 2), (1, 2, 3)])


class TestBroadcast:
    def test_prefix(self):
        assert tree.broadcast_prefix(0, {"a": (1, 2), "b": None}) == [0, 0]
        assert tree.broadcast_prefix((0, None), ((1, 2), None)) == [0, 0]
        by_none = tree.broadcast_prefix((0, None), ((1, 2), 3), lambda x: x is None)
        assert by_none == [0, 0, None]

    def test_tree(self):
        full = ({"a": 5, "b": [6, None]}, 7)
        assert tree.broadcast((0, 1), full) == ({"a": 0, "b": [0, None]}, 1)
        with_none = tree.broadcast((0, None), full, lambda x: x is None)
        assert with_none == ({"a": 0, "b": [0, 0]}, None)

    def test_not_a_prefix(self):
        with pytest.raises(TreeError, match=r"at `args\[1\]`"):
            tree.broadcast_prefix((0, (1, 2)), (3, 4), name="args")
        with pytest.raises(TreeError, match="at `full_tree`"):
            tree.broadcast((0, 1), (1, 2, 3))
