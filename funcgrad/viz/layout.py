"""Layered layout (Sugiyama): boxes and edges in, positions and curves out.

Ranks by longest path, order within ranks by barycentres, heights by least squares with
fixed gaps. No step draws lots, so equal graphs give equal numbers.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Point = tuple[float, float]
Key = Hashable
SWEEPS = 12
LABEL_GAP = 34.0


@dataclass(slots=True)
class Item:
    """A box to place: its key, width and height; then its centre."""

    key: Key
    width: float
    height: float
    x: float = 0.0
    y: float = 0.0


@dataclass(slots=True)
class Layout:
    """Placed items, the points each edge passes, and the size of it all."""

    items: list[Item]
    routes: dict[tuple[Key, Key], list[Point]] = field(default_factory=dict)
    width: float = 0.0
    height: float = 0.0


def layered(
    items: Sequence[Item],
    edges: Sequence[tuple[Key, Key]],
    *,
    labels: Mapping[Any, float],
    gap_x: float,
    gap_y: float,
) -> Layout:
    """Place items so that edges point right.

    Items come in an order in which no edge points back. ``labels`` has the widths of
    what stands along edges, before the columns they lead to.
    """
    layout = Layout(list(items))
    if not items:
        return layout
    index = {item.key: i for i, item in enumerate(items)}
    pairs = sorted({(index[a], index[b]) for a, b in edges if a != b})
    ranks = _ranks(len(items), pairs)
    layers, links, chains = _with_bends(ranks, pairs)
    heights = [item.height for item in items]
    heights += [8.0] * (sum(map(len, layers)) - len(items))
    _order(layers, links)
    ys = _heights(layers, links, heights, gap_y)
    gaps = [gap_x] * len(layers)
    for (a, b), width in labels.items():
        if a != b:
            rank = ranks[index[b]]
            gaps[rank] = max(gaps[rank], width + LABEL_GAP)
    xs = _columns(layers, layout.items, gaps)
    low = min(y - h / 2 for y, h in zip(ys, heights, strict=True))
    for i, item in enumerate(layout.items):
        item.x, item.y = xs[ranks[i]], ys[i] - low
    last = layers[-1]
    layout.width = xs[-1] + max(items[v].width for v in last if v < len(items)) / 2
    layout.height = max(y + h / 2 for y, h in zip(ys, heights, strict=True)) - low
    rank_of = {v: r for r, layer in enumerate(layers) for v in layer}
    for a, b in pairs:
        bends = [(xs[rank_of[v]], ys[v] - low) for v in chains[a, b]]
        layout.routes[items[a].key, items[b].key] = bends
    return layout


def _ranks(count: int, pairs: Sequence[tuple[int, int]]) -> list[int]:
    """Columns: as far left as edges allow, but sources next to what reads them."""
    ranks = [0] * count
    for a, b in pairs:  # sorted by source, and sources come in order
        ranks[b] = max(ranks[b], ranks[a] + 1)
    has_source = {b for _, b in pairs}
    readers: dict[int, list[int]] = {}
    for a, b in pairs:
        readers.setdefault(a, []).append(ranks[b])
    for v in range(count):
        if v not in has_source and v in readers:
            ranks[v] = min(readers[v]) - 1
    return ranks


def _with_bends(
    ranks: Sequence[int], pairs: Sequence[tuple[int, int]]
) -> tuple[list[list[int]], list[tuple[int, int]], dict[tuple[int, int], list[int]]]:
    """Columns with a bend for each that an edge crosses; links between neighbours."""
    layers: list[list[int]] = [[] for _ in range(max(ranks) + 1)]
    for v, rank in enumerate(ranks):
        layers[rank].append(v)
    count = len(ranks)
    links: list[tuple[int, int]] = []
    chains: dict[tuple[int, int], list[int]] = {}
    for a, b in pairs:
        before, chain = a, []
        for rank in range(ranks[a] + 1, ranks[b]):
            layers[rank].append(count)
            links.append((before, count))
            chain.append(count)
            before = count
            count += 1
        links.append((before, b))
        chains[a, b] = chain
    return layers, links, chains


def _neighbours(
    links: Sequence[tuple[int, int]],
) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    left: dict[int, list[int]] = {}
    right: dict[int, list[int]] = {}
    for a, b in links:
        left.setdefault(b, []).append(a)
        right.setdefault(a, []).append(b)
    return left, right


def _order(layers: list[list[int]], links: Sequence[tuple[int, int]]) -> None:
    """Sort every column by where its neighbours are; keep the best order."""
    left, right = _neighbours(links)
    best = [list(layer) for layer in layers]
    fewest = _crossings(layers, right)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        forward = sweep % 2 == 0
        towards = left if forward else right
        columns = range(1, len(layers)) if forward else range(len(layers) - 2, -1, -1)
        for c in columns:
            near = layers[c - 1 if forward else c + 1]
            place = {v: i / len(near) for i, v in enumerate(near)}
            here = {v: i / len(layers[c]) for i, v in enumerate(layers[c])}
            weight = {
                v: _mean([place[n] for n in towards.get(v, ())], here[v])
                for v in layers[c]
            }
            layers[c].sort(key=lambda v: (weight[v], here[v]))
        crossings = _crossings(layers, right)
        if crossings < fewest:
            fewest, best = crossings, [list(layer) for layer in layers]
    for layer, order in zip(layers, best, strict=True):
        layer[:] = order


def _mean(values: Sequence[float], default: float) -> float:
    return sum(values) / len(values) if values else default


def _crossings(layers: Sequence[Sequence[int]], right: dict[int, list[int]]) -> int:
    """How many pairs of links cross between neighbouring columns."""
    count = 0
    for c in range(len(layers) - 1):
        place = {v: i for i, v in enumerate(layers[c + 1])}
        ends: list[int] = []
        for v in layers[c]:
            targets = sorted(place[t] for t in right.get(v, ()))
            count += sum(1 for t in targets for end in ends if end > t)
            ends += targets
    return count


def _columns(
    layers: Sequence[Sequence[int]], items: Sequence[Item], gaps: Sequence[float]
) -> list[float]:
    """Centres of columns, each as wide as its widest item."""
    xs: list[float] = []
    at = 0.0
    for layer, gap in zip(layers, gaps, strict=True):
        width = max((items[v].width for v in layer if v < len(items)), default=0.0)
        at += gap if xs else 0.0
        xs.append(at + width / 2)
        at += width
    return xs


def _heights(
    layers: Sequence[Sequence[int]],
    links: Sequence[tuple[int, int]],
    heights: Sequence[float],
    gap: float,
) -> list[float]:
    """Heights of centres: near those of neighbours, never closer than the gap."""
    left, right = _neighbours(links)
    ys = [0.0] * len(heights)
    for layer in layers:
        _settle(layer, [0.0] * len(layer), heights, gap, ys)
    both = {v: left.get(v, []) + right.get(v, []) for layer in layers for v in layer}
    for sweep in range(SWEEPS):
        order = layers if sweep % 2 == 0 else layers[::-1]
        for layer in order:
            wanted = [_mean([ys[n] for n in both[v]], ys[v]) for v in layer]
            _settle(layer, wanted, heights, gap, ys)
    return ys


def _settle(
    layer: Sequence[int],
    wanted: Sequence[float],
    heights: Sequence[float],
    gap: float,
    ys: list[float],
) -> None:
    """The heights nearest to the wanted ones, by least squares, that keep the order.

    With the distances taken off, these are the means of pooled neighbours.
    """
    offsets, at = [], 0.0
    for i, v in enumerate(layer):
        if i:
            at += (heights[layer[i - 1]] + heights[v]) / 2 + gap
        offsets.append(at)
    pools: list[tuple[float, int]] = []
    for want, offset in zip(wanted, offsets, strict=True):
        total, count = want - offset, 1
        while pools and pools[-1][0] / pools[-1][1] >= total / count:
            more, n = pools.pop()
            total, count = total + more, count + n
        pools.append((total, count))
    settled = [total / count for total, count in pools for _ in range(count)]
    for v, place, offset in zip(layer, settled, offsets, strict=True):
        ys[v] = place + offset
