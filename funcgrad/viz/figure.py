"""A scene drawn by matplotlib: PNG and PDF with the same bytes each time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from funcgrad.viz.heat import CELL, CROSSED, Heat, shade
from funcgrad.viz.scene import LINE, PAD, Box, Curve, Frame, Scene
from funcgrad.viz.svg import path_of

INK = "#1a1f2b"
COLOURS = {
    "title": INK,
    "value": INK,
    "code": "#4b566b",
    "back": "#9a3412",
    "local": INK,
    "mark": "#8a1c1c",
}
POINT = 0.75
"""A CSS pixel in points."""
LARGEST = 30000
"""The most pixels along a side that image libraries take."""


def save_figure(scene: Scene, path: Path, title: str) -> None:
    """Draw a scene into a file."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            f"{path.suffix} files are drawn by matplotlib, which is not installed; "
            "pip install matplotlib, or save as .svg or .html"
        ) from error
    figure = Figure(figsize=(scene.width / 96, scene.height / 96))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, scene.width)
    axes.set_ylim(scene.height, 0)
    axes.axis("off")
    for frame in scene.frames:
        _frame(axes, frame)
    for curve in scene.curves:
        _edge(axes, curve)
    for box in scene.boxes:
        _box(axes, box)
    for curve in scene.curves:
        _label(axes, curve)
    largest = max(scene.width, scene.height)
    if path.suffix.lower() == ".pdf":
        figure.savefig(path, metadata={"Title": title, "CreationDate": None})
    else:
        dots = min(192.0, 96 * LARGEST / largest)
        figure.savefig(path, dpi=dots, metadata={"Title": title, "Software": None})


def _text(axes: Any, x: float, y: float, text: str, style: str, **how: Any) -> None:
    axes.text(
        x,
        y,
        text,
        color=COLOURS[style],
        fontsize=12 * POINT,
        family="DejaVu Sans Mono",
        weight="bold" if style in {"title", "mark"} else "normal",
        style="italic" if style == "code" else "normal",
        parse_math=False,
        va="baseline",
        **how,
    )


def _rounded(
    axes: Any, x: float, y: float, w: float, h: float, radius: float, **how: Any
) -> None:
    from matplotlib.patches import FancyBboxPatch

    shape = f"round,pad=0,rounding_size={radius}"
    axes.add_patch(FancyBboxPatch((x, y), w, h, boxstyle=shape, **how))


def _frame(axes: Any, frame: Frame) -> None:
    size = (frame.x, frame.y, frame.width, frame.height)
    dashes = (0, (7, 4))
    _rounded(axes, *size, 8, fc="#f7f8fa", ec="#8792a5", lw=0.75, ls=dashes)
    _text(axes, frame.x + PAD, frame.y + LINE, frame.title, "title", ha="left")


def _edge(axes: Any, curve: Curve) -> None:
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path as Outline

    points: list[tuple[float, float]] = []
    codes: list[Any] = []
    for letter, numbers in path_of(curve):
        pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
        points += pairs
        codes += [Outline.MOVETO if letter == "M" else Outline.CURVE4] * len(pairs)
    width = 1.8 if len(curve.edges) > 1 else 1.0
    how: dict[str, Any] = {"lw": width, "color": "#5b6b84", "shrinkA": 0, "shrinkB": 0}
    arrow = FancyArrowPatch(
        path=Outline(points, codes),
        arrowstyle="-|>,head_length=5,head_width=2.5",
        **how,
    )
    axes.add_patch(arrow)


def _box(axes: Any, box: Box) -> None:
    warned = box.is_warned
    group = box.key[0] == "g"
    fill = "#eaf1fb" if box.kind == "input" else "#f3efe4" if group else "#ffffff"
    how = {
        "fc": fill,
        "ec": "#8a1c1c" if warned else "#27364d",
        "lw": 1.6 if warned or group else 1.0,
        "ls": (0, (4, 2)) if warned else "-",
    }
    left, top = box.corner
    _rounded(axes, left, top, box.width, box.height, box.radius, **how)
    for i, t in enumerate(box.texts):
        _text(axes, box.x, box.baseline(i), t.text, t.style, ha="center")
    if box.heat is not None:
        _heat(axes, box, box.heat)


def _heat(axes: Any, box: Box, heat: Heat) -> None:
    from matplotlib.patches import Rectangle

    left, top = box.heat_corner(heat)
    for place, level in enumerate(heat.cells):
        row, column = divmod(place, heat.columns)
        x, y = left + CELL * column, top + CELL * row
        if level == CROSSED:
            for ends in ((y, y + CELL), (y + CELL, y)):
                axes.plot((x, x + CELL), ends, color="#8a1c1c", lw=0.9)
        else:
            axes.add_patch(Rectangle((x, y), CELL, CELL, fc=shade(level), lw=0))
    size = (heat.width, heat.height)
    axes.add_patch(Rectangle((left, top), *size, fc="none", ec="#27364d", lw=0.6))


def _label(axes: Any, curve: Curve) -> None:
    from matplotlib.patheffects import withStroke

    halo = [withStroke(linewidth=3, foreground="white")]
    for i, t in enumerate(curve.texts):
        place = curve.at[0], curve.baseline(i)
        _text(axes, *place, t.text, t.style, ha="center", path_effects=halo)
