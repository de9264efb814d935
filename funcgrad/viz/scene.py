"""A folded graph as a drawing: which groups are open in, boxes and curves out.

Every open group is laid out by itself and stands in the group around it as one box.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from funcgrad.viz.folding import Folding, Key
from funcgrad.viz.heat import Heat, heat_of
from funcgrad.viz.layout import LABEL_GAP, Item, Point, layered
from funcgrad.viz.model import Edge, Program
from funcgrad.viz.wording import (
    code_of,
    derivative_text,
    edge_lines,
    value_lines,
)

CHARACTER = 7.25
LINE = 17.0
PAD = 12.0
MARGIN = 20.0


@dataclass(slots=True)
class Text:
    """A line of text in a box: its style is title, code, value, back or mark."""

    text: str
    style: str


@dataclass(slots=True)
class Box:
    """A node or a folded group; x and y are its centre. A heat map stands below."""

    key: Key
    kind: str
    texts: list[Text]
    heat: Heat | None = None
    width: float = 0.0
    height: float = 0.0
    x: float = 0.0
    y: float = 0.0

    @property
    def corner(self) -> Point:
        """Its top left."""
        return self.x - self.width / 2, self.y - self.height / 2

    @property
    def radius(self) -> float:
        """Of its corners: those of inputs are round."""
        return 14 if self.kind == "input" else 5

    @property
    def is_warned(self) -> bool:
        return any(text.style == "mark" for text in self.texts)

    def baseline(self, line: int) -> float:
        """Where a line of its text stands."""
        return self.corner[1] + PAD / 2 + LINE * (line + 0.75)

    def heat_corner(self, heat: Heat) -> Point:
        """The top left of its heat map."""
        top = self.y + self.height / 2 - PAD / 2 - heat.height
        return self.x - heat.width / 2, top


@dataclass(slots=True)
class Frame:
    """An open group: a titled rectangle around its members."""

    group: int
    title: str
    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(slots=True)
class Curve:
    """Edges between two boxes, through the points given; texts for one edge only."""

    source: Key
    target: Key
    edges: list[Edge]
    points: list[Point]
    texts: list[Text] = field(default_factory=list)
    at: Point = (0.0, 0.0)

    def baseline(self, line: int) -> float:
        """Where a line of its text stands."""
        return self.at[1] - 5 + line * (LINE - 2)


@dataclass(slots=True)
class Scene:
    """Everything to draw, in points, origin at the top left."""

    boxes: list[Box] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    width: float = 0.0
    height: float = 0.0


def compose(program: Program, folding: Folding, opened: set[int]) -> Scene:
    """Lay out what is visible when these groups are open."""
    return Composer(program, folding, opened).scene()


@dataclass(slots=True)
class _Part:
    """A group that has been laid out, from its own top left corner."""

    boxes: list[Box]
    frames: list[Frame]
    bends: dict[tuple[Key, Key], list[Point]]
    width: float
    height: float

    def shift(self, x: float, y: float) -> None:
        for thing in self.boxes:
            thing.x, thing.y = thing.x + x, thing.y + y
        for frame in self.frames:
            frame.x, frame.y = frame.x + x, frame.y + y
        for pair, points in self.bends.items():
            self.bends[pair] = [(a + x, b + y) for a, b in points]


class Composer:
    """The recursion over open groups."""

    def __init__(self, program: Program, folding: Folding, opened: set[int]) -> None:
        self.program = program
        self.folding = folding
        self.opened = opened
        self.outgoing = program.outgoing()
        between = folding.visible_edges(opened)
        self.curves = [
            Curve(a, b, edges, [], self._labels(edges))
            for (a, b), edges in between.items()
        ]
        self.paths = {key: self._path(key) for pair in between for key in pair}
        self.labels: dict[int, dict[tuple[Key, Key], float]] = {}
        self.joins = {pair: self._join(*pair) for pair in between}
        for curve in self.curves:
            start, end, group = self.joins[curve.source, curve.target]
            labels = self.labels.setdefault(group, {})
            width = width_of(curve.texts)
            labels[start, end] = max(labels.get((start, end), 0.0), width)

    def scene(self) -> Scene:
        """The drawing, with a margin around it."""
        part = self._group(0)
        part.shift(MARGIN, MARGIN)
        boxes = {box.key: box for box in part.boxes}
        for curve in self.curves:
            start, end, _ = self.joins[curve.source, curve.target]
            bends = part.bends.get((start, end), [])
            _route(curve, boxes[curve.source], boxes[curve.target], bends)
        _separate([c for c in self.curves if c.texts])
        low = max([part.height, *(c.at[1] + LINE for c in self.curves if c.texts)])
        size = (part.width + 2 * MARGIN, low + 2 * MARGIN)
        return Scene(part.boxes, part.frames, self.curves, *size)

    def _labels(self, edges: Sequence[Edge]) -> list[Text]:
        lines = edge_lines(self.program, edges)
        return [Text(*line) for line in zip(lines, ("local", "back"), strict=False)]

    def _path(self, key: Key) -> list[tuple[int, Key]]:
        """Groups around a visible thing, with its member on the way, root first."""
        kind, number = key
        groups = self.program.groups
        group = (
            self.program.nodes[number].group if kind == "n" else groups[number].parent
        )
        path, member = [], key
        while group >= 0:
            path.append((group, member))
            member, group = ("g", group), groups[group].parent
        return path[::-1]

    def _join(self, a: Key, b: Key) -> tuple[Key, Key, int]:
        """The innermost group around both, and its members on the way to each."""
        for (group, start), (_, end) in zip(self.paths[a], self.paths[b], strict=False):
            if start != end:
                return start, end, group
        raise AssertionError("an edge between a thing and itself")

    def _group(self, group: int) -> _Part:
        items, parts, boxes = [], {}, {}
        for key in self.folding.members[group]:
            if key[0] == "g" and key[1] in self.opened:
                inner = parts[key] = self._group(key[1])
                size = (inner.width + 2 * PAD, inner.height + 2 * PAD + LINE)
                items.append(Item(key, *size))
            else:
                box = boxes[key] = self._box(key)
                items.append(Item(key, box.width, box.height))
        labels = self.labels.get(group, {})
        layout = layered(items, list(labels), labels=labels, gap_x=56.0, gap_y=30.0)
        routes: Any = layout.routes
        whole = _Part([], [], dict(routes), layout.width, layout.height)
        for key, item in zip(self.folding.members[group], layout.items, strict=True):
            if key in boxes:
                boxes[key].x, boxes[key].y = item.x, item.y
                whole.boxes.append(boxes[key])
                continue
            left, top = item.x - item.width / 2, item.y - item.height / 2
            info, inner = self.program.groups[key[1]], parts[key]
            place = (left, top, item.width, item.height)
            whole.frames.append(Frame(key[1], info.title, info.kind, *place))
            inner.shift(left + PAD, top + PAD + LINE)
            whole.boxes += inner.boxes
            whole.frames += inner.frames
            whole.bends.update(inner.bends)
        return whole

    def _box(self, key: Key) -> Box:
        kind, number = key
        if kind == "g":
            group = self.program.groups[number]
            count = self.folding.sizes[number]
            texts = [Text(group.title, "title"), Text(f"{count} operations", "code")]
            box = Box(key, group.kind, texts)
        else:
            box = self._node_box(key)
        box.width = max(width_of(box.texts) + 2 * PAD, 56.0)
        box.height = LINE * len(box.texts) + PAD
        if box.heat is not None:
            box.width = max(box.width, box.heat.width + 2 * PAD)
            box.height += box.heat.height + PAD / 2
        return box

    def _node_box(self, key: Key) -> Box:
        node = self.program.nodes[key[1]]
        texts = [Text(_cut(node.label), "title")]
        if code := code_of(node):
            texts.append(Text(_cut(code), "code"))
        texts += [Text(line, "value") for line in value_lines(node.value)]
        derivative = derivative_text(self.program, node, self.outgoing[node.id])
        if derivative:
            texts.append(Text(derivative, "back"))
        texts += [Text("⚠ " + mark, "mark") for mark in node.marks]
        return Box(key, node.kind, texts, heat_of(node.value))


def width_of(texts: Sequence[Text]) -> float:
    """About how wide the longest line is."""
    return max((CHARACTER * len(t.text) for t in texts), default=0.0)


def _cut(text: str) -> str:
    return text if len(text) <= 30 else text[:29] + "…"


def _route(curve: Curve, source: Box, target: Box, bends: list[Point]) -> None:
    """From the right of one box to the left of the other."""
    start = (source.x + source.width / 2, source.y)
    end = (target.x - target.width / 2, target.y)
    inner = [b for b in bends if start[0] < b[0] < end[0]]
    curve.points = [start, *inner, end]
    half = width_of(curve.texts) / 2 + LABEL_GAP / 2
    curve.at = _along(curve.points[-2], end, end[0] - half)


def _along(start: Point, end: Point, x: float) -> Point:
    """The point of a curve's last part over ``x``, or its middle if that is later.

    The part is the cubic curve that is drawn: flat at both ends, its control points
    half of the way along.
    """
    low, high = 0.5, 1.0
    for _ in range(20):
        t = (low + high) / 2
        reached = start[0] + (end[0] - start[0]) * (1.5 * t * (1 - t) + t**3)
        low, high = (t, high) if reached < x else (low, t)
    rise = low * low * (3 - 2 * low)
    across = 1.5 * low * (1 - low) + low**3
    return (
        start[0] + (end[0] - start[0]) * across,
        start[1] + (end[1] - start[1]) * rise,
    )


def _separate(curves: Sequence[Curve]) -> None:
    """Move labels down that would cover others."""
    placed: list[tuple[float, float, float]] = []
    for curve in sorted(curves, key=lambda c: (c.at[1], c.at[0])):
        x, y = curve.at
        half = width_of(curve.texts) / 2
        step = LINE * len(curve.texts) + 4
        for other, top, reach in sorted(placed, key=lambda p: p[1]):
            if abs(other - x) < half + reach and abs(top - y) < step:
                y = top + step
        curve.at = (x, y)
        placed.append((x, y, half))
