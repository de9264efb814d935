"""A graph as an interactive page in one file, without a network."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

from funcgrad.core.source import SourceLine
from funcgrad.viz.heat import heat_of
from funcgrad.viz.model import Program
from funcgrad.viz.wording import (
    code_of,
    derivative_text,
    local_value,
    numbers_text,
    value_lines,
)


def page(program: Program, opened: set[int], title: str, description: str) -> str:
    """The page: data, style and script inline."""
    folder = Path(__file__).with_name("assets")
    text = (folder / "page.html").read_text(encoding="utf-8")
    data = json.dumps(
        as_data(program, opened), ensure_ascii=False, separators=(",", ":")
    )
    parts = {
        "TITLE": html.escape(title),
        "DESCRIPTION": html.escape(description),
        "STYLE": (folder / "page.css").read_text(encoding="utf-8"),
        "LAYOUT": (folder / "layout.js").read_text(encoding="utf-8"),
        "SCRIPT": (folder / "page.js").read_text(encoding="utf-8"),
        # A closing tag inside of the data would end the script.
        "DATA": data.replace("</", "<\\/").replace("<!--", "<\\!--"),
    }
    for key, value in parts.items():
        text = text.replace(f"@{key}@", value)
    return text


def as_data(program: Program, opened: set[int]) -> dict[str, Any]:
    """What the script reads: texts of nodes, edges and groups as short rows."""
    outgoing = program.outgoing()
    lines: dict[SourceLine | None, int] = {}
    nodes = [
        [
            node.label,
            code_of(node),
            value_lines(node.value),
            derivative_text(program, node, outgoing[node.id]),
            node.marks,
            node.group,
            1 if node.kind == "input" else 0,
            lines.setdefault(node.line, len(lines)),
            "" if node.is_variable else node.name,
            *(heat_of(node.value) or ()),
        ]
        for node in program.nodes
    ]
    edges = [
        [
            e.source,
            e.target,
            local_value(e),
            numbers_text(program, e),
        ]
        for e in program.edges
    ]
    groups = [[g.title, g.parent, g.kind] for g in program.groups]
    return {
        "nodes": nodes,
        "edges": edges,
        "groups": groups,
        "lines": [f"{x.line}: {x.text}" if x else "" for x in lines],
        "open": sorted(opened),
        "loss": program.loss,
    }
