"""Plain functions as groups, heat maps of arrays, and graphs of transformed functions."""

import runpy
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.viz.heat import LEVELS, MOST, heat_of

IMAGES = Path(__file__).parents[2] / "docs" / "images"


def act(z):
    return np.tanh(z)


def dense(w, x):
    z = w @ x
    return act(z)


def loss(x, w):
    h = x
    for _ in range(2):
        h = dense(w, h)
    return np.sum(act(h * 2.0))


X, W = np.array([1.0, -1.0]), np.array([[1.0, 2.0], [3.0, 4.0]])


def groups(picture):
    """Titles of groups with those around them."""
    found = picture.program.groups
    return [
        "/".join(found[g].title for g in picture.program.ancestors(group.id) if g)
        for group in found[1:]
    ]


def test_plain_functions_are_groups():
    picture = fg.graph(loss)(X, W)
    assert groups(picture) == ["dense", "act/dense", "dense", "act/dense", "act"]
    rows = {row["name"]: row for row in picture.table()}
    assert rows["z"]["group"] == "dense"
    assert rows["L"]["group"] == ""
    assert rows["mul_1"]["group"] == ""
    assert "dense" in picture.svg()
    assert picture.dot(unfold=99).count("subgraph cluster") == 5
    folded = picture.dot(unfold=0)
    assert folded.count("dense\\n2 operations") == 2
    assert "cluster" not in folded
    np.testing.assert_allclose(picture.derivatives["w"], fg.grad(loss, 1)(X, W))


def test_each_call_of_a_function_is_a_group():
    def twice(x):
        return act(x) + act(x)

    assert groups(fg.graph(twice)(0.5)) == ["act", "act"]


def test_recursion_and_methods():
    class Power:
        def times(self, x, n):
            return x if n == 1 else x * self.times(x, n - 1)

    picture = fg.graph(lambda x: Power().times(x, 4))(2.0)
    assert picture.values["L"] == 16.0
    # The innermost product comes first, in the third call; the fourth has none.
    assert groups(picture) == ["times", "times/times", "times/times/times"]


def test_comprehensions_and_lambdas_are_no_groups():
    def f(x):
        return sum([scaled(x) for scaled in [lambda y: y * 2.0, lambda y: y + 1.0]])

    assert groups(fg.graph(f)(2.0)) == []


def test_staged_groups_stand_inside_of_plain_ones():
    inner = fg.jit(act)

    def body(x):
        y = inner(x) * 2.0
        return fg.lax.fori_loop(0, 2, lambda i, c: c * y, x)

    def outer(x):
        return body(x) + 1.0

    found = groups(fg.graph(outer)(0.5))
    assert found[:2] == ["body", "act/body"]
    assert found[2] == "scan × 2/body"
    assert all(g.endswith("body") for g in found)


@pytest.mark.parametrize(
    ("transformed", "args"),
    [
        (fg.jit(loss), (X, W)),
        (fg.grad(loss), (X, W)),
        (fg.jit(fg.grad(loss)), (X, W)),
        (fg.value_and_grad(loss), (X, W)),
        (fg.vmap(loss, in_axes=(0, None)), (np.stack([X, -X, 2 * X]), W)),
        (fg.grad(lambda x, w: np.sum(fg.vmap(loss, (0, None))(x, w))), (W, W)),
        (fg.jvp, None),
    ],
    ids=["jit", "grad", "jit grad", "value_and_grad", "vmap", "grad vmap", "jvp"],
)
def test_transformed_functions(transformed, args):
    if args is None:
        args = (X, W)

        def transformed(x, w):
            return fg.jvp(lambda x: loss(x, w), (x,), (np.ones(2),))

    picture = fg.graph(transformed)(*args)
    wanted = fg.tree.leaves(transformed(*args))
    program = picture.program
    results = [program.nodes[k].value for k in program.outputs]
    assert len(results) == len(wanted)
    for result, value in zip(results, wanted, strict=True):
        np.testing.assert_allclose(result, value, rtol=1e-12)
    ET.fromstring(picture.svg())
    assert picture.html().startswith("<!DOCTYPE html>")


def test_graph_of_a_compiled_function_has_derivatives():
    picture = fg.graph(fg.jit(loss))(X, W)
    assert groups(picture)[0] == "loss"
    np.testing.assert_allclose(picture.derivatives["x"], fg.grad(loss)(X, W))


def test_heat_levels():
    heat = heat_of(np.arange(9.0))
    assert heat == (9, "012345678")
    assert heat_of(np.arange(9.0).reshape(3, 3)) == (3, "012345678")
    assert heat_of(np.array([True, False] * 3)).cells == "808080"
    assert heat_of(np.ones(6)).cells == "000000"
    assert heat_of(np.array([0.0, np.nan, 1.0, -np.inf, 2.0])).cells == "0x4x8"
    assert set(heat_of(np.full(7, np.nan)).cells) == {"x"}


@pytest.mark.parametrize(
    "value", [1.0, np.ones(4), np.ones((2, 2, 2)), np.ones(9) * 1j, np.ones((0, 7))]
)
def test_other_values_have_no_heat_map(value):
    assert heat_of(value) is None


def test_large_arrays_are_shown_by_means_of_blocks():
    table = np.repeat(np.arange(LEVELS - 1.0), 10)[:, None] * np.ones(100)
    heat = heat_of(table)
    assert (heat.rows, heat.columns) == (MOST, MOST)
    first = [int(c) for c in heat.cells[::MOST]]
    assert first == sorted(first)
    assert (first[0], first[-1]) == (0, LEVELS - 1)
    table[3, 3] = np.inf
    assert heat_of(table).cells.count("x") == 1


def test_heat_maps_are_drawn(tmp_path):
    def f(x):
        return np.sum(x * 2.0)

    picture = fg.graph(f)(np.array([0.0, 1.0, np.nan, 3.0, 4.0]))
    text = picture.svg()
    assert text.count('class="heat"') == 2
    assert text.count('class="cross"') == 2
    picture.save(tmp_path / "x.png")
    assert (tmp_path / "x.png").stat().st_size > 1000


def test_pictures_of_the_documentation_are_what_the_code_draws():
    made = runpy.run_path(str(IMAGES / "draw.py"))["pictures"]()
    drawn = {name: picture.svg().encode() for name, picture in made.items()}
    committed = {path.name: path.read_bytes() for path in IMAGES.glob("*.svg")}
    assert drawn == committed
