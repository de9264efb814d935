"""Values and derivatives in words: what stands in nodes, along edges and in tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad.core.aval import short_dtype
from funcgrad.viz.model import Edge, Node, Program

ROW = 4
"""A vector of at most so many entries is written out."""


def exact(value: Any) -> str:
    """A scalar so that it reads back exactly; whole numbers without a point."""
    item = value if isinstance(value, float) else np.asarray(value).item()
    if isinstance(item, float) and item.is_integer() and abs(item) < 1e16:
        return str(int(item)) if item or math.copysign(1, item) > 0 else "-0"
    # NumPy's text of a float32 is shorter than that of the float64 of its value.
    return str(value if isinstance(value, np.generic) else item)


def short(value: Any) -> str:
    """A scalar in six digits, an array by its entries or its summary."""
    if isinstance(value, float):
        text = exact(value)
        return f"{value + 0.0:.6g}" if len(text) > 9 or not value else text
    array = np.asarray(value)
    if array.ndim == 0:
        item = array.item()
        return short(item) if isinstance(item, float) else str(item)
    if array.ndim == 1 and array.size <= ROW:
        return "[" + ", ".join(_entry(x) for x in array) + "]"
    return type_of(array)


def _entry(value: Any) -> str:
    item = value.item()
    return f"{item + 0.0:.3g}" if isinstance(item, float) else str(item)


def type_of(value: Any) -> str:
    """Dtype and shape: ``f64[3,2]``."""
    array = np.asarray(value)
    return f"{short_dtype(array.dtype)}[{','.join(map(str, array.shape))}]"


def value_lines(value: Any) -> list[str]:
    """What a node says of its value: a number, or a shape and a summary."""
    array = np.asarray(value)
    if array.ndim == 0:
        return [exact(array[()])]
    return [type_of(array), summary(array)]


def summary(array: Any) -> str:
    """Entries of a short vector; else the range and mean of the finite ones."""
    if array.ndim == 1 and array.size <= ROW:
        return short(array)
    if array.dtype.kind not in "fiu":
        kind = array.dtype.kind
        return f"{np.count_nonzero(array)} true" if kind == "b" else "complex"
    if not array.size:
        return "empty"
    finite = array[np.isfinite(array)]
    if not finite.size:
        return "nothing finite"
    low, mean, high = finite.min(), finite.mean(), finite.max()
    return f"{low:.3g} … {high:.3g}, mean {mean:.3g}"


def code_of(node: Node) -> str:
    """What stands under an operation's title: its expression, if that says more."""
    code = node.expression or node.operation
    return "" if node.kind == "input" or code == node.label else code


def assignment_text(node: Node) -> str:
    """A node with its expression and value: ``d = 2 * b = 2``."""
    parts = [node.name]
    if node.expression and node.expression != node.name:
        parts.append(node.expression)
    return " = ".join([*parts, ", ".join(value_lines(node.value))])


def d(program: Program, node: Node) -> str:
    """The derivative of the loss by a node: ``dL/dd``."""
    return f"d{program.loss_name}/{by(node)}"


def by(node: Node) -> str:
    """A node as what a derivative is of or by: ``dx``, or ``d(log_1)``."""
    return f"d{node.name}" if node.is_variable else f"d({node.name})"


def derivative_text(program: Program, node: Node, outgoing: Sequence[Edge]) -> str:
    """The derivative of a node; where several edges come back, their sum."""
    if node.derivative is None:
        return ""
    flows = [e.flow for e in outgoing if e.flow is not None]
    total = short(node.derivative)
    if 2 <= len(flows) <= 4 and all(np.ndim(f) == 0 for f in flows):
        return f"{d(program, node)} = {_plus([short(f) for f in flows])} = {total}"
    if len(flows) >= 2:
        return f"{d(program, node)} = {total} (sum of {len(flows)})"
    return f"{d(program, node)} = {total}"


def _plus(terms: Sequence[str]) -> str:
    return " + ".join(
        f"({t})" if t.startswith("-") and i else t for i, t in enumerate(terms)
    )


def _factor(text: str) -> str:
    return f"({text})" if text.startswith("-") else text


def local_text(program: Program, edge: Edge) -> str:
    """The local derivative of an edge: ``de/dd = 1``, ``∂ = 1`` without names."""
    if edge.flow is None:
        return ""
    source, target = program.nodes[edge.source], program.nodes[edge.target]
    named = source.is_variable and target.is_variable
    ratio = f"{by(target)}/{by(source)}" if named else "∂"
    return ratio + local_value(edge)


def local_value(edge: Edge) -> str:
    """The local derivative as a number, a diagonal or the shape of the Jacobian."""
    if edge.flow is None:
        return ""
    if edge.local is not None:
        return f" = {short(edge.local)}"
    return f": Jacobian {_shape(edge.jacobian or ())}"


def _shape(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape)) or "1"


def flow_text(program: Program, edge: Edge) -> str:
    """What flows back along an edge: ``dL/de · de/dd = -2 · 1 = -2``."""
    if edge.flow is None:
        return ""
    source, target = program.nodes[edge.source], program.nodes[edge.target]
    product = f"{d(program, target)} · {by(target)}/{by(source)}"
    return f"{product} = {numbers_text(program, edge)}"


def numbers_text(program: Program, edge: Edge) -> str:
    """The same without names, for the picture: ``-2 · 1 = -2``."""
    if edge.flow is None:
        return ""
    result = short(edge.flow)
    if np.ndim(edge.flow) == 0 and edge.local is not None:
        left = short(program.nodes[edge.target].derivative)
        return f"{left} · {_factor(short(edge.local))} = {result}"
    return result


def edge_lines(program: Program, edges: Sequence[Edge]) -> list[str]:
    """Local derivative and what flows back, where it is one edge."""
    if len(edges) != 1 or edges[0].flow is None:
        return []
    return [local_text(program, edges[0]), "← " + numbers_text(program, edges[0])]


def node_text(program: Program, node: Node, outgoing: Sequence[Edge]) -> str:
    """One line that says everything of a node."""
    text = assignment_text(node)
    derivative = derivative_text(program, node, outgoing)
    if derivative:
        text += f"; {derivative}"
    if node.marks:
        text += "; " + ", ".join(node.marks)
    return text
