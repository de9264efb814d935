"""Graphs of programs with groups, loops, bad values and many operations."""

import time
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import funcgrad as fg


def layer(W, x):
    z = W @ x
    return np.maximum(z, 0)


def network(x, W):
    h = fg.named_call(layer, name="layer1")(W, x)
    h = fg.jit(layer)(W, h)
    return np.sum(h)


def groups(picture):
    return [(g.title, g.kind) for g in picture.program.groups[1:]]


def test_calls_are_groups_and_fold():
    picture = fg.graph(network)(np.ones(2), np.array([[1.0, -2.0], [3.0, 4.0]]))
    assert groups(picture) == [("layer1", "call"), ("layer", "call")]
    rows = {row["name"]: row for row in picture.table()}
    assert rows["z"]["group"] == "layer1"
    assert rows["h"]["operation"] == "max"
    folded, unfolded = picture.dot(unfold=0), picture.dot(unfold=50)
    assert "layer1\\n2 operations" in folded
    assert "cluster" not in folded
    assert unfolded.count("subgraph cluster") == 2
    gradient = fg.grad(network)(np.ones(2), np.array([[1.0, -2.0], [3.0, 4.0]]))
    np.testing.assert_array_equal(picture.derivatives["x"], gradient)


def loops(x):
    y = fg.lax.fori_loop(0, 3, lambda i, c: np.sin(c) * 2.0, x)
    z = fg.lax.while_loop(
        lambda r: abs(r * r - 2.0) > 1e-6, lambda r: (r + 2 / r) / 2, y
    )
    w = fg.lax.fori_loop(0, 100, lambda i, c: c * 1.01, z)
    return fg.lax.cond(w > 0, lambda v: v * v, lambda v: -v, w)


def test_loops_have_their_trip_counts():
    picture = fg.graph(loops)(0.5)
    titles = [title for title, kind in groups(picture) if kind in {"loop", "branch"}]
    assert titles[0] == "scan × 3"
    assert titles[1].startswith("while × ")
    assert titles[2:] == ["scan × 100", "cond: True"]
    assert {"y", "z", "w"} <= set(picture.values)
    np.testing.assert_allclose(picture.derivatives["x"], fg.grad(loops)(0.5))
    assert picture.values["L"] == pytest.approx(loops(0.5))


def test_long_while_loop_is_one_operation():
    def count(x):
        return fg.lax.while_loop(lambda c: c < 100.0, lambda c: c + 1.0, x)

    picture = fg.graph(count)(0.5)
    assert groups(picture) == [("while × 100", "loop")]
    assert picture.derivatives["x"] == 1.0


def test_scan_stacks_its_results():
    def total(xs):
        carry, ys = fg.lax.scan(lambda c, x: (c + x, c * x), 0.0, xs)
        return carry + np.sum(ys)

    xs = np.array([1.0, 2.0, 3.0])
    picture = fg.graph(total)(xs)
    np.testing.assert_allclose(picture.derivatives["xs"], fg.grad(total)(xs))


def test_fan_out_shows_the_sum():
    def f(x):
        y = x * 3
        return y * y + y

    picture = fg.graph(f)(2.0)
    assert "dL/dy = 6 + 6 + 1 = 13" in str(picture)
    assert "dL/dy = 6 + 6 + 1 = 13" in picture.svg()


def test_names_of_variables():
    def f(x):
        a, b = x + 1, x + 2
        a += b
        for _ in range(2):
            a = np.mean(a * b)
        return (c := a * 2) + c

    picture = fg.graph(f)(1.0)
    assert {"a", "b", "a_2", "a_3", "a_4", "c"} <= set(picture.values)
    assert picture.values["a"] == 2.0
    assert picture.values["a_2"] == 5.0
    assert picture.values["c"] == 90.0


def test_python_branches_and_integers():
    def f(x, n):
        return x**2 if x > 0 and n == 3 else x

    picture = fg.graph(f)(3.0, 3)
    assert picture.derivatives == {"x": 6.0, "L": 1.0}
    assert "n" in picture.values


def test_bad_values_are_marked():
    def f(x):
        y = np.log(x)
        z = y * 0
        return z

    marks = {row["name"]: row["marks"] for row in fg.graph(f)(0.0).table()}
    assert marks["y"] == ["infinite starts here"]
    assert marks["z"] == ["NaN starts here"]
    assert "NaN derivative starts here" in marks["x"]
    picture = fg.graph(fg.nn.relu)(-1.0)
    assert "dead ReLU" in picture.svg()


def test_result_that_is_no_number_has_values_only():
    picture = fg.graph(lambda x: {"a": x * 2, "b": x})(np.ones(3))
    assert picture.derivatives == {}
    assert "no derivatives" in str(picture)
    ET.fromstring(picture.svg())


def test_float32_reads_back():
    picture = fg.graph(lambda x: x * 2)(np.float32(0.1))
    assert "0.1" in picture.svg()
    assert picture.values["L"].dtype == np.float32


@pytest.mark.parametrize(
    "ending", [".svg", ".dot", ".mmd", ".html", ".txt", ".png", ".pdf"]
)
def test_files_have_the_same_bytes_each_time(ending, tmp_path):
    written = []
    for number in range(2):
        path = tmp_path / f"{number}{ending}"
        fg.graph(network)(np.ones(2), np.eye(2)).save(path)
        written.append(path.read_bytes())
    assert written[0] == written[1]
    assert len(written[0]) > 100


def test_unknown_ending(tmp_path):
    with pytest.raises(ValueError, match=r"ends with none of \.svg"):
        fg.graph(network)(np.ones(2), np.eye(2)).save(tmp_path / "x.gif")


def test_page_stands_alone():
    def f(x):
        y = x * 2  # </script> in a comment of the user's does not end the script
        return y

    text = fg.graph(f)(1.0).html()
    assert text.count("</script>") == 3
    for word in ["src=", "href=", "@import", "fetch("]:
        assert word not in text


def test_boxes_do_not_overlap():
    picture = fg.graph(loops)(0.5)
    boxes = picture._scene(200).boxes
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            apart_x = abs(a.x - b.x) >= (a.width + b.width) / 2 - 0.01
            apart_y = abs(a.y - b.y) >= (a.height + b.height) / 2 - 0.01
            assert apart_x or apart_y


def test_large_graph_opens_folded():
    def deep(x, w):
        for _ in range(2500):
            x = np.tanh(x * w) + 0.5
            x = x - 0.1
        return x

    start = time.process_time()
    picture = fg.graph(deep)(0.3, 0.7)
    svg, page = picture.svg(), picture.html()
    assert time.process_time() - start < 15
    assert len(picture.program.nodes) >= 10_002
    assert svg.count('class="box"') <= 40
    assert "operations" in svg
    assert len(page) < 3e6
    np.testing.assert_allclose(picture.derivatives["w"], fg.grad(deep, 1)(0.3, 0.7))
