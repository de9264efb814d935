"""The user's line: from Python's call stack to file, line, function and text.

Every equation of a jaxpr remembers one, and every error that has one shows it.
"""

import contextlib
import functools
import linecache
import os.path
import sys
from types import FrameType
from typing import NamedTuple

import numpy as np
import scipy


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


def _folder(module_file: str | None) -> str:
    return os.path.join(os.path.dirname(os.path.abspath(str(module_file))), "")


# Frames in these files are never the user's: what they run was asked for further out.
_OWN_FOLDER = os.path.dirname(_folder(__file__).rstrip(os.sep)) + os.sep
_INTERNAL_PREFIXES = (
    _OWN_FOLDER,
    _folder(np.__file__),
    _folder(scipy.__file__),
    os.path.abspath(contextlib.__file__),
    os.path.abspath(functools.__file__),
    "<__array_function__",
    "<frozen ",
)


class _IsInternal(dict[str, bool]):
    """Whether a file is skipped, worked out once for each file name."""

    def __missing__(self, filename: str) -> bool:
        internal = filename.startswith(_INTERNAL_PREFIXES)
        self[filename] = internal
        return internal


_is_internal = _IsInternal()


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
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if not _is_internal[code.co_filename]:
            place = (code.co_filename, frame.f_lineno, code.co_qualname)
            # This runs for every equation; the named constructor takes twice as long.
            return tuple.__new__(SourceLine, place)
        frame = frame.f_back
    return None
