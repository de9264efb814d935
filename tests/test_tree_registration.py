"""Classes as containers: registration, dataclasses, partial functions."""

import dataclasses
import functools
from typing import NamedTuple

import pytest

from funcgrad import tree
from funcgrad.errors import TreeError, TreeRegistrationError
from funcgrad.tree import Partial, SequenceKey, structure, treedef


@tree.register_pytree_node_class
class Stack:
    def __init__(self, *items):
        self.items = items

    def tree_flatten(self):
        return self.items, None

    @classmethod
    def tree_unflatten(cls, aux, children):
        return cls(*children)


@tree.register_static
@dataclasses.dataclass(frozen=True)
class Mode:
    name: str


class TestRegistration:
    def test_twice(self):
        with pytest.raises(
            TreeRegistrationError, match="`Stack` is registered already"
        ):
            tree.register_pytree_node_class(Stack)
        with pytest.raises(TreeRegistrationError, match="`dict` is registered already"):
            tree.register_pytree_node(dict, lambda x: (x, None), lambda _, x: x)

    def test_not_a_class(self):
        with pytest.raises(TreeRegistrationError, match="only a class"):
            tree.register_pytree_node(3, lambda x: (x, None), lambda _, x: x)

    def test_a_leaf_that_is_registered_later_becomes_a_container(self):
        class Late:
            value = 1

        assert tree.leaves([Late()]) != [1]
        tree.register_pytree_node(Late, lambda x: ([x.value], None), lambda *_: Late())
        assert tree.leaves([Late()]) == [1]
        assert tree.is_tree_node(Late)
        assert not tree.is_tree_node(int)

    def test_a_namedtuple_may_be_registered_after_it_was_met(self):
        class Pair(NamedTuple):
            x: object
            tag: str

        assert tree.leaves(Pair(1, "tag")) == [1, "tag"]
        tree.register_pytree_node(
            Pair, lambda p: ((p.x,), p.tag), lambda tag, c: Pair(*c, tag)
        )
        assert tree.leaves(Pair(1, "tag")) == [1]

    def test_children_may_be_an_iterator(self):
        class Lazy:
            def __init__(self, *items):
                self.items = items

        tree.register_pytree_with_keys(
            Lazy,
            lambda v: (((SequenceKey(i), x) for i, x in enumerate(v.items)), None),
            lambda _, children: Lazy(*children),
        )
        assert tree.leaves(Lazy(1, Lazy(2))) == [1, 2]
        assert len(tree.leaves_with_path(Lazy(1, Lazy(2)))) == 2

    def test_flatten_that_does_not_return_a_pair(self):
        class Broken:
            pass

        tree.register_pytree_node(Broken, lambda _: [1], lambda *_: Broken())
        with pytest.raises(TreeRegistrationError, match="does not return a pair"):
            tree.leaves(Broken())

    def test_static_is_compared_by_value(self):
        assert structure(Mode("a")) == structure(Mode("a"))
        assert structure(Mode("a")) != structure(Mode("b"))

    def test_structure_whose_class_is_not_registered_here(self):
        with pytest.raises(TreeError, match="`Unknown` of a stored structure"):
            treedef._restore(type("Unknown", (), {}), None, ())


class TestDataclass:
    def test_fields_given_for_any_class(self):
        class Plain:
            def __init__(self, *, a, b):
                self.a, self.b = a, b

        tree.register_dataclass(Plain, ["a"], ["b"])
        doubled = tree.map(lambda x: 2 * x, Plain(a=[1, 2], b=3))
        assert (doubled.a, doubled.b) == ([2, 4], 3)

    def test_fields_without_init_and_dropped_ones(self):
        @functools.partial(tree.register_dataclass, drop_fields=["note"])
        @dataclasses.dataclass
        class Record:
            a: int
            note: str = "none"
            total: int = dataclasses.field(init=False, default=0)

        assert tree.leaves(Record(1, "text")) == [1]
        assert tree.map(lambda x: x, Record(1, "text")) == Record(1)

    def test_metadata_of_static_is_kept(self):
        @dataclasses.dataclass
        class Record:
            a: int = tree.static(default=1, metadata={"unit": "m"})

        (field,) = dataclasses.fields(Record)
        assert dict(field.metadata) == {"unit": "m", "static": True}

    @pytest.mark.parametrize(
        ("data", "meta", "message"),
        [
            (["a"], [], "missing: b"),
            (["a", "b", "c"], [], "no field: c"),
            (["a", "b"], ["b"], "named twice: b"),
            (["a"], None, "given together or not at all"),
        ],
    )
    def test_wrong_fields(self, data, meta, message):
        @dataclasses.dataclass
        class Record:
            a: int
            b: int

        with pytest.raises(TreeRegistrationError, match=message):
            tree.register_dataclass(Record, data, meta)

    def test_not_a_dataclass(self):
        with pytest.raises(TreeRegistrationError, match="not a dataclass"):
            tree.register_dataclass(type("Plain", (), {}))


class TestPartial:
    def test_arguments_are_leaves(self):
        f = Partial(pow, 2)
        assert f(5) == 32
        assert tree.leaves(f) == [2]
        assert tree.map(lambda x: x + 1, f)(2) == 9
        assert structure(f) == structure(Partial(pow, 7))

    def test_a_partial_function_is_kept_whole(self):
        f = Partial(functools.partial(pow, 2), 5)
        assert f() == 32
        assert tree.leaves(f) == [5]
        assert tree.leaves(Partial(Partial(pow, 2), 5)) == [5]
        assert "functools.partial" in repr(f)
        inner = functools.partial(pow, 2)
        assert structure(Partial(inner, 1)) == structure(Partial(inner, 2))
        assert hash(structure(Partial(inner, 1))) == hash(structure(Partial(inner, 2)))
        assert structure(Partial(inner)) != structure(
            Partial(functools.partial(pow, 2))
        )

    def test_keywords(self):
        f = Partial(int, base=2)
        assert tree.map(lambda base: base + 1, f)("12") == 5
