"""A scene as SVG: text that can be searched, titles to hover, one description."""

from __future__ import annotations

from html import escape

from funcgrad.viz.heat import CELL, CROSSED, Heat, shade
from funcgrad.viz.scene import LINE, PAD, Box, Curve, Frame, Scene

STYLE = """
text{font:12px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;fill:#1a1f2b}
.box{fill:#fff;stroke:#27364d;stroke-width:1.3}
.input .box{fill:#eaf1fb;stroke-dasharray:none}
.group .box{fill:#f3efe4;stroke-width:2.2}
.loss .box{stroke-width:3}
.warn .box{stroke:#8a1c1c;stroke-width:2.2;stroke-dasharray:5 3}
.frame{fill:#f7f8fa;fill-opacity:.75;stroke:#8792a5;stroke-dasharray:7 4}
.title{font-weight:700}.code{font-style:italic;fill:#4b566b}
.back{fill:#9a3412}.mark{font-weight:700;fill:#8a1c1c}
.heat{fill:none;stroke:#27364d;stroke-width:.8}
.cross{fill:none;stroke:#8a1c1c;stroke-width:1.2}
.edge{fill:none;stroke:#5b6b84;stroke-width:1.3}
.label text{paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}
"""
ARROW = """\
<defs><marker id="fg-arrow" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8"
 markerHeight="8" orient="auto" markerUnits="userSpaceOnUse">
<path d="M0 0.5L8 4L0 7.5z" fill="#5b6b84"/></marker></defs>"""


def svg(
    scene: Scene, title: str, description: str, hovers: dict[tuple[str, int], str]
) -> str:
    """The picture as one SVG document.

    Parameters
    ----------
    scene : Scene
    title, description : str
        What a screen reader says.
    hovers : dict
        What boxes say when pointed at, by key.
    """
    size = f'width="{_n(scene.width)}" height="{_n(scene.height)}"'
    view = f'viewBox="0 0 {_n(scene.width)} {_n(scene.height)}"'
    alt = escape(f"{title}. {description}")
    space = 'xmlns="http://www.w3.org/2000/svg"'
    parts = [
        f'<svg {space} {size} {view} role="img" aria-label="{alt}">',
        f"<title>{escape(title)}</title>",
        f"<desc>{escape(description)}</desc>",
        f"<style>{STYLE}</style>",
        ARROW,
        '<rect width="100%" height="100%" fill="#fff"/>',
    ]
    parts += [_frame(frame) for frame in scene.frames]
    parts += [_edge(curve) for curve in scene.curves]
    parts += [_box(box, hovers.get(box.key, "")) for box in scene.boxes]
    parts += [_label(curve) for curve in scene.curves if curve.texts]
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def path_of(curve: Curve) -> list[tuple[str, tuple[float, ...]]]:
    """Moves of a pen: horizontal at every point, so that bends are smooth."""
    x, y = curve.points[0]
    moves: list[tuple[str, tuple[float, ...]]] = [("M", (x, y))]
    for a, b in curve.points[1:]:
        reach = (a - x) / 2
        moves.append(("C", (x + reach, y, a - reach, b, a, b)))
        x, y = a, b
    return moves


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _frame(frame: Frame) -> str:
    return (
        f'<g class="open {frame.kind}"><rect class="frame" x="{_n(frame.x)}" '
        f'y="{_n(frame.y)}" width="{_n(frame.width)}" height="{_n(frame.height)}" '
        f'rx="8"/><text class="title" x="{_n(frame.x + PAD)}" '
        f'y="{_n(frame.y + LINE)}">{escape(frame.title)}</text></g>'
    )


def _edge(curve: Curve) -> str:
    path = "".join(
        letter + " ".join(_n(v) for v in numbers) for letter, numbers in path_of(curve)
    )
    wide = ' style="stroke-width:2.4"' if len(curve.edges) > 1 else ""
    return f'<path class="edge" d="{path}"{wide} marker-end="url(#fg-arrow)"/>'


def _box(box: Box, hover: str) -> str:
    kind = box.kind if box.key[0] == "n" else f"group {box.kind}"
    if box.is_warned:
        kind += " warn"
    left, top = box.corner
    lines = [
        f'<text class="{t.style}" x="{_n(box.x)}" text-anchor="middle" '
        f'y="{_n(box.baseline(i))}">{escape(t.text)}</text>'
        for i, t in enumerate(box.texts)
    ]
    return (
        f'<g class="{kind}"><title>{escape(hover)}</title><rect class="box" '
        f'x="{_n(left)}" y="{_n(top)}" width="{_n(box.width)}" '
        f'height="{_n(box.height)}" rx="{box.radius}"/>{"".join(lines)}'
        f"{'' if box.heat is None else _heat(box, box.heat)}</g>"
    )


def _heat(box: Box, heat: Heat) -> str:
    """The cells, those of one shade as one path; a cross where not finite."""
    left, top = box.heat_corner(heat)
    paths: dict[str, list[str]] = {}
    for place, level in enumerate(heat.cells):
        row, column = divmod(place, heat.columns)
        x, y = _n(left + CELL * column), _n(top + CELL * row)
        side = _n(CELL)
        shape = f"h{side}v{side}h-{side}z"
        if level == CROSSED:
            shape = f"l{side} {side}m0-{side}l-{side} {side}"
        paths.setdefault(level, []).append(f"M{x} {y}{shape}")
    shades = [
        f'<path class="{"cross" if level == CROSSED else "cells"}" '
        + ("" if level == CROSSED else f'fill="{shade(level)}" ')
        + f'd="{"".join(moves)}"/>'
        for level, moves in sorted(paths.items())
    ]
    edge = (
        f'<rect class="heat" x="{_n(left)}" y="{_n(top)}" width="{_n(heat.width)}" '
        f'height="{_n(heat.height)}"/>'
    )
    return "".join([*shades, edge])


def _label(curve: Curve) -> str:
    lines = [
        f'<text class="{t.style}" x="{_n(curve.at[0])}" text-anchor="middle" '
        f'y="{_n(curve.baseline(i))}">{escape(t.text)}</text>'
        for i, t in enumerate(curve.texts)
    ]
    return f'<g class="label">{"".join(lines)}</g>'
