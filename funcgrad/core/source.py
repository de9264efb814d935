"""The user's line: from Python's call stack to file, line, function and text.

Every equation of a jaxpr remembers one, and every error that has one shows it.
"""

import contextlib
import functools
import linecache
import os.path
import sys
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np


class SourceLine(NamedTuple):
    """A line of the user's program.

    Attributes
    ----------
    file : str
        Path of the file as Python knows it.
    line : int
        Line number, from 1.
    function : str
        Name of the enclosing function, with its class.
    """

    file: str
    line: int
    function: str

    @property
    def text(self) -> str:
        """The line without its indentation; empty where Python has no source."""
        return linecache.getline(self.file, self.line).strip()

    def __str__(self) -> str:
        return f"{self.file}:{self.line} ({self.function})"


class BackwardLine(SourceLine):
    """A line of the user's whose derivative is carried back."""

    __slots__ = ()


def _folder(module_file: str | None) -> str:
    return os.path.join(os.path.dirname(os.path.abspath(str(module_file))), "")


# Frames in these files are never the user's: what they run was asked for further out.
_OWN_FOLDER = os.path.dirname(_folder(__file__).rstrip(os.sep)) + os.sep
_INTERNAL_PREFIXES = (
    _OWN_FOLDER,
    _folder(np.__file__),
    # Numba, where NumPy is: it must not be imported to be asked.
    os.path.join(os.path.dirname(_folder(np.__file__).rstrip(os.sep)), "numba", ""),
    os.path.abspath(contextlib.__file__),
    os.path.abspath(functools.__file__),
    "<__array_function__",
    "<frozen ",
)


class _IsInternal(dict[str, bool]):
    """Whether a file is skipped, worked out once for each file name."""

    def __missing__(self, filename: str) -> bool:
        # SciPy has frames only where it is loaded.
        scipy = sys.modules.get("scipy")
        internal = filename.startswith(_INTERNAL_PREFIXES) or (
            scipy is not None and filename.startswith(_folder(scipy.__file__))
        )
        self[filename] = internal
        return internal


_is_internal = _IsInternal()


def is_internal(filename: str) -> bool:
    """Whether code in this file is never the user's."""
    return _is_internal[filename]


def user_frame() -> SourceLine | None:
    """The innermost line of the call stack that is the user's.

    Returns
    -------
    SourceLine or None
        The first frame outside funcgrad, NumPy, SciPy and ``contextlib``; None where
        there is none.

    Examples
    --------
    >>> user_frame().line
    1
    """
    frame: Any = sys._getframe(1)
    is_internal = _is_internal
    # This runs for every equation: the loop does no more than look file names up, and
    # the end of the stack, where `frame` is None, is left to the exception.
    try:
        while is_internal[frame.f_code.co_filename]:
            frame = frame.f_back
    except AttributeError:
        return None
    code = frame.f_code
    place = (code.co_filename, frame.f_lineno, code.co_qualname)
    # The named constructor takes twice as long.
    return tuple.__new__(SourceLine, place)


class _Replay(threading.local):
    """The line of the equation that is run again, by a transform or in reverse."""

    line: SourceLine | None = None


replay = _Replay()


@contextlib.contextmanager
def at_line(line: SourceLine | None) -> Iterator[None]:
    """Inside the block, what is staged stands for this line, if it is one."""
    outer = replay.line
    replay.line = line or outer
    try:
        yield
    finally:
        replay.line = outer


def current_line() -> SourceLine | None:
    """The user's line behind what runs now: that of an equation, or `user_frame`."""
    return replay.line or user_frame()


def source_of(error: BaseException) -> SourceLine | None:
    """The innermost line of the user's that an exception passed on its way."""
    found = None
    step = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        if not _is_internal[code.co_filename]:
            found = SourceLine(code.co_filename, step.tb_lineno, code.co_qualname)
        step = step.tb_next
    return found
