"""Memory of a program: what lives when, and where in the workspace it goes."""

from __future__ import annotations

import bisect
from collections.abc import Sequence

ALIGNMENT = 64


class Allocation:
    """A block of memory; times count the loop nests emitted so far.

    Attributes
    ----------
    name : str
        LLVM name of its pointer.
    nbytes : int
    start, end : int
        First and last time that it is used.
    output : int or None
        The result of the program that it is, if it is not in the workspace.
    is_argument : bool
        Whether it is an argument that the program may overwrite.
    """

    __slots__ = ("end", "is_argument", "name", "nbytes", "output", "start")

    def __init__(self, name: str, nbytes: int, start: int) -> None:
        self.name = name
        self.nbytes = nbytes
        self.start = start
        self.end = start
        self.output: int | None = None
        self.is_argument = False

    def overlaps(self, other: Allocation) -> bool:
        """Whether both hold values at one time."""
        return self.start <= other.end and other.start <= self.end


class Lifetimes:
    """Clock of emission; extends lifetimes over the loops that use a block.

    What an equation uses lives until the equation is done, since rules hold pointers.
    """

    def __init__(self) -> None:
        self.now = 0
        self.allocations: list[Allocation] = []
        self._loops: list[tuple[int, set[Allocation]]] = []
        self._equations: list[set[Allocation]] = []

    def allocate(self, name: str, nbytes: int) -> Allocation:
        made = Allocation(name, nbytes, self.now)
        self.allocations.append(made)
        self.touch(made)
        return made

    def touch(self, allocation: Allocation | None) -> None:
        """Note that a block is used now."""
        if allocation is None:
            return
        allocation.end = self.now
        for _, used in self._loops:
            used.add(allocation)
        if self._equations:
            self._equations[-1].add(allocation)

    def tick(self) -> None:
        self.now += 1

    def equation(self) -> _Equation:
        """Keep what is used inside until the end, but not what equations inside use."""
        return _Equation(self)

    def enter_loop(self) -> None:
        self.tick()
        self._loops.append((self.now, set()))

    def leave_loop(self) -> None:
        """What was made before the loop and used in it lives until the loop ends."""
        start, used = self._loops.pop()
        for allocation in used:
            if allocation.start < start:
                allocation.end = self.now
        self.tick()


class _Equation:
    """The time in which one equation is lowered."""

    __slots__ = ("lifetimes",)

    def __init__(self, lifetimes: Lifetimes) -> None:
        self.lifetimes = lifetimes

    def __enter__(self) -> None:
        self.lifetimes._equations.append(set())

    def __exit__(self, *error: object) -> None:
        used = self.lifetimes._equations.pop()
        for allocation in used:
            allocation.end = self.lifetimes.now
        if used:
            self.lifetimes.tick()


def plan(allocations: Sequence[Allocation]) -> tuple[dict[Allocation, int], int]:
    """Offset of each block in one workspace, and the size of the workspace.

    First fit in order of first use: blocks that never live together share memory.
    """
    offsets: dict[Allocation, int] = {}
    total = 0
    # Bytes that are taken, in order, and until when.
    live: list[tuple[int, int, int]] = []
    for block in sorted(allocations, key=lambda a: a.start):
        live = [taken for taken in live if taken[2] >= block.start]
        at = 0
        size = _padded(block.nbytes)
        for begin, end, _ in live:
            if at + size <= begin:
                break
            at = max(at, end)
        offsets[block] = at
        bisect.insort(live, (at, at + size, block.end))
        total = max(total, at + size)
    return offsets, total


def _padded(nbytes: int) -> int:
    return max(ALIGNMENT, -(-nbytes // ALIGNMENT) * ALIGNMENT)
