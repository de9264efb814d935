"""A graph as lines of text: the terminal's picture, DOT and Mermaid."""

from __future__ import annotations

from collections.abc import Sequence

from funcgrad.viz.folding import Folding
from funcgrad.viz.model import Edge, Node, Program
from funcgrad.viz.wording import (
    assignment_text,
    d,
    derivative_text,
    edge_lines,
    flow_text,
    node_text,
    value_lines,
)


def as_text(program: Program, folding: Folding, opened: set[int]) -> str:
    """Nodes in the order of the forward pass, then of the backward pass."""
    outgoing = program.outgoing()
    lines = ["forward"]
    for step, number, depth in folding.walk(opened):
        indent = "  " * (depth + 1)
        if step == "node":
            node = program.nodes[number]
            parts = [assignment_text(node), *(f"  ! {m}" for m in node.marks)]
            lines.append(indent + " ".join(parts))
        elif step == "start":
            lines.append(f"{indent}[{program.groups[number].title}]")
        elif step == "closed":
            title, size = program.groups[number].title, folding.sizes[number]
            lines.append(f"{indent}[{title}: {size} operations]")
    if program.loss is None:
        return "\n".join([*lines, "no derivatives: the result is not one real number"])
    lines.append("backward")
    shown = folding.shown(opened)
    for node in reversed(program.nodes):
        if shown[node.id] != ("n", node.id):
            continue
        if node.derivative is not None:
            lines += _backward_lines(program, node, outgoing[node.id])
    return "\n".join(lines)


def _backward_lines(program: Program, node: Node, edges: Sequence[Edge]) -> list[str]:
    flows = [e for e in edges if e.flow is not None]
    name = d(program, node)
    if len(flows) == 1:
        return ["  " + flow_text(program, flows[0]).join([f"{name} = ", ""])]
    lines = ["  " + derivative_text(program, node, edges)]
    return lines + ["    " + flow_text(program, e) for e in flows]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n") + '"'


def node_lines(program: Program, node: Node, edges: Sequence[Edge]) -> list[str]:
    """Title, expression, value, derivative and marks, a line each."""
    lines = [node.name]
    code = node.expression or node.operation
    if node.kind == "operation" and code != node.name:
        lines.append(code)
    lines += value_lines(node.value)
    derivative = derivative_text(program, node, edges)
    return lines + ([derivative] if derivative else []) + [f"! {m}" for m in node.marks]


def as_dot(program: Program, folding: Folding, opened: set[int], about: str) -> str:
    """The graph in Graphviz's language; open groups are clusters."""
    outgoing = program.outgoing()
    lines = [
        "digraph computation {",
        "  rankdir=LR; node [shape=box, fontname=monospace];",
        f"  graph [tooltip={_quoted(about)}];",
    ]
    for step, number, depth in folding.walk(opened):
        indent = "  " * (depth + 1)
        if step == "node":
            node = program.nodes[number]
            label = "\n".join(node_lines(program, node, outgoing[number]))
            style = ", style=rounded" if node.kind == "input" else ""
            if node.marks:
                style = ', style="bold,dashed"'
            tip = _quoted(node_text(program, node, outgoing[number]))
            lines.append(
                f"{indent}n{number} [label={_quoted(label)}{style}, tooltip={tip}];"
            )
        elif step == "start":
            title = _quoted(program.groups[number].title)
            lines.append(f"{indent}subgraph cluster_{number} {{")
            lines.append(f"{indent}  label={title}; style=dashed;")
        elif step == "end":
            lines.append(f"{indent}}}")
        else:
            size = f"{folding.sizes[number]} operations"
            label = _quoted(f"{program.groups[number].title}\n{size}")
            lines.append(f"{indent}g{number} [label={label}, shape=box3d];")
    for (a, b), edges in folding.visible_edges(opened).items():
        label = _quoted("\n".join(edge_lines(program, edges)))
        lines.append(f"  {a[0]}{a[1]} -> {b[0]}{b[1]} [label={label}];")
    return "\n".join([*lines, "}"]) + "\n"


def _mermaid(lines: Sequence[str]) -> str:
    escaped = [
        line.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
        for line in lines
    ]
    return '"' + "<br/>".join(escaped) + '"'


def as_mermaid(program: Program, folding: Folding, opened: set[int], about: str) -> str:
    """The graph as a Mermaid flowchart; open groups are subgraphs."""
    outgoing = program.outgoing()
    description = about.replace("\n", " ")
    lines = [
        "flowchart LR",
        "  accTitle: Computation graph",
        f"  accDescr: {description}",
    ]
    for step, number, depth in folding.walk(opened):
        indent = "  " * (depth + 1)
        if step == "node":
            node = program.nodes[number]
            label = _mermaid(node_lines(program, node, outgoing[number]))
            left, right = ("([", "])") if node.kind == "input" else ("[", "]")
            lines.append(f"{indent}n{number}{left}{label}{right}")
        elif step == "start":
            title = _mermaid([program.groups[number].title])
            lines.append(f"{indent}subgraph s{number}[{title}]")
        elif step == "end":
            lines.append(f"{indent}end")
        else:
            size = f"{folding.sizes[number]} operations"
            folded = _mermaid([program.groups[number].title, size])
            lines.append(f"{indent}g{number}[[{folded}]]")
    for (a, b), edges in folding.visible_edges(opened).items():
        text = edge_lines(program, edges)
        label = f"|{_mermaid(text)}|" if text else ""
        lines.append(f"  {a[0]}{a[1]} -->{label} {b[0]}{b[1]}")
    return "\n".join(lines) + "\n"
