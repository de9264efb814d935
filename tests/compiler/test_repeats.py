"""Loop nests that a program repeats stand in its text once, as functions."""

from __future__ import annotations

import re

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.compiler.emit.builder import Module
from funcgrad.compiler.emit.repeats import SHORTEST, result_types

POINTERS = [("ptr", name, "noalias") for name in "xyz"]


def write_nests(sources, targets, factor=3.0, lines=SHORTEST, carried=0):
    """Text of a function that writes one array after another, each in a loop."""
    module = Module()
    b = module.function("f", [*POINTERS, ("i64", "n", "")])
    n = b.param("n", "int64")
    for source, target in zip(sources, targets, strict=True):
        carries = [b.const("float64", 0.0)] * carried
        with b.loop(0, n, carries=carries) as loop:
            value = b.load(f"%{source}", loop.index, "float64")
            for _ in range(lines):
                value = b.mul(value, b.const("float64", factor))
            b.store(value, f"%{target}", loop.index)
            loop.next = [b.add(carry, value) for carry in loop.carries]
        for place, result in enumerate(loop.results):
            b.store(result, "%z", place)
    b.ret()
    return module.text()


def functions_and_calls(text):
    return (
        len(re.findall(r"^define internal fastcc .*@nest", text, re.MULTILINE)),
        len(re.findall(r"call fastcc .*@nest", text)),
    )


def test_equal_nests_become_calls_with_their_own_pointers():
    text = write_nests("xyx", "yzz")
    assert functions_and_calls(text) == (1, 3)
    assert text.count("fmul") == SHORTEST
    calls = re.findall(
        r"call fastcc void @nest\.0\(i64 %n, ptr %(\w), ptr %(\w)\)", text
    )
    assert calls == [("x", "y"), ("y", "z"), ("x", "z")]


def test_a_nest_whose_operands_coincide_is_another_one():
    assert functions_and_calls(write_nests("xy", "yy")) == (0, 0)
    assert functions_and_calls(write_nests("xyxy", "yyzy")) == (2, 4)


def test_short_nests_stay():
    assert functions_and_calls(write_nests("xy", "yz", lines=5)) == (0, 0)


@pytest.mark.parametrize("carried", [1, 2])
def test_values_that_are_used_later_are_results(carried):
    text = write_nests("xy", "yz", carried=carried)
    assert functions_and_calls(text) == (1, 2)
    kind = ["double", "{ double, double }"][carried - 1]
    assert text.count(f"call fastcc {kind} @nest.0(") == 2
    if carried == 1:
        assert re.search(r"%t\d+ = call fastcc double @nest\.0", text)


@pytest.mark.parametrize("repeats", [2, 5])
def test_repeated_reductions(repeats):
    def program(x):
        for _ in range(repeats):
            x = x - 0.1 * np.mean(x) + np.sqrt(np.max(x) - np.min(x))
        return x

    x = np.linspace(0.5, 2.0, 100)
    compiled = fg.jit(program)
    np.testing.assert_allclose(compiled(x), program(x), 1e-13)
    gradient = fg.grad(lambda x: np.sum(program(x) ** 2))
    np.testing.assert_allclose(fg.jit(gradient)(x), gradient(x), 1e-11)


def test_nests_with_other_instructions_stay():
    texts = [write_nests("xy", "yz", factor) for factor in (3.0, 5.0)]
    assert texts[0] != texts[1]
    assert functions_and_calls(write_nests("x", "y")) == (0, 0)


def test_types_of_results():
    lines = [
        "  %a = load <8 x double>, ptr %x, align 8",
        "  %b = getelementptr double, ptr %x, i64 %i",
        "  %c = fmul <8 x double> %a, %a",
        "  %d = select i1 %u, float %v, float %w",
        "  %e = call fastcc <4 x float> @f(<4 x float> %v)",
        "  %f = icmp slt i64 %i, %j",
        "  %g = zext i32 %i to i64",
        "  %h = phi i64 [ 0, %entry ], [ %k, %loop ]",
        "  store i64 %i, ptr %x",
        "  %i = extractelement <4 x float> %e, i64 0",
        "  %j = cmpxchg ptr %x, i64 0, i64 1 seq_cst seq_cst",
    ]
    assert result_types(lines) == {
        "%a": "<8 x double>",
        "%b": "ptr",
        "%c": "<8 x double>",
        "%d": "float",
        "%e": "<4 x float>",
        "%f": "i1",
        "%g": "i64",
        "%h": "i64",
        "%i": "float",
    }


@pytest.mark.parametrize("width", [7, 20])
def test_layers_in_a_row_are_compiled_once(width):
    rng = np.random.default_rng(0)
    weights = [0.3 * rng.normal(size=(width, width)) for _ in range(6)]
    x = rng.normal(size=(32, width))

    def loss(weights):
        h = x
        for w in weights:
            z = h @ w
            h = np.tanh(z) / np.linalg.norm(z, axis=1, keepdims=True) + h
        return np.mean(h * h)

    compiled = fg.jit(fg.grad(loss))
    for got, want in zip(compiled(weights), fg.grad(loss)(weights), strict=True):
        np.testing.assert_allclose(got, want, 1e-10, 1e-12)
    if width > 16:
        text = compiled.lower(weights).as_text("llvm")
        more = compiled.lower(2 * weights).as_text("llvm")
        products = text.count("@llvm.fma")
        assert more.count("@llvm.fma") == products > 0
        assert len(more.splitlines()) < 1.7 * len(text.splitlines())


def test_updates_in_place_and_branches_between_equal_nests():
    def program(x, flag):
        for _ in range(4):
            x = np.exp(-x[:, ::-1]) * np.cos(x) + np.sin(x) * np.tanh(x).T
            x = fg.lax.cond(flag, lambda x: x.at[1].set(x[0]), lambda x: x, x)
        return x.sum(axis=0)

    x = np.linspace(-1.0, 1.0, 23 * 23).reshape(23, 23)
    for flag in (True, False):
        want = program(fg.numpy.array(x), flag)
        np.testing.assert_allclose(fg.jit(program)(x, flag), want, 1e-11)
