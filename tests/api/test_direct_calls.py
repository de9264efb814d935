"""Repeated calls with named, static and nested arguments, which skip the general way."""

from __future__ import annotations

import inspect
from dataclasses import dataclass

import numpy as np
import pytest

import funcgrad as fg

X, Y = np.arange(3.0), np.array([2.0, 4.0, 8.0])


@dataclass
class Point:
    a: object
    b: object
    label: str = ""


fg.tree_util.register_dataclass(Point, ["a", "b"], ["label"])


@dataclass(frozen=True)
class Mode:
    name: str


def traced(function, **options):
    """The function jitted, and a list that grows by one with each trace of it."""
    traces = []

    def counted(*args, **kwargs):
        traces.append(None)
        return function(*args, **kwargs)

    counted.__signature__ = inspect.signature(function)
    return fg.jit(counted, **options), traces


def no_general_way(monkeypatch, jitted):
    """From now on only calls that go straight to the code succeed."""

    def refuse(*_):
        raise AssertionError("the general way was taken")

    monkeypatch.setattr(type(jitted), "_call", refuse)


CALLS = {
    "named": (lambda a, b: a - b, {}, (X,), {"b": Y}),
    "all named": (lambda a, b: a - b, {}, (), {"b": Y, "a": X}),
    "static": (lambda a, n: a * n, {"static_argnums": 1}, (X, 3), {}),
    "static from the end": (lambda n, a: a * n, {"static_argnums": -2}, (3, X), {}),
    "static by name": (lambda a, n: a * n, {"static_argnames": "n"}, (X,), {"n": 3}),
    "static object": (
        lambda mode, a: np.sin(a) if mode.name == "sin" else a,
        {"static_argnums": 0},
        (Mode("sin"), X),
        {},
    ),
    "registered": (
        lambda p, y: Point(p.a + y, (p.b,), p.label + "!"),
        {},
        (Point(X, Y, "p"), Y),
        {},
    ),
    "nested": (
        lambda tree, scale: {"out": [Point(v * scale, None) for v in tree["in"]]},
        {},
        ({"in": (X, Y)},),
        {"scale": 2.0},
    ),
}


def same(got, want):
    got, structure = fg.tree.flatten(got)
    want, expected = fg.tree.flatten(want)
    assert structure == expected
    for x, y in zip(got, want, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-15)


@pytest.mark.parametrize("name", CALLS)
def test_second_calls_go_straight_to_the_code(name, monkeypatch):
    function, options, args, kwargs = CALLS[name]
    jitted = fg.jit(function, **options)
    want = function(*args, **kwargs)
    same(jitted(*args, **kwargs), want)
    no_general_way(monkeypatch, jitted)
    same(jitted(*args, **kwargs), want)


def test_the_order_of_names_plays_no_part():
    jitted, traces = traced(lambda a, b: a - b)
    for _ in range(2):
        same(jitted(a=X, b=Y), X - Y)
        same(jitted(b=Y, a=X), X - Y)
    assert len(traces) == 1


def test_static_values_are_told_apart_by_type_and_value():
    jitted, traces = traced(lambda a, n: a * n, static_argnums=1)
    for _ in range(2):
        for n in (1, 1.0, 2, 2.5):
            same(jitted(X, n), X * n)
            assert jitted(np.arange(3), n).dtype == (np.arange(3) * n).dtype
    assert len(traces) == 8


def test_other_types_trace_again_after_a_direct_call():
    jitted, traces = traced(lambda a, b: a + b)
    for _ in range(2):
        same(jitted(X, b=Y), X + Y)
        same(jitted(X[:2], b=Y[:2]), X[:2] + Y[:2])
        same(jitted(X, b=1.0), X + 1.0)
    assert len(traces) == 3


def test_other_static_fields_of_a_registered_class_trace_again():
    jitted, traces = traced(lambda p: p.a * len(p.label))
    for label in ("a", "bbb", "a", "bbb"):
        same(jitted(Point(X, Y, label)), X * len(label))
    assert len(traces) == 2


def test_a_static_value_that_is_not_hashable_is_refused_each_time():
    jitted = fg.jit(lambda a, n: a * n[0], static_argnums=1)
    same(jitted(X, (2,)), X * 2)
    for _ in range(2):
        with pytest.raises(fg.errors.StaticArgumentError, match="not hashable"):
            jitted(X, [2])


def test_traced_operands_of_a_call_with_static_and_named_arguments():
    jitted = fg.jit(lambda a, n, *, b: (a * n * b).sum(), static_argnums=1)
    for _ in range(2):
        assert jitted(X, 3, b=Y) == (X * 3 * Y).sum()
        np.testing.assert_array_equal(
            fg.grad(lambda x, f=jitted: f(x, 3, b=Y))(X), 3 * Y
        )


def test_clear_cache_forgets_direct_calls():
    jitted, traces = traced(lambda a, b: a + b)
    jitted(X, b=Y)
    jitted.clear_cache()
    jitted(X, b=Y)
    assert len(traces) == 2


@pytest.mark.parametrize(
    "captured",
    [
        np.arange(12.0).reshape(3, 4).T,
        np.arange(24.0).reshape(4, 6)[:, ::2],
        np.arange(12.0).reshape(4, 3)[::-1],
        np.arange(12.0).reshape(4, 3).astype(">f8"),
        np.array(2.0),
    ],
    ids=["transposed", "strided", "reversed", "big_endian", "number"],
)
def test_captured_arrays_of_any_layout(monkeypatch, captured):
    f = fg.jit(lambda x: captured * x)
    np.testing.assert_array_equal(f(X), captured * X)
    no_general_way(monkeypatch, f)
    np.testing.assert_array_equal(f(2.0 * X), captured * (2.0 * X))
