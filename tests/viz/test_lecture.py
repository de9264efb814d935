"""The lecture's graphs: its numbers are read back from every form of the picture."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from scipy.special import expit

import funcgrad as fg

VALUES = {"a": 3, "b": 1, "c": -2, "d": 2, "e": 5, "L": -10}
DERIVATIVES = {"L": 1, "e": -2, "c": 5, "a": -2, "d": -2, "b": -4}
LOCAL = {("d", "b"): 2, ("e", "a"): 1, ("e", "d"): 1, ("L", "c"): 5, ("L", "e"): -2}


def lecture(a, b, c):
    d = 2 * b
    e = a + d
    return c * e


@pytest.fixture(scope="module")
def picture():
    return fg.graph(lecture)(3.0, 1.0, -2.0)


def test_data(picture):
    assert picture.values == VALUES
    assert picture.derivatives == DERIVATIVES


def test_table(picture):
    rows = {row["name"]: row for row in picture.table()}
    assert {name: row["value"] for name, row in rows.items()} == VALUES
    assert {name: row["derivative"] for name, row in rows.items()} == DERIVATIVES
    local = {(n, s): v for n, row in rows.items() for s, v in row["local"].items()}
    assert local == LOCAL
    assert rows["d"]["expression"] == "2 * b"
    assert rows["d"]["flow"] == {"b": -4}


def check_texts(lines):
    """Read numbers back from lines such as ``dL/dd = -2`` and ``de/dd = 1``."""
    found = dict(re.findall(r"^dL/d(\w) = (-?\d+)$", "\n".join(lines), re.MULTILINE))
    assert {name: int(value) for name, value in found.items()} == DERIVATIVES
    for (top, below), value in LOCAL.items():
        assert f"d{top}/d{below} = {value}" in lines
    for text in ["-2 · 1 = -2", "-2 · 2 = -4", "1 · 5 = 5", "1 · (-2) = -2"]:
        assert f"← {text}" in lines


def test_svg(picture):
    root = ET.fromstring(picture.svg())
    assert root.get("role") == "img"
    assert "L = -10" in root.get("aria-label")
    space = "{http://www.w3.org/2000/svg}"
    boxes = [[t.text for t in g.iter(f"{space}text")] for g in root.iter(f"{space}g")]
    shown = {b[0]: b for b in boxes if b and b[0] in VALUES}
    assert {name: int(b[-2]) for name, b in shown.items()} == VALUES
    assert {n: int(b[-1].split(" = ")[-1]) for n, b in shown.items()} == DERIVATIVES
    check_texts([t.text for t in root.iter(f"{space}text")])


def test_dot(picture):
    labels = re.findall(r'label="([^"]*)"', picture.dot())
    check_texts([line for label in labels for line in label.split("\\n")])


def test_mermaid(picture):
    labels = re.findall(r'"([^"]*)"', picture.mermaid())
    check_texts([line for label in labels for line in label.split("<br/>")])


def test_product_is_written_out(picture):
    assert "dL/dd = dL/de · de/dd = -2 · 1 = -2" in str(picture)


def network(W1, b1, W2, b2, x, y):
    z1 = W1 @ x + b1
    a1 = np.maximum(z1, 0)
    z2 = W2 @ a1 + b2
    a2 = expit(z2)
    L = -(y * np.log(a2) + (1 - y) * np.log(1 - a2))
    return L


def test_network():
    W1, b1 = np.array([[1.0, 2.0], [3.0, -4.0], [0.5, 0.6]]), np.ones(3)
    W2, b2 = np.array([0.1, -0.2, 0.3]), 0.5
    x, y = np.array([1.0, 2.0]), 1.0
    picture = fg.graph(network)(W1, b1, W2, b2, x, y)
    values, derivatives = picture.values, picture.derivatives
    a2 = values["a2"]
    dz2 = a2 - y
    dz1 = np.where(values["z1"] > 0, dz2 * W2, 0)
    expected = {
        "z2": dz2,
        "W2": dz2 * values["a1"],
        "b2": dz2,
        "a1": dz2 * W2,
        "z1": dz1,
        "W1": np.outer(dz1, x),
        "b1": dz1,
    }
    for name, value in expected.items():
        np.testing.assert_allclose(derivatives[name], value, rtol=1e-13)
    gradient = fg.grad(network, argnums=(0, 1, 2, 3, 4, 5))(W1, b1, W2, b2, x, y)
    for name, value in zip(["W1", "b1", "W2", "b2", "x", "y"], gradient, strict=True):
        np.testing.assert_allclose(derivatives[name], value, rtol=1e-13)
    assert "dead ReLU: 1 of 3" in picture.svg()
    assert "f64[3,2]" in picture.svg()
