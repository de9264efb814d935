"""Groups for plain Python functions: frames of the call stack in, a group out."""

from __future__ import annotations

import sys
from types import FrameType

from funcgrad.core.source import is_internal
from funcgrad.viz.model import Group, Program


class CallStack:
    """The user's functions that run now, and the group that each has.

    The function that is drawn is the root's, and has no group of its own; neither have
    comprehensions, nor lambdas.
    """

    def __init__(self) -> None:
        # The frames are held: a frame that is gone may give its address to another.
        self._frames: list[tuple[FrameType, int]] = []

    def enter(self, program: Program, group: int, outer: FrameType) -> int:
        """The group of the operation at hand, which is new in a function called anew.

        ``group`` is the one that holds while the functions that run stay the same; so
        a staged call or loop has its groups inside of that of the function it is in.
        """
        running = _running(outer)
        same = 0
        for frame, (known, _) in zip(running, self._frames, strict=False):
            if frame is not known:
                break
            same += 1
        if same == len(running) == len(self._frames):
            return group
        if same < len(self._frames):
            group = program.groups[self._frames[same][1]].parent
            del self._frames[same:]
        for frame in running[same:]:
            made = Group(len(program.groups), frame.f_code.co_name, "call", group)
            program.groups.append(made)
            self._frames.append((frame, made.id))
            group = made.id
        return group


def _running(outer: FrameType) -> list[FrameType]:
    """The user's functions called inside of the one that is drawn, outermost first."""
    found: list[FrameType] = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame is not outer:
        if not is_internal(frame.f_code.co_filename):
            found.append(frame)
        frame = frame.f_back
    return [f for f in found[-2::-1] if not f.f_code.co_name.startswith("<")]
