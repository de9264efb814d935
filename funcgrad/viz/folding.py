"""Folding: the members of groups, which of them are open, and what then is visible."""

from __future__ import annotations

from collections.abc import Iterator

from funcgrad.viz.model import Edge, Group, Program

Key = tuple[str, int]
"""``("n", node)`` or ``("g", group)``."""
LONG = 40
"""A group with more members than this has them folded in ranges."""
RANGE = 20
"""Members of a range."""


class Folding:
    """Members of groups, and which groups are open."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.sizes = [0] * len(program.groups)
        first: list[int | None] = [None] * len(program.groups)
        for node in program.nodes:
            for group in program.ancestors(node.group):
                self.sizes[group] += 1
                if first[group] is None:
                    first[group] = node.id
        order: list[list[tuple[int, Key]]] = [[] for _ in program.groups]
        for node in program.nodes:
            order[node.group].append((node.id, ("n", node.id)))
        for inner in program.groups[1:]:
            start = first[inner.id]
            if start is not None:
                order[inner.parent].append((start, ("g", inner.id)))
        self.members = [[key for _, key in sorted(o)] for o in order]

    def open_groups(self, limit: int, *, loops: bool) -> set[int]:
        """Groups that open, outer ones first, while at most ``limit`` boxes show."""
        opened, shown = {0}, len(self.members[0])
        queue, groups = [0], self.program.groups
        for group in queue:
            for kind, member in self.members[group]:
                if kind == "n" or (groups[member].kind == "loop" and not loops):
                    continue
                more = len(self.members[member]) - 1
                if shown + more <= limit:
                    shown += more
                    opened.add(member)
                    queue.append(member)
        return opened

    def shown(self, opened: set[int]) -> list[Key]:
        """What stands for each node: itself, or the outermost closed group."""
        of_group: dict[int, Key | None] = {}

        def closed_around(group: int) -> Key | None:
            if group not in of_group:
                parent = self.program.groups[group].parent
                outer = closed_around(parent) if parent >= 0 else None
                own: Key | None = None if group in opened else ("g", group)
                of_group[group] = outer or own
            return of_group[group]

        return [closed_around(n.group) or ("n", n.id) for n in self.program.nodes]

    def visible_edges(self, opened: set[int]) -> dict[tuple[Key, Key], list[Edge]]:
        """Edges by the two visible things that they lead from and to."""
        shown = self.shown(opened)
        between: dict[tuple[Key, Key], list[Edge]] = {}
        for edge in self.program.edges:
            pair = shown[edge.source], shown[edge.target]
            if pair[0] != pair[1]:
                between.setdefault(pair, []).append(edge)
        return between

    def walk(
        self, opened: set[int], group: int = 0, depth: int = 0
    ) -> Iterator[tuple[str, int, int]]:
        """Visible things in order, each with its number and how deep it stands.

        A thing is a ``"node"``, a ``"closed"`` group, or an open one: its ``"start"``,
        what is in it, and its ``"end"``.
        """
        for kind, number in self.members[group]:
            if kind == "n":
                yield "node", number, depth
            elif number in opened:
                yield "start", number, depth
                yield from self.walk(opened, number, depth + 1)
                yield "end", number, depth
            else:
                yield "closed", number, depth


def fold_ranges(program: Program) -> None:
    """Put the members of long groups into ranges, so that any group opens at once."""
    folding = Folding(program)
    for group in range(len(program.groups)):
        members = folding.members[group]
        starts = [_first(folding, key) for key in members]
        while len(members) > LONG:
            members, starts = _ranges(program, group, members, starts)


def _first(folding: Folding, key: Key) -> int:
    kind, number = key
    while kind == "g":
        kind, number = folding.members[number][0]
    return number


def _ranges(
    program: Program, group: int, members: list[Key], starts: list[int]
) -> tuple[list[Key], list[int]]:
    """Members in ranges of equal lengths, each a new group inside of this one."""
    ranges: list[Key] = []
    for at in range(0, len(members), RANGE):
        number = len(program.groups)
        name = f"from {program.nodes[starts[at]].name}"
        program.groups.append(Group(number, name, "range", group))
        for kind, member in members[at : at + RANGE]:
            if kind == "n":
                program.nodes[member].group = number
            else:
                program.groups[member].parent = number
        ranges.append(("g", number))
    return ranges, starts[::RANGE]
